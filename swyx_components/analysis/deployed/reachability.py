"""What a standing firewall lets pass at one address, against what is demanded there, exactly.

Demanded are both ends of every flow, extra rules, and the ways back. The peers' addresses are cut wherever
any rule or demand begins or ends; within one piece only ports differ, and those are compared as sets,
source ports cut in the same way.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import and_
from typing import NamedTuple

from swyx_components.analysis.deployed.ruleset import ICMP_TYPES, AclEntry, AttachmentPoint
from swyx_components.installation.model import Machine
from swyx_components.planner.model import (
    PROTOCOL_OF,
    Direction,
    Endpoint,
    HostGroup,
    Protocol,
    SitePlan,
)
from swyx_components.planner.requirements import extra_flow
from swyx_components.sets.packets import cut_addresses, cut_ports
from swyx_components.sets.ports import ALL_PORTS, NO_PORTS, PortSet
from swyx_components.sets.prefixes import Interval, Prefix, join_intervals

# Where an answer goes whose question came from a port that nobody fixed: what AWS advises for network ACLs.
_EPHEMERAL = PortSet.of((1024, 65535))
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
    seat: AttachmentPoint,
    demands: Sequence[Requirement],
    own: Iterable[Prefix],
    found: ReachabilityDiff | None = None,
) -> ReachabilityDiff:
    """Compare a seat's layers with the demands; added to what was `found` at other seats of the machine.

    A packet to the machine's `own` addresses never leaves it: alone it is left out, within a range it counts
    with the rest.
    """
    found = found or ReachabilityDiff()
    version = seat.address.version
    at_home = {prefix.interval for prefix in own if prefix.version == version}
    for direction in Direction:
        for protocol in Protocol:
            if protocol not in _IMPOSSIBLE[version]:
                _View(seat, direction, protocol, demands).compare(at_home, found)
    return found


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
        self.layers = [
            (
                layer,
                [e for e in layer.entries if e.direction is direction and protocol in e.protocols],
            )
            for layer in seat.layers
        ]
        own = [d for d in demands if (d.direction, d.protocol) == (direction, protocol)]
        # Replies are no reason to let in what a stateful layer before them would not.
        self.replies_count = all(layer.stateless for layer in seat.layers)
        stateless = any(layer.stateless for layer in seat.layers)
        self.demands = [demand for demand in own if stateless or not demand.reply]

    def compare(self, own: Collection[Interval], found: ReachabilityDiff) -> None:
        """Add what differs, wherever an entry or a demand names the peer; `own` addresses are left out."""
        held: dict[Prefix, list[tuple[int, int]]] = {}
        sides: list[Sequence[AclEntry | Requirement]] = [entries for _, entries in self.layers]
        for place, side in enumerate([*sides, self.demands]):
            for index, each in enumerate(side):
                for prefix in each.peers:
                    if prefix.version == self.version:
                        held.setdefault(prefix, []).append((place, index))
        for _, peers, members in cut_addresses(held):
            if peers not in own:
                ordered = sorted(members)
                layers = [
                    [entries[index] for at, index in ordered if at == place]
                    for place, (_, entries) in enumerate(self.layers)
                ]
                demands = [self.demands[index] for at, index in ordered if at == len(self.layers)]
                self._compare(peers, layers, demands, found)

    def _compare(
        self,
        peers: Interval,
        layers: Sequence[Sequence[AclEntry]],
        demands: Sequence[Requirement],
        found: ReachabilityDiff,
    ) -> None:
        """The same for peers that the same entries and demands name."""
        wanted = PortSet.union_of(
            part for d in demands if self.replies_count or not d.reply for part in d.ports
        )
        sources = {each.source_ports for entries in layers for each in entries}
        for part in cut_ports([*ALL_PORTS, *(part for ports in sources for part in ports)]):
            source = PortSet((part,))
            passed = [
                list(_first_match(layer.ordered, entries, source))
                for (layer, _), entries in zip(self.layers, layers, strict=True)
            ]
            allowed = [PortSet.union_of(p for _, ports in own for p in ports) for own in passed]
            for demand in demands:
                if both := source & demand.source_ports:
                    self._find_missing(demand, peers, both, allowed, found)
            through = reduce(and_, allowed[1:], self.universe)
            for entry, ports in passed[0] if passed else ():
                if rest := (ports & through) - wanted:
                    packets = Packets(self.protocol, self.version, peers, rest, source)
                    found.open.setdefault(entry, []).append(packets)

    def _find_missing(
        self,
        demand: Requirement,
        peers: Interval,
        source: PortSet,
        allowed: Sequence[PortSet],
        found: ReachabilityDiff,
    ) -> None:
        asked = [
            (layer, ports)
            for (layer, _), ports in zip(self.layers, allowed, strict=True)
            if layer.stateless or not demand.reply
        ]
        passed = reduce(and_, (ports for _, ports in asked), demand.ports)
        if passed:
            found.passing.add(demand)
        if lost := demand.ports - passed:
            packets = Packets(self.protocol, self.version, peers, lost, source)
            found.missing.setdefault(demand, []).append(packets)
            stops = {layer.name for layer, ports in asked if lost - ports}
            found.stopped_by.setdefault(demand, set()).update(stops)
            found.unless.setdefault(demand, set()).update(
                entry
                for _, entries in self.layers
                for entry in entries
                if entry.unresolved and entry.allow and entry.ports & lost
            )


def _first_match(
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


def demands_of(plan: SitePlan, group: HostGroup, machine: Machine) -> tuple[Requirement, ...]:
    """Every end of a flow or extra rule at a machine, and the ways back."""
    found: list[Requirement] = []
    for flow in plan.flows:
        source = PortSet((flow.source_ports,)) if flow.source_ports else ALL_PORTS
        for direction, own, peer in (
            (Direction.OUT, flow.initiator, flow.responder),
            (Direction.IN, flow.responder, flow.initiator),
        ):
            if own.group is not None and (own.site, own.label) == (plan.site, group.name):
                found += _both_ways(
                    Requirement(
                        direction,
                        PROTOCOL_OF[flow.transport],
                        flow.ports,
                        source,
                        _without(peer.prefixes, machine),
                        flow.flow,
                        _called(peer, plan.site),
                    )
                )
    for rule in plan.extra_rules:
        if rule.machine == machine.name:
            for protocol, peers in _by_protocol(rule.protocol, rule.peers):
                ports = rule.ports if protocol.has_ports else ICMP_TYPES
                flow_id = extra_flow(plan.site, rule)
                direction = Direction(rule.direction)
                found += _both_ways(
                    Requirement(
                        direction, protocol, ports, ALL_PORTS, peers, flow_id, "the peers it names"
                    )
                )
    return tuple(dict.fromkeys(demand for demand in found if demand.peers))


def _without(prefixes: Iterable[Prefix], machine: Machine) -> tuple[Prefix, ...]:
    return tuple(prefix for prefix in prefixes if prefix not in machine.addresses)


def _called(peer: Endpoint, site: str) -> str:
    return peer.label if peer.site in ("", site) else f"{peer.site}/{peer.label}"


def _by_protocol(
    name: str, peers: Sequence[Prefix]
) -> Iterator[tuple[Protocol, tuple[Prefix, ...]]]:
    if name != "icmp":
        yield Protocol(name), tuple(peers)
        return
    for version, protocol in ((4, Protocol.ICMP), (6, Protocol.ICMPV6)):
        yield protocol, tuple(peer for peer in peers if peer.version == version)


def _both_ways(demand: Requirement) -> Iterator[Requirement]:
    """The demand, and its answers for whoever keeps no connections in mind."""
    yield demand
    back = Direction.IN if demand.direction is Direction.OUT else Direction.OUT
    if demand.protocol.has_ports:
        ports = _EPHEMERAL if demand.source_ports == ALL_PORTS else demand.source_ports
        yield demand._replace(direction=back, ports=ports, source_ports=demand.ports, reply=True)
    else:
        yield demand._replace(direction=back, reply=True)


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
