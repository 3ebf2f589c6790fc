"""The proof, both ways: what the rendered rules allow is exactly what the flows require.

It reads the rendered rules and the flows, resolves groups to the addresses of their machines, and
compares the two range by range; where that leaves a doubt, as exact sets of (peer address, source port,
destination port). It shares only `sets`, the model and the flows with the passes that made the rules.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from math import inf
from typing import NamedTuple

from swyx_components.installation.model import Egress
from swyx_components.planner.endpoints import Endpoint, versions_of
from swyx_components.planner.exchange import Exchange
from swyx_components.planner.model import (
    EVERY_PROTOCOL,
    PROTOCOL_OF,
    Capabilities,
    Direction,
    HostGroup,
    Protocol,
    RenderedSite,
    Rule,
)
from swyx_components.sets.packets import NO_PORT, PacketSet, Product
from swyx_components.sets.ports import ALL_PORTS, NO_PORTS, PortRange, PortSet
from swyx_components.sets.prefixes import EVERYWHERE, Prefix, collapse_prefixes, interval_text


class Discrepancy(NamedTuple):
    """Packets at one group for which flows and rules differ."""

    group: str
    direction: Direction
    protocol: Protocol
    peers: str  # an address, or the first and the last one
    source_ports: PortSet
    ports: PortSet

    def __str__(self) -> str:
        source = "" if self.source_ports == ALL_PORTS else f" source ports {self.source_ports}"
        ports = f" {self.ports}" if self.protocol.has_ports else ""
        peers = f"{self.direction.towards} {self.peers}"
        return f"{self.group} {self.direction.value} {self.protocol.value}{ports} {peers}{source}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What the comparison found; it holds when nothing is missing and nothing in excess.

    `compared` counts the ends of required flows and extra rules that were looked for.
    """

    site: str
    compared: int
    missing: tuple[Discrepancy, ...]
    excess: tuple[Discrepancy, ...]

    @property
    def holds(self) -> bool:
        return not self.missing and not self.excess

    def __str__(self) -> str:
        return (
            f"{self.site}: {self.compared} requirements compared, "
            f"{len(self.missing)} missing, {len(self.excess)} excess"
        )


_Ranges = tuple[PortRange, ...] | None
# Direction, protocol, ports and source ports (None: any): those of a rule; of what is needed one range.
_Passage = tuple[Direction, Protocol, _Ranges, _Ranges]
_Needed = Mapping[Prefix, frozenset[_Passage]]  # by peer


def prove(rendered: RenderedSite) -> Proof:
    """Compare what a rendered site allows with what its flows and extra rules require."""
    return prove_rules(rendered, {entry.group.name: entry.rules for entry in rendered.groups})


def prove_rules(rendered: RenderedSite, rules: Mapping[str, Sequence[Rule]]) -> Proof:
    """The same for other rules of the same groups, for example those read from a cloud."""
    missing, excess = list[Discrepancy](), list[Discrepancy]()
    plan = rendered.plan
    addresses = {group.name: group.addresses for group in plan.groups}
    required, compared = _find_required(rendered)
    for group in plan.groups:
        needed = required[group.name]
        allowing = _find_allowing(rules.get(group.name, ()), rendered.capabilities)
        if plan.egress is Egress.OPEN:  # what goes out is up to others
            allowing = [rule for rule in allowing if rule.direction is Direction.IN]
            ends = [(at, [it for it in own if it[0] is Direction.IN]) for at, own in needed.items()]
            needed = {peer: frozenset(inbound) for peer, inbound in ends}
        if not _is_exact(group, needed, allowing, addresses):
            for where, is_missing in _compare(group, needed, allowing, addresses):
                (missing if is_missing else excess).append(where)
    return Proof(site=plan.site, compared=compared, missing=tuple(missing), excess=tuple(excess))


