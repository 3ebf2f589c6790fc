"""The proof, both ways: what the rendered rules allow is exactly what the flows require.

It reads the rendered rules and the flows, resolves groups to the addresses of their machines, and
compares the two as exact sets of (peer address, source port, destination port). It shares only `sets`
and the model with the passes that made the rules.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

from swyx_components.installation.model import Egress
from swyx_components.planner.model import (
    PROTOCOL_OF,
    Capabilities,
    Direction,
    HostGroup,
    Protocol,
    RenderedSite,
    Rule,
)
from swyx_components.sets.packets import NO_PORT, PacketSet, Product
from swyx_components.sets.ports import ALL_PORTS, PortSet
from swyx_components.sets.prefixes import WIDTH, Prefix, interval_text


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
_Products = dict[_Key, list[Product]]
_KEYS = sorted(product(Direction, Protocol))


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
        needed = required[group.name]
        allowed = _find_allowed(rules.get(group.name, ()), addresses, rendered.capabilities)
        for key in _KEYS:
            if (key not in needed and key not in allowed) or (
                key[0] is Direction.OUT and plan.egress is Egress.OPEN
            ):
                continue
            sides = PacketSet(needed.get(key, ())), PacketSet(allowed.get(key, ()))
            for gap, is_missing in _find_gaps(group, key, *sides):
                (missing if is_missing else excess).append(gap)
    return Proof(site=plan.site, compared=compared, missing=tuple(missing), excess=tuple(excess))


def _find_required(rendered: RenderedSite) -> tuple[Mapping[str, _Products], int]:
    """What must pass at each group, straight from the flows and extra rules, and how many ends that is."""
    plan, matched = rendered.plan, rendered.capabilities.matches_source_ports
    names = {member.name: group.name for group in plan.groups for member in group.members}
    required: dict[str, _Products] = {group.name: {} for group in plan.groups}
    ends = {end for flow in plan.flows for end in (flow.initiator, flow.responder)}
    addresses = {end: end.addresses_for(plan.site) for end in ends}
    held = {
        end: [required[name] for name in {names[member] for member in end.members}]
        for end in ends
        if end.group is not None and end.site == plan.site
    }
    count = len(plan.extra_rules)
    for _, initiator, _, responder, _, transport, ports, source in plan.flows:
        protocol = PROTOCOL_OF[transport]
        sources = PortSet((source,)) if source and matched else ALL_PORTS
        for direction, own, peer in (
            (Direction.OUT, initiator, responder),
            (Direction.IN, responder, initiator),
        ):
            for products in held.get(own, ()):
                needed = addresses[peer], sources, ports
                products.setdefault((direction, protocol), []).append(needed)
                count += 1
    for rule in plan.extra_rules:
        for prefix in rule.peers:
            name = "icmpv6" if (rule.protocol, prefix.version) == ("icmp", 6) else rule.protocol
            needed = (prefix,), ALL_PORTS, rule.ports or NO_PORT
            key = Direction(rule.direction), Protocol(name)
            required[names[rule.machine]].setdefault(key, []).append(needed)
    return required, count


def _find_allowed(
    rules: Sequence[Rule], addresses: Mapping[str, tuple[Prefix, ...]], capabilities: Capabilities
) -> _Products:
    """What the cloud would allow at a machine under these rules."""
    closing = _find_closing(rules)
    allowed: _Products = {}
    if not capabilities.denies_by_default:
        for direction in set(Direction) - closing.keys():
            allowed |= {(direction, protocol): [_EVERYTHING] for protocol in _ALL}
            closing[direction] = -1
    for rule in rules:
        if rule.allow and rule.priority < closing.get(rule.direction, _NEVER):
            prefixes = rule.prefixes
            for name in rule.groups:
                prefixes += addresses.get(name, ())
            source = ALL_PORTS if rule.source_ports is None else rule.source_ports
            ports = ALL_PORTS if rule.ports is None else rule.ports
            for protocol in _ALL if rule.protocol is Protocol.ANY else (rule.protocol,):
                passing = prefixes, source, ports if protocol.has_ports else NO_PORT
                allowed.setdefault((rule.direction, protocol), []).append(passing)
    return allowed


_NEVER = float("inf")
_ALL = (Protocol.TCP, Protocol.UDP, Protocol.ICMP, Protocol.ICMPV6)
_EVERYTHING: Product = ((Prefix(4, 0, 0), Prefix(6, 0, 0)), ALL_PORTS, ALL_PORTS)


def _find_closing(rules: Iterable[Rule]) -> dict[Direction, float]:
    """The priority of the rule that denies every protocol, port and address."""
    closing: dict[Direction, float] = {}
    for rule in (rule for rule in rules if not rule.allow):
        lengths = {(prefix.version, prefix.length) for prefix in rule.prefixes}
        everybody = not rule.groups and (not lengths or lengths >= {(4, 0), (6, 0)})
        limits = rule.ports, rule.source_ports
        if rule.protocol is Protocol.ANY and limits == (None, None) and everybody:
            before = closing.get(rule.direction, _NEVER)
            closing[rule.direction] = min(rule.priority, before)
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


def _find_gaps(
    group: HostGroup, key: _Key, required: PacketSet, allowed: PacketSet
) -> Iterator[tuple[Discrepancy, bool]]:
    """Where the two differ; True where the packets are missing, False where in excess."""
    differences = required.differences(allowed, group.versions)
    for version, peers, source, lost, gained in differences:
        first = Prefix(version, peers.first, WIDTH[version])
        if peers.first < peers.last or first not in _addresses_alone(group):
            text = interval_text(version, peers)
            for ports, is_missing in ((lost, True), (gained, False)):
                if ports:
                    yield Discrepancy(group.name, *key, text, source, ports), is_missing
