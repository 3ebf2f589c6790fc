"""From a site's plan to security group rules as plain specs: one port range and one peer each."""

from collections.abc import Mapping

from swyx_components.aws.abilities import aws_abilities, limits
from swyx_components.aws.names import clean_description, rule_name
from swyx_components.aws.shard import spread_rules
from swyx_components.catalogue import Catalogue
from swyx_components.installation.model import Egress
from swyx_components.planner.describe import Provenance
from swyx_components.planner.minimise import minimise
from swyx_components.planner.model import (
    Abilities,
    Direction,
    HostGroup,
    Protocol,
    RenderedSite,
    Rule,
    SitePlan,
    Spec,
)
from swyx_components.planner.rendering import render_groups
from swyx_components.sets.ports import PortSet
from swyx_components.sets.prefixes import Prefix

EVERYWHERE = {4: Prefix(4, 0, 0), 6: Prefix(6, 0, 0)}


def render_site(
    plan: SitePlan, catalogue: Catalogue, quotas: Mapping[str, int] | None = None
) -> RenderedSite:
    """A security group for each host group, or several, with the fewest rules EC2 needs for it."""
    return render_groups(plan, catalogue, aws_abilities(quotas), render_group)


def render_group(
    group: HostGroup, egress: Egress, abilities: Abilities, provenance: Provenance
) -> tuple[Spec, ...]:
    """The rules of one host group, inbound first, then by protocol, ports and peer."""
    rules = minimise(group.needs, abilities, provenance.catalogue)
    specs = tuple(_spec(group.name, rule, provenance) for rule in rules)
    if egress is Egress.OPEN:
        inbound = (spec for spec in specs if spec.direction is Direction.IN)
        opened = (_open_egress(group.name, version) for version in sorted(group.versions))
        specs = (*inbound, *opened)
    return spread_rules(group, specs, abilities.limits)


def _spec(group: str, rule: Rule, provenance: Provenance) -> Spec:
    peer: str | Prefix = rule.group or rule.cidrs[0]
    text = provenance.describe(rule.flows, rule.lines, limits()["texts"]["description"])
    return Spec(
        direction=rule.direction,
        protocol=rule.protocol,
        ports=PortSet((rule.ports,)) if rule.ports else None,
        source_ports=None,
        groups=(rule.group,) if rule.group else (),
        prefixes=rule.cidrs,
        name=rule_name(group, rule.direction, rule.protocol, rule.ports, peer),
        description=clean_description(text),
        flows=rule.flows,
        lines=rule.lines,
    )


def _open_egress(group: str, version: int) -> Spec:
    """What `egress: open` leaves to others: the one rule of the project that reaches everywhere."""
    return Spec(
        direction=Direction.OUT,
        protocol=Protocol.ANY,
        ports=None,
        source_ports=None,
        prefixes=(EVERYWHERE[version],),
        name=rule_name(group, Direction.OUT, Protocol.ANY, None, EVERYWHERE[version]),
        description="egress is open: the installation leaves it to others",
    )
