"""What a site needs of Azure, all of it looked up before anything is created: its network, the interfaces of
its machines that exist, and those to be made.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from inspect import signature
from typing import Any, NamedTuple

import pulumi

from swyx_components.clouds.azure.existing import BY_ID, Interfaces, VirtualNetwork, find_network
from swyx_components.clouds.azure.records import last_of
from swyx_components.clouds.deployment import Deployment, Lookups, about
from swyx_components.installation.model import Machine
from swyx_components.messages import Message, raise_errors
from swyx_components.sets.prefixes import EVERYWHERE, Prefix

_NAMES = ("resource_group", "virtual_network", "virtual_network_resource_group")
_MADE = ("subnet_id", "interface")
_BOUND_BY = (*BY_ID, *_MADE)
_KIND = re.compile(r"ForwardRef\('(\w+)Args'\)")


class NewInterface(NamedTuple):
    """One interface to be made: a machine's addresses in one subnet. `suffix` is empty for its first.

    `properties` are the caller's own and its IP configurations. Azure gives an address to one that is not
    `is_fixed`.
    """

    machine: str
    suffix: str
    is_fixed: bool
    properties: Mapping[str, Any]


class AzureSite(NamedTuple):
    """Where a site's resources go, the interfaces that exist by machine, and those to make."""

    location: pulumi.Input[str] | None
    existing: Mapping[str, tuple[pulumi.Input[str], ...]] = {}
    new: tuple[NewInterface, ...] = ()
    messages: tuple[Message, ...] = ()


def look_up(wanted: Deployment, ask: Lookups) -> AzureSite:
    """The site's virtual network, the interfaces of the machines to attach, or the subnets for them.

    Raises:
        SwyxError: something was not found or can't be attached to; with a message for each.
    """
    network, attached = _given(wanted.network), wanted.attached
    own = {machine.name: _given(wanted.bindings.get(machine.name, {})) for machine in attached}
    to_make = [machine for machine in attached if own[machine.name].keys() & _MADE]
    rest = [machine for machine in attached if machine not in to_make]
    raise_errors(
        about("bound-twice", machine, keys=[key for key in _BOUND_BY if key in own[machine.name]])
        for machine in to_make
        if own[machine.name].keys() & BY_ID
    )
    known = {key: ask.known(network[key], f"network.{key}") for key in _NAMES if key in network}
    found = find_network({**network, **known}, own, ask)
    interfaces = Interfaces(wanted.site, known["resource_group"], ask)
    existing, problems = interfaces.find(rest, own, found), interfaces.problems
    new = [made for each in to_make for made in _place_new(each, own[each.name], found, problems)]
    raise_errors(problems)
    return AzureSite(
        location=network.get("location", found.location or interfaces.location),
        existing=existing,
        new=tuple(new),
        messages=(*_find_subnet_groups(attached, found), *sorted({*problems})),
    )


