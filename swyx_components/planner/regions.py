"""Whom a host group's requirements are about: groups by name, all others as regions of addresses.

A region is wherever every address has the same requirements. A hub's branches are mostly alike, so that their
addresses lie in a few regions however many they are: rules are found for regions, and only the finished
ones are given prefixes.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from swyx_components.planner.model import (
    AccessSet,
    Direction,
    PeerKind,
    Protocol,
    Requirement,
    Requirements,
)
from swyx_components.sets.ports import PortRange, PortSet
from swyx_components.sets.prefixes import Interval, Prefix, split_interval

NO_PORT = PortSet.of((0, 0))  # stands for the absence of ports in ICMP: one port that all share


class Match(NamedTuple):
    """What a rule lets pass, whoever its peer is: its first fields, with one range of ports each."""

    direction: Direction
    protocol: Protocol
    ports: PortSet | None
    source_ports: PortSet | None

    def is_from_fewer(self, other: "Match") -> bool:
        """Whether another one is of the same direction and protocol, and from more source ports."""
        if self.source_ports is None or self[:2] != other[:2]:
            return False
        wider = other.source_ports
        return wider is None or (wider != self.source_ports and wider.covers(self.source_ports[0]))

    def is_part_of(self, other: "Match") -> bool:
        """Whether another one has all of its ports, whatever the rest."""
        return self.ports is None or bool(other.ports and other.ports.covers(self.ports[0]))


class Opened(NamedTuple):
    """One of the fewest ranges of ports that hold what is opened, and the flows behind it.

    `order`: a number by which rules are sorted, the same only for the same match; by `ANY_PORTS` it tells
    what is the same but for its ports.
    """

    order: int
    match: Match
    flows: frozenset[str]


class United(NamedTuple):
    """All that one kind of peer is let through. `is_shadowed`: some port twice, once from more ports."""

    opened: Sequence[Opened]
    is_shadowed: bool


@lru_cache(maxsize=4096)
def join_access(parts: frozenset[AccessSet]) -> AccessSet:
    """What a peer is let through to which several apply."""
    if len(parts) == 1:
        return next(iter(parts))
    return AccessSet(dict.fromkeys(opening for own in parts for opening in own))


@lru_cache(maxsize=4096)
def unite_access(access: AccessSet, matched: bool) -> United:
    """The fewest ranges of ports, whatever the source ports unless these are `matched`."""
    by_key: dict[tuple[Direction, Protocol, PortRange | None], list[tuple[int, int, str]]] = {}
    for direction, protocol, ports, source, flow in access:
        ranges = by_key.setdefault((direction, protocol, source if matched else None), [])
        for first, last in ports if protocol.has_ports else NO_PORT:
            ranges.append((first, last, flow))
    united = [
        Opened(*_match(direction, protocol, source, first, last), frozenset(flows))
        for (direction, protocol, source), ranges in by_key.items()
        for first, last, flows in _unite_ports(sorted(ranges))
    ]
    return United(united, _any_is_shadowed([match for _, match, _ in united]))


def _any_is_shadowed(matches: Sequence[Match]) -> bool:
    for one in matches:
        if one.source_ports is not None and one.ports is not None:
            first, last = one.ports[0]
            for other in matches:
                if other is not one and other.ports is not None:
                    its_first, its_last = other.ports[0]
                    if its_first <= last and first <= its_last and one.is_from_fewer(other):
                        return True
    return False


def _unite_ports(ranges: Iterable[tuple[int, int, str]]) -> Iterator[tuple[int, int, list[str]]]:
    begun, end, flows = 0, -1, list[str]()
    for first, last, flow in ranges:
        if flows and first <= end + 1:
            end = max(end, last)
        else:
            if flows:
                yield begun, end, flows
            begun, end, flows = first, last, []
        flows.append(flow)
    if flows:
        yield begun, end, flows


ANY_PORTS = ~((1 << 66) - (1 << 33))
_RANKS = {one: rank for kind in (Direction, Protocol) for rank, one in enumerate(sorted(kind))}


@lru_cache(maxsize=8192)
def _match(
    direction: Direction, protocol: Protocol, source: PortRange | None, first: int, last: int
) -> tuple[int, Match]:
    """Its order, too: by direction, protocol, ports and source ports, none before any."""
    ports = PortSet.of((first, last)) if protocol.has_ports else None
    sources = PortSet((source,)) if source else None
    order = _RANKS[direction] << 3 | _RANKS[protocol]
    for part in (ports, sources):
        order = order << 33 | (part[0].first << 16 | part[0].last) + 1 if part else order << 33
    return order, Match(direction, protocol, ports, sources)


def flows_within(match: Match, access: AccessSet, matched: bool) -> frozenset[str]:
    """The flows behind a range that lies within one that is opened."""
    direction, protocol, ports, sources = match
    source = sources[0] if sources else None
    return frozenset(
        one.flow
        for one in access
        if (one.direction, one.protocol) == (direction, protocol)
        and (one.source_ports == source or not matched)
        and ports
        and ports & one.ports
    )


_Piece = tuple[int, int, int]  # first and last address, region


class Regions:
    """The addresses of one IP version with requirements; a region is named by its place in `openings`."""

    def __init__(
        self,
        version: int,
        openings: Sequence[AccessSet],
        pieces: Sequence[Sequence[Interval]],
    ) -> None:
        self.version = version
        self.openings = openings
        self._pieces = [
            [(first, last, place) for first, last in own] for place, own in enumerate(pieces)
        ]
        self._alone = [frozenset((place,)) for place in range(len(openings))]
        self._known: dict[frozenset[int], Mapping[frozenset[int], tuple[Prefix, ...]]] = {}

    def prefixes_of(self, places: frozenset[int]) -> Mapping[frozenset[int], tuple[Prefix, ...]]:
        """The fewest prefixes that hold exactly these regions, by those of them that each meets."""
        known = self._known.get(places)
        if known is None:
            found: dict[frozenset[int], list[Prefix]] = {}
            for prefix, met in self._split(places):
                found.setdefault(met, []).append(prefix)
            known = {met: tuple(prefixes) for met, prefixes in found.items()}
            self._known[places] = known
        return known

    def _split(self, places: frozenset[int]) -> Iterator[tuple[Prefix, frozenset[int]]]:
        pieces = sorted([piece for place in places for piece in self._pieces[place]])
        begin = 0
        for end, (_, last, place) in enumerate(pieces, 1):
            if end == len(pieces) or pieces[end][0] != last + 1:
                adjoining = pieces[begin:end]
                for prefix in split_interval(self.version, Interval(adjoining[0][0], last)):
                    yield prefix, _met(prefix, adjoining) if end > begin + 1 else self._alone[place]
                begin = end


def _met(prefix: Prefix, pieces: Sequence[_Piece]) -> frozenset[int]:
    """The regions of those adjoining pieces that a prefix meets."""
    first = bisect_left(pieces, prefix.first, key=itemgetter(1))
    last = bisect_right(pieces, prefix.last, key=itemgetter(0))
    return frozenset([place for *_, place in pieces[first:last]])


class Peers(NamedTuple):
    """The peers of one group: those that are groups of the site by name, and regions by IP version."""

    named: Mapping[str, AccessSet]
    regions: tuple[Regions, ...]


def gather_peers(requirements: Iterable[Requirement]) -> Peers:
    """The peers of a group's requirements."""
    return _gather(
        requirements if isinstance(requirements, Requirements) else Requirements.of(requirements)
    )


