"""What EC2 holds for a site, as the specs that the plan was rendered to."""

from collections.abc import Iterator, Mapping

from swyx_components.aws.client import Ec2, Json, addresses_of, open_ec2, tag_of
from swyx_components.aws.names import clean_tag
from swyx_components.planner.compare import Deployed, DeployedGroup, DeployedInterface
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


def _read(ec2: Ec2, rendered: RenderedSite) -> Deployed:
    site = rendered.plan.site
    found = ec2.groups("tag:swyx:site", [clean_tag(site)])
    by_tag = {clean_tag(entry.group.name): entry.group.name for entry in rendered.groups}
    owners = {group["GroupId"]: by_tag.get(tag_of(group, "swyx:group"), "") for group in found}
    shards = {group["GroupId"]: _shard(group) for group in found}
    names = {id: shard_label(owner, shards[id]) if owner else "" for id, owner in owners.items()}
    strays = [_called(group) for group in found if not owners[group["GroupId"]]]
    specs: dict[str, list[Spec]] = {}
    unreadable: dict[str, list[str]] = {}
    for rule in ec2.rules(names):
        name = owners[rule["GroupId"]]
        spec = _spec(rule, names, shards[rule["GroupId"]], ec2)
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


def _shard(group: Json) -> int:
    """The number that a group's tag gives it; the identity has no tag."""
    text = tag_of(group, "swyx:shard")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else 0


def _called(group: Json) -> str:
    return f"{group['GroupId']} ({tag_of(group, 'swyx:group') or group['GroupName']})"


def _spec(rule: Json, names: Mapping[str, str], shard: int, ec2: Ec2) -> Spec | None:
    """The rule as a spec; None where a plan has no words for it."""
    protocol = _PROTOCOLS.get(str(rule["IpProtocol"]))
    ports = _ports(protocol, rule)
    if protocol is None or ports is _UNREADABLE:
        return None
    groups: tuple[str, ...] = ()
    prefixes: tuple[Prefix, ...] = ()
    if rule.get("ReferencedGroupInfo"):
        id = rule["ReferencedGroupInfo"]["GroupId"]
        groups = (names.get(id) or id,)
    elif rule.get("PrefixListId"):
        prefixes = ec2.prefix_list(rule["PrefixListId"])
    else:
        prefixes = (Prefix.parse(rule.get("CidrIpv4") or rule["CidrIpv6"]),)
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
    return f"{direction} protocol {rule['IpProtocol']} {ports} ({rule['SecurityGroupRuleId']})"


def _interfaces(
    ec2: Ec2, rendered: RenderedSite, names: Mapping[str, str], vpcs: set[str]
) -> Iterator[DeployedInterface]:
    """The interfaces with a machine's address in the site's VPC, and all others in the site's groups."""
    owners = {
        address: machine.name
        for entry in rendered.groups
        for machine in entry.group.machines
        for address in machine.addresses
    }
    by_version = {
        version: [a.address for a in owners if a.version == version] for version in (4, 6)
    }
    found: dict[str, Json] = {}
    for name, values in (
        ("group-id", names),
        ("addresses.private-ip-address", by_version[4]),
        ("ipv6-addresses.ipv6-address", by_version[6]),
    ):
        for interface in ec2.interfaces(name, values):
            if not vpcs or interface["VpcId"] in vpcs:
                found[interface["NetworkInterfaceId"]] = interface
    for id, interface in sorted(found.items()):
        own = {owners[address] for address in addresses_of(interface) if address in owners}
        ids = [group["GroupId"] for group in interface["Groups"]]
        for machine in sorted(own) or [""]:
            yield DeployedInterface(
                id=id,
                machine=machine,
                groups=tuple(sorted({names[group] for group in ids if names.get(group)})),
                others=tuple(
                    sorted(f"security group {group}" for group in ids if not names.get(group))
                ),
            )
