"""A site's plan as security group rules, still plain values: one port range and one peer each."""

from swyx_components.clouds.aws.names import TEXTS, limits
from swyx_components.clouds.aws.shard import spread_rules
from swyx_components.installation.model import Egress
from swyx_components.planner.describe import Provenance
from swyx_components.planner.minimise import minimise
from swyx_components.planner.model import Capabilities, Direction, HostGroup, Protocol, Rule
from swyx_components.sets.prefixes import EVERYWHERE

# Unmanaged egress (`egress: open`): the only rule of the project for every address of an IP version.
_WHY_OPEN = "egress is open: the installation leaves it to others"
_OPEN = Rule(Direction.OUT, Protocol.ANY, None, None, description=_WHY_OPEN)


def render_group(
    group: HostGroup, egress: Egress, capabilities: Capabilities, provenance: Provenance
) -> tuple[Rule, ...]:
    """The fewest rules EC2 needs for a host group, inbound first, then by protocol, ports and peer, in a
    security group or several.
    """
    planned = [*minimise(group.requirements, capabilities, provenance.catalogue)]
    if egress is Egress.OPEN:  # nothing else is required outbound then
        own = (every for every in EVERYWHERE if every.version in group.versions)
        planned += (_OPEN._replace(prefixes=(every,)) for every in own)
    rules = [_as_stored(group.name, rule, provenance) for rule in planned]
    return spread_rules(group, rules, capabilities.limits)


def _as_stored(group: str, rule: Rule, provenance: Provenance) -> Rule:
    """The rule with the name and the description that it has at EC2."""
    longest = limits()["texts"]["description"]
    text = rule.description or provenance.describe(rule.flows, longest)
    ports = [str(rule.ports)] if rule.ports else []
    peer = rule.groups[0] if rule.groups else rule.prefixes[0].slug
    # What makes it another rule for EC2, and nothing else.
    words = [group, rule.direction.value, rule.protocol.value, *ports, peer]
    return rule._replace(name="-".join(words), description=TEXTS.clean_description(text))
