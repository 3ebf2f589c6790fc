"""Network security groups, whoever made them, as layers before an interface."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from swyx_components.analysis.deployed.ruleset import (
    EVERY_PROTOCOL,
    ICMP_TYPES,
    AccessList,
    AclEntry,
)
from swyx_components.clouds.azure.arm import (
    Address,
    addresses_at,
    asgs_at,
    direction_of,
    key_of,
    last_of,
    ports_at,
    sides_of,
    word,
)
from swyx_components.clouds.azure.surroundings import EVERYWHERE, Surroundings
from swyx_components.planner.model import Direction, Protocol
from swyx_components.sets.ports import ALL_PORTS, PortSet
from swyx_components.sets.prefixes import Prefix

_PROTOCOLS: Mapping[str, tuple[Protocol, ...]] = {
    "tcp": (Protocol.TCP,),
    "udp": (Protocol.UDP,),
    "icmp": (Protocol.ICMP, Protocol.ICMPV6),
    "*": EVERY_PROTOCOL,
}
_DEFAULTS = (  # which every group has, below the priorities that a customer can give
    ("AllowVnetInBound", "Inbound", 65000, "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowAzureLoadBalancerInBound", "Inbound", 65001, "Allow", "AzureLoadBalancer", "*"),
    ("DenyAllInBound", "Inbound", 65500, "Deny", "*", "*"),
    ("AllowVnetOutBound", "Outbound", 65000, "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowInternetOutBound", "Outbound", 65001, "Allow", "*", "Internet"),
    ("DenyAllOutBound", "Outbound", 65500, "Deny", "*", "*"),
)


def group_layer(group: Any, at: Address, around: Surroundings, name: str = "") -> AccessList:
    """The rules of a group as they count for one address, in order of priority."""
    own_name = name or called(group)
    rules = sorted(group.security_rules or (), key=lambda rule: int(rule.priority))
    entries = [entry for rule in rules for entry in _entries(_Sides.of(rule), own_name, at, around)]
    for default in _DEFAULTS:
        entries += _entries(_Sides.default(*default), own_name, at, around)
    return AccessList(name=own_name, entries=tuple(entries), ordered=True)


def open_layer() -> AccessList:
    """What stands before an interface without any group: nothing."""
    entries = tuple(
        AclEntry(
            direction=direction,
            protocols=EVERY_PROTOCOL,
            ports=ALL_PORTS,
            peers=EVERYWHERE,
            owner="no network security group",
            label=f"{direction.value} everything",
        )
        for direction in Direction
    )
    return AccessList(name="no network security group", entries=entries, ordered=True)


def called(group: Any) -> str:
    """What people call a group."""
    return f"network security group {last_of(group.id)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sides:
    """One rule: its own side and the other one as texts and ASGs."""

    name: str
    direction: Direction
    priority: int
    allow: bool
    protocol: str
    own: tuple[str, ...]
    own_asgs: tuple[str, ...]
    peer: tuple[str, ...]
    peer_asgs: tuple[str, ...]
    ports: PortSet
    source_ports: PortSet

    @classmethod
    def of(cls, rule: Any) -> "_Sides":
        direction = direction_of(rule)
        own, peer = sides_of(direction)
        return cls(
            name=str(rule.name),
            direction=direction,
            priority=int(rule.priority),
            allow=word(rule.access) == "allow",
            protocol=word(rule.protocol),
            own=addresses_at(rule, own),
            own_asgs=asgs_at(rule, own),
            peer=addresses_at(rule, peer),
            peer_asgs=asgs_at(rule, peer),
            ports=ports_at(rule, "destination") or ALL_PORTS,
            source_ports=ports_at(rule, "source") or ALL_PORTS,
        )

    @classmethod
    def default(
        cls, name: str, way: str, priority: int, access: str, source: str, destination: str
    ) -> "_Sides":
        inbound = way == "Inbound"
        return cls(
            name=name,
            direction=Direction.IN if inbound else Direction.OUT,
            priority=priority,
            allow=access == "Allow",
            protocol="*",
            own=(destination if inbound else source,),
            own_asgs=(),
            peer=(source if inbound else destination,),
            peer_asgs=(),
            ports=ALL_PORTS,
            source_ports=ALL_PORTS,
        )


def _entries(sides: _Sides, owner: str, at: Address, around: Surroundings) -> Iterator[AclEntry]:
    """The rule as it counts for one address: not at all, or as one entry."""
    if not _is_about(sides, at, around):
        return
    peers, unresolved = _peers(sides, around)
    protocols = _PROTOCOLS.get(sides.protocol, ())
    ports = sides.ports
    if ports != ALL_PORTS:  # what has no ports is not meant
        protocols = tuple(protocol for protocol in protocols if protocol.has_ports)
    if protocols and not any(protocol.has_ports for protocol in protocols):
        ports = ICMP_TYPES
    yield AclEntry(
        direction=sides.direction,
        protocols=protocols,
        ports=ports,
        source_ports=sides.source_ports,
        peers=peers,
        owner=owner,
        label=_label(sides),
        allow=sides.allow,
        unresolved=", ".join(unresolved),
    )


def _is_about(sides: _Sides, at: Address, around: Surroundings) -> bool:
    if any(key_of(asg) in at.asgs for asg in sides.own_asgs):
        return True
    own = (prefix for text in sides.own for prefix in around.resolve(text) or ())
    return any(prefix.contains(at.prefix) for prefix in own)


def _peers(sides: _Sides, around: Surroundings) -> tuple[tuple[Prefix, ...], tuple[str, ...]]:
    prefixes: list[Prefix] = []
    unresolved: list[str] = []
    for text in sides.peer:
        found = around.resolve(text)
        prefixes += found or ()
        unresolved += [] if found is not None else [f"the addresses of {text}"]
    for asg in sides.peer_asgs:
        name = last_of(asg)
        if around.members is None:
            unresolved.append(f"the members of {name}")
        else:
            prefixes += around.members.get(key_of(asg), ())
    return tuple(prefixes), tuple(unresolved)


def _label(sides: _Sides) -> str:
    towards = "from" if sides.direction is Direction.IN else "to"
    names = [*sides.peer, *(last_of(asg) for asg in sides.peer_asgs)]
    ports = "" if sides.ports == ALL_PORTS else f" {sides.ports}"
    protocol = "any protocol" if sides.protocol == "*" else sides.protocol
    access = "" if sides.allow else "deny "
    shown = [*names[:3], *([f"{len(names) - 3} more"] if len(names) > 3 else [])]
    return (
        f"{sides.priority} {sides.name}: {sides.direction.value} {access}{protocol}{ports} {towards} "
        f"{', '.join(shown) or 'nobody'}"
    )
