"""The firewall that stands before a site's machines on AWS, from saved output, whoever made it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from swyx_components.analysis.deployed.ruleset import (
    AccessList,
    AttachmentPoint,
    Firewall,
    UnknownGroup,
)
from swyx_components.clouds.aws.client import Json, addresses_of
from swyx_components.clouds.aws.records import COMMANDS, SavedEc2
from swyx_components.clouds.aws.ruleset import (
    Members,
    Subnets,
    acl_layer,
    called,
    find_acl,
    group_layer,
)
from swyx_components.installation.model import Machine
from swyx_components.planner.model import SitePlan
from swyx_components.sets.prefixes import Prefix


def read_firewall(
    plan: SitePlan, contents: Iterable[Json], bindings: Mapping[str, tuple[str, ...]]
) -> Firewall:
    """Every address of the site's machines with what stands before it.

    `bindings` are groups by machine, by id or name, for machines of which the files have no interface.

    Raises:
        UnknownGroup: a binding names a group that the files don't have.
        ValueError: a record in them is not what it should be.
    """
    return _Reading(plan, SavedEc2(contents), bindings).firewall()


class _Reading:
    def __init__(
        self, plan: SitePlan, saved: SavedEc2, bindings: Mapping[str, tuple[str, ...]]
    ) -> None:
        self.saved = saved
        self.machines = {m.name: m for group in plan.groups for m in group.machines}
        self.names = {id: str(group["GroupName"]) for id, group in saved.every_group.items()}
        self.bound = {name: self._find(words) for name, words in bindings.items()}
        self.rules = list(saved.rules(self.names))
        self.members = self._members()
        self.subnets = Subnets(saved.every_interface)
        self.unread: list[str] = []
        self.lacking: list[str] = []

    def _find(self, words: Sequence[str]) -> tuple[str, ...]:
        by_name = {name: id for id, name in self.names.items()}
        ids = []
        for word in words:
            id = word if word in self.names else by_name.get(word)
            if id is None:
                raise UnknownGroup(word)
            ids.append(id)
        return tuple(sorted(ids))

    def _members(self) -> Members:
        """Who is in which group: by interfaces, and by hand. Without interfaces it is known of no other."""
        members: dict[str, tuple[Prefix, ...]] = {}
        if self.saved.has_interfaces:
            members = dict.fromkeys(self.names, ())
        for interface in self.saved.every_interface:
            for group in interface["Groups"]:
                own = members.get(group["GroupId"], ())
                members[group["GroupId"]] = (*own, *addresses_of(interface))
        for name, ids in self.bound.items():
            for id in ids:
                members[id] = (*members.get(id, ()), *self.machines[name].addresses)
        return members

    def firewall(self) -> Firewall:
        seats = [*self._by_interface(), *self._by_hand()]
        placed = {seat.machine for seat in seats}
        if seats and not self.names:
            self.lacking.append(
                "the files have no security groups, so only network ACLs are judged; "
                f"`{COMMANDS['SecurityGroups']}` tells"
            )
        if not self.saved.has_acls:
            self.lacking.append(
                "the files have no network ACLs, which are taken to allow everything, as a new one does; "
                f"`{COMMANDS['NetworkAcls']}` tells"
            )
        return Firewall(
            cloud="aws",
            seats=tuple(sorted(seats, key=lambda seat: (seat.machine, seat.address))),
            unplaced=tuple(sorted(set(self.machines) - placed)),
            unread=tuple(dict.fromkeys(self.unread)),
            lacking=tuple(dict.fromkeys(self.lacking)),
        )

    def _by_interface(self) -> Iterator[AttachmentPoint]:
        owners = {a: m for m in self.machines.values() for a in m.addresses}
        for interface in self.saved.every_interface:
            ids = {group["GroupId"] for group in interface["Groups"]}
            for address in addresses_of(interface):
                machine = owners.get(address)
                if machine is not None and machine.name not in self.bound:
                    layers = self._layers(machine, ids, self._acl_layer(interface))
                    if layers:
                        yield AttachmentPoint(
                            machine=machine.name,
                            interface=interface["NetworkInterfaceId"],
                            address=address,
                            layers=layers,
                        )

    def _by_hand(self) -> Iterator[AttachmentPoint]:
        for name, ids in self.bound.items():
            machine = self.machines[name]
            for address in machine.addresses:
                layers = self._layers(machine, set(ids), None)
                yield AttachmentPoint(machine=name, interface="", address=address, layers=layers)
            if self.saved.has_acls:
                self.lacking.append(
                    f"{name} is bound by hand, so the network ACL of its subnet is not known"
                )

    def _acl_layer(self, interface: Json) -> AccessList | None:
        """The network ACL before an interface; alone, without groups, it says nothing of its own subnet."""
        acl = find_acl(self.saved.every_acl, interface)
        if acl is None:
            return None
        return acl_layer(acl, self.subnets.neighbours(interface) if self.names else ())

    def _layers(
        self, machine: Machine, ids: set[str], acl: AccessList | None
    ) -> tuple[AccessList, ...]:
        """The groups together, then the network ACL; a group that no file has adds nothing that is known."""
        unknown = sorted(ids - set(self.names)) if self.names else []
        if unknown:
            self.unread.append(
                f"{machine.name} is also in {', '.join(called(id, {}) for id in unknown)}, whose rules no "
                "file has"
            )
        own = {id: self.names[id] for id in ids if id in self.names}
        groups = (group_layer(own, self.rules, self.members),) if self.names else ()
        return (*groups, *((acl,) if acl is not None else ()))
