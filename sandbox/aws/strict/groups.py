"""Security groups: who may make and delete one, and how its rules are added, changed and removed."""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import EC2Backend
from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupRule
from moto.ec2.responses.security_groups import SecurityGroups

from sandbox.aws.limits import Limits
from sandbox.aws.strict.rules import (
    Identity,
    Source,
    WantedRule,
    check_quota,
    describe,
    identify,
    make_rule,
    read_permissions,
    read_rule_request,
    rules_of,
    show_rule,
    write_rule,
)
from sandbox.aws.strict.wrap import refuse, wrap

LONGEST_TEXT = 255
TEXT = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]*")
"""EC2's characters for a group's name and description. Source: CreateSecurityGroup."""


def patch(limits: Limits) -> None:
    """Names and numbers of groups, what keeps one in use, and rules within the quotas."""
    wrap(EC2Backend, "create_security_group", partial(_create, limits))
    wrap(EC2Backend, "delete_security_group", _delete)
    responses: Any = SecurityGroups
    for direction, is_egress in (("ingress", False), ("egress", True)):
        authorize = partial(_authorize, limits, is_egress)
        wrap(responses, f"authorize_security_group_{direction}", authorize)
        wrap(responses, f"revoke_security_group_{direction}", partial(_revoke, is_egress))
    wrap(responses, "modify_security_group_rules", partial(_modify, limits))
    rule: Any = SecurityGroupRule
    rule.description = property(describe)
    rule.group_owner_id = property(lambda self: self.owner_id)
    rule.__eq__ = lambda self, other: identify(self) == identify(other)


def list_groups(backend: Any) -> Iterator[SecurityGroup]:
    """Every security group of the account in the region."""
    for groups in list(backend.groups.values()):
        yield from list(groups.values())


def find_group(backend: Any, group_id: str) -> SecurityGroup:
    """The group with the id. Raises: InvalidGroup.NotFound."""
    group = next((each for each in list_groups(backend) if each.id == group_id), None)
    if group is None:
        raise refuse("group-not-found", group_id=group_id)
    return group


# Groups


def _create(
    limits: Limits, original: Any, backend: Any, name: str, description: str,
    vpc_id: str | None = None, tags: Any = None, force: bool = False,
    is_default: bool | None = None,
) -> Any:  # fmt: skip
    if not is_default and not force:
        _check_name(name)
        _check_text("GroupDescription", description)
        if vpc_id:
            backend.get_vpc(vpc_id)
        _check_neighbours(backend, name, vpc_id, limits)
    return original(
        backend, name, description, vpc_id=vpc_id, tags=tags, force=True, is_default=is_default
    )


def _check_name(name: str) -> None:
    """A group's name is not like a group's id, and not ``default``."""
    _check_text("GroupName", name)
    if name.lower().startswith("sg-"):
        raise refuse("group-name-like-id", name=name)
    if name.lower() == "default":
        raise refuse("group-reserved", name=name)


def _check_text(parameter: str, text: str) -> None:
    """1 to 255 characters of the set."""
    if not text:
        raise refuse("parameter-missing", parameter=parameter)
    if len(text) > LONGEST_TEXT:
        raise refuse("text-too-long", parameter=parameter, most=LONGEST_TEXT)
    wrong = sorted({letter for letter in text if not TEXT.fullmatch(letter)})
    if wrong:
        shown = " ".join(ascii(letter)[1:-1] for letter in wrong)
        raise refuse("text-characters", parameter=parameter, shown=shown)


def _check_neighbours(backend: Any, name: str, vpc_id: str | None, limits: Limits) -> None:
    """Refuse a name that the VPC already has in whatever case, or one group too many."""
    same_vpc = backend.groups[vpc_id or backend.default_vpc.id].values()
    if any(each.name.lower() == name.lower() for each in same_vpc):
        raise refuse("group-duplicate", name=name, vpc_id=vpc_id)
    if sum(1 for _ in list_groups(backend)) >= limits.groups_per_region:
        raise refuse("groups-per-region")


def _delete(
    original: Any, backend: Any, name: str | None = None, group_id: str | None = None
) -> Any:
    """Not a VPC's default group, one that an interface holds, or one that another group's rule names."""
    named = backend.get_security_group_by_name_or_id(group_id or name)
    group = find_group(backend, named.id if named else str(group_id or name))
    if group.is_default:
        raise refuse("group-default", group=group.id)
    is_held = any(group in interface.group_set for interface in backend.enis.values())
    others = (each for each in list_groups(backend) if each.id != group.id)
    if is_held or any(_refers(other, group.id) for other in others):
        raise refuse("group-in-use", group=group.id)
    return original(backend, group_id=group.id)


def _refers(group: SecurityGroup, group_id: str) -> bool:
    rules = [*group.ingress_rules, *group.egress_rules]
    return any(rule.source_group.get("GroupId") == group_id for rule in rules)


# Rules: a request is taken whole or not at all


