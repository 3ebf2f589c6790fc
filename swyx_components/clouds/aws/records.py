"""EC2's records as typed values, from any source: live answers, saved output, a stack's state.

No SDK is needed for it. Protocols and ports mean the same wherever they stand: `TCP` is `tcp` is `6`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from swyx_components.analysis.deployed.stack_state import Fields, Resource, StackState
from swyx_components.clouds.inventory import Address, Interface, members_of
from swyx_components.planner.model import Direction, Protocol
from swyx_components.sets.ports import ALL_PORTS, ICMP_TYPES, PortSet
from swyx_components.sets.prefixes import Prefix

COMMANDS: Mapping[str, str] = {
    "SecurityGroups": "aws ec2 describe-security-groups",
    "SecurityGroupRules": "aws ec2 describe-security-group-rules",
    "NetworkInterfaces": "aws ec2 describe-network-interfaces",
    "NetworkAcls": "aws ec2 describe-network-acls",
}
_SOURCES = {  # the lists of a permission, and what each source in them must have
    "IpRanges": "CidrIp",
    "Ipv6Ranges": "CidrIpv6",
    "PrefixListIds": "PrefixListId",
    "UserIdGroupPairs": "GroupId",
}
_PROTOCOLS: Mapping[str, Protocol] = {
    **{protocol.value: protocol for protocol in Protocol},
    "-1": Protocol.ANY,
    "all": Protocol.ANY,
    "6": Protocol.TCP,
    "17": Protocol.UDP,
    "1": Protocol.ICMP,
    "58": Protocol.ICMPV6,
}
_GROUP, _INTERFACE, _ATTACHMENT, _INGRESS, _EGRESS = (
    "aws:ec2/securityGroup:SecurityGroup",
    "aws:ec2/networkInterface:NetworkInterface",
    "aws:ec2/networkInterfaceSecurityGroupAttachment:NetworkInterfaceSecurityGroupAttachment",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
)


class SecurityGroup(NamedTuple):
    """A security group without its rules; `name` is its id where it has no other."""

    id: str
    name: str
    vpc: str
    tags: Mapping[str, str]

    @classmethod
    def read(cls, raw: Fields) -> "SecurityGroup":
        """As `describe-security-groups` has it."""
        id, name = raw.get("GroupId", str), raw.get("GroupName", str, "")
        return cls(id, name or id, raw.get("VpcId", str, ""), _tags(raw))


class Ec2Rule(NamedTuple):
    """One rule of a security group, or one of a network ACL, `owner`; an ACL's have a number.

    `id` is EC2's where it is known, else its place in a file, or empty. `first` and `last` are ports, or type
    and code of ICMP; -1 is all. The other side of a group's rule is a CIDR, a group or a prefix list.
    """

    id: str
    owner: str
    direction: Direction
    protocol_name: str
    first: int
    last: int
    cidrs: tuple[Prefix, ...]
    peer_group: str = ""
    prefix_list: str = ""
    description: str = ""
    tags: Mapping[str, str] = {}
    number: int = 0
    allow: bool = True

    @classmethod
    def read(cls, raw: Fields, id: str = "") -> "Ec2Rule":
        """As `describe-security-group-rules` has it; `id` is what it is called without one."""
        named = raw.nested("ReferencedGroupInfo").get("GroupId", str, "")
        return cls(
            id=raw.get("SecurityGroupRuleId", str, id),
            owner=raw.get("GroupId", str),
            direction=Direction.OUT if raw.get("IsEgress", bool) else Direction.IN,
            protocol_name=raw.get("IpProtocol", str),
            first=_port(raw, "FromPort"),
            last=_port(raw, "ToPort"),
            cidrs=raw.parse(Prefix.parse, "CidrIpv4", "CidrIpv6"),
            peer_group=named or raw.get("ReferencedSecurityGroupId", str, ""),
            prefix_list=raw.get("PrefixListId", str, ""),
            description=raw.get("Description", str, ""),
            tags=_tags(raw),
        )

    @classmethod
    def read_acl(cls, raw: Fields, owner: str) -> "Ec2Rule":
        """As `describe-network-acls` has it."""
        ports, types = raw.nested("PortRange"), raw.nested("IcmpTypeCode")
        first, last = types.get("Type", int, -1), -1
        if raw.find("PortRange") is not None:
            first, last = _port(ports, "From", None), _port(ports, "To", None)
        return cls(
            id="",
            owner=owner,
            direction=Direction.OUT if raw.get("Egress", bool) else Direction.IN,
            protocol_name=raw.get("Protocol", str),
            first=first,
            last=last,
            cidrs=raw.parse(Prefix.parse, "CidrBlock", "Ipv6CidrBlock"),
            number=raw.get("RuleNumber", int),
            allow=raw.get("RuleAction", str).lower() == "allow",
        )

    @property
    def protocol(self) -> Protocol | None:
        """None for one that no flow has."""
        return _PROTOCOLS.get(self.protocol_name.lower())

    @property
    def ports(self) -> PortSet:
        """Destination ports; of ICMP the type, for any code."""
        protocol, first, last = self.protocol, self.first, self.last
        if protocol is None or protocol is Protocol.ANY:
            return ALL_PORTS
        if protocol.has_ports:
            return PortSet.of((max(first, 0), 65535 if last == -1 else last))
        return ICMP_TYPES if first == -1 else PortSet.of((first, first))

    @property
    def traffic(self) -> str:
        """Protocol and ports as EC2 has them, for people."""
        return f"{self.protocol_name} {self.first}-{self.last}"


def read_interface(raw: Fields) -> Interface:
    """A network interface and the security groups at it, as `describe-network-interfaces` has it."""
    keys = (("PrivateIpAddresses", "PrivateIpAddress"), ("Ipv6Addresses", "Ipv6Address"))
    addresses = (
        ip
        for several, one in keys
        for each in raw.objects(several)
        for ip in each.parse(Prefix.parse, one) or [Prefix.parse(each.get(one, str))]
    )
    return Interface(
        id=raw.get("NetworkInterfaceId", str),
        groups=tuple(group.get("GroupId", str) for group in raw.objects("Groups")),
        addresses=tuple(map(Address, addresses)),
        subnets=raw.parse(str, "SubnetId"),
        vpc=raw.get("VpcId", str, ""),
    )


def interface_of_provider(raw: Fields, id: str) -> Interface:
    """The same as Pulumi's provider has it, in a state or in its answers to lookups."""
    return Interface(
        id=id,
        groups=raw.parse(str, "securityGroups"),
        addresses=tuple(map(Address, raw.parse(Prefix.parse, "privateIps", "ipv6Addresses"))),
        subnets=raw.parse(str, "subnetId"),
    )


