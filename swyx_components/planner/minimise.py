"""The fewest rules that allow exactly what is required.

By address the exact minimum follows from the shape of prefixes, which are nested or disjoint: for
every maximal port interval of some address, the largest prefixes in which every address may have
it (overlaps are legal), leaving out those in which each address has a larger interval anyway. Of
any set of rules for the same addresses and ports, each of these needs a separate one: the smallest
prefix among the rules that cover the interval at that address lies inside it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, groupby

from swyx_components.catalogue.model import Catalogue
from swyx_components.planner.flows import SiteFlows
from swyx_components.planner.model import Capabilities, HostGroup, Requirement, Requirements, Rule
from swyx_components.planner.regions import (
    Regions,
    United,
    find_larger,
    flows_within,
    from_more_sources,
    gather_peers,
    is_part_of,
    match_of,
    unite_access,
)
from swyx_components.planner.requirements import SiteRequirements
from swyx_components.sets.prefixes import WIDTH, Prefix

# The plan's own form: rules as lists, source ports kept. Not a platform, so without limits.
NEUTRAL = Capabilities(name="neutral", matches_source_ports=True, stores_rules_by="list")


# The peers of a rule: a group of the site, or prefixes.
_Peers = tuple[tuple[str, ...], tuple[Prefix, ...]]
# A rule as it is found: the order of its match, its peers and its flows. Drafts compare like their rules.
_Draft = tuple[int, _Peers, frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SiteRules:
    """The groups of a site, each with its rules. Compared by identity, as what is found for it is kept."""

    flows: SiteFlows
    groups: tuple[HostGroup, ...]


def minimise_rules(site: SiteRequirements) -> SiteRules:
    """The fewest rules for each group of a site."""
    view = site.flows.site
    groups = (
        HostGroup(
            name=group.name,
            site=group.site,
            roles=group.roles,
            machines=group.machines,
            network=group.network,
            requirements=site.by_group[group.name],
            rules=minimise(site.by_group[group.name], NEUTRAL, view.catalogue),
        )
        for group in view.groups
    )
    return SiteRules(flows=site.flows, groups=tuple(groups))


def minimise(
    requirements: Iterable[Requirement], capabilities: Capabilities, catalogue: Catalogue
) -> tuple[Rule, ...]:
    """The fewest rules for the requirements of one host group on one kind of platform, sorted.

    Where the platform can't match source ports they are dropped before anything is merged.
    """
    if not isinstance(requirements, Requirements):
        requirements = Requirements.of(requirements)
    peers, matched = gather_peers(requirements), capabilities.matches_source_ports
    listed, is_shadowed = capabilities.stores_rules_by == "list", False
    drafts: list[_Draft] = []
    for group, access in peers.named.items():
        own, peer = unite_access(access, matched), ((group,), ())
        is_shadowed |= own.is_shadowed
        drafts += [(order, peer, flows) for order, flows in own.opened.items()]
    for regions in peers.regions:
        united = [unite_access(access, matched) for access in regions.openings]
        is_shadowed |= any(own.is_shadowed for own in united)
        drafts += _draft_by_address(regions, united, matched, listed)
    if is_shadowed:
        drafts = _drop_shadowed(drafts)
    if not listed:
        drafts = [*chain(*map(_split, drafts))]
    elif is_shadowed or len(peers.regions) > 1:
        drafts = [*_join(sorted(drafts))]
    return tuple(
        [  # all fields in order, which is cheaper than by name
            tuple.__new__(Rule, match_of(order) + peers + _give_reasons(flows, catalogue))
            for order, peers, flows in sorted(drafts)
        ]
    )


def lines_of(flows: Iterable[str], catalogue: Catalogue) -> tuple[int, ...]:
    """The article's lines behind flows, sorted; an extra rule has none."""
    rows = [catalogue.flows[flow] for flow in flows if flow in catalogue.flows]
    return tuple(sorted({line for row in rows for line in row.lines}))


