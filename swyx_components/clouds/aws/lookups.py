"""What a site needs of EC2, and what is deployed of it, looked up before anything is created."""

from collections.abc import Iterator, Mapping, Sequence
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
    """The interfaces that may get into too many groups, if only during an update."""
    limit = rendered.capabilities.limits["groups_per_interface"]
    for machine, interface, entries in _by_interface(rendered, interfaces):
        planned = sum(len(entry.shards) for entry in entries.values())
        if len(interface.groups) + planned > limit:
            yield Membership(
                machine,
                interface.key,
                interface.groups,
                ours=interface.groups & _find_groups(own, ask),
                own=frozenset().union(
                    *(_find_groups({**own, "swyx:group": clean_tag(name)}, ask) for name in entries)
                ),
                planned=planned,
            )


def check_last_groups(
    rendered: RenderedSite,
    interfaces: Mapping[str, Sequence[Interface]],
    own: Mapping[str, str],
    ask: Lookups,
) -> Iterator[Message]:
    """A warning for every interface that is in groups of the stack alone: EC2 leaves none without a group.

    One lookup; none where each interface is in more groups than are planned for it.
    """
    few = [
        (machine, interface)
        for machine, interface, entries in _by_interface(rendered, interfaces)
        if 0 < len(interface.groups) <= sum(len(entry.shards) for entry in entries.values())
    ]
    ours = _find_groups(own, ask) if few else frozenset()
    for machine, interface in few:
        if interface.groups <= ours:
            place = f"sites.{rendered.plan.site}.machines.{machine}"
            yield Message.about("last-group", place, interface=interface.key, machine=machine)


def _by_interface(
    rendered: RenderedSite, interfaces: Mapping[str, Sequence[Interface]]
) -> Iterator[tuple[str, Interface, Mapping[str, RenderedGroup]]]:
    """Each interface with its first machine and, by name, the host groups that it is for."""
    joined: dict[str, list[tuple[str, Interface, RenderedGroup]]] = {}
    for entry in rendered.groups:
        for machine in entry.group.machines:
            for each in interfaces.get(machine.name, ()):
                joined.setdefault(each.key, []).append((machine.name, each, entry))
    for rows in joined.values():
        machine_name, interface, _ = rows[0]
        yield machine_name, interface, {entry.group.name: entry for _, _, entry in rows}


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
