"""Sets of packets as boxes: some addresses with some source and destination ports. Compared exactly."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from swyx_components.sets.ports import PortRange, PortSet
from swyx_components.sets.prefixes import WIDTH, Prefix

NO_PORT = PortSet.of((0, 0))  # stands for the absence of ports in ICMP


class Box(NamedTuple):
    """Some addresses with some source and destination ports."""

    prefixes: tuple[Prefix, ...]
    source_ports: PortSet
    ports: PortSet


def surely_equal(one: Iterable[Box], other: Iterable[Box]) -> bool:
    """Whether both name the same prefixes for each source and range of ports; others may be equal too.

    Rules name what flows name unless some were merged, so that often nothing has to be cut.
    """
    return _by_ports(one) == _by_ports(other)


def _by_ports(boxes: Iterable[Box]) -> Mapping[tuple[PortSet, PortRange], set[Prefix]]:
    found: dict[tuple[PortSet, PortRange], set[Prefix]] = {}
    for prefixes, source, ports in boxes:
        for part in ports:
            found.setdefault((source, part), set()).update(prefixes)
    return found


Ports = frozenset[tuple[PortSet, PortSet]]
_Both = tuple[Ports, Ports]


def cut_pieces(
    version: int, required: Sequence[Box], allowed: Sequence[Box]
) -> Iterator[tuple[int, int, Ports, Ports]]:
    """The address space cut wherever either side changes, with the port boxes of both sides."""
    nested = sorted(
        (prefix.first, -prefix.last, both)
        for prefix, both in _by_prefix(version, required, allowed)
    )
    around: list[
        tuple[int, _Both]
    ] = []  # of the prefixes that hold the address reached, the inmost last
    reached = 0
    for first, minus_last, both in [*nested, (1 << WIDTH[version], 0, _NOTHING)]:
        while around:
            last, held = around[-1]
            end = min(last, first - 1)
            if reached <= end:
                yield reached, end, *held
                reached = end + 1
            if last >= first:
                both = held[0] | both[0], held[1] | both[1]
                break
            around.pop()
        reached = first
        around.append((-minus_last, both))


_NOTHING: _Both = (frozenset(), frozenset())


def _by_prefix(version: int, *sides: Sequence[Box]) -> Iterator[tuple[Prefix, _Both]]:
    """Each prefix that a box of either side names, with the port boxes of both."""
    # Many boxes name the same prefixes: those of a hub's branches.
    together: dict[tuple[Prefix, ...], tuple[set[tuple[PortSet, PortSet]], ...]] = {}
    for place, side in enumerate(sides):
        for box in side:
            own = together.setdefault(box.prefixes, (set(), set()))
            own[place].add((box.source_ports, box.ports))
    found: dict[Prefix, _Both] = {}
    for prefixes, (needed, given) in together.items():
        both = frozenset(needed), frozenset(given)
        for prefix in prefixes:
            if prefix.version == version:
                known = found.get(prefix)
                found[prefix] = both if known is None else (known[0] | both[0], known[1] | both[1])
    yield from found.items()


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
