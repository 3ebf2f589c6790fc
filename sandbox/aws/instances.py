"""``aws.ec2.Instance``, as much of it as decides on addresses and security groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from sandbox.aws.calls import ec2_errors, find_one, prune, read_tags, specify_tags, update_tags
from sandbox.aws.handler import AwsHandler
from sandbox.aws.interfaces import in_given_order
from sandbox.provider import CloudError, Failure, Props, State

SETS = ("vpcSecurityGroupIds", "securityGroups", "secondaryPrivateIps")
EXISTING = ("networkInterfaces", "primaryNetworkInterface")


class InstanceHandler(AwsHandler):
    """An instance and its primary interface; the groups of that interface are the instance's."""

    token = "aws:ec2/instance:Instance"
    defaults: ClassVar[Mapping[str, Any]] = {"sourceDestCheck": True}
    replace_on = frozenset(
        [
            "ami",
            "subnetId",
            "privateIp",
            "availabilityZone",
            "keyName",
            "networkInterfaces",
            "primaryNetworkInterface",
            "ipv6Addresses",
            "ipv6AddressCount",
            "associatePublicIpAddress",
            "tenancy",
            "region",
        ]
    )
    computed = frozenset(
        [
            "availabilityZone",
            "privateIp",
            "secondaryPrivateIps",
            "ipv6Addresses",
            "vpcSecurityGroupIds",
            "securityGroups",
            "subnetId",
            "tenancy",
            "associatePublicIpAddress",
            "keyName",
        ]
    )
    unstable = frozenset({"instanceState"})

    def check(self, inputs: Props) -> list[Failure]:
        failures = []
        if "ami" not in inputs and "launchTemplate" not in inputs:
            failures.append(Failure("ami", "an instance needs ami, or launchTemplate"))
        if "instanceType" not in inputs and "launchTemplate" not in inputs:
            failures.append(
                Failure("instanceType", "an instance needs instanceType, or launchTemplate")
            )
        if any(name in inputs for name in EXISTING):
            taken = [
                name for name in ("subnetId", "vpcSecurityGroupIds", "privateIp") if name in inputs
            ]
            failures += [
                Failure(name, f"{name} belongs to the network interface that is given")
                for name in taken
            ]
        return failures

    def canonical(self, inputs: Props) -> Props:
        return {
            **inputs,
            **{name: sorted(inputs[name]) for name in SETS if isinstance(inputs.get(name), list)},
        }

    def create(self, inputs: Props) -> State:
        with ec2_errors():
            made = self.ec2(inputs).run_instances(
                MinCount=1,
                MaxCount=1,
                **prune(
                    ImageId=inputs.get("ami"),
                    InstanceType=inputs.get("instanceType"),
                    KeyName=inputs.get("keyName"),
                    UserData=inputs.get("userData"),
                    Placement=_write_placement(inputs),
                ),
                **_write_network(inputs),
                **specify_tags("instance", inputs),
            )
        return self.settle(made["Instances"][0]["InstanceId"], inputs)

    def describe(self, id: str, inputs: Props) -> Props | None:
        reservation = find_one(
            self.ec2(inputs), "describe_instances", "Reservations", InstanceIds=[id]
        )
        instance = reservation["Instances"][0] if reservation else None
        if instance is None or instance["State"]["Name"] == "terminated":
            return None
        nics = instance["NetworkInterfaces"]
        primary: dict[str, Any] = next(
            (each for each in nics if each["Attachment"]["DeviceIndex"] == 0), {}
        )
        addresses = primary.get("PrivateIpAddresses", [])
        secondary = [each["PrivateIpAddress"] for each in addresses if not each.get("Primary")]
        ipv6 = [each["Ipv6Address"] for each in primary.get("Ipv6Addresses", [])]
        groups = [
            each["GroupId"] for each in primary.get("Groups") or instance.get("SecurityGroups", [])
        ]
        return self.with_region_and_tags(
            inputs,
            read_tags(instance),
            arn=self.arn(inputs, primary.get("OwnerId", ""), f"instance/{id}"),
            ami=instance["ImageId"],
            instanceType=instance["InstanceType"],
            instanceState=instance["State"]["Name"],
            availabilityZone=instance["Placement"]["AvailabilityZone"],
            subnetId=instance.get("SubnetId"),
            keyName=instance.get("KeyName"),
            privateIp=instance.get("PrivateIpAddress"),
            privateDns=instance.get("PrivateDnsName"),
            publicIp=instance.get("PublicIpAddress"),
            publicDns=instance.get("PublicDnsName"),
            primaryNetworkInterfaceId=primary.get("NetworkInterfaceId"),
            secondaryPrivateIps=in_given_order(inputs.get("secondaryPrivateIps"), secondary),
            ipv6Addresses=in_given_order(inputs.get("ipv6Addresses"), ipv6),
            vpcSecurityGroupIds=in_given_order(inputs.get("vpcSecurityGroupIds"), groups),
            sourceDestCheck=primary.get("SourceDestCheck", True),
        )

    def update(self, id: str, new: Props, old: Props, outputs: Props) -> State:
        client = self.ec2(new)
        primary = outputs.get("primaryNetworkInterfaceId")
        with ec2_errors():
            groups = new.get("vpcSecurityGroupIds")
            if groups is not None and set(groups) != set(old.get("vpcSecurityGroupIds") or []):
                client.modify_network_interface_attribute(NetworkInterfaceId=primary, Groups=groups)
            if new.get("sourceDestCheck") != old.get("sourceDestCheck"):
                client.modify_network_interface_attribute(
                    NetworkInterfaceId=primary, SourceDestCheck={"Value": new["sourceDestCheck"]}
                )
            if new.get("instanceType") != old.get("instanceType"):
                self._resize(client, id, new["instanceType"])
            _update_secondary(client, primary, new, outputs)
            update_tags(client, id, old, new)
        return self.settle(id, new)

    def delete(self, id: str, inputs: Props, outputs: Props) -> None:
        client = self.ec2({**outputs, **inputs})
        try:
            with ec2_errors():
                client.terminate_instances(InstanceIds=[id])
                client.get_waiter("instance_terminated").wait(
                    InstanceIds=[id], WaiterConfig={"Delay": 1}
                )
        except CloudError as error:
            if not error.code.endswith("NotFound"):
                raise

    def _resize(self, client: Any, id: str, instance_type: str) -> None:
        client.stop_instances(InstanceIds=[id])
        client.modify_instance_attribute(InstanceId=id, InstanceType={"Value": instance_type})
        client.start_instances(InstanceIds=[id])


