"""A site's network on the offline Azure: one resource group, one virtual network, and subnets for
its machines.

No machines: on Azure the product creates the network interfaces itself. An interface lies in one
subnet with all its addresses, so machines that share a block of addresses, or one machine's
several blocks, come to share a subnet.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any

from sandbox.azure import mapping
from sandbox.azure.addresses import Address, Network
from sandbox.azure.client import ArmClient, find_subscription
from sandbox.azure.leases import is_reserved

LOCATION = "westeurope"
_BLOCK_LENGTH = {4: 24, 6: 64}
"""An address brings its /24, or its /64: an IPv6 subnet in Azure has no other size."""

_SHORTEST = 8
"""A prefix is widened to /8 at most."""

_SPARE = ipaddress.IPv4Network("100.127.0.0/16")
"""Where a subnet without IPv4 machines takes the IPv4 prefix that Azure asks of every subnet."""


class EstateError(ValueError):
    """The machines cannot be given a network; a sentence."""


@dataclass(slots=True, eq=False)
class Subnet:
    """A subnet being planned: its name once it exists, its prefixes, and whether interfaces lie in it."""

    prefixes: set[Network]
    name: str = ""
    used: bool = False

    def holds(self, address: Address) -> bool:
        return any(address in prefix for prefix in self.prefixes)


def seed_site(site_name: str, machines: dict[str, list[str]], endpoint: str) -> None:
    """Make the network of a site, or let it grow to what the machines need now. Doing it twice
    changes nothing.

    Raises: EstateError when an address is not usable in Azure, or would need two subnets in use to
    become one.
    """
    client = ArmClient(endpoint)
    group_id = f"/subscriptions/{find_subscription()}/resourceGroups/{site_name}"
    network_id = f"{group_id}/providers/Microsoft.Network/virtualNetworks/{site_name}"
    if client.get(group_id) is None:
        client.put(group_id, {"location": LOCATION})
    current = client.get(network_id)
    existing = current["properties"]["subnets"] if current else []
    addresses = {
        name: [ipaddress.ip_address(text) for text in texts] for name, texts in machines.items()
    }
    planned = plan_subnets([_read_subnet(subnet) for subnet in existing], addresses)
    if not planned:
        planned = [Subnet(prefixes={next(_SPARE.subnets(new_prefix=24))})]
    body = _describe_network(planned, {subnet["name"]: subnet for subnet in existing}, current)
    if current is None or _summarise(body) != _summarise(current):
        client.put(network_id, body)


def plan_subnets(existing: list[Subnet], machines: dict[str, list[Address]]) -> list[Subnet]:
    """The subnets that hold every address: those that exist, grown or merged where needed,
    then new ones.

    >>> made = plan_subnets([], {"a": [ipaddress.ip_address("10.1.0.10"), ipaddress.ip_address("fd00::10")]})
    >>> [sorted(map(str, subnet.prefixes)) for subnet in made]
    [['10.1.0.0/24', 'fd00::/64']]
    """
    subnets = [Subnet(prefixes=set(s.prefixes), name=s.name, used=s.used) for s in existing]
    while unusable := _find_unusable(subnets, machines):
        for (
            machine,
            address,
        ) in unusable:  # widening for one address may make another's the last of its prefix
            _cover(subnets, address, machine)
    for machine, addresses in sorted(machines.items()):
        _join(subnets, [subnet for subnet in subnets if any(map(subnet.holds, addresses))], machine)
    for subnet in subnets:
        if not any(prefix.version == 4 for prefix in subnet.prefixes):
            subnet.prefixes.add(_find_spare(subnets))
    return subnets


def _cover(subnets: list[Subnet], address: Address, machine: str) -> None:
    """Let some subnet hold the address outside what Azure reserves."""
    block = _choose_block(subnets, address, machine)
    touched = [
        subnet for subnet in subnets if any(_overlap(prefix, block) for prefix in subnet.prefixes)
    ]
    home = _join(subnets, touched, machine)
    if home is None:
        subnets.append(Subnet(prefixes={block}))
    else:
        home.prefixes = {prefix for prefix in home.prefixes if not _overlap(prefix, block)} | {
            block
        }


def _choose_block(subnets: list[Subnet], address: Address, machine: str) -> Network:
    """The prefix that holds the address, else its own block, widened until Azure does not
    reserve the address in it.
    """
    own: Network = ipaddress.ip_network((address, _BLOCK_LENGTH[address.version]), strict=False)
    prefixes = [prefix for subnet in subnets for prefix in subnet.prefixes]
    network = next((prefix for prefix in prefixes if address in prefix), own)
    while is_reserved(address, network):
        if address.version == 6 or network.prefixlen <= _SHORTEST:
            raise EstateError(
                f"{machine}: Azure reserves the first four addresses and the last of every "
                f"subnet, and {address} is "
                "one of them in any subnet that could hold it; give the machine another address."
            )
        network = network.supernet()
    inside = [prefix for prefix in prefixes if _overlap(prefix, network)]
    return min([network, *inside], key=lambda each: each.prefixlen)


def _join(subnets: list[Subnet], parts: list[Subnet], machine: str) -> Subnet | None:
    """Several subnets as one: the one in use stays what it is, and takes over the others' prefixes."""
    if not parts:
        return None
    used = [subnet for subnet in parts if subnet.used]
    if len(used) > 1:
        names = " and ".join(subnet.name for subnet in used)
        raise EstateError(
            f"{machine}: its addresses lie in the subnets {names}, and both hold network "
            "interfaces; one interface "
            "cannot lie in two subnets. Run `make down` first, or give the machine other addresses."
        )
    kept = used[0] if used else next((subnet for subnet in parts if subnet.name), parts[0])
    for other in parts:
        if other is not kept:
            kept.prefixes |= other.prefixes
            subnets[:] = [subnet for subnet in subnets if subnet is not other]
    return kept


