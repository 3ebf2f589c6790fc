"""Network interfaces of machines, in their groups and with fixed addresses."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pulumi
from pulumi_azure_native import network as azure

from swyx_components.azure.hold import Planned
from swyx_components.azure.lookups import Attachment, AzureSite, has_ipv4
from swyx_components.azure.names import clean_tag, physical_name, spread_tag
from swyx_components.azure.security_rules import Ids
from swyx_components.planner.model import HostGroup, RenderedSite


class Members(NamedTuple):
    """A host group whose machines get interfaces, its network security group, and the options of these."""

    group: HostGroup
    group_id: pulumi.Input[str]
    options: pulumi.ResourceOptions


def make_interfaces(
    name: str, groups: Iterable[Members], asgs: Ids, site: AzureSite
) -> Mapping[str, tuple[azure.NetworkInterface, ...]]:
    """The interfaces of all machines, named after site and machine: a changed role set updates them.

    Those that Azure gives an IPv4 address come last: it takes the lowest that is free, which may be one
    that another machine of the site is to have.
    """
    wanted = [
        (members, attachment)
        for members in groups
        for machine in members.group.machines
        for attachment in site.interfaces.get(machine.name, ())
    ]
    made: dict[tuple[str, str], azure.NetworkInterface] = {}
    for members, attachment in wanted:
        if has_ipv4(attachment.addresses):
            made[_key(attachment)] = _make_interface(name, members, asgs, site, attachment)
    first = pulumi.ResourceOptions(depends_on=list(made.values()))
    for members, attachment in wanted:
        if not has_ipv4(attachment.addresses):
            later = members._replace(options=pulumi.ResourceOptions.merge(members.options, first))
            made[_key(attachment)] = _make_interface(name, later, asgs, site, attachment)
    found: dict[str, tuple[azure.NetworkInterface, ...]] = {}
    for _, attachment in wanted:
        found[attachment.machine] = (*found.get(attachment.machine, ()), made[_key(attachment)])
    return found


def _key(attachment: Attachment) -> tuple[str, str]:
    return attachment.machine, attachment.suffix


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
    name: str, members: Members, asgs: Ids, site: AzureSite, attachment: Attachment
) -> azure.NetworkInterface:
    group = members.group
    return azure.NetworkInterface(
        "-".join([name, *_words(attachment)]),
        network_interface_name=_name_interface(group.site, attachment),
        resource_group_name=site.resource_group,
        location=site.location,
        network_security_group=azure.NetworkSecurityGroupArgs(id=members.group_id),
        ip_configurations=_ip_configurations(
            attachment, [asgs[identity.name] for identity in group.identities]
        ),
        tags={
            **site.tags,
            "swyx:site": clean_tag(group.site),
            "swyx:machine": clean_tag(attachment.machine),
            **spread_tag("swyx:roles", group.roles),
        },
        opts=members.options,
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
