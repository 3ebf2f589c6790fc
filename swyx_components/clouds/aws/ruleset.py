"""EC2's records as rules: in the form of a plan, and as they apply to an address, whoever made them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from swyx_components.analysis.deployed.ruleset import (
    EVERY_PROTOCOL,
    ICMP_TYPES,
    AccessList,
    AclEntry,
    Firewall,
)
from swyx_components.clouds.aws.records import (
    COMMANDS,
    Ec2Records,
    Ec2Rule,
    NetworkAcl,
    Traffic,
    read_records,
)
from swyx_components.clouds.inventory import Address, Interface, bind_by_hand, find_points
from swyx_components.planner.model import Direction, Protocol, SitePlan
from swyx_components.sets.ports import ALL_PORTS, PortSet
from swyx_components.sets.prefixes import Prefix


class Ruleset(NamedTuple):
    """What applies to interfaces, whoever made it: security groups and network ACLs.

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
        name = f"security group {', '.join(map(self.called, own))}" if own else "no security group"
        rules = (rule for rule in self.records.rules if rule.owner in own)
        entries = tuple(self._entry(rule, self.called(rule.owner)) for rule in rules)
        return AccessList(name=name, entries=entries)

    def layers_at(self, interface: Interface, _: Address) -> Iterator[AccessList]:
        """The groups of an interface together, as far as they are known, then its network ACL."""
        known = self.records.groups.keys()
        if known:
            yield self.of_groups(known & set(interface.groups))
        acl = self.find_acl(interface) if interface.id else None
        if acl is not None:
            yield self.of_acl(acl, interface)

    def find_acl(self, interface: Interface) -> NetworkAcl | None:
        """The network ACL of its subnet; where none is associated, the default one of its VPC."""
        acls = self.records.acls
        own = [acl for acl in acls if acl.subnets.intersection(interface.subnets)]
        default = [acl for acl in acls if acl.is_default and acl.vpc == interface.vpc]
        return next(iter((*own, *default)), None)

    def of_acl(self, acl: NetworkAcl, interface: Interface) -> AccessList:
        """A network ACL: numbered rules, the first that fits decides, and replies need separate rules.

        What stays within the subnet meets none. Source: "Control subnet traffic with network access
        control lists" of the VPC user guide.
        """
        name = f"network ACL {acl.id}"
        within = self._within_subnet(interface, name) if self.records.groups else ()
        entries = (*within, *(self._entry(rule, name) for rule in acl.rules))
        return AccessList(name=name, entries=entries, ordered=True, stateless=True)

    def _within_subnet(self, interface: Interface, owner: str) -> Iterator[AclEntry]:
        own = {address.prefix for address in interface.addresses}
        others = (each for each in self.records.interfaces if each.subnets == interface.subnets)
        found = (address.prefix for each in others for address in each.addresses)
        peers = tuple(prefix for prefix in found if prefix not in own)
        for direction in Direction if interface.subnets and peers else ():
            yield AclEntry(direction=direction, peers=peers, owner=owner, label="within the subnet")

    def _entry(self, rule: Ec2Rule, owner: str) -> AclEntry:
        words = rule.peer_group or rule.prefix_list or "unknown sources"
        unresolved = ""
        if not (rule.cidrs or (rule.peer_group and rule.peer_group in self.members)):
            of_group = "the members of " if rule.peer_group else "the entries of prefix list "
            unresolved = words if rule.number else of_group + words
        text, protocol = _describe(rule, words), rule.traffic.protocol
        own = () if protocol is None else (protocol,)  # none for one that no flow has
        return AclEntry(
            direction=rule.direction,
            protocols=EVERY_PROTOCOL if protocol is Protocol.ANY else own,
            ports=ports_of(rule.traffic),
            peers=rule.cidrs or self.members.get(rule.peer_group, ()),
            owner=owner,
            label=f"{text} ({rule.id})" if rule.id.startswith("sgr-") else text,
            allow=rule.allow,
            unresolved=unresolved,
        )


def stops_nothing(acl: NetworkAcl, addresses: Iterable[Address]) -> bool:
    """Whether a network ACL allows everything at these addresses, as the default one of a VPC does."""
    return all(
        next(_decisive(acl, direction, version), False)
        for direction in Direction
        for version in {address.prefix.version for address in addresses}
    )