@lru_cache(maxsize=64)  # the groups of one site, for all who ask about them
def _gather(requirements: Requirements) -> Peers:
    named: dict[str, set[AccessSet]] = {}
    by_version: dict[int, list[_Area]] = {}
    for (kind, label, prefixes), access in requirements.by_peer:
        if kind is PeerKind.GROUP:
            named.setdefault(label, set()).add(access)
        else:
            wanted = frozenset((access,))
            for prefix in prefixes:
                area = prefix.first, -prefix.last, wanted
                by_version.setdefault(prefix.version, []).append(area)
    regions = []
    for version, areas in sorted(by_version.items()):
        pieces = _cut(areas)
        opened = [join_access(own) for own in pieces]
        regions.append(Regions(version, opened, list(pieces.values())))
    joined = {label: join_access(frozenset(some)) for label, some in named.items()}
    return Peers(joined, tuple(regions))


# First address, last one below zero, and what is needed there: a prefix around others sorts before them.
_Area = tuple[int, int, frozenset[AccessSet]]


def _cut(areas: list[_Area]) -> Mapping[frozenset[AccessSet], list[Interval]]:
    """The addresses by all that they need. Of two prefixes one holds the other, or they are apart."""
    pieces: dict[frozenset[AccessSet], list[Interval]] = {}
    around: list[
        tuple[int, frozenset[AccessSet]]
    ] = []  # what holds the place reached, the inmost last
    reached = 0

    def reach(end: int) -> None:
        nonlocal reached
        if reached <= end:
            pieces.setdefault(around[-1][1], []).append(Interval(reached, end))
            reached = end + 1

    for first, minus_last, wanted in sorted(areas, key=itemgetter(0, 1)):
        while around and around[-1][0] < first:
            reach(around[-1][0])
            around.pop()
        if around:
            reach(first - 1)
            wanted |= around[-1][1]
        reached = first
        around.append((-minus_last, wanted))
    while around:
        reach(around[-1][0])
        around.pop()
    return pieces
