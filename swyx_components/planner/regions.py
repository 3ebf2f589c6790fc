"""Whom a host group's requirements are about: groups by name, all others as regions of addresses.

A region is wherever every address has the same requirements. A hub's branches are mostly alike, so that their
addresses lie in a few regions however many they are: rules are found for regions, and only the finished
ones are given prefixes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple

from swyx_components.planner.endpoints import PeerKind
from swyx_components.planner.model import AccessSet, Direction, Protocol, Requirements
from swyx_components.sets.ports import PortRange, PortSet
from swyx_components.sets.prefixes import WIDTH, Prefix, join_intervals, split_interval

_Access = frozenset[AccessSet]  # all that a peer is allowed
NO_PORT = PortSet.of((0, 0))  # stands for the absence of ports in ICMP: one port that all share


class Match(NamedTuple):
    """What a rule allows, whoever its peer is: its first fields, with one range of ports each."""

    direction: Direction
    protocol: Protocol
    ports: PortSet | None
    source_ports: PortSet | None


class United(NamedTuple):
    """All that one kind of peer is allowed.

    `opened`: the flows behind each of the fewest ranges of ports, by the order of its match. `is_shadowed`:
    some port is there twice, once from more source ports.
    """

    opened: Mapping[int, frozenset[str]]
    is_shadowed: bool


@lru_cache(maxsize=4096)
def unite_access(access: _Access, matched: bool) -> United:
    """The fewest ranges of ports, from any source ports unless these are `matched`."""
    opened: dict[int, frozenset[str]] = {}
    key, begun, end, flows = -1, 0, 0, list[str]()
    ranges = sorted([one for own in access for one in _find_ranges(own, matched)])
    for its_key, first, last, flow in [*ranges, _NO_RANGE]:
        if its_key == key and first <= end + 1:
            end = max(end, last)
        else:
            if flows:
                opened[key | begun << 48 | end << 32] = frozenset(flows)
            key, begun, end, flows = its_key, first, last, []
        flows.append(flow)
    limited = [one for one in opened if one & _SOURCE_PORTS]
    pairs = ((one, wider) for one in limited for wider in from_more_sources(one, opened))
    return United(opened, any(overlap(*pair) for pair in pairs))


_Range = tuple[int, int, int, str]  # its order but for the ports, first and last port, flow
_NO_RANGE: _Range = -1, 0, 0, ""  # touches none


def _find_ranges(access: AccessSet, matched: bool) -> Sequence[_Range]:
    return [
        (
            _RANKS[direction] << 67
            | _RANKS[protocol] << 64
            | (source[0] << 16 | source[1] if source and matched else 0),
            first,
            last,
            flow,
        )
        for direction, protocol, ports, source, flow in access
        for first, last in (ports if protocol.has_ports else NO_PORT)
    ]


# The order of a match, by which rules are sorted: bits for the direction and the protocol, 32 for the ports,
# 32 for the source ports; 0 for any.
_SOURCE_PORTS = (1 << 32) - 1
_ANY_PORTS = ~(_SOURCE_PORTS << 32)
_DIRECTIONS, _PROTOCOLS = sorted(Direction), sorted(Protocol)
_RANKS = {one: rank for kind in (_DIRECTIONS, _PROTOCOLS) for rank, one in enumerate(kind)}


def _unpack(packed: int) -> PortSet | None:
    first, last = packed >> 16 & 0xFFFF, packed & 0xFFFF
    return PortSet((PortRange(first, last),)) if last else None


def find_larger(orders: Iterable[int]) -> Mapping[int, Sequence[int]]:
    """For each match those that differ in nothing but a larger range of ports around its own."""
    by_key: dict[int, list[int]] = {}
    for order in sorted(orders):
        by_key.setdefault(order & _ANY_PORTS, []).append(order)
    return {
        order: [larger for larger in own if larger != order and is_part_of(order, larger)]
        for own in by_key.values()
        if len(own) > 1 and any(overlap(*two) for two in pairwise(own))
        for order in own
    }


def overlap(one: int, other: int) -> bool:
    """Whether the matches of two orders have ports in common, regardless of the rest."""
    return one >> 48 & 0xFFFF <= other >> 32 & 0xFFFF and other >> 48 & 0xFFFF <= one >> 32 & 0xFFFF


def is_part_of(one: int, other: int) -> bool:
    """Whether the match of another order has all ports of the first, regardless of the rest."""
    return other >> 48 & 0xFFFF <= one >> 48 & 0xFFFF and one >> 32 & 0xFFFF <= other >> 32 & 0xFFFF


def from_more_sources(order: int, others: Iterable[int]) -> Sequence[int]:
    """The other matches that are of the same direction and protocol, and from more source ports."""
    sources, kind = order & _SOURCE_PORTS, order >> 64
    return [
        other
        for other in others
        if other >> 64 == kind
        and (its := other & _SOURCE_PORTS) != sources
        and (not its or is_part_of(sources << 32, its << 32))
    ]


@lru_cache(maxsize=8192)
def match_of(order: int) -> Match:
    """The match that has this order."""
    direction, protocol = _DIRECTIONS[order >> 67], _PROTOCOLS[order >> 64 & 7]
    return Match(direction, protocol, _unpack(order >> 32), _unpack(order))


def flows_within(match: Match, access: _Access, matched: bool) -> frozenset[str]:
    """The flows behind a range that lies within one that is opened."""
    direction, protocol, ports, sources = match
    source = sources[0] if sources else None
    return frozenset(
        one.flow
        for own in access
        for one in own
        if (one.direction, one.protocol) == (direction, protocol)
        and (one.source_ports == source or not matched)
        and ports
        and ports & one.ports
    )


_Piece = tuple[int, int]  # first and last address


class Regions:
    """The addresses of one IP version with requirements; a region is named by its place in `openings`."""

    def __init__(self, version: int, pieces: Mapping[_Access, Sequence[_Piece]]) -> None:
        self.version = version
        self.openings = [*pieces]
        self._pieces = [*pieces.values()]
        self._known: dict[frozenset[int], Mapping[frozenset[int], tuple[Prefix, ...]]] = {}
        self.prefixes = [
            tuple([p for one in join_intervals(own) for p in split_interval(version, one)])
            if len(own) > 1
            else split_interval(version, own[0])
            for own in self._pieces
        ]

    def prefixes_of(self, places: frozenset[int]) -> Mapping[frozenset[int], tuple[Prefix, ...]]:
        """The fewest prefixes that hold exactly these regions, by those of them that each meets."""
        if places not in self._known:
            found: dict[frozenset[int], list[Prefix]] = {}
            pieces = [(*piece, place) for place in places for piece in self._pieces[place]]
            for touching in _runs(sorted(pieces)):
                for prefix in split_interval(self.version, (touching[0][0], touching[-1][1])):
                    begin, end = prefix.first, prefix.last
                    met = [at for first, last, at in touching if first <= end and begin <= last]
                    found.setdefault(frozenset(met), []).append(prefix)
            self._known[places] = {met: tuple(prefixes) for met, prefixes in found.items()}
        return self._known[places]


def _runs(pieces: Sequence[tuple[int, int, int]]) -> Iterator[Sequence[tuple[int, int, int]]]:
    """Sorted pieces, those together that touch; a run is split into few prefixes, however long it is."""
    ends = [at for at, (one, other) in enumerate(pairwise(pieces), 1) if one[1] + 1 < other[0]]
    for begin, end in pairwise([0, *ends, len(pieces)]):
        yield pieces[begin:end]


class Peers(NamedTuple):
    """The peers of one group: those that are groups of the site by name, and regions by IP version."""

    named: Mapping[str, _Access]
    regions: tuple[Regions, ...]


@lru_cache(maxsize=64)  # the groups of one site, for all who ask about them
def gather_peers(requirements: Requirements) -> Peers:
    """The peers of a group's requirements."""
    named: dict[str, _Access] = {}
    by_version: dict[int, list[_Area]] = {}
    for (kind, label, prefixes), allowed in requirements.by_peer:
        access = frozenset((allowed,))
        if kind is PeerKind.GROUP:
            named[label] = named[label] | access if label in named else access
        for version, first, length in prefixes:
            area = first, 1 - first - (1 << WIDTH[version] - length), access
            by_version.setdefault(version, []).append(area)
    regions = tuple([Regions(own, _cut(areas)) for own, areas in sorted(by_version.items())])
    return Peers(named, regions)


# First address, last one below zero, and what is allowed there: a prefix around others sorts before them.
_Area = tuple[int, int, _Access]
_END: _Area = 1 << 128, 0, frozenset()  # beyond every address


def _cut(areas: Iterable[_Area]) -> Mapping[_Access, Sequence[_Piece]]:
    """The addresses by all that they need. Of two prefixes one holds the other, or they are apart."""
    pieces: dict[_Access, list[_Piece]] = {}
    around: list[tuple[int, _Access]] = []  # what holds the place reached, the inmost last
    reached = 0
    for first, minus_last, wanted in [*sorted(areas, key=itemgetter(0, 1)), _END]:
        while around:
            last, outer = around[-1]
            end = min(last, first - 1)
            if reached <= end:
                pieces.setdefault(outer, []).append((reached, end))
                reached = end + 1
            if last >= first:
                wanted |= outer
                break
            around.pop()
        reached = first
        around.append((-minus_last, wanted))
    return pieces