class NetworkAcl(NamedTuple):
    """A network ACL, its rules in the order of their numbers, and the subnets that it applies to."""

    id: str
    vpc: str
    is_default: bool
    subnets: frozenset[str]
    rules: tuple[Ec2Rule, ...]

    @classmethod
    def read(cls, raw: Fields) -> "NetworkAcl":
        """As `describe-network-acls` has it."""
        id = raw.get("NetworkAclId", str)
        rules = (Ec2Rule.read_acl(entry, id) for entry in raw.objects("Entries"))
        subnets = (each.get("SubnetId", str, "") for each in raw.objects("Associations"))
        return cls(
            id=id,
            vpc=raw.get("VpcId", str, ""),
            is_default=raw.get("IsDefault", bool, False),
            subnets=frozenset(subnets),
            rules=tuple(sorted(rules, key=lambda rule: rule.number)),
        )


# The kinds of records: their key in answers and files, and how one of them is read.
GROUPS = ("SecurityGroups", SecurityGroup.read)
RULES = ("SecurityGroupRules", Ec2Rule.read)
INTERFACES = ("NetworkInterfaces", read_interface)
ACLS = ("NetworkAcls", NetworkAcl.read)


def _port(raw: Fields, key: str, absent: int | None = -1) -> int:
    port = raw.get(key, int, absent)
    if not -1 <= port <= 65535:
        raise ValueError(f"{raw.place}.{key}: not a port")
    return port


def _tags(raw: Fields) -> Mapping[str, str]:
    return {pair.get("Key", str): pair.get("Value", str) for pair in raw.objects("Tags")}


class Ec2Records(NamedTuple):
    """What a source has of EC2, of the kinds that it `covers` (keys of `COMMANDS`)."""

    covers: frozenset[str]
    groups: Mapping[str, SecurityGroup]
    rules: tuple[Ec2Rule, ...]
    interfaces: tuple[Interface, ...]
    acls: tuple[NetworkAcl, ...]

    @property
    def members(self) -> Mapping[str, tuple[Prefix, ...]]:
        """The addresses in each group, by id; without interfaces it is known of none."""
        known = {*self.groups} if "NetworkInterfaces" in self.covers else set()
        known |= {id for interface in self.interfaces for id in interface.groups}
        found = members_of(self.interfaces, lambda interface, _: interface.groups)
        return {**dict.fromkeys(known, ()), **found}


