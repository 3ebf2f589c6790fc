"""Whom a host group's needs are about: groups by name, all others as regions of addresses.

A region is wherever every address has the same needs. A hub's branches are mostly alike, so that their
addresses lie in a few regions however many they are: rules are found for regions, and only the finished
ones are given prefixes.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from operator import itemgetter
from typing import NamedTuple

from swyx_components.planner.model import Direction, PeerKind, Protocol, Requirement
from swyx_components.sets.ports import PortRange, PortSet
from swyx_components.sets.prefixes import Interval, Prefix, split_interval

NO_PORT = PortSet.of((0, 0))  # stands for the absence of ports in ICMP: one port that all share


class Access(NamedTuple):
    """What a need opens and for which flow, whoever the peer is."""

    direction: Direction
    protocol: Protocol
    ports: PortSet
    source_ports: PortRange | None
    flow: str


class Regions:
    """The addresses of one IP version that have needs; a region is named by its place in `openings`."""

    def __init__(
        self,
        version: int,
        openings: Sequence[Sequence[Access]],
        pieces: Sequence[Sequence[Interval]],
    ) -> None:
        self.version = version
        self.openings = openings
        self._pieces = pieces
        self._known: dict[frozenset[int], Mapping[frozenset[int], tuple[Prefix, ...]]] = {}

    def prefixes_of(self, places: frozenset[int]) -> Mapping[frozenset[int], tuple[Prefix, ...]]:
        """The fewest prefixes that hold exactly these regions, by those of them that each meets."""
        if places not in self._known:
            found: dict[frozenset[int], list[Prefix]] = {}
            for prefix, met in self._split(places):
                found.setdefault(met, []).append(prefix)
            self._known[places] = {met: tuple(prefixes) for met, prefixes in found.items()}
        return self._known[places]

    def _split(self, places: frozenset[int]) -> Iterator[tuple[Prefix, frozenset[int]]]:
        pieces = sorted((piece, place) for place in places for piece in self._pieces[place])
        alone = {place: frozenset((place,)) for place in places}
        begin = 0
        for end, (piece, place) in enumerate(pieces, 1):
            if end < len(pieces) and pieces[end][0].first == piece.last + 1:
                continue
            joined = Interval(pieces[begin][0].first, piece.last)
            for prefix in split_interval(self.version, joined):
                met = alone[place] if end - begin == 1 else _met(prefix, pieces[begin:end])
                yield prefix, met
            begin = end


def _met(prefix: Prefix, pieces: Sequence[tuple[Interval, int]]) -> frozenset[int]:
    """The regions of those adjoining pieces that a prefix meets."""
    first = bisect_left(pieces, prefix.first, key=lambda piece: piece[0].last)
    last = bisect_right(pieces, prefix.last, key=lambda piece: piece[0].first)
    return frozenset(place for _, place in pieces[first:last])


class Peers(NamedTuple):
    """The peers of one group: needs that name a group of the site, and regions by IP version."""

    named: tuple[Requirement, ...]
    regions: tuple[Regions, ...]


class Requirements(tuple[Requirement, ...]):
    """The needs of one group; its peers are gathered once for all who ask."""

    @cached_property
    def peers(self) -> Peers:
        return _gather(self)


def gather_peers(needs: Iterable[Requirement]) -> Peers:
    """The peers of a group's needs."""
    return needs.peers if isinstance(needs, Requirements) else _gather(needs)


def _gather(needs: Iterable[Requirement]) -> Peers:
    named: list[Requirement] = []
    openings = _Openings()
    by_prefixes: dict[tuple[Prefix, ...], list[int]] = {}
    for need in needs:
        direction, protocol, ports, source, peer, flow = need
        if peer.kind is PeerKind.GROUP:
            named.append(need)
        else:
            number = openings[direction, protocol, ports, source, flow]
            by_prefixes.setdefault(peer.prefixes, []).append(number)
    by_version: dict[int, list[_Area]] = {}
    for prefixes, numbers in by_prefixes.items():
        wanted = frozenset(numbers)
        for prefix in prefixes:
            by_version.setdefault(prefix.version, []).append((prefix.first, -prefix.last, wanted))
    regions = []
    for version, areas in sorted(by_version.items()):
        pieces = _cut(areas)
        opened = [[openings.listed[number] for number in sorted(own)] for own in pieces]
        regions.append(Regions(version, opened, list(pieces.values())))
    return Peers(tuple(named), tuple(regions))


_What = tuple[Direction, Protocol, PortSet, PortRange | None, str]


class _Openings(dict[_What, int]):
    """Numbers of openings, by what a need says of them: sets of numbers are compared faster."""

    def __init__(self) -> None:
        super().__init__()
        self.listed: list[Access] = []

    def __missing__(self, what: _What) -> int:
        direction, protocol, ports, source, flow = what
        if not protocol.has_ports and ports != NO_PORT:
            self[what] = self[direction, protocol, NO_PORT, source, flow]
        else:
            self[what] = len(self.listed)
            self.listed.append(Access(*what))
        return self[what]


# First address, last one below zero, and what is needed there: a prefix around others sorts before them.
_Area = tuple[int, int, frozenset[int]]


def _cut(areas: list[_Area]) -> Mapping[frozenset[int], list[Interval]]:
    """The addresses by all that they need. Of two prefixes one holds the other, or they are apart."""
    pieces: dict[frozenset[int], list[Interval]] = {}
    around: list[tuple[int, frozenset[int]]] = []  # what holds the place reached, the inmost last
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
