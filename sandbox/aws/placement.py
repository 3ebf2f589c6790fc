"""Which subnets a site's machines need, and which address goes on which interface: a pure function."""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_BLOCK_BITS = {4: 16, 6: 48}
"""Every subnet is a /16, the largest EC2 allows, and its VPC block too: an address never falls
between subnets, and a new machine never widens one. Of IPv6 EC2 takes blocks of /44 to /64.
"""

CARRIER = "100.64.0.0/16"
"""Where machines that have only IPv6 get the IPv4 address that EC2 insists on."""

FIRST_SPARE = 0x4000
"""The offset of spare addresses in a subnet, away from where people number machines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """One network interface: its subnet's IPv4 block, its addresses (the first is primary), canonical."""

    subnet: str
    ipv4: tuple[str, ...]
    ipv6: tuple[str, ...] = ()

    @property
    def ipv6_blocks(self) -> frozenset[str]:
        """The IPv6 blocks that the subnet must have."""
        return frozenset(_group(self.ipv6, 6))


def place_machines(machines: Mapping[str, list[str]]) -> dict[str, list[Interface]]:
    """The interfaces of each machine: one for each subnet it has addresses in, the first address's first.

    IPv6 goes on the machine's interface in the subnet that owns its block: the first subnet, in
    order of machine names, that has a machine with both. A machine with none there gets an
    interface with a spare IPv4 address.
    """
    ipv4 = {name: _group(given, 4) for name, given in machines.items()}
    ipv6 = {name: _group(given, 6) for name, given in machines.items()}
    owners: dict[str, str] = {}
    for name in sorted(machines):
        for block in ipv6[name]:
            if ipv4[name]:
                owners.setdefault(block, next(iter(ipv4[name])))
    taken = {str(ipaddress.ip_address(each)) for given in machines.values() for each in given}
    placed = {}
    for name in sorted(machines):
        wanted: dict[str, tuple[list[str], list[str]]] = {
            block: (listed, []) for block, listed in ipv4[name].items()
        }
        for block, listed in ipv6[name].items():
            wanted.setdefault(owners.get(block, CARRIER), ([], []))[1].extend(listed)
        placed[name] = [
            Interface(subnet=subnet, ipv4=tuple(own or [_spare(subnet, taken)]), ipv6=tuple(more))
            for subnet, (own, more) in (wanted or {CARRIER: ([], [])}).items()
        ]
    return placed


def subnets_of(placed: Mapping[str, list[Interface]]) -> list[str]:
    """Every subnet that the interfaces need, in address order; a site without machines still has one."""
    blocks = {each.subnet for interfaces in placed.values() for each in interfaces}
    return sorted(blocks or {CARRIER}, key=ipaddress.ip_network)


def _group(addresses: Iterable[str], version: int) -> dict[str, list[str]]:
    """The addresses of one family by block, in the order given."""
    grouped: dict[str, list[str]] = {}
    for address in map(ipaddress.ip_address, addresses):
        if address.version == version:
            block = ipaddress.ip_network((address, _BLOCK_BITS[version]), strict=False)
            listed = grouped.setdefault(str(block), [])
            if str(address) not in listed:
                listed.append(str(address))
    return grouped


def _spare(subnet: str, taken: set[str]) -> str:
    """The next address of the subnet that nobody has; taken from then on."""
    network = ipaddress.ip_network(subnet)
    offsets = range(FIRST_SPARE, network.num_addresses - 1)
    address = next(str(network[n]) for n in offsets if str(network[n]) not in taken)
    taken.add(address)
    return address
