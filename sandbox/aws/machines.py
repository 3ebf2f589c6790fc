"""``Vpc``, ``Subnet``, ``NetworkInterface`` and ``Instance``, as far as they decide on addresses."""

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


class VpcHandler(RegularHandler):
    token = "aws:ec2/vpc:Vpc"
    kind = VPC
    arguments = MappingProxyType({"cidrBlock": "CidrBlock", "instanceTenancy": "InstanceTenancy"})
    attributes = MappingProxyType(
        {"enableDnsSupport": "EnableDnsSupport", "enableDnsHostnames": "EnableDnsHostnames"}
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
    sets = ("securityGroups", "privateIps")
    supported = frozenset({*arguments, *sets})
    replace_on = frozenset({"subnetId", "region"})
    computed = frozenset({"privateIp", "privateIps", "securityGroups"})

    def more_arguments(self, inputs: Props) -> dict[str, Any]:
        listed = [
            {"PrivateIpAddress": each, "Primary": index == 0}
            for index, each in enumerate(inputs.get("privateIps") or ())
        ]
        return {"PrivateIpAddresses": listed} if listed else {}

    def replaces(self, old: Props, new: Props) -> frozenset[str]:
        """The primary address stays for life; the others come and go."""
        before, after = old.get("privateIps"), new.get("privateIps")
        both = isinstance(before, list) and isinstance(after, list)
        moved = both and before and before[0] not in after  # type: ignore[operator]
        return self.replace_on | ({"privateIps"} if moved or is_unknown(after) else set())

    def change(self, client: Any, id: str, new: Props, old: Props) -> None:
        """New addresses first, then those that are no longer wanted; then what else differs."""
        if "privateIps" in new:
            before, after = old.get("privateIps") or [], new["privateIps"]
            missing = [each for each in after if each not in before]
            excess = [each for each in before if each not in after]
            for call, addresses in (("assign", missing), ("unassign", excess)):
                if addresses:
                    change = getattr(client, f"{call}_private_ip_addresses")
                    change(NetworkInterfaceId=id, PrivateIpAddresses=addresses)
        update_groups(client, id, new.get("securityGroups"), old.get("securityGroups"))
        if new.get("description") != old.get("description"):
            text = {"Value": new.get("description") or ""}
            client.modify_network_interface_attribute(NetworkInterfaceId=id, Description=text)

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
    sets = ("vpcSecurityGroupIds",)
    supported = frozenset({*sets, "ami", "instanceType", "subnetId", "privateIp"})
    replace_on = frozenset({"ami", "subnetId", "privateIp", "region"})
    computed = frozenset({"availabilityZone", "privateIp", *sets})
    unstable = frozenset({"instanceState"})

    def check(self, inputs: Props) -> list[Failure]:
        missing = [name for name in ("ami", "instanceType", "subnetId") if name not in inputs]
        failures = [Failure(name, f"an instance needs {name}") for name in missing]
        return [*super().check(inputs), *failures]

    def create(self, inputs: Props) -> State:
        named = {"vpcSecurityGroupIds": "Groups", "privateIp": "PrivateIpAddress"}
        given = {argument: inputs[name] for name, argument in named.items() if name in inputs}
        place = {"DeviceIndex": 0, "SubnetId": inputs["subnetId"], "DeleteOnTermination": True}
        with ec2_errors():
            made = self.ec2(inputs).run_instances(
                MinCount=1,
                MaxCount=1,
                ImageId=inputs["ami"],
                InstanceType=inputs["instanceType"],
                NetworkInterfaces=[{**place, **given}],
                **specify_tags(INSTANCE.path, inputs.get("tags")),
            )
        return self.settle(made["Instances"][0]["InstanceId"], inputs)

    def describe(self, id: str, inputs: Props) -> Props | None:
        found = super().describe(id, inputs)
        return None if found is None or found["instanceState"] == "terminated" else found

    def update(self, id: str, new: Props, old: Props, outputs: Props) -> State:
        client, name = self.ec2(new), "vpcSecurityGroupIds"
        with ec2_errors():
            update_groups(
                client, outputs["primaryNetworkInterfaceId"], new.get(name), old.get(name)
            )
            if new["instanceType"] != old.get("instanceType"):
                client.stop_instances(InstanceIds=[id])
                size = {"Value": new["instanceType"]}
                client.modify_instance_attribute(InstanceId=id, InstanceType=size)
                client.start_instances(InstanceIds=[id])
            update_tags(client, id, old, new)
        return self.settle(id, new)

    def delete(self, id: str, inputs: Props, outputs: Props) -> None:
        client = self.ec2({**outputs, **inputs})
        with ec2_errors(GONE):
            client.terminate_instances(InstanceIds=[id])
            ended = client.get_waiter("instance_terminated")
            ended.wait(InstanceIds=[id], WaiterConfig={"Delay": 1})


def update_groups(
    client: Any, interface: str, new: list[str] | None, old: list[str] | None
) -> None:
    """Write an interface's groups, if the program names any and they differ."""
    if new is not None and {*new} != {*(old or ())}:
        client.modify_network_interface_attribute(NetworkInterfaceId=interface, Groups=new)
