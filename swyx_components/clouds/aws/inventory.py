"""What EC2, or a file, holds for a site, as the specs that the plan was rendered to."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from swyx_components.analysis.deployed.stack_state import StackState
from swyx_components.analysis.deployed.verify import Deployed, DeployedGroup, DeployedInterface
from swyx_components.clouds.aws.client import Ec2, Json, addresses_of, open_ec2, tag_of
from swyx_components.clouds.aws.names import clean_tag
from swyx_components.clouds.aws.others import ForeignGroups
from swyx_components.clouds.aws.records import COMMANDS, SavedEc2
from swyx_components.clouds.aws.state import describe_state
from swyx_components.planner.model import (
    Direction,
    Protocol,
    RenderedSite,
    Spec,
    shard_label,
)
from swyx_components.sets.ports import PortRange, PortSet
from swyx_components.sets.prefixes import Prefix

_PROTOCOLS = {
    "-1": Protocol.ANY,
    "tcp": Protocol.TCP,
    "6": Protocol.TCP,
    "udp": Protocol.UDP,
    "17": Protocol.UDP,
    "icmp": Protocol.ICMP,
    "1": Protocol.ICMP,
    "icmpv6": Protocol.ICMPV6,
    "58": Protocol.ICMPV6,
}


def read_deployed(rendered: RenderedSite) -> Deployed:
    """The security groups tagged with the site, their rules, and the interfaces of its machines.

    Raises:
        CloudError: EC2 can't be reached or refuses, or boto3 is not installed.
    """
    with open_ec2() as ec2:
        return _read(ec2, rendered)


def read_saved(rendered: RenderedSite, contents: Iterable[Json]) -> Deployed:
    """The same from files that `aws ec2 describe-...` wrote.

    Raises:
        ValueError: a record in them is not what it should be.
    """
    saved = SavedEc2(contents)
    deployed = _read(saved, rendered)
    lacking = []
    if not saved.has_groups:
        lacking.append(
            "the files have rules and no groups, so a group is known by the tags of its rules, and one "
            f"without rules not at all; `{COMMANDS['SecurityGroups']}` tells"
        )
    if saved.has_interfaces:
        return replace(deployed, lacking=tuple(lacking))
    lacking.append(
        "the files have no interfaces, so which groups stand before which machine is not judged; "
        f"`{COMMANDS['NetworkInterfaces']}` tells"
    )
    return replace(deployed, interfaces=None, lacking=tuple(lacking))


def read_state(rendered: RenderedSite, state: StackState) -> Deployed:
    """The same from the state of a stack.

    Raises:
        ValueError: a resource in it is not what it should be.
    """
    deployed = _read(SavedEc2(describe_state(state)), rendered)
    lacking = (
        "a state has the stack's own resources only, so which other groups stand before the interfaces is "
        "not judged; the live cloud, or saved interfaces, tell",
    )
    return replace(deployed, lacking=lacking)


def _read(ec2: Ec2 | SavedEc2, rendered: RenderedSite) -> Deployed:
    site = rendered.plan.site
    found = ec2.groups("tag:swyx:site", [clean_tag(site)])
    by_tag = {clean_tag(entry.group.name): entry.group.name for entry in rendered.groups}
    owners = {group["GroupId"]: by_tag.get(tag_of(group, "swyx:group"), "") for group in found}
    shards = {group["GroupId"]: shard_of(group) for group in found}
    names = {id: shard_label(owner, shards[id]) if owner else "" for id, owner in owners.items()}
    strays = [_called(group) for group in found if not owners[group["GroupId"]]]
    specs: dict[str, list[Spec]] = {}
    unreadable: dict[str, list[str]] = {}
    for rule in ec2.rules(names):
        name = owners[rule["GroupId"]]
        spec = spec_of(rule, names, shards[rule["GroupId"]], ec2)
        if spec is None:
            unreadable.setdefault(name, []).append(_describe(rule))
        else:
            specs.setdefault(name, []).append(spec)
    groups = {
        name: DeployedGroup(
            ids=_ids(owners, shards, name, 0),
            shards={
                shard: ids
                for shard in sorted({*shards.values()} - {0})
                if (ids := _ids(owners, shards, name, shard))
            },
            specs=tuple(specs.get(name, ())),
            unreadable=tuple(unreadable.get(name, ())),
        )
        for name in set(owners.values())
        if name
    }
    interfaces = tuple(_interfaces(ec2, rendered, names, {g["VpcId"] for g in found}))
    return Deployed(groups=groups, interfaces=interfaces, strays=tuple(sorted(strays)))


def _ids(
    owners: Mapping[str, str], shards: Mapping[str, int], name: str, shard: int
) -> tuple[str, ...]:
    """The security groups that claim to be one shard of one host group."""
    return tuple(sorted(id for id in owners if (owners[id], shards[id]) == (name, shard)))


def shard_of(group: Json) -> int:
    """The number that a group's tag gives it; the identity has no tag."""
    text = tag_of(group, "swyx:shard")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else 0


