"""Orphans of an interrupted update in EC2, and their removal."""

from collections.abc import Iterator, Mapping, Sequence

from swyx_components.analysis.deployed.stack_state import STACK_TAG, Orphan, StackState
from swyx_components.clouds.aws.client import Ec2, open_ec2
from swyx_components.clouds.aws.inventory import OwnGroups
from swyx_components.clouds.aws.records import Ec2Rule, NetworkInterface, SecurityGroup
from swyx_components.planner.model import Direction, Protocol, RenderedSite, Rule
from swyx_components.sets.prefixes import EVERYWHERE

_ATTACHMENT, _RULE, _GROUP = range(3)


def find_orphans(rendered: RenderedSite, stack: str, held: StackState) -> tuple[Orphan, ...]:
    """Groups and rules with the stack's tag, attachments of the site's machines to its groups, and in
    its groups the default egress and untagged rules as planned, that the state does not hold.

    Raises:
        CloudError: EC2 can't be reached or refuses, or boto3 is not installed.
    """
    with open_ec2() as ec2:
        tagged = ec2.find(SecurityGroup, f"tag:{STACK_TAG}", [stack])
        own = OwnGroups(rendered, tagged)
        groups = [group for group in tagged if group.id in own.places]
        records = ec2.find(Ec2Rule, "group-id", own.places)
        planned = _find_planned(ec2, rendered, own, records)
        rules = [
            rule
            for rule in records
            if rule.tags.get(STACK_TAG) == stack or _is_default(rule) or rule.id in planned
        ]
        interfaces = ec2.find(NetworkInterface, "group-id", own.places)
        known = {group.id: group for group in groups if group.id in held.ids}
        found = [
            *_orphan_groups(groups, rules, interfaces, held),
            *(_orphan_rule(r) for r in rules if r.owner in known and r.id not in held.ids),
            *_orphan_attachments(rendered, interfaces, known, held),
        ]
        return tuple(sorted(found))


def remove_orphans(orphans: Sequence[Orphan]) -> Iterator[Orphan]:
    """Remove them in order; yields each once it is removed.

    Raises:
        CloudError: EC2 refuses.
    """
    with open_ec2() as ec2:
        for orphan in sorted(orphans):
            if orphan.stage == _ATTACHMENT:
                group, _, interface = orphan.id.partition("_")
                (found,) = ec2.find(NetworkInterface, "network-interface-id", [interface])
                rest = [id for id in found.groups if id != group]
                ec2.client.modify_network_interface_attribute(
                    NetworkInterfaceId=interface, Groups=rest
                )
            elif orphan.stage == _RULE:
                (rule,) = ec2.find(Ec2Rule, "security-group-rule-id", [orphan.id])
                way = "egress" if rule.direction is Direction.OUT else "ingress"
                revoke = getattr(ec2.client, f"revoke_security_group_{way}")
                revoke(GroupId=rule.owner, SecurityGroupRuleIds=[orphan.id])
            else:
                ec2.client.delete_security_group(GroupId=orphan.id)
            yield orphan


def _find_planned(
    ec2: Ec2, rendered: RenderedSite, own: OwnGroups, records: Sequence[Ec2Rule]
) -> set[str]:
    """The rules without tags that are of the plan, by id, description included: the provider makes a rule by
    one call and tags it by another, so an interruption between the two leaves it like that.
    """
    planned = {(each.group.name, _as_made(rule)) for each in rendered.groups for rule in each.rules}
    untagged = [record for record in records if not record.tags]
    lists = ec2.prefix_lists(untagged)
    made = ((record, own.rule_of(record, lists)) for record in untagged)
    return {
        record.id
        for record, rule in made
        if rule and (own.places[record.owner][0], _as_made(rule)) in planned
    }


def _as_made(rule: Rule) -> Rule:
    """What EC2 stores of it."""
    return rule.enforced._replace(description=rule.description)


def _is_default(rule: Ec2Rule) -> bool:
    """Whether it is the rule that EC2 puts into every new group: all that goes out. The provider revokes it
    as the second call of a group's creation; a creation broken between the two leaves it, without a tag.
    """
    everywhere = any(cidr in EVERYWHERE for cidr in rule.cidrs)
    everything = everywhere and rule.traffic.protocol is Protocol.ANY
    return everything and rule.direction is Direction.OUT and not rule.tags


def _orphan_groups(
    groups: Sequence[SecurityGroup],
    rules: Sequence[Ec2Rule],
    interfaces: Sequence[NetworkInterface],
    held: StackState,
) -> Iterator[Orphan]:
    """An update gives a group rules and interfaces only once its state holds the group."""
    for group in groups:
        if group.id not in held.ids:
            users = [each.id for each in interfaces if group.id in each.groups]
            users += [r.id for r in rules if r.owner == group.id and not _is_default(r)]
            yield Orphan(
                stage=_GROUP,
                id=group.id,
                kind="security group",
                words=group.tags.get("swyx:group") or group.name,
                users=tuple(sorted(users)),
            )


def _orphan_rule(rule: Ec2Rule) -> Orphan:
    peer = ", ".join(map(str, rule.cidrs)) or rule.prefix_list or rule.peer_group
    words = f"{rule.direction.value} {rule.traffic} {peer} of {rule.owner}"
    if _is_default(rule):
        words += ", the default of every new group"
    elif not rule.tags:
        words += ", planned but untagged"
    kind = "egress rule" if rule.direction is Direction.OUT else "ingress rule"
    return Orphan(stage=_RULE, id=rule.id, kind=kind, words=words)


def _orphan_attachments(
    rendered: RenderedSite,
    interfaces: Sequence[NetworkInterface],
    known: Mapping[str, SecurityGroup],
    held: StackState,
) -> Iterator[Orphan]:
    owners = rendered.plan.owners
    for interface in interfaces:
        there = {owners[a.prefix] for a in interface.addresses if a.prefix in owners}
        machines = sorted(filter(held.attaches, there))
        for group in known.values() if machines else ():
            attachment = f"{group.id}_{interface.id}"
            if group.id in interface.groups and attachment not in held.ids:
                words = f"{', '.join(machines)} to {group.tags.get('swyx:group', '')}"
                yield Orphan(stage=_ATTACHMENT, id=attachment, kind="attachment", words=words)
