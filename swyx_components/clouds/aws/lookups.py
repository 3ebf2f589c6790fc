"""What a site needs of EC2, and what is deployed of it, looked up before anything is created."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pulumi

from swyx_components.analysis.deployed.stack_state import STACK_TAG
from swyx_components.clouds.aws.client import in_chunks
from swyx_components.clouds.aws.interfaces import Interface, find_ids, not_found
from swyx_components.clouds.aws.names import clean_tag
from swyx_components.clouds.aws.quotas import RULE_TAG, Membership
from swyx_components.clouds.deployment import Lookups
from swyx_components.installation.model import Egress
from swyx_components.messages import Message
from swyx_components.planner.model import RenderedGroup, RenderedSite
from swyx_components.sets.prefixes import EVERYWHERE

_VPCS = "aws:ec2/getVpcs:getVpcs"
_GROUPS = "aws:ec2/getSecurityGroups:getSecurityGroups"
_RULES = "aws:vpc/getSecurityGroupRules:getSecurityGroupRules"
_RULE = "aws:vpc/getSecurityGroupRule:getSecurityGroupRule"


def find_vpc(network: Mapping[str, Any], ask: Lookups) -> pulumi.Input[str]:
    """The VPC's id, as given or looked up by its tags.

    Raises:
        SwyxError: no VPC, or more than one, carries the tags.
    """
    if "vpc_id" in network:
        given: pulumi.Input[str] = network["vpc_id"]
        return given
    tags = network["vpc_tags"]
    found = find_ids(ask, _VPCS, {f"tag:{key}": [value] for key, value in tags.items()})
    if len(found) != 1:
        words = ", ".join(f"{key}={value}" for key, value in sorted(tags.items()))
        kind = "single VPC with the tags" if found else "VPC with the tags"
        words += f" (found {len(found)})" if found else ""
        raise not_found("network.vpc_tags", kind, words, ", or write network.vpc_id")
    return found[0]


def count_rules(ask: Lookups, tags: Mapping[str, str], rules: Sequence[str]) -> int:
    """How many security group rules have all of the tags and, unless none is given, any `RULE_TAG`."""
    found: set[str] = set()
    for chunk in in_chunks(rules) if rules else ([],):
        filters = {f"tag:{RULE_TAG}": chunk} if chunk else {}
        found.update(find_ids(ask, _RULES, filters, tags={**tags}))
    return len(found)


def find_memberships(
    rendered: RenderedSite,
    interfaces: Mapping[str, Sequence[Interface]],
    own: Mapping[str, str],
    ask: Lookups,
) -> Iterator[Membership]:
    """The interfaces that may get into too many groups, if only during an update, or be left without one."""
    limit = rendered.capabilities.limits["groups_per_interface"]
    joined: dict[str, tuple[str, Interface, dict[str, RenderedGroup]]] = {}
    for entry in rendered.groups:
        for machine in entry.group.machines:
            for each in interfaces.get(machine.name, ()):
                joined.setdefault(each.key, (machine.name, each, {}))[2][entry.group.name] = entry
    ours: frozenset[str] | None = None
    for name, interface, entries in joined.values():
        on, planned = interface.groups, sum(len(entry.shards) for entry in entries.values())
        is_crowded = len(on) + planned > limit
        if is_crowded or 0 < len(on) <= planned:
            ours = _find_groups(own, ask) if ours is None else ours
            tags = [{**own, "swyx:group": clean_tag(group)} for group in entries if is_crowded]
            there = frozenset().union(*(_find_groups(each, ask) for each in tags))
            yield Membership(name, interface.key, on, ours & on, there, planned)


def check_last_groups(site: str, memberships: Iterable[Membership]) -> Iterator[Message]:
    """A warning for every interface that is in groups of the stack alone: EC2 leaves none without a group.

    None for an interface that is in more groups than are planned for it.
    """
    for machine, interface, on, ours, _, planned in memberships:
        if 0 < len(on) <= planned and on == ours:
            place = f"sites.{site}.machines.{machine}"
            yield Message.about("last-group", place, interface=interface, machine=machine)


def _find_groups(tags: Mapping[str, str], ask: Lookups) -> frozenset[str]:
    return frozenset(find_ids(ask, _GROUPS, {}, tags={**tags}))


def check_open_egress(
    rendered: RenderedSite, own: Mapping[str, str], ask: Lookups
) -> Iterator[Message]:
    """An error where groups with the tags `own` allow all egress that is not planned.

    The provider closes it when it creates a group and never again: where that was interrupted, later
    updates leave it open. One lookup where no group has a rule for every protocol; what the rules in
    question say is asked of each alone, as EC2 takes no filter for that.
    """
    if rendered.plan.egress is Egress.OPEN:
        return
    every = {"egress.ip-permission.protocol": ["-1"]}
    found = [
        (rule["securityGroupId"], rule.get("cidrIpv4") or rule.get("cidrIpv6"))
        for group in find_ids(ask, _GROUPS, every, tags={**own})
        for rule in _foreign_rules(group, own, ask)
        if rule["isEgress"] and rule["ipProtocol"] == "-1"
    ]
    everywhere = set(map(str, EVERYWHERE))
    opened = sorted({(group, peer) for group, peer in found if peer in everywhere})
    if opened:
        groups, peers = (sorted({*names}) for names in zip(*opened, strict=True))
        site, stack = rendered.plan.site, own[STACK_TAG].rpartition("/")[2]
        values = {"site": site, "stack": stack, "groups": groups, "peers": peers}
        yield Message.about("egress-left-open", f"sites.{site}", **values)


def _foreign_rules(group: str, own: Mapping[str, str], ask: Lookups) -> Iterator[Mapping[str, Any]]:
    """The rules of a group that no update made."""
    inside = {"group-id": [group]}
    ours = find_ids(ask, _RULES, inside, tags={**own})
    for rule in find_ids(ask, _RULES, inside):
        if rule not in ours:
            yield ask(_RULE, {"securityGroupRuleId": rule})
