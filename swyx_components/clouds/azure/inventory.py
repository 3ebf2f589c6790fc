"""What Azure, or a file, holds for a site, as the specs that the plan was rendered to."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from swyx_components.analysis.deployed.stack_state import StackState
from swyx_components.analysis.deployed.verify import Deployed, DeployedGroup, DeployedInterface
from swyx_components.clouds.azure.arm import addresses_of, key_of, last_of, networks_of
from swyx_components.clouds.azure.client import open_network
from swyx_components.clouds.azure.names import clean_tag
from swyx_components.clouds.azure.others import ForeignGroups
from swyx_components.clouds.azure.records import (
    COMMANDS,
    SavedNetwork,
    describe_state,
    records_of,
)
from swyx_components.clouds.azure.specs import specs_of
from swyx_components.planner.model import RenderedSite

_ASSOCIATION = (
    "azure:network/networkInterfaceSecurityGroupAssociation:"
    "NetworkInterfaceSecurityGroupAssociation"
)
_ADMIN_RULES = (
    "security admin rules of Azure Virtual Network Manager come before every network security group and are "
    "not read; `az network manager list-effective-security-admin-rule` shows those of a virtual network"
)


def read_deployed(rendered: RenderedSite) -> Deployed:
    """The network security groups tagged with the site, their rules, and its machines' interfaces.

    Raises:
        CloudError: ARM can't be reached or refuses, or its SDK or a setting is missing.
    """
    with open_network() as client:
        return replace(_read(client, rendered), lacking=(_ADMIN_RULES,))


def read_saved(rendered: RenderedSite, contents: Iterable[Any]) -> Deployed:
    """The same from files that `az network ... list` wrote.

    Raises:
        ValueError: a record in them is not what it should be.
    """
    saved = SavedNetwork(records_of(contents))
    deployed = _read(saved, rendered)
    if saved.has_interfaces:
        return replace(deployed, lacking=(_ADMIN_RULES,))
    lacking = (
        "the files have no interfaces, so which groups stand before which machine is not judged; "
        f"`{COMMANDS['networkinterfaces']}` tells",
        _ADMIN_RULES,
    )
    return replace(deployed, interfaces=None, lacking=lacking)


def read_state(rendered: RenderedSite, state: StackState) -> Deployed:
    """The same from the state of a stack.

    Raises:
        ValueError: a resource in it is not what it should be.
    """
    saved = SavedNetwork(describe_state(state))
    lacking = (
        "a state has the stack's own resources only, so a group before the subnets is not judged; the live "
        "cloud, or saved lists, tell",
        _ADMIN_RULES,
    )
    deployed = _read(saved, rendered)
    associated = tuple(_associated(deployed, state))
    if saved.has_interfaces or associated:
        interfaces = (*(deployed.interfaces or ()), *associated)
        return replace(deployed, interfaces=interfaces, lacking=lacking)
    unplaced = (
        "the stack has no interfaces, so which groups stand before which machine is not judged"
    )
    return replace(deployed, interfaces=None, lacking=(unplaced, *lacking))


def _associated(deployed: Deployed, state: StackState) -> Iterator[DeployedInterface]:
    """Interfaces that exist, as the stack associated them: no state has their addresses."""
    names = {key_of(id): name for name, group in deployed.groups.items() for id in group.ids}
    machines = {
        key_of(str(id)): machine
        for machine, ids in state.told("interface_ids").items()
        for id in ids or ()
    }
    for each in state.of_type(_ASSOCIATION):
        interface = str(each.values.get("networkInterfaceId"))
        name = names.get(key_of(str(each.values.get("networkSecurityGroupId"))), "")
        yield DeployedInterface(
            id=last_of(interface),
            machine=machines.get(key_of(interface), name),
            groups=(name,) if name else (),
        )


def _read(client: Any, rendered: RenderedSite) -> Deployed:
    site = clean_tag(rendered.plan.site)
    by_tag = {clean_tag(entry.group.name): entry.group.name for entry in rendered.groups}
    found = [
        group
        for group in client.network_security_groups.list_all()
        if (group.tags or {}).get("swyx:site") == site
    ]
    names = {
        key_of(group.id): by_tag.get((group.tags or {}).get("swyx:group", ""), "")
        for group in found
    }
    strays = [last_of(group.id) for group in found if not names[key_of(group.id)]]
    groups: dict[str, DeployedGroup] = {}
    for group in found:
        name = names[key_of(group.id)]
        if name:
            specs, unreadable = specs_of(group)
            other = groups.get(name)
            groups[name] = DeployedGroup(
                ids=(*(other.ids if other else ()), group.id),
                specs=(*(other.specs if other else ()), *specs),
                unreadable=(*(other.unreadable if other else ()), *unreadable),
            )
    others = ForeignGroups(client, rendered)
    interfaces = tuple(_interfaces(client, rendered, names, others))
    return Deployed(groups=groups, interfaces=interfaces, strays=tuple(sorted(strays)))


def _interfaces(
    client: Any,
    rendered: RenderedSite,
    names: Mapping[str, str],
    others: ForeignGroups,
) -> Iterator[DeployedInterface]:
    """The interfaces with a machine's address, and all others in the site's groups."""
    owners = rendered.owners
    everywhere = list(client.network_interfaces.list_all())
    for interface in _of_site(everywhere, names):
        group = interface.network_security_group
        id = key_of(group.id) if group else ""
        ours = names.get(id, "")
        own = {owners[a.prefix] for a in addresses_of(interface) if a.prefix in owners}
        if own or ours:
            for machine in sorted(own) or [""]:
                yield DeployedInterface(
                    id=last_of(interface.id),
                    machine=machine,
                    groups=(ours,) if ours else (),
                    others=tuple(others.of(interface, machine, "" if ours else id)),
                )


def _of_site(interfaces: Sequence[Any], names: Mapping[str, str]) -> Iterator[Any]:
    """The interfaces of the virtual networks that the site's groups are used in.

    Another network of the subscription may have the same addresses. While no interface has a group of
    the site yet, all are looked at.
    """
    networks = {
        network
        for interface in interfaces
        if interface.network_security_group
        and names.get(key_of(interface.network_security_group.id))
        for network in networks_of(interface)
    }
    for interface in interfaces:
        if not networks or networks & networks_of(interface):
            yield interface
