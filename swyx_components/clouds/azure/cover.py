"""The fewest products {peers} x {source ports} x {ports} whose union is exactly what peers may do.

An Azure rule allows every combination of its three lists, so what a group needs from peers of one
kind is to be covered by such products without a single packet more. Peers, source ports and ports
that behave alike are first merged into classes; what is left is small, and the fewest maximal
products that cover it are searched exactly (within `_SEARCH_STEPS` and `_SEARCH_WORK`, else greedily).

>>> ras, media = PortSet.of((1719, 1719)), PortSet.of((51000, 51499))
>>> fax = (Want(ALL_PORTS, ras), Want(PortSet.of((2000, 8000)), media))
>>> for product in cover_wants((fax, (Want(ALL_PORTS, ras),))):
...     print(product.peers, product.sources, product.ports)
(0,) 2000-8000 51000-51499
(0, 1) 0-65535 1719
"""

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, reduce
from itertools import pairwise
from operator import and_, or_
from typing import NamedTuple

from swyx_components.sets.ports import ALL_PORTS, NO_PORTS, PortRange, PortSet

_SEARCH_STEPS = 20_000
_SEARCH_WORK = 4_000_000  # cells looked at in boxes, so that steps over many of them are fewer
_MOST_CLOSED_SETS = 400

__all__ = ["ALL_PORTS", "Product", "Want", "cover_wants"]


class Want(NamedTuple):
    """Source ports and destination ports that a peer may combine freely."""

    sources: PortSet
    ports: PortSet


class Product(NamedTuple):
    """One rule: every peer (by its place in the input), every source port, every port."""

    peers: tuple[int, ...]
    sources: PortSet
    ports: PortSet


class _Box(NamedTuple):
    """A product over classes: three bit sets."""

    peers: int
    sources: int
    ports: int


class _Grid(NamedTuple):
    """What is to be covered: for each class of source ports and class of ports, the peers as bits."""

    peers: list[list[int]]  # class -> places in the input
    sources: list[PortSet]
    ports: list[PortSet]
    cells: list[list[int]]  # [source class][port class] -> bits of peer classes


@lru_cache(maxsize=4096)
def cover_wants(wants: tuple[tuple[Want, ...], ...]) -> tuple[Product, ...]:
    """The fewest products for the wants of peers 0, 1, ...; sorted."""
    grid = _make_grid(wants)
    boxes = _trim(grid, _choose(grid, _maximal_boxes(grid)), _wanted_ranges(wants))
    return tuple(
        sorted(
            Product(
                peers=tuple(sorted(peer for part in _bits(box.peers) for peer in grid.peers[part])),
                sources=_union(grid.sources, box.sources),
                ports=_union(grid.ports, box.ports),
            )
            for box in _join_peers(boxes)
        )
    )


# ---- classes


def _make_grid(wants: Sequence[Sequence[Want]]) -> _Grid:
    sources = _parts({want.sources for own in wants for want in own})
    ports = _parts({want.ports for own in wants for want in own})
    cells = [[0] * len(ports) for _ in sources]
    for peer, own in enumerate(wants):
        for want in own:
            columns = [place for place, part in enumerate(ports) if want.ports.covers(part[0])]
            for row, part in enumerate(sources):
                if want.sources.covers(part[0]):
                    for column in columns:
                        cells[row][column] |= 1 << peer
    sources, cells = _merge_equal(sources, cells)
    ports, turned = _merge_equal(ports, _turn(cells))
    peers, cells = _merge_peers(len(wants), _turn(turned))
    return _Grid(peers, sources, ports, cells)


def _parts(sets: Collection[PortSet]) -> list[PortSet]:
    """The ports of all sets, cut so that each part lies wholly in or out of every set."""
    wanted = PortSet.union_of(part for ports in sets for part in ports)
    cuts = {cut for ports in sets for part in ports for cut in (part.first, part.last + 1)}
    parts = (PortRange(first, after - 1) for first, after in pairwise(sorted(cuts)))
    return [PortSet((part,)) for part in parts if wanted.covers(part)]


