"""Interfaces to be made for machines: in which subnet, with which addresses and properties."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from inspect import signature
from typing import Any

import pulumi

from swyx_components.clouds.azure.existing import VirtualNetwork
from swyx_components.clouds.deployment import unbound
from swyx_components.installation.model import Machine
from swyx_components.messages import Message
from swyx_components.sets.prefixes import Prefix

_OWN: Mapping[str, frozenset[str]] = {  # what the component sets, by kind
    "NetworkInterface": frozenset(
        {"resource_group_name", "network_interface_name", "location", "network_security_group"}
    ),
    "NetworkInterfaceIPConfiguration": frozenset(
        {
            "name",
            "primary",
            "subnet",
            "private_ip_address",
            "private_ip_address_version",
            "private_ip_allocation_method",
        }
    ),
}
_KIND = re.compile(r"ForwardRef\('(\w+)Args'\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInterface:
    """One interface to be made: a machine's addresses in one subnet. `suffix` is empty for its first.

    `properties` are the caller's own, `configurations` those of its IP configurations, by position.
    """

    machine: str
    suffix: str
    subnet: pulumi.Input[str]
    addresses: tuple[Prefix, ...]
    properties: Mapping[str, Any] = field(default_factory=dict)
    configurations: tuple[Mapping[str, Any], ...] = ()


def has_ipv4(addresses: Iterable[Prefix]) -> bool:
    """Whether an interface of these addresses needs no other: its primary configuration must be IPv4.

    Source: "IPv6 for Azure Virtual Network overview", limitations.
    """
    return any(address.version == 4 for address in addresses)


_Part = tuple[str, pulumi.Input[str], tuple[Prefix, ...]]  # suffix, subnet, addresses in it


def place_new(
    machine: Machine, binding: Mapping[str, Any], network: VirtualNetwork, problems: list[Message]
) -> tuple[NewInterface, ...]:
    """The interfaces to make for a machine: one in the given subnet, or one in each that its addresses lie
    in; `problems` gets a message for every address that no subnet contains.
    """
    if binding.get("subnet_id") is not None:
        parts: Sequence[_Part] = [("", binding["subnet_id"], machine.addresses)]
    elif network.name:
        parts = list(_by_subnet(machine, network, problems))
    else:
        problems.append(unbound(machine, "subnet_id"))
        return ()
    return tuple(_describe(machine, binding, parts, problems))


def _describe(
    machine: Machine,
    binding: Mapping[str, Any],
    parts: Sequence[_Part],
    problems: list[Message],
) -> Iterator[NewInterface]:
    """The interfaces with what the caller asks of them; its IP configurations are handed out in order."""
    place = f"machines.{machine.name}.interface"
    given = dict(_entries(binding.get("interface") or {}, "NetworkInterface", place, problems))
    own = given.pop("ip_configurations", [])
    for suffix, subnet, addresses in parts:
        count = len(addresses) + (not has_ipv4(addresses))
        yield NewInterface(
            machine=machine.name,
            suffix=suffix,
            subnet=subnet,
            addresses=tuple(sorted(addresses)),
            properties=given,
            configurations=tuple(own[:count]),
        )
        own = own[count:]
    if own:
        place = f"{place}.ip_configurations"
        problems.append(Message.about("configurations-left", place, count=len(own)))


def _by_subnet(
    machine: Machine, network: VirtualNetwork, problems: list[Message]
) -> Iterator[tuple[str, str, tuple[Prefix, ...]]]:
    members: dict[str, list[Prefix]] = {}
    for address in machine.addresses:
        subnet = network.subnet_of(address)
        if subnet is None:
            problems.append(
                Message.about(
                    "subnet-not-found",
                    f"machines.{machine.name}",
                    network=network.name,
                    address=address.address,
                    machine=machine.name,
                    known=[str(p) for each in network.subnets for p in each.prefixes] or "none",
                )
            )
        else:
            members.setdefault(subnet.name, []).append(address)
    by_name = {subnet.name: subnet for subnet in network.subnets}
    for order, (name, addresses) in enumerate(members.items()):
        yield (name if order else ""), by_name[name].id, tuple(addresses)


# ---- what a caller hands through: the provider's own arguments, checked


def _read(value: Any, kind: str, place: str, problems: list[Message]) -> Any:
    """A value of one of the SDK's kinds, its keys checked as deep as they are plain data.

    The arguments are called as in the SDK, and may be written in camelCase; `problems` gets what is wrong.
    """
    if isinstance(value, Mapping):
        return dict(_entries(value, kind, place, problems))
    if isinstance(value, list | tuple):
        return [_read(each, kind, f"{place}[{n}]", problems) for n, each in enumerate(value)]
    if value is None or isinstance(value, str | int | float):
        problems.append(_wrong(value, place, "a mapping", "{...}"))
    return value


def _wrong(value: Any, place: str, wanted: str, example: str) -> Message:
    given, text = type(value).__name__, f"{place}: {example}"
    return Message.about("args-wrong", place, value=given, wanted=wanted, example=text)


def _entries(
    value: Mapping[Any, Any], kind: str, place: str, problems: list[Message]
) -> Iterator[tuple[str, Any]]:
    known = _keys(kind)
    for key, inner in value.items():
        name, at = _snake_case(str(key)), f"{place}.{key}"
        if name in _OWN.get(kind, ()):
            problems.append(Message.about("property-set", at, key=key))
        elif name not in known:
            free = known.keys() - _OWN.get(kind, ())
            near = get_close_matches(name, known, 3, 0.6) or sorted(free)
            problems.append(Message.about("property-unknown", at, key=key, near=near))
        elif name == "ip_configurations" and not isinstance(inner, list | tuple):
            problems.append(_wrong(inner, at, "a list", "[{...}]"))
        else:
            yield name, _read(inner, known[name], at, problems) if known[name] else inner


@cache
def _keys(kind: str) -> Mapping[str, str]:
    """The arguments of a kind, each with the kind of its own value; empty for a plain one."""
    from pulumi_azure_native import network

    parameters = signature(getattr(network, f"{kind}Args").__init__).parameters
    found = {name: _KIND.search(str(each.annotation)) for name, each in parameters.items()}
    return {
        name: match[1] if match else "" for name, match in found.items() if not name.startswith("_")
    }


def _snake_case(key: str) -> str:
    """A key as the Python SDK has it.

    >>> _snake_case("publicIPAddress"), _snake_case("dns_settings")
    ('public_ip_address', 'dns_settings')
    """
    parts = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", key)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", parts).lower()
