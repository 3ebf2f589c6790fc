"""The fewest rules that allow exactly what is required.

By address the exact minimum follows from the shape of prefixes, which are nested or disjoint: for
every maximal port interval of some address, the largest prefixes in which every address may have
it (overlaps are legal), leaving out those in which each address has a larger interval anyway. Of
any set of rules for the same addresses and ports, each of these needs a separate one: the smallest
prefix among the rules that cover the interval at that address lies inside it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

from swyx_components.catalogue.model import Catalogue
from swyx_components.planner.flows import SiteFlows
from swyx_components.planner.model import Capabilities, HostGroup, Requirements, Rule
from swyx_components.planner.regions import (
    Opening,
    Regions,
    Shadowers,
    United,
    find_joint,
    find_shadowers,
    flows_within,
    gather_peers,
    give_reasons,
    join_prefixes,
    of_version,
    unite_access,
)
from swyx_components.planner.requirements import SiteRequirements
from swyx_components.sets.prefixes import WIDTH, Prefix

# The plan's own form: rules as lists, source ports kept. Not a platform, so without limits.
NEUTRAL = Capabilities(name="neutral", matches_source_ports=True, stores_rules_by="list")

# The peers of a rule: a group of the site, or prefixes.
_Peers = tuple[tuple[str, ...], tuple[Prefix, ...]]
# A rule as it is found: its order, its peers and all else of it. Drafts compare like their rules.
_Draft = tuple[int, _Peers, Opening]


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
    requirements: Requirements, capabilities: Capabilities, catalogue: Catalogue
) -> tuple[Rule, ...]:
    """The fewest rules for the requirements of one host group on one kind of platform, sorted.

    Where the platform can't match source ports they are dropped before anything is merged.
    """
    named, regions = gather_peers(requirements)
    unite = partial(unite_access, capabilities.matches_source_ports, catalogue)
    united = [unite(access) for access in (*named.values(), *regions)]
    shadowers = find_shadowers(united) if True in [shadowed for _, shadowed in united] else {}
    drafts: list[_Draft] = []
    for group, (opened, _) in zip(named, united, strict=False):  # the others are regions
        peer = (group,), ()
        drafts += [(opening[0], peer, opening) for opening in opened.values()]
    listed = capabilities.stores_rules_by == "list"
    if shadowers:
        # What takes over flows is of one IP version.
        for own in [of_version(regions, one) for one in WIDTH]:
            drafts += _draft_by_address(own, [*map(unite, own)], capabilities, catalogue)
        drafts = [*_drop_shadowed(drafts, shadowers, listed, catalogue)]
    elif regions:
        drafts += _draft_by_address(regions, united[len(named) :], capabilities, catalogue)
    if not listed:
        drafts = [*_split(drafts)]
    parts = [match + peers + reasons for _, peers, (_, match, reasons) in sorted(drafts)]
    return tuple(map(partial(tuple.__new__, Rule), parts))  # in order: cheaper than by name


def _draft_by_address(
    regions: Regions, united: Sequence[United], capabilities: Capabilities, catalogue: Catalogue
) -> list[_Draft]:
    """The fewest (port range, prefixes) that hold exactly what is opened at each region."""
    matched, listed = capabilities.matches_source_ports, capabilities.stores_rules_by == "list"
    accesses, prefixes = [*regions], [*regions.values()]
    joint = find_joint(united) if len(united) > 1 else {}
    shared = {*chain(*joint.values())}
    drafts: list[_Draft] = []
    for (opened, _), own in zip(united, prefixes, strict=True):
        peer = (), own
        if shared:
            opened = {packed: one for packed, one in opened.items() if packed not in shared}
        drafts += [(one[0], peer, one) for one in opened.values()]
    for (exact, around), ranges in joint.items():
        found = join_prefixes(prefixes, exact, around, listed)
        peers = [(met, ((), tuple(own))) for met, own in found.items()]
        for packed in ranges:
            behind = {at: united[at][0][packed][2][4] for at in exact}
            order, match, reasons = united[exact[0]][0][packed]
            behind |= {at: flows_within(match, accesses[at], matched) for at in around}
            differ = len({*behind.values()}) > 1
            for met, peer in peers:
                if differ:
                    reasons = give_reasons(frozenset(chain(*[behind[at] for at in met])), catalogue)
                drafts.append((order, peer, (order, match, reasons)))
    return drafts


def _split(drafts: Iterable[_Draft]) -> Iterator[_Draft]:
    """The drafts with one for each of their prefixes."""
    for order, peers, opening in drafts:
        single: list[_Peers] = [((), (prefix,)) for prefix in peers[1]] or [peers]
        yield from [(order, own, opening) for own in single]


# ---- what another rule allows already


def _drop_shadowed(
    drafts: Sequence[_Draft], shadowers: Shadowers, listed: bool, catalogue: Catalogue
) -> Iterator[_Draft]:
    """Without what another one, of any or wider source ports, allows already; a prefix each.

    The wider one takes over the flows. It has the same peer, or a prefix around it.
    """
    # Drafts of the same source ports never shadow each other: their ports or their peers are apart, or some
    # address of the wider prefix has the smaller port interval alone.
    openings = {opening[0]: opening for *_, opening in drafts}
    kept: dict[int, dict[_Peers, set[str]]] = {order: {} for order in openings}
    for order, peers, opening in _split(drafts):
        kept[order][peers] = {*opening[2][4]}
    lengths = sorted({prefix.length for _, (_, own), _ in drafts for prefix in own})
    # What shadows a match shadows all that the match does, so it has fewer shadowers itself.
    for narrow in sorted(shadowers, key=lambda one: len(shadowers[one])):
        for peers, flows in list(kept[narrow].items()):
            around = [
                (wider, outer)
                for outer in _peers_around(peers, lengths)
                for wider in shadowers[narrow]
                if outer in kept[wider]
            ]
            if around:
                wider, outer = min(around, key=lambda one: repr((openings[one[0]][1], one[1])))
                kept[wider][outer] |= flows
                del kept[narrow][peers]
    for order, own in kept.items():
        prefixes = sorted(chain(*[prefixes for _, prefixes in own])) if listed else ()
        if prefixes:
            some = [own.pop(((), (prefix,))) for prefix in prefixes]
            own[(), tuple(prefixes)] = set().union(*some)
        for peers, flows in own.items():
            reasons = give_reasons(frozenset(flows), catalogue)
            yield order, peers, (order, openings[order][1], reasons)


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
