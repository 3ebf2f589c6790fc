"""The fewest rules that allow exactly what is needed.

By address the exact minimum follows from the shape of prefixes, which are nested or disjoint: for
every maximal port interval of some address, the largest prefixes in which every address may have
it (overlaps are legal), leaving out those in which each address has a larger interval anyway. Of
any set of rules for the same addresses and ports, each of these needs one of its own: the smallest
prefix among the rules that cover the interval at that address lies inside it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise
from typing import NamedTuple

from swyx_components.catalogue import Catalogue
from swyx_components.planner.flows import SiteFlows
from swyx_components.planner.model import (
    Capabilities,
    Direction,
    HostGroup,
    Protocol,
    Requirement,
    Rule,
)
from swyx_components.planner.regions import (
    Key,
    Peers,
    Regions,
    United,
    gather_peers,
    unite_access,
)
from swyx_components.planner.requirements import SiteRequirements
from swyx_components.sets.ports import PortRange, PortSet
from swyx_components.sets.prefixes import WIDTH, Prefix

# The plan's own form: rules as lists, source ports kept. Not a platform, so without limits.
NEUTRAL = Capabilities(name="neutral", matches_source_ports=True, stores_rules_by="list")


class Draft(NamedTuple):
    """A rule without lines: for a group of the site, or for prefixes that it holds each for itself.

    `regions`: those of the peers that the prefixes meet, of `version`.
    """

    key: Key
    ports: PortRange | None
    group: str
    prefixes: tuple[Prefix, ...]
    flows: frozenset[str]
    version: int = 0
    regions: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRules:
    """The groups of a site, each with its rules."""

    flows: SiteFlows
    groups: tuple[HostGroup, ...]


def minimise_rules(site: SiteRequirements) -> SiteRules:
    """The fewest rules for each group of a site."""
    catalogue = site.flows.site.catalogue
    groups = (
        HostGroup(
            name=group.name,
            site=group.site,
            roles=group.roles,
            machines=group.machines,
            requirements=group.requirements,
            rules=minimise(group.requirements, NEUTRAL, catalogue),
        )
        for group in site.groups
    )
    return SiteRules(flows=site.flows, groups=tuple(groups))


def minimise(
    requirements: Iterable[Requirement], capabilities: Capabilities, catalogue: Catalogue
) -> tuple[Rule, ...]:
    """The fewest rules for the requirements of one host group on one kind of platform, sorted.

    Where the platform can't match source ports they are dropped before anything is merged.
    """
    drafts = draft_rules(gather_peers(requirements), capabilities)
    listed = capabilities.stores_rules_by == "list"
    rules = _write(_join(drafts) if listed else drafts, listed, catalogue)
    return tuple(sorted(rules, key=rule_order))


def draft_rules(peers: Peers, capabilities: Capabilities) -> Sequence[Draft]:
    """The same rules before they are written one by one: a draft is a rule for each of its prefixes."""
    matched = capabilities.matches_source_ports
    drafts = [
        Draft(key, part if key.protocol.has_ports else None, group, (), flows)
        for group, openings in peers.named.items()
        for key, united in unite_access(openings, matched).items()
        for part, flows in united.parts.items()
    ]
    for own in peers.regions:
        drafts += _draft_by_address(own, matched)
    return drop_shadowed(drafts)


def rule_order(rule: Rule) -> tuple[object, ...]:
    """Total order of rules: by direction, protocol, ports, source ports, then peer."""
    direction, protocol, ports, source, groups, prefixes, *_ = rule
    return (_NAMES[direction], _NAMES[protocol], ports or (), source or (), groups, prefixes)


# Looked up, since an enumeration computes the value of a member.
_NAMES: Mapping[Direction | Protocol, str] = {
    member: member.value for member in (*Direction, *Protocol)
}


def lines_of(flows: Iterable[str], catalogue: Catalogue) -> tuple[int, ...]:
    """The article's lines behind flows, sorted; an extra rule has none."""
    rows = [catalogue.flows[flow] for flow in flows if flow in catalogue.flows]
    return tuple(sorted({line for row in rows for line in row.lines}))


