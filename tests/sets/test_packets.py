"""Sets of packets against those of `tests/oracle`, which knows nothing of the product."""

from collections.abc import Iterable
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swyx_components.sets.packets import (
    Difference,
    PacketSet,
    Product,
    cut_addresses,
)
from swyx_components.sets.ports import ALL_PORTS, PortRange, PortSet, cut_ports
from swyx_components.sets.prefixes import Interval, Prefix
from tests.oracle.regions import V6, Box, Region, span
from tests.oracle.regions import prefix as network

LAST_PORT = 4
CIDRS = (
    *(f"10.1.20.{host}/32" for host in (8, 9, 10, 11)),
    "10.1.20.8/31",
    "10.1.20.10/31",
    "10.1.20.8/30",
    "fd00::8/128",
    "fd00::8/127",
    "::/0",
    "0.0.0.0/0",
)
BOUNDS = (
    0,
    *range(0x0A011407, 0x0A01140D),
    V6 - 1,
    V6,
    *range(V6 + (0xFD << 120) + 7, V6 + (0xFD << 120) + 11),
    V6 + (1 << 128) - 1,
)

cidrs = st.lists(st.sampled_from(CIDRS), max_size=3)
ports = st.builds(
    PortSet.union_of,
    st.lists(
        st.tuples(st.integers(1, LAST_PORT), st.integers(1, LAST_PORT)).map(sorted).map(tuple),
        max_size=2,
    ),
)
Plain = tuple[list[str], PortSet, PortSet]
unions = st.lists(st.tuples(cidrs, ports, ports), max_size=4)
quick = settings(max_examples=300)


def packet_set(union: Iterable[Plain]) -> PacketSet:
    products: list[Product] = [
        (list(map(Prefix.parse, peers)), sources, own) for peers, sources, own in union
    ]
    return PacketSet(products)


def region(union: Iterable[Plain]) -> Region:
    """The same for the oracle."""
    found = Region()
    for peers, sources, own in union:
        for peer, source, port in product(peers, sources, own):
            found.add(
                "tcp",
                Box(span(network(peer)), (source.first, source.last), (port.first, port.last)),
            )
    return found


PROBES = [
    (peer, source, port)
    for peer in BOUNDS
    for source, port in product(range(LAST_PORT + 2), repeat=2)
]


def packets_hold(packets: PacketSet, probe: tuple[int, int, int]) -> bool:
    peer, source, port = probe
    version, width = (6, 128) if peer >= V6 else (4, 32)
    address = Prefix(version, peer - (V6 if version == 6 else 0), width)
    alone = PacketSet([([address], PortSet.of((source, source)), PortSet.of((port, port)))])
    return bool(packets & alone)


@settings(max_examples=40)
@given(unions, unions)
def test_each_packet_is_in_a_union_intersection_and_difference_as_the_oracle_says(
    one: list[Plain], other: list[Plain]
) -> None:
    mine, theirs = region(one), region(other)
    in_one = [mine.holds("tcp", *probe) for probe in PROBES]
    in_other = [theirs.holds("tcp", *probe) for probe in PROBES]
    left, right = packet_set(one), packet_set(other)
    both = list(zip(in_one, in_other, strict=True))
    for found, expected in (
        (left, in_one),
        (left | right, [a or b for a, b in both]),
        (left & right, [a and b for a, b in both]),
        (left - right, [a and not b for a, b in both]),
    ):
        assert [packets_hold(found, probe) for probe in PROBES] == expected


@quick
@given(unions, unions)
def test_two_sets_are_equal_exactly_when_the_oracle_finds_neither_has_more(
    one: list[Plain], other: list[Plain]
) -> None:
    mine, theirs = region(one), region(other)
    equal = mine.minus(theirs).empty() and theirs.minus(mine).empty()
    assert (packet_set(one) == packet_set(other)) is equal
    assert packet_set(one) == packet_set([*reversed(one), *one])


@quick
@given(unions)
def test_a_set_is_empty_exactly_when_the_oracle_finds_nothing_in_it(union: list[Plain]) -> None:
    assert bool(packet_set(union)) is not region(union).empty()


