"""Orphans of an interrupted update in Azure, and their removal, as `analysis/deployed/platform.py` has it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from swyx_components.analysis.deployed.stack_state import NETWORK_TAG, STACK_TAG, Orphan, StackState
from swyx_components.clouds.azure.client import open_network
from swyx_components.clouds.azure.names import TEXTS
from swyx_components.clouds.azure.records import key_of
from swyx_components.planner.model import RenderedSite

# In the order of removal: each may name those after it.
_ASSOCIATION, _INTERFACE, _GROUP = range(3)
# What the official client calls them, and people.
_KINDS = {
    _INTERFACE: ("network_interfaces", "network interface"),
    _GROUP: ("network_security_groups", "network security group"),
}


def find_orphans(rendered: RenderedSite, stack: str, held: StackState) -> tuple[Orphan, ...]:
    """Interfaces and network security groups with the stack's tag, and associations of its groups with
    other interfaces, that its state does not hold.
    """
    own = {STACK_TAG: stack, "swyx:site": TEXTS.clean_tag(rendered.plan.site)}
    with open_network() as client:
        found = {stage: [*getattr(client, kind).list_all()] for stage, (kind, _) in _KINDS.items()}
        ours = {
            key_of(each.id): (stage, each)
            for stage, resources in found.items()
            for each in resources
            if own.items() <= (each.tags or {}).items()
        }
        unheld = {id: each for id, each in ours.items() if id not in held.ids}
        users: dict[str, set[str]] = {}
        for used, user in _find_users(found[_INTERFACE], found[_GROUP]):
            users.setdefault(used, set()).update({user} if key_of(user) not in unheld else ())
        resources = (
            Orphan(stage, each.id, _KINDS[stage][1], each.name, tuple(sorted(users.get(id, ()))))
            for id, (stage, each) in unheld.items()
        )
        others = [each for each in found[_INTERFACE] if key_of(each.id) not in ours]
        groups = {id: each for id, (_, each) in ours.items() if id in held.ids}
        return tuple(sorted((*resources, *_orphan_associations(others, groups, held))))


def remove_orphans(orphans: Sequence[Orphan]) -> Iterator[Orphan]:
    """Remove them in order; yields each once it is removed."""
    with open_network() as client:
        for orphan in sorted(orphans):
            parts = orphan.id.partition("|")[0].split("/")
            group, name = parts[4], parts[-1]
            if orphan.stage == _ASSOCIATION:  # all else of the interface is written as it was read
                interface = client.network_interfaces.get(group, name)
                interface.network_security_group = None
                client.network_interfaces.begin_create_or_update(group, name, interface).result()
            else:
                getattr(client, _KINDS[orphan.stage][0]).begin_delete(group, name).result()
            yield orphan


def _orphan_associations(
    interfaces: Sequence[Any], groups: Mapping[str, Any], held: StackState
) -> Iterator[Orphan]:
    """Those of interfaces that are not the stack's own with groups of machines that are: the provider
    refuses to associate an interface that has a group. Groups of networks are for others to use.
    """
    for interface in interfaces:
        given = interface.network_security_group
        group = groups.get(key_of(given.id)) if given else None
        machine = (group.tags or {}).get("swyx:group", "") if group else ""
        if group is None or not held.attaches(machine) or NETWORK_TAG in (group.tags or {}):
            continue
        id = f"{interface.id}|{given.id}"
        if not {key_of(interface.id), key_of(id)} & held.ids:
            words = f"{machine}: {interface.name} with {group.name}"
            yield Orphan(_ASSOCIATION, id, "association", words)


def _find_users(interfaces: Sequence[Any], groups: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """Resources that others refer to, by key, each with the id of one that does."""
    for interface in interfaces:
        if interface.network_security_group:
            yield key_of(interface.network_security_group.id), interface.id
        if interface.virtual_machine:
            yield key_of(interface.id), interface.virtual_machine.id
    for group in groups:
        for subnet in group.subnets or ():
            yield key_of(group.id), subnet.id
