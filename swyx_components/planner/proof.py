"""The proof, both ways: what the rendered rules allow is exactly what the flows require.

It reads the rendered rules and the flows, resolves groups to the addresses of their machines, and
compares the two as exact sets of (peer address, source port, destination port). It shares only `sets`,
the model and the flows with the passes that made the rules.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from swyx_components.installation.model import Egress
from swyx_components.planner.endpoints import Endpoint
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
from swyx_components.sets.packets import NO_PORT, PacketSet, cut_addresses
from swyx_components.sets.ports import ALL_PORTS, NO_PORTS, PortRange, PortSet
from swyx_components.sets.prefixes import EVERYWHERE, WIDTH, Prefix, interval_text


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


_Key = tuple[Direction, Protocol]
_Passage = tuple[Direction, Protocol, PortSet, PortRange]  # source ports, some destination ports
_Held = tuple[bool, frozenset[_Passage]]  # whether it is allowed, or needed
_Passing = Mapping[Prefix, Set[_Passage]]  # by peer
_Needed = dict[Prefix, frozenset[_Passage]]  # the same


def prove(rendered: RenderedSite) -> Proof:
    """Compare what a rendered site allows with what its flows and extra rules require."""
    return prove_rules(rendered, {entry.group.name: entry.rules for entry in rendered.groups})


def prove_rules(rendered: RenderedSite, rules: Mapping[str, Sequence[Rule]]) -> Proof:
    """The same for other rules of the same groups, for example those read from a cloud."""
    missing: list[Discrepancy] = []
    excess: list[Discrepancy] = []
    plan = rendered.plan
    addresses = {group.name: group.addresses for group in plan.groups}
    required, compared = _find_required(rendered)
    for group in plan.groups:
        allowed = _find_allowed(rules.get(group.name, ()), addresses, rendered.capabilities)
        for where, is_missing in _compare(group, required[group.name], allowed, plan.egress):
            (missing if is_missing else excess).append(where)
    return Proof(site=plan.site, compared=compared, missing=tuple(missing), excess=tuple(excess))


def _find_required(rendered: RenderedSite) -> tuple[Mapping[str, _Passing], int]:
    """What must pass at each group, straight from the flows and extra rules, and how many ends that is."""
    plan, matched = rendered.plan, rendered.capabilities.matches_source_ports
    names = {member.name: group.name for group in plan.groups for member in group.members}
    required: dict[str, _Needed] = {group.name: {} for group in plan.groups}
    held: dict[Endpoint, list[_Needed]] = {}
    count = len(plan.extra_rules)
    for first, second, exchange in plan.flows.pairs:
        for own, peer, is_first in ((first, second, True), (second, first, False)):
            if own.group is None or own.site != plan.site:
                continue
            if own not in held:
                held[own] = [required[name] for name in {names[member] for member in own.members}]
            needed = _find_needed(exchange, is_first, matched)
            count += len(held[own]) * len(exchange.exchanged)
            for passing in held[own]:
                for address in peer.addresses_for(plan.site):
                    passing[address] = passing[address] | needed if address in passing else needed
    for rule in plan.extra_rules:
        passing = required[names[rule.machine]]
        for prefix in rule.peers:
            name = "icmpv6" if (rule.protocol, prefix.version) == ("icmp", 6) else rule.protocol
            direction, protocol = Direction(rule.direction), Protocol(name)
            needed = _find_passages(direction, protocol, rule.ports, None)
            passing[prefix] = needed.union(passing.get(prefix, ()))
    return required, count


@lru_cache(maxsize=8192)  # many endpoints have the same to say to each other
def _find_needed(exchange: Exchange, is_first: bool, matched: bool) -> frozenset[_Passage]:
    """What must pass at the first or the second of two endpoints, at any address."""
    directions = Direction.IN, Direction.OUT
    needed = [
        (directions[forward is is_first], PROTOCOL_OF[transport], sources, part)
        for _, _, forward, _, _, _, transport, ports, source in exchange.exchanged
        for sources in [PortSet((source,)) if source and matched else ALL_PORTS]
        for part in ports
    ]
    return frozenset(needed)


@lru_cache(maxsize=8192)
def _find_passages(
    direction: Direction, protocol: Protocol, ports: PortSet | None, source: PortSet | None
) -> frozenset[_Passage]:
    """What a rule or a flow with these fields allows, whoever its peers are; None: all ports."""
    return frozenset(
        [
            (direction, one, ALL_PORTS if source is None else source, part)
            for one in (EVERY_PROTOCOL if protocol is Protocol.ANY else (protocol,))
            for part in ((ALL_PORTS if ports is None else ports) if one.has_ports else NO_PORT)
        ]
    )


def _find_allowed(
    rules: Sequence[Rule], addresses: Mapping[str, tuple[Prefix, ...]], capabilities: Capabilities
) -> _Passing:
    """What the cloud would allow at a machine under these rules."""
    closing = _find_closing(rules)
    left_open = set() if capabilities.denies_by_default else set(Direction) - closing.keys()
    anything = [Rule(one, Protocol.ANY, None, None, (), EVERYWHERE) for one in left_open]
    allowed: dict[Prefix, set[_Passage]] = {}
    for rule in chain(rules, anything):
        if rule.allow and rule.priority < closing.get(rule.direction, _NEVER):
            passages, peers = _find_passages(*rule[:4]), rule.prefixes
            for name in rule.groups:
                peers += addresses.get(name, ())
            for peer in peers:
                allowed.setdefault(peer, set()).update(passages)
    return allowed


_NEVER = float("inf")


def _find_closing(rules: Iterable[Rule]) -> dict[Direction, float]:
    """The priority of the rule that denies every protocol, port and address."""
    closing: dict[Direction, float] = {}
    for rule in rules:
        if rule.allow or rule.groups or rule[1:4] != (Protocol.ANY, None, None):
            continue
        if not rule.prefixes or {*rule.prefixes} >= {*EVERYWHERE}:
            closing[rule.direction] = min(rule.priority, closing.get(rule.direction, _NEVER))
    return closing


def _addresses_alone(group: HostGroup) -> set[Prefix]:
    """The addresses that no other machine of the group can get a packet from, having none of their version.

    What a machine sends to itself never meets its firewall, though a rule may let its own address in. A
    network has many hosts.
    """
    versions = [{address.version for address in machine.addresses} for machine in group.machines]
    return {
        address
        for address in group.addresses
        if sum(address.version in own for own in versions) == 1
    }


def _compare(
    group: HostGroup, needed: _Passing, allowed: _Passing, egress: Egress
) -> Iterator[tuple[Discrepancy, bool]]:
    """Where the two differ; True where the packets are missing, False where in excess.

    Rules name what flows name unless some were merged: only the rest is compared packet by packet.
    """
    if needed == allowed:
        return
    versions, unlike = group.versions, dict[Prefix, tuple[_Held, _Held]]()
    reachable = [peer for peer in needed.keys() | allowed.keys() if peer.version in versions]
    for peer in reachable:
        one, other = needed.get(peer, set()), allowed.get(peer, set())
        if one != other:
            unlike[peer] = (False, frozenset(one)), (True, frozenset(other))
    # What both name of other peers can't make them differ: equal without it, they are equal with it.
    for key in sorted(set().union(*[_find_unlike(held) for *_, held in cut_addresses(unlike)])):
        if key[0] is Direction.OUT and egress is Egress.OPEN:
            continue
        sides = [_packets(passing, key, reachable) for passing in (needed, allowed)]
        found: dict[tuple[str, PortSet, bool], PortSet] = {}  # all source ports
        for version, peers, source, lost, gained in sides[0].differences(sides[1]):
            first = Prefix(version, peers.first, WIDTH[version])
            if peers.first < peers.last or first not in _addresses_alone(group):
                for ports, is_missing in ((lost, True), (gained, False)):
                    where = interval_text(version, peers), ports, is_missing
                    found[where] = found.get(where, NO_PORTS) | source
        for (text, ports, is_missing), source in found.items():
            if ports:
                yield Discrepancy(group.name, *key, text, source, ports), is_missing


@lru_cache(maxsize=8192)
def _find_unlike(held: frozenset[_Held]) -> frozenset[_Key]:
    """Of what is needed at an address and what is allowed: where their ports from equal ports differ."""
    known: dict[tuple[_Key, PortSet], tuple[set[PortRange], set[PortRange]]] = {}
    for is_allowed, passages in held:
        for direction, protocol, source, part in passages:
            sides = known.setdefault(((direction, protocol), source), (set(), set()))
            sides[is_allowed].add(part)
    unlike = [(key, *sides) for (key, _), sides in known.items() if sides[0] != sides[1]]
    united = PortSet.union_of
    return frozenset([key for key, one, other in unlike if united(one) != united(other)])


def _packets(passing: _Passing, key: _Key, peers: Iterable[Prefix]) -> PacketSet:
    """What passes in one direction, by one protocol, of some peers."""
    return PacketSet(
        ((peer,), source, PortSet((part,)))
        for peer in peers
        for direction, protocol, source, part in passing.get(peer, ())
        if (direction, protocol) == key
    )
