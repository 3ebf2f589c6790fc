"""The calls to ARM that hold interfaces during an update, made as the provider that makes the resources."""

from collections.abc import Iterable, Mapping
from typing import Any

from swyx_components.azure.arm import last_of
from swyx_components.azure.client import Account, open_network
from swyx_components.azure.hold import Document, Hold, Planned, copy_group

_SECONDS = 1  # between two looks at a call that ARM has not finished, where it names no time itself


def begin_hold(
    account: Account, place: str, planned: Mapping[str, Planned]
) -> tuple[Hold, list[Document]]:
    """What to do before the first network security group changes: the hold, and what was written for it.

    `place` is what the ids of the resource group's network resources begin with.

    Raises:
        CloudError: ARM can't be reached or refuses, or its SDK is missing.
    """
    group = _resource_group(place)
    with open_network(account) as client:
        interfaces = [each.as_dict() for each in client.network_interfaces.list(group)]
        hold = Hold(planned, place, interfaces)
        for copy, original in hold.copies.items():
            own = client.network_security_groups.get(group, last_of(original)).as_dict()
            client.network_security_groups.begin_create_or_update(
                group, last_of(copy), copy_group(own), polling_interval=_SECONDS
            ).result()
        return hold, _write(client, group, hold.begin())


def end_hold(account: Account, place: str, hold: Hold, written: Iterable[Document]) -> None:
    """What to do after the last network security group changed, before the engine writes an interface.

    Raises:
        CloudError: ARM can't be reached or refuses.
    """
    group = _resource_group(place)
    with open_network(account) as client:
        _write(client, group, hold.proceed(written))
        for copy in sorted(hold.asides):
            client.network_security_groups.begin_delete(
                group, last_of(copy), polling_interval=_SECONDS
            ).result()


def _write(client: Any, group: str, interfaces: Iterable[Document]) -> list[Document]:
    """All at once; refused where an interface is no more what it was when it was read."""
    calls = [
        client.network_interfaces.begin_create_or_update(
            group,
            interface["name"],
            interface,
            headers={"If-Match": interface["etag"]},
            polling_interval=_SECONDS,
        )
        for interface in interfaces
    ]
    return [call.result().as_dict() for call in calls]


def _resource_group(place: str) -> str:
    return place.split("/")[4]
