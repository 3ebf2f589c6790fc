"""Network interfaces: their addresses, and the groups they are in."""

from __future__ import annotations

from functools import partial
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.subnets import Subnet

from sandbox.aws import strict_groups, strict_interfaces
from sandbox.aws.limits import Limits
from sandbox.aws.patches.wrap import wrap


def patch_interfaces(limits: Limits) -> None:
    """Addresses from the subnet alone, groups of the VPC alone, and as many as the quota allows."""
    wrap(EC2Backend, "create_network_interface", partial(_create, limits))
    wrap(EC2Backend, "delete_network_interface", _delete)
    wrap(EC2Backend, "modify_network_interface_attribute", partial(_modify, limits))
    wrap(NetworkInterface, "get_filter_value", _filter_value)
    interface: Any = NetworkInterface
    interface.group_set = property(lambda self: list(dict.fromkeys(self._group_set)))
    subnet: Any = Subnet
    subnet.get_available_subnet_ip = lambda self, instance: strict_interfaces.pick_address(
        self.ec2_backend, self
    )


def _create(
    limits: Limits, original: Any, backend: Any, subnet: Any, private_ip_address: Any,
    private_ip_addresses: Any = None, group_ids: list[str] | None = None,
    *arguments: Any, **keywords: Any,
) -> Any:  # fmt: skip
    subnet = backend.get_subnet(subnet) if isinstance(subnet, str) else subnet
    strict_interfaces.check_groups(backend, group_ids or [], subnet.vpc_id, limits)
    ipv6 = keywords.get("ipv6_addresses") or []
    wanted = strict_interfaces.requested_addresses(
        private_ip_address, private_ip_addresses or [], ipv6
    )
    strict_interfaces.check_addresses(backend, subnet, wanted)
    if not private_ip_address and not private_ip_addresses and subnet.cidr_block:
        private_ip_address = strict_interfaces.pick_address(backend, subnet)
    given = (subnet, private_ip_address, private_ip_addresses, group_ids)
    return original(backend, *given, *arguments, **keywords)


def _delete(original: Any, backend: Any, eni_id: str) -> Any:
    strict_interfaces.check_interface_deletion(backend.get_network_interface(eni_id))
    return original(backend, eni_id)


def _modify(
    limits: Limits, _: Any, backend: Any, eni_id: str, group_ids: list[str],
    source_dest_check: Any = None, description: str | None = None,
) -> None:  # fmt: skip
    interface = backend.get_network_interface(eni_id)
    if not group_ids and source_dest_check is None and description is None:
        raise EC2ClientError("InvalidParameterCombination", "No attributes specified.")
    strict_interfaces.check_groups(backend, group_ids, interface.vpc_id, limits)
    if group_ids:
        interface._group_set = [
            strict_groups.find_group(backend, each) for each in dict.fromkeys(group_ids)
        ]
    if source_dest_check is not None:
        interface.source_dest_check = source_dest_check
    interface.description = interface.description if description is None else description


def _filter_value(
    original: Any, interface: Any, filter_name: str, method_name: str | None = None
) -> Any:
    found = strict_interfaces.find_filter_value(interface, filter_name)
    return original(interface, filter_name, method_name) if found is None else found
