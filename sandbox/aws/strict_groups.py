"""Security groups and their rules as EC2 treats them, in place of moto's calls of the same names.

Every function takes moto's EC2 backend first and is installed as its method by ``strict.install``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupRule

from sandbox.aws.limits import Limits
from sandbox.aws.strict_permissions import (
    Identity,
    Source,
    WantedRule,
    read_permissions,
    read_rule_request,
)
from sandbox.aws.strict_quotas import check_rule_quota
from sandbox.aws.strict_rules import identify, make_rule, rules_of, write_rule
from sandbox.aws.strict_text import (
    check_group_description,
    check_group_name,
    check_rule_description,
    refuse_value,
)


def list_groups(backend: Any) -> Iterator[SecurityGroup]:
    """Every security group of the account in the region."""
    for groups in list(backend.groups.values()):
        yield from list(groups.values())


def find_group(backend: Any, group_id: str) -> SecurityGroup:
    """The group with the id. Raises: InvalidGroup.NotFound."""
    group = next((each for each in list_groups(backend) if each.id == group_id), None)
    if group is None:
        raise EC2ClientError(
            "InvalidGroup.NotFound", f"The security group '{group_id}' does not exist"
        )
    return group


def check_new_group(
    backend: Any, name: str, description: str, vpc_id: str | None, limits: Limits
) -> None:
    """Refuse a name that EC2 does not take, that the VPC already has in whatever case, or one group
    too many.
    """
    check_group_name(name)
    check_group_description(description)
    if vpc_id:
        backend.get_vpc(vpc_id)
    same_vpc = backend.groups[vpc_id or backend.default_vpc.id].values()
    if any(each.name.lower() == name.lower() for each in same_vpc):
        raise EC2ClientError(
            "InvalidGroup.Duplicate",
            f"The security group '{name}' already exists for VPC '{vpc_id}'",
        )
    if sum(1 for _ in list_groups(backend)) >= limits.groups_per_region:
        raise EC2ClientError(
            "SecurityGroupLimitExceeded", "The maximum number of security groups has been reached."
        )


def check_deletion(backend: Any, group_id: str) -> None:
    """Refuse to delete a VPC's default group, one that an interface holds, or one that another
    group's rule names.
    """
    group = find_group(backend, group_id)
    if group.is_default:
        raise EC2ClientError(
            "CannotDelete",
            f'the specified group: "{group.id}" name: "default" cannot be deleted by a user',
        )
    held = any(group in interface.group_set for interface in backend.enis.values())
    if held or any(
        _refers(other, group_id) for other in list_groups(backend) if other.id != group_id
    ):
        raise EC2ClientError("DependencyViolation", f"resource {group_id} has a dependent object")


def authorize(
    backend: Any,
    group_id: str,
    permissions: Sequence[dict[str, Any]],
    limits: Limits,
    *,
    is_egress: bool,
    tags: Any,
) -> list[SecurityGroupRule]:
    """Add the rules of a request, all or none of them."""
    group = find_group(backend, group_id)
    wanted = read_permissions(list(permissions))
    present = [identify(rule) for rule in rules_of(group, is_egress=is_egress)]
    for rule in wanted:
        _check_peer(backend, group, rule.identity)
        if rule.identity in present:
            raise EC2ClientError("InvalidPermission.Duplicate", _describe_duplicate(rule.identity))
        present.append(rule.identity)
    check_rule_quota(present, _weigh_lists(backend), limits.rules_per_group)
    added = [make_rule(backend, group, rule, is_egress=is_egress, tags=tags) for rule in wanted]
    rules_of(group, is_egress=is_egress).extend(added)
    return added


def revoke(
    backend: Any,
    group_id: str,
    permissions: Sequence[dict[str, Any]],
    rule_ids: Sequence[str],
    *,
    is_egress: bool,
) -> None:
    """Remove the rules of a request, named by id or by content, all or none of them; one that is not
    there is an error, the default of a family that the VPC does not have too.
    """
    rules = rules_of(find_group(backend, group_id), is_egress=is_egress)
    by_id = {rule.id: rule for rule in rules}
    named = [_find_by_identity(rules, each.identity) for each in read_permissions([*permissions])]
    named += [by_id.get(each) or _refuse_absent() for each in rule_ids]
    gone = {rule.id for rule in named}
    rules[:] = [rule for rule in rules if rule.id not in gone]


def modify_rules(
    backend: Any, group_id: str, requests: dict[str, dict[str, Any]], limits: Limits
) -> None:
    """Change rules in place, all or none of them; a rule keeps its direction and the kind of its source."""
    group = find_group(backend, group_id)
    wanted = {rule_id: read_rule_request(request) for rule_id, request in requests.items()}
    for rule_id, rule in wanted.items():
        _check_modification(backend, group, rule_id, rule)
    for is_egress in (False, True):
        after = [_identify_after(rule, wanted) for rule in rules_of(group, is_egress=is_egress)]
        if len(set(after)) < len(after):
            twice = next(each for each in after if after.count(each) > 1)
            raise EC2ClientError("InvalidPermission.Duplicate", _describe_duplicate(twice))
        check_rule_quota(after, _weigh_lists(backend), limits.rules_per_group)
    for rule_id, rule in wanted.items():
        write_rule(_find_rule(group, rule_id), rule)


def update_descriptions(
    backend: Any,
    group_id: str,
    permissions: list[dict[str, Any]],
    by_id: list[dict[str, Any]],
    *,
    is_egress: bool,
) -> None:
    """Change only the descriptions of rules, which are named by their content or by id."""
    group = find_group(backend, group_id)
    rules = rules_of(group, is_egress=is_egress)
    changes = [
        (_find_by_identity(rules, each.identity), each.description)
        for each in read_permissions(permissions)
    ]
    for each in by_id:
        check_rule_description(each.get("Description") or "")
        changes.append(
            (_find_rule(group, each.get("SecurityGroupRuleId", "")), each.get("Description"))
        )
    for rule, description in changes:
        write_rule(rule, WantedRule(identity=identify(rule), description=description))


def _identify_after(rule: SecurityGroupRule, wanted: dict[str, WantedRule]) -> Identity:
    return wanted[rule.id].identity if rule.id in wanted else identify(rule)


def _check_modification(
    backend: Any, group: SecurityGroup, rule_id: str, wanted: WantedRule
) -> None:
    before = identify(_find_rule(group, rule_id)).source
    if before is not wanted.identity.source:
        raise refuse_value(
            f"Invalid rule type for security group rule '{rule_id}'. You may not specify "
            f"{wanted.identity.source.value} for an existing {before.value} rule."
        )
    _check_peer(backend, group, wanted.identity)


def _find_rule(group: SecurityGroup, rule_id: str) -> SecurityGroupRule:
    rule = next(
        (each for each in [*group.ingress_rules, *group.egress_rules] if each.id == rule_id), None
    )
    if rule is None:
        raise EC2ClientError(
            "InvalidSecurityGroupRuleId.NotFound",
            f"The security group rule ID '{rule_id}' does not exist",
        )
    return rule


def _find_by_identity(rules: list[SecurityGroupRule], identity: Identity) -> SecurityGroupRule:
    rule = next((each for each in rules if identify(each) == identity), None)
    return rule or _refuse_absent()


def _refuse_absent() -> NoReturn:
    raise EC2ClientError(
        "InvalidPermission.NotFound", "The specified rule does not exist in this security group."
    )


def _refers(group: SecurityGroup, group_id: str) -> bool:
    rules = [*group.ingress_rules, *group.egress_rules]
    return any(rule.source_group.get("GroupId") == group_id for rule in rules)


def _check_peer(backend: Any, group: SecurityGroup, rule: Identity) -> None:
    """The other side must exist, and a group must be of the same VPC or of one that is peered with it."""
    if rule.source is Source.PREFIX_LIST and rule.peer not in backend.managed_prefix_lists:
        raise EC2ClientError(
            "InvalidPrefixListID.NotFound", f"The prefix list ID '{rule.peer}' does not exist"
        )
    if rule.source is not Source.GROUP:
        return
    peer = find_group(backend, rule.peer)
    if peer.vpc_id != group.vpc_id and not _are_peered(
        backend, str(peer.vpc_id), str(group.vpc_id)
    ):
        raise EC2ClientError(
            "InvalidGroup.NotFound",
            "You have specified two resources that belong to different networks.",
        )


def _are_peered(backend: Any, one: str, other: str) -> bool:
    active = [each for each in backend.vpc_pcxs.values() if each._status.code == "active"]
    return any({each.vpc.id, each.peer_vpc.id} == {one, other} for each in active)


def _weigh_lists(backend: Any) -> dict[str, tuple[int, int]]:
    weights = {}
    for each in backend.managed_prefix_lists.values():
        entries = int(each.max_entries or len(each.entries.get(each.version) or []) or 1)
        weights[each.id] = (entries, 0) if each.address_family != "IPv6" else (0, entries)
    return weights


def _describe_duplicate(rule: Identity) -> str:
    ports = f"from port: {rule.from_port}, to port: {rule.to_port}"
    protocol = "ALL" if rule.protocol == "-1" else rule.protocol.upper()
    return f'the specified rule "peer: {rule.peer}, {protocol}, {ports}, ALLOW" already exists'
