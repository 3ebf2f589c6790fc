"""Port ranges and sets of ports, as sorted disjoint inclusive intervals."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple, Self

MAX_PORT = 65535


class PortRange(NamedTuple):
    """One interval of ports, both ends included: `PortRange(5060, 5060)` is a single port."""

    first: int
    last: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `5060` or `50000-50099`.

        Raises:
            ValueError: not a port or a range of ports within 1-65535 in rising order.
        """
        first, dash, last = text.strip().partition("-")
        first, last = first.strip(), last.strip()
        ends = (first, last) if dash else (first,)
        if not all(end.isascii() and end.isdigit() for end in ends):
            raise ValueError(f"{text!r} is not a port (5060) or a range of ports (50000-50099)")
        low, high = int(first[:6]), int(ends[-1][:6])
        if not 1 <= low <= high <= MAX_PORT:
            raise ValueError(f"{text!r} is not within 1-{MAX_PORT} in rising order")
        return cls(low, high)

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"

    def overlaps(self, other: "PortRange") -> bool:
        """Whether the two have a port in common."""
        return self.first <= other.last and other.first <= self.last


class PortSet(tuple[PortRange, ...]):
    """A set of ports in canonical form: sorted, disjoint, adjacent ranges joined.

    Two sets are equal exactly when they hold the same ports.

    >>> PortSet.of((5060, 5060), (1, 3), (4, 9))
    PortSet(1-9, 5060)
    """

    __slots__ = ()

    @classmethod
    def of(cls, *ranges: tuple[int, int]) -> Self:
        """The set of all ports of these ranges, (first, last) each."""
        return cls.union_of(ranges)

    @classmethod
    def union_of(cls, ranges: Iterable[tuple[int, int]]) -> Self:
        """The set of all ports of some ranges."""
        merged: list[PortRange] = []
        for first, last in sorted(ranges):
            if merged and first <= merged[-1].last + 1:
                if last > merged[-1].last:
                    merged[-1] = PortRange(merged[-1].first, last)
            else:
                merged.append(PortRange(first, last))
        return cls(merged)

    def __repr__(self) -> str:
        return f"PortSet({', '.join(map(str, self))})"

    def __str__(self) -> str:
        return str(self[0]) if len(self) == 1 else ", ".join(map(str, self))

    def __or__(self, other: Iterable[tuple[int, int]]) -> "PortSet":
        return PortSet.union_of((*self, *other))

    def __and__(self, other: "PortSet") -> "PortSet":
        if not (self and other) or self[-1][1] < other[0][0] or other[-1][1] < self[0][0]:
            return NO_PORTS  # as most pairs
        return PortSet(
            [
                PortRange(max(first, other_first), min(last, other_last))
                for first, last in self
                for other_first, other_last in other
                if first <= other_last and other_first <= last
            ]
        )

    def __sub__(self, other: "PortSet") -> "PortSet":
        kept: list[PortRange] = []
        for first, last in self:
            for cut_first, cut_last in other:
                if cut_last < first or cut_first > last:
                    continue
                if cut_first > first:
                    kept.append(PortRange(first, cut_first - 1))
                first = cut_last + 1
            if first <= last:
                kept.append(PortRange(first, last))
        return PortSet(kept)

    def covers(self, ports: PortRange) -> bool:
        """Whether every port of the range is in the set."""
        wanted_first, wanted_last = ports
        return any(first <= wanted_first and wanted_last <= last for first, last in self)

    def size(self) -> int:
        """How many single ports the set holds."""
        return sum(last - first + 1 for first, last in self)


def cut_ports(ranges: Iterable[PortRange]) -> Iterator[PortRange]:
    """From the first to the last port of some ranges, cut wherever one of them begins or ends."""
    cuts = sorted({cut for first, last in ranges for cut in (first, last + 1)})
    for first, after in pairwise(cuts):
        yield PortRange(first, after - 1)


ALL_PORTS = PortSet((PortRange(0, MAX_PORT),))
NO_PORTS = PortSet()
ICMP_TYPES = PortSet.of((0, 255))  # which it has instead of ports
