"""Network interfaces of machines, in their groups and with fixed addresses."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi_azure_native import network as azure

from swyx_components.azure.hold import Planned
from swyx_components.azure.lookups import Attachment, AzureSite, has_ipv4
from swyx_components.azure.names import clean_tag, physical_name, spread_tag
from swyx_components.azure.security_rules import Ids
from swyx_components.planner.model import HostGroup, RenderedSite


def make_interfaces(
    name: str,
    group: HostGroup,
    group_id: pulumi.Input[str],
    asgs: Ids,
    site: AzureSite,
    options: pulumi.ResourceOptions,
) -> Mapping[str, tuple[azure.NetworkInterface, ...]]:
    """The interfaces of a group's machines, named after site and machine: a changed role set updates them."""
    return {
        machine.name: tuple(
            _make_interface(name, group, group_id, asgs, site, attachment, options)
            for attachment in site.interfaces.get(machine.name, ())
        )
        for machine in group.machines
    }


def plan_interfaces(site: AzureSite, rendered: RenderedSite) -> Mapping[str, Planned]:
    """What each interface of the site will be in, by its name."""
    name = rendered.plan.site
    return {
        _name_interface(name, attachment): Planned(
            machine=machine.name,
            group=physical_name(name, entry.group.name, "nsg"),
            asgs=tuple(
                physical_name(name, identity.name, "asg") for identity in entry.group.identities
            ),
        )
        for entry in rendered.groups
        for machine in entry.group.machines
        for attachment in site.interfaces.get(machine.name, ())
    }


def _words(attachment: Attachment) -> tuple[str, ...]:
    return (attachment.called, *([attachment.suffix] if attachment.suffix else []), "nic")


def _name_interface(site: str, attachment: Attachment) -> str:
    return physical_name(site, *_words(attachment))


def _make_interface(
    name: str,
    group: HostGroup,
    group_id: pulumi.Input[str],
    asgs: Ids,
    site: AzureSite,
    attachment: Attachment,
    options: pulumi.ResourceOptions,
) -> azure.NetworkInterface:
    return azure.NetworkInterface(
        "-".join([name, *_words(attachment)]),
        network_interface_name=_name_interface(group.site, attachment),
        resource_group_name=site.resource_group,
        location=site.location,
        network_security_group=azure.NetworkSecurityGroupArgs(id=group_id),
        ip_configurations=_ip_configurations(
            attachment, [asgs[identity.name] for identity in group.identities]
        ),
        tags={
            **site.tags,
            "swyx:site": clean_tag(group.site),
            "swyx:machine": clean_tag(attachment.machine),
            **spread_tag("swyx:roles", group.roles),
        },
        opts=options,
    )


def _ip_configurations(attachment: Attachment, asgs: Sequence[pulumi.Input[str]]) -> Any:
    """One configuration an address, all with the same ASGs; the first IPv4 one is primary."""
    addresses = sorted(attachment.addresses)
    fixed = [
        {
            "name": address.address if address.version == 4 else f"{address.first:032x}",
            "private_ip_address": address.address,
            "private_ip_address_version": f"IPv{address.version}",
            "private_ip_allocation_method": "Static",
        }
        for address in addresses
    ]
    if not has_ipv4(addresses):
        fixed.insert(
            0,
            {
                "name": "dynamic",
                "private_ip_address_version": "IPv4",
                "private_ip_allocation_method": "Dynamic",
            },
        )
    return [
        {
            **configuration,
            "primary": place == 0,
            "subnet": {"id": attachment.subnet.id},
            "application_security_groups": [{"id": asg} for asg in asgs],
        }
        for place, configuration in enumerate(fixed)
    ]
