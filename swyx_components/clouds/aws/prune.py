"""Orphans of an interrupted update in EC2, and their removal, as `analysis/deployed/platform.py` has it."""

from collections.abc import Iterator, Mapping, Sequence

from swyx_components.analysis.deployed.stack_state import STACK_TAG, Orphan, StackState
from swyx_components.clouds.aws.client import Ec2, open_ec2
from swyx_components.clouds.aws.inventory import OwnGroups
from swyx_components.clouds.aws.records import GROUPS, INTERFACES, RULES, Ec2Rule, SecurityGroup
from swyx_components.clouds.inventory import Interface
from swyx_components.planner.model import Direction, Protocol, RenderedSite, Rule
from swyx_components.sets.prefixes import Prefix

_ATTACHMENT, _RULE, _GROUP = range(3)


def find_orphans(rendered: RenderedSite, stack: str, held: StackState) -> tuple[Orphan, ...]:
    """Groups and rules with the stack's tag, attachments of the site's machines to its groups, and in
    its groups the default egress and untagged rules as planned, that the state does not hold.
    """
    with open_ec2() as ec2:
        tagged = ec2.find(GROUPS, f"tag:{STACK_TAG}", [stack])
        own = OwnGroups(rendered, tagged)
        records = ec2.find(RULES, "group-id", own.places)
        planned = _find_planned(ec2, rendered, own, records)
        rules = [
            rule
            for rule in records
            if rule.tags.get(STACK_TAG) == stack or _is_default(rule) or rule.id in planned
        ]
        interfaces = ec2.find(INTERFACES, "group-id", own.places)
        found = (
            orphan
            for group in tagged
            if group.id in own.places
            for orphan in _find_at(group, rules, interfaces, rendered.plan.owners, held)
        )
        return tuple(sorted(found))


def remove_orphans(orphans: Sequence[Orphan]) -> Iterator[Orphan]:
    """Remove them in order; yields each once it is removed."""
    with open_ec2() as ec2:
        for orphan in sorted(orphans):
            if orphan.stage == _ATTACHMENT:
                group, _, interface = orphan.id.partition("_")
                (found,) = ec2.find(INTERFACES, "network-interface-id", [interface])
                rest = [id for id in found.groups if id != group]
                ec2.client.modify_network_interface_attribute(
                    NetworkInterfaceId=interface, Groups=rest
                )
            elif orphan.stage == _RULE:
                (rule,) = ec2.find(RULES, "security-group-rule-id", [orphan.id])
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
    untagged = ec2.resolve(record for record in records if not record.tags)
    made = ((record, own.rule_of(record)) for record in untagged)
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
    is_everything = rule.protocol is Protocol.ANY and any(not each.length for each in rule.cidrs)
    return is_everything and rule.direction is Direction.OUT and not rule.tags


def _find_at(
    group: SecurityGroup,
    rules: Sequence[Ec2Rule],
    interfaces: Sequence[Interface],
    owners: Mapping[Prefix, str],
    held: StackState,
) -> Iterator[Orphan]:
    """The group alone, or what is in it: an update gives it that only once its state holds the group."""
    inside = [rule for rule in rules if rule.owner == group.id]
    members = [interface for interface in interfaces if group.id in interface.groups]
    name = group.tags.get("swyx:group", "")
    if group.id not in held.ids:
        users = {each.id for each in members} | {r.id for r in inside if not _is_default(r)}
        yield Orphan(_GROUP, group.id, "security group", name or group.name, tuple(sorted(users)))
        return
    yield from (_describe(rule) for rule in inside if rule.id not in held.ids)
    for interface in members:
        there = {owners[a.prefix] for a in interface.addresses if a.prefix in owners}
        machines = ", ".join(sorted(filter(held.attaches, there)))
        id = f"{group.id}_{interface.id}"
        if machines and id not in held.ids:
            yield Orphan(_ATTACHMENT, id, "attachment", f"{machines} to {name}")


def _describe(rule: Ec2Rule) -> Orphan:
    peer = ", ".join(map(str, rule.cidrs)) or rule.prefix_list or rule.peer_group
    words = f"{rule.direction.value} {rule.traffic} {peer} of {rule.owner}"
    if _is_default(rule):
        words += ", the default of every new group"
    elif not rule.tags:
        words += ", planned but untagged"
    kind = "egress rule" if rule.direction is Direction.OUT else "ingress rule"
    return Orphan(_RULE, rule.id, kind, words)