def _decisive(acl: NetworkAcl, direction: Direction, version: int) -> Iterator[bool]:
    """The denies (False) and the rules that allow all of one IP version (True), in order."""
    for rule in acl.rules:
        concerns = not rule.cidrs or any(cidr.version == version for cidr in rule.cidrs)
        whole = any(cidr.length == 0 for cidr in rule.cidrs)
        everything = whole and rule.traffic.protocol is Protocol.ANY
        if rule.direction is direction and concerns and (everything or not rule.allow):
            yield rule.allow


def ports_of(traffic: Traffic) -> PortSet:
    """Destination ports; of ICMP the type, for any code."""
    protocol, first, last = traffic.protocol, traffic.first, traffic.last
    if protocol is None or protocol is Protocol.ANY:
        return ALL_PORTS
    if protocol.has_ports:
        return PortSet.of((max(first, 0), 65535 if last == -1 else last))
    return ICMP_TYPES if first == -1 else PortSet.of((first, first))


def _describe(rule: Ec2Rule, peer: str) -> str:
    """`in tcp 80 from 10.0.0.0/8`; `peer` is used without a CIDR."""
    protocol, ports = rule.traffic.protocol, ports_of(rule.traffic)
    action = f" {'allow' if rule.allow else 'deny'}" if rule.number else ""
    towards = "to" if rule.direction is Direction.OUT else "from"
    if protocol is None:
        packets = f"protocol {rule.traffic.name.lower()}"
    elif protocol is Protocol.ANY:
        packets = "any protocol"
    elif protocol.has_ports:
        packets = f"{protocol.value} {'every port' if ports == ALL_PORTS else ports}"
    else:
        packets = protocol.value + ("" if ports == ICMP_TYPES else f" type {ports}")
    number = f"rule {rule.number}: " if rule.number else ""
    peers = ", ".join(map(str, rule.cidrs)) or peer
    return f"{number}{rule.direction.value}{action} {packets} {towards} {peers}"


def members_of(records: Ec2Records) -> Mapping[str, tuple[Prefix, ...]]:
    """The addresses in each group, by id; without interfaces it is known of none."""
    is_known = "NetworkInterfaces" in records.covers
    members: dict[str, tuple[Prefix, ...]] = dict.fromkeys(records.groups if is_known else (), ())
    for interface in records.interfaces:
        for id in interface.groups:
            own = (address.prefix for address in interface.addresses)
            members[id] = (*members.get(id, ()), *own)
    return members


# ---- for an audit


def read_firewall(
    plan: SitePlan, contents: Iterable[object], bindings: Mapping[str, Sequence[str]]
) -> Firewall:
    """Every address of the site's machines with what applies to it, whoever made that.

    `bindings` are groups by machine, by id or name, for machines of which the files have no interface.

    Raises:
        SwyxError: a binding names a group that the files don't have.
        ValueError: a record in them is not what it should be.
    """
    records, owners = read_records(contents), plan.owners
    names = {id: group.name for id, group in records.groups.items()}
    bound = bind_by_hand(owners, bindings, names)
    records = replace(records, interfaces=(*records.interfaces, *bound))
    ruleset = Ruleset(records, members_of(records))
    found = find_points(owners, bindings, records.interfaces, ruleset.layers_at)
    points = tuple((point, _unread(point.machine, own, records)) for own, point in found)
    lacking = tuple(_find_missing(records, bindings))
    return Firewall(cloud="aws", plan=plan, found=points, lacking=lacking)


def _unread(machine: str, interface: Interface, records: Ec2Records) -> str:
    """A sentence about groups that are in no file, where some are."""
    unknown = sorted(set(interface.groups) - records.groups.keys()) if records.groups else ()
    return (
        f"{machine} is also in {', '.join(unknown)}, whose rules are in no file" if unknown else ""
    )


def _find_missing(records: Ec2Records, bound: Iterable[str]) -> Iterator[str]:
    has_acls = "NetworkAcls" in records.covers
    for machine in bound if has_acls else ():
        yield f"{machine} is bound by hand, so the network ACL of its subnet is not known"
    if not records.groups:
        yield (
            "no security groups in the files, so only network ACLs are checked; "
            f"add the output of `{COMMANDS['SecurityGroups']}`"
        )
    if not has_acls:
        yield (
            "no network ACLs in the files, assumed to allow everything, as a new one does; "
            f"add the output of `{COMMANDS['NetworkAcls']}`"
        )
