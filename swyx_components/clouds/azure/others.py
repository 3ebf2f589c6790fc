"""Network security groups beside the site's: where one stands at the subnet, both must allow."""

from collections.abc import Iterator
from typing import Any

from swyx_components.analysis.deployed.others import ForeignGroup
from swyx_components.analysis.deployed.ruleset import AttachmentPoint
from swyx_components.clouds.azure.arm import (
    addresses_of,
    key_of,
    last_of,
    members_of,
    subnet_groups,
)
from swyx_components.clouds.azure.ruleset import called, group_layer
from swyx_components.clouds.azure.surroundings import Surroundings
from swyx_components.planner.model import RenderedSite


class ForeignGroups:
    """The groups before an interface that are not the site's: another one at it, or one at its subnet."""

    def __init__(self, client: Any, rendered: RenderedSite) -> None:
        groups = list(client.network_security_groups.list_all())
        self._groups = {key_of(group.id): group for group in groups}
        self._subnets = subnet_groups(groups)
        members = members_of(client.network_interfaces.list_all())
        self._around = Surroundings(rendered.owners, members)

    def of(self, interface: Any, machine: str, foreign: str) -> Iterator[ForeignGroup]:
        """`foreign` is the key of a group at the interface that is not the site's, if there is one."""
        if foreign:
            label = f"network security group {last_of(foreign)}"
            yield self._other(self._groups.get(foreign), label, interface, machine, adds=True)
        subnets = {key_of(c.subnet.id) for c in interface.ip_configurations or () if c.subnet}
        for subnet in sorted(subnets & set(self._subnets)):
            group = self._subnets[subnet]
            label = f"{called(group)} of the subnet {last_of(subnet)}"
            yield self._other(group, label, interface, machine, adds=False)

    def _other(
        self, group: Any, label: str, interface: Any, machine: str, adds: bool
    ) -> ForeignGroup:
        if group is None:
            return ForeignGroup(label=label, adds=adds, takes=True)
        seats = tuple(
            AttachmentPoint(
                machine=machine,
                interface=last_of(interface.id),
                address=address.prefix,
                layers=(group_layer(group, address, self._around, label),),
            )
            for address in addresses_of(interface)
        )
        return ForeignGroup(label=label, adds=adds, takes=True, seats=seats)
