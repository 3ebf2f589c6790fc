"""A site's machines on the offline Azure: virtual machines with interfaces that have no group yet.

An interface is a machine's by its address, which is how the product finds it, and else by its name. So
a machine that is called otherwise keeps its interface, and one whose address changes is moved, as an
administrator would do it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.azure.client import ArmClient

Document = dict[str, Any]
Machines = Mapping[str, list[str]]
"""The addresses of each machine."""


def seed_machines(client: ArmClient, network: Document, machines: Machines) -> None:
    """Make the machines that are missing, and move those that have other addresses now.

    What is gone from the file stays, unless another machine is to have one of its addresses.
    """
    group_id = network["id"].split("/providers/")[0]
    interfaces = f"{group_id}/providers/Microsoft.Network/networkInterfaces"
    free: list[Document] = (client.get(interfaces) or {}).get("value") or []
    owned: dict[str, Document] = {}
    for name, texts in machines.items():
        found = _find_own(name, texts, free)
        if found is not None:
            owned[name] = found
            free.remove(found)
    wanted = {address for texts in machines.values() for address in _read(texts)}
    for other in free:
        if wanted & _addresses_of(other):
            _remove(client, other)
    for name in sorted(machines, key=lambda each: _turn(machines[each], is_there=each in owned)):
        before = owned.get(name)
        if before is None or _addresses_of(before) != set(_read(machines[name])):
            body = _describe_interface(network, machines[name], before)
            client.put(before["id"] if before else f"{interfaces}/vm-{name}-nic", body)
        if before is None:
            _make_machine(client, group_id, network["location"], name)


def _find_own(name: str, texts: list[str], free: list[Document]) -> Document | None:
    by_address = (each for each in free if _addresses_of(each) & set(_read(texts)))
    by_name = (each for each in free if each["name"] == f"vm-{name}-nic")
    return next(by_address, None) or next(by_name, None)


def _turn(texts: list[str], *, is_there: bool) -> tuple[bool, bool]:
    """Machines that give up addresses come first, and those to whom Azure gives any address last."""
    return not is_there, not any(address.version == 4 for address in _read(texts))


def _read(texts: Iterable[str]) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    return sorted(map(ipaddress.ip_address, texts), key=lambda each: (each.version, int(each)))


def _addresses_of(interface: Document) -> set[Any]:
    """The fixed addresses of an interface."""
    given = (each["properties"] for each in interface["properties"]["ipConfigurations"])
    fixed = (each for each in given if each["privateIPAllocationMethod"] == "Static")
    return set(_read(each["privateIPAddress"] for each in fixed))


def _describe_interface(network: Document, texts: list[str], before: Document | None) -> Document:
    """The PUT: IP configurations keep their names by position, and all the rest stays as it is."""
    addresses = _read(texts)
    subnet = next(
        each["id"]
        for each in network["properties"]["subnets"]
        for prefix in each["properties"]["addressPrefixes"]
        if addresses[0] in ipaddress.ip_network(prefix)
    )
    given: list[Document] = [
        {
            "privateIPAllocationMethod": "Static",
            "privateIPAddress": str(address),
            "privateIPAddressVersion": f"IPv{address.version}",
        }
        for address in addresses
    ]
    if addresses[0].version == 6:  # the primary configuration is IPv4
        given.insert(0, {"privateIPAllocationMethod": "Dynamic"})
    known = before["properties"]["ipConfigurations"] if before else []
    children = []
    for place, properties in enumerate(given):
        old = known[place] if place < len(known) else {"name": f"ipconfig{place + 1}"}
        fixed = {**properties, "primary": place == 0, "subnet": {"id": subnet}}
        children.append({"name": old["name"], "properties": {**old.get("properties", {}), **fixed}})
    kept = before or {"location": network["location"], "properties": {}}
    return {**kept, "properties": {**kept["properties"], "ipConfigurations": children}}


def _make_machine(client: ArmClient, group_id: str, location: str, name: str) -> None:
    interface = {
        "id": f"{group_id}/providers/Microsoft.Network/networkInterfaces/vm-{name}-nic",
        "properties": {"primary": True},
    }
    body = {
        "location": location,
        "properties": {"networkProfile": {"networkInterfaces": [interface]}},
    }
    client.put(f"{group_id}/providers/Microsoft.Compute/virtualMachines/vm-{name}", body)


def _remove(client: ArmClient, interface: Document) -> None:
    machine = interface["properties"].get("virtualMachine")
    if machine is not None:
        client.delete(machine["id"])
    client.delete(interface["id"])