def _merge_equal(
    parts: list[PortSet], rows: list[list[int]]
) -> tuple[list[PortSet], list[list[int]]]:
    """Rows with the same cells become one, for the union of their ports."""
    merged: dict[tuple[int, ...], PortSet] = {}
    for part, row in zip(parts, rows, strict=True):
        merged[tuple(row)] = merged.get(tuple(row), NO_PORTS) | part
    return list(merged.values()), [list(row) for row in merged]


def _merge_peers(count: int, cells: list[list[int]]) -> tuple[list[list[int]], list[list[int]]]:
    """Peers that are in the same cells become one class; empty peers vanish."""
    equal: dict[Hashable, list[int]] = {}
    for peer in range(count):
        key = tuple(bits >> peer & 1 for row in cells for bits in row)
        if any(key):
            equal.setdefault(key, []).append(peer)
    classes = list(equal.values())
    return classes, [
        [sum(1 << new for new, old in enumerate(classes) if bits >> old[0] & 1) for bits in row]
        for row in cells
    ]


def _turn(rows: list[list[int]]) -> list[list[int]]:
    return [list(column) for column in zip(*rows, strict=True)]


# ---- candidates


def _maximal_boxes(grid: _Grid) -> list[_Box]:
    """Every box to which no peer, source or port can be added; the largest first."""
    found = set()
    for peers in _closed({bits for row in grid.cells for bits in row if bits}):
        rows = [_columns_for(row, peers) for row in grid.cells]
        for ports in _closed({row for row in rows if row}):
            sources = sum(1 << place for place, row in enumerate(rows) if row & ports == ports)
            shared = reduce(and_, (grid.cells[i][j] for i in _bits(sources) for j in _bits(ports)))
            found.add(_Box(shared, sources, ports))
    return sorted(found, key=lambda box: (-_size(box), box))


def _columns_for(row: list[int], peers: int) -> int:
    return sum(1 << place for place, bits in enumerate(row) if bits & peers == peers)


def _closed(sets: set[int]) -> list[int]:
    """The sets and all that their intersections give, none empty; no further once they are too many."""
    closed = set(sets)
    fresh = set(sets)
    while fresh and len(closed) < _MOST_CLOSED_SETS:
        fresh = {one & other for one in fresh for other in sets} - closed - {0}
        closed |= fresh
    return sorted(closed)


# ---- choice


def _choose(grid: _Grid, boxes: list[_Box]) -> list[_Box]:
    """The fewest of the boxes that cover every cell."""
    covered = [_cells_of(grid, box) for box in boxes]
    cells = reduce(or_, covered, 0)
    return [boxes[place] for place in _Search(covered).fewest(cells)]


def _cells_of(grid: _Grid, box: _Box) -> int:
    """The cells in a box as bits, in the order of source ports, ports and peers."""
    peers = len(grid.peers)
    row = sum(box.peers << port * peers for port in _bits(box.ports))
    return sum(row << source * peers * len(grid.ports) for source in _bits(box.sources))


