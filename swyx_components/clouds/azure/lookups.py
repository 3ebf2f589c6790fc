"""What a site needs of Azure, all of it looked up before anything is created."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from swyx_components.clouds.azure.existing import (
    BY_ID,
    Found,
    Given,
    Interfaces,
    VirtualNetwork,
    find_by_address,
    find_by_id,
    find_network,
)
from swyx_components.clouds.azure.new_interfaces import NewInterface, has_ipv4, place_new
from swyx_components.clouds.azure.records import last_of
from swyx_components.clouds.deployment import Bindings, Deployment, Lookups, unbound
from swyx_components.installation.model import Machine
from swyx_components.messages import Message, SwyxError

_NAMES = ("resource_group", "virtual_network", "virtual_network_resource_group")
_MADE = ("subnet_id", "interface")


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureSite:
    """Where a site's resources go, and by machine the interfaces that exist and those to make."""

    name: str
    resource_group: pulumi.Input[str]
    location: pulumi.Input[str] | None
    existing: Mapping[str, tuple[pulumi.Input[str], ...]] = field(default_factory=dict)
    new: Mapping[str, tuple[NewInterface, ...]] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    messages: tuple[Message, ...] = ()


def look_up(wanted: Deployment, ask: Lookups) -> AzureSite:
    """The site's virtual network, the interfaces of the machines to attach, or the subnets for them.

    Raises:
        SwyxError: something is not there, or can't be attached to; all of it.
    """
    network, attached = wanted.network, wanted.attached
    own = {machine.name: wanted.bindings.get(machine.name, {}) for machine in attached}
    problems = [problem for name, binding in own.items() for problem in _check(name, binding)]
    if problems:
        raise SwyxError(problems)
    names = [key for key in _NAMES if network.get(key) is not None]
    known = {key: ask.known(network[key], f"network.{key}") for key in names}
    found = find_network({**network, **known}, own, ask)
    interfaces = Interfaces(wanted.site, known["resource_group"], ask)
    made = [machine for machine in attached if _keys(own[machine.name], _MADE)]
    rest = [machine for machine in attached if machine not in made]
    existing, problems = _find_existing(rest, own, found, interfaces, ask)
    new = {each.name: place_new(each, own[each.name], found, problems) for each in made}
    if problems:
        raise SwyxError(problems)
    return AzureSite(
        name=wanted.site,
        resource_group=network["resource_group"],
        location=network.get("location", found.location or interfaces.location),
        existing=existing,
        new=new,
        tags=wanted.tags,
        messages=(*_find_subnet_groups(attached, found), *_find_dynamic_ipv4(new)),
    )


def _keys(binding: Mapping[str, Any], keys: Sequence[str]) -> list[str]:
    return [key for key in keys if binding.get(key) is not None]


def _check(machine: str, binding: Mapping[str, Any]) -> Iterator[Message]:
    """A machine has interfaces that exist, or gets new ones."""
    by_id, made = _keys(binding, BY_ID), _keys(binding, _MADE)
    if by_id and made:
        place = f"machines.{machine}"
        yield Message.about("bound-twice", place, keys=[*by_id, *made], machine=machine)


def _find_existing(
    machines: Sequence[Machine],
    bindings: Bindings,
    network: VirtualNetwork,
    interfaces: Interfaces,
    ask: Lookups,
) -> tuple[Found, list[Message]]:
    """Interfaces by machine, as given or by address, each of them checked."""
    given = {machine.name: _given(machine, bindings[machine.name], ask) for machine in machines}
    rest = [machine for machine in machines if not given[machine.name]]
    problems: list[Message] = []
    if network.name:
        by_address, problems = find_by_address(rest, network, interfaces)
        given |= {name: [Given(id, id) for id in ids] for name, ids in by_address.items()}
    else:
        problems += (unbound(machine, "interface_id or subnet_id") for machine in rest)
    bound = [(machine, given[machine.name]) for machine in machines if given[machine.name]]
    found, refused = find_by_id(bound, interfaces)
    return found, [*problems, *refused]


def _given(machine: Machine, binding: Mapping[str, Any], ask: Lookups) -> list[Given]:
    one, several = (binding.get(key) for key in BY_ID)
    place = f"machines.{machine.name}.interface_id"
    values = [*([] if one is None else [one]), *(several or ())]
    return [Given(value, ask.known(value, place) or "") for value in values]


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
            yield Message.about(
                "subnet-has-group",
                "network.virtual_network",
                subnet=subnet.name,
                group=last_of(subnet.group),
                machines=sorted(inside),
            )


def _find_dynamic_ipv4(placed: Mapping[str, tuple[NewInterface, ...]]) -> Iterator[Message]:
    """A warning for every machine that gets a dynamic IPv4 address, as `has_ipv4` says of its interfaces."""
    for machine, interfaces in sorted(placed.items()):
        if any(not has_ipv4(interface.addresses) for interface in interfaces):
            yield Message.about("extra-ipv4", f"machines.{machine}", machine=machine)
