"""Ports: the interval algebra against Python's own sets, on a universe small enough to list."""

import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from swyx_components.sets.ports import ALL_PORTS, MAX_PORT, NO_PORTS, PortRange, PortSet

LAST = 24
ranges = st.tuples(st.integers(1, LAST), st.integers(1, LAST)).map(lambda r: (min(r), max(r)))
range_lists = st.lists(ranges, max_size=6)
quick = settings(max_examples=300)


def listed(ports: PortSet) -> set[int]:
    """The single ports of a set, one by one."""
    return {port for first, last in ports for port in range(first, last + 1)}


def listed_naively(parts: list[tuple[int, int]]) -> set[int]:
    return {port for first, last in parts for port in range(first, last + 1)}


def is_canonical(ports: PortSet) -> bool:
    """Sorted, disjoint, and nothing joins that could be joined."""
    return all(first <= last for first, last in ports) and all(
        before.last + 1 < after.first for before, after in itertools.pairwise(ports)
    )


@quick
@given(range_lists)
@example([(1, 3), (4, 4), (6, 9), (2, 2)])
def test_a_union_holds_every_port_of_its_ranges_and_no_other(parts: list[tuple[int, int]]) -> None:
    union = PortSet.union_of(parts)
    assert listed(union) == listed_naively(parts)
    assert is_canonical(union)
    assert union == PortSet.of(*reversed(parts))
    assert union.size() == len(listed_naively(parts))


@quick
@given(range_lists, range_lists)
@example([(1, 9)], [(1, 1), (5, 5), (9, 9)])
@example([(1, 2), (5, 9)], [(2, 7)])
def test_or_and_minus_agree_with_sets(
    left: list[tuple[int, int]], right: list[tuple[int, int]]
) -> None:
    one, other = PortSet.union_of(left), PortSet.union_of(right)
    mine, theirs = listed_naively(left), listed_naively(right)
    for result, expected in (
        (one | other, mine | theirs),
        (one & other, mine & theirs),
        (one - other, mine - theirs),
    ):
        assert listed(result) == expected
        assert is_canonical(result)
        assert isinstance(result, PortSet)
    assert (one == other) is (mine == theirs)
    assert hash(one | other) == hash(other | one)


@quick
@given(range_lists, ranges)
def test_a_set_covers_a_range_when_it_holds_each_of_its_ports(
    parts: list[tuple[int, int]], asked: tuple[int, int]
) -> None:
    assert PortSet.union_of(parts).covers(PortRange(*asked)) is (
        listed_naively([asked]) <= listed_naively(parts)
    )


@quick
@given(ranges, ranges)
def test_ranges_overlap_and_contain_as_sets_do(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    mine, theirs = listed_naively([one]), listed_naively([other])
    assert PortRange(*one).overlaps(PortRange(*other)) is bool(mine & theirs)


@quick
@given(st.integers(1, MAX_PORT), st.integers(1, MAX_PORT))
def test_a_range_reads_what_it_prints(one: int, other: int) -> None:
    ports = PortRange(min(one, other), max(one, other))
    assert PortRange.parse(str(ports)) == ports


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("5060", (5060, 5060)),
        ("50000-50099", (50000, 50099)),
        (" 50000 - 50099 ", (50000, 50099)),
        ("7-7", (7, 7)),
        ("1", (1, 1)),
        ("65535", (65535, 65535)),
        ("1-65535", (1, 65535)),
        ("0080", (80, 80)),
    ],
)
def test_a_port_or_range_is_read(text: str, ports: tuple[int, int]) -> None:
    assert PortRange.parse(text) == PortRange(*ports)


NOT_A_PORT = "{!r} is not a port (5060) or a range of ports (50000-50099)"
NOT_WITHIN = "{!r} is not within 1-65535 in rising order"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", NOT_A_PORT),
        ("sip", NOT_A_PORT),
        ("-5", NOT_A_PORT),
        ("5060-", NOT_A_PORT),
        ("5060-x", NOT_A_PORT),
        ("1-2-3", NOT_A_PORT),
        ("5010/11", NOT_A_PORT),
        ("+5060", NOT_A_PORT),
        ("50.60", NOT_A_PORT),
        ("5_060", NOT_A_PORT),
        ("\u0665\u0660\u0666\u0660", NOT_A_PORT),  # digits, but not ASCII's
        ("\u00b2", NOT_A_PORT),
        ("0", NOT_WITHIN),
        ("0-5", NOT_WITHIN),
        ("65536", NOT_WITHIN),
        ("1-65536", NOT_WITHIN),
        ("50099-50000", NOT_WITHIN),
        ("9" * 5000, NOT_WITHIN),
        ("1-" + "9" * 5000, NOT_WITHIN),
    ],
)
def test_what_is_no_port_is_refused_in_one_sentence(text: str, complaint: str) -> None:
    with pytest.raises(ValueError) as refused:
        PortRange.parse(text)
    assert str(refused.value) == complaint.format(text)


def test_ports_print_as_people_write_them() -> None:
    assert str(PortRange(5060, 5060)) == "5060"
    assert str(PortRange(50000, 50099)) == "50000-50099"
    assert str(PortSet.of((4061, 4061), (4060, 4060))) == "4060-4061"
    assert str(PortSet.of((61000, 61000), (2000, 8000))) == "2000-8000, 61000"
    assert repr(PortSet.of((1, 3), (9, 9))) == "PortSet(1-3, 9)"
    assert str(NO_PORTS) == ""


def test_the_empty_and_the_full_set_are_neutral() -> None:
    ports = PortSet.of((1, 3), (9, 9))
    assert ports | NO_PORTS == ports & ALL_PORTS == ports - NO_PORTS == ports
    assert ports - ALL_PORTS == ports & NO_PORTS == NO_PORTS
    assert not NO_PORTS
    assert ALL_PORTS.size() == 65536