def _draft_by_address(
    regions: Regions, united: Sequence[United], matched: bool, listed: bool
) -> Iterator[_Draft]:
    """The fewest (port range, prefix) pairs that hold exactly what is opened at each region."""
    holders: dict[int, list[int]] = {}
    for place, own in enumerate(united):
        for order in own.opened:
            holders.setdefault(order, []).append(place)
    larger = find_larger(holders) if len(united) > 1 else {}
    for order, exact in holders.items():
        if len(exact) == 1 and order not in larger:
            place = exact[0]
            yield order, ((), regions.prefixes[place]), united[place].opened[order]
            continue
        behind = {place: united[place].opened[order] for place in exact}
        for place in chain(*[holders[wider] for wider in larger.get(order, ())]):
            behind[place] = flows_within(match_of(order), regions.openings[place], matched)
        drafts = [
            (order, ((), prefixes), frozenset().union(*[behind[place] for place in met]))
            for met, prefixes in regions.prefixes_of(frozenset(behind)).items()
            # Where no region has just this range, each has a larger one and its own rule for that.
            if not met.isdisjoint(exact)
        ]
        yield from _join(drafts) if listed else drafts


def _join(drafts: Iterable[_Draft]) -> Iterator[_Draft]:
    """Sorted drafts that differ only in their prefixes become one, with all prefixes and all flows."""
    for _, some in groupby(drafts, lambda draft: (draft[0], draft[1][0])):
        first, *others = some
        if others:
            order, (groups, prefixes), flows = first
            joined = sorted(chain(prefixes, *[one[1][1] for one in others]))
            first = order, (groups, tuple(joined)), flows.union(*[one[2] for one in others])
        yield first


def _split(draft: _Draft) -> Sequence[_Draft]:
    """The draft as one for each of its prefixes."""
    order, (groups, prefixes), flows = draft
    if len(prefixes) < 2:
        return (draft,)
    return [(order, (groups, (prefix,)), flows) for prefix in prefixes]


@lru_cache(maxsize=4096)  # most rules exist for the same few flows
def _give_reasons(behind: frozenset[str], catalogue: Catalogue) -> tuple[object, ...]:
    """The last fields of a rule: priority, name, description and shard are the cloud's."""
    flows = tuple(sorted(behind))
    return True, 0, "", "", flows, lines_of(flows, catalogue), 0


# ---- what another rule allows already


def _drop_shadowed(drafts: Sequence[_Draft]) -> list[_Draft]:
    """Without what another one, of any or wider source ports, allows already; a prefix each.

    The wider one takes over the flows. It has the same peer, or a prefix around it.
    """
    # Drafts of the same source ports never shadow each other: their ports or their peers are apart, or some
    # address of the wider prefix has the smaller port interval alone.
    orders = {draft[0] for draft in drafts}
    shadowers = {
        one: [wider for wider in from_more_sources(one, orders) if is_part_of(one, wider)]
        for one in orders
    }
    kept: dict[int, dict[_Peers, frozenset[str]]] = {order: {} for order in orders}
    for order, peers, flows in chain(*map(_split, drafts)):
        kept[order][peers] = flows
    lengths = sorted({prefix.length for _, (_, own), _ in drafts for prefix in own})
    # What shadows a match shadows all that the match does, so it has fewer shadowers itself.
    for narrow in sorted(filter(shadowers.get, shadowers), key=lambda one: len(shadowers[one])):
        for peers, flows in list(kept[narrow].items()):
            around = [
                (wider, outer)
                for outer in _peers_around(peers, lengths)
                for wider in shadowers[narrow]
                if outer in kept[wider]
            ]
            if around:
                wider, outer = min(around, key=lambda one: repr((match_of(one[0]), one[1])))
                kept[wider][outer] |= flows
                del kept[narrow][peers]
    return [(order, peers, flows) for order, own in kept.items() for peers, flows in own.items()]


def _peers_around(peers: _Peers, lengths: Sequence[int]) -> Iterator[_Peers]:
    """A group itself, or a prefix and every one around it."""
    groups, prefixes = peers
    if groups:
        yield peers
    for version, first, own in prefixes:
        for length in lengths:
            if length <= own:
                outside = WIDTH[version] - length
                yield (), (Prefix(version, first >> outside << outside, length),)
