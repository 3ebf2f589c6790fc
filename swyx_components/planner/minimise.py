"""The fewest rules that allow exactly what is needed.

By address the exact minimum follows from the shape of prefixes, which are nested or disjoint: for
every maximal port interval of some address, the largest prefixes in which every address may have
it (overlaps are legal), leaving out those in which each address has a larger interval anyway. Of
any set of rules for the same addresses and ports, each of these needs one of its own: the smallest
prefix among the rules that cover the interval at that address lies inside it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from swyx_components.catalogue import Catalogue
from swyx_components.planner.model import Abilities, Direction, Need, PartyKind, Protocol, Rule
from swyx_components.sets.ports import PortRange, PortSet
from swyx_components.sets.prefixes import (
    WIDTH,
    Interval,
    Prefix,
    join_intervals,
    split_interval,
)

# The plan's own form: rules as lists, source ports kept. Not a platform, so without limits.
NEUTRAL = Abilities(name="neutral", matches_source_ports=True, stores_rules_by="list")


class Share(NamedTuple):
    """Ports that some addresses need, and the flows they need them for."""

    prefixes: tuple[Prefix, ...]
    ports: PortSet
    flows: frozenset[str]


class Cover(NamedTuple):
    """One port range (None for ICMP) for one prefix, with the flows behind it."""

    ports: PortRange | None
    prefix: Prefix
    flows: frozenset[str]


class _Key(NamedTuple):
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


class _Draft(NamedTuple):
    """A rule for one peer, still without lines."""

    key: _Key
    ports: PortRange | None
    group: str
    prefix: Prefix | None
    flows: frozenset[str]

    @property
    def kind(self) -> _Kind:
        return _Kind(self.key.direction, self.key.protocol, self.key.source, self.ports)


def minimise(needs: Iterable[Need], abilities: Abilities, catalogue: Catalogue) -> tuple[Rule, ...]:
    """The fewest rules for the needs of one host group on one kind of platform, sorted.

    Where the platform can't match source ports they are dropped before anything is merged.
    """
    by_key: dict[_Key, list[Need]] = {}
    for need in needs:
        source = need.source_ports if abilities.matches_source_ports else None
        by_key.setdefault(_Key(need.direction, need.protocol, source), []).append(need)
    drafts = [
        draft
        for key, members in by_key.items()
        for draft in (*_draft_by_group(key, members), *_draft_by_address(key, members))
    ]
    if any(draft.key.source for draft in drafts):
        drafts = _drop_shadowed(drafts)
    by_peers = _list_prefixes if abilities.stores_rules_by == "list" else _single_prefixes
    return tuple(
        sorted(
            (_finish(draft, prefixes, catalogue) for draft, prefixes in by_peers(drafts)),
            key=rule_order,
        )
    )


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


def lines_of(flows: Iterable[str], catalogue: Catalogue) -> tuple[int, ...]:
    """The article's lines behind flows, sorted; an extra rule has none."""
    rows = (catalogue.flows.get(flow) for flow in flows)
    return tuple(sorted({line for row in rows if row is not None for line in row.lines}))


def _draft_by_group(key: _Key, needs: Iterable[Need]) -> Iterator[_Draft]:
    by_group: dict[str, list[Need]] = {}
    for need in needs:
        if need.peer.kind is PartyKind.GROUP:
            by_group.setdefault(need.peer.label, []).append(need)
    for group, members in by_group.items():
        for ports in PortSet.union_of(part for need in members for part in need.ports):
            flows = frozenset(need.flow for need in members if any(map(ports.contains, need.ports)))
            yield _Draft(key, ports, group, None, flows)


def _draft_by_address(key: _Key, needs: Iterable[Need]) -> Iterator[_Draft]:
    by_want: dict[tuple[PortSet, str], list[Prefix]] = {}
    for need in needs:
        if need.peer.kind is PartyKind.CIDRS:
            by_want.setdefault((need.ports, need.flow), []).extend(need.peer.prefixes)
    shares = [
        Share(tuple(dict.fromkeys(prefixes)), ports, frozenset((flow,)))
        for (ports, flow), prefixes in by_want.items()
    ]
    for ports, prefix, flows in cover_prefixes(shares, key.protocol.has_ports):
        yield _Draft(key, ports, "", prefix, flows)


