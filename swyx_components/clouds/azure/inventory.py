"""What is deployed in Azure: the site's own groups as the plan has them, all else as layers of rules."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import NamedTuple

from swyx_components.analysis.deployed.reachability import AttachmentPoint, Firewall
from swyx_components.analysis.deployed.stack_state import StackState
from swyx_components.analysis.deployed.verify import Deployed, ForeignGroup
from swyx_components.clouds.azure.client import open_network
from swyx_components.clouds.azure.names import TEXTS
from swyx_components.clouds.azure.records import (
    COMMANDS,
    GROUPS,
    INTERFACES,
    NetworkRecords,
    items_of_state,
    key_of,
    last_of,
    list_items,
    read_records,
)
from swyx_components.clouds.azure.ruleset import PROBES, Ruleset, read_groups
from swyx_components.clouds.inventory import (
    Interface,
    bind_by_hand,
    find_points,
    place_interfaces,
    why_not_judged,
)
from swyx_components.planner.model import RenderedSite, SitePlan

_ASSOCIATION = (
    "azure:network/networkInterfaceSecurityGroupAssociation:"
    "NetworkInterfaceSecurityGroupAssociation"
)


def read_deployed(rendered: RenderedSite) -> Deployed:
    """The network security groups tagged with the site, their rules, and its machines' interfaces."""
    with open_network() as client:
        items = [
            *((GROUPS, group) for group in client.network_security_groups.list_all()),
            *((INTERFACES, interface) for interface in client.network_interfaces.list_all()),
        ]
        inventory = Inventory(read_records(items), "", (why_not_judged("admin-rules-unread"),))
        return inventory.find_deployed(rendered)


def read_saved(contents: Iterable[object]) -> "Inventory":
    """What files have that `az network ... list` wrote."""
    records = read_records(chain.from_iterable(map(list_items, contents)))
    unplaced = why_not_judged("interfaces-unread", command=COMMANDS[INTERFACES])
    lacking = why_not_judged("admin-rules-unread")
    return Inventory(records, "" if records.interfaces else unplaced, (lacking,))


def read_state(state: StackState) -> "Inventory":
    """What the state of a stack has."""
    records, machines = read_records(items_of_state(state)), state.machines_by_interface()
    interfaces = [*records.interfaces]
    for each in state.of_type(_ASSOCIATION):  # interfaces that exist: no state has their addresses
        id, group = (each.values.get(f"network{kind}Id") for kind in ("Interface", "SecurityGroup"))
        machine = machines.get(key_of(str(id)), "")
        interfaces.append(Interface(id=str(id), groups=(str(group),), machine=machine))
    records = records._replace(interfaces=tuple(interfaces))
    unplaced = "" if records.interfaces else why_not_judged("interfaces-not-in-state")
    lacking = map(why_not_judged, ("subnet-groups-not-in-state", "admin-rules-unread"))
    return Inventory(records, unplaced, (*lacking, *state.lacking))


class Inventory(NamedTuple):
    """What a source has of ARM's network, and sentences about what it lacks: why machines' interfaces are
    `unplaced`, and what else.
    """

    records: NetworkRecords
    unplaced: str
    lacking: tuple[str, ...]

    @property
    def sites(self) -> Iterable[str]:
        """The sites that groups are tagged with."""
        return (group.tags.get("swyx:site", "") for group in self.records.groups.values())

    def find_deployed(self, rendered: RenderedSite) -> Deployed:
        """A site's own groups and interfaces, with all else that applies to these."""
        records, site = self.records, TEXTS.clean_tag(rendered.plan.site)
        by_tag = {TEXTS.clean_tag(entry.group.name): entry.group.name for entry in rendered.groups}
        names = {
            key: by_tag.get(group.tags.get("swyx:group", ""), "")
            for key, group in records.groups.items()
            if group.tags.get("swyx:site") == site
        }
        groups = {
            entry.group.name: read_groups(
                [records.groups[key] for key, name in names.items() if name == entry.group.name],
                entry.group.addresses,
            )
            for entry in rendered.groups
            if entry.group.name in names.values()
        }
        ruleset = Ruleset(records, rendered.plan.owners)
        interfaces = _of_site(records.interfaces, names)
        labels = {id: names.get(key_of(id), "") for each in interfaces for id in each.groups}
        others = partial(_find_others, ruleset, names)
        strays = (key for key, name in names.items() if not name)
        return Deployed(
            groups=groups,
            interfaces=tuple(
                placed._replace(id=last_of(placed.id))
                for placed in place_interfaces(rendered, interfaces, labels, others)
            )
            if not self.unplaced
            else None,
            lacking=tuple(filter(None, (self.unplaced, *self.lacking))),
            strays=tuple(sorted(last_of(records.groups[key].id) for key in strays)),
        )

    def find_firewall(self, plan: SitePlan, bindings: Mapping[str, Sequence[str]]) -> Firewall:
        """The same as on AWS; `bindings` may also name ASGs."""
        records, owners = self.records, plan.owners
        names = {key: last_of(key) for key in sorted({*records.groups, *records.asgs})}
        bound = (
            each._replace(groups=tuple(key for key in each.groups if key in records.groups))
            for each in bind_by_hand(owners, bindings, names, key_of)
        )
        every = records._replace(interfaces=(*records.interfaces, *bound))
        ruleset = Ruleset(every, owners)
        points = [*find_points(owners, bindings, every.interfaces, ruleset.layers_at)]
        unread = (
            f"{last_of(id)}, the group of {at.machine}, is in no file; add the output of `{COMMANDS[GROUPS]}`"
            for at, interface in points
            for id in interface.groups
            if key_of(id) not in records.groups
        )
        found = tuple(point for point, _ in points)
        return Firewall("azure", found, tuple(dict.fromkeys(unread)), platform=PROBES)


def _of_site(interfaces: Sequence[Interface], names: Mapping[str, str]) -> Sequence[Interface]:
    """The interfaces of the virtual networks that the site's groups are used in.

    Another network of the subscription may have the same addresses. While no interface has a group of
    the site yet, all are looked at; so is one whose network is not known.
    """
    own = (each for each in interfaces if any(names.get(key_of(id)) for id in each.groups))
    networks = {network for interface in own for network in _networks(interface)}
    return [
        each for each in interfaces if not (networks and each.subnets) or networks & _networks(each)
    ]


def _find_others(
    ruleset: Ruleset, names: Mapping[str, str], interface: Interface
) -> Iterator[ForeignGroup]:
    """The groups that are not the site's: another one at an interface, or one at its subnet."""
    found = [
        (ruleset.groups.get(key), f"network security group {last_of(key)}", True)
        for key in map(key_of, interface.groups)
        if not names.get(key)
    ]
    for subnet in sorted(ruleset.by_subnet.keys() & map(key_of, interface.subnets)):
        group = ruleset.by_subnet[subnet]
        found.append((group, f"{group.title} of the subnet {last_of(subnet)}", False))
    for known, label, adds in found:
        points = known and tuple(
            AttachmentPoint(at.prefix, (ruleset.of_group(known, at, label),))
            for at in interface.addresses
        )
        yield ForeignGroup(label=label, adds=adds, takes=True, points=points)


def _networks(interface: Interface) -> set[str]:
    """The virtual networks that it is in, by key."""
    return {key_of(subnet).rpartition("/subnets/")[0] for subnet in interface.subnets}
