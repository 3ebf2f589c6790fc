"""What is deployed in Azure: the site's own groups as the plan has them, all else as layers of rules."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from swyx_components.analysis.deployed.stack_state import StackState
from swyx_components.analysis.deployed.verify import Deployed, ForeignGroup
from swyx_components.clouds.azure.client import open_network
from swyx_components.clouds.azure.names import clean_tag
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
from swyx_components.clouds.azure.ruleset import Ruleset, members_of, read_groups
from swyx_components.clouds.inventory import Interface, place_interfaces, seats_at
from swyx_components.planner.model import RenderedSite

_ASSOCIATION = (
    "azure:network/networkInterfaceSecurityGroupAssociation:"
    "NetworkInterfaceSecurityGroupAssociation"
)
_ADMIN_RULES = (
    "security admin rules of Azure Virtual Network Manager apply before every network security group and are "
    "not read; `az network manager list-effective-security-admin-rule` shows those of a virtual network"
)


def read_deployed(rendered: RenderedSite) -> Deployed:
    """The network security groups tagged with the site, their rules, and its machines' interfaces.

    Raises:
        CloudError: ARM can't be reached or refuses, or its SDK or a setting is missing.
    """
    with open_network() as client:
        items = [
            *((GROUPS, group) for group in client.network_security_groups.list_all()),
            *((INTERFACES, interface) for interface in client.network_interfaces.list_all()),
        ]
        return _find_deployed(rendered, read_records(items))


def read_saved(rendered: RenderedSite, contents: Iterable[object]) -> Deployed:
    """The same from files that `az network ... list` wrote.

    Raises:
        ValueError: a record in them is not what it should be.
    """
    records = read_records(list_items(contents))
    unplaced = (
        "no interfaces in the files, so the groups of each machine are not checked; "
        f"add the output of `{COMMANDS[INTERFACES]}`"
    )
    return _find_deployed(rendered, records, "" if records.interfaces else unplaced)


def read_state(rendered: RenderedSite, state: StackState) -> Deployed:
    """The same from the state of a stack.

    Raises:
        ValueError: a resource in it is not what it should be.
    """
    records = read_records(items_of_state(state))
    records = records._replace(interfaces=(*records.interfaces, *_associated(state)))
    unplaced = "the stack has no interfaces, so the groups of each machine are not checked"
    lacking = (
        "a state has only the stack's own resources, so groups at the subnets are not checked; verify the "
        "live cloud or saved lists"
    )
    return _find_deployed(rendered, records, "" if records.interfaces else unplaced, lacking)


def _associated(state: StackState) -> Iterator[Interface]:
    """Interfaces that exist, as the stack associated them: no state has their addresses."""
    machines = state.machines_by_interface()
    for each in state.of_type(_ASSOCIATION):
        id, group = (each.values.get(f"network{kind}Id") for kind in ("Interface", "SecurityGroup"))
        machine = machines.get(key_of(str(id)), "")
        yield Interface(id=str(id), groups=(str(group),), machine=machine)


def _find_deployed(
    rendered: RenderedSite, records: NetworkRecords, unplaced: str = "", lacking: str = ""
) -> Deployed:
    """The site's own groups and its interfaces, unless a sentence says why these are `unplaced`."""
    site = clean_tag(rendered.plan.site)
    by_tag = {clean_tag(entry.group.name): entry.group.name for entry in rendered.groups}
    names = {
        key: by_tag.get(group.tags.get("swyx:group", ""), "")
        for key, group in records.groups.items()
        if group.tags.get("swyx:site") == site
    }
    addresses = {entry.group.name: entry.group.addresses for entry in rendered.groups}
    groups = {
        name: read_groups([records.groups[key] for key in names if names[key] == name], own)
        for name, own in addresses.items()
        if name in names.values()
    }
    ruleset = Ruleset(records, rendered.plan.owners, members_of(records.interfaces))
    others = partial(_find_others, ruleset, names)
    interfaces = list(_of_site(records.interfaces, names))
    labels = {id: names.get(key_of(id), "") for each in interfaces for id in each.groups}
    return Deployed(
        groups=groups,
        interfaces=tuple(
            placed._replace(id=last_of(placed.id))
            for placed in place_interfaces(rendered, interfaces, labels, others)
        )
        if not unplaced
        else None,
        lacking=tuple(filter(None, (unplaced, lacking, _ADMIN_RULES))),
        strays=tuple(sorted(last_of(records.groups[key].id) for key in names if not names[key])),
    )


def _of_site(interfaces: Sequence[Interface], names: Mapping[str, str]) -> Iterator[Interface]:
    """The interfaces of the virtual networks that the site's groups are used in.

    Another network of the subscription may have the same addresses. While no interface has a group of
    the site yet, all are looked at; so is one whose network is not known.
    """
    own = (each for each in interfaces if any(names.get(key_of(id)) for id in each.groups))
    networks = {network for interface in own for network in _networks(interface)}
    for interface in interfaces:
        if not (networks and interface.subnets) or networks & _networks(interface):
            yield interface


def _find_others(
    ruleset: Ruleset, names: Mapping[str, str], interface: Interface, machine: str
) -> Iterator[ForeignGroup]:
    """The groups that are not the site's: another one at an interface, or one at its subnet."""
    found = [
        (key, f"network security group {last_of(key)}", True)
        for key in map(key_of, interface.groups)
        if not names.get(key)
    ]
    for subnet in sorted(ruleset.by_subnet.keys() & map(key_of, interface.subnets)):
        group = ruleset.by_subnet[subnet]
        found.append((key_of(group.id), f"{group.title} of the subnet {last_of(subnet)}", False))
    for key, label, adds in found:
        known = ruleset.groups.get(key)
        layers = known and (ruleset.of_group(known, at, label) for at in interface.addresses)
        seats = seats_at(interface, machine, layers) if layers else None
        yield ForeignGroup(label=label, adds=adds, takes=True, seats=seats)


def _networks(interface: Interface) -> set[str]:
    """The virtual networks that it is in, by key."""
    return {key_of(subnet).rpartition("/subnets/")[0] for subnet in interface.subnets}
