"""A site's network and machines on the offline Azure: one resource group, one virtual network, and one
subnet for the machines' interfaces, with as many prefixes as their addresses need.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from sandbox.azure.addresses import Address, Network
from sandbox.azure.client import ArmClient, find_subscription
from sandbox.azure.documents import find_child
from sandbox.azure.estate_machines import seed_machines
from sandbox.azure.leases import is_reserved
from sandbox.azure.networks import prefixes_of

LOCATION = "westeurope"
_SUBNET = "machines"
_BLOCK_LENGTH = {4: 24, 6: 64}
"""An address brings its /24, or its /64: an IPv6 subnet in Azure has no other size."""

_SHORTEST = 8
"""A prefix is widened to /8 at most."""

_SPARE = ipaddress.IPv4Network("100.127.0.0/24")
"""What a site without IPv4 machines has, for Azure wants an IPv4 prefix in every subnet."""


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
        current = client.put(network_id, _describe_network(current, own, planned))
    seed_machines(client, current, machines)


def plan_prefixes(existing: set[Network], machines: Mapping[str, list[str]]) -> set[Network]:
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
    """The prefix that holds the address, else its own block, widened until Azure does not reserve the
    address in it.
    """
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


def _describe_network(
    current: dict[str, Any] | None, own: dict[str, Any] | None, planned: set[Network]
) -> dict[str, Any]:
    """The PUT for the network; what somebody else has set on it is sent along unchanged."""
    ours = dict((own or {}).get("properties") or {})
    ours.pop("addressPrefix", None)
    ours["addressPrefixes"] = [
        str(each) for each in sorted(planned, key=lambda each: (each.version, each))
    ]
    properties = dict((current or {}).get("properties") or {})
    others = [each for each in properties.get("subnets") or () if each["name"] != _SUBNET]
    space = planned | {
        ipaddress.ip_network(text)
        for text in (properties.get("addressSpace") or {}).get("addressPrefixes") or ()
    }
    collapsed = [
        str(each)
        for version in (4, 6)
        for each in ipaddress.collapse_addresses(s for s in space if s.version == version)  # type: ignore[type-var]
    ]
    properties["addressSpace"] = {"addressPrefixes": collapsed}
    properties["subnets"] = [*others, {"name": _SUBNET, "properties": ours}]
    return {
        "location": LOCATION,
        "tags": (current or {}).get("tags") or {},
        "properties": properties,
    }
