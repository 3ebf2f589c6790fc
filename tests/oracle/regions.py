"""Exact sets of packets at one machine: per protocol a union of boxes.

A box is peer addresses x source ports x destination ports.

An address is one integer: IPv4 as it is, IPv6 shifted above every IPv4 address, so that one interval
never holds both families.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

Prefix = ipaddress.IPv4Network | ipaddress.IPv6Network
Range = tuple[int, int]  # inclusive

V6 = 1 << 32
ANY_PORT: Range = (0, 65535)
EVERY_V4: Range = (0, V6 - 1)
EVERY_V6: Range = (V6, V6 + (1 << 128) - 1)
PROTOCOLS = ("tcp", "udp", "icmp", "icmpv6", "other")


def prefix(text: str) -> Prefix:
    """A CIDR or a single address; host bits are an error."""
    return ipaddress.ip_network(text)


def span(net: Prefix) -> Range:
    """The addresses of a prefix as an interval of integers."""
    first = int(net.network_address) + (V6 if net.version == 6 else 0)
    return first, first + net.num_addresses - 1


def address_text(number: int) -> str:
    """The address an integer stands for."""
    if number >= V6:
        return str(ipaddress.IPv6Address(number - V6))
    return str(ipaddress.IPv4Address(number))


@dataclass(frozen=True, slots=True, order=True)
class Box:
    """Peer addresses, source ports and destination ports: every combination of the three."""

    peers: Range
    sources: Range
    ports: Range

    def sides(self) -> tuple[Range, Range, Range]:
        """The three intervals, in the order of the constructor."""
        return self.peers, self.sources, self.ports

    def holds(self, peer: int, source: int, port: int) -> bool:
        """Is one point inside?"""
        return all(
            low <= x <= high
            for x, (low, high) in zip((peer, source, port), self.sides(), strict=True)
        )


def cross(one: Range, other: Range) -> Range | None:
    """What two intervals share."""
    if one[1] < other[0] or other[1] < one[0]:
        return None
    return max(one[0], other[0]), min(one[1], other[1])


def outside(whole: Range, part: Range) -> Iterator[Range]:
    """What of an interval lies before and after a part of it."""
    if whole[0] < part[0]:
        yield whole[0], part[0] - 1
    if part[1] < whole[1]:
        yield part[1] + 1, whole[1]


def meet(one: Box, other: Box) -> Box | None:
    """What two boxes share."""
    peers = cross(one.peers, other.peers)  # most are apart in these
    sources = peers and cross(one.sources, other.sources)
    ports = sources and cross(one.ports, other.ports)
    return Box(peers, sources, ports) if peers and sources and ports else None


def carve(box: Box, hole: Box) -> Iterator[Box]:
    """What is left of a box when a hole is cut into it: up to six boxes that do not overlap."""
    shared = meet(box, hole)
    if shared is None:
        yield box
        return
    for peers in outside(box.peers, shared.peers):
        yield Box(peers, box.sources, box.ports)
    for sources in outside(box.sources, shared.sources):
        yield Box(shared.peers, sources, box.ports)
    for ports in outside(box.ports, shared.ports):
        yield Box(shared.peers, shared.sources, ports)


def without(boxes: Iterable[Box], holes: Iterable[Box]) -> list[Box]:
    """The boxes less the holes."""
    left = list(dict.fromkeys(boxes))
    for hole in dict.fromkeys(holes):
        left = [piece for box in left for piece in carve(box, hole)]
        if not left:
            break
    return left


class Region:
    """A set of packets: per protocol a union of boxes, which may overlap."""

    def __init__(self) -> None:
        self.boxes: dict[str, list[Box]] = {name: [] for name in PROTOCOLS}

    def add(self, protocol: str, box: Box) -> None:
        """Let a box in."""
        self.boxes[protocol].append(box)

    def holds(self, protocol: str, peer: int, source: int, port: int) -> bool:
        """Is one packet in the set?"""
        return any(box.holds(peer, source, port) for box in self.boxes[protocol])

    def minus(self, other: Region) -> Region:
        """The packets of this set that the other lacks."""
        rest = Region()
        for protocol, boxes in self.boxes.items():
            rest.boxes[protocol] = without(boxes, other.boxes[protocol])
        return rest

    def plus(self, other: Region) -> Region:
        """The packets of either set."""
        both = Region()
        for protocol, boxes in self.boxes.items():
            both.boxes[protocol] = boxes + other.boxes[protocol]
        return both

    def clipped(self, families: Iterable[int], own: Iterable[int] = ()) -> Region:
        """Only peers of these IP families, and without the machine's own addresses.

        ICMP travels over IPv4 only and ICMPv6 over IPv6 only.
        """
        spans = {4: EVERY_V4, 6: EVERY_V6}
        carried = {4: {"tcp", "udp", "icmp", "other"}, 6: {"tcp", "udp", "icmpv6", "other"}}
        holes = [Box((x, x), ANY_PORT, ANY_PORT) for x in own]
        kept = Region()
        for family in families:
            frame = Box(spans[family], ANY_PORT, ANY_PORT)
            for protocol in carried[family]:
                inside = (meet(box, frame) for box in self.boxes[protocol])
                kept.boxes[protocol] += without((b for b in inside if b), holes)
        return kept

    def empty(self) -> bool:
        """Is there no packet at all?"""
        return not any(self.boxes.values())

    def lines(self, most: int = 8) -> list[str]:
        """The first boxes, readable: protocol, peers, source ports, destination ports."""
        found = [
            f"{protocol} peer {_span_text(b.peers)} "
            f"source {_ports_text(b.sources)} port {_ports_text(b.ports)}"
            for protocol in PROTOCOLS
            for b in sorted(self.boxes[protocol])
        ]
        return found[:most] + ([f"... {len(found) - most} more"] if len(found) > most else [])


def everything() -> Region:
    """Every packet there is."""
    region = Region()
    for protocol in PROTOCOLS:
        for family in (EVERY_V4, EVERY_V6):
            region.add(protocol, Box(family, ANY_PORT, ANY_PORT))
    return region


def _span_text(span_: Range) -> str:
    low, high = span_
    return address_text(low) if low == high else f"{address_text(low)}..{address_text(high)}"


def _ports_text(ports: Range) -> str:
    if ports == ANY_PORT:
        return "any"
    return str(ports[0]) if ports[0] == ports[1] else f"{ports[0]}-{ports[1]}"
