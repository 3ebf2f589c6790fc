"""Where each data source looks, and how its arguments become EC2's filters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.aws.lookup_details import (
    describe_group,
    describe_instance,
    describe_interface,
    describe_rule,
    describe_subnet,
    describe_vpc,
)
from sandbox.provider import Props

LIVE_STATES = ["pending", "running", "stopping", "stopped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A kind of resource: the call that finds it, and which arguments are filters in disguise."""

    title: str
    operation: str
    key: str
    id_key: str
    filters: Mapping[str, str] = field(default_factory=dict)
    describe: Callable[[dict[str, Any], Any], Props]


SOURCES: Mapping[str, Source] = {
    "interface": Source(
        title="Network Interface",
        operation="describe_network_interfaces",
        key="NetworkInterfaces",
        id_key="NetworkInterfaceId",
        filters={"id": "network-interface-id"},
        describe=describe_interface,
    ),
    "vpc": Source(
        title="VPC",
        operation="describe_vpcs",
        key="Vpcs",
        id_key="VpcId",
        filters={
            "id": "vpc-id",
            "cidrBlock": "cidr",
            "default": "is-default",
            "state": "state",
            "dhcpOptionsId": "dhcp-options-id",
        },
        describe=describe_vpc,
    ),
    "subnet": Source(
        title="Subnet",
        operation="describe_subnets",
        key="Subnets",
        id_key="SubnetId",
        filters={
            "id": "subnet-id",
            "vpcId": "vpc-id",
            "cidrBlock": "cidr-block",
            "availabilityZone": "availability-zone",
            "defaultForAz": "default-for-az",
            "state": "state",
        },
        describe=describe_subnet,
    ),
    "group": Source(
        title="Security Group",
        operation="describe_security_groups",
        key="SecurityGroups",
        id_key="GroupId",
        filters={"id": "group-id", "name": "group-name", "vpcId": "vpc-id"},
        describe=describe_group,
    ),
    "instance": Source(
        title="Instance",
        operation="describe_instances",
        key="Reservations",
        id_key="InstanceId",
        filters={"instanceId": "instance-id"},
        describe=describe_instance,
    ),
    "rule": Source(
        title="Security Group Rule",
        operation="describe_security_group_rules",
        key="SecurityGroupRules",
        id_key="SecurityGroupRuleId",
        filters={"securityGroupRuleId": "security-group-rule-id"},
        describe=describe_rule,
    ),
}


def write_filters(arguments: Props, source: Source) -> list[dict[str, Any]]:
    """EC2's filters: those given, tags as ``tag:KEY``, and the arguments that stand for one."""
    filters = [
        {"Name": each["name"], "Values": list(each["values"])}
        for each in arguments.get("filters") or []
    ]
    tags = arguments.get("tags") or arguments.get("instanceTags") or {}
    filters += [{"Name": f"tag:{key}", "Values": [value]} for key, value in sorted(tags.items())]
    for name, filter_name in source.filters.items():
        value = arguments.get(name)
        if value is not None and value is not False:
            filters.append({"Name": filter_name, "Values": ["true" if value is True else value]})
    if source.id_key == "InstanceId" and not any(
        each["Name"] == "instance-state-name" for each in filters
    ):
        filters.append({"Name": "instance-state-name", "Values": LIVE_STATES})
    return filters


def describe_arguments(arguments: Props) -> str:
    """The arguments as a person would write them, for messages."""
    parts = [
        f"{each['name']}={','.join(each['values'])}" for each in arguments.get("filters") or []
    ]
    parts += [f"tag {key}={value}" for key, value in (arguments.get("tags") or {}).items()]
    parts += [
        f"{name}={value}" for name, value in arguments.items() if name not in ("filters", "tags")
    ]
    return ", ".join(parts) or "no constraint"
