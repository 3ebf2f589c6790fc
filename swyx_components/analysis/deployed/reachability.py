"""What an existing ruleset allows at one address, against what is required there, exactly.

Required are both ends of every flow, extra rules, and the ways back. The peers' addresses are cut wherever
any entry or requirement begins or ends; within one piece only ports differ, and those are compared as sets,
source ports cut in the same way.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import chain, product
from operator import and_
from typing import NamedTuple

from swyx_components.planner.model import EVERY_PROTOCOL, PROTOCOL_OF, Direction, Protocol, SitePlan
from swyx_components.planner.requirements import extra_flow, extra_protocols
from swyx_components.sets.packets import cut_addresses
from swyx_components.sets.ports import ALL_PORTS, ICMP_TYPES, NO_PORTS, PortSet, cut_ports
from swyx_components.sets.prefixes import Interval, Prefix, join_intervals

# Where an answer goes whose question came from a port that nobody fixed: what AWS advises for network ACLs.
_EPHEMERAL = PortSet.of((1024, 65535))
_NOBODY = Interval(0, -1)
_IMPOSSIBLE = {4: (Protocol.ANY, Protocol.ICMPV6), 6: (Protocol.ANY, Protocol.ICMP)}


@dataclass(frozen=True, slots=True, kw_only=True)
class AclEntry:
    """One rule. `ports` are destination ports (types of ICMP), `peers` the other side's addresses.

    `owner` is the group that holds it and `label` the rule, both in the cloud's words. `unresolved`
    names the part of the other side whose addresses are not known; `peers` is then only the rest.
    `protocols` is empty for a protocol that no flow has (`label` tells which).
    """

    direction: Direction
    protocols: tuple[Protocol, ...] = EVERY_PROTOCOL
    ports: PortSet = ALL_PORTS
    peers: tuple[Prefix, ...]
    owner: str
    label: str
    source_ports: PortSet = ALL_PORTS
    allow: bool = True
    unresolved: str = ""


class AccessList(NamedTuple):
    """Rules that are asked together; what none of them allows is denied.

    `ordered`: the first that fits decides; otherwise any that allows. `stateless`: replies need rules too.
    """

    name: str
    entries: tuple[AclEntry, ...]
    ordered: bool = False
    stateless: bool = False


class AttachmentPoint(NamedTuple):
    """One address of a machine, and the layers that apply to it.

    The first layer is the one whose rules are named when something is open.
    """

    address: Prefix
    layers: tuple[AccessList, ...]
    machine: str = ""


class Firewall(NamedTuple):
    """All that applies to the machines of a site.

    `unread` are sentences about groups whose rules no file has, `lacking` says what else the files do not
    hold and how that was read. `platform` are addresses from which the cloud itself speaks.
    """

    cloud: str
    points: tuple[AttachmentPoint, ...]
    unread: tuple[str, ...]
    lacking: tuple[str, ...] = ()
    platform: tuple[Prefix, ...] = ()


class Requirement(NamedTuple):
    """One end of a required flow at a machine; `reply`: the way back, which only stateless rules ask for.

    `widened`: from or to a whole `summary`, as the site's own rules have it. No flow needs all of it.
    """

    direction: Direction
    protocol: Protocol
    ports: PortSet
    source_ports: PortSet
    peers: tuple[Prefix, ...]
    flow: str
    peer: str
    reply: bool = False
    widened: bool = False


class Packets(NamedTuple):
    """Packets to or from a run of addresses, by destination ports (types of ICMP)."""

    direction: Direction
    protocol: Protocol
    version: int
    peers: Interval
    ports: PortSet
    source_ports: PortSet = ALL_PORTS

    @property
    def size(self) -> int:
        """Addresses times ports; at most as many addresses as IPv4 has, or one IPv6 range outweighs all."""
        return min(self.peers.last - self.peers.first + 1, 1 << 32) * self.ports.size()


@dataclass(slots=True)
class ReachabilityDiff:
    """What was found at the addresses of a machine.

    `missing` by requirement; `stopped_by` the layers that do not allow one, `unless` the entries with
    unresolved peers that may; `passing` the requirements of which some packet passes. By allowing entry of
    the first layer: what is `open` without need, and the flows that it is `needed_by`.
    """

    missing: dict[Requirement, list[Packets]] = field(default_factory=lambda: defaultdict(list))
    stopped_by: dict[Requirement, set[str]] = field(default_factory=lambda: defaultdict(set))
    unless: dict[Requirement, set[AclEntry]] = field(default_factory=lambda: defaultdict(set))
    passing: set[Requirement] = field(default_factory=set)
    open: dict[AclEntry, list[Packets]] = field(default_factory=lambda: defaultdict(list))
    needed_by: dict[AclEntry, set[str]] = field(default_factory=lambda: defaultdict(set))


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
            for piece in _cut(point, direction, protocol, requirements):
                if (version, piece.packets.peers) not in own_intervals:
                    _compare(piece, found)
    return found


class _Piece(NamedTuple):
    """Packets for whose peers the same entries, in their order, and requirements count.

    `unresolved` are allowing entries for the same direction and protocol, whose peers these may be.
    """

    packets: Packets
    layers: list[AccessList]
    unresolved: list[AclEntry]
    requirements: list[Requirement]


def _cut(
    point: AttachmentPoint,
    direction: Direction,
    protocol: Protocol,
    requirements: Iterable[Requirement],
) -> Iterator[_Piece]:
    """One direction and protocol, the peers cut wherever those of an entry or requirement begin or end."""
    version, way = point.address.version, (direction, protocol)
    entries = [
        [e for e in layer.entries if e.direction is direction and protocol in e.protocols]
        for layer in point.layers
    ]
    unresolved = [e for e in chain(*entries) if e.unresolved and e.allow]
    stateless = any(layer.stateless for layer in point.layers)
    own = [
        r for r in requirements if (r.direction, r.protocol) == way and (stateless or not r.reply)
    ]
    sides: tuple[Sequence[AclEntry | Requirement], ...] = (*entries, own)
    held: dict[Prefix, list[tuple[int, int]]] = defaultdict(list)
    for place, side in enumerate(sides):
        for index, each in enumerate(side):
            for prefix in each.peers:
                if prefix.version == version:
                    held[prefix].append((place, index))
    for _, peers, members in cut_addresses(held):
        inside = sorted(members)
        yield _Piece(
            packets=Packets(*way, version, peers, NO_PORTS),
            layers=[
                layer._replace(entries=tuple(entries[place][n] for at, n in inside if at == place))
                for place, layer in enumerate(point.layers)
            ],
            unresolved=unresolved,
            requirements=[own[n] for at, n in inside if at == len(entries)],
        )


def _compare(piece: _Piece, found: ReachabilityDiff) -> None:
    packets, layers, unresolved, requirements = piece
    # Replies don't justify inbound packets that a stateful layer before them would deny.
    replies_count = all(layer.stateless for layer in layers)
    counted = [each for each in requirements if replies_count or not each.reply]
    wanted = PortSet.union_of(part for each in counted for part in each.ports)
    sources = {each.source_ports for layer in layers for each in layer.entries}
    universe = ALL_PORTS if packets.protocol.has_ports else ICMP_TYPES
    for cut in cut_ports([*ALL_PORTS, *chain(*sources)]):
        source = PortSet((cut,))
        matched = [[*_match(layer, source)] for layer in layers]
        allowed = [PortSet.union_of(part for _, ports in own for part in ports) for own in matched]
        for each in requirements:
            both = source & each.source_ports
            if each.widened or not both:
                continue
            asked = [
                (layer.name, ports)
                for layer, ports in zip(layers, allowed, strict=True)
                if layer.stateless or not each.reply
            ]
            passed = reduce(and_, (ports for _, ports in asked), each.ports)
            if passed:
                found.passing.add(each)
            if lost := each.ports - passed:
                found.missing[each].append(packets._replace(ports=lost, source_ports=both))
                found.stopped_by[each] |= {name for name, ports in asked if lost - ports}
                found.unless[each] |= {entry for entry in unresolved if entry.ports & lost}
        through = reduce(and_, allowed[1:], universe)
        for entry, ports in matched[0] if matched else ():
            used = (each for each in counted if each.ports & ports and each.source_ports & source)
            found.needed_by[entry] |= {each.flow for each in used}
            if rest := (ports & through) - wanted:
                found.open[entry].append(packets._replace(ports=rest, source_ports=source))


def _match(layer: AccessList, source: PortSet) -> Iterator[tuple[AclEntry, PortSet]]:
    """The destination ports that each allowing entry allows."""
    decided = NO_PORTS
    for entry in layer.entries:
        if not (source - entry.source_ports):
            ports = entry.ports - decided
            if layer.ordered:
                decided = decided | entry.ports
            if entry.allow and ports:
                yield entry, ports


def find_requirements(plan: SitePlan, machine: str) -> tuple[Requirement, ...]:
    """Every end of a flow or extra rule at a machine, and the ways back."""
    found: list[Requirement] = []
    own_addresses = plan.machine(machine).addresses
    for flow in plan.flows:
        source = PortSet((flow.source_ports,)) if flow.source_ports else ALL_PORTS
        for direction, own, peer in (
            (Direction.OUT, flow.initiator, flow.responder),
            (Direction.IN, flow.responder, flow.initiator),
        ):
            if own.group and own.site == plan.site and machine in own.members:
                what = direction, PROTOCOL_OF[flow.transport], flow.ports, source
                peers = tuple(p for p in peer.prefixes if p not in own_addresses)
                label = peer.label if peer.site in ("", plan.site) else f"{peer.site}/{peer.label}"
                found.append(Requirement(*what, peers, flow.flow, label))
                stand_in = peer.addresses_for(plan.site)
                if stand_in != peer.prefixes:
                    found.append(Requirement(*what, stand_in, flow.flow, label, widened=True))
    for rule in plan.extra_rules:
        for protocol, peers in extra_protocols(rule) if rule.machine == machine else ():
            ports = rule.ports if protocol.has_ports else ICMP_TYPES
            what = Direction(rule.direction), protocol, ports, ALL_PORTS
            flow_id, label = extra_flow(plan.site, rule), "the peers it names"
            found.append(Requirement(*what, peers, flow_id, label))
    both = (each for required in found if required.peers for each in _both_ways(required))
    return tuple(dict.fromkeys(both))


def _both_ways(required: Requirement) -> Iterator[Requirement]:
    """The requirement, and its replies for stateless layers."""
    yield required
    back = required._replace(
        direction=Direction.IN if required.direction is Direction.OUT else Direction.OUT, reply=True
    )
    if required.protocol.has_ports:
        ports = _EPHEMERAL if required.source_ports == ALL_PORTS else required.source_ports
        back = back._replace(ports=ports, source_ports=required.ports)
    yield back


def join_packets(packets: Iterable[Packets], by_source: bool = False) -> tuple[Packets, ...]:
    """The same packets in the fewest pieces, by direction, the most first.

    For any source ports, unless `by_source`.
    """
    by_peers: dict[Packets, PortSet] = defaultdict(PortSet)
    for each in packets:
        source = each.source_ports if by_source else ALL_PORTS
        by_peers[each._replace(ports=NO_PORTS, source_ports=source)] |= each.ports
    # Cut where an entry has source ports; what is alike on both sides of a cut is one.
    sources: dict[Packets, PortSet] = defaultdict(PortSet)
    for each, ports in by_peers.items():
        sources[each._replace(ports=ports, source_ports=NO_PORTS)] |= each.source_ports
    by_ports: dict[Packets, list[Interval]] = defaultdict(list)
    for each, source in sources.items():
        by_ports[each._replace(peers=_NOBODY, source_ports=source)].append(each.peers)
    joined = [
        each._replace(peers=interval)
        for each, intervals in sorted(by_ports.items())
        for interval in join_intervals(intervals)
    ]
    return tuple(sorted(joined, key=lambda each: (each.direction, -each.size)))