def read_records(contents: Iterable[object]) -> Ec2Records:
    """The records of files.

    Raises:
        ValueError: a record lacks what makes it one, or has no address where one must be.
    """
    found: dict[str, list[Fields]] = {}
    for key, listed in (each for content in contents for each in _lists_in(content)):
        known = found.setdefault(key, [])
        known += [Fields(raw, f"{key}[{n}]") for n, raw in enumerate(listed, len(known))]
    rules = [Ec2Rule.read(raw, raw.place) for raw in found.get("SecurityGroupRules", ())]
    told = {rule.owner: rule.tags for rule in rules}  # the rules of a site carry its tags too
    groups = {id: SecurityGroup(id, id, "", tags) for id, tags in told.items()}
    for raw in found.get("SecurityGroups", ()):
        group = SecurityGroup.read(raw)
        groups[group.id] = group
        rules += _rules_of(raw) if group.id not in told else ()
    return Ec2Records(
        covers=frozenset(found),
        groups=groups,
        rules=tuple(rules),
        interfaces=tuple(map(read_interface, found.get("NetworkInterfaces", ()))),
        acls=tuple(map(NetworkAcl.read, found.get("NetworkAcls", ()))),
    )


def _lists_in(content: object) -> Iterator[tuple[str, list[object]]]:
    """The lists of records in a document, by their keys."""
    values = content if isinstance(content, dict) else {}
    return ((key, values[key]) for key in COMMANDS if isinstance(values.get(key), list))


def _rules_of(group: Fields) -> Iterator[Ec2Rule]:
    """A group's permissions: a rule for each source, as `describe-security-group-rules` would list them."""
    owner = group.get("GroupId", str)
    for way, direction in (("", Direction.IN), ("Egress", Direction.OUT)):
        for permission in group.objects(f"IpPermissions{way}"):
            name = permission.get("IpProtocol", str)
            ports = _port(permission, "FromPort"), _port(permission, "ToPort")
            for several, key in _SOURCES.items():
                for source in permission.objects(several):
                    value = source.get(key, str)
                    cidrs = source.parse(Prefix.parse, "CidrIp", "CidrIpv6")
                    yield Ec2Rule(
                        *("", owner, direction, name, *ports, cidrs),
                        peer_group=value if key == "GroupId" else "",
                        prefix_list=value if key == "PrefixListId" else "",
                        description=source.get("Description", str, ""),
                    )


def recognise(content: object) -> bool:
    """Whether one of the commands wrote it, by its shape."""
    return len([*_lists_in(content)]) == 1


def records_of_state(state: StackState) -> Ec2Records:
    """What the state of a stack has of EC2.

    Raises:
        ValueError: a resource in it is not what it should be.
    """
    groups = {each.id: _group_of_state(each, state) for each in state.of_type(_GROUP)}
    vpc = next((group.vpc for group in groups.values()), "")
    rules = (_rule_of_state(each) for each in state.of_type(_INGRESS, _EGRESS))
    return Ec2Records(
        covers=frozenset(COMMANDS),
        groups=groups,
        rules=tuple(rule for rule in rules if rule.owner),
        interfaces=tuple(_interfaces_of_state(state, vpc)) if groups else (),
        acls=(),
    )


def _group_of_state(group: Resource, state: StackState) -> SecurityGroup:
    """The tags say what it is; where they are sealed, what the site's component gave out does."""
    raw = Fields(group.values, group.name)
    tags = raw.get("tags", dict, {}) or raw.get("tagsAll", dict, {})
    names = {id: name for name, id in state.told("group_ids").items() if isinstance(id, str)}
    if not tags and group.id in names:
        tags = {"swyx:site": " ".join(state.sites), "swyx:group": names[group.id]}
    return SecurityGroup(
        id=group.id,
        name=raw.get("name", str, "") or group.name,
        vpc=raw.get("vpcId", str, ""),
        tags={str(key): str(value) for key, value in tags.items()},
    )


def _rule_of_state(rule: Resource) -> Ec2Rule:
    """Most keys differ from those of EC2 only in case."""
    known = {
        "IpProtocol": rule.values.get("ipProtocol") or "",
        "GroupId": rule.values.get("securityGroupId") or "",
        "SecurityGroupRuleId": rule.id,
        "IsEgress": rule.type == _EGRESS,
        "Tags": None,
    }
    return Ec2Rule.read(Fields({**rule.values, **known}, rule.name))


def _interfaces_of_state(state: StackState, vpc: str) -> Iterator[Interface]:
    """Interfaces that the stack attaches or creates."""
    owners = state.machines_by_interface()
    members: dict[str, set[str]] = {}
    for each in state.of_type(_ATTACHMENT):
        raw = Fields(each.values, each.name)
        groups = members.setdefault(raw.get("networkInterfaceId", str, ""), set())
        groups.add(raw.get("securityGroupId", str, ""))
    made = {each.id: Fields(each.values, each.name) for each in state.of_type(_INTERFACE)}
    for id in sorted({*members, *made}):
        own = interface_of_provider(made.get(id, Fields({}, id)), id)
        of_both = tuple(sorted({*members.get(id, ()), *own.groups}))
        yield own._replace(groups=of_both, vpc=vpc, machine=owners.get(id, ""))
