"""A virtual network as it is looked up: its subnets, and what has an address in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from swyx_components.sets.prefixes import Prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What has an address in a subnet, by the id of its IP configuration. `address` None: not told."""

    id: str
    address: Prefix | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """A subnet of the site's virtual network. `group` is the id of its network security group, or empty."""

    id: str
    name: str
    prefixes: tuple[Prefix, ...]
    group: str
    configurations: tuple[Configuration, ...]

    def contains(self, address: Prefix) -> bool:
        """Whether an address lies in it."""
        return any(prefix.contains(address) for prefix in self.prefixes)


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualNetwork:
    """A virtual network as looked up, or an empty one where the program makes it itself."""

    name: str = ""
    location: str | None = None
    subnets: tuple[Subnet, ...] = ()

    def subnet_of(self, address: Prefix) -> Subnet | None:
        """The subnet that an address lies in."""
        return next((subnet for subnet in self.subnets if subnet.contains(address)), None)


def read_network(name: str, found: Mapping[str, Any]) -> VirtualNetwork:
    """The network of a lookup's answer."""
    subnets = tuple(
        Subnet(
            id=str(subnet.get("id")),
            name=str(subnet.get("name")),
            prefixes=_prefixes_of(subnet),
            group=(subnet.get("networkSecurityGroup") or {}).get("id") or "",
            configurations=tuple(
                Configuration(id=str(each.get("id")), address=address_in(each))
                for each in subnet.get("ipConfigurations") or ()
            ),
        )
        for subnet in found.get("subnets") or ()
    )
    return VirtualNetwork(name=name, location=found.get("location"), subnets=subnets)


def _prefixes_of(subnet: Mapping[str, Any]) -> tuple[Prefix, ...]:
    texts = {subnet.get("addressPrefix"), *(subnet.get("addressPrefixes") or ())} - {None}
    return tuple(Prefix.parse(text) for text in sorted(texts))


def address_in(configuration: Mapping[str, Any]) -> Prefix | None:
    """The private address of an IP configuration; None where the answer has none."""
    text = configuration.get("privateIPAddress")
    return Prefix.parse(text) if text else None
