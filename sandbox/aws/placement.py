"""Which subnets a site's machines need, and which address goes on which interface: a pure function."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

IPV4_BITS = 16
"""Every subnet is a /16, the largest EC2 allows, and its VPC block too: an address never falls
between subnets, and a new machine never widens one. Only a /16's first four and last address could
not be had from the real EC2.
"""

IPV6_BITS = 48
"""Likewise for IPv6: EC2 takes blocks of /44 to /64 from an account's own pool."""

CARRIER = ipaddress.IPv4Network("100.64.0.0/10")
"""Where machines that have only IPv6 get the IPv4 address that EC2 insists on."""

FIRST_SPARE = 0x4000
"""The offset in a subnet from which spare addresses are taken, away from where people number their
machines.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """One network interface: its subnet's IPv4 block, its addresses (the first is primary), canonical."""

    subnet: str
    ipv4: tuple[str, ...]
    ipv6: tuple[str, ...] = ()

    @property
    def ipv6_blocks(self) -> frozenset[str]:
        """The IPv6 blocks that the subnet must have."""
        return frozenset(_block(address) for address in self.ipv6)


def place_machines(machines: Mapping[str, list[str]]) -> dict[str, list[Interface]]:
    """The interfaces of each machine: one for each subnet it has addresses in, the first address's first.

    IPv6 goes on the machine's interface in the subnet that owns its block: the first subnet, in
    order of machine names, that has a machine with both. A machine with none there gets an
    interface with a spare IPv4 address.
    """
    addresses = {
        name: [ipaddress.ip_address(each) for each in given] for name, given in machines.items()
    }
    plan = {str(each) for given in addresses.values() for each in given}
    ipv4 = {
        name: _group([str(each) for each in given if each.version == 4])
        for name, given in addresses.items()
    }
    ipv6 = {
        name: _group([str(each) for each in given if each.version == 6])
        for name, given in addresses.items()
    }
    owners = _find_owners(ipv4, ipv6)
    spares = SpareAddresses(plan)
    return {name: _place(ipv4[name], ipv6[name], owners, spares) for name in sorted(machines)}


def subnets_of(placed: Mapping[str, list[Interface]]) -> list[str]:
    """Every subnet that the interfaces need, in address order; a site without machines still has one."""
    blocks = {each.subnet for interfaces in placed.values() for each in interfaces}
    return sorted(blocks or {_carrier_block()}, key=ipaddress.ip_network)


def _place(
    ipv4: dict[str, list[str]],
    ipv6: dict[str, list[str]],
    owners: dict[str, str],
    spares: SpareAddresses,
) -> list[Interface]:
    wanted: dict[str, tuple[list[str], list[str]]] = {
        block: (listed, []) for block, listed in ipv4.items()
    }
    for block, listed in ipv6.items():
        wanted.setdefault(owners[block], ([], []))[1].extend(listed)
    if not wanted:
        wanted[_carrier_block()] = ([], [])
    return [
        Interface(subnet=subnet, ipv4=tuple(first or [spares.take(subnet)]), ipv6=tuple(second))
        for subnet, (first, second) in wanted.items()
    ]


def _find_owners(
    ipv4: Mapping[str, dict[str, list[str]]], ipv6: Mapping[str, dict[str, list[str]]]
) -> dict[str, str]:
    """The subnet that has each IPv6 block: blocks of one VPC may not overlap, so each has one."""
    owners: dict[str, str] = {}
    for name in sorted(ipv6):
        for block in ipv6[name]:
            if ipv4[name]:
                owners.setdefault(block, next(iter(ipv4[name])))
    unowned = {block for blocks in ipv6.values() for block in blocks} - owners.keys()
    return owners | dict.fromkeys(sorted(unowned), _carrier_block())


def _group(addresses: list[str]) -> dict[str, list[str]]:
    """The addresses by block, in the order given."""
    grouped: dict[str, list[str]] = {}
    for address in addresses:
        listed = grouped.setdefault(_block(address), [])
        if address not in listed:
            listed.append(address)
    return grouped


def _block(address: str) -> str:
    bits = IPV4_BITS if ipaddress.ip_address(address).version == 4 else IPV6_BITS
    return str(ipaddress.ip_network(f"{address}/{bits}", strict=False))


def _carrier_block() -> str:
    return str(next(CARRIER.subnets(new_prefix=IPV4_BITS)))


class SpareAddresses:
    """Addresses outside the plan, each given once, in a fixed order."""

    def __init__(self, plan: set[str]) -> None:
        self._taken = set(plan)

    def take(self, subnet: str) -> str:
        """The next spare address of the subnet."""
        address = next(each for each in self._candidates(subnet) if each not in self._taken)
        self._taken.add(address)
        return address

    @staticmethod
    def _candidates(subnet: str) -> Iterator[str]:
        network = ipaddress.ip_network(subnet)
        return (
            str(network[FIRST_SPARE + step])
            for step in range(network.num_addresses - FIRST_SPARE - 1)
        )
