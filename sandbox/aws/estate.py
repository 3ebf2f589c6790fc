"""The estate of a site in EC2: its VPC, subnets and machines, before the first ``up``."""

from collections.abc import Mapping
from typing import Any

from sandbox.aws.placement import Interface, place_machines, subnets_of
from sandbox.aws.session import connect_ec2
from sandbox.aws.tables import INSTANCE

ESTATE_GROUP = "estate"
IMAGE = "ami-12345678"
SITE_TAG = "swyx:site"
LIVE_STATES = ["pending", "running", "stopping", "stopped"]


def seed_site(site_name: str, machines: dict[str, list[str]], endpoint: str) -> None:
    """Make the site's estate what the mapping of machine to addresses says; what is right already
    is left alone.

    One VPC tagged ``Name=<site>``, and one instance a machine, tagged ``Name=<machine>`` and
    ``swyx:site=<site>``, that holds the machine's addresses and only the group ``estate``, which
    has no rules. Machines that are not in the mapping are terminated; one whose addresses differ is
    made anew.
    """
    ec2 = connect_ec2(endpoint)
    placed = place_machines(machines)
    vpc = _ensure_vpc(ec2, site_name, subnets_of(placed))
    group = _ensure_estate_group(ec2, vpc)
    running = _find_machines(ec2, vpc)
    for name, instance in sorted(running.items()):
        if not _holds(instance, placed.get(name)):
            _end_machine(ec2, instance)
    _delete_leftovers(ec2, vpc)
    subnets = _ensure_subnets(ec2, vpc, placed)
    for name, interfaces in sorted(placed.items()):
        if not _holds(running.get(name), interfaces):
            _start_machine(ec2, site_name, name, group, interfaces, subnets)


def _filters(**values: str | list[str]) -> list[dict[str, Any]]:
    """EC2 filters: ``vpc_id="x"`` filters by ``vpc-id``, ``tag_Name="x"`` by ``tag:Name``."""
    names = {name: name.replace("tag_N", "tag:N").replace("_", "-") for name in values}
    return [
        {"Name": names[name], "Values": [value] if isinstance(value, str) else value}
        for name, value in values.items()
    ]


def _tags(kind: str, **values: str) -> list[dict[str, Any]]:
    tags = [{"Key": name.replace("__", ":"), "Value": value} for name, value in values.items()]
    return [{"ResourceType": kind, "Tags": tags}]


def _ensure_vpc(ec2: Any, site: str, blocks: list[str]) -> str:
    """The site's VPC, with every IPv4 block that its machines need."""
    found = ec2.describe_vpcs(Filters=_filters(tag_Name=site))["Vpcs"]
    tags = _tags("vpc", Name=site, swyx__site=site)
    vpc = found[0] if found else ec2.create_vpc(CidrBlock=blocks[0], TagSpecifications=tags)["Vpc"]
    present = {each["CidrBlock"] for each in (vpc, *vpc.get("CidrBlockAssociationSet", []))}
    for block in blocks:
        if block not in present:
            ec2.associate_vpc_cidr_block(VpcId=vpc["VpcId"], CidrBlock=block)
    return str(vpc["VpcId"])


def _ensure_estate_group(ec2: Any, vpc: str) -> str:
    """The group that machines are launched with. It has no rules, so it allows nothing."""
    named = _filters(vpc_id=vpc, group_name=ESTATE_GROUP)
    for found in ec2.describe_security_groups(Filters=named)["SecurityGroups"]:
        return str(found["GroupId"])
    text = "Machines of the estate, without any rule"
    made = ec2.create_security_group(GroupName=ESTATE_GROUP, Description=text, VpcId=vpc)
    group = str(made["GroupId"])
    (described,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    opened = described["IpPermissionsEgress"]
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=opened)
    return group


