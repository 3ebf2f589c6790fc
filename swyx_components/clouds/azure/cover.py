"""The fewest products {peers} x {source ports} x {ports} whose union is exactly what peers may do.

An Azure rule allows every combination of its three lists, so what a group needs from peers of one
kind is to be covered by such products without a single packet more. Peers, source ports and ports
that behave alike are first merged into classes; what is left is small, and the fewest maximal
products that cover it are searched exactly (within `_SEARCH_WORK`, else greedily).

>>> anything, ras, media = map(PortSet.of, ((0, 65535), (1719, 1719), (51000, 51499)))
>>> fax = (Want(anything, ras), Want(PortSet.of((2000, 8000)), media))
>>> for product in cover_wants((fax, (Want(anything, ras),))):
...     print(product.peers, product.sources, product.ports)
(0,) 2000-8000 51000-51499
(0, 1) 0-65535 1719
"""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from functools import lru_cache
from itertools import product
from math import prod
from operator import itemgetter
from typing import NamedTuple

from swyx_components.sets.ports import PortRange, PortSet, cut_ports

_SEARCH_WORK = 8_000_000  # cells looked at in boxes, so that steps over many of them are fewer
_STEP = 200  # what each costs beside them
_MOST_CLOSED_SETS = 400


class Want(NamedTuple):
    """Source ports and destination ports that a peer may combine freely."""

    sources: PortSet
    ports: PortSet


class Product(NamedTuple):
    """One rule: every peer (by its place in the input), every source port, every port."""

    peers: tuple[int, ...]
    sources: PortSet
    ports: PortSet


_SOURCES, _PORTS, _PEERS = range(3)  # the axes
_Cell = tuple[int, ...]  # a place on each: a part of all source ports, one of all ports, a peer
_Side = frozenset[int]
_Box = tuple[_Side, ...]  # every combination of some places on each axis


@lru_cache(maxsize=4096)
def cover_wants(wants: tuple[tuple[Want, ...], ...]) -> tuple[Product, ...]:
    """The fewest products for the wants of peers 0, 1, ...; sorted."""
    ranges = [{part for own in wants for want in own for part in want[axis]} for axis in (0, 1)]
    parts = [[*cut_ports(own)] for own in ranges]
    held = {
        (source, port, peer)
        for peer, own in enumerate(wants)
        for want in own
        for source, port in product(*map(_places, parts, want))
    }
    # A class stands for its members by the first of them.
    classes = [_merge_equal(held, axis) for axis in (_SOURCES, _PORTS, _PEERS)]
    boxes = _maximal_boxes(held.intersection(product(*classes)))
    chosen = [boxes[place] for place in _Search([{*product(*box)} for box in boxes]).fewest()]

    def unite(axis: int, side: Iterable[int]) -> PortSet:
        return PortSet.union_of(parts[axis][i] for first in side for i in classes[axis][first])

    covered: dict[tuple[PortSet, PortSet], set[int]] = {}
    for sources, ports, peers in _trim(chosen, ranges, unite):
        what = unite(_SOURCES, sources), unite(_PORTS, ports)
        covered.setdefault(what, set()).update(*[classes[_PEERS][first] for first in peers])
    return tuple(sorted(Product(tuple(sorted(peers)), *what) for what, peers in covered.items()))


def _places(parts: Sequence[PortRange], ports: PortSet) -> list[int]:
    return [place for place, part in enumerate(parts) if ports.covers(part)]


def _merge_equal(held: Iterable[_Cell], axis: int) -> Mapping[int, list[int]]:
    """The places of an axis in classes of those with the same cells, by the first of each."""
    place_of, rest_of = itemgetter(axis), itemgetter(*{0, 1, 2} - {axis})
    across: dict[int, set[object]] = {}
    for cell in held:
        across.setdefault(place_of(cell), set()).add(rest_of(cell))
    classes: dict[frozenset[object], list[int]] = {}
    for place in sorted(across):
        classes.setdefault(frozenset(across[place]), []).append(place)
    return {own[0]: own for own in classes.values()}


# ---- candidates


