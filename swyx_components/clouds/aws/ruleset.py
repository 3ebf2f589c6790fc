"""Security groups and network ACLs, whoever made them, as layers before an interface."""

from collections.abc import Iterable, Iterator, Mapping

from swyx_components.analysis.deployed.ruleset import (
    EVERY_PROTOCOL,
    ICMP_TYPES,
    AccessList,
    AclEntry,
)
from swyx_components.clouds.aws.client import Json, addresses_of
from swyx_components.planner.model import Direction, Protocol
from swyx_components.sets.ports import ALL_PORTS, PortSet
from swyx_components.sets.prefixes import Prefix

_PROTOCOLS: Mapping[str, tuple[Protocol, ...]] = {
    "-1": EVERY_PROTOCOL,
    "tcp": (Protocol.TCP,),
    "6": (Protocol.TCP,),
    "udp": (Protocol.UDP,),
    "17": (Protocol.UDP,),
    "icmp": (Protocol.ICMP,),
    "1": (Protocol.ICMP,),
    "icmpv6": (Protocol.ICMPV6,),
    "58": (Protocol.ICMPV6,),
}
_NAMES = {"-1": "any protocol", "6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}

Members = Mapping[str, tuple[Prefix, ...]]
"""The addresses of the interfaces in each security group, as far as they are known."""


def group_layer(groups: Mapping[str, str], rules: Iterable[Json], members: Members) -> AccessList:
    """The rules of all groups of an interface, which add up. `groups` are their names by id."""
    entries = tuple(
        _group_entry(rule, called(rule["GroupId"], groups), members)
        for rule in rules
        if rule["GroupId"] in groups
    )
    names = ", ".join(called(id, groups) for id in sorted(groups)) or "no security group"
    return AccessList(name=f"security group {names}" if groups else names, entries=entries)


def called(id: str, names: Mapping[str, str]) -> str:
    """`sg-1 (web)`, or the id alone where it has no other name."""
    name = names.get(id) or id
    return id if name == id else f"{id} ({name})"


def _group_entry(rule: Json, owner: str, members: Members) -> AclEntry:
    protocol = str(rule["IpProtocol"]).lower()
    peers, unresolved, words = _peers(rule, members)
    direction = Direction.OUT if rule["IsEgress"] else Direction.IN
    first, last = int(rule.get("FromPort", -1)), int(rule.get("ToPort", -1))
    ports = _ports(protocol, first, last)
    towards = "to" if rule["IsEgress"] else "from"
    id = rule.get("SecurityGroupRuleId") or ""
    text = f"{direction.value} {_called_ports(protocol, ports)} {towards} {words}"
    return AclEntry(
        direction=direction,
        protocols=_PROTOCOLS.get(protocol, ()),
        ports=ports,
        peers=peers,
        owner=owner,
        label=f"{text} ({id})" if id.startswith("sgr-") else text,
        unresolved=unresolved,
    )


def _peers(rule: Json, members: Members) -> tuple[tuple[Prefix, ...], str, str]:
    """The addresses, what of them is not known, and the words for them."""
    cidr = rule.get("CidrIpv4") or rule.get("CidrIpv6")
    if cidr:
        return (Prefix.parse(cidr),), "", str(cidr)
    group = (rule.get("ReferencedGroupInfo") or {}).get("GroupId")
    if group:
        known = group in members
        return members.get(group, ()), "" if known else f"the members of {group}", str(group)
    list_id = str(rule.get("PrefixListId") or "a source that the file does not tell")
    return (), f"the entries of prefix list {list_id}", list_id


def _ports(protocol: str, first: int, last: int) -> PortSet:
    """Destination ports; of ICMP the type, whatever the code."""
    kinds = _PROTOCOLS.get(protocol, ())
    if protocol == "-1" or not kinds:
        return ALL_PORTS
    if kinds[0].has_ports:
        return PortSet.of((max(first, 0), 65535 if last == -1 else last))
    return ICMP_TYPES if first == -1 else PortSet.of((first, first))


def _called_ports(protocol: str, ports: PortSet) -> str:
    kinds = _PROTOCOLS.get(protocol, ())
    name = _NAMES.get(protocol, protocol if kinds else f"protocol {protocol}")
    if len(kinds) != 1 or ports == ICMP_TYPES:
        return name
    if not kinds[0].has_ports:
        return f"{name} type {ports}"
    return f"{name} {'every port' if ports == ALL_PORTS else ports}"


def find_acl(acls: Iterable[Json], interface: Json) -> Json | None:
    """The network ACL of an interface's subnet; where none is associated, the default one of its VPC."""
    known = list(acls)
    for acl in known:
        if any(each.get("SubnetId") == interface["SubnetId"] for each in acl["Associations"]):
            return acl
    own = (acl for acl in known if acl["IsDefault"] and acl["VpcId"] == interface["VpcId"])
    return next(own, None)


def acl_layer(acl: Json, neighbours: tuple[Prefix, ...] = ()) -> AccessList:
    """A network ACL: numbered rules, the first that fits decides, and replies need rules of their own.

    `neighbours` are addresses of the same subnet: what stays within it meets no network ACL. Source:
    "Control subnet traffic with network access control lists" of the VPC user guide.
    """
    name = f"network ACL {acl['NetworkAclId']}"
    ordered = sorted(acl["Entries"], key=lambda entry: int(entry["RuleNumber"]))
    entries = (*_within(neighbours, name), *(_acl_entry(entry, name) for entry in ordered))
    return AccessList(name=name, entries=entries, ordered=True, stateless=True)


def lets_everything_pass(acl: Json, addresses: Iterable[Prefix]) -> bool:
    """Whether a network ACL stops nothing at these addresses, as the default one of a VPC."""
    layer = acl_layer(acl)
    return all(
        _is_open(e for e in layer.entries if e.direction is direction and _concerns(e, version))
        for direction in Direction
        for version in {address.version for address in addresses}
    )


def _concerns(entry: AclEntry, version: int) -> bool:
    return not entry.peers or any(prefix.version == version for prefix in entry.peers)


def _is_open(entries: Iterable[AclEntry]) -> bool:
    """Whether the first entry that stops anything comes after one that lets everything pass."""
    for entry in entries:
        if not entry.allow:
            return False
        whole = any(prefix.length == 0 for prefix in entry.peers)
        if whole and entry.protocols == EVERY_PROTOCOL and entry.ports == ALL_PORTS:
            return True
    return False


class Subnets:
    """The addresses of interfaces by subnet."""

    def __init__(self, interfaces: Iterable[Json]) -> None:
        self._addresses: dict[str, list[Prefix]] = {}
        for interface in interfaces:
            self._addresses.setdefault(interface["SubnetId"], []).extend(addresses_of(interface))

    def neighbours(self, interface: Json) -> tuple[Prefix, ...]:
        """The addresses of all others in an interface's subnet."""
        if not interface["SubnetId"]:
            return ()
        own = set(addresses_of(interface))
        return tuple(a for a in self._addresses.get(interface["SubnetId"], ()) if a not in own)


def _within(neighbours: tuple[Prefix, ...], owner: str) -> Iterator[AclEntry]:
    for direction in Direction if neighbours else ():
        yield AclEntry(
            direction=direction,
            protocols=EVERY_PROTOCOL,
            ports=ALL_PORTS,
            peers=neighbours,
            owner=owner,
            label="within the subnet",
        )


def _acl_entry(entry: Json, owner: str) -> AclEntry:
    protocol = str(entry["Protocol"]).lower()
    span = entry.get("PortRange") or entry.get("IcmpTypeCode") or {}
    ports = _ports(protocol, int(span.get("From", span.get("Type", -1))), int(span.get("To", -1)))
    cidr = entry.get("CidrBlock") or entry.get("Ipv6CidrBlock")
    egress = bool(entry.get("Egress"))
    direction = Direction.OUT if egress else Direction.IN
    allow = str(entry["RuleAction"]).lower() == "allow"
    towards = "to" if egress else "from"
    words = cidr or "a source that the file does not tell"
    return AclEntry(
        direction=direction,
        protocols=_PROTOCOLS.get(protocol, ()),
        ports=ports,
        peers=(Prefix.parse(cidr),) if cidr else (),
        owner=owner,
        label=f"rule {entry['RuleNumber']}: {direction.value} {entry['RuleAction']} "
        f"{_called_ports(protocol, ports)} {towards} {words}",
        allow=allow,
        unresolved="" if cidr else words,
    )


def referenced(rules: Iterable[Json]) -> Iterator[str]:
    """The groups that rules name as their other side."""
    for rule in rules:
        group = (rule.get("ReferencedGroupInfo") or {}).get("GroupId")
        if group:
            yield str(group)
