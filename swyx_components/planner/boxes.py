"""Sets of packets as boxes: some addresses with some source and destination ports. Compared exactly."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from swyx_components.sets.ports import PortSet
from swyx_components.sets.prefixes import Prefix

NO_PORT = PortSet.of((0, 0))  # stands for the absence of ports in ICMP


class Box(NamedTuple):
    """Some addresses with some source and destination ports."""

    prefixes: tuple[Prefix, ...]
    source_ports: PortSet
    ports: PortSet


Ports = frozenset[tuple[PortSet, PortSet]]


def cut_pieces(
    version: int, required: Sequence[Box], allowed: Sequence[Box]
) -> Iterator[tuple[int, int, Ports, Ports]]:
    """The address space cut wherever either side changes, with the port boxes of both sides."""
    sides = [
        [
            (prefix, (box.source_ports, box.ports))
            for box in boxes
            for prefix in box.prefixes
            if prefix.version == version
        ]
        for boxes in (required, allowed)
    ]
    cuts = sorted(
        {cut for side in sides for prefix, _ in side for cut in (prefix.first, prefix.last + 1)}
    )
    members: list[tuple[set[tuple[PortSet, PortSet]], ...]] = [(set(), set()) for _ in cuts]
    for place, side in enumerate(sides):
        for prefix, ports in side:
            for piece in range(bisect_left(cuts, prefix.first), bisect_left(cuts, prefix.last + 1)):
                members[piece][place].add(ports)
    for piece, (needed, given) in enumerate(members):
        if needed or given:
            yield cuts[piece], cuts[piece + 1] - 1, frozenset(needed), frozenset(given)


def find_port_differences(
    needed: Ports, given: Ports
) -> Iterator[tuple[PortSet, PortSet, PortSet]]:
    """(source ports, missing destination ports, destination ports in excess), over cut source ports."""
    cuts = sorted(
        {
            cut
            for boxes in (needed, given)
            for source, _ in boxes
            for part in source
            for cut in (part.first, part.last + 1)
        }
    )
    for first, after in pairwise(cuts):
        source = PortSet.of((first, after - 1))
        wanted, open_ = (
            PortSet.union_of(
                part for own, ports in boxes if own.covers(source[0]) for part in ports
            )
            for boxes in (needed, given)
        )
        if wanted != open_:
            yield source, wanted - open_, open_ - wanted
