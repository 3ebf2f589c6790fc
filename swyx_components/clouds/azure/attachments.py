"""A machine's network security group before its interfaces, whether they exist or are made."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pulumi
from pulumi_azure_native import network as azure

from swyx_components.clouds.azure.lookups import AzureSite, NewInterface, has_ipv4
from swyx_components.clouds.azure.names import clean_tag, physical_name
from swyx_components.messages import Message, SwyxError

Ids = Mapping[str, pulumi.Input[str]]


def attach_machines(
    name: str, groups: Ids, site: AzureSite, options: pulumi.ResourceOptions
) -> Mapping[str, tuple[pulumi.Input[str], ...]]:
    """The interfaces under the group of each machine: `groups` are the ids of the groups by machine.

    Interfaces to which Azure gives an IPv4 address are made last: it takes the lowest that is free, which
    may be one that another machine of the site is to have.

    Raises:
        SwyxError: pulumi-azure is needed and not installed.
    """
    found: dict[str, list[pulumi.Input[str]]] = {}
    for machine, ids in site.existing.items():
        found[machine] = list(_associate(name, machine, groups[machine], ids, options))
    new = [each for interfaces in site.new.values() for each in interfaces]
    fixed = [each for each in new if has_ipv4(each.addresses)]
    made = {
        id(each): _make_interface(name, each, groups[each.machine], site, options) for each in fixed
    }
    later = pulumi.ResourceOptions(depends_on=list(made.values()))
    last = pulumi.ResourceOptions.merge(options, later)
    for each in new:
        if id(each) not in made:
            made[id(each)] = _make_interface(name, each, groups[each.machine], site, last)
        found.setdefault(each.machine, []).append(made[id(each)].id)
    return {machine: tuple(ids) for machine, ids in found.items()}


def _associate(
    name: str,
    machine: str,
    group_id: pulumi.Input[str],
    interfaces: Sequence[pulumi.Input[str]],
    options: pulumi.ResourceOptions,
) -> Iterator[pulumi.Input[str]]:
    """One association per interface, named after the machine and its place there for as long as both are.

    The provider refuses an interface that has a group, its own old one too, and on deletion takes off
    whatever group is there by then: so an old one goes before the new one comes.
    """
    association = _association()
    replaced = pulumi.ResourceOptions(delete_before_replace=True)
    for place, interface in enumerate(interfaces, 1):
        words = (name, machine) if place == 1 else (name, machine, str(place))
        made = association(
            f"{'.'.join(words)}-association",
            network_interface_id=interface,
            network_security_group_id=group_id,
            opts=pulumi.ResourceOptions.merge(options, replaced),
        )
        yield made.network_interface_id


def _association() -> Any:
    """The one resource of pulumi-azure that is used.

    Raises:
        SwyxError: it is not installed.
    """
    try:
        from pulumi_azure.network import NetworkInterfaceSecurityGroupAssociation
    except ImportError:
        raise SwyxError([Message.about("attach-missing", "machines")]) from None
    return NetworkInterfaceSecurityGroupAssociation


def _make_interface(
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
