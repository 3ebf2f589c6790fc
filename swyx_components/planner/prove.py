"""The proof, both ways: what the rendered rules allow is exactly what the flows require.

It reads the rendered specs and the flows, resolves groups and identities to the addresses of their
machines, and compares the two as exact sets of (peer address, source port, destination port). It
shares only `sets` and the model with the passes that made the rules.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from swyx_components.installation.model import Egress
from swyx_components.planner.model import (
    Abilities,
    Direction,
    HostGroup,
    Identity,
    Protocol,
    RenderedSite,
    Spec,
)
from swyx_components.sets.ports import ALL_PORTS, PortSet
from swyx_components.sets.prefixes import Prefix

_NO_PORT = PortSet.of((0, 0))  # stands for the absence of ports in ICMP


class Gap(NamedTuple):
    """Packets on which the flows and the rules disagree, at one group."""

    group: str
    direction: Direction
    protocol: Protocol
    first: str  # first and last peer address
    last: str
    source_ports: PortSet
    ports: PortSet

    def __str__(self) -> str:
        peers = self.first if self.first == self.last else f"{self.first}-{self.last}"
        towards = "from" if self.direction is Direction.IN else "to"
        source = "" if self.source_ports == ALL_PORTS else f" source ports {self.source_ports}"
        ports = "" if self.protocol not in (Protocol.TCP, Protocol.UDP) else f" {self.ports}"
        return f"{self.group} {self.direction.value} {self.protocol.value}{ports} {towards} {peers}{source}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What the comparison found; it holds when nothing is missing and nothing in excess.

    `compared` counts the ends of required flows and extra rules that were looked for.
    """

    site: str
    compared: int
    missing: tuple[Gap, ...]
    excess: tuple[Gap, ...]

    @property
    def holds(self) -> bool:
        return not self.missing and not self.excess

    def __str__(self) -> str:
        return (
            f"{self.site}: {self.compared} required ends compared, "
            f"{len(self.missing)} missing, {len(self.excess)} excess"
        )


class Box(NamedTuple):
    """Some addresses with some source and destination ports."""

    prefixes: tuple[Prefix, ...]
    source_ports: PortSet
    ports: PortSet


Space = dict[tuple[Direction, Protocol], list[Box]]


def prove(rendered: RenderedSite) -> Proof:
    """Compare what a rendered site allows with what its flows and extra rules require."""
    return prove_specs(rendered, {entry.group.name: entry.specs for entry in rendered.groups})


def prove_specs(rendered: RenderedSite, specs: Mapping[str, Sequence[Spec]]) -> Proof:
    """The same for other specs of the same groups, such as those read back from a cloud."""
    compared = 0
    missing: list[Gap] = []
    excess: list[Gap] = []
    addresses = Addresses(rendered.plan.groups)
    for group in rendered.plan.groups:
        required, count = _required_space(rendered, group)
        own = specs.get(group.name, ())
        allowed = allowed_space(group.identities, own, addresses, rendered.abilities)
        compared += count
        for key in sorted({*required, *allowed}, key=lambda key: (key[0].value, key[1].value)):
            if key[0] is Direction.OUT and rendered.plan.egress is Egress.OPEN:
                continue
            sides = required.get(key, []), allowed.get(key, [])
            for gap, is_missing in compare_boxes(group, *key, *sides):
                (missing if is_missing else excess).append(gap)
    return Proof(
        site=rendered.plan.site, compared=compared, missing=tuple(missing), excess=tuple(excess)
    )


class Addresses:
    """The addresses behind the names that specs use."""

    def __init__(self, groups: Iterable[HostGroup]) -> None:
        self.of_group: dict[str, tuple[Prefix, ...]] = {}
        self.of_identity: dict[Identity, tuple[Prefix, ...]] = {}
        for group in groups:
            own = _addresses_of(group)
            self.of_group[group.name] = own
            for identity in group.identities:
                self.of_identity[identity] = (*self.of_identity.get(identity, ()), *own)

    def of(self, spec: Spec) -> tuple[Prefix, ...]:
        named = (self.of_group.get(name, ()) for name in spec.groups)
        identified = (self.of_identity.get(identity, ()) for identity in spec.identities)
        return (*spec.prefixes, *(p for part in (*named, *identified) for p in part))


def _addresses_of(group: HostGroup) -> tuple[Prefix, ...]:
    return tuple(address for machine in group.machines for address in machine.addresses)


def _required_space(rendered: RenderedSite, group: HostGroup) -> tuple[Space, int]:
    """What must pass at a group, straight from the flows and extra rules, and how many they are."""
    space: Space = {}
    count = 0
    site = rendered.plan.site
    for flow in rendered.plan.flows:
        source = PortSet((flow.source_ports,)) if flow.source_ports else ALL_PORTS
        if not rendered.abilities.matches_source_ports:
            source = ALL_PORTS
        for direction, own, peer in (
            (Direction.OUT, flow.initiator, flow.responder),
            (Direction.IN, flow.responder, flow.initiator),
        ):
            if own.site == site and own.group is not None and own.label == group.name:
                count += 1
                box = Box(peer.prefixes, source, flow.ports)
                space.setdefault((direction, Protocol(flow.transport.value)), []).append(box)
    names = {machine.name for machine in group.machines}
    for rule in rendered.plan.extra_rules:
        if rule.machine in names:
            count += 1
            for prefix in rule.peers:
                name = "icmpv6" if (rule.protocol, prefix.version) == ("icmp", 6) else rule.protocol
                box = Box((prefix,), ALL_PORTS, rule.ports or _NO_PORT)
                space.setdefault((Direction(rule.direction), Protocol(name)), []).append(box)
    return space, count


