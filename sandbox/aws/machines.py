"""``aws.ec2.Vpc``, ``Subnet``, ``NetworkInterface`` and ``Instance``: what customers' programs build
around a site, as much of it as decides on addresses and security groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from sandbox.aws.handler import (
    GONE,
    AwsHandler,
    RegularHandler,
    ec2_errors,
    find_one,
    specify_tags,
    update_tags,
)
from sandbox.aws.tables import INSTANCE, INTERFACE, SUBNET, VPC
from sandbox.provider import Failure, Props, State, is_unknown

# What EC2 calls to add and to remove addresses, by the input that lists them.
_ADDRESSES = {
    "privateIps": ("{}assign_private_ip_addresses", "PrivateIpAddresses"),
    "secondaryPrivateIps": ("{}assign_private_ip_addresses", "PrivateIpAddresses"),
    "ipv6Addresses": ("{}assign_ipv6_addresses", "Ipv6Addresses"),
}


class VpcHandler(RegularHandler):
    token = "aws:ec2/vpc:Vpc"
    kind = VPC
    arguments = MappingProxyType({"cidrBlock": "CidrBlock", "instanceTenancy": "InstanceTenancy"})
    attributes = MappingProxyType(
        {
            "enableDnsSupport": "EnableDnsSupport",
            "enableDnsHostnames": "EnableDnsHostnames",
        }
    )
    supported = frozenset({*arguments, *attributes})
    defaults = MappingProxyType({"enableDnsSupport": True, "instanceTenancy": "default"})
    replace_on = frozenset({"cidrBlock", "region"})
    computed = frozenset({"enableDnsHostnames"})

    def complete(self, id: str, inputs: Props, found: Props, properties: Props) -> Props:
        """With the attributes, which a description does not have, and the group that EC2 made."""
        client = self.ec2(inputs)
        own = {
            name: client.describe_vpc_attribute(VpcId=id, Attribute=name)[attribute]["Value"]
            for name, attribute in self.attributes.items()
        }
        named = {"vpc-id": id, "group-name": "default"}
        filters = [{"Name": name, "Values": [value]} for name, value in named.items()]
        for group in client.describe_security_groups(Filters=filters)["SecurityGroups"]:
            own["defaultSecurityGroupId"] = group["GroupId"]
        return super().complete(id, inputs, found, {**properties, **own})


class SubnetHandler(RegularHandler):
    token = "aws:ec2/subnet:Subnet"
    kind = SUBNET
    arguments = MappingProxyType({"vpcId": "VpcId", "cidrBlock": "CidrBlock"})
    attributes = MappingProxyType({"mapPublicIpOnLaunch": "MapPublicIpOnLaunch"})
    supported = frozenset({*arguments, *attributes, "availabilityZone"})
    defaults = MappingProxyType({"mapPublicIpOnLaunch": False})
    replace_on = frozenset({"vpcId", "cidrBlock", "availabilityZone", "region"})
    computed = frozenset({"availabilityZone"})

    def more_arguments(self, inputs: Props) -> dict[str, Any]:
        """The zone: the first one, where none is given."""
        zone = inputs.get("availabilityZone")
        if zone is None:
            zones = self.ec2(inputs).describe_availability_zones()["AvailabilityZones"]
            zone = zones[0]["ZoneName"]
        return {"AvailabilityZone": zone}


class NetworkInterfaceHandler(RegularHandler):
    token = "aws:ec2/networkInterface:NetworkInterface"
    kind = INTERFACE
    arguments = MappingProxyType(
        {"subnetId": "SubnetId", "description": "Description", "securityGroups": "Groups"}
    )
    attributes = MappingProxyType(
        {"description": "Description", "sourceDestCheck": "SourceDestCheck"}
    )
    sets = ("securityGroups", "privateIps", "ipv6Addresses")
    supported = frozenset({*arguments, *attributes, *sets})
    defaults = MappingProxyType({"sourceDestCheck": True})
    replace_on = frozenset({"subnetId", "region"})
    computed = frozenset(
        {
            "privateIp",
            "privateIps",
            "securityGroups",
            "ipv6Addresses",
            "attachments",
            "interfaceType",
        }
    )

    def more_arguments(self, inputs: Props) -> dict[str, Any]:
        return _write_addresses(inputs.get("privateIps"), inputs.get("ipv6Addresses"), primary=0)

    def made_with(self, inputs: Props) -> Props:
        return {**inputs, "sourceDestCheck": True}

    def replaces(self, old: Props, new: Props) -> frozenset[str]:
        """The primary address stays for life; the others come and go."""
        before, after = old.get("privateIps"), new.get("privateIps")
        both = isinstance(before, list) and isinstance(after, list)
        moved = both and before and before[0] not in after  # type: ignore[operator]
        return self.replace_on | ({"privateIps"} if moved or is_unknown(after) else set())

    def change(self, client: Any, id: str, new: Props, old: Props) -> None:
        """New addresses first, then those that are no longer wanted; then groups and attributes."""
        for name in ("privateIps", "ipv6Addresses"):
            _update_addresses(client, id, name, new, old)
        groups = new.get("securityGroups")
        if groups is not None and {*groups} != {*(old.get("securityGroups") or ())}:
            client.modify_network_interface_attribute(NetworkInterfaceId=id, Groups=groups)
        super().change(client, id, new, old)

    def delete(self, id: str, inputs: Props, outputs: Props) -> None:
        client = self.ec2({**outputs, **inputs})
        found = find_one(client, INTERFACE, id)
        attachment = ((found or {}).get("Attachment") or {}).get("AttachmentId")
        if attachment:
            with ec2_errors(GONE):
                client.detach_network_interface(AttachmentId=attachment, Force=True)
        super().delete(id, inputs, outputs)


class InstanceHandler(AwsHandler):
    """An instance and its primary interface; the groups of that interface are the instance's."""

    token = "aws:ec2/instance:Instance"
    kind = INSTANCE
    sets = ("vpcSecurityGroupIds", "secondaryPrivateIps", "ipv6Addresses")
    supported = frozenset(
        {*sets, "ami", "instanceType", "subnetId", "privateIp", "sourceDestCheck"}
    )
    defaults = MappingProxyType({"sourceDestCheck": True})
    replace_on = frozenset({"ami", "subnetId", "privateIp", "ipv6Addresses", "region"})
    computed = frozenset({"availabilityZone", "subnetId", "privateIp", *sets})
    unstable = frozenset({"instanceState"})

    def check(self, inputs: Props) -> list[Failure]:
        missing = [name for name in ("ami", "instanceType", "subnetId") if name not in inputs]
        failures = [Failure(name, f"an instance needs {name}") for name in missing]
        return [*super().check(inputs), *failures]

    def create(self, inputs: Props) -> State:
        primary = {
            "DeviceIndex": 0,
            "SubnetId": inputs["subnetId"],
            "DeleteOnTermination": True,
            **_write_addresses(inputs.get("secondaryPrivateIps"), inputs.get("ipv6Addresses")),
        }
        for name, argument in (
            ("vpcSecurityGroupIds", "Groups"),
            ("privateIp", "PrivateIpAddress"),
        ):
            primary |= {argument: inputs[name]} if name in inputs else {}
        with ec2_errors():
            made = self.ec2(inputs).run_instances(
                MinCount=1,
                MaxCount=1,
                ImageId=inputs["ami"],
                InstanceType=inputs["instanceType"],
                NetworkInterfaces=[primary],
                **specify_tags(INSTANCE.path, inputs.get("tags")),
            )
        return self.settle(made["Instances"][0]["InstanceId"], inputs)

    def describe(self, id: str, inputs: Props) -> Props | None:
        found = super().describe(id, inputs)
        return None if found is None or found["instanceState"] == "terminated" else found

    def update(self, id: str, new: Props, old: Props, outputs: Props) -> State:
        client, primary = self.ec2(new), outputs["primaryNetworkInterfaceId"]
        groups = new.get("vpcSecurityGroupIds")
        with ec2_errors():
            if groups is not None and {*groups} != {*(old.get("vpcSecurityGroupIds") or ())}:
                client.modify_network_interface_attribute(NetworkInterfaceId=primary, Groups=groups)
            if new["sourceDestCheck"] != old.get("sourceDestCheck"):
                client.modify_network_interface_attribute(
                    NetworkInterfaceId=primary, SourceDestCheck={"Value": new["sourceDestCheck"]}
                )
            if new["instanceType"] != old.get("instanceType"):
                client.stop_instances(InstanceIds=[id])
                client.modify_instance_attribute(
                    InstanceId=id, InstanceType={"Value": new["instanceType"]}
                )
                client.start_instances(InstanceIds=[id])
            _update_addresses(client, primary, "secondaryPrivateIps", new, outputs)
            update_tags(client, id, old, new)
        return self.settle(id, new)

    def delete(self, id: str, inputs: Props, outputs: Props) -> None:
        client = self.ec2({**outputs, **inputs})
        with ec2_errors(GONE):
            client.terminate_instances(InstanceIds=[id])
            ended = client.get_waiter("instance_terminated")
            ended.wait(InstanceIds=[id], WaiterConfig={"Delay": 1})


def _write_addresses(
    ipv4: Sequence[str] | None, ipv6: Sequence[str] | None, *, primary: int | None = None
) -> dict[str, Any]:
    """The arguments that give addresses to an interface; of IPv4 the one at `primary` is that."""
    listed = [
        {"PrivateIpAddress": each, "Primary": index == primary}
        for index, each in enumerate(ipv4 or ())
    ]
    others = [{"Ipv6Address": each} for each in ipv6 or ()]
    given = {"PrivateIpAddresses": listed, "Ipv6Addresses": others}
    return {name: value for name, value in given.items() if value}


def _update_addresses(client: Any, interface: str, name: str, new: Props, old: Props) -> None:
    """New addresses first, then those that are no longer wanted."""
    if name not in new:
        return
    call, argument = _ADDRESSES[name]
    before, after = old.get(name) or [], new[name]
    missing = [each for each in after if each not in before]
    excess = [each for each in before if each not in after]
    for prefix, addresses in (("", missing), ("un", excess)):
        if addresses:
            getattr(client, call.format(prefix))(
                NetworkInterfaceId=interface, **{argument: addresses}
            )
