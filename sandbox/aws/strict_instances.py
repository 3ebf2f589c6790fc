"""Instances as EC2 treats their interfaces: what a launch gives them, and what a termination leaves."""

from __future__ import annotations

from typing import Any

from moto.ec2.models.instances import Instance

from sandbox.aws.strict_interfaces import check_addresses, requested_addresses


def complete_interfaces(instance: Instance, specifications: list[dict[str, Any]]) -> None:
    """Give new interfaces the addresses that the launch asked for, which moto overlooks, and EC2's lifetime.

    An interface that a launch creates ends with its instance unless the request says otherwise; one
    that existed before is left alone.
    """
    by_index = {int(each.get("DeviceIndex", 0)): each for each in specifications}
    for index, interface in instance.nics.items():
        wanted = by_index.get(index, {})
        if wanted.get("NetworkInterfaceId"):
            continue
        interface.delete_on_termination = wanted.get("DeleteOnTermination") is not False
        listed = [each["PrivateIpAddress"] for each in wanted.get("PrivateIpAddresses", [])]
        primary = str(interface.private_ip_address)
        known = list(dict.fromkeys([primary, *listed]))
        interface.private_ip_addresses = [
            {"Primary": address == primary, "PrivateIpAddress": address} for address in known
        ]
        interface.ipv6_addresses = [each["Ipv6Address"] for each in wanted.get("Ipv6Addresses", [])]
    if instance.nics:
        instance._placement.zone = instance.nics[0].subnet.availability_zone


def check_launch_addresses(
    backend: Any, subnet_id: str | None, private_ip: str | None, nics: list[dict[str, Any]]
) -> None:
    """Refuse a launch whose addresses are taken or outside the subnet, before anything exists."""
    if private_ip and subnet_id:
        check_addresses(backend, backend.get_subnet(subnet_id), [private_ip])
    for each in nics:
        if each.get("NetworkInterfaceId") or not each.get("SubnetId"):
            continue
        ipv6 = [item["Ipv6Address"] for item in each.get("Ipv6Addresses", [])]
        addresses = requested_addresses(
            each.get("PrivateIpAddress"), each.get("PrivateIpAddresses", []), ipv6
        )
        check_addresses(backend, backend.get_subnet(each["SubnetId"]), addresses)


def release_interfaces(instance: Instance) -> None:
    """After a termination: interfaces that ended with the instance are gone, the others are free again."""
    backend = instance.ec2_backend
    for interface in list(instance.nics.values()):
        for address in interface.private_ip_addresses:
            interface.subnet.del_subnet_ip(address["PrivateIpAddress"])
        if interface.delete_on_termination:
            backend.enis.pop(interface.id, None)
        else:
            interface.instance = interface.attachment_id = interface.attach_time = None
            interface.status = "available"
