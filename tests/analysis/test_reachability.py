"""The measure of standing firewalls against one packet at a time: an evaluation without any set algebra."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from swyx_components.analysis.deployed.reachability import (
    AccessList,
    AclEntry,
    AttachmentPoint,
    Packets,
    Requirement,
    diff_reachability,
    join_packets,
)
from swyx_components.planner.model import Direction, Protocol
from swyx_components.sets.ports import ALL_PORTS, PortSet
from swyx_components.sets.prefixes import Interval, Prefix

OWN = Prefix.parse("10.0.0.1")
NETS = tuple(map(Prefix.parse, ("0.0.0.0/0", "10.0.0.0/29", "10.0.0.4/30", "10.0.0.2/32")))
PORTS = (ALL_PORTS, PortSet.of((5, 9)), PortSet.of((7, 7)), PortSet.of((1, 6), (8, 12)))
PROBES = (0, 1, 4, 5, 6, 7, 8, 9, 10, 12, 13, 65535)
HOSTS = (0, OWN.first - 1, OWN.first, *(OWN.first + n for n in range(1, 9)), 2**32 - 1)


def make_layer(choice: random.Random, name: str) -> AccessList:
    entries = tuple(
        AclEntry(
            direction=choice.choice(list(Direction)),
            protocols=choice.choice(
                [(Protocol.TCP,), (Protocol.UDP,), (Protocol.TCP, Protocol.UDP)]
            ),
            ports=choice.choice(PORTS),
            source_ports=choice.choice((ALL_PORTS, ALL_PORTS, PORTS[1])),
            peers=(choice.choice(NETS),),
            owner=name,
            label=str(place),
            allow=choice.random() < 0.7,
        )
        for place in range(choice.randint(0, 5))
    )
    ordered = choice.random() < 0.6
    return AccessList(name=name, entries=entries, ordered=ordered, stateless=choice.random() < 0.3)


def make_demands(choice: random.Random) -> tuple[Requirement, ...]:
    return tuple(
        Requirement(
            choice.choice(list(Direction)),
            choice.choice((Protocol.TCP, Protocol.UDP)),
            choice.choice(PORTS[1:]),
            choice.choice((ALL_PORTS, PORTS[2])),
            (choice.choice(NETS[1:]),),
            f"F{place}",
            "peer",
            reply=choice.random() < 0.3,
        )
        for place in range(choice.randint(0, 3))
    )


Packet = tuple[Direction, Protocol, int, int, int]  # peer, source port, destination port


def fits(each: AclEntry | Requirement, packet: Packet) -> bool:
    way, protocol, peer, source, port = packet
    protocols = each.protocols if isinstance(each, AclEntry) else (each.protocol,)
    return (
        each.direction is way
        and protocol in protocols
        and any(own.first <= peer <= own.last for own in each.peers)
        and any(low <= source <= high for low, high in each.source_ports)
        and any(low <= port <= high for low, high in each.ports)
    )


def passes(layer: AccessList, packet: Packet) -> AclEntry | None:
    """The entry by which a layer lets a packet pass."""
    for entry in layer.entries:
        if fits(entry, packet):
            if entry.allow:
                return entry
            if layer.ordered:
                return None
    return None


def packets() -> Iterator[Packet]:
    for way in Direction:
        for protocol in (Protocol.TCP, Protocol.UDP):
            for peer in HOSTS:
                for source in (0, 5, 7, 9, 10):
                    for port in PROBES:
                        yield way, protocol, peer, source, port


def holds(found: list[Packets], packet: Packet) -> bool:
    _, protocol, peer, source, port = packet
    return any(
        each.protocol is protocol
        and each.peers.first <= peer <= each.peers.last
        and any(low <= source <= high for low, high in each.source_ports)
        and any(low <= port <= high for low, high in each.ports)
        for each in found
    )


@pytest.mark.parametrize("seed", range(25))
def test_every_packet_is_judged_as_if_it_were_the_only_one(seed: int) -> None:
    choice = random.Random(seed)
    layers = tuple(make_layer(choice, name) for name in ("near", "far")[: choice.randint(1, 2)])
    demands = make_demands(choice)
    seat = AttachmentPoint(OWN, layers)
    found = diff_reachability([seat], demands, [OWN])
    stateless = any(layer.stateless for layer in layers)
    all_stateless = all(layer.stateless for layer in layers)
    for packet in packets():
        if packet[2] == OWN.first:  # never leaves the machine, so either answer will do
            continue
        for demand in demands:
            asked = [layer for layer in layers if layer.stateless or not demand.reply]
            counts = fits(demand, packet) and (stateless or not demand.reply)
            lost = counts and not all(passes(layer, packet) for layer in asked)
            if demand.direction is packet[0]:
                said = holds(found.missing.get(demand, []), packet)
                assert said is lost, (packet, demand)
        way, protocol, peer, _, port = packet
        needed = any(
            fits(d._replace(source_ports=ALL_PORTS), (way, protocol, peer, 0, port))
            for d in demands
            if all_stateless or not d.reply
        )
        by = passes(layers[0], packet)
        through = by is not None and all(passes(layer, packet) for layer in layers)
        for entry in layers[0].entries:
            is_open = not needed and through and fits(entry, packet) and entry.allow
            if layers[0].ordered:
                is_open = is_open and entry == by
            said = holds([p for p in found.open.get(entry, []) if entry.direction is way], packet)
            assert said is is_open, (packet, entry)


def test_packets_are_joined_to_the_fewest_pieces_the_most_first() -> None:
    def tcp(first: int, last: int, port: int) -> Packets:
        return Packets(
            Direction.IN, Protocol.TCP, 4, Interval(first, last), PortSet.of((port, port))
        )

    assert join_packets(
        [tcp(1, 4, 7), tcp(5, 9, 7), tcp(1, 4, 8), tcp(5, 9, 8), tcp(20, 20, 1)]
    ) == (
        Packets(Direction.IN, Protocol.TCP, 4, Interval(1, 9), PortSet.of((7, 8))),
        tcp(20, 20, 1),
    )