def _given(values: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _find_subnet_groups(machines: Sequence[Machine], network: VirtualNetwork) -> Iterator[Message]:
    """A warning for every subnet of the machines before which a group stands: it decides too."""
    for subnet in network.subnets:
        inside = {
            machine.name
            for machine in machines
            for address in machine.addresses
            if subnet.group and network.subnet_of(address) is subnet
        }
        if inside:
            values = {"group": last_of(subnet.group), "machines": sorted(inside)}
            place = "network.virtual_network"
            yield Message.about("subnet-has-group", place, subnet=subnet.name, **values)


# ---- interfaces to be made


def _place_new(
    machine: Machine, binding: Mapping[str, Any], network: VirtualNetwork, problems: list[Message]
) -> Iterator[NewInterface]:
    """The interfaces to make for a machine, with what the caller asks of them; its IP configurations are
    handed out in order. `problems` gets what is wrong.
    """
    place = f"machines.{machine.name}.interface"
    given = _read(binding.get("interface") or {}, "NetworkInterface", place, problems)
    asked_for = given.pop("ip_configurations", ())
    own = iter([each if isinstance(each, Mapping) else {} for each in asked_for])
    subnets = list(_find_subnets(machine, binding, network, problems))
    for suffix, subnet, addresses in subnets:
        configurations = [*configure(subnet, addresses, own)]
        is_fixed = "private_ip_address" in configurations[0]
        if not is_fixed:  # a dynamic address beside those of the machine
            problems.append(about("extra-ipv4", machine))
        yield NewInterface(
            machine=machine.name,
            suffix=suffix,
            is_fixed=is_fixed,
            properties={**given, "ip_configurations": configurations},
        )
    if subnets and (left := len([*own])):
        place = f"{place}.ip_configurations"
        problems.append(Message.about("configurations-left", place, count=left))


def configure(
    subnet: pulumi.Input[str], addresses: Sequence[Prefix], own: Iterator[Mapping[str, Any]]
) -> Iterator[Mapping[str, Any]]:
    """One IP configuration per address, the first IPv4 one primary, with the caller's own properties by
    place. Their names are their places: Azure lets the address of the primary one change and not its name.

    Source: "IPv6 for Azure Virtual Network overview", limitations: the primary one must be IPv4.
    """
    fixed = [
        {
            "private_ip_address": address.address,
            "private_ip_address_version": f"IPv{address.version}",
            "private_ip_allocation_method": "Static",
        }
        for address in sorted(addresses)
    ]
    if all(address.version != 4 for address in addresses):
        dynamic = {"private_ip_address_version": "IPv4", "private_ip_allocation_method": "Dynamic"}
        fixed.insert(0, dynamic)
    for place, configuration in enumerate(fixed):
        yield {
            **next(own, {}),
            **configuration,
            "name": f"secondary-{place}" if place else "primary",
            "primary": place == 0,
            "subnet": {"id": subnet},
        }


def _find_subnets(
    machine: Machine, binding: Mapping[str, Any], network: VirtualNetwork, problems: list[Message]
) -> Iterator[tuple[str, pulumi.Input[str], Sequence[Prefix]]]:
    """The given subnet, or each that addresses of the machine lie in: its suffix, its id, and these."""
    if "subnet_id" in binding:
        yield "", binding["subnet_id"], machine.addresses
        return
    if not network.name:
        problems.append(about("machine-unbound", machine, key="subnet_id"))
        return
    members: dict[tuple[str, str], list[Prefix]] = {}
    known = [str(prefix) for each in network.subnets for prefix in each.prefixes] or "none"
    for address in machine.addresses:
        subnet = network.subnet_of(address)
        if subnet is None:
            values = {"address": address.address, "known": known, "network": network.name}
            problems.append(about("subnet-not-found", machine, **values))
        else:
            members.setdefault((subnet.name, subnet.id), []).append(address)
    for order, ((name, id), addresses) in enumerate(members.items()):
        yield (name if order else ""), id, addresses


# ---- what a caller hands through: the provider's own arguments, checked


_OWN: Mapping[str, frozenset[str]] = {  # what the component sets, by kind
    "NetworkInterface": frozenset(
        {"resource_group_name", "network_interface_name", "location", "network_security_group"}
    ),
    "NetworkInterfaceIPConfiguration": frozenset(*configure("", EVERYWHERE[:1], iter(()))),
}


def _read(value: Any, kind: str, place: str, problems: list[Message]) -> Any:
    """A value of one of the SDK's kinds, its keys checked as deep as they are plain data.

    The arguments are called as in the SDK, and may be written in camelCase; `problems` gets what is wrong.
    """
    if isinstance(value, list | tuple):
        return [_read(each, kind, f"{place}[{n}]", problems) for n, each in enumerate(value)]
    if value is None or isinstance(value, str | int | float):
        problems.append(_wrong(value, place, "a mapping", "{...}"))
    if not isinstance(value, Mapping):
        return value
    known, set_here, found = _arguments_of(kind), _OWN.get(kind, frozenset()), {}
    by_letters = {name.replace("_", ""): name for name in known}
    for key, inner in value.items():
        name = by_letters.get(str(key).replace("_", "").lower(), str(key))
        at = f"{place}.{key}"
        if name in set_here:
            problems.append(Message.about("property-set", at, key=key))
        elif name not in known:
            near = get_close_matches(name, known, 3, 0.6) or sorted(known.keys() - set_here)
            problems.append(Message.about("property-unknown", at, key=key, near=near))
        elif name == "ip_configurations" and not isinstance(inner, list | tuple):
            problems.append(_wrong(inner, at, "a list", "[{...}]"))
        else:
            found[name] = _read(inner, known[name], at, problems) if known[name] else inner
    return found


def _wrong(value: Any, place: str, wanted: str, example: str) -> Message:
    given, text = type(value).__name__, f"{place}: {example}"
    return Message.about("args-wrong", place, value=given, wanted=wanted, example=text)


@cache
def _arguments_of(kind: str) -> Mapping[str, str]:
    """The arguments of a kind, each with the kind of its own value; empty for a plain one."""
    from pulumi_azure_native import network

    parameters = signature(getattr(network, f"{kind}Args").__init__).parameters
    found = {name: _KIND.search(str(each.annotation)) for name, each in parameters.items()}
    return {name: own[1] if own else "" for name, own in found.items() if not name.startswith("_")}
