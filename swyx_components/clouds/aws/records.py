"""What `aws ec2 describe-...` wrote to files, asked like EC2 itself; no SDK is needed for it."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from swyx_components.analysis.deployed.shaped import check_shape
from swyx_components.clouds.aws.client import Json, addresses_of, tag_of
from swyx_components.sets.prefixes import Prefix

COMMANDS: Mapping[str, str] = {
    "SecurityGroups": "aws ec2 describe-security-groups",
    "SecurityGroupRules": "aws ec2 describe-security-group-rules",
    "NetworkInterfaces": "aws ec2 describe-network-interfaces",
    "NetworkAcls": "aws ec2 describe-network-acls",
}
_SOURCES = (  # within a permission: the list, the key of each source, the key of a rule of its own
    ("IpRanges", "CidrIp", "CidrIpv4"),
    ("Ipv6Ranges", "CidrIpv6", "CidrIpv6"),
    ("PrefixListIds", "PrefixListId", "PrefixListId"),
)


def _port(value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not -1 <= value <= 65535:
        raise ValueError("no port")


_TAGS = [{"Key": str, "Value": str}]
_PERMISSION = {
    "IpProtocol": str,
    "FromPort?": _port,
    "ToPort?": _port,
    "IpRanges?": [{"CidrIp": Prefix.parse, "Description?": str}],
    "Ipv6Ranges?": [{"CidrIpv6": Prefix.parse, "Description?": str}],
    "PrefixListIds?": [{"PrefixListId": str, "Description?": str}],
    "UserIdGroupPairs?": [{"GroupId": str, "Description?": str}],
}
_GROUP = {
    "GroupId": str,
    "GroupName?": str,
    "VpcId?": str,
    "Tags?": _TAGS,
    "IpPermissions?": [_PERMISSION],
    "IpPermissionsEgress?": [_PERMISSION],
}
_RULE = {
    "SecurityGroupRuleId?": str,
    "GroupId": str,
    "IsEgress": bool,
    "IpProtocol": str,
    "FromPort?": _port,
    "ToPort?": _port,
    "CidrIpv4?": Prefix.parse,
    "CidrIpv6?": Prefix.parse,
    "PrefixListId?": str,
    "ReferencedGroupInfo?": {"GroupId": str},
    "Description?": str,
    "Tags?": _TAGS,
}
_INTERFACE = {
    "NetworkInterfaceId": str,
    "VpcId?": str,
    "SubnetId?": str,
    "Groups?": [{"GroupId": str}],
    "PrivateIpAddresses?": [{"PrivateIpAddress": Prefix.parse}],
    "Ipv6Addresses?": [{"Ipv6Address": Prefix.parse}],
}
_ENTRY = {
    "RuleNumber": int,
    "Egress": bool,
    "Protocol": str,
    "RuleAction": str,
    "CidrBlock?": Prefix.parse,
    "Ipv6CidrBlock?": Prefix.parse,
    "PortRange?": {"From": _port, "To": _port},
    "IcmpTypeCode?": {"Type": int, "Code?": int},
}
_ACL = {
    "NetworkAclId": str,
    "VpcId?": str,
    "IsDefault?": bool,
    "Associations?": [{"SubnetId?": str}],
    "Entries?": [_ENTRY],
}


def recognise(content: Any) -> str:
    """The command that wrote it, by its shape; empty where none of ours did."""
    if not isinstance(content, dict):
        return ""
    found = [key for key in COMMANDS if isinstance(content.get(key), list)]
    return COMMANDS[found[0]] if len(found) == 1 else ""


def sites_in(contents: Iterable[Json]) -> frozenset[str]:
    """The sites whose groups or rules the files have, by their tags."""
    records = (
        record
        for content in contents
        for key in ("SecurityGroups", "SecurityGroupRules")
        for record in content.get(key) or ()
        if isinstance(record, dict) and isinstance(record.get("Tags") or [], list)
    )
    return frozenset(
        str(tag.get("Value"))
        for record in records
        for tag in record.get("Tags") or ()
        if isinstance(tag, dict) and tag.get("Key") == "swyx:site"
    )


def is_resource(type: str) -> bool:
    """Whether a type of the engine's is one of EC2's."""
    return type.startswith(("aws:ec2/", "aws:vpc/"))


class SavedEc2:
    """The reading calls of `Ec2`, answered from files.

    `has_interfaces`, `has_acls`, `has_groups` tell what the files cover.

    Raises:
        ValueError: a record lacks what makes it one, or has no address where one must be.
    """

    def __init__(self, contents: Iterable[Json]) -> None:
        found: dict[str, list[Json]] = {}
        for content in contents:
            for key in COMMANDS:
                if key in content:
                    found.setdefault(key, []).extend(content[key])
        self.has_interfaces = "NetworkInterfaces" in found
        self.has_acls = "NetworkAcls" in found
        self.has_groups = "SecurityGroups" in found
        rules = [_check_rule(*each) for each in enumerate(found.get("SecurityGroupRules", ()))]
        groups = [_check_group(*each) for each in enumerate(found.get("SecurityGroups", ()))]
        known = {rule["GroupId"] for rule in rules}
        self._groups = {group["GroupId"]: group for group in (*_owners(rules), *groups)}
        self._rules = [
            *rules,
            *(r for group in groups if group["GroupId"] not in known for r in _rules_of(group)),
        ]
        self._interfaces = [
            _check_interface(*each) for each in enumerate(found.get("NetworkInterfaces", ()))
        ]
        self.every_acl = [_check_acl(*each) for each in enumerate(found.get("NetworkAcls", ()))]

    @property
    def every_group(self) -> Mapping[str, Json]:
        """All groups of the files, by id."""
        return self._groups

    @property
    def every_interface(self) -> Sequence[Json]:
        """All interfaces of the files."""
        return self._interfaces

    def groups(self, name: str, values: Iterable[str]) -> list[Json]:
        """The groups whose id, or whose tag (`tag:swyx:site`), is any of the values."""
        wanted = set(values)
        read: Callable[[Json], str] = (
            (lambda group: str(group["GroupId"]))
            if name == "group-id"
            else (lambda group: tag_of(group, name.removeprefix("tag:")))
        )
        return [group for group in self._groups.values() if read(group) in wanted]

    def rules(self, groups: Collection[str]) -> Iterator[Json]:
        """The rules of these groups, by id."""
        return (rule for rule in self._rules if rule["GroupId"] in groups)

    def interfaces(self, name: str, values: Iterable[str]) -> Iterator[Json]:
        """The interfaces that are in any of these groups (`group-id`), or have any of these addresses."""
        wanted = set(values)
        for interface in self._interfaces:
            if name == "group-id":
                own = {group["GroupId"] for group in interface["Groups"]}
            else:
                own = {address.address for address in addresses_of(interface)}
            if own & wanted:
                yield interface

    def acls(self, subnets: Iterable[str]) -> Sequence[Json]:
        """All network ACLs of the files: which one is a subnet's default only its VPC tells."""
        return self.every_acl

    def prefix_list(self, id: str) -> tuple[Prefix, ...] | None:
        """No `describe` command writes the entries of a prefix list."""
        return None


