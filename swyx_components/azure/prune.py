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
    ("network_interfaces", "network interface"),
    ("network_security_groups", "network security group"),
)


def find_orphans(rendered: RenderedSite, held: Held) -> tuple[Orphan, ...]:
    """Interfaces and network security groups with the stack's tag that its state does not hold.

    Raises:
        CloudError: ARM can't be reached or refuses, or its SDK or a setting is missing.
    """
    site = clean_tag(rendered.plan.site)
    with open_network() as client:
        found = [list(getattr(client, kind).list_all()) for kind, _ in _KINDS]
        unheld = {
            key_of(resource.id): (stage, resource)
            for stage, resources in enumerate(found)
            for resource in resources
            if _is_ours(resource, held.stack, site) and key_of(resource.id) not in held.ids
        }
        users = _users(found[0], found[1])
        return tuple(
            sorted(
                Orphan(
                    stage=stage,
                    id=resource.id,
                    kind=_KINDS[stage][1],
                    words=resource.name,
                    users=tuple(sorted(user for user in users[id] if key_of(user) not in unheld)),
                )
                for id, (stage, resource) in unheld.items()
            )
        )


def remove_orphans(orphans: Sequence[Orphan]) -> Iterator[Orphan]:
    """Remove them in order; each is given back when it is gone.

    Raises:
        CloudError: ARM refuses.
    """
    with open_network() as client:
        for orphan in sorted(orphans):
            parts = orphan.id.split("/")
            group, name = parts[4], parts[-1]
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