def _maximal_boxes(cells: Iterable[_Cell]) -> list[_Box]:
    """Every box to which no peer, source or port can be added; the largest first."""
    peers_at: dict[tuple[int, int], set[int]] = {}
    for source, port, peer in cells:
        peers_at.setdefault((source, port), set()).add(peer)
    found = set[_Box]()
    for peers in _closed(peers_at.values()):
        rows: dict[int, set[int]] = {}
        for (source, port), own in peers_at.items():
            if peers <= own:
                rows.setdefault(source, set()).add(port)
        for ports in _closed(rows.values()):
            sources = frozenset(source for source, row in rows.items() if ports <= row)
            shared = (peers_at[place] for place in product(sources, ports))
            found.add((sources, ports, frozenset.intersection(*map(frozenset, shared))))
    return sorted(found, key=_by_size)


def _by_size(box: _Box) -> tuple[object, ...]:
    sides = (sorted(box[axis], reverse=True) for axis in (_PEERS, _SOURCES, _PORTS))
    return -prod(map(len, box)), *sides


def _closed(sets: Iterable[Set[int]]) -> Set[_Side]:
    """The sets and all that their intersections give, none empty; no further once they are too many."""
    given = {*map(frozenset, sets)}
    closed = fresh = given
    while fresh and len(closed) < _MOST_CLOSED_SETS:
        fresh = {one & other for one in fresh for other in given} - closed - {frozenset()}
        closed = closed | fresh
    return closed


# ---- choice


class _Search:
    """Branch and bound for the fewest sets that hold all cells."""

    def __init__(self, covered: Sequence[Set[_Cell]]) -> None:
        self.covered = covered
        self.holding: dict[_Cell, list[int]] = {}  # by cell: the sets that hold it
        for place, cells in enumerate(covered):
            for cell in cells:
                self.holding.setdefault(cell, []).append(place)
        self.rarest = sorted(self.holding, key=lambda cell: (len(self.holding[cell]), cell))
        self.work = 0
        self.best: list[int] = []

    def fewest(self) -> list[int]:
        """The sets by their places: found greedily first, then better ones."""
        left: Set[_Cell] = self.holding.keys()
        while left:
            gains = [len(own & left) for own in self.covered]
            self.best.append(gains.index(max(gains)))
            left = left - self.covered[self.best[-1]]
        self._branch(self.holding.keys(), [])
        return sorted(self.best)

    def _branch(self, cells: Set[_Cell], chosen: list[int]) -> None:
        self.work += _STEP + len(cells) * len(self.covered)
        apart = self._apart(cells)
        if self.work > _SEARCH_WORK or len(chosen) + len(apart) >= len(self.best):
            return
        if not apart:
            self.best = chosen
            return
        held = {place: self.covered[place] & cells for place in self.holding[apart[0]]}
        kept: list[int] = []
        for place in sorted(held, key=lambda place: (-len(held[place]), place)):
            if not any(held[place] <= held[other] for other in kept):
                kept.append(place)
        for place in kept:
            self._branch(cells - held[place], [*chosen, place])

    def _apart(self, cells: Set[_Cell]) -> list[_Cell]:
        """Cells of which no two fit into one set, the rarest first: at least as many sets are needed."""
        found: list[_Cell] = []
        beside = set[int]()
        for cell in self.rarest:
            if cell in cells and beside.isdisjoint(self.holding[cell]):
                found.append(cell)
                beside.update(self.holding[cell])
        return found


# ---- what the boxes share


def _trim(
    boxes: list[_Box],
    ranges: Sequence[Set[PortRange]],
    unite: Callable[[int, Iterable[int]], PortSet],
) -> list[_Box]:
    """The same boxes without what others cover anyway, as long as no range that is wanted is cut by it, nor
    a list of ports grows: `2000-8000`, and not `2001-8000` because another rule has 2000.
    """

    def stays_natural(axis: int, whole: Set[int], kept: Set[int]) -> bool:
        before, after = unite(axis, whole), unite(axis, kept)
        inside = PortSet.union_of(part for part in ranges[axis] if after.covers(part))
        return len(after) <= len(before) and inside == after

    covered = [{*product(*box)} for box in boxes]
    for axis in (_PORTS, _PEERS, _SOURCES):
        for place, box in enumerate(boxes):
            others = set[_Cell]().union(*covered[:place], *covered[place + 1 :])
            whole = box[axis]
            for one in sorted(whole):
                kept = whole - {one}
                alone = (cell in others for cell in covered[place] if cell[axis] == one)
                if kept and all(alone) and (axis == _PEERS or stays_natural(axis, whole, kept)):
                    whole = kept
            boxes[place] = (*box[:axis], whole, *box[axis + 1 :])
            covered[place] = {*product(*boxes[place])}
    return boxes