@quick
@given(unions, unions)
def test_differences_are_disjoint_and_together_all_by_which_two_sets_differ(
    one: list[Plain], other: list[Plain]
) -> None:
    mine, theirs = region(one), region(other)
    lost, gained = Region(), Region()
    before = (0, -1, 0)
    for version, (first, last), source_ports, less, more in packet_set(one).differences(
        packet_set(other)
    ):
        assert before < (version, first, source_ports[0].first), "rising"
        before = version, first, source_ports[-1].last
        shift = V6 if version == 6 else 0
        for found, side in ((lost, less), (gained, more)):
            for source, port in product(source_ports, side):
                found.add(
                    "tcp",
                    Box(
                        (first + shift, last + shift),
                        (source.first, source.last),
                        (port.first, port.last),
                    ),
                )
    for found, expected in ((lost, mine.minus(theirs)), (gained, theirs.minus(mine))):
        assert found.minus(expected).empty() and expected.minus(found).empty()


def http(cidr: str, *ports: tuple[int, int], sources: tuple[int, int] = (0, 65535)) -> PacketSet:
    return packet_set([([cidr], PortSet.of(sources), PortSet.of(*ports))])


def test_what_is_cut_otherwise_is_the_same_set() -> None:
    """Ranges of ports, networks and source ports may be parts of others or of one."""
    assert http("10.1.20.8/32", (80, 81)) == http("10.1.20.8/32", (80, 80)) | http(
        "10.1.20.8/32", (81, 81)
    )
    assert http("10.1.20.8/31", (80, 80)) == http("10.1.20.8/32", (80, 80)) | http(
        "10.1.20.9/32", (80, 80)
    )
    assert http("10.1.20.8/31", (80, 80)) == http("10.1.20.8/31", (80, 80)) | http(
        "10.1.20.9/32", (80, 80)
    )
    assert http("10.1.20.8/32", (80, 80)) == http(
        "10.1.20.8/32", (80, 80), sources=(0, 1023)
    ) | http("10.1.20.8/32", (80, 80), sources=(1024, 65535))


@pytest.mark.parametrize(
    "other",
    [
        http("10.1.20.9/32", (80, 80)),
        http("10.1.20.8/31", (80, 80)),
        http("10.1.20.8/32", (80, 81)),
        http("10.1.20.8/32", (80, 80), sources=(1, 65535)),
        PacketSet(),
    ],
)
def test_one_thing_more_or_less_makes_another_set(other: PacketSet) -> None:
    whole = http("10.1.20.8/32", (80, 80))
    assert whole != other and other != whole


def test_differences_name_addresses_source_ports_and_ports() -> None:
    one = http("10.1.20.8/30", (80, 80))
    other = http("10.1.20.9/32", (80, 81)) | http("10.1.20.10/31", (80, 80), sources=(0, 1023))
    assert list(one.differences(other)) == [
        Difference(4, Interval(0x0A011408, 0x0A011408), ALL_PORTS, PortSet.of((80, 80)), PortSet()),
        Difference(4, Interval(0x0A011409, 0x0A011409), ALL_PORTS, PortSet(), PortSet.of((81, 81))),
        Difference(
            4,
            Interval(0x0A01140A, 0x0A01140B),
            PortSet.of((1024, 65535)),
            PortSet.of((80, 80)),
            PortSet(),
        ),
    ]


def test_products_without_peers_are_the_empty_set() -> None:
    assert PacketSet([([], ALL_PORTS, ALL_PORTS)]) == PacketSet()


def test_addresses_are_cut_with_what_each_prefix_around_them_has() -> None:
    held = {
        Prefix.parse("10.1.20.8/29"): ["all"],
        Prefix.parse("10.1.20.10/31"): ["some"],
        Prefix.parse("fd00::/127"): ["other"],
    }
    eight = 0x0A011408
    assert [(v, p, sorted(own)) for v, p, own in cut_addresses(held)] == [
        (4, Interval(eight, eight + 1), ["all"]),
        (4, Interval(eight + 2, eight + 3), ["all", "some"]),
        (4, Interval(eight + 4, eight + 7), ["all"]),
        (6, Interval(0xFD << 120, (0xFD << 120) + 1), ["other"]),
    ]


def test_ports_are_cut_wherever_a_range_begins_or_ends() -> None:
    assert list(cut_ports([PortRange(1, 9), PortRange(5, 5), PortRange(8, 12)])) == [
        PortRange(1, 4),
        PortRange(5, 5),
        PortRange(6, 7),
        PortRange(8, 9),
        PortRange(10, 12),
    ]
