"""EC2's records as they apply to an address, whoever made them."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import NamedTuple

from swyx_components.analysis.deployed.reachability import AccessList, AclEntry
from swyx_components.clouds.aws.records import Ec2Records, Ec2Rule
from swyx_components.clouds.inventory import Address, Interface
from swyx_components.planner.model import EVERY_PROTOCOL, Direction, Protocol
from swyx_components.sets.ports import ALL_PORTS, ICMP_TYPES
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
        if interface.id:
            yield from self.of_acl(interface)

    def of_acl(self, interface: Interface) -> Iterator[AccessList]:
        """The network ACL of its subnet, or the default one of its VPC, where either is known: numbered
        rules, the first that fits decides, and replies need separate rules.

        What stays within the subnet meets none. Source: "Control subnet traffic with network access
        control lists" of the VPC user guide.
        """
        acls = self.records.acls
        associated = [acl for acl in acls if acl.subnets.intersection(interface.subnets)]
        default = [acl for acl in acls if acl.is_default and acl.vpc == interface.vpc]
        acl = next(iter((*associated, *default)), None)
        if acl is None:
            return
        name = f"network ACL {acl.id}"
        own = {address.prefix for address in interface.addresses}
        others = (each for each in self.records.interfaces if each.subnets == interface.subnets)
        found = (address.prefix for each in others for address in each.addresses)
        peers = tuple(prefix for prefix in found if prefix not in own)
        within = (
            AclEntry(direction=direction, peers=peers, owner=name, label="within the subnet")
            for direction in Direction
            if self.records.groups and interface.subnets and peers
        )
        entries = (*within, *(self._entry(rule, name) for rule in acl.rules))
        yield AccessList(name=name, entries=entries, ordered=True, stateless=True)

    def _entry(self, rule: Ec2Rule, owner: str) -> AclEntry:
        words = rule.peer_group or rule.prefix_list or "unknown sources"
        unresolved = ""
        if not (rule.cidrs or (rule.peer_group and rule.peer_group in self.members)):
            of_group = "the members of " if rule.peer_group else "the entries of prefix list "
            unresolved = words if rule.number else of_group + words
        text, protocol = _describe(rule, words), rule.protocol
        own = () if protocol is None else (protocol,)  # none for one that no flow has
        return AclEntry(
            direction=rule.direction,
            protocols=EVERY_PROTOCOL if protocol is Protocol.ANY else own,
            ports=rule.ports,
            peers=rule.cidrs or self.members.get(rule.peer_group, ()),
            owner=owner,
            label=f"{text} ({rule.id})" if rule.id.startswith("sgr-") else text,
            allow=rule.allow,
            unresolved=unresolved,
        )


def stops_nothing(acl: AccessList, addresses: Iterable[Address]) -> bool:
    """Whether a network ACL allows everything at these addresses, as the default one of a VPC does.

    What decides is the first rule that denies anything, or allows all of an IP version.
    """
    versions = {address.prefix.version for address in addresses}
    for direction, version in product(Direction, versions):
        everything = Prefix(version, 0, 0)
        decisive = (
            entry.allow
            for entry in acl.entries
            if entry.direction is direction
            if not entry.allow or (entry.protocols == EVERY_PROTOCOL and everything in entry.peers)
            if not entry.peers or any(peer.version == version for peer in entry.peers)
        )
        if not next(decisive, False):
            return False
    return True


def _describe(rule: Ec2Rule, peer: str) -> str:
    """`in tcp 80 from 10.0.0.0/8`; `peer` is used without a CIDR."""
    protocol, ports = rule.protocol, rule.ports
    action = f" {'allow' if rule.allow else 'deny'}" if rule.number else ""
    if protocol is None:
        packets = f"protocol {rule.protocol_name.lower()}"
    elif protocol is Protocol.ANY:
        packets = "any protocol"
    elif protocol.has_ports:
        packets = f"{protocol.value} {'every port' if ports == ALL_PORTS else ports}"
    else:
        packets = protocol.value + ("" if ports == ICMP_TYPES else f" type {ports}")
    number = f"rule {rule.number}: " if rule.number else ""
    peers = ", ".join(map(str, rule.cidrs)) or peer
    return f"{number}{rule.direction.value}{action} {packets} {rule.direction.towards} {peers}"
