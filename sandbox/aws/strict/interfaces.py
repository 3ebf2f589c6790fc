"""Network interfaces and instances: addresses, groups, and what a launch and a termination do to them."""

import ipaddress
from functools import partial
from typing import Any

from moto.ec2.models import EC2Backend
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.instances import Instance
from moto.ec2.models.subnets import Subnet

from sandbox.aws.limits import Limits
from sandbox.aws.strict.groups import find_group
from sandbox.aws.strict.wrap import refuse, wrap


def patch(limits: Limits) -> None:
    """Addresses of the subnet, groups of the VPC within the quota, and interfaces of instances."""
    wrap(EC2Backend, "create_network_interface", partial(_create, limits))
    wrap(EC2Backend, "delete_network_interface", _delete)
    wrap(EC2Backend, "modify_network_interface_attribute", partial(_modify, limits))
    wrap(NetworkInterface, "get_filter_value", _filter_value)
    wrap(Instance, "prep_nics", _prepare)
    wrap(Instance, "terminate", _terminate)
    wrap(EC2Backend, "run_instances", _run)
    interface: Any = NetworkInterface
    interface.group_set = property(lambda self: list(dict.fromkeys(self._group_set)))
    subnet: Any = Subnet
    subnet.get_available_subnet_ip = lambda self, instance: _pick_address(self.ec2_backend, self)
    instance: Any = Instance
    instance.security_groups = property(_groups_of, _set_groups_of)
    instance.network_interfaces = property(
        lambda self: [] if self.state == "terminated" else list(self.nics.values())
    )


# Interfaces


def _create(
    limits: Limits, original: Any, backend: Any, subnet: Any, private_ip_address: Any,
    private_ip_addresses: Any = None, group_ids: list[str] | None = None,
    *arguments: Any, **keywords: Any,
) -> Any:  # fmt: skip
    subnet = backend.get_subnet(subnet) if isinstance(subnet, str) else subnet
    _check_groups(backend, group_ids or [], subnet.vpc_id, limits)
    ipv6 = keywords.get("ipv6_addresses") or []
    wanted = _requested(private_ip_address, private_ip_addresses or [], ipv6)
    _check_addresses(backend, subnet, wanted)
    if not private_ip_address and not private_ip_addresses and subnet.cidr_block:
        private_ip_address = _pick_address(backend, subnet)
    given = (subnet, private_ip_address, private_ip_addresses, group_ids)
    return original(backend, *given, *arguments, **keywords)


def _delete(original: Any, backend: Any, eni_id: str) -> Any:
    """Not while it is attached."""
    if backend.get_network_interface(eni_id).instance is not None:
        raise refuse("interface-in-use", id=eni_id)
    return original(backend, eni_id)


def _modify(
    limits: Limits, _: Any, backend: Any, eni_id: str, group_ids: list[str],
    source_dest_check: Any = None, description: str | None = None,
) -> None:  # fmt: skip
    interface = backend.get_network_interface(eni_id)
    if not group_ids and source_dest_check is None and description is None:
        raise refuse("no-attributes")
    _check_groups(backend, group_ids, interface.vpc_id, limits)
    if group_ids:
        interface._group_set = [find_group(backend, each) for each in dict.fromkeys(group_ids)]
    if source_dest_check is not None:
        interface.source_dest_check = source_dest_check
    interface.description = interface.description if description is None else description


def _filter_value(original: Any, interface: Any, name: str, method_name: str | None = None) -> Any:
    """What a DescribeNetworkInterfaces filter compares with, where moto compares with less."""
    match name:
        case "addresses.private-ip-address":
            return _ipv4_of(interface)
        case "ipv6-addresses.ipv6-address":
            return _ipv6_of(interface)
        case "group-name":
            return [group.name for group in interface.group_set]
        case "attachment.status":
            return "attached" if interface.attachment_id else "detached"
    return original(interface, name, method_name)


def _check_groups(backend: Any, group_ids: list[str], vpc_id: str, limits: Limits) -> None:
    """Refuse unknown groups, groups of another VPC, and more groups than an interface takes."""
    for group_id in group_ids:
        if find_group(backend, group_id).vpc_id != vpc_id:
            raise refuse("interface-group-elsewhere", group_id=group_id)
    if len(set(group_ids)) > limits.groups_per_interface:
        raise refuse("groups-per-interface")


def _check_addresses(backend: Any, subnet: Any, addresses: list[str]) -> None:
    """Refuse addresses outside the subnet, and addresses that another interface of the subnet holds."""
    texts = [str(subnet.cidr_block)] if subnet.cidr_block else []
    texts += [each["ipv6CidrBlock"] for each in subnet.ipv6_cidr_block_association_set]
    blocks = [ipaddress.ip_network(text) for text in texts]
    taken = _taken_in(backend, subnet)
    for address in addresses:
        if not any(ipaddress.ip_address(address) in block for block in blocks):
            raise refuse("address-outside", address=address)
        if str(ipaddress.ip_address(address)) in taken:
            raise refuse("address-in-use", address=address)


