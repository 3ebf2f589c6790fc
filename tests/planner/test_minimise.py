"""The minimiser against a brute force that shares nothing with it: eight addresses, six ports."""

from collections.abc import Iterable
from functools import cache
from itertools import product

from hypothesis import example, given, settings
from hypothesis import strategies as st

from swyx_components.catalogue.load import load_catalogue
from swyx_components.catalogue.model import Catalogue
from swyx_components.planner import minimise as minimising
from swyx_components.planner.endpoints import Peer, PeerKind
from swyx_components.planner.minimise import NEUTRAL
from swyx_components.planner.model import Capabilities, Direction, Protocol, Rule
from swyx_components.sets.ports import PortRange, PortSet
from swyx_components.sets.prefixes import Prefix
from tests.tools.build import Requirement, gather

AWS_LIKE = Capabilities(name="one-cidr", matches_source_ports=False, stores_rules_by="cidr")
ONE_CIDR_WITH_SOURCES = Capabilities(name="both", matches_source_ports=True, stores_rules_by="cidr")
CATALOGUE = load_catalogue()
FLOWS = ("C1", "C9", "M1", "extra:aachen:0")
LAST_PORT = 6
BASE = Prefix.parse("10.1.20.8/29").first
Cell = tuple[int, int, int]  # address (0-7), source port (1-6), port (1-6)
quick = settings(max_examples=150)

# Every prefix in a /29 and every interval of six ports.
PREFIXES = [(first, size) for size in (1, 2, 4, 8) for first in range(0, 8, size)]
INTERVALS = [(low, high) for low in range(1, LAST_PORT + 1) for high in range(low, LAST_PORT + 1)]

prefixes = st.sampled_from(PREFIXES)
intervals = st.sampled_from(INTERVALS)


def minimise(
    needs: Iterable[Requirement], capabilities: Capabilities, catalogue: Catalogue
) -> tuple[Rule, ...]:
    return minimising.minimise(gather(needs), capabilities, catalogue)


def as_prefix(first: int, size: int) -> Prefix:
    return Prefix(4, BASE + first, 33 - size.bit_length())


@st.composite
def needs(draw: st.DrawFn, sources: bool = False) -> list[Requirement]:
    """A few needs of one direction and protocol, all by address."""
    found = []
    for _ in range(draw(st.integers(1, 5))):
        own = draw(st.lists(prefixes, min_size=1, max_size=3, unique=True))
        ports = draw(st.lists(intervals, min_size=1, max_size=2))
        source = draw(st.none() | intervals) if sources else None
        found.append(
            Requirement(
                Direction.IN,
                Protocol.UDP,
                PortSet.union_of(ports),
                PortRange(*source) if source else None,
                Peer(PeerKind.CIDRS, "peer", tuple(as_prefix(*one) for one in own)),
                draw(st.sampled_from(FLOWS)),
            )
        )
    return found


def cells_of(peers: Iterable[Prefix], source: PortRange | None, ports: PortSet) -> set[Cell]:
    """Packets one by one: a source port of None is every port of the universe."""
    sources = range(source.first, source.last + 1) if source else range(1, LAST_PORT + 1)
    return {
        (address - BASE, out, port)
        for peer in peers
        for address in range(peer.first, peer.last + 1)
        for out in sources
        for first, last in ports
        for port in range(first, last + 1)
    }


def cells_of_need(need: Requirement) -> set[Cell]:
    return cells_of(need.peer.prefixes, need.source_ports, need.ports)


def cells_of_rule(rule: Rule) -> set[Cell]:
    assert rule.ports is not None
    return cells_of(rule.prefixes, rule.source_ports and rule.source_ports[0], rule.ports)


def union(parts: Iterable[set[Cell]]) -> set[Cell]:
    return set().union(*parts)


def fewest(wanted: frozenset[tuple[int, int]]) -> int:
    """The fewest (prefix, port interval) boxes that hold exactly these (address, port) pairs."""
    boxes = {
        frozenset(product(range(first, first + size), range(low, high + 1)))
        for first, size in PREFIXES
        for low, high in INTERVALS
    }
    inside = [box for box in boxes if box <= wanted]
    largest = [box for box in inside if not any(box < other for other in inside)]

    @cache
    def cover(left: frozenset[tuple[int, int]]) -> int:
        if not left:
            return 0
        choices = min(([box for box in largest if pair in box] for pair in sorted(left)), key=len)
        return 1 + min(cover(left - box) for box in choices)

    return cover(wanted)


