"""What an interrupted update left in Azure beside the state, and its removal."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from swyx_components.azure.arm import key_of
from swyx_components.azure.client import open_network
from swyx_components.azure.names import clean_tag
from swyx_components.planner.deployed.held import STACK_TAG, Held, Orphan
from swyx_components.planner.model import RenderedSite

# In the order of removal: each may name those after it. What the official client calls them, and people.
_KINDS = (
    ("", "association"),
    ("network_interfaces", "network interface"),
    ("network_security_groups", "network security group"),
)


def find_orphans(rendered: RenderedSite, held: Held) -> tuple[Orphan, ...]:
    """Interfaces and network security groups with the stack's tag that its state does not hold, and such
    groups at interfaces to which the state knows no association: the provider would refuse to make it again.

    Raises:
        CloudError: ARM can't be reached or refuses, or its SDK or a setting is missing.
    """
    site = clean_tag(rendered.plan.site)
    with open_network() as client:
        interfaces, groups = (list(getattr(client, kind).list_all()) for kind, _ in _KINDS[1:])
    ours = {key_of(g.id): g.tags for g in groups if _is_ours(g, held.stack, site)}
    associations = list(_orphan_associations(interfaces, ours, held))
    unheld = {
        key_of(resource.id): (stage, resource)
        for stage, resources in enumerate((interfaces, groups), 1)
        for resource in resources
        if _is_ours(resource, held.stack, site) and key_of(resource.id) not in held.ids
    }
    freed = {*unheld, *(each.id.partition("|")[0].lower() for each in associations)}
    users = _users(interfaces, groups)
    orphans = (
        Orphan(
            stage=stage,
            id=resource.id,
            kind=_KINDS[stage][1],
            words=resource.name,
            users=tuple(sorted(user for user in users[id] if key_of(user) not in freed)),
        )
        for id, (stage, resource) in unheld.items()
    )
    return tuple(sorted((*associations, *orphans)))


def _orphan_associations(
    interfaces: Sequence[Any], ours: Mapping[str, Mapping[str, str]], held: Held
) -> Iterator[Orphan]:
    """Interfaces under a group of the stack that it neither made nor associated, where it does attach."""
    for interface in interfaces if held.attaches else ():
        group = interface.network_security_group
        machine = ours.get(key_of(group.id), {}).get("swyx:group", "") if group else ""
        id = f"{interface.id}|{group.id}" if group else ""
        made = key_of(interface.id) in held.ids or STACK_TAG in (interface.tags or {})
        if machine and machine not in held.unattached and not made and id.lower() not in held.ids:
            yield Orphan(stage=0, id=id, kind=_KINDS[0][1], words=f"{machine}'s interface")


def remove_orphans(orphans: Sequence[Orphan]) -> Iterator[Orphan]:
    """Remove them in order; each is given back when it is gone.

    Raises:
        CloudError: ARM refuses.
    """
    with open_network() as client:
        for orphan in sorted(orphans):
            parts = orphan.id.partition("|")[0].split("/")
            group, name = parts[4], parts[-1]
            if orphan.stage == 0:
                interface = client.network_interfaces.get(group, name)
                interface.network_security_group = None
                client.network_interfaces.begin_create_or_update(group, name, interface).result()
            else:
                getattr(client, _KINDS[orphan.stage][0]).begin_delete(group, name).result()
            yield orphan


def _is_ours(resource: Any, stack: str, site: str) -> bool:
    tags = resource.tags or {}
    return bool(tags.get(STACK_TAG) == stack and tags.get("swyx:site") == site)


def _users(interfaces: Sequence[Any], groups: Sequence[Any]) -> Mapping[str, set[str]]:
    """By resource, what names it."""
    users: defaultdict[str, set[str]] = defaultdict(set)
    for interface in interfaces:
        if interface.network_security_group:
            users[key_of(interface.network_security_group.id)].add(interface.id)
        if interface.virtual_machine:
            users[key_of(interface.id)].add(interface.virtual_machine.id)
    for group in groups:
        for subnet in group.subnets or ():
            users[key_of(group.id)].add(subnet.id)
    return users
