"""What a standing firewall lets pass at one address, against what is demanded there, exactly.

The peers' addresses are cut wherever any rule or demand begins or ends; within one piece only ports
differ, and those are compared as sets, source ports cut in the same way.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import pairwise
from operator import and_
from typing import NamedTuple

from swyx_components.analysis.deployed.ruleset import (
    ICMP_TYPES,
    AccessList,
    AclEntry,
    AttachmentPoint,
)
from swyx_components.planner.model import Direction, Protocol
from swyx_components.sets.ports import ALL_PORTS, NO_PORTS, PortSet
from swyx_components.sets.prefixes import Interval, Prefix, join_intervals

_IMPOSSIBLE = {4: (Protocol.ANY, Protocol.ICMPV6), 6: (Protocol.ANY, Protocol.ICMP)}


class Requirement(NamedTuple):
    """One end of a required flow at a machine; `reply`: the way back, which only stateless rules ask for."""

    direction: Direction
    protocol: Protocol
    ports: PortSet
    source_ports: PortSet
    peers: tuple[Prefix, ...]
    flow: str
    peer: str
    reply: bool = False


class Packets(NamedTuple):
    """Packets to or from a run of addresses, by destination ports (types of ICMP)."""

    protocol: Protocol
    version: int
    peers: Interval
    ports: PortSet
    source_ports: PortSet = ALL_PORTS

    @property
    def size(self) -> int:
        """Addresses times ports; at most as many addresses as IPv4 has, or one IPv6 range outweighs all."""
        addresses = self.peers.last - self.peers.first + 1
        return min(addresses, 1 << 32) * self.ports.size()


@dataclass(slots=True)
class ReachabilityDiff:
    """What was found at one address.

    `missing` by demand; `open` by allowing entry of the first layer; `stopped_by` the layers that do
    not let a demand pass, `unless` the entries with unresolved peers that may; `passing` the demands of
    which some packet passes.
    """

    missing: dict[Requirement, list[Packets]] = field(default_factory=dict)
    open: dict[AclEntry, list[Packets]] = field(default_factory=dict)
    stopped_by: dict[Requirement, set[str]] = field(default_factory=dict)
    unless: dict[Requirement, set[AclEntry]] = field(default_factory=dict)
    passing: set[Requirement] = field(default_factory=set)


def diff_reachability(
    seat: AttachmentPoint, demands: Sequence[Requirement], own: Iterable[Prefix]
) -> ReachabilityDiff:
    """Compare a seat's layers with the demands.

    A packet to the machine's `own` addresses never leaves it: alone it is left out, within a range it counts
    with the rest.
    """
    found = ReachabilityDiff()
    at_home = {prefix.interval for prefix in own if prefix.version == seat.address.version}
    for direction in Direction:
        for protocol in Protocol:
            if protocol not in _IMPOSSIBLE[seat.address.version]:
                view = _View(seat, direction, protocol, demands)
                for piece in view.pieces():
                    if piece.peers not in at_home:
                        view.compare(piece, found)
    return found


class _Piece(NamedTuple):
    """A run of peer addresses for which the same entries and demands count, in their order."""

    peers: Interval
    layers: tuple[tuple[AclEntry, ...], ...]
    demands: tuple[Requirement, ...]


class _View:
    """One direction and protocol at a seat."""

    def __init__(
        self,
        seat: AttachmentPoint,
        direction: Direction,
        protocol: Protocol,
        demands: Sequence[Requirement],
    ) -> None:
        self.version = seat.address.version
        self.protocol = protocol
        self.universe = ALL_PORTS if protocol.has_ports else ICMP_TYPES
        self.layers = seat.layers
        self.entries = [
            [e for e in layer.entries if e.direction is direction and protocol in e.protocols]
            for layer in seat.layers
        ]
        own = [d for d in demands if (d.direction, d.protocol) == (direction, protocol)]
        stateless = any(layer.stateless for layer in seat.layers)
        self.demands = [demand for demand in own if stateless or not demand.reply]
        self._decided: dict[tuple[tuple[AclEntry, ...], PortSet], Mapping[AclEntry, PortSet]] = {}

    def pieces(self) -> Iterator[_Piece]:
        """The address space in pieces, those without entry and demand left out."""
        sides = [[entry.peers for entry in entries] for entries in self.entries]
        sides.append([demand.peers for demand in self.demands])
        prefixes = {prefix for side in sides for peers in side for prefix in peers}
        inside = [prefix for prefix in prefixes if prefix.version == self.version]
        cuts = sorted({cut for prefix in inside for cut in (prefix.first, prefix.last + 1)})
        members: list[list[list[int]]] = [[[] for _ in cuts] for _ in sides]
        for place, side in enumerate(sides):
            for index, peers in enumerate(side):
                for at in _covered(peers, self.version, cuts):
                    members[place][at].append(index)
        for at, (first, after) in enumerate(pairwise(cuts)):
            layers = tuple(
                tuple(entries[index] for index in members[place][at])
                for place, entries in enumerate(self.entries)
            )
            demands = tuple(self.demands[index] for index in members[-1][at])
            if demands or any(layers):
                yield _Piece(Interval(first, after - 1), layers, demands)

    def compare(self, piece: _Piece, found: ReachabilityDiff) -> None:
        """Add what differs in one piece."""
        wanted = PortSet.union_of(
            part for d in piece.demands if self._counts_as_need(d) for part in d.ports
        )
        for source in _cut_sources(piece):
            parts = [
                self._decide(layer, entries, source)
                for layer, entries in zip(self.layers, piece.layers, strict=True)
            ]
            allowed = [PortSet.union_of(p for s in part.values() for p in s) for part in parts]
            self._find_missing(piece, source, allowed, found)
            through = reduce(and_, allowed[1:], ALL_PORTS)
            for entry, ports in parts[0].items() if parts else ():
                rest = (ports & through & self.universe) - wanted
                if rest:
                    packets = Packets(self.protocol, self.version, piece.peers, rest, source)
                    found.open.setdefault(entry, []).append(packets)

    def _counts_as_need(self, demand: Requirement) -> bool:
        """Replies are no reason to let in what a stateful layer before them would not."""
        return not demand.reply or all(layer.stateless for layer in self.layers)

    def _decide(
        self, layer: AccessList, entries: tuple[AclEntry, ...], source: PortSet
    ) -> Mapping[AclEntry, PortSet]:
        """The destination ports that each allowing entry lets pass."""
        key = entries, source
        if key not in self._decided:
            self._decided[key] = dict(_first_match(layer.ordered, entries, source))
        return self._decided[key]

    def _find_missing(
        self, piece: _Piece, source: PortSet, allowed: Sequence[PortSet], found: ReachabilityDiff
    ) -> None:
        for demand in piece.demands:
            sources = source & demand.source_ports
            if not sources:
                continue
            asked = [
                (layer, ports)
                for layer, ports in zip(self.layers, allowed, strict=True)
                if layer.stateless or not demand.reply
            ]
            passed = reduce(and_, (ports for _, ports in asked), demand.ports)
            if passed:
                found.passing.add(demand)
            if lost := demand.ports - passed:
                packets = Packets(self.protocol, self.version, piece.peers, lost, sources)
                found.missing.setdefault(demand, []).append(packets)
                stops = {layer.name for layer, ports in asked if lost - ports}
                found.stopped_by.setdefault(demand, set()).update(stops)
                found.unless.setdefault(demand, set()).update(self._perhaps(lost))

    def _perhaps(self, lost: PortSet) -> Iterator[AclEntry]:
        for entries in self.entries:
            yield from (e for e in entries if e.unresolved and e.allow and e.ports & lost)


def _first_match(
    ordered: bool, entries: Iterable[AclEntry], source: PortSet
) -> Iterator[tuple[AclEntry, PortSet]]:
    decided = NO_PORTS
    for entry in entries:
        if not (source - entry.source_ports):
            ports = entry.ports - decided
            if ordered:
                decided = decided | entry.ports
            if entry.allow and ports:
                yield entry, ports


def _covered(peers: Iterable[Prefix], version: int, cuts: Sequence[int]) -> list[int]:
    """The pieces that any of the prefixes holds, each once."""
    return sorted(
        {
            at
            for prefix in peers
            if prefix.version == version
            for at in range(bisect_left(cuts, prefix.first), bisect_left(cuts, prefix.last + 1))
        }
    )


def _cut_sources(piece: _Piece) -> Iterator[PortSet]:
    """All source ports, cut wherever an entry tells them apart."""
    sets = [each.source_ports for entries in piece.layers for each in entries]
    if all(ports == ALL_PORTS for ports in sets):
        yield ALL_PORTS
        return
    cuts = {0, ALL_PORTS[0].last + 1}
    cuts |= {cut for ports in sets for part in ports for cut in (part.first, part.last + 1)}
    for first, after in pairwise(sorted(cuts)):
        yield PortSet.of((first, after - 1))


def join_packets(packets: Iterable[Packets], by_source: bool = False) -> tuple[Packets, ...]:
    """The same packets in the fewest pieces, the most first; whatever source ports, unless `by_source`."""
    by_peers: dict[tuple[Protocol, int, Interval, PortSet], PortSet] = {}
    for protocol, version, peers, ports, source in packets:
        key = protocol, version, peers, source if by_source else ALL_PORTS
        by_peers[key] = by_peers.get(key, NO_PORTS) | ports
    by_ports: dict[tuple[Protocol, int, PortSet, PortSet], list[Interval]] = {}
    for (protocol, version, peers, source), ports in by_peers.items():
        by_ports.setdefault((protocol, version, ports, source), []).append(peers)
    joined = [
        Packets(protocol, version, interval, ports, source)
        for (protocol, version, ports, source), intervals in sorted(by_ports.items())
        for interval in join_intervals(intervals)
    ]
    return tuple(sorted(joined, key=lambda each: -each.size))
