"""What is deployed in EC2: the site's own groups as the plan has them, all else as layers of rules."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from swyx_components.analysis.deployed.ruleset import ICMP_TYPES, AccessList, AttachmentPoint
from swyx_components.analysis.deployed.stack_state import StackState
from swyx_components.analysis.deployed.verify import (
    Deployed,
    DeployedGroup,
    DeployedInterface,
    ForeignGroup,
)
from swyx_components.clouds.aws.client import Ec2, open_ec2
from swyx_components.clouds.aws.names import clean_tag
from swyx_components.clouds.aws.records import (
    COMMANDS,
    Ec2Records,
    Ec2Rule,
    NetworkInterface,
    SecurityGroup,
    read_records,
    records_of_state,
)
from swyx_components.clouds.aws.ruleset import Ruleset, members_of, ports_of, stops_nothing
from swyx_components.planner.model import RenderedSite, Rule, shard_label
from swyx_components.sets.ports import ALL_PORTS
from swyx_components.sets.prefixes import Prefix


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
    deployed = _find_deployed(rendered, records)
    lacking: tuple[str, ...] = ()
    if "SecurityGroups" not in records.covers:
        lacking = (
            "no security groups in the files: groups with rules are known by the tags of these, others not "
            f"at all; add the output of `{COMMANDS['SecurityGroups']}`",
        )
    if "NetworkInterfaces" in records.covers:
        return replace(deployed, lacking=lacking)
    unplaced = (
        "no interfaces in the files, so the groups of each machine are not checked; "
        f"add the output of `{COMMANDS['NetworkInterfaces']}`"
    )
    return replace(deployed, interfaces=None, lacking=(*lacking, unplaced))


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
    groups = ec2.groups("tag:swyx:site", [clean_tag(rendered.plan.site)])
    own = {group.id for group in groups}
    own_rules = ec2.rules(own)
    by_version = {v: [a.address for a in rendered.plan.owners if a.version == v] for v in (4, 6)}
    interfaces = [
        *ec2.interfaces("group-id", own),
        *ec2.interfaces("addresses.private-ip-address", by_version[4]),
        *ec2.interfaces("ipv6-addresses.ipv6-address", by_version[6]),
    ]
    acls = ec2.acls({interface.subnet for interface in interfaces})
    foreign = {id for interface in interfaces for id in interface.groups} - own
    rules = [*own_rules, *ec2.rules(foreign)]
    interfaces += ec2.interfaces("group-id", {rule.peer_group for rule in rules} - own - {""})
    return Ec2Records(
        covers=frozenset(COMMANDS),
        groups={group.id: group for group in (*groups, *ec2.groups("group-id", foreign))},
        rules=tuple(rules),
        interfaces=tuple({interface.id: interface for interface in interfaces}.values()),
        acls=tuple(acls),
        prefix_lists=ec2.prefix_lists(own_rules),
    )


class OwnGroups:
    """The host group, and the shard of it, that each security group with a site's tags stands for, by id.

    A host group that the plan does not have is an empty name.
    """

    def __init__(self, rendered: RenderedSite, groups: Iterable[SecurityGroup]) -> None:
        by_tag = {clean_tag(entry.group.name): entry.group.name for entry in rendered.groups}
        self.places = {
            group.id: (by_tag.get(group.tags.get("swyx:group", ""), ""), _shard(group))
            for group in groups
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
        shards: dict[int, tuple[str, ...]] = {0: ()}
        for id in sorted(self.labels):
            if self.places[id][0] == name:
                shard = self.places[id][1]
                shards[shard] = (*shards.get(shard, ()), id)
        own = {id for ids in shards.values() for id in ids}
        found = [
            (record, self.rule_of(record, records.prefix_lists))
            for record in records.rules
            if record.owner in own
        ]
        return DeployedGroup(
            ids=shards.pop(0),
            shards=dict(sorted(shards.items())),
            rules=tuple(rule for _, rule in found if rule is not None),
            unreadable=tuple(("", _describe(record)) for record, rule in found if rule is None),
        )


def _shard(group: SecurityGroup) -> int:
    """The number that its tag gives it; the identity has no tag."""
    text = group.tags.get("swyx:shard", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else 0


def _describe(rule: Ec2Rule) -> str:
    name, first, last = rule.traffic
    return f"{rule.direction.value} protocol {name} {first}-{last} ({rule.id or rule.owner})"


def _find_deployed(rendered: RenderedSite, records: Ec2Records) -> Deployed:
    site = clean_tag(rendered.plan.site)
    found = [g for g in records.groups.values() if g.tags.get("swyx:site", "") == site]
    own, owners = OwnGroups(rendered, found), rendered.plan.owners
    planned = {entry.group.name: entry.group.addresses for entry in rendered.groups}
    members = {id: planned[own.places[id][0]] for id in own.labels}
    ruleset = Ruleset(records, {**members_of(records), **members})
    vpcs = {group.vpc for group in found} - {""}
    names = {own.places[id][0] for id in own.labels}
    strays = (group for group in found if group.id not in own.labels)
    return Deployed(
        groups={name: own.find_deployed(records, name) for name in sorted(names)},
        interfaces=tuple(
            placed
            for interface in sorted(records.interfaces, key=lambda each: each.id)
            if not vpcs or interface.vpc in vpcs
            for placed in _place(interface, owners, own, ruleset)
        ),
        strays=tuple(sorted(f"{g.id} ({g.tags.get('swyx:group') or g.name})" for g in strays)),
    )


def _place(
    interface: NetworkInterface, owners: Mapping[Prefix, str], own: OwnGroups, ruleset: Ruleset
) -> Iterator[DeployedInterface]:
    """An interface for each machine whose address it has; without any, if it is in the site's groups."""
    machines = {owners[address] for address in interface.addresses if address in owners}
    in_own = not own.places.keys().isdisjoint(interface.groups)
    if in_own and not machines and interface.machine in owners.values():
        machines = {interface.machine}
    for machine in sorted(machines) or ([""] if in_own else ()):
        yield DeployedInterface(
            id=interface.id,
            machine=machine,
            groups=tuple(sorted({own.labels[id] for id in interface.groups if id in own.labels})),
            others=tuple(_others(interface, machine, own, ruleset)),
        )


def _others(
    interface: NetworkInterface, machine: str, own: OwnGroups, ruleset: Ruleset
) -> Iterator[ForeignGroup]:
    """Everything else that applies to an interface: groups add access, a network ACL removes it."""

    def seats(layer: AccessList) -> tuple[AttachmentPoint, ...]:
        return tuple(
            AttachmentPoint(machine=machine, address=address, layers=(layer,))
            for address in interface.addresses
        )

    for id in sorted(set(interface.groups) - own.labels.keys()):
        layer = ruleset.of_groups([id])
        known = seats(layer) if id in ruleset.records.groups else None
        yield ForeignGroup(label=layer.name, adds=True, seats=known)
    acl = ruleset.find_acl(interface)
    if acl is not None and not stops_nothing(acl, interface.addresses):
        layer = ruleset.of_acl(acl, interface)
        yield ForeignGroup(label=layer.name, takes=True, seats=seats(layer))
