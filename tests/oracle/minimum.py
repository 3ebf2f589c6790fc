"""How few rules can allow exactly a region.

For AWS an exact set cover over every possible rule: one CIDR with one port range, which may overlap
others. `wanted` must be covered, `allowed` may be; both are lists of (address interval, port range) of
one family and protocol. Written for small cases only.

For Azure a lower bound: a rule is every combination of a list of peers, of source ports and of ports, so
two packets fit into one rule only if each packet made of parts of both may pass too.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, combinations, pairwise, product

from tests.oracle.regions import V6, Box, Prefix, Range, span

Area = tuple[Range, Range]  # addresses, ports


@dataclass(frozen=True, slots=True)
class Rule:
    """One CIDR as an interval, one port range."""

    peers: Range
    ports: Range

    def covers(self, cell: Area) -> bool:
        """Is the whole cell inside?"""
        (a, b), (p, q) = cell
        return (
            self.peers[0] <= a and b <= self.peers[1] and self.ports[0] <= p and q <= self.ports[1]
        )


def fewest_rules(wanted: Iterable[Area], allowed: Iterable[Area] = ()) -> int:
    """How many rules the cheapest exact set has."""
    must = list(dict.fromkeys(wanted))
    may = list(dict.fromkeys([*must, *allowed]))
    rules = _largest(set(_candidates(may)))
    cells = _cells(must, rules)
    choices = {cell: frozenset(rule for rule in rules if rule.covers(cell)) for cell in cells}
    return _cover(list(choices.values()))


def joined(ranges: Iterable[Range]) -> list[Range]:
    """Ranges merged where they touch or overlap, in order."""
    found: list[Range] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return found


def _candidates(may: list[Area]) -> Iterator[Rule]:
    """For every port range between two edges: the largest CIDRs in which every address may have all of it."""
    edges = sorted({p for _, (p, _) in may} | {q + 1 for _, (_, q) in may})
    for i, low in enumerate(edges):
        for after in edges[i + 1 :]:
            peers = _addresses_with(may, (low, after - 1))
            for first, last in peers:
                yield from (Rule(span(net), (low, after - 1)) for net in _networks(first, last))


def _addresses_with(may: list[Area], ports: Range) -> list[Range]:
    """The addresses that may have every port of a range."""
    edges = sorted({a for (a, _), _ in may} | {b + 1 for (_, b), _ in may})
    found = []
    for low, after in pairwise(edges):
        have = joined(p for (a, b), p in may if a <= low and after - 1 <= b)
        if any(p <= ports[0] and ports[1] <= q for p, q in have):
            found.append((low, after - 1))
    return joined(found)


def _networks(first: int, last: int) -> Iterator[Prefix]:
    kind, base = (ipaddress.IPv6Address, V6) if first >= V6 else (ipaddress.IPv4Address, 0)
    yield from ipaddress.summarize_address_range(kind(first - base), kind(last - base))


def _largest(rules: set[Rule]) -> list[Rule]:
    """Only rules that lie in no other rule."""
    ordered = sorted(rules, key=lambda r: (r.peers, r.ports))
    return [r for r in ordered if not any(o != r and o.covers((r.peers, r.ports)) for o in ordered)]


def _cells(must: list[Area], rules: list[Rule]) -> set[Area]:
    """What must be covered, cut at every edge, so that each piece lies inside or outside every rule."""
    rows = sorted(
        {x for r in rules for x in (r.peers[0], r.peers[1] + 1)}
        | {x for (a, b), _ in must for x in (a, b + 1)}
    )
    columns = sorted(
        {x for r in rules for x in (r.ports[0], r.ports[1] + 1)}
        | {x for _, (p, q) in must for x in (p, q + 1)}
    )
    return {
        ((row, next_row - 1), (column, next_column - 1))
        for (a, b), (p, q) in must
        for row, next_row in pairwise(rows)
        if a <= row <= b
        for column, next_column in pairwise(columns)
        if p <= column <= q
    }


def _cover(choices: list[frozenset[Rule]]) -> int:
    """The fewest rules that cover every cell: forced ones first, then branch on the narrowest."""
    needed = 0
    left = _hardest(choices)
    while left and len(left[0]) == 1:
        needed += 1
        left = [c for c in left if not c & left[0]]
    if not left:
        return needed
    return needed + 1 + min(_cover([c for c in left if rule not in c]) for rule in left[0])


def _hardest(choices: list[frozenset[Rule]]) -> list[frozenset[Rule]]:
    """Cells whose choices hold no other cell's choices, the narrowest first."""
    ordered = sorted(set(choices), key=len)
    return [c for i, c in enumerate(ordered) if not any(o < c for o in ordered[:i])]


def least_products(boxes: Iterable[Box]) -> int:
    """Packets of which no two fit into one rule of Azure's: at least as many rules are needed.

    The boxes are of one direction, protocol and family. Packets are taken greedily, those first that fit
    with the fewest others.
    """
    region = list(dict.fromkeys(boxes))
    axes = [_starts(side) for side in zip(*(box.sides() for box in region), strict=True)]
    inside = set(chain(*(product(*_within(axes, box)) for box in region)))
    fits = {one: {one} for one in inside}
    for one, other in combinations(inside, 2):
        if inside.issuperset(product(*zip(one, other, strict=True))):
            fits[one].add(other)
            fits[other].add(one)
    apart: list[tuple[int, ...]] = []
    for point in sorted(inside, key=lambda own: (len(fits[own]), own)):
        if not any(point in fits[taken] for taken in apart):
            apart.append(point)
    return len(apart)


def _within(axes: Iterable[list[int]], box: Box) -> Iterator[list[int]]:
    """The numbers of each axis that a box holds."""
    for axis, (low, high) in zip(axes, box.sides(), strict=True):
        yield [number for number in axis if low <= number <= high]


def _starts(ranges: Iterable[Range]) -> list[int]:
    """One number for each stretch between two edges; the numbers of a stretch are in the same ranges."""
    return sorted({edge for low, high in ranges for edge in (low, high + 1)})
