"""Prefixes: against the standard library's `ipaddress`, which the product does not use."""

import ipaddress
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from swyx_components.sets.prefixes import (
    Interval,
    Prefix,
    collapse_prefixes,
    join_intervals,
    split_interval,
)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
quick = settings(max_examples=300)


@st.composite
def networks(draw: st.DrawFn, version: int | None = None) -> Network:
    """Networks of both families; small ones lie close together, so that they meet."""
    family = version or draw(st.sampled_from((4, 6)))
    width = 32 if family == 4 else 128
    base = int(ipaddress.ip_address("10.1.20.0" if family == 4 else "fd00:1::"))
    anywhere = draw(st.integers(0, 2**width - 1)) if draw(st.integers(0, 9)) == 0 else base
    address = anywhere ^ draw(st.integers(0, 31))
    length = draw(st.integers(width - 5, width) | st.integers(0, width))
    kind = ipaddress.IPv4Network if family == 4 else ipaddress.IPv6Network
    return kind((address, length), strict=False)


def ours(network: Network) -> Prefix:
    return Prefix.parse(str(network))


@quick
@given(networks())
@example(ipaddress.ip_network("0.0.0.0/0"))
@example(ipaddress.ip_network("::/0"))
@example(ipaddress.ip_network("::ffff:0:0/96"))
def test_a_prefix_is_read_and_printed_canonically(network: Network) -> None:
    prefix = ours(network)
    assert prefix.version == network.version
    assert prefix.first == int(network.network_address)
    assert prefix.last == int(network.broadcast_address)
    assert prefix.length == network.prefixlen
    assert prefix.interval == (prefix.first, prefix.last)
    assert ipaddress.ip_network(str(prefix)) == network
    assert Prefix.parse(str(prefix)) == prefix
    if "." not in str(prefix) or network.version == 4:  # ::10.1.0.1 is ::a01:1 in the library
        assert str(prefix) == str(network)
    exploded = network.exploded.upper()  # however it is spelt, it is one value
    assert Prefix.parse(exploded) == prefix


@quick
@given(networks(), networks())
def test_prefixes_contain_and_overlap_as_networks_do(one: Network, other: Network) -> None:
    same = one.version == other.version
    mine, theirs = ours(one), ours(other)
    assert mine.contains(theirs) is (same and other.subnet_of(one))  # type: ignore[arg-type]
    assert mine.overlaps(theirs) is (same and one.overlaps(other))


@quick
@given(st.lists(networks(), max_size=12))
@example(list(ipaddress.ip_network("10.1.20.0/24").subnets(new_prefix=26)))
@example(list(ipaddress.ip_network("0.0.0.0/0").subnets()))
@example(list(ipaddress.ip_network("::/0").subnets()))
def test_collapsing_agrees_with_the_standard_library(found: list[Network]) -> None:
    expected = [
        str(network)
        for version in (4, 6)
        for network in ipaddress.collapse_addresses(n for n in found if n.version == version)
    ]
    collapsed = collapse_prefixes(map(ours, found))
    assert [str(ipaddress.ip_network(str(prefix))) for prefix in collapsed] == expected
    assert collapse_prefixes(reversed(collapsed)) == collapsed


@quick
@given(networks(), st.lists(networks(), max_size=12))
def test_of_sorted_prefixes_those_inside_another_are_its_subnets(
    outer: Network, found: list[Network]
) -> None:
    ordered = sorted(ours(own) for own in {outer, *found})
    inside = [own for own in ordered if ours(outer).contains(own)]
    assert list(ours(outer).those_inside(ordered)) == inside


@st.composite
def intervals(draw: st.DrawFn) -> tuple[int, int, int]:
    """(version, first, last) of either family, at the ends of the address space too."""
    version = draw(st.sampled_from((4, 6)))
    top = 2 ** (32 if version == 4 else 128) - 1
    base = draw(st.sampled_from((0, top - 300, int(ipaddress.ip_address("10.1.20.0")))))
    ends = sorted(base + draw(st.integers(0, 300)) for _ in range(2))
    return version, ends[0], ends[1]


