"""Exact sets of packets: peer address, source port, destination port; compared without listing any.

The algebra of everything that checks rules. What makes rules must not use it, or nothing would check it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from operator import and_, or_, sub
from typing import NamedTuple, TypeVar

from swyx_components.sets.ports import PortRange, PortSet, cut_ports
from swyx_components.sets.prefixes import WIDTH, Interval, Prefix, split_interval

NO_PORT = PortSet.of((0, 0))  # stands for the absence of ports in ICMP

Product = tuple[Collection[Prefix], PortSet, PortSet]  # peers, source ports, destination ports
_Ports = tuple[PortSet, PortRange]  # source ports, a range of destination ports
# Source ports, and the destination ports of two sets.
_Slices = tuple[tuple[PortSet, PortSet, PortSet], ...]
_Member = TypeVar("_Member")


class Difference(NamedTuple):
    """Some peers and source ports, and the destination ports that only one of two sets has there."""

    version: int
    peers: Interval
    source_ports: PortSet
    lost: PortSet  # only in the first
    gained: PortSet  # only in the second


class PacketSet:
    """A set of packets, as the union of products: some peers x source ports x destination ports.

    Two sets are equal exactly when they have the same packets, regardless of how they were built.

    >>> peers, all_ports = [Prefix.parse("10.1.20.0/24")], PortSet.of((0, 65535))
    >>> whole = PacketSet([(peers, all_ports, PortSet.of((80, 81)))])
    >>> parts = [PacketSet([(peers, all_ports, PortSet.of((port, port)))]) for port in (80, 81)]
    >>> whole == parts[0] | parts[1], whole - parts[0] == parts[1]
    (True, True)
    """

    __slots__ = ("_peers",)

    def __init__(self, products: Iterable[Product] = ()) -> None:
        peers: dict[_Ports, set[Prefix]] = {}
        for prefixes, source_ports, ports in products:
            if prefixes and source_ports:
                for part in ports:
                    peers.setdefault((source_ports, part), set()).update(prefixes)
        self._peers: Mapping[_Ports, set[Prefix]] = peers

    def __bool__(self) -> bool:
        return bool(self._peers)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PacketSet) and not any(self.differences(other))

    def __or__(self, other: "PacketSet") -> "PacketSet":
        return self._combine(other, or_)

    def __and__(self, other: "PacketSet") -> "PacketSet":
        return self._combine(other, and_)

    def __sub__(self, other: "PacketSet") -> "PacketSet":
        return self._combine(other, sub)

    def differences(self, other: "PacketSet") -> Iterator[Difference]:
        """Where the two differ, by rising addresses.

        Addresses are cut wherever a prefix of either begins or ends.
        """
        if self._peers != other._peers:
            for version, peers, slices in self._cut(other):
                for source, one, two in slices:
                    if one != two:
                        yield Difference(version, peers, source, one - two, two - one)

    def _cut(self, other: "PacketSet") -> Iterator[tuple[int, Interval, _Slices]]:
        """The peers of both, cut wherever a prefix of either begins or ends, with the ports of both."""
        held: dict[Prefix, list[_Held]] = {}
        for second, own in enumerate((self, other)):
            for ports, prefixes in own._peers.items():
                part = bool(second), ports
                for prefix in prefixes:
                    held.setdefault(prefix, []).append(part)
        for version, peers, members in cut_addresses(held):
            yield version, peers, _slice(members)

    def _combine(
        self, other: "PacketSet", operation: Callable[[PortSet, PortSet], PortSet]
    ) -> "PacketSet":
        return PacketSet(
            (split_interval(version, peers), source, operation(one, two))
            for version, peers, slices in self._cut(other)
            for source, one, two in slices
        )


_Held = tuple[bool, _Ports]  # in the second of two sets


@lru_cache(maxsize=4096)  # most peers of an installation have the same ports as many others
def _slice(held: frozenset[_Held]) -> _Slices:
    """The destination ports of two sets by source ports, cut wherever those of either begin or end."""
    slices = []
    for source in cut_ports(part for _, (sources, _) in held for part in sources):
        inside = [(second, part) for second, (sources, part) in held if sources.covers(source)]
        one, two = (
            PortSet.union_of(part for second, part in inside if second is own)
            for own in (False, True)
        )
        if one or two:
            slices.append((PortSet((source,)), one, two))
    return tuple(slices)


def cut_addresses(
    held: Mapping[Prefix, Iterable[_Member]],
) -> Iterator[tuple[int, Interval, frozenset[_Member]]]:
    """The addresses of some prefixes, rising, cut wherever one of them begins or ends.

    With each piece goes what is held by all the prefixes around it.
    """
    for version, width in WIDTH.items():
        nested = sorted(
            (prefix.first, -prefix.last, frozenset(own))
            for prefix, own in held.items()
            if prefix.version == version
        )
        around: list[tuple[int, frozenset[_Member]]] = []  # the innermost last
        reached = 0
        for first, minus_last, own in [*nested, (1 << width, 0, frozenset())]:
            while around:
                last, outer = around[-1]
                end = min(last, first - 1)
                if reached <= end:
                    yield version, Interval(reached, end), outer
                    reached = end + 1
                if last >= first:
                    own |= outer
                    break
                around.pop()
            reached = first
            around.append((-minus_last, own))