def _find_required(rendered: RenderedSite) -> tuple[Mapping[str, _Needed], int]:
    """What must pass at each group, straight from the flows and extra rules, and how many ends that is."""
    plan, matched = rendered.plan, rendered.capabilities.matches_source_ports
    site, count = plan.site, len(plan.extra_rules)
    names = {member.name: group.name for group in plan.groups for member in group.members}
    required: dict[str, dict[Prefix, frozenset[_Passage]]] = {own.name: {} for own in plan.groups}
    held: dict[Endpoint, list[dict[Prefix, frozenset[_Passage]]]] = {}
    for first, second, exchange in plan.flows.pairs:
        for own, peer, is_first in ((first, second, True), (second, first, False)):
            if own.group is None or own.site != site:
                continue
            if own not in held:
                held[own] = [required[name] for name in {names[member] for member in own.members}]
            needed, peers = _find_needed(exchange, is_first, matched), peer.addresses_for(site)
            count += len(held[own]) * len(exchange.exchanged)
            for by_peer in held[own]:
                for address in peers:
                    by_peer[address] = by_peer[address] | needed if address in by_peer else needed
    for rule in plan.extra_rules:
        by_peer = required[names[rule.machine]]
        for prefix in rule.peers:
            name = "icmpv6" if (rule.protocol, prefix.version) == ("icmp", 6) else rule.protocol
            kind, parts = (Direction(rule.direction), Protocol(name)), rule.ports or (None,)
            passages = [(*kind, part and (part,), None) for part in parts]
            by_peer[prefix] = by_peer.get(prefix, frozenset()).union(passages)
    return required, count


@lru_cache(maxsize=8192)  # many endpoints have the same to say to each other
def _find_needed(exchange: Exchange, is_first: bool, matched: bool) -> frozenset[_Passage]:
    """What must pass at the first or the second of two endpoints, at any address."""
    directions = Direction.IN, Direction.OUT
    needed = [
        (directions[forward is is_first], PROTOCOL_OF[transport], part, sources)
        for _, _, forward, _, _, _, transport, ports, source in exchange.exchanged
        for sources in [(source,) if source and matched else None]
        for part in ((ports,) if len(ports) == 1 else [(one,) for one in ports])
    ]
    return frozenset(needed)


def _find_allowing(rules: Sequence[Rule], capabilities: Capabilities) -> Sequence[Rule]:
    """The rules before a deny of everything, and what the cloud leaves open without one."""
    denying = [rule for rule in rules if not rule.allow]
    if capabilities.denies_by_default and not denying:
        return rules
    closing: dict[Direction, float] = {}  # the priority of that deny
    for rule in denying:
        everyone = not rule.groups and (not rule.prefixes or {*rule.prefixes} >= {*EVERYWHERE})
        if everyone and rule[1:4] == (Protocol.ANY, None, None):
            closing[rule.direction] = min(rule.priority, closing.get(rule.direction, inf))
    left_open = set() if capabilities.denies_by_default else set(Direction) - closing.keys()
    anything = [Rule(one, Protocol.ANY, None, None, (), EVERYWHERE) for one in left_open]
    allowing = [rule for rule in chain(rules, anything) if rule.allow]
    return [rule for rule in allowing if rule.priority < closing.get(rule.direction, inf)]


def _is_exact(
    group: HostGroup,
    needed: _Needed,
    rules: Iterable[Rule],
    addresses: Mapping[str, tuple[Prefix, ...]],
) -> bool:
    """Whether each rule consists of passages needed, and each of these is in one; else only packets tell."""
    left = {peer: {*own} for peer, own in needed.items()}
    ordered: list[Prefix] = []
    inside: dict[Prefix, Sequence[Prefix]] = {}
    for rule in rules:
        passage, peers = rule[:4], rule.prefixes
        for name in rule.groups:
            peers += addresses.get(name, ())
        for peer in peers:
            try:
                left[peer].remove(passage)
            except KeyError:  # peers or passages were joined, or another rule has it too
                if peer not in inside:
                    ordered = ordered or sorted(left)
                    inside[peer] = [peer] if peer in left else _find_inside(peer, ordered)
                for one in inside[peer]:
                    parts = _find_parts(passage, needed.get(one, frozenset()))
                    if not parts:
                        return False
                    left[one] -= parts
    unmet = {peer: own for peer, own in left.items() if own and peer.version in group.versions}
    rest = [(one, needed[peer] - own) for peer, own in unmet.items() for one in own]
    return all(any(_is_within(one, other) for other in others) for one, others in rest)


