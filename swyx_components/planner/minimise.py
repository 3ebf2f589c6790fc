"""The fewest rules that allow exactly what is needed.

By address the exact minimum follows from the shape of prefixes, which are nested or disjoint: for
every maximal port interval of some address, the largest prefixes in which every address may have
it (overlaps are legal), leaving out those in which each address has a larger interval anyway. Of
any set of rules for the same addresses and ports, each of these needs one of its own: the smallest
prefix among the rules that cover the interval at that address lies inside it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

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
from swyx_components.planner.shadow import Draft, drop_shadowed
from swyx_components.sets.ports import PortRange
from swyx_components.sets.prefixes import Prefix

# The plan's own form: rules as lists, source ports kept. Not a platform, so without limits.
NEUTRAL = Capabilities(name="neutral", matches_source_ports=True, stores_rules_by="list")


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
            needs=group.needs,
            rules=minimise(group.needs, NEUTRAL, catalogue),
        )
        for group in site.groups
    )
    return SiteRules(flows=site.flows, groups=tuple(groups))


def minimise(
    needs: Iterable[Requirement], capabilities: Capabilities, catalogue: Catalogue
) -> tuple[Rule, ...]:
    """The fewest rules for the needs of one host group on one kind of platform, sorted.

    Where the platform can't match source ports they are dropped before anything is merged.
    """
    drafts = draft_rules(gather_peers(needs), capabilities)
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
    direction, protocol, ports, source, group, cidrs, _, _ = rule
    return (_NAMES[direction], _NAMES[protocol], ports or (0, 0), source or (0, 0), group, cidrs)


# Looked up, since an enumeration computes the value of a member.
_NAMES: Mapping[Direction | Protocol, str] = {
    member: member.value for member in (*Direction, *Protocol)
}


def draft_order(draft: Draft) -> tuple[object, ...]:
    """The order of the first rules that drafts stand for."""
    key = draft.key
    return (
        key.direction.value,
        key.protocol.value,
        draft.ports or (0, 0),
        key.source or (0, 0),
        draft.group,
        draft.prefixes[:1],
    )


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
    for part, exact in sorted(holders.items()):
        larger = [
            place
            for place, united in opened.items()
            if part not in united.parts and _any_holds(united.parts, part)
        ]
        for met, prefixes in regions.prefixes_of(frozenset([*exact, *larger])).items():
            # Where no region has just this interval, each has a larger one and a rule of its own for that.
            if not met.isdisjoint(exact):
                behind = [opened[place].flows_within(part) for place in met]
                yield part, met, prefixes, frozenset().union(*behind)


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
        yield members[0]._replace(flows=flows, prefixes=prefixes)


def _write(drafts: Iterable[Draft], listed: bool, catalogue: Catalogue) -> Iterator[Rule]:
    """The rules that drafts stand for: one with all prefixes of each, or one for each prefix."""
    reasons: dict[frozenset[str], tuple[tuple[str, ...], tuple[int, ...]]] = {}
    for (direction, protocol, source), ports, group, prefixes, behind, _, _ in drafts:
        if behind not in reasons:
            ordered = tuple(sorted(behind))
            reasons[behind] = ordered, lines_of(ordered, catalogue)
        flows, lines = reasons[behind]
        for cidrs in (prefixes,) if listed or group else ((prefix,) for prefix in prefixes):
            yield Rule(direction, protocol, ports, source, group, cidrs, flows, lines)
