"""EC2's records as rules: as a plan would have them, and as they stand before an address, by whoever."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from swyx_components.analysis.deployed.ruleset import (
    EVERY_PROTOCOL,
    ICMP_TYPES,
    AccessList,
    AclEntry,
)
from swyx_components.clouds.aws.records import (
    Ec2Records,
    NetworkAcl,
    NetworkAclEntry,
    NetworkInterface,
    SecurityGroupRule,
    Traffic,
)
from swyx_components.planner.model import Direction, Protocol, Spec
from swyx_components.sets.ports import ALL_PORTS, PortSet
from swyx_components.sets.prefixes import Prefix

_UNTOLD = "a source that the file does not tell"


def spec_of(
    rule: SecurityGroupRule,
    labels: Mapping[str, str],
    shard: int,
    prefix_lists: Mapping[str, tuple[Prefix, ...]],
) -> Spec | None:
    """The rule as a spec, its peer group called by `labels`; None where a plan has no words for it."""
    protocol, ports = rule.traffic.protocol, _ports(rule.traffic)
    listed = prefix_lists.get(rule.prefix_list, ())
    prefixes = rule.cidrs or (() if rule.peer_group else listed)
    if protocol is None or not (prefixes or rule.peer_group):
        return None
    if not protocol.has_ports and ports not in (ALL_PORTS, ICMP_TYPES):
        return None
    return Spec(
        direction=rule.direction,
        protocol=protocol,
        ports=ports if protocol.has_ports else None,
        source_ports=None,
        groups=() if prefixes else (labels.get(rule.peer_group) or rule.peer_group,),
        prefixes=prefixes,
        description=rule.description,
        shard=shard,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    """What stands before interfaces, whoever made it: security groups and network ACLs.

    `members` are the addresses in each security group, by id, as far as they are known.
    """

    records: Ec2Records
    members: Mapping[str, tuple[Prefix, ...]]

    def called(self, id: str) -> str:
        """`sg-1 (web)`, or the id alone where it has no other name."""
        group = self.records.groups.get(id)
        return id if group is None or group.name == id else f"{id} ({group.name})"

    def of_groups(self, ids: Iterable[str]) -> AccessList:
        """The rules of all these groups, which add up."""
        own = sorted(ids)
        names = f"security group {', '.join(map(self.called, own))}" if own else "no security group"
        entries = (self._entry(rule) for rule in self.records.rules if rule.group in own)
        return AccessList(name=names, entries=tuple(entries))

    def _entry(self, rule: SecurityGroupRule) -> AclEntry:
        words = rule.peer_group or rule.prefix_list or _UNTOLD
        text = _describe(rule, words)
        unresolved = ""
        if not rule.cidrs and rule.peer_group not in self.members:
            whose = "members of" if rule.peer_group else "entries of prefix list"
            unresolved = f"the {whose} {words}"
        return AclEntry(
            direction=rule.direction,
            protocols=_protocols(rule.traffic),
            ports=_ports(rule.traffic),
            peers=rule.cidrs or self.members.get(rule.peer_group, ()),
            owner=self.called(rule.group),
            label=f"{text} ({rule.id})" if rule.id.startswith("sgr-") else text,
            unresolved=unresolved,
        )

    def find_acl(self, interface: NetworkInterface) -> NetworkAcl | None:
        """The network ACL of its subnet; where none is associated, the default one of its VPC."""
        acls = self.records.acls
        own = (acl for acl in acls if interface.subnet in acl.subnets)
        return next(own, None) or next(
            (acl for acl in acls if acl.is_default and acl.vpc == interface.vpc), None
        )

    def of_acl(self, acl: NetworkAcl, interface: NetworkInterface) -> AccessList:
        """A network ACL: numbered rules, the first that fits decides, and replies need rules of their own.

        What stays within the subnet meets none. Source: "Control subnet traffic with network access
        control lists" of the VPC user guide.
        """
        name = f"network ACL {acl.id}"
        entries = (_acl_entry(entry, name) for entry in acl.entries)
        within = self._within_subnet(interface, name) if self.records.groups else ()
        return AccessList(name=name, entries=(*within, *entries), ordered=True, stateless=True)

    def _within_subnet(self, interface: NetworkInterface, owner: str) -> Iterator[AclEntry]:
        own = set(interface.addresses)
        others = (each for each in self.records.interfaces if each.subnet == interface.subnet)
        neighbours = tuple(a for each in others for a in each.addresses if a not in own)
        for direction in Direction if interface.subnet and neighbours else ():
            yield AclEntry(
                direction=direction,
                protocols=EVERY_PROTOCOL,
                ports=ALL_PORTS,
                peers=neighbours,
                owner=owner,
                label="within the subnet",
            )


def _acl_entry(entry: NetworkAclEntry, owner: str) -> AclEntry:
    return AclEntry(
        direction=entry.direction,
        protocols=_protocols(entry.traffic),
        ports=_ports(entry.traffic),
        peers=entry.cidrs,
        owner=owner,
        label=f"rule {entry.number}: {_describe(entry, _UNTOLD)}",
        allow=entry.allow,
        unresolved="" if entry.cidrs else _UNTOLD,
    )


def stops_nothing(acl: NetworkAcl, addresses: Iterable[Prefix]) -> bool:
    """Whether a network ACL lets everything pass at these addresses, as the default one of a VPC does."""
    return all(
        next(_decisive(acl, direction, version), False)
        for direction in Direction
        for version in {address.version for address in addresses}
    )


def _decisive(acl: NetworkAcl, direction: Direction, version: int) -> Iterator[bool]:
    """The denies (False) and the entries that let all of one IP version pass (True), in order."""
    for entry in acl.entries:
        concerns = not entry.cidrs or any(cidr.version == version for cidr in entry.cidrs)
        whole = any(cidr.length == 0 for cidr in entry.cidrs)
        everything = whole and entry.traffic.protocol is Protocol.ANY
        if entry.direction is direction and concerns and (everything or not entry.allow):
            yield entry.allow


def _protocols(traffic: Traffic) -> tuple[Protocol, ...]:
    """Every protocol with packets of its own kind; none for one that no flow has."""
    if traffic.protocol is Protocol.ANY:
        return EVERY_PROTOCOL
    return () if traffic.protocol is None else (traffic.protocol,)


def _ports(traffic: Traffic) -> PortSet:
    """Destination ports; of ICMP the type, whatever the code."""
    protocol, first, last = traffic.protocol, traffic.first, traffic.last
    if protocol is None or protocol is Protocol.ANY:
        return ALL_PORTS
    if protocol.has_ports:
        return PortSet.of((max(first, 0), 65535 if last == -1 else last))
    return ICMP_TYPES if first == -1 else PortSet.of((first, first))


def _describe(rule: SecurityGroupRule | NetworkAclEntry, peer: str) -> str:
    """`in tcp 80 from 10.0.0.0/8`; `peer` is what stands there without a CIDR."""
    protocol, ports = rule.traffic.protocol, _ports(rule.traffic)
    words = [rule.direction.value]
    if isinstance(rule, NetworkAclEntry):
        words.append("allow" if rule.allow else "deny")
    if protocol is None:
        words.append(f"protocol {rule.traffic.name.lower()}")
    else:
        words.append("any protocol" if protocol is Protocol.ANY else protocol.value)
    if protocol is not None and protocol.has_ports:
        words.append("every port" if ports == ALL_PORTS else str(ports))
    elif ports not in (ALL_PORTS, ICMP_TYPES):
        words.append(f"type {ports}")
    words.append("to" if rule.direction is Direction.OUT else "from")
    return " ".join((*words, ", ".join(map(str, rule.cidrs)) or peer))
