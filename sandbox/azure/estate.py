"""A site's network and machines on the offline Azure: a group, a network, one subnet, interfaces.

An interface is a machine's by its address, which is how the product finds it, and else by its name.
So a machine that is called otherwise keeps its interface, and one whose address changes is moved.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.azure.client import ArmClient, find_subscription
from sandbox.azure.documents import find_child
from sandbox.azure.interfaces import is_reserved
from sandbox.azure.networks import prefixes_of
from sandbox.azure.rules import Address, Network

LOCATION = "westeurope"
_SUBNET = "machines"
_BLOCK_LENGTH = {4: 24, 6: 64}
"""An address brings its /24, or its /64: an IPv6 subnet in Azure has no other size."""

_SHORTEST = 8
"""A prefix is widened to /8 at most."""

_SPARE = ipaddress.IPv4Network("100.127.0.0/24")
"""What a site without IPv4 machines has, for Azure wants an IPv4 prefix in every subnet."""

Document = dict[str, Any]
Machines = Mapping[str, list[str]]
"""The addresses of each machine."""


class EstateError(ValueError):
    """The machines cannot be given a network; a sentence."""


def seed_site(site_name: str, machines: dict[str, list[str]], endpoint: str) -> None:
    """Make the network and the machines of a site, or let them grow to what is needed now. Doing it
    twice changes nothing.

    Raises: EstateError when an address is not usable in Azure.
    """
    client = ArmClient(endpoint)
    group_id = f"/subscriptions/{find_subscription()}/resourceGroups/{site_name}"
    network_id = f"{group_id}/providers/Microsoft.Network/virtualNetworks/{site_name}"
    if client.get(group_id) is None:
        client.put(group_id, {"location": LOCATION})
    current = client.get(network_id)
    own = find_child(current["properties"]["subnets"], _SUBNET) if current else None
    existing = set(prefixes_of(own)) if own else set()
    planned = plan_prefixes(existing, machines)
    if current is None or planned != existing:
        current = client.put(network_id, _describe_network(current or {}, own or {}, planned))
    _seed_machines(client, current, machines)


# The network


def plan_prefixes(existing: set[Network], machines: Machines) -> set[Network]:
    """The prefixes in which every address is usable: those that exist, widened where needed, and new
    ones.

    >>> sorted(map(str, plan_prefixes(set(), {"a": ["10.1.0.10", "fd00::10"]})))
    ['10.1.0.0/24', 'fd00::/64']
    """
    planned = set(existing)
    wanted = [(name, ipaddress.ip_address(text)) for name in machines for text in machines[name]]
    while missing := [each for each in wanted if not _is_usable(each[1], planned)]:
        for machine, address in missing:  # widening may make another address the last of a prefix
            block = _choose_block(planned, address, machine)
            planned = {each for each in planned if not _overlap(each, block)} | {block}
    if not any(each.version == 4 for each in planned):
        planned.add(_SPARE)
    return planned


def _choose_block(prefixes: set[Network], address: Address, machine: str) -> Network:
    """The prefix of the address, widened until Azure does not reserve the address in it."""
    own: Network = ipaddress.ip_network((address, _BLOCK_LENGTH[address.version]), strict=False)
    network = next((each for each in prefixes if address in each), own)
    while is_reserved(address, network):
        if address.version == 6 or network.prefixlen <= _SHORTEST:
            raise EstateError(
                f"{machine}: Azure reserves the first four addresses and the last of every "
                f"subnet, and {address} is one of them in any subnet that could hold it; give the "
                "machine another address."
            )
        network = network.supernet()
    return network


def _is_usable(address: Address, prefixes: set[Network]) -> bool:
    return any(address in each and not is_reserved(address, each) for each in prefixes)


def _overlap(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)


def _describe_network(current: Document, own: Document, planned: set[Network]) -> Document:
    """The PUT for the network; what somebody else has set on it is sent along unchanged."""
    ordered = sorted(planned, key=lambda each: (each.version, each))
    ours = {**own.get("properties", {}), "addressPrefixes": [*map(str, ordered)]}
    ours.pop("addressPrefix", None)
    properties = dict(current.get("properties") or {})
    others = [each for each in properties.get("subnets") or () if each["name"] != _SUBNET]
    texts = (properties.get("addressSpace") or {}).get("addressPrefixes") or ()
    space = planned | set(map(ipaddress.ip_network, texts))
    collapsed = [
        str(each)
        for version in (4, 6)
        for each in ipaddress.collapse_addresses(s for s in space if s.version == version)  # type: ignore[type-var]
    ]
    properties["addressSpace"] = {"addressPrefixes": collapsed}
    properties["subnets"] = [*others, {"name": _SUBNET, "properties": ours}]
    return {"location": LOCATION, "tags": current.get("tags") or {}, "properties": properties}


# The machines


def _seed_machines(client: ArmClient, network: Document, machines: Machines) -> None:
    """Make the machines that are missing, and move those that have other addresses now.

    What is gone from the file stays, unless another machine is to have one of its addresses.
    """
    group_id = network["id"].split("/providers/")[0]
    interfaces = f"{group_id}/providers/Microsoft.Network/networkInterfaces"
    free: list[Document] = (client.get(interfaces) or {}).get("value") or []
    owned: dict[str, Document] = {}
    for name, texts in machines.items():
        by_address = [each for each in free if _addresses_of(each) & set(_read(texts))]
        by_name = [each for each in free if each["name"] == f"vm-{name}-nic"]
        for found in (by_address or by_name)[:1]:
            owned[name] = found
            free.remove(found)
    wanted = {address for texts in machines.values() for address in _read(texts)}
    for other in free:
        if wanted & _addresses_of(other):
            _remove(client, other)
    for name in sorted(machines, key=lambda each: _turn(machines[each], is_there=each in owned)):
        before = owned.get(name)
        arm_id = before["id"] if before else f"{interfaces}/vm-{name}-nic"
        if before is None or _addresses_of(before) != set(_read(machines[name])):
            client.put(arm_id, _describe_interface(network, machines[name], before))
        if before is None:
            held = {"networkInterfaces": [{"id": arm_id, "properties": {"primary": True}}]}
            body = {"location": network["location"], "properties": {"networkProfile": held}}
            client.put(f"{group_id}/providers/Microsoft.Compute/virtualMachines/vm-{name}", body)


def _turn(texts: list[str], *, is_there: bool) -> tuple[bool, bool]:
    """Machines that give up addresses come first, and those to whom Azure gives any address last."""
    return not is_there, not any(address.version == 4 for address in _read(texts))


def _read(texts: Iterable[str]) -> list[Address]:
    return sorted(map(ipaddress.ip_address, texts), key=lambda each: (each.version, int(each)))


def _addresses_of(interface: Document) -> set[Address]:
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
        if any(addresses[0] in prefix for prefix in prefixes_of(each))
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
    kept: Document = before or {"location": network["location"], "properties": {}}
    known: list[Document] = kept["properties"].get("ipConfigurations", [])
    children = []
    for place, properties in enumerate(given):
        new: Document = {"name": f"ipconfig{place + 1}"}
        old = known[place] if place < len(known) else new
        fixed = {**properties, "primary": place == 0, "subnet": {"id": subnet}}
        children.append({"name": old["name"], "properties": {**old.get("properties", {}), **fixed}})
    return {**kept, "properties": {**kept["properties"], "ipConfigurations": children}}


def _remove(client: ArmClient, interface: Document) -> None:
    machine = interface["properties"].get("virtualMachine")
    if machine is not None:
        client.delete(machine["id"])
    client.delete(interface["id"])
