"""What `aws ec2 describe-...` wrote to files, asked like EC2 itself; no SDK is needed for it."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from swyx_components.aws.client import Json, addresses_of, tag_of
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


def recognise(content: Any) -> str:
    """The command that wrote it, by its shape; empty where none of ours did."""
    if not isinstance(content, dict):
        return ""
    found = [key for key in COMMANDS if isinstance(content.get(key), list)]
    return COMMANDS[found[0]] if len(found) == 1 else ""


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
        self.acls = [_check_acl(*each) for each in enumerate(found.get("NetworkAcls", ()))]

    @property
    def every_group(self) -> Mapping[str, Json]:
        return self._groups

    @property
    def every_interface(self) -> Sequence[Json]:
        return self._interfaces

    def groups(self, name: str, values: Iterable[str]) -> list[Json]:
        wanted = set(values)
        read: Callable[[Json], str] = (
            (lambda group: str(group["GroupId"]))
            if name == "group-id"
            else (lambda group: tag_of(group, name.removeprefix("tag:")))
        )
        return [group for group in self._groups.values() if read(group) in wanted]

    def rules(self, groups: Collection[str]) -> Iterator[Json]:
        return (rule for rule in self._rules if rule["GroupId"] in groups)

    def interfaces(self, name: str, values: Iterable[str]) -> Iterator[Json]:
        wanted = set(values)
        for interface in self._interfaces:
            if name == "group-id":
                own = {group["GroupId"] for group in interface["Groups"]}
            else:
                own = {address.address for address in addresses_of(interface)}
            if own & wanted:
                yield interface

    def prefix_list(self, id: str) -> tuple[Prefix, ...] | None:
        """No `describe` command writes the entries of a prefix list."""
        return None


# ---- records, checked and completed


def _check_rule(place: int, rule: Any) -> Json:
    where = f"SecurityGroupRules[{place}]"
    _require(rule, where, "GroupId", "IpProtocol")
    if not isinstance(rule.get("IsEgress"), bool):
        raise ValueError(f"{where} has no IsEgress")
    return _with_prefixes_checked({"SecurityGroupRuleId": where, **rule}, where)


def _with_prefixes_checked(rule: dict[str, Any], where: str) -> Json:
    for key in ("CidrIpv4", "CidrIpv6"):
        if rule.get(key):
            _check_prefix(rule[key], f"{where}.{key}")
    for key in ("FromPort", "ToPort"):
        value = rule.get(key)
        rule[key] = -1 if value is None else _number(value, f"{where}.{key}")
    return rule


def _check_prefix(text: Any, where: str) -> Prefix:
    try:
        return Prefix.parse(text)
    except (ValueError, AttributeError, TypeError) as problem:
        raise ValueError(f"{where}: {problem}") from None


def _number(value: Any, where: str) -> int:
    try:
        return int(value)
    except (ValueError, TypeError):
        raise ValueError(f"{where} is not a number") from None


def _check_group(place: int, group: Any) -> Json:
    where = f"SecurityGroups[{place}]"
    _require(group, where, "GroupId")
    return {"GroupName": group["GroupId"], "VpcId": "", **group}


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
        for place, permission in enumerate(group.get(key) or ()):
            where = f"{group['GroupId']}.{key}[{place}]"
            _require(permission, where, "IpProtocol")
            common = {
                "GroupId": group["GroupId"],
                "SecurityGroupRuleId": "",
                "IsEgress": egress,
                **{
                    k: permission[k]
                    for k in ("IpProtocol", "FromPort", "ToPort")
                    if k in permission
                },
            }
            for source in _sources_of(permission, where):
                yield _with_prefixes_checked({**common, **source}, where)


def _sources_of(permission: Json, where: str) -> Iterator[Json]:
    for several, single, key in _SOURCES:
        for source in permission.get(several) or ():
            _require(source, f"{where}.{several}", single)
            yield {key: source[single], "Description": source.get("Description") or ""}
    for pair in permission.get("UserIdGroupPairs") or ():
        _require(pair, f"{where}.UserIdGroupPairs", "GroupId")
        yield {
            "ReferencedGroupInfo": {"GroupId": pair["GroupId"]},
            "Description": pair.get("Description") or "",
        }


def _check_interface(place: int, interface: Any) -> Json:
    where = f"NetworkInterfaces[{place}]"
    _require(interface, where, "NetworkInterfaceId")
    complete = {"Groups": (), "VpcId": "", "SubnetId": "", **interface}
    for group in complete["Groups"]:
        _require(group, f"{where}.Groups", "GroupId")
    try:
        tuple(addresses_of(complete))
    except (KeyError, TypeError, ValueError) as problem:
        raise ValueError(f"{where} has an address that is none ({problem})") from None
    return complete


def _check_acl(place: int, acl: Any) -> Json:
    where = f"NetworkAcls[{place}]"
    _require(acl, where, "NetworkAclId")
    for index, entry in enumerate(acl.get("Entries") or ()):
        at = f"{where}.Entries[{index}]"
        _require(entry, at, "Protocol", "RuleAction")
        _number(entry.get("RuleNumber"), f"{at}.RuleNumber")
        for key in ("CidrBlock", "Ipv6CidrBlock"):
            if entry.get(key):
                _check_prefix(entry[key], f"{at}.{key}")
    return {"Entries": (), "Associations": (), "IsDefault": False, "VpcId": "", **acl}


def _require(record: Any, where: str, *keys: str) -> None:
    if not isinstance(record, dict):
        raise ValueError(f"{where} is not an object")
    for key in keys:
        if not isinstance(record.get(key), str):
            raise ValueError(f"{where} has no {key}")
