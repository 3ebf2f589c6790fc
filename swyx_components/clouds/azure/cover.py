"""The fewest products {peers} x {source ports} x {ports} whose union is exactly what peers may do.

An Azure rule allows every combination of its three lists, so what a group needs from peers of one
kind is to be covered by such products without a single packet more. Peers, source ports and ports
that behave alike are first merged into classes; what is left is small, and the fewest maximal
products that cover it are searched exactly (within `_SEARCH_STEPS` and `_SEARCH_WORK`, else greedily).

>>> anything, ras, media = map(PortSet.of, ((0, 65535), (1719, 1719), (51000, 51499)))
>>> fax = (Want(anything, ras), Want(PortSet.of((2000, 8000)), media))
>>> for product in cover_wants((fax, (Want(anything, ras),))):
...     print(product.peers, product.sources, product.ports)
(0,) 2000-8000 51000-51499
(0, 1) 0-65535 1719
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache, reduce
from itertools import pairwise, product
from math import prod
from operator import and_, itemgetter, or_
from typing import NamedTuple

from swyx_components.sets.ports import PortRange, PortSet

_SEARCH_STEPS = 20_000
_SEARCH_WORK = 4_000_000  # cells looked at in boxes, so that steps over many of them are fewer
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
    covered: dict[tuple[PortSet, PortSet], list[int]] = {}
    boxes = _maximal_boxes(grid)
    chosen = [boxes[place] for place in _Search([_cells_of(grid, box) for box in boxes]).fewest()]
    for box in _trim(grid, chosen, wants):
        what = _union(grid.sources, box.sources), _union(grid.ports, box.ports)
        covered.setdefault(what, []).extend(p for c in _bits(box.peers) for p in grid.peers[c])
    return tuple(sorted(Product(tuple(sorted({*peers})), *what) for what, peers in covered.items()))


# ---- classes

_Cell = tuple[int, int, int]  # the places of a source part, a port part and a peer


def _make_grid(wants: Sequence[Sequence[Want]]) -> _Grid:
    sources = _parts({want.sources for own in wants for want in own})
    ports = _parts({want.ports for own in wants for want in own})
    held = {
        (source, port, peer)
        for peer, own in enumerate(wants)
        for want in own
        for source, port in product(_places(sources, want.sources), _places(ports, want.ports))
    }
    classes = by_source, by_port, by_peer = [_merge_equal(held, axis) for axis in range(3)]
    cells = [[0] * len(by_port) for _ in by_source]
    for (row, source), (column, port), (bit, peer) in product(*map(enumerate, classes)):
        if (source[0], port[0], peer[0]) in held:
            cells[row][column] |= 1 << bit
    return _Grid(
        peers=by_peer,
        sources=[PortSet.union_of(part for i in own for part in sources[i]) for own in by_source],
        ports=[PortSet.union_of(part for i in own for part in ports[i]) for own in by_port],
        cells=cells,
    )


def _parts(sets: Collection[PortSet]) -> list[PortSet]:
    """The ports of all sets, cut so that each part lies wholly in or out of every set."""
    wanted = PortSet.union_of(part for ports in sets for part in ports)
    cuts = {cut for ports in sets for part in ports for cut in (part.first, part.last + 1)}
    parts = (PortRange(first, after - 1) for first, after in pairwise(sorted(cuts)))
    return [PortSet((part,)) for part in parts if wanted.covers(part)]


def _places(parts: Sequence[PortSet], ports: PortSet) -> list[int]:
    return [place for place, part in enumerate(parts) if ports.covers(part[0])]


def _merge_equal(held: Iterable[_Cell], axis: int) -> list[list[int]]:
    """The places of an axis in classes of those with the same cells."""
    place_of, rest_of = itemgetter(axis), itemgetter(*{0, 1, 2} - {axis})
    across: dict[int, set[object]] = {}
    for cell in held:
        across.setdefault(place_of(cell), set()).add(rest_of(cell))
    classes: dict[frozenset[object], list[int]] = {}
    for place in sorted(across):
        classes.setdefault(frozenset(across[place]), []).append(place)
    return list(classes.values())


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
    return sorted(found, key=lambda box: (-prod(side.bit_count() for side in box), box))


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
        self.steps = self.work = 0
        self.best: list[int] = []

    def fewest(self) -> list[int]:
        """The sets by their places: found greedily first, then better ones."""
        left = cells = reduce(or_, self.covered, 0)
        while left:
            gains = [(own & left).bit_count() for own in self.covered]
            self.best.append(gains.index(max(gains)))
            left &= ~self.covered[self.best[-1]]
        self._branch(cells, [])
        return sorted(self.best)

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


def _trim(grid: _Grid, boxes: list[_Box], wants: Iterable[Iterable[Want]]) -> list[_Box]:
    """The same boxes without what others cover anyway, as long as no range that is wanted is cut by it, nor
    a list of ports grows: `2000-8000`, and not `2001-8000` because another rule has 2000.
    """
    covered = [_cells_of(grid, box) for box in boxes]
    for axis, parts in (("ports", grid.ports), ("peers", None), ("sources", grid.sources)):
        wanted = {part for own in wants for want in own for part in getattr(want, axis, ())}
        for place, box in enumerate(boxes):
            others = reduce(or_, (*covered[:place], *covered[place + 1 :]), 0)
            for bit in _bits(getattr(box, axis)):
                whole = getattr(box, axis)
                kept = whole & ~(1 << bit)
                if not kept or _cells_of(grid, box._replace(**{axis: 1 << bit})) & ~others:
                    continue
                if parts is None or _stays_natural(
                    _union(parts, whole), _union(parts, kept), wanted
                ):
                    boxes[place] = box = box._replace(**{axis: kept})
            covered[place] = _cells_of(grid, box)
    return boxes


def _stays_natural(before: PortSet, after: PortSet, wanted: Iterable[PortRange]) -> bool:
    inside = PortSet.union_of(part for part in wanted if after.covers(part))
    return len(after) <= len(before) and inside == after


def _bits(value: int) -> Iterator[int]:
    while value:
        low = value & -value
        yield low.bit_length() - 1
        value ^= low


def _union(parts: Sequence[PortSet], bits: int) -> PortSet:
    return PortSet.union_of(part for place in _bits(bits) for part in parts[place])
