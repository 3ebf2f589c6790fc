"""What is deployed in EC2: the site's own groups as the plan has them, all else as layers of rules."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import repeat

from swyx_components.analysis.deployed.ruleset import ICMP_TYPES
from swyx_components.analysis.deployed.stack_state import StackState
from swyx_components.analysis.deployed.verify import Deployed, DeployedGroup, ForeignGroup
from swyx_components.clouds.aws.client import ADDRESS_FILTERS, Ec2, open_ec2
from swyx_components.clouds.aws.names import clean_tag
from swyx_components.clouds.aws.records import (
    COMMANDS,
    Ec2Records,
    Ec2Rule,
    NetworkAcl,
    NetworkInterface,
    SecurityGroup,
    read_records,
    records_of_state,
)
from swyx_components.clouds.aws.ruleset import Ruleset, members_of, ports_of, stops_nothing
from swyx_components.clouds.inventory import Interface, place_interfaces, seats_at
from swyx_components.planner.model import RenderedSite, Rule, shard_label
from swyx_components.sets.ports import ALL_PORTS
from swyx_components.sets.prefixes import Prefix

_LACKING = {
    "SecurityGroups": "no security groups in the files: groups with rules are known by the tags of these, "
    "others not at all",
    "NetworkInterfaces": "no interfaces in the files, so the groups of each machine are not checked",
}


def read_deployed(rendered: RenderedSite) -> Deployed:
    """The security groups tagged with the site, their rules, and the interfaces of its machines.

    Raises:
        CloudError: EC2 can't be reached or refuses, or boto3 is not installed.
    """
    with open_ec2() as ec2:
        return _find_deployed(rendered, _ask(ec2, rendered))


def read_saved(rendered: RenderedSite, contents: Iterable[object]) -> Deployed:
    """The same from files that `aws ec2 describe-...` wrote.

    Raises:
        ValueError: a record in them is not what it should be.
    """
    records = read_records(contents)
    lacking = tuple(
        f"{text}; add the output of `{COMMANDS[key]}`"
        for key, text in _LACKING.items()
        if key not in records.covers
    )
    return replace(_find_deployed(rendered, records), lacking=lacking)


def read_state(rendered: RenderedSite, state: StackState) -> Deployed:
    """The same from the state of a stack.

    Raises:
        ValueError: a resource in it is not what it should be.
    """
    lacking = (
        "a state has only the stack's own resources, so other groups at the interfaces are not checked; "
        "verify the live cloud or saved interfaces",
    )
    return replace(_find_deployed(rendered, records_of_state(state)), lacking=lacking)


def _ask(ec2: Ec2, rendered: RenderedSite) -> Ec2Records:
    """The site's groups and interfaces, and all that other groups before those interfaces name."""
    groups = ec2.find(SecurityGroup, "tag:swyx:site", [clean_tag(rendered.plan.site)])
    own = {group.id for group in groups}
    own_rules = ec2.find(Ec2Rule, "group-id", own)
    interfaces = ec2.find(NetworkInterface, "group-id", own)
    for version, name in ADDRESS_FILTERS.items():
        addresses = (a.address for a in rendered.plan.owners if a.version == version)
        interfaces += ec2.find(NetworkInterface, name, addresses)
    subnets = {subnet for interface in interfaces for subnet in interface.subnets}
    foreign = {id for interface in interfaces for id in interface.groups} - own
    groups += ec2.find(SecurityGroup, "group-id", foreign)
    rules = [*own_rules, *ec2.find(Ec2Rule, "group-id", foreign)]
    named = {rule.peer_group for rule in rules} - own - {""}
    interfaces += ec2.find(NetworkInterface, "group-id", named)
    return Ec2Records(
        covers=frozenset(COMMANDS),
        groups={group.id: group for group in groups},
        rules=tuple(rules),
        interfaces=tuple({interface.id: interface for interface in interfaces}.values()),
        acls=tuple(ec2.find(NetworkAcl, "association.subnet-id", subnets)),
        prefix_lists=ec2.prefix_lists(own_rules),
    )