class _Search:
    """Branch and bound for the fewest sets (as bits) that hold all cells."""

    def __init__(self, covered: list[int]) -> None:
        self.covered = covered
        self.holding: dict[int, list[int]] = {}  # by cell: the sets that hold it
        for place, cells in enumerate(covered):
            for cell in _bits(cells):
                self.holding.setdefault(cell, []).append(place)
        self.steps = 0
        self.work = 0
        self.best: list[int] = []

    def fewest(self, cells: int) -> list[int]:
        self.best = self._greedy(cells)
        self._branch(cells, [])
        return sorted(self.best)

    def _greedy(self, cells: int) -> list[int]:
        chosen = []
        while cells:
            place = max(
                range(len(self.covered)), key=lambda i: ((self.covered[i] & cells).bit_count(), -i)
            )
            chosen.append(place)
            cells &= ~self.covered[place]
        return chosen

    def _branch(self, cells: int, chosen: list[int]) -> None:
        self.steps += 1
        if not cells:
            if len(chosen) < len(self.best):
                self.best = chosen
            return
        self.work += cells.bit_count() * len(self.covered)
        if self.work > _SEARCH_WORK:
            return
        apart = self._apart(cells)
        if len(chosen) + len(apart) >= len(self.best) or self.steps > _SEARCH_STEPS:
            return
        options = min((self.holding[cell] for cell in apart), key=len)
        useful = sorted(options, key=lambda i: (-(self.covered[i] & cells).bit_count(), i))
        for place in self._undominated(useful, cells):
            self._branch(cells & ~self.covered[place], [*chosen, place])

    def _undominated(self, places: list[int], cells: int) -> list[int]:
        kept: list[int] = []
        for place in places:
            own = self.covered[place] & cells
            if not any(own & ~self.covered[other] == 0 for other in kept):
                kept.append(place)
        return kept

    def _apart(self, cells: int) -> list[int]:
        """Cells of which no two fit into one set: at least as many sets are needed."""
        found = []
        rarest = sorted(_bits(cells), key=lambda cell: (len(self.holding[cell]), cell))
        for cell in rarest:
            if cells >> cell & 1:
                found.append(cell)
                cells &= ~reduce(or_, (self.covered[place] for place in self.holding[cell]))
        return found


# ---- what the boxes share


_Ranges = Mapping[str, frozenset[PortRange]]


def _wanted_ranges(wants: Iterable[Iterable[Want]]) -> _Ranges:
    """The ranges that any peer needs, by axis."""
    return {
        axis: frozenset(part for own in wants for want in own for part in getattr(want, axis))
        for axis in ("sources", "ports")
    }


def _trim(grid: _Grid, boxes: list[_Box], wanted: _Ranges) -> list[_Box]:
    """The same boxes without what others cover anyway, as long as no range that is wanted is cut by it, nor
    a list of ports grows: `2000-8000`, and not `2001-8000` because another rule has 2000.
    """
    covered = [_cells_of(grid, box) for box in boxes]
    for axis in ("ports", "peers", "sources"):
        parts = {"ports": grid.ports, "sources": grid.sources}.get(axis)
        for place, box in enumerate(boxes):
            others = reduce(or_, (*covered[:place], *covered[place + 1 :]), 0)
            for bit in list(_bits(getattr(box, axis))):
                smaller = box._replace(**{axis: getattr(box, axis) & ~(1 << bit)})
                gone = box._replace(**{axis: 1 << bit})
                if not getattr(smaller, axis) or _cells_of(grid, gone) & ~others:
                    continue
                if parts is None or _stays_natural(
                    _union(parts, getattr(box, axis)),
                    _union(parts, getattr(smaller, axis)),
                    wanted[axis],
                ):
                    boxes[place] = box = smaller
            covered[place] = _cells_of(grid, box)
    return boxes


def _stays_natural(before: PortSet, after: PortSet, wanted: Iterable[PortRange]) -> bool:
    inside = PortSet.union_of(part for part in wanted if after.covers(part))
    return len(after) <= len(before) and inside == after


def _join_peers(boxes: Iterable[_Box]) -> Iterator[_Box]:
    joined: dict[tuple[int, int], int] = {}
    for box in boxes:
        joined[box[1:]] = joined.get(box[1:], 0) | box.peers
    for (sources, ports), peers in joined.items():
        yield _Box(peers, sources, ports)


def _bits(value: int) -> Iterator[int]:
    while value:
        low = value & -value
        yield low.bit_length() - 1
        value ^= low


def _size(box: _Box) -> int:
    return box.peers.bit_count() * box.sources.bit_count() * box.ports.bit_count()


def _union(parts: Sequence[PortSet], bits: int) -> PortSet:
    return PortSet.union_of(part for place in _bits(bits) for part in parts[place])