@quick
@given(intervals())
@example((4, 0, 2**32 - 1))
@example((6, 0, 2**128 - 1))
@example((4, 1, 2**32 - 2))
def test_an_interval_splits_as_the_standard_library_splits_it(case: tuple[int, int, int]) -> None:
    version, first, last = case
    kind = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
    expected = [
        (int(network.network_address), network.prefixlen)
        for network in ipaddress.summarize_address_range(kind(first), kind(last))
    ]
    split = split_interval(version, Interval(first, last))
    assert [(prefix.first, prefix.length) for prefix in split] == expected
    assert {prefix.version for prefix in split} == {version}


@quick
@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 5)), max_size=8))
def test_joined_intervals_hold_the_same_addresses_apart(parts: list[tuple[int, int]]) -> None:
    whole = [Interval(first, first + more) for first, more in parts]
    joined = join_intervals(whole)
    naive = {address for first, last in whole for address in range(first, last + 1)}
    assert {a for first, last in joined for a in range(first, last + 1)} == naive
    assert sum(last - first + 1 for first, last in joined) == len(naive)
    assert all(before.last + 1 < after.first for before, after in pairwise(joined))


def test_a_bare_address_is_a_single_host() -> None:
    assert str(Prefix.parse("10.1.0.10")) == "10.1.0.10/32"
    assert str(Prefix.parse("FD00:1:0::A")) == "fd00:1::a/128"
    assert Prefix.parse("fd00:1::a").address == "fd00:1::a"


def test_ipv4_sorts_before_ipv6_and_by_address() -> None:
    texts = ["fd00::/64", "10.0.0.128/25", "10.0.0.0/25", "10.0.0.0/24", "::/0"]
    assert [str(prefix) for prefix in sorted(map(Prefix.parse, texts))] == [
        "10.0.0.0/24",
        "10.0.0.0/25",
        "10.0.0.128/25",
        "::/0",
        "fd00::/64",
    ]


NO_ADDRESS = "{!r} is not an IPv4 or IPv6 address or CIDR"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", NO_ADDRESS),
        ("/24", NO_ADDRESS),
        ("aachen", NO_ADDRESS),
        ("10.1.20", NO_ADDRESS),
        ("10.1.20.0.0/24", NO_ADDRESS),
        ("10.1.20.256", NO_ADDRESS),
        ("010.1.20.0/24", NO_ADDRESS),
        ("10.1.20.0\x00", NO_ADDRESS),
        (" 10.1.20.0/24", NO_ADDRESS),
        ("10.1.20.0-10.1.20.9", NO_ADDRESS),
        ("fd00:::1", NO_ADDRESS),
        ("fd00::1%eth0", NO_ADDRESS),
        ("[fd00::1]", NO_ADDRESS),
        ("1" * 5000, NO_ADDRESS),
        ("10.1.20.0/", "{!r} has no prefix length from 0 to 32"),
        ("10.1.20.0/33", "{!r} has no prefix length from 0 to 32"),
        ("10.1.20.0/-1", "{!r} has no prefix length from 0 to 32"),
        ("10.1.20.0/255.255.255.0", "{!r} has no prefix length from 0 to 32"),
        ("10.1.20.0/24/24", "{!r} has no prefix length from 0 to 32"),
        ("10.1.20.0/\u0662\u0664", "{!r} has no prefix length from 0 to 32"),
        ("fd00::/129", "{!r} has no prefix length from 0 to 128"),
        ("10.1.20.9/24", "{!r} has bits set right of the prefix; the network is 10.1.20.0/24"),
        ("fd00:1::9/64", "{!r} has bits set right of the prefix; the network is fd00:1::/64"),
        ("10.0.0.1/0", "{!r} has bits set right of the prefix; the network is 0.0.0.0/0"),
    ],
)
def test_what_is_no_prefix_is_refused_in_one_sentence(text: str, complaint: str) -> None:
    with pytest.raises(ValueError) as refused:
        Prefix.parse(text)
    assert str(refused.value) == complaint.format(text)
