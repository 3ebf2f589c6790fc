"""Private addresses: which a subnet can give, which are taken, and which one an IP configuration gets."""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Iterator
from typing import Any

from sandbox.azure import references
from sandbox.azure.addresses import Address, Network
from sandbox.azure.documents import find_child
from sandbox.azure.errors import refuse
from sandbox.azure.ids import INTERFACES, ArmPath, key, parent_of
from sandbox.azure.store import Document, Store

Properties = dict[str, Any]
RESERVED_AT_START = 4
"""Azure keeps a subnet's first four addresses, and its last, for itself."""


def usable_addresses(network: Network) -> Iterator[Address]:
    """A subnet prefix without what Azure reserves, lowest first."""
    return (network[index] for index in range(RESERVED_AT_START, network.num_addresses - 1))


def is_reserved(address: Address, network: Network) -> bool:
    offset = int(address) - int(network.network_address)
    return offset < RESERVED_AT_START or offset == network.num_addresses - 1


def give_addresses(
    configurations: list[Properties],
    prefixes: list[Network],
    path: ArmPath,
    existing: Document | None,
    store: Store,
) -> None:
    """Static addresses are checked first, so that no dynamic one takes them; dynamic ones are
    kept over updates.
    """
    owner = f"{path}/ipConfigurations"
    taken = _addresses_in_network(configurations[0]["properties"]["subnet"]["id"], path, store)
    for child in configurations:
        if child["properties"]["privateIPAllocationMethod"] == "Static":
            address = _check_static(child, prefixes, taken, f"{owner}/{child['name']}")
            child["properties"]["privateIPAddress"] = str(address)
            taken[address] = f"{owner}/{child['name']}"
    for child in configurations:
        if child["properties"]["privateIPAllocationMethod"] == "Dynamic":
            address = _pick_dynamic(child, prefixes, taken, existing, owner)
            child["properties"]["privateIPAddress"] = str(address)
            taken[address] = f"{owner}/{child['name']}"


def _addresses_in_network(subnet_id: str, path: ArmPath, store: Store) -> dict[Address, str]:
    network_key = key(parent_of(subnet_id))
    return {
        ipaddress.ip_address(properties["privateIPAddress"]): arm_id
        for interface in store.of_type(INTERFACES)
        if key(interface["id"]) != key(str(path))
        and key(references.network_of(interface)) == network_key
        for arm_id, properties in references.configurations_of(interface)
    }


def _read_static(child: Properties, owner: str) -> Address:
    """The address that a configuration asks for.

    Raises:
        ArmError: there is none, or it is not one of the version that is asked for.
    """
    text = child["properties"].get("privateIPAddress")
    if not text:
        raise refuse(
            "PrivateIPAddressNotProvided", f"Private static IP address of {owner} is not provided."
        )
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise refuse(
            "InvalidIPAddressFormat", f"Private IP address {text} of {owner} is not an address."
        ) from None
    if f"IPv{address.version}" != child["properties"]["privateIPAddressVersion"]:
        raise refuse(
            "PrivateIPAddressVersionMismatch",
            f"Private IP address {text} of {owner} is not of version "
            f"{child['properties']['privateIPAddressVersion']}.",
        )
    return address


def _check_static(
    child: Properties, prefixes: list[Network], taken: dict[Address, str], owner: str
) -> Address:
    address, text = _read_static(child, owner), child["properties"]["privateIPAddress"]
    inside = [prefix for prefix in prefixes if address in prefix]
    if not inside:
        ranges = ", ".join(map(str, prefixes))
        raise refuse(
            "PrivateIPAddressNotInSubnet",
            f"Private static IP address {text} of {owner} does not belong to the range of subnet "
            f"prefix {ranges}.",
        )
    if is_reserved(address, inside[0]):
        raise refuse(
            "PrivateIPAddressInReservedRange",
            f"Private static IP address {text} falls within reserved IP range of subnet prefix {inside[0]}.",
        )
    if address in taken:
        raise refuse(
            "PrivateIPAddressIsAllocated",
            f"IP configuration {owner} is using the private IP address {text} which is already "
            "allocated to resource "
            f"{taken[address]}.",
        )
    return address


def _pick_dynamic(
    child: Properties,
    prefixes: list[Network],
    taken: dict[Address, str],
    existing: Document | None,
    owner: str,
) -> Address:
    version = 4 if child["properties"]["privateIPAddressVersion"] == "IPv4" else 6
    fitting = [prefix for prefix in prefixes if prefix.version == version]
    before = (
        find_child(existing["properties"]["ipConfigurations"], child["name"]) if existing else None
    )
    if before is not None:
        address = ipaddress.ip_address(before["properties"]["privateIPAddress"])
        if address not in taken and any(address in prefix for prefix in fitting):
            return address
    candidates = itertools.chain.from_iterable(map(usable_addresses, fitting))
    free = next((address for address in candidates if address not in taken), None)
    if free is None:
        raise refuse(
            "SubnetIsFull",
            f"The subnet of {owner}/{child['name']} has no free IPv{version} address.",
        )
    return free
