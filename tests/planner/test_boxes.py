"""The quick look at two unions of boxes against every single packet of a small universe."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from swyx_components.planner.boxes import Box, surely_equal
from swyx_components.sets.ports import PortSet
from swyx_components.sets.prefixes import Prefix

BASE = Prefix.parse("10.1.20.8/30").first
LAST_PORT = 3

hosts = [Prefix(4, BASE + place, 32) for place in range(4)]
prefixes = st.sampled_from([*hosts, *(Prefix(4, BASE + place, 31) for place in (0, 2))])
ports = st.builds(
    PortSet.union_of,
    st.lists(
        st.tuples(st.integers(1, LAST_PORT), st.integers(1, LAST_PORT)).map(sorted).map(tuple),
        min_size=1,
        max_size=2,
    ),
)
boxes = st.lists(
    st.builds(Box, st.lists(prefixes, max_size=2).map(tuple), ports, ports), max_size=3
)


def packets(union: Sequence[Box]) -> set[tuple[int, int, int]]:
    """(address, source port, port) of all packets, one by one."""
    return {
        (address, source, port)
        for box in union
        for prefix in box.prefixes
        for address in range(prefix.first, prefix.last + 1)
        for from_first, from_last in box.source_ports
        for source in range(from_first, from_last + 1)
        for first, last in box.ports
        for port in range(first, last + 1)
    }


def box(cidr: str, sources: tuple[int, int], *ranges: tuple[int, int]) -> Box:
    return Box((Prefix.parse(cidr),), PortSet.of(sources), PortSet.of(*ranges))


@settings(deadline=None, max_examples=300, derandomize=True)
@given(boxes, boxes)
def test_what_is_surely_equal_has_the_same_packets(one: list[Box], other: list[Box]) -> None:
    if surely_equal(one, other):
        assert packets(one) == packets(other)
    assert surely_equal(one, [*reversed(one), *one])


def test_ranges_of_one_box_may_be_boxes_of_the_other() -> None:
    whole = [box("10.1.20.8/32", (1, 3), (1, 1), (3, 3))]
    apart = [box("10.1.20.8/32", (1, 3), (1, 1)), box("10.1.20.8/32", (1, 3), (3, 3))]
    assert surely_equal(whole, apart)


def test_nothing_less_is_surely_equal() -> None:
    """Another address, source port or port makes a difference, and so does a box that is missing."""
    whole = [box("10.1.20.8/32", (1, 2), (1, 1))]
    assert not surely_equal(whole, [box("10.1.20.9/32", (1, 2), (1, 1))])
    assert not surely_equal(whole, [box("10.1.20.8/32", (1, 3), (1, 1))])
    assert not surely_equal(whole, [box("10.1.20.8/32", (1, 2), (1, 2))])
    assert not surely_equal(whole, [])
    assert not surely_equal([], whole)