def _authorize(limits: Limits, is_egress: bool, _: Any, response: Any) -> ActionResult:
    response.error_on_dryrun()
    backend, group = response.ec2_backend, _group_of(response)
    tags = response._parse_tag_specification().get("security-group-rule", {})
    wanted = read_permissions(_permissions_of(response))
    present = [identify(rule) for rule in rules_of(group, is_egress=is_egress)]
    for rule in wanted:
        _check_peer(backend, group, rule.identity)
        if rule.identity in present:
            raise _duplicate(rule.identity)
        present.append(rule.identity)
    check_quota(present, _weigh_lists(backend), limits.rules_per_group)
    added = [make_rule(backend, group, rule, is_egress=is_egress, tags=tags) for rule in wanted]
    rules_of(group, is_egress=is_egress).extend(added)
    return ActionResult({"Return": True, "SecurityGroupRules": [show_rule(each) for each in added]})


def _revoke(is_egress: bool, _: Any, response: Any) -> ActionResult:
    """By id or by content; that a rule is not there is an error, a default of a family too."""
    response.error_on_dryrun()
    ids = response._get_param("SecurityGroupRuleIds", [])
    rules = rules_of(_group_of(response), is_egress=is_egress)
    named = [_find(rules, id) for id in ids] or [
        _find(rules, each.identity) for each in read_permissions(_permissions_of(response))
    ]
    gone = {rule.id for rule in named}
    rules[:] = [rule for rule in rules if rule.id not in gone]
    return ActionResult({"Return": True})


def _modify(limits: Limits, _: Any, response: Any) -> ActionResult:
    """In place; a rule keeps its direction and the kind of its source."""
    response.error_on_dryrun()
    backend, group = response.ec2_backend, _group_of(response)
    wanted = {
        each["SecurityGroupRuleId"]: read_rule_request(each["SecurityGroupRule"])
        for each in response._get_param("SecurityGroupRules", [])
    }
    for rule_id, rule in wanted.items():
        _check_modification(backend, group, rule_id, rule)
    for is_egress in (False, True):
        after = [
            wanted[rule.id].identity if rule.id in wanted else identify(rule)
            for rule in rules_of(group, is_egress=is_egress)
        ]
        if len(set(after)) < len(after):
            raise _duplicate(next(each for each in after if after.count(each) > 1))
        check_quota(after, _weigh_lists(backend), limits.rules_per_group)
    for rule_id, rule in wanted.items():
        write_rule(_find_by_id(group, rule_id), rule)
    return ActionResult({"Return": True})


def _group_of(response: Any) -> SecurityGroup:
    """The group that a request names by id or by name."""
    name = response._get_param("GroupId") or response._get_param("GroupName") or ""
    group = response.ec2_backend.get_security_group_by_name_or_id(name)
    return find_group(response.ec2_backend, str(group.id if group else name))


def _permissions_of(response: Any) -> Sequence[dict[str, Any]]:
    """The request's IpPermissions; the old spelling with one rule at the top level is turned into one."""
    listed: list[dict[str, Any]] = response._get_param("IpPermissions", [])
    if listed:
        return listed
    names = ("IpProtocol", "FromPort", "ToPort")
    single = {name: response._get_param(name) for name in names}
    cidr = response._get_param("CidrIp")
    return [{**single, "IpRanges": [{"CidrIp": cidr}] if cidr else []}]


def _find(rules: list[SecurityGroupRule], wanted: Identity | str) -> SecurityGroupRule:
    """The rule with an id or an identity, to be revoked or described."""
    for rule in rules:
        if wanted in (rule.id, identify(rule)):
            return rule
    raise refuse("rule-not-found")


def _find_by_id(group: SecurityGroup, rule_id: str) -> SecurityGroupRule:
    for rule in [*group.ingress_rules, *group.egress_rules]:
        if rule.id == rule_id:
            return rule
    raise refuse("rule-id-not-found", rule_id=rule_id)


def _check_modification(
    backend: Any, group: SecurityGroup, rule_id: str, wanted: WantedRule
) -> None:
    before = identify(_find_by_id(group, rule_id)).source
    if before is not wanted.identity.source:
        raise refuse(
            "rule-source-changed",
            rule_id=rule_id,
            wanted=wanted.identity.source.value,
            before=before.value,
        )
    _check_peer(backend, group, wanted.identity)


def _check_peer(backend: Any, group: SecurityGroup, rule: Identity) -> None:
    """The other side must exist, and a group must be of the same VPC or of one that is peered with it."""
    if rule.source is Source.PREFIX_LIST and rule.peer not in backend.managed_prefix_lists:
        raise refuse("prefix-list-not-found", peer=rule.peer)
    if rule.source is not Source.GROUP:
        return
    vpcs = {find_group(backend, rule.peer).vpc_id, group.vpc_id}
    active = [each for each in backend.vpc_pcxs.values() if each._status.code == "active"]
    if len(vpcs) > 1 and not any({each.vpc.id, each.peer_vpc.id} == vpcs for each in active):
        raise refuse("group-elsewhere")


def _weigh_lists(backend: Any) -> dict[str, tuple[int, int]]:
    weights = {}
    for each in backend.managed_prefix_lists.values():
        entries = int(each.max_entries or len(each.entries.get(each.version) or []) or 1)
        weights[each.id] = (entries, 0) if each.address_family != "IPv6" else (0, entries)
    return weights


def _duplicate(rule: Identity) -> Exception:
    ports = f"from port: {rule.from_port}, to port: {rule.to_port}"
    protocol = "ALL" if rule.protocol == "-1" else rule.protocol.upper()
    return refuse("rule-duplicate", peer=rule.peer, protocol=protocol, ports=ports)