def _drop_shadowed(drafts: list[_Draft]) -> list[_Draft]:
    """Without those that another one, of any or wider source ports, allows already.

    The wider one takes over their flows. It has the same peer, or a prefix around it.
    """
    by_kind: dict[_Kind, list[_Draft]] = {}
    for draft in drafts:
        by_kind.setdefault(draft.kind, []).append(draft)
    shadowers = _find_shadowers(by_kind)
    if not any(shadowers.values()):
        return drafts
    lengths = sorted({draft.prefix.length for draft in drafts if draft.prefix is not None})
    kept: dict[_Kind, dict[object, _Draft]] = {}
    # Whatever shadows a kind shadows all that the kind does, so it has fewer shadowers itself.
    for kind in sorted(by_kind, key=lambda kind: len(shadowers[kind])):
        wider = shadowers[kind]
        own = kept[kind] = {}
        for draft in by_kind[kind]:
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
                own[draft.group or draft.prefix] = draft
    return [draft for own in kept.values() for draft in own.values()]


def _peers_around(draft: _Draft, lengths: Sequence[int]) -> Iterator[object]:
    """The draft's own peer and every prefix around it."""
    if draft.prefix is None:
        yield draft.group
        return
    version, first, own = draft.prefix
    for length in lengths:
        if length <= own:
            outside = WIDTH[version] - length
            yield Prefix(version, first >> outside << outside, length)


def _find_shadowers(kinds: Iterable[_Kind]) -> Mapping[_Kind, Sequence[_Kind]]:
    """For each kind, those that allow all that it does."""
    alike: dict[tuple[Direction, Protocol], list[_Kind]] = {}
    for kind in kinds:
        alike.setdefault((kind.direction, kind.protocol), []).append(kind)
    return {
        kind: [other for other in members if other is not kind and _shadows(other, kind)]
        for members in alike.values()
        for kind in members
    }


def _shadows(wider: _Kind, kind: _Kind) -> bool:
    """Whether one kind of rule allows all that another of its direction and protocol does."""
    if wider.source is not None and (kind.source is None or not wider.source.contains(kind.source)):
        return False
    return wider.ports is None or kind.ports is None or wider.ports.contains(kind.ports)


def _single_prefixes(drafts: Iterable[_Draft]) -> Iterator[tuple[_Draft, tuple[Prefix, ...]]]:
    for draft in drafts:
        yield draft, (draft.prefix,) if draft.prefix else ()


def _list_prefixes(drafts: Iterable[_Draft]) -> Iterator[tuple[_Draft, tuple[Prefix, ...]]]:
    """Drafts that differ only in their prefix become one, with all prefixes and all flows."""
    lists: dict[tuple[object, ...], list[_Draft]] = {}
    for draft in drafts:
        lists.setdefault((draft.key, draft.ports, draft.group), []).append(draft)
    for members in lists.values():
        flows: frozenset[str] = frozenset().union(*(draft.flows for draft in members))
        prefixes = tuple(sorted(draft.prefix for draft in members if draft.prefix))
        yield members[0]._replace(flows=flows), prefixes


def _finish(draft: _Draft, prefixes: tuple[Prefix, ...], catalogue: Catalogue) -> Rule:
    flows = _sorted_flows(draft.flows)
    return Rule(
        direction=draft.key.direction,
        protocol=draft.key.protocol,
        ports=draft.ports,
        source_ports=draft.key.source,
        group=draft.group,
        cidrs=prefixes,
        flows=flows,
        lines=lines_of(flows, catalogue),
    )


@lru_cache(maxsize=8192)
def _sorted_flows(flows: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(flows))


def cover_prefixes(shares: Sequence[Share], has_ports: bool = True) -> Iterator[Cover]:
    """The fewest (ports, prefix) pairs that hold exactly the shares, IPv4 and IPv6 apart.

    >>> both = Share((Prefix.parse("10.0.0.0/25"), Prefix.parse("10.0.0.128/25")),
    ...              PortSet.of((5060, 5060)), frozenset({"C16"}))
    >>> [(str(cover.ports), str(cover.prefix)) for cover in cover_prefixes([both])]
    [('5060', '10.0.0.0/24')]
    """
    for version in (4, 6):
        own = [
            share._replace(prefixes=prefixes, ports=share.ports if has_ports else _NO_PORT)
            for share in shares
            if (prefixes := tuple(p for p in share.prefixes if p.version == version))
        ]
        if own:
            for cover in _cover_version(version, own):
                yield cover if has_ports else cover._replace(ports=None)


