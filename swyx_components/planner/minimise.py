"""The fewest rules that allow exactly what is needed.

By address the exact minimum follows from the shape of prefixes, which are nested or disjoint: for
every maximal port interval of some address, the largest prefixes in which every address may have
it (overlaps are legal), leaving out those in which each address has a larger interval anyway. Of
any set of rules for the same addresses and ports, each of these needs one of its own: the smallest
prefix among the rules that cover the interval at that address lies inside it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from swyx_components.catalogue import Catalogue
from swyx_components.planner.model import Abilities, Direction, Need, Protocol, Rule
from swyx_components.planner.regions import Opening, Peers, Regions, gather_peers
from swyx_components.sets.ports import MAX_PORT, PortRange, PortSet
from swyx_components.sets.prefixes import WIDTH, Prefix

# The plan's own form: rules as lists, source ports kept. Not a platform, so without limits.
NEUTRAL = Abilities(name="neutral", matches_source_ports=True, stores_rules_by="list")


class Key(NamedTuple):
    """What rules must share to be merged."""

    direction: Direction
    protocol: Protocol
    source: PortRange | None  # None: any


class _Kind(NamedTuple):
    """All of a rule but its peer and flows."""

    direction: Direction
    protocol: Protocol
    source: PortRange | None
    ports: PortRange | None


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

    @property
    def kind(self) -> _Kind:
        return _Kind(self.key.direction, self.key.protocol, self.key.source, self.ports)


def minimise(needs: Iterable[Need], abilities: Abilities, catalogue: Catalogue) -> tuple[Rule, ...]:
    """The fewest rules for the needs of one host group on one kind of platform, sorted.

    Where the platform can't match source ports they are dropped before anything is merged.
    """
    drafts = draft_rules(gather_peers(needs), abilities)
    listed = abilities.stores_rules_by == "list"
    joined = list(_join(drafts)) if listed else drafts
    reasons = {flows: _reason(flows, catalogue) for flows in {draft.flows for draft in joined}}
    finished = chain.from_iterable(
        _finish(draft, listed, *reasons[draft.flows]) for draft in joined
    )
    return tuple(sorted(finished, key=rule_order))


def draft_rules(peers: Peers, abilities: Abilities) -> list[Draft]:
    """The same rules before they are written one by one: a draft is a rule for each of its prefixes."""
    drafts = [
        *_draft_by_group(peers.named, abilities),
        *(draft for own in peers.regions for draft in _draft_by_address(own, abilities)),
    ]
    return _drop_shadowed(drafts) if any(draft.key.source for draft in drafts) else drafts


def rule_order(rule: Rule) -> tuple[object, ...]:
    """Total order of rules: by direction, protocol, ports, source ports, then peer."""
    return (
        rule.direction.value,
        rule.protocol.value,
        rule.ports or (0, 0),
        rule.source_ports or (0, 0),
        rule.group,
        rule.cidrs,
    )


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
    rows = (catalogue.flows.get(flow) for flow in flows)
    return tuple(sorted({line for row in rows if row is not None for line in row.lines}))


def _draft_by_group(needs: Iterable[Need], abilities: Abilities) -> Iterator[Draft]:
    by_group: dict[tuple[Key, str], list[Need]] = {}
    for need in needs:
        by_group.setdefault((_key_of(need, abilities), need.peer.label), []).append(need)
    for (key, group), members in by_group.items():
        for ports in PortSet.union_of(part for need in members for part in need.ports):
            flows = frozenset(need.flow for need in members if any(map(ports.contains, need.ports)))
            yield Draft(key, ports, group, (), flows)


def _key_of(opened: Need | Opening, abilities: Abilities) -> Key:
    source = opened.source_ports if abilities.matches_source_ports else None
    return Key(opened.direction, opened.protocol, source)


def _draft_by_address(regions: Regions, abilities: Abilities) -> Iterator[Draft]:
    by_key: dict[Key, dict[int, list[Opening]]] = {}
    for place, openings in enumerate(regions.openings):
        for opening in openings:
            at = by_key.setdefault(_key_of(opening, abilities), {})
            at.setdefault(place, []).append(opening)
    for key, at in by_key.items():
        for ports, own, prefixes, flows in _cover(regions, at):
            part = ports if key.protocol.has_ports else None
            yield Draft(key, part, "", prefixes, flows, regions.version, own)


_Cover = tuple[PortRange, frozenset[int], tuple[Prefix, ...], frozenset[str]]


def _cover(regions: Regions, openings: Mapping[int, Sequence[Opening]]) -> Iterator[_Cover]:
    """Port ranges with regions, prefixes that meet all of these, and the flows behind both.

    They are the fewest (port range, prefix) pairs that hold exactly what is opened at each region.
    """
    needed = {
        place: _union(tuple(dict.fromkeys(opening.ports for opening in own)))
        for place, own in openings.items()
    }
    holders: dict[PortRange, set[int]] = {}
    for place, ports in needed.items():
        for part in ports:
            holders.setdefault(part, set()).add(place)
    for part, exact in sorted(holders.items()):
        fitting = frozenset(place for place, ports in needed.items() if ports.covers(part))
        for met, prefixes in regions.prefixes_of(fitting).items():
            # Where no region has just this interval, each has a larger one and a rule of its own for that.
            if met & exact:
                flows = frozenset(
                    opening.flow
                    for place in met
                    for opening in openings[place]
                    if any(map(part.overlaps, opening.ports))
                )
                yield part, met, prefixes, flows


@lru_cache(maxsize=8192)
def _union(sets: tuple[PortSet, ...]) -> PortSet:
    return PortSet.union_of(part for ports in sets for part in ports)


def _drop_shadowed(drafts: list[Draft]) -> list[Draft]:
    """Without what another one, of any or wider source ports, allows already.

    The wider one takes over the flows. It has the same peer, or a prefix around it; so only kinds of rules
    that have a region in common, or a group, are looked at prefix by prefix.
    """
    by_kind: dict[_Kind, list[Draft]] = {}
    for draft in drafts:
        by_kind.setdefault(draft.kind, []).append(draft)
    peers = {
        kind: frozenset(chain.from_iterable(map(_peers, own))) for kind, own in by_kind.items()
    }
    shadowers = _find_shadowers(by_kind)
    meeting: dict[_Kind, list[_Kind]] = {}
    # Whatever shadows a kind shadows all that the kind does, so it has fewer shadowers itself.
    for kind in sorted(by_kind, key=lambda kind: len(shadowers[kind])):
        meeting[kind] = [other for other in shadowers[kind] if peers[kind] & peers[other]]
    involved = {one for kind, wider in meeting.items() if wider for one in (kind, *wider)}
    single = {
        kind: [one for draft in by_kind[kind] for one in _single(draft)]
        for kind in meeting
        if kind in involved
    }
    return [
        *(draft for kind, own in by_kind.items() if kind not in involved for draft in own),
        *_drop_one_by_one(single, meeting),
    ]


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
        wider = shadowers[kind]
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


def _find_shadowers(kinds: Iterable[_Kind]) -> Mapping[_Kind, Sequence[_Kind]]:
    """For each kind, those of its direction and protocol that allow all that it does."""
    alike: dict[tuple[Direction, Protocol], list[tuple[_Kind, _Span]]] = {}
    for kind in kinds:
        alike.setdefault((kind.direction, kind.protocol), []).append((kind, _span(kind)))
    return {
        kind: [
            other
            for other, (source_first, source_last, first, last) in members
            if source_first <= span[0]
            and span[1] <= source_last
            and first <= span[2]
            and span[3] <= last
            and other is not kind
        ]
        for members in alike.values()
        for kind, span in members
    }


_Span = tuple[int, int, int, int]  # first and last source port, first and last port


def _span(kind: _Kind) -> _Span:
    """The ports of a kind; where it does not look at them, one more on either side than there are."""
    return (*(kind.source or _ANY_PORT), *(kind.ports or _ANY_PORT))


_ANY_PORT = (-1, MAX_PORT + 1)


def _join(drafts: Iterable[Draft]) -> Iterator[Draft]:
    """Drafts that differ only in their prefixes become one, with all prefixes and all flows."""
    lists: dict[tuple[object, ...], list[Draft]] = {}
    for draft in drafts:
        lists.setdefault((draft.key, draft.ports, draft.group), []).append(draft)
    for members in lists.values():
        if len(members) == 1 and len(members[0].prefixes) < 2:
            yield members[0]
            continue
        flows: frozenset[str] = frozenset().union(*(draft.flows for draft in members))
        prefixes = tuple(sorted(prefix for draft in members for prefix in draft.prefixes))
        yield members[0]._replace(flows=flows, prefixes=prefixes)


_Reason = tuple[tuple[str, ...], tuple[int, ...]]  # flows, and the lines of the article behind them


def _reason(flows: Iterable[str], catalogue: Catalogue) -> _Reason:
    ordered = tuple(sorted(flows))
    return ordered, lines_of(ordered, catalogue)


def _finish(
    draft: Draft, listed: bool, flows: tuple[str, ...], lines: tuple[int, ...]
) -> Iterator[Rule]:
    whole = listed or bool(draft.group)
    for cidrs in (draft.prefixes,) if whole else ((prefix,) for prefix in draft.prefixes):
        yield Rule(
            direction=draft.key.direction,
            protocol=draft.key.protocol,
            ports=draft.ports,
            source_ports=draft.key.source,
            group=draft.group,
            cidrs=cidrs,
            flows=flows,
            lines=lines,
        )