def _write_placement(inputs: Props) -> dict[str, Any] | None:
    return (
        {"AvailabilityZone": inputs["availabilityZone"]} if inputs.get("availabilityZone") else None
    )


def _write_network(inputs: Props) -> dict[str, Any]:
    """The interfaces of the launch: existing ones, or a primary interface with the addresses and
    groups given.
    """
    existing = list(inputs.get("networkInterfaces") or [])
    if inputs.get("primaryNetworkInterface"):
        existing = [{"deviceIndex": 0, **inputs["primaryNetworkInterface"]}]
    if existing:
        return {
            "NetworkInterfaces": [
                {
                    "DeviceIndex": each["deviceIndex"],
                    "NetworkInterfaceId": each["networkInterfaceId"],
                }
                for each in existing
            ]
        }
    if not inputs.get("subnetId"):
        return prune(
            SecurityGroupIds=inputs.get("vpcSecurityGroupIds"),
            SecurityGroups=inputs.get("securityGroups"),
        )
    secondary = [
        {"PrivateIpAddress": each, "Primary": False}
        for each in inputs.get("secondaryPrivateIps") or []
    ]
    ipv6 = [{"Ipv6Address": each} for each in inputs.get("ipv6Addresses") or []]
    primary = prune(
        DeviceIndex=0,
        SubnetId=inputs["subnetId"],
        Groups=inputs.get("vpcSecurityGroupIds"),
        PrivateIpAddress=inputs.get("privateIp"),
        PrivateIpAddresses=secondary or None,
        Ipv6Addresses=ipv6 or None,
        Ipv6AddressCount=inputs.get("ipv6AddressCount"),
        AssociatePublicIpAddress=inputs.get("associatePublicIpAddress"),
        DeleteOnTermination=True,
    )
    return {"NetworkInterfaces": [primary]}


def _update_secondary(client: Any, interface_id: str | None, new: Props, outputs: Props) -> None:
    if "secondaryPrivateIps" not in new or interface_id is None:
        return
    before, after = outputs.get("secondaryPrivateIps") or [], new["secondaryPrivateIps"]
    missing = [each for each in after if each not in before]
    excess = [each for each in before if each not in after]
    if missing:
        client.assign_private_ip_addresses(
            NetworkInterfaceId=interface_id, PrivateIpAddresses=missing
        )
    if excess:
        client.unassign_private_ip_addresses(
            NetworkInterfaceId=interface_id, PrivateIpAddresses=excess
        )
