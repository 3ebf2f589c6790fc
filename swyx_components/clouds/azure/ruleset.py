"""ARM's records as rules: in the form of a plan, and as they apply to an address, whoever made them.

The tags of default rules are read as follows, because no file has their addresses:
VirtualNetwork is every private address, since it takes in peered and connected networks; Internet is all
the rest; AzureLoadBalancer is the platform's one probe address. Other tags stay unresolved.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from swyx_components.analysis.deployed.reachability import AccessList, AclEntry
from swyx_components.analysis.deployed.verify import DeployedGroup
from swyx_components.clouds.azure.records import (
    NetworkRecords,
    SecurityGroup,
    SecurityRule,
    Side,
    key_of,
    last_of,
)
from swyx_components.clouds.inventory import Address, Interface
from swyx_components.installation.check import NEVER_PUBLIC
from swyx_components.messages import shorten
from swyx_components.planner.model import EVERY_PROTOCOL, Direction, Protocol, Rule
from swyx_components.sets.packets import cut_addresses
from swyx_components.sets.ports import ALL_PORTS, ICMP_TYPES
from swyx_components.sets.prefixes import EVERYWHERE, Prefix, collapse_prefixes, split_interval

_IN, _OUT = Direction.IN, Direction.OUT
_NETWORK, _INTERNET, _BALANCER = (
    Side("", (tag,), (), (tag,)) for tag in ("VirtualNetwork", "Internet", "AzureLoadBalancer")
)
_DEFAULTS = (  # which every group has, below the priorities that a customer can give
    SecurityRule("AllowVnetInBound", 65000, _IN, True, _NETWORK, _NETWORK),
    SecurityRule("AllowAzureLoadBalancerInBound", 65001, _IN, True, Side(), _BALANCER),
    SecurityRule("DenyAllInBound", 65500, _IN, False),
    SecurityRule("AllowVnetOutBound", 65000, _OUT, True, _NETWORK, _NETWORK),
    SecurityRule("AllowInternetOutBound", 65001, _OUT, True, Side(), _INTERNET),
    SecurityRule("DenyAllOutBound", 65500, _OUT, False),
)
_PROTOCOLS: Mapping[str, tuple[Protocol, ...]] = {  # the first is a plan's
    "tcp": (Protocol.TCP,),
    "udp": (Protocol.UDP,),
    "icmp": (Protocol.ICMP, Protocol.ICMPV6),
    "*": EVERY_PROTOCOL,
}
PROBES = (Prefix.parse("168.63.129.16"),)
_LINK_LOCAL = tuple(map(Prefix.parse, ("169.254.0.0/16", "fe80::/10")))
_NO_GROUP = "no network security group"
_OPEN = AccessList(  # what applies to an interface without any group
    name=_NO_GROUP,
    entries=tuple(
        AclEntry(direction=way, peers=EVERYWHERE, owner=_NO_GROUP, label=f"{way.value} everything")
        for way in Direction
    ),
    ordered=True,
)


def read_groups(groups: Sequence[SecurityGroup], addresses: Sequence[Prefix]) -> DeployedGroup:
    """The groups that stand for one of a plan, which has these addresses, with their rules in its form."""
    rules: list[Rule] = []
    narrowed: list[Rule] = []
    unreadable: list[tuple[str, str]] = []
    for rule in (rule for group in groups for rule in group.rules):
        held, problem = rule.own.prefixes, _find_problem(rule)
        if not problem and held == EVERYWHERE:
            rules.append(_rule(rule))
            continue
        if not problem and all(any(p.contains(each) for p in held) for each in addresses):
            narrowed.append(_rule(rule))
        problem = problem or f"{rule.own.name} is {', '.join(rule.own.texts)} instead of *"
        unreadable.append((rule.name, f"{rule.name} at priority {rule.priority} ({problem})"))
    return DeployedGroup(
        ids={0: tuple(group.id for group in groups)},
        rules=tuple(rules),
        narrowed=tuple(narrowed),
        unreadable=tuple(unreadable),
    )


def _find_problem(rule: SecurityRule) -> str:
    """Why a plan can't express a rule whoever it is about, if it can't: its protocol, a tag or an ASG."""
    if rule.protocol not in _PROTOCOLS:
        return f"protocol {rule.protocol}"
    for side in (rule.peer, rule.own):
        if side.asgs:
            return f"{side.name} is the application security group {last_of(side.asgs[0])}"
        if side.tags:
            return f"{side.name} {side.tags[0]}"
    return ""


def _rule(rule: SecurityRule) -> Rule:
    """The record as a rule, for whoever it is about."""
    prefixes = rule.peer.prefixes
    protocol = _PROTOCOLS[rule.protocol][0] if rule.protocol != "*" else Protocol.ANY
    if protocol is Protocol.ICMP and prefixes and prefixes[0].version == 6:
        protocol = Protocol.ICMPV6  # to ARM both are Icmp
    return Rule(
        direction=rule.direction,
        protocol=protocol,
        ports=rule.ports,
        source_ports=rule.source_ports,
        prefixes=prefixes,
        allow=rule.allow,
        priority=rule.priority,
        name=rule.name,
        description=rule.description,
    )


class Ruleset:
    """Every group that applies to interfaces, whoever made it, as its rules count for single addresses.

    `own` are the site's addresses.
    """

    def __init__(self, records: NetworkRecords, own: Iterable[Prefix]) -> None:
        self.groups = records.groups
        self.by_subnet = {key_of(id): g for g in records.groups.values() for id in g.subnets}
        self._members = records.members
        private = (prefix for prefix in NEVER_PUBLIC if prefix not in _LINK_LOCAL)
        network = collapse_prefixes((*private, *own))
        held = {prefix: [prefix in network] for prefix in (*EVERYWHERE, *network)}
        outside = (
            prefix
            for version, addresses, inside in cut_addresses(held)
            if True not in inside
            for prefix in split_interval(version, addresses)
        )
        self._tags: Mapping[str, tuple[Prefix, ...]] = {
            "virtualnetwork": network,
            "internet": tuple(outside),
            "azureloadbalancer": PROBES,
        }

    def of_group(self, group: SecurityGroup, at: Address, name: str = "") -> AccessList:
        """The rules of a group as they count for one address, in order of priority."""
        own_name = name or group.title
        rules = sorted((*group.rules, *_DEFAULTS), key=lambda rule: rule.priority)
        entries = tuple(self._entry(rule, own_name) for rule in rules if self._is_about(rule, at))
        return AccessList(name=own_name, entries=entries, ordered=True)

    def layers_at(self, interface: Interface, address: Address) -> Iterator[AccessList]:
        """The group at an interface, then the one at the subnet; where there is neither, all is open."""
        for id in interface.groups:
            if key_of(id) in self.groups:
                yield self.of_group(self.groups[key_of(id)], address)
        behind = self.by_subnet.get(key_of(address.subnet))
        if behind is not None:
            name = f"{behind.title} of the subnet {last_of(address.subnet)}"
            yield self.of_group(behind, address, name)
        elif not interface.groups:
            yield _OPEN

    def _is_about(self, rule: SecurityRule, at: Address) -> bool:
        found = (prefix for tag in rule.own.tags for prefix in self._tags.get(tag.lower(), ()))
        return not at.asgs.isdisjoint(map(key_of, rule.own.asgs)) or any(
            prefix.contains(at.prefix) for prefix in (*rule.own.prefixes, *found)
        )

    def _entry(self, rule: SecurityRule, owner: str) -> AclEntry:
        """The rule; where it names ports, what has none is not meant."""
        protocols = _PROTOCOLS.get(rule.protocol, ())
        ports = rule.ports or ALL_PORTS
        if ports != ALL_PORTS:
            protocols = tuple(protocol for protocol in protocols if protocol.has_ports)
        if protocols and not any(protocol.has_ports for protocol in protocols):
            ports = ICMP_TYPES
        peer = rule.peer
        named = [(f"the addresses of {tag}", self._tags.get(tag.lower())) for tag in peer.tags]
        for asg in peer.asgs:
            own = None if self._members is None else self._members.get(key_of(asg), ())
            named.append((f"the members of {last_of(asg)}", own))
        return AclEntry(
            direction=rule.direction,
            protocols=protocols,
            ports=ports,
            source_ports=rule.source_ports or ALL_PORTS,
            peers=(*peer.prefixes, *(prefix for _, found in named for prefix in found or ())),
            owner=owner,
            label=_label(rule),
            allow=rule.allow,
            unresolved=", ".join(words for words, found in named if found is None),
        )


def _label(rule: SecurityRule) -> str:
    names = [*rule.peer.texts, *map(last_of, rule.peer.asgs)]
    ports = rule.ports or ALL_PORTS
    packets = "any protocol" if rule.protocol == "*" else rule.protocol
    packets += "" if ports == ALL_PORTS else f" {ports}"
    access = "" if rule.allow else "deny "
    return (
        f"{rule.priority} {rule.name}: {rule.direction.value} {access}{packets} {rule.direction.towards} "
        f"{', '.join(shorten(names, 3)) or 'no peer'}"
    )
