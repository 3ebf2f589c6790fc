"""Network interfaces as EC2 treats them: the groups they hold, their addresses, their end."""

from __future__ import annotations

import ipaddress
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.elastic_network_interfaces import NetworkInterface

from sandbox.aws.limits import Limits
from sandbox.aws.strict_groups import find_group
from sandbox.aws.strict_text import refuse_value


def check_groups(backend: Any, group_ids: list[str], vpc_id: str, limits: Limits) -> None:
    """Refuse unknown groups, groups of another VPC, and more groups than an interface takes."""
    for group_id in group_ids:
        if find_group(backend, group_id).vpc_id != vpc_id:
            raise EC2ClientError(
                "InvalidParameter",
                f"Security group {group_id} and the interface's subnet belong to different networks.",
            )
    if len(set(group_ids)) > limits.groups_per_interface:
        raise EC2ClientError(
            "SecurityGroupsPerInterfaceLimitExceeded",
            "The maximum number of security groups per interface has been reached.",
        )


def check_addresses(backend: Any, subnet: Any, addresses: list[str]) -> None:
    """Refuse addresses outside the subnet, and addresses that another interface of the subnet holds."""
    blocks = [ipaddress.ip_network(str(subnet.cidr_block))] if subnet.cidr_block else []
    blocks += [
        ipaddress.ip_network(each["ipv6CidrBlock"])
        for each in subnet.ipv6_cidr_block_association_set
    ]
    taken = {
        address
        for each in backend.enis.values()
        if each.subnet.id == subnet.id
        for address in addresses_of(each)
    }
    for address in addresses:
        if not any(ipaddress.ip_address(address) in block for block in blocks):
            raise refuse_value(f"Address {address} does not fall within the subnet's address range")
        if str(ipaddress.ip_address(address)) in taken:
            raise EC2ClientError("InvalidIPAddress.InUse", f"Address {address} is in use.")


def addresses_of(interface: NetworkInterface) -> list[str]:
    """Every address of the interface, IPv4 and IPv6, canonical."""
    return [*ipv4_addresses_of(interface), *ipv6_addresses_of(interface)]


def ipv4_addresses_of(interface: NetworkInterface) -> list[str]:
    """The primary address first."""
    listed = [each.get("PrivateIpAddress") for each in interface.private_ip_addresses]
    return list(
        dict.fromkeys(address for address in [interface.private_ip_address, *listed] if address)
    )


def ipv6_addresses_of(interface: NetworkInterface) -> list[str]:
    """The interface's IPv6 addresses, compressed."""
    return [str(ipaddress.ip_address(address)) for address in interface.ipv6_addresses if address]


def find_filter_value(interface: NetworkInterface, name: str) -> Any:
    """What a DescribeNetworkInterfaces filter compares with, where moto compares with less; None:
    as moto does.
    """
    if name == "addresses.private-ip-address":
        return ipv4_addresses_of(interface)
    if name == "ipv6-addresses.ipv6-address":
        return ipv6_addresses_of(interface)
    if name == "group-name":
        return [group.name for group in interface.group_set]
    if name == "attachment.status":
        return "attached" if interface.attachment_id else "detached"
    return None


def check_interface_deletion(interface: NetworkInterface) -> None:
    """An interface that is attached cannot be deleted."""
    if interface.instance is not None:
        raise EC2ClientError(
            "InvalidNetworkInterface.InUse",
            f"Network interface '{interface.id}' is currently in use.",
        )


def requested_addresses(primary: Any, listed: list[Any], ipv6: list[str]) -> list[str]:
    """The addresses that a request asks for by value."""
    first = primary[0] if isinstance(primary, list) and primary else primary
    others = [each.get("PrivateIpAddress") if isinstance(each, dict) else each for each in listed]
    return list(dict.fromkeys(address for address in [first, *others, *ipv6] if address))


def pick_address(backend: Any, subnet: Any) -> str:
    """The first free address of a subnet; EC2 keeps the first four and the last for itself."""
    network = ipaddress.ip_network(str(subnet.cidr_block))
    taken = {
        address
        for each in backend.enis.values()
        if each.subnet.id == subnet.id
        for address in addresses_of(each)
    }
    for offset in range(4, network.num_addresses - 1):
        address = str(network[offset])
        if address not in taken:
            return address
    raise EC2ClientError(
        "InsufficientFreeAddressesInSubnet",
        f"The subnet '{subnet.id}' does not have enough free addresses.",
    )