def need(peers: list[tuple[int, int]], *ports: tuple[int, int], flow: str = "C1") -> Requirement:
    party = Peer(PeerKind.CIDRS, "peer", tuple(as_prefix(*peer) for peer in peers))
    return Requirement(Direction.IN, Protocol.UDP, PortSet.of(*ports), None, party, flow)


@quick
@given(needs())
@example([need([(0, 8)], (1, 2)), need([(0, 4)], (3, 4), flow="C9")])
@example([need([(0, 4)], (1, 3)), need([(4, 4)], (3, 6), flow="C9")])
@example([need([(0, 1), (1, 1), (2, 2)], (1, 1)), need([(4, 4)], (1, 1), flow="M1")])
def test_rules_by_one_cidr_are_exact_and_the_fewest_possible(found: list[Requirement]) -> None:
    rules = minimise(found, AWS_LIKE, CATALOGUE)
    wanted = union(map(cells_of_need, found))
    assert union(map(cells_of_rule, rules)) == wanted
    assert all(len(rule.prefixes) == 1 and not rule.groups for rule in rules)
    assert len(rules) == fewest(frozenset((address, port) for address, _, port in wanted))


@quick
@given(needs())
def test_a_merged_rule_keeps_every_flow_that_it_serves_and_no_other(
    found: list[Requirement],
) -> None:
    for capabilities in (AWS_LIKE, NEUTRAL):
        for rule in minimise(found, capabilities, CATALOGUE):
            held = cells_of_rule(rule)
            behind = {need.flow for need in found if cells_of_need(need) & held}
            assert set(rule.flows) == behind
            assert list(rule.flows) == sorted(behind)
            assert rule.lines == tuple(sorted({line for flow in behind for line in lines_of(flow)}))


def lines_of(flow: str) -> tuple[int, ...]:
    return CATALOGUE.flows[flow].lines if flow in CATALOGUE.flows else ()


@quick
@given(needs(sources=True))
def test_rules_with_source_ports_are_exact_and_hold_no_rule_twice(found: list[Requirement]) -> None:
    for capabilities in (ONE_CIDR_WITH_SOURCES, NEUTRAL):
        rules = minimise(found, capabilities, CATALOGUE)
        assert union(map(cells_of_rule, rules)) == union(map(cells_of_need, found))
        for one, other in product(rules, repeat=2):
            if capabilities is ONE_CIDR_WITH_SOURCES and one is not other:
                assert not shadows(one, other), f"{one} holds {other}"


def shadows(one: Rule, other: Rule) -> bool:
    """Whether one rule alone allows what the other does; source None reaches beyond the universe."""
    if one.source_ports is not None and other.source_ports is None:
        return False
    return cells_of_rule(other) <= cells_of_rule(one)


@quick
@given(needs(sources=True))
def test_every_need_is_named_wherever_one_of_its_packets_passes(found: list[Requirement]) -> None:
    for capabilities in (AWS_LIKE, ONE_CIDR_WITH_SOURCES, NEUTRAL):
        rules = minimise(found, capabilities, CATALOGUE)
        for own in found:
            naming = [cells_of_rule(rule) for rule in rules if own.flow in rule.flows]
            assert cells_of_need(own) <= union(naming)


@quick
@given(needs(sources=True), st.randoms(use_true_random=False))
def test_the_order_of_the_needs_and_their_repetition_change_nothing(
    found: list[Requirement], random: object
) -> None:
    again = [*found, *found]
    random.shuffle(again)  # type: ignore[attr-defined]
    for capabilities in (AWS_LIKE, ONE_CIDR_WITH_SOURCES, NEUTRAL):
        assert minimise(again, capabilities, CATALOGUE) == minimise(found, capabilities, CATALOGUE)