def _draft_by_address(regions: Regions, matched: bool) -> Iterator[Draft]:
    by_key: dict[Key, dict[int, United]] = {}
    for place, openings in enumerate(regions.openings):
        for key, united in unite_access(openings, matched).items():
            by_key.setdefault(key, {})[place] = united
    for key, at in by_key.items():
        has_ports = key.protocol.has_ports
        for part, own, prefixes, flows in _cover(regions, at):
            yield Draft(key, part if has_ports else None, "", prefixes, flows, regions.version, own)


_Cover = tuple[PortRange, frozenset[int], tuple[Prefix, ...], frozenset[str]]


def _cover(regions: Regions, opened: Mapping[int, United]) -> Iterator[_Cover]:
    """Port ranges with regions, prefixes that meet all of these, and the flows behind both.

    They are the fewest (port range, prefix) pairs that hold exactly what is opened at each region.
    """
    if len(opened) == 1:
        (united,) = opened.values()
        for met, prefixes in regions.prefixes_of(frozenset(opened)).items():
            for part, flows in united.parts.items():
                yield part, met, prefixes, flows
        return
    holders: dict[PortRange, list[int]] = {}
    for place, united in opened.items():
        for part in united.parts:
            holders.setdefault(part, []).append(place)
    ordered = sorted(holders.items())
    are_apart = all(one.last < other.first for (one, _), (other, _) in pairwise(ordered))
    for part, exact in ordered:
        larger = () if are_apart else _find_larger(opened, part)
        for met, prefixes in regions.prefixes_of(frozenset([*exact, *larger])).items():
            # Where no region has just this interval, each has a larger one and a rule of its own for that.
            if are_apart or not met.isdisjoint(exact):
                behind = [opened[place].flows_within(part) for place in met]
                flows = behind[0] if len(behind) == 1 else frozenset().union(*behind)
                yield part, met, prefixes, flows


def _find_larger(opened: Mapping[int, United], part: PortRange) -> Sequence[int]:
    """The regions that have a larger interval around this one."""
    return [
        place
        for place, united in opened.items()
        if part not in united.parts and _any_holds(united.parts, part)
    ]


def _any_holds(ranges: Iterable[PortRange], part: PortRange) -> bool:
    return any(own.contains(part) for own in ranges)


def _join(drafts: Iterable[Draft]) -> Iterator[Draft]:
    """Drafts that differ only in their prefixes become one, with all prefixes and all flows."""
    lists: dict[tuple[Key, PortRange | None], list[Draft]] = {}
    for draft in drafts:
        if draft.group:
            yield draft
        else:
            lists.setdefault((draft.key, draft.ports), []).append(draft)
    for members in lists.values():
        if len(members) == 1 and len(members[0].prefixes) == 1:
            yield members[0]
            continue
        flows: frozenset[str] = frozenset().union(*(draft.flows for draft in members))
        prefixes = tuple(sorted(prefix for draft in members for prefix in draft.prefixes))
        yield Draft(members[0].key, members[0].ports, "", prefixes, flows)


def _write(drafts: Iterable[Draft], listed: bool, catalogue: Catalogue) -> Iterator[Rule]:
    """The rules that drafts stand for: one with all prefixes of each, or one for each prefix."""
    for (direction, protocol, source), ports, group, prefixes, behind, _, _ in drafts:
        flows, lines = _give_reasons(behind, catalogue)
        limits = _only(ports) if ports else None, _only(source) if source else None
        groups = (group,) if group else ()
        for cidrs in (prefixes,) if listed or group else ((prefix,) for prefix in prefixes):
            yield Rule(direction, protocol, *limits, groups, cidrs, flows=flows, lines=lines)


@lru_cache(maxsize=4096)
def _only(ports: PortRange) -> PortSet:
    return PortSet((ports,))


