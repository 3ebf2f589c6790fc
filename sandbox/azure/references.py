"""Who refers to whom and is in use, read from the documents each time: nothing is stored."""

from collections.abc import Iterator
from typing import Any

from sandbox.azure.ids import INTERFACES, MACHINES, NETWORKS, key, parent_of
from sandbox.azure.store import Document, Store

Properties = dict[str, Any]


def id_of(reference: Properties | None) -> str:
    """The id in `{"id": ...}`; empty where there is no reference."""
    return (reference or {}).get("id") or ""


def group_of(properties: Properties) -> str:
    """The id of the security group of an interface or a subnet."""
    return id_of(properties.get("networkSecurityGroup"))


def configurations_of(interface: Document) -> Iterator[tuple[str, Properties]]:
    """The IP configurations of an interface: each one's id and properties."""
    for each in interface["properties"]["ipConfigurations"]:
        yield f"{interface['id']}/ipConfigurations/{each['name']}", each["properties"]


def configurations_in(store: Store, subnet_id: str) -> list[tuple[str, Properties]]:
    """Every IP configuration inside a subnet."""
    return [
        (arm_id, properties)
        for interface in store.of_kind(INTERFACES)
        for arm_id, properties in configurations_of(interface)
        if key(id_of(properties["subnet"])) == key(subnet_id)
    ]


def users_of_group(store: Store, group_id: str) -> dict[str, list[str]]:
    """The ids of what a security group is on, by the field in which ARM lists them."""
    users = {
        "networkInterfaces": [
            (each["id"], each["properties"]) for each in store.of_kind(INTERFACES)
        ],
        "subnets": [
            (f"{network['id']}/subnets/{subnet['name']}", subnet["properties"])
            for network in store.of_kind(NETWORKS)
            for subnet in network["properties"]["subnets"]
        ],
    }
    return {
        field: sorted(
            arm_id for arm_id, properties in listed if key(group_of(properties)) == key(group_id)
        )
        for field, listed in users.items()
    }


def interfaces_of(machine: Document) -> list[str]:
    """The ids of the interfaces that a virtual machine has, its primary one first."""
    given = (machine["properties"].get("networkProfile") or {}).get("networkInterfaces") or []
    ordered = sorted(given, key=lambda each: not (each.get("properties") or {}).get("primary"))
    return [each["id"] for each in ordered]


def machine_of(store: Store, interface_id: str) -> Document | None:
    """The virtual machine that has an interface."""
    wanted = key(interface_id)
    machines = store.of_kind(MACHINES)
    return next((each for each in machines if wanted in map(key, interfaces_of(each))), None)


def targets_of(document: Document) -> list[str]:
    """The top-level resources that an interface, a network or a machine needs."""
    properties = document["properties"]
    needed = [group_of(properties), *interfaces_of(document)]
    if "ipConfigurations" in properties:
        needed.append(network_of(document))
    needed += [group_of(subnet["properties"]) for subnet in properties.get("subnets", ())]
    return [target for target in needed if target]


def network_of(interface: Document) -> str:
    """The id of the virtual network that an interface is in."""
    return parent_of(id_of(interface["properties"]["ipConfigurations"][0]["properties"]["subnet"]))
