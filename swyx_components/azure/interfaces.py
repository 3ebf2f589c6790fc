"""Network interfaces of machines, each with its machine's group and fixed addresses."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pulumi
from pulumi_azure_native import network as azure

from swyx_components.azure.lookups import Attachment, AzureSite, has_ipv4
from swyx_components.azure.names import clean_tag, physical_name


def make_interfaces(
    owner: str,
    site_name: str,
    groups: Mapping[str, pulumi.Input[str]],
    site: AzureSite,
    options: pulumi.ResourceOptions,
) -> Mapping[str, tuple[pulumi.Output[str], ...]]:
    """The ids of the interfaces made for each machine of `groups`, one for each subnet that it is in.

    Those that Azure gives an IPv4 address come last: it takes the lowest that is free, which may be one
    that another machine of the site is to have.
    """
    make = _Maker(owner, site_name, groups, site)
    wanted = [each for machine in groups for each in site.interfaces.get(machine, ())]
    fixed = [each for each in wanted if has_ipv4(each.addresses)]
    made = {id(each): make.interface(each, options) for each in fixed}
    later = pulumi.ResourceOptions.merge(
        options, pulumi.ResourceOptions(depends_on=list(made.values()))
    )
    made |= {id(each): make.interface(each, later) for each in wanted if each not in fixed}
    return {
        machine: tuple(made[id(each)].id for each in site.interfaces.get(machine, ()))
        for machine in groups
    }


class _Maker(NamedTuple):
    owner: str
    site_name: str
    groups: Mapping[str, pulumi.Input[str]]
    site: AzureSite

    def interface(
        self, attachment: Attachment, options: pulumi.ResourceOptions
    ) -> azure.NetworkInterface:
        words = (attachment.machine, *([attachment.suffix] if attachment.suffix else []))
        return azure.NetworkInterface(
            f"{'.'.join((self.owner, *words))}-nic",
            network_interface_name=physical_name(self.site_name, *words, kind="nic"),
            resource_group_name=self.site.resource_group,
            location=self.site.location,
            network_security_group=azure.NetworkSecurityGroupArgs(
                id=self.groups[attachment.machine]
            ),
            ip_configurations=_ip_configurations(attachment),
            tags={
                **self.site.tags,
                "swyx:site": clean_tag(self.site_name),
                "swyx:machine": clean_tag(attachment.machine),
            },
            opts=options,
        )


def _ip_configurations(attachment: Attachment) -> Any:
    """One configuration an address, named by position: Azure takes no other name for the primary one, so
    that an address may change. The first IPv4 one is primary.
    """
    fixed = [
        {
            "private_ip_address": address.address,
            "private_ip_address_version": f"IPv{address.version}",
            "private_ip_allocation_method": "Static",
        }
        for address in sorted(attachment.addresses)
    ]
    if not has_ipv4(attachment.addresses):
        dynamic = {"private_ip_address_version": "IPv4", "private_ip_allocation_method": "Dynamic"}
        fixed.insert(0, dynamic)
    return [
        {
            **configuration,
            "name": f"secondary-{place}" if place else "primary",
            "primary": place == 0,
            "subnet": {"id": attachment.subnet.id},
        }
        for place, configuration in enumerate(fixed)
    ]