class OwnGroups:
    """The host group, and the shard of it, that each security group with a site's tags stands for, by id.

    A host group that the plan does not have is an empty name.
    """

    def __init__(self, rendered: RenderedSite, groups: Iterable[SecurityGroup]) -> None:
        site = clean_tag(rendered.plan.site)
        by_tag = {clean_tag(entry.group.name): entry.group.name for entry in rendered.groups}
        self.places = {
            group.id: (by_tag.get(group.tags.get("swyx:group", ""), ""), _shard(group))
            for group in groups
            if group.tags.get("swyx:site") == site
        }
        self.labels = {
            id: shard_label(name, shard) for id, (name, shard) in self.places.items() if name
        }

    def rule_of(
        self, record: Ec2Rule, prefix_lists: Mapping[str, tuple[Prefix, ...]]
    ) -> Rule | None:
        """A rule of one of them as a plan has it; None if a plan can't express it."""
        traffic = record.traffic
        protocol, ports = traffic.protocol, ports_of(traffic)
        listed = prefix_lists.get(record.prefix_list, ())
        prefixes = record.cidrs or (() if record.peer_group else listed)
        if protocol is None or not (prefixes or record.peer_group):
            return None
        if not protocol.has_ports and ports not in (ALL_PORTS, ICMP_TYPES):
            return None
        peer_group = self.labels.get(record.peer_group) or record.peer_group
        return Rule(
            direction=record.direction,
            protocol=protocol,
            ports=ports if protocol.has_ports else None,
            source_ports=None,
            groups=() if prefixes else (peer_group,),
            prefixes=prefixes,
            description=record.description,
            shard=self.places[record.owner][1],
        )

    def find_deployed(self, records: Ec2Records, name: str) -> DeployedGroup:
        """A host group with its security groups and their rules."""
        own = [id for id in sorted(self.labels) if self.places[id][0] == name]
        ids: dict[int, tuple[str, ...]] = defaultdict(tuple)
        for id in own:
            ids[self.places[id][1]] += (id,)
        found = [
            (record, self.rule_of(record, records.prefix_lists))
            for record in records.rules
            if record.owner in own
        ]
        return DeployedGroup(
            ids=ids,
            rules=tuple(rule for _, rule in found if rule is not None),
            unreadable=tuple(
                ("", f"{r.direction.value} protocol {r.traffic} ({r.id or r.owner})")
                for r, rule in found
                if rule is None
            ),
        )


def _shard(group: SecurityGroup) -> int:
    """The number that its tag gives it; the identity has no tag."""
    text = group.tags.get("swyx:shard", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else 0


def _find_deployed(rendered: RenderedSite, records: Ec2Records) -> Deployed:
    own = OwnGroups(rendered, records.groups.values())
    found = [records.groups[id] for id in own.places]
    planned = {entry.group.name: entry.group.addresses for entry in rendered.groups}
    members = {id: planned[own.places[id][0]] for id in own.labels}
    ruleset = Ruleset(records, {**members_of(records), **members})
    vpcs = {group.vpc for group in found} - {""}
    interfaces = [each for each in records.interfaces if not vpcs or each.vpc in vpcs]
    interfaces.sort(key=lambda interface: interface.id)
    strays = (group for group in found if group.id not in own.labels)

    def find_others(interface: Interface, machine: str) -> Iterator[ForeignGroup]:
        """Everything else that applies to it: groups add access, a network ACL removes it."""
        for id in sorted(set(interface.groups) - own.labels.keys()):
            layer = ruleset.of_groups([id])
            seats = seats_at(interface, machine, repeat(layer)) if id in records.groups else None
            yield ForeignGroup(label=layer.name, adds=True, seats=seats)
        acl = ruleset.find_acl(interface)
        if acl is not None and not stops_nothing(acl, interface.addresses):
            layer = ruleset.of_acl(acl, interface)
            seats = seats_at(interface, machine, repeat(layer))
            yield ForeignGroup(label=layer.name, takes=True, seats=seats)

    return Deployed(
        groups={
            name: own.find_deployed(records, name)
            for name in sorted({own.places[id][0] for id in own.labels})
        },
        interfaces=tuple(place_interfaces(rendered, interfaces, own.labels, find_others))
        if "NetworkInterfaces" in records.covers
        else None,
        strays=tuple(sorted(f"{g.id} ({g.tags.get('swyx:group') or g.name})" for g in strays)),
    )
