"""What EC2 calls the properties of Pulumi's types: as data, read with JMESPath.

The stand-in has what is listed here of a type, and refuses what else the SDK's class takes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jmespath

_PRIMARY = "NetworkInterfaces[?Attachment.DeviceIndex==`0`] | [0]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of resource: EC2's noun, in ARNs and tags its `path`, its properties and its filters."""

    noun: str
    path: str
    title: str
    properties: Mapping[str, str]
    """Where a description of EC2's has each property."""

    filters: Mapping[str, str] = field(default_factory=dict)
    """The arguments of the data source that are filters in disguise."""

    listed: str = "{plural}"
    """Where the answer of a describe call has the resources."""

    id_key: str = ""
    """What an id is called, if not after the noun."""

    @property
    def id_argument(self) -> str:
        """What an id is called, in answers and arguments."""
        return self.id_key or f"{self.noun}Id"

    @property
    def call(self) -> str:
        """The describe call, in boto3's spelling."""
        return f"describe_{snake(self.noun)}s"

    def list_in(self, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The resources in an answer."""
        found: list[dict[str, Any]] = look_up(answer, self.listed.format(plural=f"{self.noun}s"))
        return found

    def id_of(self, found: Mapping[str, Any]) -> str:
        """The id of a described resource."""
        return str(found[self.id_argument])

    def read(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """The properties that a description has."""
        looked_up = {name: look_up(found, path) for name, path in self.properties.items()}
        return {name: value for name, value in looked_up.items() if value is not None}


def look_up(found: Mapping[str, Any], path: str) -> Any:
    """What is at a place of a description, which may be nothing."""
    return jmespath.search(path, found)


def snake(noun: str) -> str:
    """`NetworkInterface` as in boto3's `create_network_interface`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in noun)[1:]


VPC = Kind(
    noun="Vpc",
    path="vpc",
    title="VPC",
    filters={"id": "vpc-id", "cidrBlock": "cidr", "default": "is-default", "state": "state"},
    properties={
        "cidrBlock": "CidrBlock",
        "default": "IsDefault",
        "instanceTenancy": "InstanceTenancy",
        "ownerId": "OwnerId",
    },
)
SUBNET = Kind(
    noun="Subnet",
    path="subnet",
    title="Subnet",
    filters={"id": "subnet-id", "vpcId": "vpc-id", "cidrBlock": "cidr-block", "state": "state"},
    properties={
        "availabilityZone": "AvailabilityZone",
        "cidrBlock": "CidrBlock",
        "mapPublicIpOnLaunch": "MapPublicIpOnLaunch",
        "ownerId": "OwnerId",
        "vpcId": "VpcId",
    },
)
INTERFACE = Kind(
    noun="NetworkInterface",
    path="network-interface",
    title="Network Interface",
    filters={"id": "network-interface-id"},
    properties={
        "description": "Description || `null`",
        "ipv6Addresses": "Ipv6Addresses[].Ipv6Address",
        "ownerId": "OwnerId",
        "privateIp": "PrivateIpAddress",
        "privateIps": "PrivateIpAddresses[].PrivateIpAddress",
        "securityGroups": "Groups[].GroupId",
        "subnetId": "SubnetId",
        "vpcId": "VpcId",
    },
)
GROUP = Kind(
    noun="SecurityGroup",
    path="security-group",
    title="Security Group",
    id_key="GroupId",
    filters={"id": "group-id", "name": "group-name", "vpcId": "vpc-id"},
    properties={
        "description": "Description",
        "name": "GroupName",
        "ownerId": "OwnerId",
        "vpcId": "VpcId",
    },
)
RULE = Kind(
    noun="SecurityGroupRule",
    path="security-group-rule",
    title="Security Group Rule",
    filters={"securityGroupRuleId": "security-group-rule-id"},
    properties={
        "cidrIpv4": "CidrIpv4",
        "cidrIpv6": "CidrIpv6",
        "description": "Description || `null`",
        "fromPort": "FromPort",
        "ipProtocol": "IpProtocol",
        "isEgress": "IsEgress",
        "prefixListId": "PrefixListId",
        "referencedSecurityGroupId": "ReferencedGroupInfo.GroupId",
        "securityGroupId": "GroupId",
        "securityGroupRuleId": "SecurityGroupRuleId",
        "toPort": "ToPort",
    },
)
INSTANCE = Kind(
    noun="Instance",
    path="instance",
    title="Instance",
    listed="Reservations[].Instances[]",
    filters={"instanceId": "instance-id"},
    properties={
        "ami": "ImageId",
        "availabilityZone": "Placement.AvailabilityZone",
        "instanceState": "State.Name",
        "instanceType": "InstanceType",
        "networkInterfaceId": f"{_PRIMARY}.NetworkInterfaceId",
        "primaryNetworkInterfaceId": f"{_PRIMARY}.NetworkInterfaceId",
        "privateIp": "PrivateIpAddress",
        "subnetId": "SubnetId",
        "vpcSecurityGroupIds": f"{_PRIMARY}.Groups[].GroupId",
    },
)

# By the function's name without `get`.
KINDS = {
    "Instance": INSTANCE,
    "NetworkInterface": INTERFACE,
    "SecurityGroup": GROUP,
    "SecurityGroupRule": RULE,
    "Subnet": SUBNET,
    "Vpc": VPC,
}
