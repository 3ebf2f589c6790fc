"""IPv4 and IPv6 prefixes, and exact sets of addresses."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import lru_cache
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import NamedTuple, Self

WIDTH = {4: 32, 6: 128}
_FAMILY = {4: AF_INET, 6: AF_INET6}


class Interval(NamedTuple):
    """Addresses of one family as integers, both ends included."""

    first: int
    last: int


class Prefix(NamedTuple):
    """A canonical CIDR: IP version, first address as an integer, prefix length in bits.

    >>> str(Prefix.parse("10.1.20.0/24"))
    '10.1.20.0/24'
    """

    version: int
    first: int
    length: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a CIDR or a bare address (a /32 or /128).

        Raises:
            ValueError: not an address, or bits are set to the right of the prefix length.
        """
        address, slash, bits = text.partition("/")
        version = 6 if ":" in address else 4
        try:
            first = int.from_bytes(inet_pton(_FAMILY[version], address), "big")
        except (OSError, ValueError):
            raise ValueError(f"{text!r} is not an IPv4 or IPv6 address or CIDR") from None
        width = WIDTH[version]
        if not slash:
            return cls(version, first, width)
        if not (bits.isascii() and bits.isdigit() and len(bits) <= 3 and int(bits) <= width):
            raise ValueError(f"{text!r} has no prefix length from 0 to {width}")
        length = int(bits)
        host_bits = first & ((1 << (width - length)) - 1)
        if host_bits:
            network = cls(version, first - host_bits, length)
            raise ValueError(f"{text!r} has bits set right of the prefix; the network is {network}")
        return cls(version, first, length)

    @classmethod
    def find(cls, text: str) -> Self | None:
        """The same, or None where the text is no CIDR and no address."""
        try:
            return cls.parse(text)
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{_address_text(self.version, self.first)}/{self.length}"

    @property
    def slug(self) -> str:
        """The CIDR without the characters that have a meaning in a URN; different ones stay different.

        >>> Prefix.parse("10.1.0.0/24").slug, Prefix.parse("fd00::/64").slug
        ('10.1.0.0_24', 'fd00.._64')
        """
        return str(self).replace("/", "_").replace(":", ".")

    @property
    def address(self) -> str:
        """The first address alone, as text."""
        return _address_text(self.version, self.first)

    @property
    def short(self) -> str:
        """A CIDR, or the bare address where it is a single one."""
        return self.address if self.length == WIDTH[self.version] else str(self)

    @property
    def last(self) -> int:
        """The last address, as a number."""
        return self.first | ((1 << (WIDTH[self.version] - self.length)) - 1)

    @property
    def interval(self) -> Interval:
        """Its addresses, first to last."""
        return Interval(self.first, self.last)

    def contains(self, other: "Prefix") -> bool:
        """Whether it has every address of the other; of another IP version it has none."""
        is_between = self.first <= other.first and other.last <= self.last
        return is_between and self.version == other.version

    def overlaps(self, other: "Prefix") -> bool:
        """Whether the two have an address in common."""
        return self.contains(other) or other.contains(self)

    def those_inside(self, ordered: "Sequence[Prefix]") -> "Sequence[Prefix]":
        """Which of sorted prefixes lie in it."""
        after = Prefix(self.version, self.last + 1, 0)
        return ordered[bisect_left(ordered, self) : bisect_left(ordered, after)]


EVERYWHERE = (Prefix(4, 0, 0), Prefix(6, 0, 0))


@lru_cache(maxsize=65536)
def _address_text(version: int, value: int) -> str:
    return inet_ntop(_FAMILY[version], value.to_bytes(WIDTH[version] // 8, "big"))


def interval_text(version: int, interval: Interval) -> str:
    """`10.1.0.10-10.1.0.19`; the address alone where it is one."""
    first, last = (_address_text(version, end) for end in interval)
    return first if first == last else f"{first}-{last}"


def range_text(version: int, interval: Interval) -> str:
    """`10.1.0.0/24` where it is one CIDR, else as `interval_text`."""
    first, *others = split_interval(version, interval)
    return interval_text(version, interval) if others else first.short


def join_intervals(intervals: Iterable[tuple[int, int]]) -> tuple[Interval, ...]:
    """The same addresses as sorted, disjoint, non-adjacent intervals."""
    joined: list[Interval] = []
    for first, last in sorted(intervals):
        if joined and first <= joined[-1].last + 1:
            if last > joined[-1].last:
                joined[-1] = Interval(joined[-1].first, last)
        else:
            joined.append(Interval(first, last))
    return tuple(joined)


@lru_cache(maxsize=4096)  # many host groups have the same peers
def split_interval(version: int, interval: tuple[int, int]) -> tuple[Prefix, ...]:
    """The fewest prefixes that hold exactly the addresses of an interval."""
    first, last = interval
    width = WIDTH[version]
    prefixes = list[Prefix]()
    while first <= last:
        align = (first & -first).bit_length() - 1 if first else width
        size = min(align, (last - first + 1).bit_length() - 1)
        prefixes.append(Prefix(version, first, width - size))
        first += 1 << size
    return tuple(prefixes)


def collapse_prefixes(prefixes: Iterable[Prefix]) -> tuple[Prefix, ...]:
    """The fewest prefixes that hold exactly the same addresses, sorted.

    >>> [str(p) for p in collapse_prefixes(map(Prefix.parse, ["10.0.0.0/25", "10.0.0.128/25"]))]
    ['10.0.0.0/24']
    """
    joined, end = list[Prefix](), (0, 0)  # the version and first address after those joined
    for prefix in sorted(prefixes):
        version, first, length = prefix
        if prefix < end:
            continue
        size = 1 << WIDTH[version] - length
        end = version, first + size
        joined.append(prefix)
        # Of two halves of a larger prefix, the second has the last bit set that is fixed.
        while first & size and joined[-2:-1] == [(version, first ^ size, length)]:
            first, length, size = first ^ size, length - 1, size * 2
            joined[-2:] = [Prefix(version, first, length)]
    return tuple(joined)
