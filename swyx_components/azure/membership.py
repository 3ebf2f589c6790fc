"""Who is where in Azure: the addresses of interfaces, and the ASGs, subnets and groups they are in."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from swyx_components.azure.arm import key_of
from swyx_components.sets.prefixes import Prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One address of an interface and the ASGs it is in, by key."""

    prefix: Prefix
    asgs: frozenset[str]


def address_of(configuration: Any) -> Address | None:
    """The address of one configuration; none while it has no fixed one."""
    if not configuration.private_ip_address:
        return None
    asgs = configuration.application_security_groups or ()
    return Address(
        prefix=Prefix.parse(configuration.private_ip_address),
        asgs=frozenset(key_of(asg.id) for asg in asgs),
    )


def addresses_of(interface: Any) -> Iterator[Address]:
    """Every fixed address of an interface."""
    for configuration in interface.ip_configurations or ():
        address = address_of(configuration)
        if address is not None:
            yield address


def asgs_of(interface: Any) -> list[str]:
    """The ids of the ASGs of all configurations of an interface."""
    return [
        asg.id
        for configuration in interface.ip_configurations or ()
        for asg in configuration.application_security_groups or ()
    ]


def networks_of(interface: Any) -> set[str]:
    """The virtual networks that an interface is in, by key."""
    return {
        key_of(configuration.subnet.id).rpartition("/subnets/")[0]
        for configuration in interface.ip_configurations or ()
        if configuration.subnet
    }


def members_of(interfaces: Iterable[Any]) -> Mapping[str, tuple[Prefix, ...]]:
    """The addresses in each ASG, by key."""
    members: dict[str, tuple[Prefix, ...]] = {}
    for interface in interfaces:
        for address in addresses_of(interface):
            for asg in address.asgs:
                members[asg] = (*members.get(asg, ()), address.prefix)
    return members


def subnet_groups(groups: Iterable[Any]) -> Mapping[str, Any]:
    """Which group stands before which subnet, by key."""
    return {
        key_of(subnet.id): group for group in groups for subnet in group.subnets or () if subnet.id
    }
