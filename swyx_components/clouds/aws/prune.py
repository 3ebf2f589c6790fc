"""What an interrupted update left in EC2 beside the state, and its removal."""

from collections.abc import Iterator, Sequence

from swyx_components.analysis.deployed.held import STACK_TAG, Orphan, StackRecord
from swyx_components.analysis.deployed.verify import enforced
from swyx_components.clouds.aws.client import Ec2, Json, addresses_of, open_ec2, tag_of
from swyx_components.clouds.aws.inventory import shard_of, spec_of
from swyx_components.clouds.aws.names import clean_tag
from swyx_components.clouds.aws.render import EVERYWHERE
from swyx_components.planner.model import RenderedSite, Spec, shard_label

_ATTACHMENT, _RULE, _GROUP = range(3)


def find_orphans(rendered: RenderedSite, held: StackRecord) -> tuple[Orphan, ...]:
    """Groups and rules with the stack's tag, attachments of the site's machines to its groups, and in
    its groups the default egress and untagged rules as planned, that the state does not hold.

    Raises:
        CloudError: EC2 can't be reached or refuses, or boto3 is not installed.
    """
    with open_ec2() as ec2:
        site = clean_tag(rendered.plan.site)
        groups = [
            group
            for group in ec2.groups(f"tag:{STACK_TAG}", [held.stack])
            if tag_of(group, "swyx:site") == site
        ]
        ids = [group["GroupId"] for group in groups]
        is_planned = _Planned(ec2, rendered, groups)
        rules = [
            rule
            for rule in ec2.rules(ids)
            if tag_of(rule, STACK_TAG) == held.stack or _is_default(rule) or is_planned(rule)
        ]
        interfaces = list(ec2.interfaces("group-id", ids))
        known = {group["GroupId"]: group for group in groups if group["GroupId"] in held.ids}
        found = [
            *_orphan_groups(groups, rules, interfaces, held),
            *(_orphan_rule(r) for r in rules if r["GroupId"] in known and _unheld(r, held)),
            *_orphan_attachments(rendered, interfaces, known, held),
        ]
        return tuple(sorted(found))


def remove_orphans(orphans: Sequence[Orphan]) -> Iterator[Orphan]:
    """Remove them in order; each is given back when it is gone.

    Raises:
        CloudError: EC2 refuses.
    """
    with open_ec2() as ec2:
        for orphan in sorted(orphans):
            _remove(ec2, orphan)
            yield orphan


def _unheld(rule: Json, held: StackRecord) -> bool:
    return rule["SecurityGroupRuleId"] not in held.ids


class _Planned:
    """Whether a rule without tags is one of the plan, description included: the provider makes a rule by
    one call and tags it by another, so an interruption between the two leaves it like that.
    """

    def __init__(self, ec2: Ec2, rendered: RenderedSite, groups: Sequence[Json]) -> None:
        by_tag = {clean_tag(entry.group.name): entry.group.name for entry in rendered.groups}
        self._ec2 = ec2
        self._owners = {g["GroupId"]: by_tag.get(tag_of(g, "swyx:group"), "") for g in groups}
        self._shards = {group["GroupId"]: shard_of(group) for group in groups}
        self._names = {
            id: shard_label(owner, self._shards[id]) for id, owner in self._owners.items() if owner
        }
        self._planned = {
            (entry.group.name, _as_made(spec)) for entry in rendered.groups for spec in entry.specs
        }

    def __call__(self, rule: Json) -> bool:
        if rule.get("Tags"):
            return False
        group = rule["GroupId"]
        spec = spec_of(rule, self._names, self._shards[group], self._ec2)
        return spec is not None and (self._owners[group], _as_made(spec)) in self._planned


def _as_made(spec: Spec) -> Spec:
    """What EC2 stores of it."""
    return enforced(spec)._replace(description=spec.description)