def _taken_in(backend: Any, subnet: Any) -> set[str]:
    interfaces = [each for each in backend.enis.values() if each.subnet.id == subnet.id]
    return {each for nic in interfaces for each in (*_ipv4_of(nic), *_ipv6_of(nic))}


def _pick_address(backend: Any, subnet: Any) -> str:
    """The first free address of a subnet; EC2 keeps the first four and the last for itself."""
    network = ipaddress.ip_network(str(subnet.cidr_block))
    taken = _taken_in(backend, subnet)
    for offset in range(4, network.num_addresses - 1):
        address = str(network[offset])
        if address not in taken:
            return address
    raise refuse("subnet-full", id=subnet.id)


def _ipv4_of(interface: NetworkInterface) -> list[str]:
    """The primary address first."""
    listed = [each.get("PrivateIpAddress") for each in interface.private_ip_addresses]
    return list(dict.fromkeys(filter(None, [interface.private_ip_address, *listed])))


def _ipv6_of(interface: NetworkInterface) -> list[str]:
    return [str(ipaddress.ip_address(address)) for address in interface.ipv6_addresses if address]


def _requested(primary: Any, listed: list[Any], ipv6: list[str]) -> list[str]:
    """The addresses that a request asks for by value."""
    first = primary[0] if isinstance(primary, list) and primary else primary
    others = [each.get("PrivateIpAddress") if isinstance(each, dict) else each for each in listed]
    return list(dict.fromkeys(address for address in [first, *others, *ipv6] if address))


# Instances


def _run(original: Any, backend: Any, *arguments: Any, **keywords: Any) -> Any:
    """Refuse a launch whose addresses are taken or outside the subnet, before anything exists."""
    subnet_id, private_ip = keywords.get("subnet_id"), keywords.get("private_ip")
    if private_ip and subnet_id:
        _check_addresses(backend, backend.get_subnet(subnet_id), [private_ip])
    for each in keywords.get("nics") or []:
        if each.get("SubnetId") and not each.get("NetworkInterfaceId"):
            ipv6 = [item["Ipv6Address"] for item in each.get("Ipv6Addresses", [])]
            listed = each.get("PrivateIpAddresses", [])
            addresses = _requested(each.get("PrivateIpAddress"), listed, ipv6)
            _check_addresses(backend, backend.get_subnet(each["SubnetId"]), addresses)
    return original(backend, *arguments, **keywords)


def _prepare(
    original: Any, instance: Any, nic_spec: list[dict[str, Any]], *arguments: Any, **keywords: Any
) -> None:
    """New interfaces get the launch's addresses, and end with the instance unless told otherwise."""
    original(instance, nic_spec, *arguments, **keywords)
    by_index = {int(each.get("DeviceIndex", 0)): each for each in nic_spec}
    for index, interface in instance.nics.items():
        wanted = by_index.get(index, {})
        if wanted.get("NetworkInterfaceId"):
            continue
        interface.delete_on_termination = wanted.get("DeleteOnTermination") is not False
        listed = [each["PrivateIpAddress"] for each in wanted.get("PrivateIpAddresses", [])]
        primary = str(interface.private_ip_address)
        interface.private_ip_addresses = [
            {"Primary": address == primary, "PrivateIpAddress": address}
            for address in dict.fromkeys([primary, *listed])
        ]
        interface.ipv6_addresses = [each["Ipv6Address"] for each in wanted.get("Ipv6Addresses", [])]
    if instance.nics:
        instance._placement.zone = instance.nics[0].subnet.availability_zone


def _terminate(original: Any, instance: Any) -> Any:
    """Interfaces that end with the instance are gone afterwards, the others are free again."""
    if instance.state == "terminated":
        return original(instance)
    lifetimes = {nic.id: nic.delete_on_termination for nic in instance.nics.values()}
    for nic in instance.nics.values():
        nic.delete_on_termination = False
    previous = original(instance)
    for nic in list(instance.nics.values()):
        nic.delete_on_termination = lifetimes[nic.id]
        for address in nic.private_ip_addresses:
            nic.subnet.del_subnet_ip(address["PrivateIpAddress"])
        if nic.delete_on_termination:
            instance.ec2_backend.enis.pop(nic.id, None)
        else:
            nic.instance = nic.attachment_id = nic.attach_time = None
            nic.status = "available"
    return previous


def _groups_of(instance: Any) -> list[Any]:
    """An instance's groups are those of its primary interface, whatever it was launched with."""
    nics = instance.__dict__.get("nics") or {}
    return list(nics[0].group_set if 0 in nics else instance.__dict__.get("launch_groups", []))


def _set_groups_of(instance: Any, groups: list[Any]) -> None:
    nics = instance.__dict__.get("nics") or {}
    if 0 in nics:
        nics[0]._group_set = list(groups)
    instance.__dict__["launch_groups"] = list(groups)
