"""Security groups: who may make and delete one, and what a rule is."""

from __future__ import annotations

from functools import partial
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import EC2Backend
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.responses.security_groups import SecurityGroups

from sandbox.aws import strict_groups
from sandbox.aws.limits import Limits
from sandbox.aws.patches.wrap import wrap
from sandbox.aws.strict_rules import describe, identify, show_rule


def patch_groups(limits: Limits) -> None:
    """Names and numbers of groups, and what keeps one from being deleted."""
    wrap(EC2Backend, "create_security_group", partial(_create, limits))
    wrap(EC2Backend, "delete_security_group", _delete)


def _create(
    limits: Limits, original: Any, backend: Any, name: str, description: str,
    vpc_id: str | None = None, tags: Any = None, force: bool = False,
    is_default: bool | None = None,
) -> Any:  # fmt: skip
    if not is_default and not force:
        strict_groups.check_new_group(backend, name, description, vpc_id, limits)
    return original(
        backend, name, description, vpc_id=vpc_id, tags=tags, force=True, is_default=is_default
    )


def _delete(
    original: Any, backend: Any, name: str | None = None, group_id: str | None = None
) -> Any:
    group = backend.get_security_group_by_name_or_id(group_id or name)
    strict_groups.check_deletion(backend, group.id if group else str(group_id or name))
    return original(backend, group_id=group.id)


def patch_rules(limits: Limits) -> None:
    """Rules with ids, tags and descriptions of their own, within the quotas."""
    responses: Any = SecurityGroups
    for direction, is_egress in (("ingress", False), ("egress", True)):
        wrap(
            responses,
            f"authorize_security_group_{direction}",
            partial(_authorize, limits, is_egress),
        )
        wrap(responses, f"revoke_security_group_{direction}", partial(_revoke, is_egress))
        update = partial(_update_descriptions, is_egress)
        wrap(responses, f"update_security_group_rule_descriptions_{direction}", update)
    wrap(responses, "modify_security_group_rules", partial(_modify, limits))
    rule: Any = SecurityGroupRule
    rule.description = property(describe)
    rule.group_owner_id = property(lambda self: self.owner_id)
    rule.__eq__ = lambda self, other: identify(self) == identify(other)


def _authorize(limits: Limits, is_egress: bool, _: Any, response: Any) -> ActionResult:
    response.error_on_dryrun()
    tags = response._parse_tag_specification().get("security-group-rule", {})
    rules = strict_groups.authorize(
        response.ec2_backend,
        _group_of(response),
        _permissions_of(response),
        limits,
        is_egress=is_egress,
        tags=tags,
    )
    return ActionResult({"Return": True, "SecurityGroupRules": [show_rule(each) for each in rules]})


def _revoke(is_egress: bool, _: Any, response: Any) -> ActionResult:
    response.error_on_dryrun()
    by_id = response._get_param("SecurityGroupRuleIds", [])
    permissions = [] if by_id else _permissions_of(response)
    strict_groups.revoke(
        response.ec2_backend, _group_of(response), permissions, by_id, is_egress=is_egress
    )
    return ActionResult({"Return": True})


def _modify(limits: Limits, _: Any, response: Any) -> ActionResult:
    response.error_on_dryrun()
    requests = response._get_param("SecurityGroupRules", [])
    by_id = {each["SecurityGroupRuleId"]: each["SecurityGroupRule"] for each in requests}
    strict_groups.modify_rules(response.ec2_backend, _group_of(response), by_id, limits)
    return ActionResult({"Return": True})


def _update_descriptions(is_egress: bool, _: Any, response: Any) -> ActionResult:
    by_id = response._get_param("SecurityGroupRuleDescriptions", [])
    permissions = response._get_param("IpPermissions", [])
    strict_groups.update_descriptions(
        response.ec2_backend, _group_of(response), permissions, by_id, is_egress=is_egress
    )
    return ActionResult({"Return": True})


def _group_of(response: Any) -> str:
    """The id of the group that a request names by id or by name."""
    name = response._get_param("GroupId") or response._get_param("GroupName") or ""
    group = response.ec2_backend.get_security_group_by_name_or_id(name)
    return str(group.id if group else name)


def _permissions_of(response: Any) -> list[dict[str, Any]]:
    """The request's IpPermissions; the old spelling with one rule at the top level is turned into one."""
    listed: list[dict[str, Any]] = response._get_param("IpPermissions", [])
    if listed:
        return listed
    names = ("IpProtocol", "FromPort", "ToPort")
    single = {name: response._get_param(name) for name in names}
    cidr = response._get_param("CidrIp")
    return [{**single, "IpRanges": [{"CidrIp": cidr}] if cidr else []}]
