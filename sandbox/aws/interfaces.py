"""``aws.ec2.NetworkInterface``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from sandbox.aws.calls import (
    ec2_errors,
    find_one,
    prune,
    read_tags,
    specify_tags,
    tolerating_gone,
    update_tags,
)
from sandbox.aws.handler import AwsHandler
from sandbox.provider import Props, State, is_unknown

SETS = ("securityGroups", "privateIps", "ipv6Addresses")


class NetworkInterfaceHandler(AwsHandler):
    token = "aws:ec2/networkInterface:NetworkInterface"
    defaults: ClassVar[Mapping[str, Any]] = {"sourceDestCheck": True}
    replace_on = frozenset({"subnetId", "interfaceType", "region"})
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

    def canonical(self, inputs: Props) -> Props:
        sets = {name: sorted(inputs[name]) for name in SETS if isinstance(inputs.get(name), list)}
        return {**inputs, **sets}

    def create(self, inputs: Props) -> State:
        client = self.ec2(inputs)
        addresses = inputs.get("privateIps") or (
            [inputs["privateIp"]] if inputs.get("privateIp") else []
        )
        listed = [
            {"PrivateIpAddress": each, "Primary": index == 0}
            for index, each in enumerate(addresses)
        ]
        ipv6 = [{"Ipv6Address": each} for each in inputs.get("ipv6Addresses") or []]
        with ec2_errors():
            made = client.create_network_interface(
                SubnetId=inputs["subnetId"],
                **prune(
                    Description=inputs.get("description"),
                    Groups=inputs.get("securityGroups") or None,
                    PrivateIpAddresses=listed or None,
                    Ipv6Addresses=ipv6 or None,
                    Ipv6AddressCount=inputs.get("ipv6AddressCount"),
                    SecondaryPrivateIpAddressCount=inputs.get("privateIpsCount"),
                ),
                **specify_tags("network-interface", inputs),
            )
            interface_id = made["NetworkInterface"]["NetworkInterfaceId"]
            if inputs.get("sourceDestCheck") is False:
                _write_source_check(client, interface_id, inputs)
            for each in inputs.get("attachments") or []:
                client.attach_network_interface(
                    NetworkInterfaceId=interface_id,
                    InstanceId=each["instance"],
                    DeviceIndex=each["deviceIndex"],
                )
        return self.settle(interface_id, inputs)

    def describe(self, id: str, inputs: Props) -> Props | None:
        client = self.ec2(inputs)
        found = find_one(
            client, "describe_network_interfaces", "NetworkInterfaces", NetworkInterfaceIds=[id]
        )
        if found is None:
            return None
        groups = [each["GroupId"] for each in found["Groups"]]
        ipv4 = [each["PrivateIpAddress"] for each in found["PrivateIpAddresses"]]
        ipv6 = [each["Ipv6Address"] for each in found["Ipv6Addresses"]]
        return self.with_region_and_tags(
            inputs,
            read_tags(found),
            arn=self.arn(inputs, found["OwnerId"], f"network-interface/{id}"),
            subnetId=found["SubnetId"],
            description=found.get("Description") or None,
            macAddress=found.get("MacAddress"),
            ownerId=found["OwnerId"],
            interfaceType=found.get("InterfaceType"),
            privateDnsName=found.get("PrivateDnsName"),
            sourceDestCheck=found["SourceDestCheck"],
            privateIp=found["PrivateIpAddress"],
            privateIps=in_given_order(inputs.get("privateIps"), ipv4),
            ipv6Addresses=in_given_order(inputs.get("ipv6Addresses"), ipv6),
            securityGroups=in_given_order(inputs.get("securityGroups"), groups),
            attachments=_read_attachments(found),
        )

    def replaces(self, old: Props, new: Props) -> frozenset[str]:
        """The primary address stays for life; the others come and go."""
        before, after = old.get("privateIps"), new.get("privateIps")
        moved = (
            isinstance(before, list)
            and isinstance(after, list)
            and before
            and before[0] not in after
        )
        return self.replace_on | (
            {"privateIps", "privateIp"} if moved or is_unknown(after) else {"privateIp"}
        )

    def update(self, id: str, new: Props, old: Props, outputs: Props) -> State:
        client = self.ec2(new)
        with ec2_errors():
            _update_addresses(client, id, new, outputs)
            if "securityGroups" in new and set(new["securityGroups"]) != set(
                outputs.get("securityGroups") or []
            ):
                client.modify_network_interface_attribute(
                    NetworkInterfaceId=id, Groups=new["securityGroups"]
                )
            if new.get("description") != old.get("description"):
                text = {"Value": new.get("description") or ""}
                client.modify_network_interface_attribute(NetworkInterfaceId=id, Description=text)
            if new.get("sourceDestCheck") != old.get("sourceDestCheck"):
                _write_source_check(client, id, new)
            update_tags(client, id, old, new)
        return self.settle(id, new)

    def delete(self, id: str, inputs: Props, outputs: Props) -> None:
        client = self.ec2({**outputs, **inputs})
        found = find_one(
            client, "describe_network_interfaces", "NetworkInterfaces", NetworkInterfaceIds=[id]
        )
        if found is None:
            return
        with tolerating_gone():
            if found.get("Attachment") and found["Attachment"].get("AttachmentId"):
                client.detach_network_interface(
                    AttachmentId=found["Attachment"]["AttachmentId"], Force=True
                )
            client.delete_network_interface(NetworkInterfaceId=id)


def in_given_order(given: list[str] | None, live: list[str]) -> list[str]:
    """A set as the program ordered it, so that a refresh of an unchanged one changes nothing."""
    return given if given and set(given) == set(live) else live


def _read_attachments(interface: dict[str, Any]) -> list[Props]:
    found = interface.get("Attachment") or {}
    if not found.get("InstanceId"):
        return []
    return [
        {
            "attachmentId": found["AttachmentId"],
            "instance": found["InstanceId"],
            "deviceIndex": found["DeviceIndex"],
        }
    ]


def _write_source_check(client: Any, interface_id: str, inputs: Props) -> None:
    client.modify_network_interface_attribute(
        NetworkInterfaceId=interface_id, SourceDestCheck={"Value": inputs["sourceDestCheck"]}
    )


def _update_addresses(client: Any, interface_id: str, new: Props, outputs: Props) -> None:
    """New addresses first, then those that are no longer wanted."""
    families = (
        (
            "privateIps",
            "assign_private_ip_addresses",
            "unassign_private_ip_addresses",
            "PrivateIpAddresses",
        ),
        ("ipv6Addresses", "assign_ipv6_addresses", "unassign_ipv6_addresses", "Ipv6Addresses"),
    )
    for name, assign, unassign, argument in families:
        if name not in new:
            continue
        before, after = outputs.get(name) or [], new[name]
        missing = [each for each in after if each not in before]
        excess = [each for each in before if each not in after]
        if missing:
            getattr(client, assign)(NetworkInterfaceId=interface_id, **{argument: missing})
        if excess:
            getattr(client, unassign)(NetworkInterfaceId=interface_id, **{argument: excess})
