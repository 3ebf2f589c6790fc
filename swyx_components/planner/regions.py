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


class Key(NamedTuple):
    """What rules must share to be merged."""

    direction: Direction
    protocol: Protocol
    source: PortRange | None  # None: any


class United(NamedTuple):
    """The fewest ranges that hold what is opened under one key, with the flows behind each."""

    parts: Mapping[PortRange, frozenset[str]]
    opened: Sequence[tuple[PortSet, str]]

    def flows_within(self, part: PortRange) -> frozenset[str]:
        """The flows behind a range, whether it is one of the parts or lies in one."""
        return self.parts.get(part) or frozenset(_flows_within(part, self.opened))


@lru_cache(maxsize=4096)
def join_access(parts: frozenset[AccessSet]) -> AccessSet:
    """What a peer is let through to which several apply."""
    if len(parts) == 1:
        return next(iter(parts))
    return AccessSet(dict.fromkeys(opening for own in parts for opening in own))


@lru_cache(maxsize=4096)
def unite_access(openings: AccessSet, matched: bool) -> Mapping[Key, United]:
    """The fewest ranges of ports, whatever the source ports unless these are `matched`."""
    by_key: dict[Key, list[tuple[PortSet, str]]] = {}
    for direction, protocol, ports, source, flow in openings:
        key = Key(direction, protocol, source if matched else None)
        opened = ports if protocol.has_ports else NO_PORT
        by_key.setdefault(key, []).append((opened, flow))
    return {key: United(dict(_unite_ports(opened)), opened) for key, opened in by_key.items()}


def _unite_ports(
    opened: Iterable[tuple[PortSet, str]],
) -> Iterator[tuple[PortRange, frozenset[str]]]:
    begun, end, flows = 0, -1, list[str]()
    for first, last, flow in sorted([(*part, flow) for ports, flow in opened for part in ports]):
        if flows and first <= end + 1:
            end = max(end, last)
        else:
            if flows:
                yield PortRange(begun, end), frozenset(flows)
            begun, end, flows = first, last, []
        flows.append(flow)
    if flows:
        yield PortRange(begun, end), frozenset(flows)


def _flows_within(part: PortRange, opened: Iterable[tuple[PortSet, str]]) -> Iterator[str]:
    return (flow for ports, flow in opened if any(map(part.overlaps, ports)))


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
    named: dict[str, list[AccessSet]] = {}
    by_prefixes: dict[tuple[Prefix, ...], list[AccessSet]] = {}
    for (kind, label, prefixes), openings in requirements.by_peer:
        if kind is PeerKind.GROUP:
            named.setdefault(label, []).append(openings)
        else:
            by_prefixes.setdefault(prefixes, []).append(openings)
    by_version: dict[int, list[_Area]] = {}
    for prefixes, some in by_prefixes.items():
        wanted = frozenset(some)
        for prefix in prefixes:
            by_version.setdefault(prefix.version, []).append((prefix.first, -prefix.last, wanted))
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