# ---- records, checked and completed


def _check_rule(place: int, rule: Any) -> Json:
    where = f"SecurityGroupRules[{place}]"
    check_shape(rule, _RULE, where)
    return {"SecurityGroupRuleId": where, **_with_ports(rule)}


def _with_ports(rule: Json) -> dict[str, Any]:
    """EC2 leaves the ports out where a protocol has none."""
    return {
        **rule,
        **{key: rule[key] for key in ("FromPort", "ToPort") if rule.get(key) is not None},
    } | {key: -1 for key in ("FromPort", "ToPort") if rule.get(key) is None}


def _check_group(place: int, group: Any) -> Json:
    check_shape(group, _GROUP, f"SecurityGroups[{place}]")
    defaults = {"GroupName": group["GroupId"], "VpcId": "", "Tags": ()}
    return {**group, **{key: group.get(key) or value for key, value in defaults.items()}}


def _owners(rules: Iterable[Json]) -> Iterator[Json]:
    """Groups of which only rules are known: the rules of a site carry its tags too."""
    for rule in rules:
        yield {
            "GroupId": rule["GroupId"],
            "GroupName": rule["GroupId"],
            "VpcId": "",
            "Tags": rule.get("Tags") or (),
        }


def _rules_of(group: Json) -> Iterator[Json]:
    """A group's permissions, as `describe-security-group-rules` would list them."""
    for key, egress in (("IpPermissions", False), ("IpPermissionsEgress", True)):
        for permission in group.get(key) or ():
            common = {
                "GroupId": group["GroupId"],
                "SecurityGroupRuleId": "",
                "IsEgress": egress,
                **{k: permission.get(k) for k in ("IpProtocol", "FromPort", "ToPort")},
            }
            for source in _sources_of(permission):
                yield _with_ports({**common, **source})


def _sources_of(permission: Json) -> Iterator[Json]:
    for several, single, key in _SOURCES:
        for source in permission.get(several) or ():
            yield {key: source[single], "Description": source.get("Description") or ""}
    for pair in permission.get("UserIdGroupPairs") or ():
        yield {
            "ReferencedGroupInfo": {"GroupId": pair["GroupId"]},
            "Description": pair.get("Description") or "",
        }


def _check_interface(place: int, interface: Any) -> Json:
    check_shape(interface, _INTERFACE, f"NetworkInterfaces[{place}]")
    defaults = {"Groups": (), "VpcId": "", "SubnetId": ""}
    return {**interface, **{key: interface.get(key) or value for key, value in defaults.items()}}


def _check_acl(place: int, acl: Any) -> Json:
    check_shape(acl, _ACL, f"NetworkAcls[{place}]")
    defaults = {"Entries": (), "Associations": (), "IsDefault": False, "VpcId": ""}
    return {**acl, **{key: acl.get(key) or value for key, value in defaults.items()}}