def _find_unusable(
    subnets: list[Subnet], machines: dict[str, list[Address]]
) -> list[tuple[str, Address]]:
    """The addresses that no subnet holds, or that Azure reserves in the one that does.
    Widening ends, so this does.
    """
    return [
        (machine, address)
        for machine, addresses in sorted(machines.items())
        for address in addresses
        if not any(_is_usable(subnet, address) for subnet in subnets)
    ]


def _is_usable(subnet: Subnet, address: Address) -> bool:
    return any(address in prefix and not is_reserved(address, prefix) for prefix in subnet.prefixes)


def _overlap(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)


def _find_spare(subnets: list[Subnet]) -> Network:
    taken = [prefix for subnet in subnets for prefix in subnet.prefixes]
    free = (
        block
        for block in _SPARE.subnets(new_prefix=24)
        if not any(_overlap(block, prefix) for prefix in taken)
    )
    found = next(free, None)
    if found is None:
        raise EstateError(f"{_SPARE} has no prefix left for subnets without IPv4 machines.")
    return found


def _read_subnet(document: dict[str, Any]) -> Subnet:
    properties = document["properties"]
    texts = properties.get("addressPrefixes") or [properties["addressPrefix"]]
    prefixes: set[Network] = {ipaddress.ip_network(text) for text in texts}
    return Subnet(
        prefixes=prefixes, name=document["name"], used=bool(properties.get("ipConfigurations"))
    )


def _describe_network(
    planned: list[Subnet], existing: dict[str, dict[str, Any]], current: dict[str, Any] | None
) -> dict[str, Any]:
    """The PUT for the network; what somebody else has set on it or its subnets is sent along unchanged."""
    subnets = []
    for subnet in planned:
        prefixes = _sort(subnet.prefixes)
        name = subnet.name or "machines-" + str(prefixes[0]).replace(".", "-").replace("/", "-")
        kept = mapping.unwrap(existing[name]) if name in existing else {}
        flat = {**kept, "name": name, "addressPrefixes": [str(prefix) for prefix in prefixes]}
        flat.pop("addressPrefix", None)
        subnets.append(mapping.wrap(flat))
    space = [prefix for version in (4, 6) for prefix in _collapse(planned, version)]
    properties = {
        "addressSpace": {"addressPrefixes": [str(prefix) for prefix in space]},
        "subnets": subnets,
    }
    return {
        "location": LOCATION,
        "tags": (current or {}).get("tags") or {},
        "properties": properties,
    }


def _collapse(planned: list[Subnet], version: int) -> list[Network]:
    prefixes = [
        prefix for subnet in planned for prefix in subnet.prefixes if prefix.version == version
    ]
    return list(ipaddress.collapse_addresses(prefixes))  # type: ignore[type-var]  # one version at a time


def _sort(prefixes: set[Network]) -> list[Network]:
    return sorted(prefixes, key=lambda prefix: (prefix.version, int(prefix.network_address)))


def _summarise(network: dict[str, Any]) -> object:
    """What decides whether a PUT is needed: the address space, and each subnet's prefixes."""
    properties = network["properties"]
    subnets = {
        subnet["name"]: _sort(_read_subnet(subnet).prefixes) for subnet in properties["subnets"]
    }
    return sorted(properties["addressSpace"]["addressPrefixes"]), sorted(subnets.items())
