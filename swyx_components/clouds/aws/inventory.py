"""What is deployed in EC2: the site's own groups as the plan has them, all else as layers of rules.

What its functions and `Inventory` promise, and raise, stands in `analysis/deployed/platform.py`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from swyx_components.analysis.deployed.reachability import AttachmentPoint, Firewall
from swyx_components.analysis.deployed.stack_state import StackState
from swyx_components.analysis.deployed.verify import Deployed, DeployedGroup, ForeignGroup
from swyx_components.clouds.aws.client import ADDRESS_FILTERS, open_ec2
from swyx_components.clouds.aws.names import TEXTS
from swyx_components.clouds.aws.records import (
    ACLS,
    COMMANDS,
    GROUPS,
    INTERFACES,
    RULES,
    Ec2Records,
    Ec2Rule,
    SecurityGroup,
    read_records,
    records_of_state,
)
from swyx_components.clouds.aws.ruleset import Ruleset, stops_nothing
from swyx_components.clouds.inventory import (
    Interface,
    bind_by_hand,
    find_points,
    place_interfaces,
    why_not_judged,
)
from swyx_components.planner.model import RenderedSite, Rule, SitePlan, shard_label
from swyx_components.sets.ports import ALL_PORTS, ICMP_TYPES


def read_deployed(rendered: RenderedSite) -> Deployed:
    """The security groups tagged with the site, their rules, and the interfaces of its machines; also what
    other groups at those name.
    """
    with open_ec2() as ec2:
        groups = ec2.find(GROUPS, "tag:swyx:site", [TEXTS.clean_tag(rendered.plan.site)])
        own = {group.id for group in groups}
        rules = ec2.resolve(ec2.find(RULES, "group-id", own))
        interfaces = ec2.find(INTERFACES, "group-id", own)
        for version, name in ADDRESS_FILTERS.items():
            addresses = (a.address for a in rendered.plan.owners if a.version == version)
            interfaces += ec2.find(INTERFACES, name, addresses)
        subnets = {subnet for interface in interfaces for subnet in interface.subnets}
        foreign = {id for interface in interfaces for id in interface.groups} - own
        groups += ec2.find(GROUPS, "group-id", foreign)
        rules += ec2.find(RULES, "group-id", foreign)
        named = {rule.peer_group for rule in rules} - own - {""}
        interfaces += ec2.find(INTERFACES, "group-id", named)
        records = Ec2Records(
            covers=frozenset(COMMANDS),
            groups={group.id: group for group in groups},
            rules=tuple(rules),
            interfaces=tuple({interface.id: interface for interface in interfaces}.values()),
            acls=tuple(ec2.find(ACLS, "association.subnet-id", subnets)),
        )
        return Inventory(records).find_deployed(rendered)


def read_saved(contents: Iterable[object]) -> "Inventory":
    """What files have that `aws ec2 describe-...` wrote."""
    records = read_records(contents)
    ids = {"SecurityGroups": "groups-unread", "NetworkInterfaces": "interfaces-unread"}
    lacking = (
        why_not_judged(id, command=COMMANDS[key])
        for key, id in ids.items()
        if key not in records.covers
    )
    return Inventory(records, tuple(lacking))


def read_state(state: StackState) -> "Inventory":
    """What the state of a stack has."""
    lacking = why_not_judged("other-groups-not-in-state")
    return Inventory(records_of_state(state), (lacking, *state.lacking))


class OwnGroups:
    """The host group, and the shard of it, that each security group with a site's tags stands for, by id.

    A host group that the plan does not have is an empty name.
    """

    def __init__(self, rendered: RenderedSite, groups: Iterable[SecurityGroup]) -> None:
        site = TEXTS.clean_tag(rendered.plan.site)
        by_tag = {TEXTS.clean_tag(entry.group.name): entry.group.name for entry in rendered.groups}
        self.places = {
            group.id: (by_tag.get(group.tags.get("swyx:group", ""), ""), _shard(group))
            for group in groups
            if group.tags.get("swyx:site") == site
        }
        self.labels = {
            id: shard_label(name, shard) for id, (name, shard) in self.places.items() if name
        }

    def rule_of(self, record: Ec2Rule) -> Rule | None:
        """A rule of one of them as a plan has it; None if a plan can't express it."""
        protocol, ports = record.protocol, record.ports
        if protocol is None or not (record.cidrs or record.peer_group):
            return None
        if not protocol.has_ports and ports not in (ALL_PORTS, ICMP_TYPES):
            return None
        peer_group = self.labels.get(record.peer_group) or record.peer_group
        return Rule(
            direction=record.direction,
            protocol=protocol,
            ports=ports if protocol.has_ports else None,
            source_ports=None,
            groups=() if record.cidrs else (peer_group,),
            prefixes=record.cidrs,
            description=record.description,
            shard=self.places[record.owner][1],
        )

    def find_deployed(self, rules: Iterable[Ec2Rule], name: str) -> DeployedGroup:
        """A host group with its security groups and their rules."""
        ids: dict[int, tuple[str, ...]] = defaultdict(tuple)
        shards = {id: shard for id, (own, shard) in sorted(self.places.items()) if own == name}
        for id, shard in shards.items():
            ids[shard] += (id,)
        read = [(rule, self.rule_of(rule)) for rule in rules if rule.owner in shards]
        return DeployedGroup(
            ids=ids,
            rules=tuple(own for _, own in read if own),
            unreadable=tuple(
                ("", f"{r.direction.value} protocol {r.traffic} ({r.id or r.owner})")
                for r, own in read
                if own is None
            ),
        )