def _ensure_subnets(ec2: Any, vpc: str, placed: Mapping[str, list[Interface]]) -> dict[str, str]:
    """The id of the subnet of each IPv4 block, with the IPv6 blocks that its interfaces need."""
    inside = ec2.describe_subnets(Filters=_filters(vpc_id=vpc))["Subnets"]
    subnets = {each["CidrBlock"]: each for each in inside}
    zone = ec2.describe_availability_zones()["AvailabilityZones"][0]["ZoneName"]
    for block in subnets_of(placed):
        if block not in subnets:
            tags = _tags("subnet", Name=block)
            subnets[block] = ec2.create_subnet(
                VpcId=vpc, CidrBlock=block, AvailabilityZone=zone, TagSpecifications=tags
            )["Subnet"]
    for interface in (each for interfaces in placed.values() for each in interfaces):
        for block in sorted(interface.ipv6_blocks):
            _ensure_ipv6_block(ec2, vpc, subnets[interface.subnet], block)
    return {block: str(each["SubnetId"]) for block, each in subnets.items()}


def _ensure_ipv6_block(ec2: Any, vpc: str, subnet: dict[str, Any], block: str) -> None:
    field = "Ipv6CidrBlockAssociationSet"
    associations = subnet.setdefault(field, [])
    if block in {each["Ipv6CidrBlock"] for each in associations}:
        return
    of_vpc = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0].get(field, [])
    if block not in {each["Ipv6CidrBlock"] for each in of_vpc}:
        ec2.associate_vpc_cidr_block(VpcId=vpc, Ipv6CidrBlock=block, Ipv6Pool="sandbox")
    ec2.associate_subnet_cidr_block(SubnetId=subnet["SubnetId"], Ipv6CidrBlock=block)
    associations.append({"Ipv6CidrBlock": block})


def _find_machines(ec2: Any, vpc: str) -> dict[str, dict[str, Any]]:
    """The estate's live instances in the VPC by machine name; others carry no site tag."""
    filters = _filters(vpc_id=vpc, instance_state_name=LIVE_STATES, tag_key=SITE_TAG)
    pages = ec2.get_paginator("describe_instances").paginate(Filters=filters)
    found = [each for page in pages for each in INSTANCE.list_in(page)]
    return {tag["Value"]: each for each in found for tag in each["Tags"] if tag["Key"] == "Name"}


def _holds(instance: dict[str, Any] | None, interfaces: list[Interface] | None) -> bool:
    """Whether the instance has exactly these interfaces."""
    if instance is None or interfaces is None:
        return False
    present = {
        (
            frozenset(each["PrivateIpAddress"] for each in nic["PrivateIpAddresses"]),
            frozenset(each["Ipv6Address"] for each in nic.get("Ipv6Addresses", [])),
        )
        for nic in instance["NetworkInterfaces"]
    }
    return present == {(frozenset(each.ipv4), frozenset(each.ipv6)) for each in interfaces}


def _end_machine(ec2: Any, instance: dict[str, Any]) -> None:
    """Terminate the instance; its interfaces were made before it, outlive it, and are swept up next."""
    ids = [instance["InstanceId"]]
    ec2.terminate_instances(InstanceIds=ids)
    ec2.get_waiter("instance_terminated").wait(InstanceIds=ids, WaiterConfig={"Delay": 1})


def _delete_leftovers(ec2: Any, vpc: str) -> None:
    """Delete interfaces that an interrupted seeding left without a machine."""
    filters = _filters(vpc_id=vpc, status="available", tag_key=SITE_TAG)
    for each in ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]:
        ec2.delete_network_interface(NetworkInterfaceId=each["NetworkInterfaceId"])


def _start_machine(
    ec2: Any,
    site: str,
    name: str,
    group: str,
    interfaces: list[Interface],
    subnets: Mapping[str, str],
) -> None:
    tags = {"Name": name, "swyx__site": site}
    made = [
        ec2.create_network_interface(
            SubnetId=subnets[interface.subnet],
            Groups=[group],
            Description=f"Estate of {site}",
            PrivateIpAddresses=[
                {"PrivateIpAddress": address, "Primary": index == 0}
                for index, address in enumerate(interface.ipv4)
            ],
            Ipv6Addresses=[{"Ipv6Address": address} for address in interface.ipv6],
            TagSpecifications=_tags("network-interface", **tags),
        )["NetworkInterface"]["NetworkInterfaceId"]
        for interface in interfaces
    ]
    ec2.run_instances(
        ImageId=IMAGE,
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        NetworkInterfaces=[
            {"DeviceIndex": index, "NetworkInterfaceId": each} for index, each in enumerate(made)
        ],
        TagSpecifications=_tags("instance", **tags),
    )
