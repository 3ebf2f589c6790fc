"""What an existing ruleset lets pass at one address, against what is required there, exactly.

Required are both ends of every flow, extra rules, and the ways back. The peers' addresses are cut wherever
any entry or requirement begins or ends; within one piece only ports differ, and those are compared as sets,
source ports cut in the same way.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import product
from operator import and_
from typing import NamedTuple

from swyx_components.analysis.deployed.ruleset import ICMP_TYPES, AclEntry, AttachmentPoint
from swyx_components.installation.model import Machine
from swyx_components.planner.model import (
    PROTOCOL_OF,
    Direction,
    Protocol,
    SitePlan,
)
from swyx_components.planner.requirements import extra_flow
from swyx_components.sets.packets import cut_addresses, cut_ports
from swyx_components.sets.ports import ALL_PORTS, NO_PORTS, PortSet
from swyx_components.sets.prefixes import Interval, Prefix, join_intervals

# Where an answer goes whose question came from a port that nobody fixed: what AWS advises for network ACLs.
_EPHEMERAL = PortSet.of((1024, 65535))
_PROTOCOLS: Mapping[str, tuple[Protocol, ...]] = {
    "tcp": (Protocol.TCP,),
    "udp": (Protocol.UDP,),
    "icmp": (Protocol.ICMP, Protocol.ICMPV6),
}
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
    """What was found at the addresses of a machine.

    `missing` by requirement; `open` by allowing entry of the first layer; `stopped_by` the layers that do
    not let a requirement pass, `unless` the entries with unresolved peers that may; `passing` the
    requirements of which some packet passes.
    """

    missing: dict[Requirement, list[Packets]] = field(default_factory=dict)
    open: dict[AclEntry, list[Packets]] = field(default_factory=dict)
    stopped_by: dict[Requirement, set[str]] = field(default_factory=dict)
    unless: dict[Requirement, set[AclEntry]] = field(default_factory=dict)
    passing: set[Requirement] = field(default_factory=set)


def diff_reachability(
    points: Iterable[AttachmentPoint], requirements: Sequence[Requirement], own: Iterable[Prefix]
) -> ReachabilityDiff:
    """Compare the layers of a machine's attachment points with what is required there.

    A packet to the machine's `own` addresses never leaves it: alone it is left out, within a range it counts
    with the rest.
    """
    found = ReachabilityDiff()
    own_intervals = {(prefix.version, prefix.interval) for prefix in own}
    for point, direction, protocol in product(points, Direction, Protocol):
        version = point.address.version
        if protocol not in _IMPOSSIBLE[version]:
            view = _View(point, direction, protocol, requirements)
            for piece in view.pieces():
                if (version, piece.peers) not in own_intervals:
                    view.compare(piece, found)
    return found


class _Piece(NamedTuple):
    """A run of peer addresses for which the same entries and requirements count, in their order."""

    peers: Interval
    layers: Sequence[Sequence[AclEntry]]
    requirements: Sequence[Requirement]


class _View:
    """One direction and protocol at an attachment point."""

    def __init__(
        self,
        point: AttachmentPoint,
        direction: Direction,
        protocol: Protocol,
        requirements: Sequence[Requirement],
    ) -> None:
        self.version = point.address.version
        self.protocol = protocol
        self.layers = point.layers
        self.entries = [
            [e for e in layer.entries if e.direction is direction and protocol in e.protocols]
            for layer in point.layers
        ]
        # Replies are no reason to let in what a stateful layer before them would not.
        self.replies_count = all(layer.stateless for layer in point.layers)
        stateless = any(layer.stateless for layer in point.layers)
        own = [r for r in requirements if (r.direction, r.protocol) == (direction, protocol)]
        self.requirements = [each for each in own if stateless or not each.reply]

    def pieces(self) -> Iterator[_Piece]:
        """The peers that any entry or requirement names."""
        held: dict[Prefix, list[tuple[int, int]]] = {}
        sides: list[Sequence[AclEntry | Requirement]] = [*self.entries, self.requirements]
        for place, side in enumerate(sides):
            for index, each in enumerate(side):
                for prefix in each.peers:
                    if prefix.version == self.version:
                        held.setdefault(prefix, []).append((place, index))
        for _, peers, members in cut_addresses(held):
            inside: list[list[int]] = [[] for _ in sides]
            for place, index in sorted(members):
                inside[place].append(index)
            layers = [
                [entries[index] for index in own]
                for entries, own in zip(self.entries, inside[:-1], strict=True)
            ]
            yield _Piece(peers, layers, [self.requirements[index] for index in inside[-1]])

    def compare(self, piece: _Piece, found: ReachabilityDiff) -> None:
        """Add what differs in one piece."""
        wanted = PortSet.union_of(
            part
            for each in piece.requirements
            if self.replies_count or not each.reply
            for part in each.ports
        )
        sources = {each.source_ports for entries in piece.layers for each in entries}
        for cut in cut_ports([*ALL_PORTS, *(part for ports in sources for part in ports)]):
            source = PortSet((cut,))
            matched = [
                list(_match(layer.ordered, entries, source))
                for layer, entries in zip(self.layers, piece.layers, strict=True)
            ]
            allowed = [PortSet.union_of(p for _, ports in own for p in ports) for own in matched]
            for each in piece.requirements:
                if both := source & each.source_ports:
                    self._find_missing(each, piece.peers, both, allowed, found)
            universe = ALL_PORTS if self.protocol.has_ports else ICMP_TYPES
            through = reduce(and_, allowed[1:], universe)
            for entry, ports in matched[0] if matched else ():
                if rest := (ports & through) - wanted:
                    packets = Packets(self.protocol, self.version, piece.peers, rest, source)
                    found.open.setdefault(entry, []).append(packets)

    def _find_missing(
        self,
        required: Requirement,
        peers: Interval,
        source: PortSet,
        allowed: Sequence[PortSet],
        found: ReachabilityDiff,
    ) -> None:
        asked = [
            (layer, ports)
            for layer, ports in zip(self.layers, allowed, strict=True)
            if layer.stateless or not required.reply
        ]
        passed = reduce(and_, (ports for _, ports in asked), required.ports)
        if passed:
            found.passing.add(required)
        if lost := required.ports - passed:
            packets = Packets(self.protocol, self.version, peers, lost, source)
            found.missing.setdefault(required, []).append(packets)
            stops = {layer.name for layer, ports in asked if lost - ports}
            found.stopped_by.setdefault(required, set()).update(stops)
            perhaps = (e for own in self.entries for e in own if e.unresolved and e.allow)
            may_pass = {entry for entry in perhaps if entry.ports & lost}
            found.unless.setdefault(required, set()).update(may_pass)


def _match(
    ordered: bool, entries: Iterable[AclEntry], source: PortSet
) -> Iterator[tuple[AclEntry, PortSet]]:
    """The destination ports that each allowing entry lets pass."""
    decided = NO_PORTS
    for entry in entries:
        if not (source - entry.source_ports):
            ports = entry.ports - decided
            if ordered:
                decided = decided | entry.ports
            if entry.allow and ports:
                yield entry, ports


def find_requirements(plan: SitePlan, machine: Machine) -> tuple[Requirement, ...]:
    """Every end of a flow or extra rule at a machine, and the ways back."""
    found: list[Requirement] = []
    for flow in plan.flows:
        source = PortSet((flow.source_ports,)) if flow.source_ports else ALL_PORTS
        for direction, own, peer in (
            (Direction.OUT, flow.initiator, flow.responder),
            (Direction.IN, flow.responder, flow.initiator),
        ):
            # Where each machine has a group of its own, flows still run between host groups.
            if own.group and own.site == plan.site and machine in own.group.machines:
                what = direction, PROTOCOL_OF[flow.transport], flow.ports, source
                peers = tuple(p for p in peer.prefixes if p not in machine.addresses)
                label = peer.label if peer.site in ("", plan.site) else f"{peer.site}/{peer.label}"
                found.append(Requirement(*what, peers, flow.flow, label))
    for rule in plan.extra_rules:
        if rule.machine == machine.name:
            for protocol in _PROTOCOLS[rule.protocol]:
                ports = rule.ports if protocol.has_ports else ICMP_TYPES
                what = Direction(rule.direction), protocol, ports, ALL_PORTS
                peers = tuple(p for p in rule.peers if protocol not in _IMPOSSIBLE[p.version])
                label = "the peers it names"
                found.append(Requirement(*what, peers, extra_flow(plan.site, rule), label))
    both = (each for required in found if required.peers for each in _both_ways(required))
    return tuple(dict.fromkeys(both))


def _both_ways(required: Requirement) -> Iterator[Requirement]:
    """The requirement, and its answers for whatever is stateless."""
    yield required
    back = required._replace(
        direction=Direction.IN if required.direction is Direction.OUT else Direction.OUT, reply=True
    )
    if required.protocol.has_ports:
        ports = _EPHEMERAL if required.source_ports == ALL_PORTS else required.source_ports
        back = back._replace(ports=ports, source_ports=required.ports)
    yield back


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
