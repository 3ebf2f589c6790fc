"""What is deployed in Azure: the site's own groups as the plan has them, all else as layers of rules."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from swyx_components.analysis.deployed.ruleset import AttachmentPoint
from swyx_components.analysis.deployed.stack_state import StackState
from swyx_components.analysis.deployed.verify import (
    Deployed,
    DeployedGroup,
    DeployedInterface,
    ForeignGroup,
)
from swyx_components.clouds.azure.client import open_network
from swyx_components.clouds.azure.names import clean_tag
from swyx_components.clouds.azure.records import (
    COMMANDS,
    GROUPS,
    INTERFACES,
    NetworkInterface,
    NetworkRecords,
    items_of_state,
    key_of,
    last_of,
    list_items,
    read_records,
)
from swyx_components.clouds.azure.ruleset import Ruleset, members_of, rules_of
from swyx_components.planner.model import RenderedSite
from swyx_components.sets.prefixes import Prefix

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
        return replace(_find_deployed(rendered, read_records(items)), lacking=(_ADMIN_RULES,))


def read_saved(rendered: RenderedSite, contents: Iterable[object]) -> Deployed:
    """The same from files that `az network ... list` wrote.

    Raises:
        ValueError: a record in them is not what it should be.
    """
    records = read_records(list_items(contents))
    deployed = _find_deployed(rendered, records)
    if INTERFACES in records.covers:
        return replace(deployed, lacking=(_ADMIN_RULES,))
    unplaced = (
        "no interfaces in the files, so the groups of each machine are not checked; "
        f"add the output of `{COMMANDS[INTERFACES]}`"
    )
    return replace(deployed, interfaces=None, lacking=(unplaced, _ADMIN_RULES))


def read_state(rendered: RenderedSite, state: StackState) -> Deployed:
    """The same from the state of a stack.

    Raises:
        ValueError: a resource in it is not what it should be.
    """
    lacking = (
        "a state has only the stack's own resources, so groups at the subnets are not checked; verify the "
        "live cloud or saved lists",
        _ADMIN_RULES,
    )
    records = read_records(items_of_state(state))
    deployed = _find_deployed(rendered, records)
    associated = tuple(_associated(deployed, state))
    if INTERFACES in records.covers or associated:
        interfaces = (*(deployed.interfaces or ()), *associated)
        return replace(deployed, interfaces=interfaces, lacking=lacking)
    unplaced = "the stack has no interfaces, so the groups of each machine are not checked"
    return replace(deployed, interfaces=None, lacking=(unplaced, *lacking))


def _associated(deployed: Deployed, state: StackState) -> Iterator[DeployedInterface]:
    """Interfaces that exist, as the stack associated them: no state has their addresses."""
    names = {key_of(id): name for name, group in deployed.groups.items() for id in group.ids}
    machines = state.machines_by_interface()
    for each in state.of_type(_ASSOCIATION):
        interface = str(each.values.get("networkInterfaceId"))
        name = names.get(key_of(str(each.values.get("networkSecurityGroupId"))), "")
        yield DeployedInterface(
            id=last_of(interface),
            machine=machines.get(key_of(interface), name),
            groups=(name,) if name else (),
        )


def _find_deployed(rendered: RenderedSite, records: NetworkRecords) -> Deployed:
    site = clean_tag(rendered.plan.site)
    by_tag = {clean_tag(entry.group.name): entry.group.name for entry in rendered.groups}
    names = {
        key: by_tag.get(group.tags.get("swyx:group", ""), "")
        for key, group in records.groups.items()
        if group.tags.get("swyx:site") == site
    }
    addresses = {entry.group.name: entry.group.addresses for entry in rendered.groups}
    groups: dict[str, DeployedGroup] = {}
    for key, name in names.items():
        rules, narrowed, unreadable = rules_of(records.groups[key], addresses.get(name, ()))
        known = groups.get(name) or DeployedGroup(ids=(), rules=())
        groups[name] = DeployedGroup(
            ids=(*known.ids, records.groups[key].id),
            rules=(*known.rules, *rules),
            narrowed=(*known.narrowed, *narrowed),
            unreadable=(*known.unreadable, *unreadable),
        )
    strays = sorted(map(last_of, groups.pop("").ids)) if "" in groups else ()
    owners = rendered.plan.owners
    ruleset = Ruleset(records, owners, members_of(records))
    return Deployed(
        groups=groups,
        interfaces=tuple(
            placed
            for interface in _of_site(records.interfaces, names)
            for placed in _place(interface, owners, names, ruleset)
        ),
        strays=tuple(strays),
    )


def _of_site(
    interfaces: Sequence[NetworkInterface], names: Mapping[str, str]
) -> Iterator[NetworkInterface]:
    """The interfaces of the virtual networks that the site's groups are used in.

    Another network of the subscription may have the same addresses. While no interface has a group of
    the site yet, all are looked at.
    """
    own = (interface for interface in interfaces if names.get(key_of(interface.group)))
    networks = {network for interface in own for network in _networks(interface)}
    for interface in interfaces:
        if not networks or networks & _networks(interface):
            yield interface


def _networks(interface: NetworkInterface) -> set[str]:
    """The virtual networks that it is in, by key."""
    return {key_of(subnet).rpartition("/subnets/")[0] for subnet in interface.subnets}


def _place(
    interface: NetworkInterface,
    owners: Mapping[Prefix, str],
    names: Mapping[str, str],
    ruleset: Ruleset,
) -> Iterator[DeployedInterface]:
    """An interface for each machine whose address it has; without any, if it is in the site's groups."""
    ours = names.get(key_of(interface.group), "")
    own = {owners[a.prefix] for a in interface.addresses if a.prefix in owners}
    for machine in sorted(own) or ([""] if ours else ()):
        yield DeployedInterface(
            id=last_of(interface.id),
            machine=machine,
            groups=(ours,) if ours else (),
            others=tuple(_others(interface, machine, not ours, ruleset)),
        )


def _others(
    interface: NetworkInterface, machine: str, is_foreign: bool, ruleset: Ruleset
) -> Iterator[ForeignGroup]:
    """The groups before an interface that are not the site's: another one at it, or one at its subnet."""
    own = key_of(interface.group)
    found = [(own, f"network security group {last_of(own)}", True)] if own and is_foreign else []
    for subnet in sorted(set(map(key_of, interface.subnets)) & ruleset.by_subnet.keys()):
        group = ruleset.by_subnet[subnet]
        found.append((key_of(group.id), f"{group.title} of the subnet {last_of(subnet)}", False))
    for key, label, adds in found:
        known = ruleset.groups.get(key)
        seats = known and tuple(
            AttachmentPoint(
                machine=machine,
                address=address.prefix,
                layers=(ruleset.of_group(known, address, label),),
            )
            for address in interface.addresses
        )
        yield ForeignGroup(label=label, adds=adds, takes=True, seats=seats)
