"""A site's plan as security rules, still plain values: lists of peers, source ports and ports.

Each machine has its own network security group, so the own side of every rule is `*`; the peer's
side is prefixes of one IP version. Peers of the same site are prefixes too: an address is what the
installation knows, the membership of an application security group would be one more thing to keep in
step.
"""

from collections.abc import Iterator
from functools import lru_cache, partial
from itertools import chain

from swyx_components.clouds.azure.cover import Product, Want, cover_wants
from swyx_components.clouds.azure.names import TEXTS, assign_priorities, limits, rule_name
from swyx_components.installation.model import Egress
from swyx_components.planner.describe import Provenance
from swyx_components.planner.model import (
    Capabilities,
    Direction,
    HostGroup,
    Protocol,
    RenderedSite,
    Rule,
)
from swyx_components.planner.platform import Usage
from swyx_components.planner.regions import NO_PORT, Regions, gather_peers, lines_of, of_version
from swyx_components.sets.ports import ALL_PORTS, NO_PORTS, PortSet
from swyx_components.sets.prefixes import EVERYWHERE, WIDTH, Prefix, collapse_prefixes

_Way = tuple[Direction, Protocol]
_Need = tuple[str, Want]  # a flow, and what it needs of any peer


def render_group(
    group: HostGroup, egress: Egress, capabilities: Capabilities, provenance: Provenance
) -> tuple[Rule, ...]:
    """The fewest rules we know of for a machine's network security group, by direction and priority, each
    ending in a deny.
    """
    _, regions = gather_peers(group.requirements)
    by_version = [of_version(regions, version) for version in WIDTH]
    covered = [rule for own in by_version for rule in _cover(own, provenance)]
    rules: list[Rule] = []
    for direction in Direction if egress is Egress.CLOSED else (Direction.IN,):
        allowed = [rule for rule in covered if rule.direction is direction]
        priorities = assign_priorities(rule.name for rule in allowed)
        placed = (rule._replace(priority=priorities[rule.name]) for rule in allowed)
        rules += [*sorted(placed, key=lambda rule: rule.priority), _deny_rest(direction)]
    return tuple(rules)


def _cover(regions: Regions, provenance: Provenance) -> Iterator[Rule]:
    """The rules for one IP version."""
    # Many peers of a hub want the same: what they want is covered once, for all their regions.
    prefixes = [*regions.values()]
    found: dict[_Way, dict[tuple[Want, ...], tuple[set[_Need], list[int]]]] = {}
    for region, opened in enumerate(regions):
        needs: dict[_Way, set[_Need]] = {}
        for direction, protocol, ports, source, flow in chain(*opened):
            sources = PortSet((source,)) if source else ALL_PORTS
            want = Want(sources, ports if protocol.has_ports else NO_PORT)
            needs.setdefault((direction, protocol), set()).add((flow, want))
        for way, own in needs.items():
            by_wants = found.setdefault(way, {})
            known, places = by_wants.setdefault(_wants(frozenset(own)), (set(), []))
            known |= own
            places.append(region)
    for way, by_wants in found.items():
        wants = sorted(by_wants)
        for product in cover_wants(tuple(wants)):
            met = [by_wants[wants[place]] for place in product.peers]
            some = (need for known, _ in met for need in known if need[1].ports & product.ports)
            flows = {flow for flow, want in some if want.sources & product.sources}
            united = [own for _, places in met for place in places for own in prefixes[place]]
            peers = collapse_prefixes(united)
            yield _rule(way, product, tuple(sorted(flows)), peers, provenance)


@lru_cache(maxsize=4096)
def _wants(needs: frozenset[_Need]) -> tuple[Want, ...]:
    """What a peer wants, in one form for any order and number of the needs."""
    by_source: dict[PortSet, PortSet] = {}
    for _, (sources, ports) in needs:
        by_source[sources] = by_source.get(sources, NO_PORTS) | ports
    return tuple(Want(source, ports) for source, ports in sorted(by_source.items()))


def _rule(
    way: _Way,
    product: Product,
    flows: tuple[str, ...],
    prefixes: tuple[Prefix, ...],
    provenance: Provenance,
) -> Rule:
    direction, protocol = way
    text = provenance.describe(flows, limits()["texts"]["description"])
    ports = product.ports if protocol.has_ports else None
    source_ports = None if product.sources == ALL_PORTS else product.sources
    return Rule(
        *way,
        ports,
        source_ports,
        prefixes=prefixes,
        name=rule_name(direction, protocol, ports, source_ports, prefixes[0].version),
        description=TEXTS.clean_description(text),
        flows=flows,
        lines=lines_of(flows, provenance.catalogue),
    )


def _deny_rest(direction: Direction) -> Rule:
    """The end of a direction: without it the default rules let the whole virtual network pass."""
    return Rule(
        *(direction, Protocol.ANY, None, None),
        prefixes=EVERYWHERE,
        allow=False,
        priority=limits()["priorities"]["deny"],
        name=f"{direction.value}-deny-rest",
        description="what no rule above allows is closed",
    )


# ---- quotas


def count_quotas(rendered: RenderedSite) -> Iterator[Usage]:
    """Every quota that applies to the site, exceeded or not."""
    use = partial(Usage, rendered.capabilities.limits)
    for entry in rendered.groups:
        own, name = entry.rules, entry.group.name
        yield use("rules_per_group", len(own), "; both directions and their denies", name)
        for direction, side in {Direction.IN: "source", Direction.OUT: "destination"}.items():
            allowed = (rule for rule in own if rule.allow and rule.direction is direction)
            prefixes = sum(len(rule.prefixes) for rule in allowed)
            yield use("prefixes_per_group", prefixes, f"; {side} side", name)
    networks = " and managed network" if any(e.group.network for e in rendered.groups) else ""
    note = f"; one for each machine{networks} of this site"
    yield use("groups_per_region", len(rendered.groups), note)