# What stands for "no ports" while ICMP is covered: one port that every address shares.
_NO_PORT = PortSet.of((0, 0))


class _Pieces(NamedTuple):
    """The addresses cut at every boundary: piece i has `starts[i]` to `ends[i]` and needs `ports[i]`."""

    starts: list[int]
    ends: list[int]
    ports: list[PortSet]
    owners: list[tuple[int, ...]]  # the shares it is in, by their places among all


def _cover_version(version: int, shares: Sequence[Share]) -> Iterator[Cover]:
    pieces = _cut(shares)
    holders: dict[PortRange, list[int]] = {}
    for place, ports in enumerate(pieces.ports):
        for part in ports:
            holders.setdefault(part, []).append(place)
    distinct = dict.fromkeys(pieces.ports)
    for part, exact in sorted(holders.items()):
        fitting = {ports for ports in distinct if ports.covers(part)}
        places = [place for place, ports in enumerate(pieces.ports) if ports in fitting]
        joined = join_intervals(Interval(pieces.starts[i], pieces.ends[i]) for i in places)
        exact_starts = [pieces.starts[i] for i in exact]
        flows_of = _FlowsWithin(part, shares, pieces)
        for interval in joined:
            for prefix in split_interval(version, interval):
                if _holds_any(prefix, exact, exact_starts, pieces):
                    yield Cover(part, prefix, flows_of(prefix))


def _cut(shares: Sequence[Share]) -> _Pieces:
    cuts = sorted(
        {
            cut
            for share in shares
            for prefix in share.prefixes
            for cut in (prefix.first, prefix.last + 1)
        }
    )
    members: list[list[int]] = [[] for _ in cuts]
    for own, share in enumerate(shares):
        for prefix in set(share.prefixes):
            for place in range(bisect_left(cuts, prefix.first), bisect_left(cuts, prefix.last + 1)):
                members[place].append(own)
    used = [place for place, owners in enumerate(members) if owners]
    owners = [tuple(dict.fromkeys(members[place])) for place in used]
    ports = {own: _union(tuple({shares[i].ports: None for i in own})) for own in set(owners)}
    return _Pieces(
        [cuts[place] for place in used],
        [cuts[place + 1] - 1 for place in used],
        [ports[own] for own in owners],
        owners,
    )


@lru_cache(maxsize=8192)
def _union(sets: tuple[PortSet, ...]) -> PortSet:
    return PortSet.union_of(part for ports in sets for part in ports)


def _holds_any(
    prefix: Prefix, exact: Sequence[int], starts: Sequence[int], pieces: _Pieces
) -> bool:
    """Whether a piece whose own interval is exactly the one in question meets the prefix.

    Without one, every address of the prefix has a larger interval and a rule of its own for that.
    """
    place = bisect_right(starts, prefix.last) - 1
    return place >= 0 and pieces.ends[exact[place]] >= prefix.first


class _FlowsWithin:
    """The flows behind a port range at the addresses of a prefix; most pieces have the same shares."""

    def __init__(self, part: PortRange, shares: Sequence[Share], pieces: _Pieces) -> None:
        self._part = part
        self._shares = shares
        self._pieces = pieces
        self._known: dict[tuple[int, ...], frozenset[str]] = {}

    def __call__(self, prefix: Prefix) -> frozenset[str]:
        first = bisect_left(self._pieces.ends, prefix.first)
        last = bisect_right(self._pieces.starts, prefix.last)
        owners = dict.fromkeys(self._pieces.owners[first:last])
        if len(owners) == 1:
            return self._of(next(iter(owners)))
        return frozenset().union(*map(self._of, owners))

    def _of(self, owners: tuple[int, ...]) -> frozenset[str]:
        known = self._known.get(owners)
        if known is None:
            own = [self._shares[i] for i in owners]
            meant = (share for share in own if any(map(self._part.overlaps, share.ports)))
            known = self._known[owners] = frozenset(flow for share in meant for flow in share.flows)
        return known
