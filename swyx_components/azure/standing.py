"""Network security groups, whoever made them, as layers before an interface.

The tags that every default rule uses are read as follows, for no file has what stands behind them:
VirtualNetwork is every private address, since it takes in peered and connected networks; Internet is all
the rest; AzureLoadBalancer is the platform's one probe address. Other tags stay unresolved.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from swyx_components.azure.client import key_of
from swyx_components.installation.check import NEVER_PUBLIC
from swyx_components.planner.deployed.standing import EVERY_PROTOCOL, ICMP_TYPES, Entry, Layer
from swyx_components.planner.model import Direction, Protocol
from swyx_components.sets.ports import ALL_PORTS, PortRange, PortSet
from swyx_components.sets.prefixes import (
    WIDTH,
    Interval,
    Prefix,
    collapse_prefixes,
    join_intervals,
    split_interval,
)

_PROTOCOLS: Mapping[str, tuple[Protocol, ...]] = {
    "tcp": (Protocol.TCP,),
    "udp": (Protocol.UDP,),
    "icmp": (Protocol.ICMP, Protocol.ICMPV6),
    "*": EVERY_PROTOCOL,
}
EVERYWHERE = (Prefix(4, 0, 0), Prefix(6, 0, 0))
_LINK_LOCAL = tuple(map(Prefix.parse, ("169.254.0.0/16", "fe80::/10")))
PROBES = (Prefix.parse("168.63.129.16"),)
_DEFAULTS = (  # which every group has, below the priorities that a customer can give
    ("AllowVnetInBound", "Inbound", 65000, "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowAzureLoadBalancerInBound", "Inbound", 65001, "Allow", "AzureLoadBalancer", "*"),
    ("DenyAllInBound", "Inbound", 65500, "Deny", "*", "*"),
    ("AllowVnetOutBound", "Outbound", 65000, "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowInternetOutBound", "Outbound", 65001, "Allow", "*", "Internet"),
    ("DenyAllOutBound", "Outbound", 65500, "Deny", "*", "*"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One address of an interface and the ASGs it is in, by key."""

    prefix: Prefix
    asgs: frozenset[str]


class Surroundings:
    """What names and tags stand for: `own` are the site's addresses, `members` those of each ASG by key.

    `members` None: nothing is known of ASGs.
    """

    def __init__(
        self, own: Iterable[Prefix], members: Mapping[str, tuple[Prefix, ...]] | None
    ) -> None:
        private = (prefix for prefix in NEVER_PUBLIC if prefix not in _LINK_LOCAL)
        network = collapse_prefixes((*private, *own))
        self.members = members
        self.tags: Mapping[str, tuple[Prefix, ...]] = {
            "*": EVERYWHERE,
            "virtualnetwork": network,
            "internet": tuple(_outside(network)),
            "azureloadbalancer": PROBES,
        }


def _outside(inside: Iterable[Prefix]) -> Iterator[Prefix]:
    network = tuple(inside)
    for version, width in WIDTH.items():
        first = 0
        own = (prefix.interval for prefix in network if prefix.version == version)
        end = Interval(1 << width, 1 << width)
        for low, high in (*join_intervals(own), end):
            yield from split_interval(version, Interval(first, low - 1)) if low > first else ()
            first = high + 1


def group_layer(group: Any, at: Address, around: Surroundings, name: str = "") -> Layer:
    """The rules of a group as they count for one address, in order of priority."""
    own_name = name or called(group)
    rules = sorted(group.security_rules or (), key=lambda rule: int(rule.priority))
    entries = [entry for rule in rules for entry in _entries(_Sides.of(rule), own_name, at, around)]
    for default in _DEFAULTS:
        entries += _entries(_Sides.default(*default), own_name, at, around)
    return Layer(name=own_name, entries=tuple(entries), ordered=True)


def open_layer() -> Layer:
    """What stands before an interface without any group: nothing."""
    entries = tuple(
        Entry(
            direction=direction,
            protocols=EVERY_PROTOCOL,
            ports=ALL_PORTS,
            peers=EVERYWHERE,
            owner="no network security group",
            label=f"{direction.value} everything",
        )
        for direction in Direction
    )
    return Layer(name="no network security group", entries=entries, ordered=True)


def called(group: Any) -> str:
    return f"network security group {last_of(group.id)}"