def test_where_source_ports_are_not_matched_they_are_dropped_before_merging() -> None:
    one = need([(0, 4)], (1, 3))._replace(source_ports=PortRange(5, 6))
    other = need([(4, 4)], (1, 3), flow="M1")._replace(source_ports=PortRange(1, 2))
    (rule,) = minimise([one, other], AWS_LIKE, CATALOGUE)
    assert (str(rule.ports), rule.source_ports) == ("1-3", None)
    assert [str(cidr) for cidr in rule.prefixes] == ["10.1.20.8/29"]
    assert rule.flows == ("C1", "M1")
    assert len(minimise([one, other], NEUTRAL, CATALOGUE)) == 2


def test_a_rule_from_any_source_port_takes_in_one_from_some() -> None:
    some = need([(0, 4)], (1, 3), flow="M1")._replace(source_ports=PortRange(5, 6))
    rules = minimise([some, need([(0, 8)], (1, 4))], NEUTRAL, CATALOGUE)
    assert [(str(r.ports), r.source_ports, r.flows) for r in rules] == [("1-4", None, ("C1", "M1"))]
    narrow = minimise([some, need([(0, 8)], (1, 2))], NEUTRAL, CATALOGUE)
    assert len(narrow) == 2


def test_a_group_is_one_peer_and_its_ranges_are_joined() -> None:
    def towards(group: str, *ports: tuple[int, int], flow: str) -> Requirement:
        party = Peer(PeerKind.GROUP, group)
        return need([(0, 1)], *ports, flow=flow)._replace(peer=party)

    found = [
        towards("swyxgate", (1, 2), flow="C1"),
        towards("swyxgate", (3, 4), (6, 6), flow="C9"),
        towards("swyxit", (1, 2), flow="M1"),
    ]
    for capabilities in (AWS_LIKE, NEUTRAL):
        assert [
            (rule.groups, str(rule.ports), rule.flows, rule.prefixes)
            for rule in minimise(found, capabilities, CATALOGUE)
        ] == [
            (("swyxit",), "1-2", ("M1",), ()),
            (("swyxgate",), "1-4", ("C1", "C9"), ()),
            (("swyxgate",), "6", ("C9",), ()),
        ]


def test_icmp_has_no_ports_and_merges_by_address() -> None:
    icmp = [
        need(peers, flow=flow)._replace(protocol=Protocol.ICMP, ports=PortSet())
        for peers, flow in (([(0, 4)], "extra:aachen:0"), ([(4, 4)], "extra:aachen:1"))
    ]
    (rule,) = minimise(icmp, AWS_LIKE, CATALOGUE)
    assert (rule.protocol, rule.ports, rule.lines) == (Protocol.ICMP, None, ())
    assert [str(cidr) for cidr in rule.prefixes] == ["10.1.20.8/29"]
    assert rule.flows == ("extra:aachen:0", "extra:aachen:1")


def test_ipv4_and_ipv6_are_never_one_rule_by_cidr_and_one_list_otherwise() -> None:
    both = need([(0, 8)], (1, 3))
    peers = (*both.peer.prefixes, Prefix.parse("fd00::/64"))
    both = both._replace(peer=both.peer._replace(prefixes=peers))
    assert [[str(c) for c in rule.prefixes] for rule in minimise([both], AWS_LIKE, CATALOGUE)] == [
        ["10.1.20.8/29"],
        ["fd00::/64"],
    ]
    (rule,) = minimise([both], NEUTRAL, CATALOGUE)
    assert [str(cidr) for cidr in rule.prefixes] == ["10.1.20.8/29", "fd00::/64"]


def test_directions_and_transports_are_never_merged() -> None:
    one = need([(0, 8)], (1, 3))
    four = [
        one._replace(direction=direction, protocol=protocol)
        for direction in Direction
        for protocol in (Protocol.TCP, Protocol.UDP)
    ]
    for capabilities in (AWS_LIKE, NEUTRAL):
        assert len(minimise(four, capabilities, CATALOGUE)) == 4


def test_nothing_needed_is_no_rule() -> None:
    assert minimise([], AWS_LIKE, CATALOGUE) == minimise([], NEUTRAL, CATALOGUE) == ()
