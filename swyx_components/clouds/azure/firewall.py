"""The firewall that stands before a site's machines on Azure, from saved output, whoever made it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from swyx_components.analysis.deployed.ruleset import (
    AccessList,
    AttachmentPoint,
    Firewall,
    UnknownGroup,
)
from swyx_components.clouds.azure.arm import (
    Address,
    address_of,
    asgs_at,
    key_of,
    last_of,
    members_of,
    subnet_groups,
)
from swyx_components.clouds.azure.records import COMMANDS, SavedNetwork, records_of
from swyx_components.clouds.azure.ruleset import called, group_layer, open_layer
from swyx_components.clouds.azure.surroundings import PROBES, Surroundings
from swyx_components.planner.model import SitePlan
from swyx_components.sets.prefixes import Prefix

_ASG = "/applicationsecuritygroups/"


def read_firewall(
    plan: SitePlan, contents: Iterable[Any], bindings: Mapping[str, tuple[str, ...]]
) -> Firewall:
    """Every address of the site's machines with what stands before it.

    `bindings` are groups by machine (network security groups and ASGs, by name or id), for machines of
    which the files have no interface.

    Raises:
        UnknownGroup: a binding names a group that the files don't have.
        ValueError: a record in them is not what it should be.
    """
    return _Reading(plan, SavedNetwork(records_of(contents)), bindings).firewall()


class _Reading:
    def __init__(
        self, plan: SitePlan, saved: SavedNetwork, bindings: Mapping[str, tuple[str, ...]]
    ) -> None:
        self.saved = saved
        self.machines = {m.name: m for group in plan.groups for m in group.machines}
        groups = saved.network_security_groups.list_all()
        self.groups = {key_of(group.id): group for group in groups}
        self.subnets = subnet_groups(groups)
        self.asgs = {key_of(asg) for group in groups for asg in _asgs_in(group)} | {
            key_of(asg.id) for asg in saved.application_security_groups.list_all()
        }
        self.bound = {name: self._find(words) for name, words in bindings.items()}
        addresses = (a for machine in self.machines.values() for a in machine.addresses)
        self.around = Surroundings(addresses, self._members())
        self.unread: list[str] = []

    def _find(self, words: Sequence[str]) -> tuple[str, ...]:
        """The keys of the named groups.

        Raises:
            UnknownGroup: no file has one of that name.
        """
        known = {*self.groups, *self.asgs}
        by_name = {last_of(key): key for key in sorted(known)}
        found = []
        for word in words:
            key = key_of(word) if key_of(word) in known else by_name.get(key_of(word))
            if key is None:
                raise UnknownGroup(word)
            found.append(key)
        return tuple(found)

    def _members(self) -> Mapping[str, tuple[Prefix, ...]] | None:
        members = dict(members_of(self.saved.network_interfaces.list_all()))
        for name, keys in self.bound.items():
            for key in keys:
                if _ASG in key:
                    members[key] = (*members.get(key, ()), *self.machines[name].addresses)
        return members if members or self.saved.has_interfaces else None

    def firewall(self) -> Firewall:
        seats = [*self._by_interface(), *self._by_hand()]
        placed = {seat.machine for seat in seats}
        return Firewall(
            cloud="azure",
            seats=tuple(sorted(seats, key=lambda seat: (seat.machine, seat.address))),
            unplaced=tuple(sorted(set(self.machines) - placed)),
            unread=tuple(dict.fromkeys(self.unread)),
            platform=PROBES,
        )

    def _by_interface(self) -> Iterator[AttachmentPoint]:
        owners = {a: m for m in self.machines.values() for a in m.addresses}
        for interface in self.saved.network_interfaces.list_all():
            for configuration in interface.ip_configurations or ():
                at = address_of(configuration)
                machine = owners.get(at.prefix) if at else None
                if at and machine is not None and machine.name not in self.bound:
                    layers = self._layers(machine.name, interface, configuration, at)
                    if layers:
                        yield AttachmentPoint(
                            machine=machine.name,
                            interface=last_of(interface.id),
                            address=at.prefix,
                            layers=layers,
                        )

    def _layers(
        self, machine: str, interface: Any, configuration: Any, at: Address
    ) -> tuple[AccessList, ...]:
        """The group at the interface, then the one at the subnet; where there is neither, all is open."""
        found: list[AccessList] = []
        named = interface.network_security_group
        subnet = configuration.subnet
        behind = self.subnets.get(key_of(subnet.id)) if subnet else None
        if named:
            group = self.groups.get(key_of(named.id))
            if group is None:
                self.unread.append(
                    f"no file has {last_of(named.id)}, the group at the interface of {machine}; "
                    f"`{COMMANDS['networksecuritygroups']}` tells"
                )
            else:
                found.append(group_layer(group, at, self.around))
        if behind is not None:
            name = f"{called(behind)} of the subnet {last_of(subnet.id)}"
            found.append(group_layer(behind, at, self.around, name))
        return tuple(found) if found or named else (open_layer(),)

    def _by_hand(self) -> Iterator[AttachmentPoint]:
        for name, keys in self.bound.items():
            asgs = frozenset(key for key in keys if _ASG in key)
            for prefix in self.machines[name].addresses:
                at = Address(prefix=prefix, asgs=asgs)
                layers = tuple(
                    group_layer(self.groups[key], at, self.around)
                    for key in keys
                    if key not in asgs
                )
                yield AttachmentPoint(
                    machine=name, interface="", address=prefix, layers=layers or (open_layer(),)
                )


def _asgs_in(group: Any) -> Iterator[str]:
    for rule in group.security_rules or ():
        for side in ("source", "destination"):
            yield from asgs_at(rule, side)
