"""The fewest products: exact, never wider, and as few as brute force finds."""

from itertools import combinations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from swyx_components.clouds.azure.cover import Product, Want, cover_wants
from swyx_components.sets.ports import PortSet

Cell = tuple[int, int, int]

few_ports = st.sets(st.integers(1, 3), min_size=1, max_size=3).map(
    lambda ports: PortSet.union_of((port, port) for port in ports)
)
wants = st.builds(Want, few_ports, few_ports)
peers = st.lists(st.lists(wants, min_size=1, max_size=3).map(tuple), min_size=1, max_size=3)


def cells_of(peer: int, sources: PortSet, ports: PortSet) -> set[Cell]:
    def singles(ports: PortSet) -> list[int]:
        return [port for part in ports for port in range(part.first, part.last + 1)]

    return {(peer, source, port) for source in singles(sources) for port in singles(ports)}


def wanted_cells(own: tuple[tuple[Want, ...], ...]) -> frozenset[Cell]:
    return frozenset(
        cell for peer, each in enumerate(own) for want in each for cell in cells_of(peer, *want)
    )


def covered_cells(products: tuple[Product, ...]) -> frozenset[Cell]:
    return frozenset(
        cell
        for each in products
        for peer in each.peers
        for cell in cells_of(peer, each.sources, each.ports)
    )


def fewest_by_brute_force(cells: frozenset[Cell]) -> int:
    axes = [sorted({cell[axis] for cell in cells}) for axis in range(3)]
    subsets = [
        [part for size in range(1, len(axis) + 1) for part in combinations(axis, size)]
        for axis in axes
    ]
    boxes = {frozenset(product(*sides)) for sides in product(*subsets)}
    inside = [box for box in boxes if box <= cells]
    largest = [box for box in inside if not any(box < other for other in inside)]
    return next(
        size
        for size in range(1, len(cells) + 1)
        for chosen in combinations(largest, size)
        if frozenset().union(*chosen) == cells
    )


@settings(max_examples=300)
@given(peers)
def test_the_products_hold_exactly_what_is_wanted_and_are_the_fewest(
    own: list[tuple[Want, ...]],
) -> None:
    given_wants = tuple(own)
    products = cover_wants(given_wants)
    cells = wanted_cells(given_wants)
    assert covered_cells(products) == cells
    assert len(products) == fewest_by_brute_force(cells)


many_ports = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 9)), min_size=1, max_size=3).map(
    lambda parts: PortSet.union_of((first, first + more) for first, more in parts)
)
many = st.lists(
    st.lists(st.builds(Want, many_ports, many_ports), min_size=1, max_size=4).map(tuple),
    min_size=1,
    max_size=8,
)


@settings(max_examples=100)
@given(many)
def test_large_patterns_are_exact_too(own: list[tuple[Want, ...]]) -> None:
    assert covered_cells(cover_wants(tuple(own))) == wanted_cells(tuple(own))


def test_peers_with_different_source_ports_are_never_multiplied() -> None:
    media = PortSet.of((51000, 51499))
    desk, phone = PortSet.of((50000, 50099)), PortSet.of((5006, 5007))
    assert cover_wants(((Want(desk, media),), (Want(phone, media),))) == (
        Product((0,), desk, media),
        Product((1,), phone, media),
    )
