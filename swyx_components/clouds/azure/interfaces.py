"""Network interfaces that the component makes: in their machine's group, with fixed addresses."""

from collections.abc import Iterator
from typing import Any

import pulumi
from pulumi_azure_native import network as azure

from swyx_components.clouds.azure.lookups import AzureSite, NewInterface, has_ipv4
from swyx_components.clouds.azure.names import clean_tag, physical_name


def make_interface(
    name: str,
    interface: NewInterface,
    group_id: pulumi.Input[str],
    site: AzureSite,
    options: pulumi.ResourceOptions,
) -> azure.NetworkInterface:
    """An interface in its machine's group, with the caller's own properties.

    Nothing of it depends on the machine's roles, so that a changed role set never writes it.
    """
    words = (interface.machine, *([interface.suffix] if interface.suffix else []))
    properties = dict(interface.properties)
    return azure.NetworkInterface(
        f"{'.'.join((name, *words))}-nic",
        network_interface_name=physical_name(site.name, *words, kind="nic"),
        resource_group_name=site.resource_group,
        location=site.location,
        network_security_group=azure.NetworkSecurityGroupArgs(id=group_id),
        ip_configurations=[
            azure.NetworkInterfaceIPConfigurationArgs(**each)
            for each in _ip_configurations(interface)
        ],
        tags={
            **site.tags,
            **properties.pop("tags", {}),
            "swyx:site": clean_tag(site.name),
            "swyx:machine": clean_tag(interface.machine),
        },
        opts=options,
        **properties,
    )


def _ip_configurations(interface: NewInterface) -> Iterator[dict[str, Any]]:
    """One configuration per address, the first IPv4 one primary. Their names are their places: Azure lets
    the address of the primary one change and not its name.
    """
    fixed = [
        {
            "private_ip_address": address.address,
            "private_ip_address_version": f"IPv{address.version}",
            "private_ip_allocation_method": "Static",
        }
        for address in interface.addresses
    ]
    if not has_ipv4(interface.addresses):
        dynamic = {
            "private_ip_address_version": "IPv4",
            "private_ip_allocation_method": "Dynamic",
        }
        fixed.insert(0, dynamic)
    for place, configuration in enumerate(fixed):
        own = interface.configurations[place] if place < len(interface.configurations) else {}
        yield {
            **own,
            **configuration,
            "name": f"secondary-{place}" if place else "primary",
            "primary": place == 0,
            "subnet": {"id": interface.subnet},
        }
