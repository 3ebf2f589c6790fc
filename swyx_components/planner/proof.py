"""The proof, both ways: what the rendered rules allow is exactly what the flows require.

It reads the rendered specs and the flows, resolves groups to the addresses of their machines, and
compares the two as exact sets of (peer address, source port, destination port). It shares only `sets`
and the model with the passes that made the rules.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from swyx_components.catalogue import Transport
from swyx_components.installation.model import Egress
from swyx_components.planner.boxes import (
    NO_PORT,
    Box,
    Ports,
    cut_pieces,
    find_port_differences,
    surely_equal,
)
from swyx_components.planner.model import (
    PROTOCOL_OF,
    Capabilities,
    Direction,
    HostGroup,
    Protocol,
    RenderedSite,
    Spec,
)
from swyx_components.sets.ports import ALL_PORTS, PortRange, PortSet
from swyx_components.sets.prefixes import Prefix


class Discrepancy(NamedTuple):
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
    missing: tuple[Discrepancy, ...]
    excess: tuple[Discrepancy, ...]

    @property
    def holds(self) -> bool:
        return not self.missing and not self.excess

    def __str__(self) -> str:
        return (
            f"{self.site}: {self.compared} required ends compared, "
            f"{len(self.missing)} missing, {len(self.excess)} excess"
        )


Space = dict[tuple[Direction, Protocol], list[Box]]
_Alike = tuple[
    str, Direction, Transport, PortRange | None, PortSet
]  # a flow at a group, but for its peer


def prove(rendered: RenderedSite) -> Proof:
    """Compare what a rendered site allows with what its flows and extra rules require."""
    return prove_specs(rendered, {entry.group.name: entry.specs for entry in rendered.groups})


def prove_specs(rendered: RenderedSite, specs: Mapping[str, Sequence[Spec]]) -> Proof:
    """The same for other specs of the same groups, such as those read back from a cloud."""
    missing: list[Discrepancy] = []
    excess: list[Discrepancy] = []
    addresses = Addresses(rendered.plan.groups)
    required, compared = _required_spaces(rendered)
    for group in rendered.plan.groups:
        needed = required[group.name]
        own = specs.get(group.name, ())
        allowed = allowed_space(own, addresses, rendered.capabilities)
        for key in sorted({*needed, *allowed}, key=lambda key: (key[0].value, key[1].value)):
            if key[0] is Direction.OUT and rendered.plan.egress is Egress.OPEN:
                continue
            sides = needed.get(key, []), allowed.get(key, [])
            for gap, is_missing in compare_boxes(group, *key, *sides):
                (missing if is_missing else excess).append(gap)
    return Proof(
        site=rendered.plan.site, compared=compared, missing=tuple(missing), excess=tuple(excess)
    )


class Addresses:
    """The addresses behind the names that specs use."""

    def __init__(self, groups: Iterable[HostGroup]) -> None:
        self.of_group = {group.name: _addresses_of(group) for group in groups}

    def of(self, spec: Spec) -> tuple[Prefix, ...]:
        found = spec.prefixes
        for name in spec.groups:
            found += self.of_group.get(name, ())
        return found


def _addresses_of(group: HostGroup) -> tuple[Prefix, ...]:
    return tuple(address for machine in group.machines for address in machine.addresses)


def _required_spaces(rendered: RenderedSite) -> tuple[Mapping[str, Space], int]:
    """What must pass at each group, straight from the flows and extra rules, and how many ends that is."""
    spaces: dict[str, Space] = {group.name: {} for group in rendered.plan.groups}
    groups = rendered.plan.groups_by_machine()
    site, matched = rendered.plan.site, rendered.capabilities.matches_source_ports
    # Many flows of a hub differ in nothing but the peer.
    peers: dict[_Alike, list[Prefix]] = {}
    count = 0
    for _, initiator, _, responder, _, transport, ports, source in rendered.plan.flows:
        for direction, own, peer in (
            (Direction.OUT, initiator, responder),
            (Direction.IN, responder, initiator),
        ):
            if own.group is not None and own.site == site:
                held = {groups[machine.name].name for machine in own.group.machines}
                count += len(held)
                for group in held:
                    alike = group, direction, transport, source if matched else None, ports
                    peers.setdefault(alike, []).extend(peer.addresses_for(site))
    for (group, direction, transport, source, ports), prefixes in peers.items():
        box = Box(tuple(prefixes), PortSet((source,)) if source else ALL_PORTS, ports)
        key = direction, PROTOCOL_OF[transport]
        spaces[group].setdefault(key, []).append(box)
    for rule in rendered.plan.extra_rules:
        count += 1
        for prefix in rule.peers:
            name = "icmpv6" if (rule.protocol, prefix.version) == ("icmp", 6) else rule.protocol
            box = Box((prefix,), ALL_PORTS, rule.ports or NO_PORT)
            key = Direction(rule.direction), Protocol(name)
            spaces[groups[rule.machine].name].setdefault(key, []).append(box)
    return spaces, count


def allowed_space(specs: Sequence[Spec], addresses: Addresses, capabilities: Capabilities) -> Space:
    """What the cloud would let pass at a machine under these rules."""
    closing = _find_closing(specs)
    space: Space = {}
    if not capabilities.denies_by_default:
        for direction in Direction:
            if direction not in closing:
                space |= {(direction, protocol): [_EVERYTHING] for protocol in _ALL}
    opened = {direction for direction, _ in space}
    for spec in specs:
        direction = spec.direction
        if direction in opened or not spec.allow:
            continue
        if direction in closing and closing[direction] <= spec.priority:
            continue
        prefixes = addresses.of(spec)
        source = ALL_PORTS if spec.source_ports is None else spec.source_ports
        ports = ALL_PORTS if spec.ports is None else spec.ports
        for protocol in _ALL if spec.protocol is Protocol.ANY else (spec.protocol,):
            box = Box(prefixes, source, ports if protocol.has_ports else NO_PORT)
            space.setdefault((direction, protocol), []).append(box)
    return space


_ALL = (Protocol.TCP, Protocol.UDP, Protocol.ICMP, Protocol.ICMPV6)
_EVERYTHING = Box((Prefix(4, 0, 0), Prefix(6, 0, 0)), ALL_PORTS, ALL_PORTS)


def _find_closing(specs: Iterable[Spec]) -> Mapping[Direction, int]:
    """The priority from which on nothing passes, of the directions that have one."""
    closing: dict[Direction, int] = {}
    for spec in specs:
        if not spec.allow and _is_about_everything(spec):
            before = closing.get(spec.direction, spec.priority)
            closing[spec.direction] = min(before, spec.priority)
    return closing


def _is_about_everything(spec: Spec) -> bool:
    """Whether it is about every protocol, port and address."""
    everywhere = {(prefix.version, prefix.length) for prefix in spec.prefixes} >= {(4, 0), (6, 0)}
    return (
        spec.protocol is Protocol.ANY
        and (spec.ports, spec.source_ports) == (None, None)
        and not spec.groups
        and (everywhere or not spec.prefixes)
    )


def _addresses_alone(group: HostGroup) -> set[Prefix]:
    """The addresses that no other machine of the group can get a packet from, having none of their version.

    What a machine sends to itself never meets its firewall, though a rule may let its own address in.
    """
    versions = [{address.version for address in machine.addresses} for machine in group.machines]
    return {
        address
        for address in _addresses_of(group)
        if sum(address.version in own for own in versions) == 1
    }


_Differences = tuple[tuple[PortSet, PortSet, PortSet], ...]


def compare_boxes(
    group: HostGroup,
    direction: Direction,
    protocol: Protocol,
    required: Sequence[Box],
    allowed: Sequence[Box],
) -> Iterator[tuple[Discrepancy, bool]]:
    """Gaps between two unions of boxes; True where the packets are missing, False where in excess."""
    if surely_equal(required, allowed):
        return
    own = _addresses_alone(group)
    known: dict[tuple[Ports, Ports], _Differences] = {}  # many addresses have the same ports
    for version in sorted(group.versions):
        for first, last, *sides in cut_pieces(version, required, allowed):
            if first == last and Prefix(version, first, 32 if version == 4 else 128) in own:
                continue
            pair = sides[0], sides[1]
            if pair not in known:
                known[pair] = () if sides[0] == sides[1] else tuple(find_port_differences(*pair))
            for source, missing, excess in known[pair]:
                for ports, is_missing in ((missing, True), (excess, False)):
                    if ports:
                        low, high = (Prefix(version, end, 0).address for end in (first, last))
                        yield (
                            Discrepancy(group.name, direction, protocol, low, high, source, ports),
                            is_missing,
                        )