def last_of(id: str) -> str:
    """A resource's name, the end of its id."""
    return id.rstrip("/").rpartition("/")[2]


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
        inbound = word(rule.direction) == "inbound"
        own, peer = ("destination", "source") if inbound else ("source", "destination")
        return cls(
            name=str(rule.name),
            direction=Direction.IN if inbound else Direction.OUT,
            priority=int(rule.priority),
            allow=word(rule.access) == "allow",
            protocol=word(rule.protocol),
            own=_texts(rule, own),
            own_asgs=_asgs(rule, own),
            peer=_texts(rule, peer),
            peer_asgs=_asgs(rule, peer),
            ports=_ports(rule, "destination"),
            source_ports=_ports(rule, "source"),
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


def word(value: Any) -> str:
    """A word of ARM's, which the SDK gives as an enum where it knows it and as text where not."""
    return str(getattr(value, "value", value)).lower()


def _texts(rule: Any, side: str) -> tuple[str, ...]:
    single = getattr(rule, f"{side}_address_prefix", None)
    return (single,) if single else tuple(getattr(rule, f"{side}_address_prefixes", None) or ())


def _asgs(rule: Any, side: str) -> tuple[str, ...]:
    found = getattr(rule, f"{side}_application_security_groups", None) or ()
    return tuple(asg.id for asg in found)


def _ports(rule: Any, side: str) -> PortSet:
    single = getattr(rule, f"{side}_port_range", None)
    texts = [single] if single else list(getattr(rule, f"{side}_port_ranges", None) or ())
    if "*" in texts or not texts:
        return ALL_PORTS
    ranges = (str(text).partition("-") for text in texts)
    return PortSet.union_of(PortRange(int(low), int(high or low)) for low, _, high in ranges)


def _entries(sides: _Sides, owner: str, at: Address, around: Surroundings) -> Iterator[Entry]:
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
    yield Entry(
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
    own = (prefix for text in sides.own for prefix in _resolve(text, around) or ())
    return any(prefix.contains(at.prefix) for prefix in own)


def _peers(sides: _Sides, around: Surroundings) -> tuple[tuple[Prefix, ...], tuple[str, ...]]:
    prefixes: list[Prefix] = []
    unresolved: list[str] = []
    for text in sides.peer:
        found = _resolve(text, around)
        prefixes += found or ()
        unresolved += [] if found is not None else [f"the addresses of {text}"]
    for asg in sides.peer_asgs:
        name = asg.rpartition("/")[2]
        if around.members is None:
            unresolved.append(f"the members of {name}")
        else:
            prefixes += around.members.get(key_of(asg), ())
    return tuple(prefixes), tuple(unresolved)


def _resolve(text: str, around: Surroundings) -> tuple[Prefix, ...] | None:
    """The addresses of a CIDR, of a range or of a tag that is read; None of any other."""
    tag = around.tags.get(str(text).lower())
    if tag is not None:
        return tag
    first, dash, last = str(text).partition("-")
    try:
        if not dash:
            return (Prefix.parse(first),)
        low, high = Prefix.parse(first), Prefix.parse(last)
        return tuple(split_interval(low.version, Interval(low.first, high.last)))
    except ValueError:
        return None


def _label(sides: _Sides) -> str:
    towards = "from" if sides.direction is Direction.IN else "to"
    names = [*sides.peer, *(asg.rpartition("/")[2] for asg in sides.peer_asgs)]
    ports = "" if sides.ports == ALL_PORTS else f" {sides.ports}"
    protocol = "any protocol" if sides.protocol == "*" else sides.protocol
    access = "" if sides.allow else "deny "
    shown = [*names[:3], *([f"{len(names) - 3} more"] if len(names) > 3 else [])]
    return (
        f"{sides.priority} {sides.name}: {sides.direction.value} {access}{protocol}{ports} {towards} "
        f"{', '.join(shown) or 'nobody'}"
    )


def subnet_groups(groups: Iterable[Any]) -> Mapping[str, Any]:
    """Which group stands before which subnet, by key."""
    return {
        key_of(subnet.id): group for group in groups for subnet in group.subnets or () if subnet.id
    }


def members_of(interfaces: Iterable[Any]) -> Mapping[str, tuple[Prefix, ...]]:
    """The addresses in each ASG, by key."""
    members: dict[str, tuple[Prefix, ...]] = {}
    for interface in interfaces:
        for prefix, asgs in addresses_of(interface):
            for asg in asgs:
                members[asg] = (*members.get(asg, ()), prefix)
    return members


def addresses_of(interface: Any) -> Iterator[tuple[Prefix, frozenset[str]]]:
    """Every address of an interface with the ASGs of its configuration, by key."""
    for configuration in interface.ip_configurations or ():
        address = address_of(configuration)
        if address is not None:
            yield address.prefix, address.asgs


def address_of(configuration: Any) -> Address | None:
    """The address of one configuration; none while it has no fixed one."""
    if not configuration.private_ip_address:
        return None
    asgs = configuration.application_security_groups or ()
    return Address(
        prefix=Prefix.parse(configuration.private_ip_address),
        asgs=frozenset(key_of(asg.id) for asg in asgs),
    )