def _called(group: Json) -> str:
    return f"{group['GroupId']} ({tag_of(group, 'swyx:group') or group['GroupName']})"


def spec_of(rule: Json, names: Mapping[str, str], shard: int, ec2: Ec2 | SavedEc2) -> Spec | None:
    """The rule as a spec, peers called by `names` of security groups; None where a plan has no words
    for it.
    """
    protocol = _PROTOCOLS.get(str(rule["IpProtocol"]))
    ports = _ports(protocol, rule)
    prefixes, groups = _peers(rule, names, ec2)
    if protocol is None or ports is _UNREADABLE or not (prefixes or groups):
        return None
    return Spec(
        direction=Direction.OUT if rule["IsEgress"] else Direction.IN,
        protocol=protocol,
        ports=ports,
        source_ports=None,
        groups=groups,
        prefixes=prefixes,
        description=rule.get("Description") or "",
        shard=shard,
    )


def _peers(
    rule: Json, names: Mapping[str, str], ec2: Ec2 | SavedEc2
) -> tuple[tuple[Prefix, ...], tuple[str, ...]]:
    """Its other side, as addresses or as a group; neither where the source does not tell."""
    cidr = rule.get("CidrIpv4") or rule.get("CidrIpv6")
    if cidr:
        return (Prefix.parse(cidr),), ()
    if rule.get("ReferencedGroupInfo"):
        id = rule["ReferencedGroupInfo"]["GroupId"]
        return (), (names.get(id) or id,)
    if rule.get("PrefixListId"):
        return ec2.prefix_list(rule["PrefixListId"]) or (), ()
    return (), ()


_UNREADABLE = PortSet((PortRange(-1, -1),))


def _ports(protocol: Protocol | None, rule: Json) -> PortSet | None:
    """None for everything and for ICMP of every type; a single type is not what a plan asks for."""
    first, last = int(rule.get("FromPort", -1)), int(rule.get("ToPort", -1))
    if protocol is Protocol.ANY:
        return None
    if protocol in (Protocol.ICMP, Protocol.ICMPV6):
        return None if first == -1 else _UNREADABLE
    return PortSet((PortRange(max(first, 0), 65535 if last == -1 else last),))


def _describe(rule: Json) -> str:
    direction = "out" if rule["IsEgress"] else "in"
    ports = f"{rule.get('FromPort', -1)}-{rule.get('ToPort', -1)}"
    id = rule["SecurityGroupRuleId"] or rule["GroupId"]
    return f"{direction} protocol {rule['IpProtocol']} {ports} ({id})"


def _interfaces(
    ec2: Ec2 | SavedEc2, rendered: RenderedSite, names: Mapping[str, str], vpcs: set[str]
) -> Iterator[DeployedInterface]:
    """The interfaces with a machine's address in the site's VPC, and all others in the site's groups."""
    owners = rendered.owners
    found = _find_interfaces(ec2, list(owners), names, vpcs)
    others = ForeignGroups(ec2, found, names, rendered)
    for id, interface in sorted(found.items()):
        own = {owners[address] for address in addresses_of(interface) if address in owners}
        if not own and interface.get("Machine") in owners.values():
            own = {interface["Machine"]}
        ids = [group["GroupId"] for group in interface["Groups"]]
        for machine in sorted(own) or [""]:
            yield DeployedInterface(
                id=id,
                machine=machine,
                groups=tuple(sorted({names[group] for group in ids if names.get(group)})),
                others=tuple(others.before(interface, names, machine)),
            )


def _find_interfaces(
    ec2: Ec2 | SavedEc2, addresses: Sequence[Prefix], names: Iterable[str], vpcs: set[str]
) -> dict[str, Json]:
    by_version = {v: [a.address for a in addresses if a.version == v] for v in (4, 6)}
    found: dict[str, Json] = {}
    for name, values in (
        ("group-id", names),
        ("addresses.private-ip-address", by_version[4]),
        ("ipv6-addresses.ipv6-address", by_version[6]),
    ):
        for interface in ec2.interfaces(name, values):
            if not vpcs - {""} or interface["VpcId"] in vpcs:
                found[interface["NetworkInterfaceId"]] = interface
    return found