def _shard(group: SecurityGroup) -> int:
    """The number that its tag gives it; the identity has no tag."""
    text = group.tags.get("swyx:shard", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else 0


class Inventory(NamedTuple):
    """What a source has of EC2; `lacking` are sentences about what a comparison with a plan misses in it."""

    records: Ec2Records
    lacking: tuple[str, ...] = ()

    @property
    def sites(self) -> Iterable[str]:
        """The sites that groups are tagged with."""
        return (group.tags.get("swyx:site", "") for group in self.records.groups.values())

    def find_deployed(self, rendered: RenderedSite) -> Deployed:
        """A site's own groups and interfaces, with all else that applies to these."""
        records = self.records
        own = OwnGroups(rendered, records.groups.values())
        found = [records.groups[id] for id in own.places]
        strays = [group for group in found if group.id not in own.labels]
        members = {id: rendered.plan.group(own.places[id][0]).addresses for id in own.labels}
        ruleset = Ruleset(records, {**records.members, **members})
        vpcs = {group.vpc for group in found} - {""}
        interfaces = [each for each in records.interfaces if not vpcs or each.vpc in vpcs]
        interfaces.sort(key=lambda interface: interface.id)
        others = partial(_find_others, ruleset, own.labels)
        return Deployed(
            groups={
                name: own.find_deployed(records.rules, name)
                for name in sorted({name for name, _ in own.places.values() if name})
            },
            interfaces=tuple(place_interfaces(rendered, interfaces, own.labels, others))
            if "NetworkInterfaces" in records.covers
            else None,
            strays=tuple(sorted(f"{g.id} ({g.tags.get('swyx:group') or g.name})" for g in strays)),
            lacking=self.lacking,
        )

    def find_firewall(self, plan: SitePlan, bindings: Mapping[str, Sequence[str]]) -> Firewall:
        """Every address of the site's machines with what applies to it, whoever made that."""
        groups = self.records.groups
        names = {id: group.name for id, group in groups.items()}
        bound = bind_by_hand(plan.owners, bindings, names)
        records = self.records._replace(interfaces=(*self.records.interfaces, *bound))
        ruleset = Ruleset(records, records.members)
        points = [*find_points(plan.owners, bindings, records.interfaces, ruleset.layers_at)]
        unread = (
            f"{point.machine} is also in {', '.join(unknown)}, whose rules are in no file"
            for point, interface in points
            if groups and (unknown := sorted({*interface.groups} - groups.keys()))
        )
        has_acls = "NetworkAcls" in records.covers
        placeless = bindings if has_acls else ()
        lacking = [why_not_judged("subnet-acl-unknown", machine=machine) for machine in placeless]
        if not groups:
            lacking.append(why_not_judged("only-acls-read", command=COMMANDS["SecurityGroups"]))
        if not has_acls:
            lacking.append(why_not_judged("acls-unread", command=COMMANDS["NetworkAcls"]))
        found = tuple(point for point, _ in points)
        return Firewall("aws", found, tuple(dict.fromkeys(unread)), tuple(lacking))


def _find_others(
    ruleset: Ruleset, own: Mapping[str, str], interface: Interface
) -> Iterator[ForeignGroup]:
    """Everything else that applies to an interface: groups add access, a network ACL removes it."""
    foreign = sorted(set(interface.groups) - own.keys())
    layers = [(ruleset.of_groups([id]), id in ruleset.records.groups) for id in foreign]
    acls = ruleset.of_acl(interface)
    layers += ((acl, True) for acl in acls if not stops_nothing(acl, interface.addresses))
    for layer, known in layers:
        points = tuple(AttachmentPoint(each.prefix, (layer,)) for each in interface.addresses)
        is_acl = layer.stateless
        yield ForeignGroup(layer.name, not is_acl, is_acl, points if known else None)