@lru_cache(maxsize=4096)  # most rules exist for the same few flows
def _give_reasons(
    behind: frozenset[str], catalogue: Catalogue
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    flows = tuple(sorted(behind))
    return flows, lines_of(flows, catalogue)


# ---- what another rule allows already


_Kind = tuple[Key, PortRange | None]  # all of a draft but its peer and flows


def drop_shadowed(drafts: Sequence[Draft]) -> Sequence[Draft]:
    """Without what another one, of any or wider source ports, allows already.

    The wider one takes over the flows. It has the same peer, or a prefix around it; so only kinds of rules
    that have a region in common, or a group, are looked at prefix by prefix.
    """
    if len({draft.key.source for draft in drafts}) < 2:
        return drafts
    by_kind: dict[_Kind, list[Draft]] = {}
    for draft in drafts:
        by_kind.setdefault(draft[:2], []).append(draft)
    shadowers = dict(_find_shadowers(by_kind))
    meeting = {
        kind: met
        for kind, wider in shadowers.items()
        if (met := [other for other in wider if _meet(by_kind[kind], by_kind[other])])
    }
    if not meeting:
        return drafts
    involved = {one for kind, met in meeting.items() for one in (kind, *met)}
    # Whatever shadows a kind shadows all that the kind does, so it has fewer shadowers itself.
    ordered = sorted(
        (kind for kind in by_kind if kind in involved),
        key=lambda kind: len(shadowers.get(kind, ())),
    )
    single = {kind: [one for draft in by_kind[kind] for one in _single(draft)] for kind in ordered}
    return [
        *(draft for kind, own in by_kind.items() if kind not in involved for draft in own),
        *_drop_one_by_one(single, meeting),
    ]


def _find_shadowers(kinds: Iterable[_Kind]) -> Iterator[tuple[_Kind, Sequence[_Kind]]]:
    """Kinds with those of their direction and protocol that allow all that they do, and from more ports.

    Drafts of the same source ports never shadow each other: their ports or their peers are apart, or
    some address of the wider prefix has the smaller port interval alone.
    """
    alike: dict[tuple[Direction, Protocol], dict[PortRange | None, list[_Kind]]] = {}
    for kind in kinds:
        direction, protocol, source = kind[0]
        alike.setdefault((direction, protocol), {}).setdefault(source, []).append(kind)
    for by_source in alike.values():
        for source, own in by_source.items():
            wider = list(_with_wider_source(source, by_source)) if source else []
            for kind in own if wider else ():
                found = [other for other in wider if _holds(other[1], kind[1])]
                if found:
                    yield kind, found


def _with_wider_source(
    source: PortRange, by_source: Mapping[PortRange | None, Sequence[_Kind]]
) -> Iterator[_Kind]:
    first, last = source
    for other, kinds in by_source.items():
        if other is None or (other[0] <= first and last <= other[1] and other != source):
            yield from kinds


def _holds(wider: PortRange | None, ports: PortRange | None) -> bool:
    """Whether these are all of those ports, or more; None are any."""
    return wider is None or (ports is not None and wider.contains(ports))


def _meet(drafts: Iterable[Draft], others: Iterable[Draft]) -> bool:
    """Whether some of these and those have a peer in common."""
    peers = set(chain.from_iterable(map(_peers, drafts)))
    return not peers.isdisjoint(chain.from_iterable(map(_peers, others)))


def _peers(draft: Draft) -> Iterator[object]:
    if draft.group:
        yield draft.group
    for region in draft.regions:
        yield draft.version, region


def _single(draft: Draft) -> Iterator[Draft]:
    """The draft as one for each of its prefixes."""
    if draft.group:
        yield draft
    for prefix in draft.prefixes:
        yield draft._replace(prefixes=(prefix,))


def _drop_one_by_one(
    by_kind: Mapping[_Kind, Sequence[Draft]], shadowers: Mapping[_Kind, Sequence[_Kind]]
) -> Iterator[Draft]:
    """Drafts of one peer each, without those that are shadowed; what shadows a kind comes before it."""
    lengths = sorted({p.length for own in by_kind.values() for d in own for p in d.prefixes})
    kept: dict[_Kind, dict[object, Draft]] = {}
    for kind, drafts in by_kind.items():
        wider = shadowers.get(kind, ())
        own = kept[kind] = {}
        for draft in drafts:
            around = [
                (other, peer)
                for peer in (_peers_around(draft, lengths) if wider else ())
                for other in wider
                if peer in kept[other]
            ]
            if around:
                other, peer = min(around, key=repr)
                flows = kept[other][peer].flows | draft.flows
                kept[other][peer] = kept[other][peer]._replace(flows=flows)
            else:
                own[draft.group or draft.prefixes[0]] = draft
    for own in kept.values():
        yield from own.values()


def _peers_around(draft: Draft, lengths: Sequence[int]) -> Iterator[object]:
    """The draft's own peer and every prefix around it."""
    if draft.group:
        yield draft.group
        return
    version, first, own = draft.prefixes[0]
    for length in lengths:
        if length <= own:
            outside = WIDTH[version] - length
            yield Prefix(version, first >> outside << outside, length)
