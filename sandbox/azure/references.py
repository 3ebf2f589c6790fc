"""Who refers to whom: the back references that ARM prints, and what is in use.

Read from the documents each time; nothing here is stored, so it can't disagree with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.azure.ids import INTERFACES, MACHINES, NETWORKS, key, parent_of
from sandbox.azure.store import Document, Store

Properties = dict[str, Any]


def id_of(reference: Properties | None) -> str:
    """The id in `{"id": ...}`; empty where there is no reference."""
    return (reference or {}).get("id") or ""


def configurations_of(interface: Document) -> Iterator[tuple[str, Properties]]:
    """The IP configurations of an interface: each one's id and properties."""
    for configuration in interface["properties"]["ipConfigurations"]:
        yield (
            f"{interface['id']}/ipConfigurations/{configuration['name']}",
            configuration["properties"],
        )


def configurations_in(store: Store, subnet_id: str) -> list[tuple[str, Properties]]:
    """Every IP configuration inside a subnet."""
    return [
        (arm_id, properties)
        for interface in store.of_type(INTERFACES)
        for arm_id, properties in configurations_of(interface)
        if key(id_of(properties["subnet"])) == key(subnet_id)
    ]


def interfaces_with_group(store: Store, group_id: str) -> list[str]:
    wanted = key(group_id)
    return sorted(
        interface["id"]
        for interface in store.of_type(INTERFACES)
        if key(id_of(interface["properties"].get("networkSecurityGroup"))) == wanted
    )


def subnets_with_group(store: Store, group_id: str) -> list[str]:
    wanted = key(group_id)
    return sorted(
        f"{network['id']}/subnets/{subnet['name']}"
        for network in store.of_type(NETWORKS)
        for subnet in network["properties"]["subnets"]
        if key(id_of(subnet["properties"].get("networkSecurityGroup"))) == wanted
    )


def interfaces_of(machine: Document) -> list[str]:
    """The ids of the interfaces that a virtual machine has, its primary one first."""
    given = (machine["properties"].get("networkProfile") or {}).get("networkInterfaces") or []
    ordered = sorted(given, key=lambda each: not (each.get("properties") or {}).get("primary"))
    return [each["id"] for each in ordered]


def machine_of(store: Store, interface_id: str) -> Document | None:
    """The virtual machine that has an interface."""
    wanted = key(interface_id)
    return next(
        (vm for vm in store.of_type(MACHINES) if wanted in map(key, interfaces_of(vm))), None
    )


def targets_of(document: Document) -> list[str]:
    """The top-level resources that an interface, a network or a machine needs."""
    properties = document["properties"]
    needed = [id_of(properties.get("networkSecurityGroup")), *interfaces_of(document)]
    if "ipConfigurations" in properties:
        needed.append(network_of(document))
    for subnet in properties.get("subnets", ()):
        needed.append(id_of(subnet["properties"].get("networkSecurityGroup")))
    return [target for target in needed if target]


def network_of(interface: Document) -> str:
    """The id of the virtual network that an interface is in."""
    return parent_of(id_of(interface["properties"]["ipConfigurations"][0]["properties"]["subnet"]))