def allowed_space(
    identities: Sequence[Identity],
    specs: Sequence[Spec],
    addresses: Addresses,
    abilities: Abilities,
) -> Space:
    """What the cloud would let pass at a machine with these identities under these rules."""
    space: Space = {}
    for direction in Direction:
        own = [spec for spec in specs if spec.direction is direction]
        closing = min((spec.priority for spec in own if _denies_all(spec)), default=None)
        if closing is None and not abilities.denies_by_default:
            everything = (Prefix(4, 0, 0), Prefix(6, 0, 0))
            for protocol in (Protocol.TCP, Protocol.UDP, Protocol.ICMP, Protocol.ICMPV6):
                space[direction, protocol] = [Box(everything, ALL_PORTS, ALL_PORTS)]
            continue
        for spec in own:
            if spec.own_identity is not None and spec.own_identity not in identities:
                continue  # the rule is about machines that are not here
            if spec.allow and (closing is None or spec.priority < closing):
                for protocol in _protocols(spec):
                    ports = ALL_PORTS if spec.ports is None else spec.ports
                    box = Box(
                        addresses.of(spec),
                        ALL_PORTS if spec.source_ports is None else spec.source_ports,
                        ports if protocol.has_ports else _NO_PORT,
                    )
                    space.setdefault((direction, protocol), []).append(box)
    return space


def _denies_all(spec: Spec) -> bool:
    """Whether a spec closes its direction for every protocol, port and address."""
    everywhere = {(prefix.version, prefix.length) for prefix in spec.prefixes} >= {(4, 0), (6, 0)}
    return (
        not spec.allow
        and spec.protocol is Protocol.ANY
        and spec.own_identity is None
        and (spec.ports, spec.source_ports) == (None, None)
        and not (spec.groups or spec.identities)
        and (everywhere or not spec.prefixes)
    )


def _protocols(spec: Spec) -> tuple[Protocol, ...]:
    if spec.protocol is Protocol.ANY:
        return (Protocol.TCP, Protocol.UDP, Protocol.ICMP, Protocol.ICMPV6)
    return (spec.protocol,)


def compare_boxes(
    group: HostGroup,
    direction: Direction,
    protocol: Protocol,
    required: Sequence[Box],
    allowed: Sequence[Box],
) -> Iterator[tuple[Gap, bool]]:
    """Gaps between two unions of boxes; True where the packets are missing, False where in excess."""
    # A packet from the only machine of a group to itself never meets its firewall.
    own = set(_addresses_of(group)) if len(group.machines) == 1 else set()
    for version in sorted(group.versions):
        pieces = _pieces(version, required, allowed)
        for first, last, needed, given in pieces:
            if first == last and Prefix(version, first, 32 if version == 4 else 128) in own:
                continue
            if needed == given:
                continue
            for source, missing, excess in _port_differences(needed, given):
                for ports, is_missing in ((missing, True), (excess, False)):
                    if ports:
                        low, high = (Prefix(version, end, 0).address for end in (first, last))
                        yield (
                            Gap(group.name, direction, protocol, low, high, source, ports),
                            is_missing,
                        )


_Ports = frozenset[tuple[PortSet, PortSet]]


def _pieces(
    version: int, required: Sequence[Box], allowed: Sequence[Box]
) -> Iterator[tuple[int, int, _Ports, _Ports]]:
    """The address space cut wherever either side changes, with the port boxes of both sides."""
    sides = [
        [
            (prefix, (box.source_ports, box.ports))
            for box in boxes
            for prefix in box.prefixes
            if prefix.version == version
        ]
        for boxes in (required, allowed)
    ]
    cuts = sorted(
        {cut for side in sides for prefix, _ in side for cut in (prefix.first, prefix.last + 1)}
    )
    members: list[tuple[set[tuple[PortSet, PortSet]], ...]] = [(set(), set()) for _ in cuts]
    for place, side in enumerate(sides):
        for prefix, ports in side:
            for piece in range(bisect_left(cuts, prefix.first), bisect_left(cuts, prefix.last + 1)):
                members[piece][place].add(ports)
    for piece, (needed, given) in enumerate(members):
        if needed or given:
            yield cuts[piece], cuts[piece + 1] - 1, frozenset(needed), frozenset(given)


def _port_differences(needed: _Ports, given: _Ports) -> Iterator[tuple[PortSet, PortSet, PortSet]]:
    """(source ports, missing destination ports, destination ports in excess), over cut source ports."""
    cuts = sorted(
        {
            cut
            for boxes in (needed, given)
            for source, _ in boxes
            for part in source
            for cut in (part.first, part.last + 1)
        }
    )
    for first, after in pairwise(cuts):
        source = PortSet.of((first, after - 1))
        wanted, open_ = (
            PortSet.union_of(
                part for own, ports in boxes if own.covers(source[0]) for part in ports
            )
            for boxes in (needed, given)
        )
        if wanted != open_:
            yield source, wanted - open_, open_ - wanted
