"""The arguments of `SwyxSite`, as typed dictionaries that become the schema for other languages.

No postponed annotations, unions or tuples here: the schema analyzer reads these classes as they are.
"""

from typing import Any, NotRequired, TypedDict

import pulumi


class NetworkArgs(TypedDict):
    """Where a site is in its cloud."""

    vpc_id: NotRequired[pulumi.Input[str]]
    """AWS: the VPC. Where the same program makes it, machines are bound by ids."""
    vpc_tags: NotRequired[dict[str, str]]
    """AWS: tags by which the VPC is looked up, instead of its id."""
    resource_group: NotRequired[pulumi.Input[str]]
    """Azure: the resource group for everything that is made."""
    virtual_network: NotRequired[pulumi.Input[str]]
    """Azure: the virtual network whose subnets, and the interfaces in them, are looked up."""
    virtual_network_resource_group: NotRequired[pulumi.Input[str]]
    """Azure: the resource group of the virtual network, where it is another one."""
    location: NotRequired[pulumi.Input[str]]
    """Azure: the region, if not that of the virtual network or the provider's configuration."""


class MachineArgs(TypedDict):
    """How one machine is bound to the cloud. Without any of this it is looked up by its addresses."""

    interface_id: NotRequired[pulumi.Input[str]]
    """Its network interface."""
    interface_ids: NotRequired[list[pulumi.Input[str]]]
    """Its network interfaces, where there are several. Append further ones at the end."""
    instance_id: NotRequired[pulumi.Input[str]]
    """AWS: its instance. Attached are those of its interfaces that have an address of the machine; where
    the id is an output and none has one, the primary interface.
    """
    subnet_id: NotRequired[pulumi.Input[str]]
    """Azure: makes its network interface, in this subnet."""
    interface: NotRequired[dict[str, Any]]
    """Azure: makes its network interface, with these arguments of azure-native's NetworkInterface; in the
    subnet of its address, unless subnet_id is given. `ip_configurations` are in the order of its addresses.
    """
    attach: NotRequired[bool]
    """False leaves this machine alone; the ids for it are among the outputs."""


class SwyxSiteArgs(TypedDict):
    """One site of an installation, bound to one cloud."""

    installation: Any
    """The installation: the path of its file, or the same structure as plain data."""
    site: str
    """The site's name in the installation."""
    cloud: str
    """The cloud it runs in: `aws` or `azure`."""
    network: NetworkArgs
    """Where it is in the cloud."""
    machines: NotRequired[dict[str, MachineArgs]]
    """How machines are bound, by name; those not named are looked up by their addresses."""
    attach: NotRequired[bool]
    """Whether groups are attached to the machines' interfaces, or interfaces made. Default: true."""
    tags: NotRequired[dict[str, str]]
    """Tags for every resource, beside the project's own `swyx:...`."""