def _is_default(rule: Json) -> bool:
    """Whether it is the rule that EC2 puts into every new group: all that goes out. The provider revokes it
    as the second call of a group's creation; a creation broken between the two leaves it, without a tag.
    """
    cidr = rule.get("CidrIpv4", rule.get("CidrIpv6"))
    everywhere = cidr in map(str, EVERYWHERE.values())
    return (
        bool(rule["IsEgress"])
        and rule["IpProtocol"] == "-1"
        and everywhere
        and not rule.get("Tags")
    )


def _orphan_groups(
    groups: Sequence[Json], rules: Sequence[Json], interfaces: Sequence[Json], held: StackRecord
) -> Iterator[Orphan]:
    """An update gives a group rules and interfaces only once its state holds the group."""
    for group in groups:
        id = group["GroupId"]
        if id not in held.ids:
            users = [i["NetworkInterfaceId"] for i in interfaces if _is_in(i, id)]
            users += [
                rule["SecurityGroupRuleId"]
                for rule in rules
                if rule["GroupId"] == id and not _is_default(rule)
            ]
            yield Orphan(
                stage=_GROUP,
                id=id,
                kind="security group",
                words=tag_of(group, "swyx:group") or group["GroupName"],
                users=tuple(sorted(users)),
            )


def _orphan_rule(rule: Json) -> Orphan:
    peer = (
        rule.get("CidrIpv4")
        or rule.get("CidrIpv6")
        or rule.get("PrefixListId")
        or rule.get("ReferencedGroupInfo", {}).get("GroupId", "")
    )
    direction = "out" if rule["IsEgress"] else "in"
    ports = f"{rule.get('FromPort', -1)}-{rule.get('ToPort', -1)}"
    words = f"{direction} {rule['IpProtocol']} {ports} {peer} of {rule['GroupId']}"
    if _is_default(rule):
        words += ", as EC2 gives to every new group"
    elif not rule.get("Tags"):
        words += ", as planned but without its tags"
    return Orphan(
        stage=_RULE,
        id=rule["SecurityGroupRuleId"],
        kind="egress rule" if rule["IsEgress"] else "ingress rule",
        words=words,
    )


def _orphan_attachments(
    rendered: RenderedSite, interfaces: Sequence[Json], known: dict[str, Json], held: StackRecord
) -> Iterator[Orphan]:
    owners = rendered.owners
    for interface in interfaces if held.attaches else ():
        id = interface["NetworkInterfaceId"]
        machines = {owners[a] for a in addresses_of(interface) if a in owners} - held.unattached
        groups = [group for group in known if _is_in(interface, group)] if machines else []
        for group in groups:
            attachment = f"{group}_{id}"
            if attachment not in held.ids:
                words = f"{', '.join(sorted(machines))} to {tag_of(known[group], 'swyx:group')}"
                yield Orphan(stage=_ATTACHMENT, id=attachment, kind="attachment", words=words)


def _is_in(interface: Json, group: str) -> bool:
    return any(each["GroupId"] == group for each in interface["Groups"])


def _remove(ec2: Ec2, orphan: Orphan) -> None:
    if orphan.stage == _ATTACHMENT:
        group, _, interface = orphan.id.partition("_")
        (found,) = ec2.interfaces("network-interface-id", [interface])
        rest = [each["GroupId"] for each in found["Groups"] if each["GroupId"] != group]
        ec2.client.modify_network_interface_attribute(NetworkInterfaceId=interface, Groups=rest)
    elif orphan.stage == _RULE:
        (rule,) = ec2.all(
            "describe_security_group_rules",
            "SecurityGroupRules",
            "security-group-rule-id",
            [orphan.id],
        )
        client = ec2.client
        egress = client.revoke_security_group_egress
        revoke = egress if rule["IsEgress"] else client.revoke_security_group_ingress
        revoke(GroupId=rule["GroupId"], SecurityGroupRuleIds=[orphan.id])
    else:
        ec2.client.delete_security_group(GroupId=orphan.id)