def _find_inside(prefix: Prefix, ordered: Sequence[Prefix]) -> Sequence[Prefix]:
    """The prefixes that together are one of a rule; itself where none are."""
    inside = prefix.those_inside(ordered)
    return inside if collapse_prefixes(inside) == (prefix,) else [prefix]


@lru_cache(maxsize=8192)
def _find_parts(passage: _Passage, needed: frozenset[_Passage]) -> Set[_Passage]:
    """The passages needed that together are one of a rule; none if they are not."""
    if passage in needed:
        return {passage}
    parts, united = [one for one in needed if _is_within(one, passage)], PortSet.union_of
    sources = {one[3] for one in parts}
    ports = {united(chain(*[one[2] or () for one in parts if one[3] == own])) for own in sources}
    is_whole = sources == {passage[3]} or united(chain(*filter(None, sources))) == passage[3]
    return {*parts} if is_whole and ports == {passage[2]} else set()


def _is_within(one: _Passage, other: _Passage) -> bool:
    """Whether another passage allows all that one needs."""
    if one[0] is not other[0] or one[1] is not other[1]:
        return False
    sides = zip(one[2:], other[2:], strict=True)
    return all(its is None or (own and PortSet(its).covers(own[0])) for own, its in sides)


def _addresses_alone(group: HostGroup) -> set[tuple[int, int]]:
    """The addresses that no other machine of the group can get a packet from, having none of their version.

    What a machine sends to itself never meets its firewall, though a rule may let its own address in. A
    network has many hosts.
    """
    known = [*chain(*[versions_of(machine.addresses) for machine in group.machines])]
    return {address[:2] for address in group.addresses if known.count(address.version) == 1}


def _compare(
    group: HostGroup,
    needed: _Needed,
    rules: Iterable[Rule],
    addresses: Mapping[str, tuple[Prefix, ...]],
) -> Iterator[tuple[Discrepancy, bool]]:
    """Where the two differ; True where the packets are missing, False where in excess."""
    required = [((peer,), passage) for peer, own in needed.items() for passage in own]
    peers_of = {rule: [addresses.get(name, ()) for name in rule.groups] for rule in rules}
    allowed = [((*rule.prefixes, *chain(*own)), rule[:4]) for rule, own in peers_of.items()]
    sides = [_packets(passing, group.versions) for passing in (required, allowed)]
    for key in sorted(sides[0].keys() | sides[1].keys()):
        one, other = (side.get(key, PacketSet()) for side in sides)
        found: dict[tuple[str, PortSet, bool], PortSet] = {}  # all source ports
        for version, peers, source, lost, gained in one.differences(other):
            if peers.first < peers.last or (version, peers.first) not in _addresses_alone(group):
                for ports, is_missing in ((lost, True), (gained, False)):
                    where = interval_text(version, peers), ports, is_missing
                    found[where] = found.get(where, NO_PORTS) | source
        for (text, ports, is_missing), source in found.items():
            if ports:
                yield Discrepancy(group.name, *key, text, source, ports), is_missing


def _packets(
    passing: Iterable[tuple[tuple[Prefix, ...], _Passage]], versions: Set[int]
) -> Mapping[tuple[Direction, Protocol], PacketSet]:
    """What passes of peers of some IP versions, by direction and protocol."""
    products: dict[tuple[Direction, Protocol], list[Product]] = {}
    for peers, (direction, protocol, *others) in passing:
        ports, sources = (ALL_PORTS if own is None else PortSet(own) for own in others)
        own = [peer for peer in peers if peer.version in versions]
        for one in EVERY_PROTOCOL if protocol is Protocol.ANY else (protocol,):
            product = own, sources, ports if one.has_ports else NO_PORT
            products.setdefault((direction, one), []).append(product)
    return {key: PacketSet(own) for key, own in products.items()}
