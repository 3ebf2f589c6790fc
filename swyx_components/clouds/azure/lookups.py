"""What a site needs of Azure, all of it looked up before anything is created."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from swyx_components.clouds.azure.existing import (
    Given,
    Interfaces,
    VirtualNetwork,
    find_by_address,
    find_by_id,
    read_network,
)
from swyx_components.clouds.azure.properties import read_properties
from swyx_components.clouds.azure.records import last_of
from swyx_components.clouds.deployment import Bindings, Deployment, Lookups
from swyx_components.installation.model import Machine
from swyx_components.messages import Message, SwyxError
from swyx_components.sets.prefixes import Prefix

_NETWORK = "azure-native:network:getVirtualNetwork"
_EXPAND = "subnets/ipConfigurations"  # with the address of each, which is else one lookup apiece
_REFUSED_EXPAND = "InvalidExpandQueryOptionValue"
_NAMES = ("virtual_network", "virtual_network_resource_group")
_BY_ID = ("interface_id", "interface_ids")
_MADE = ("subnet_id", "interface")


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


def first_lookup(
    network: Mapping[str, Any], bindings: Bindings
) -> tuple[str, Mapping[str, Any]] | None:
    """The virtual network, where its names are known and it is needed for a location, a subnet, a machine."""
    group = network.get("virtual_network_resource_group", network.get("resource_group"))
    name = network.get("virtual_network")
    if not (isinstance(group, str) and isinstance(name, str)):
        return None
    given = [_is_bound(binding) for binding in bindings.values()]
    if network.get("location") is not None and given and all(given):
        return None
    return _NETWORK, {"resourceGroupName": group, "virtualNetworkName": name, "expand": _EXPAND}


def _is_bound(binding: Mapping[str, Any]) -> bool:
    return any(binding.get(key) is not None for key in (*_BY_ID, "subnet_id"))


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
    known = {
        key: ask.known(network[key], f"network.{key}")
        for key in ("resource_group", *_NAMES)
        if network.get(key) is not None
    }
    found = find_network({**network, **known}, own, ask)
    interfaces = Interfaces(wanted.site, known["resource_group"], ask)
    existing, problems = _find_existing(attached, own, found, interfaces, ask)
    new, unplaced = _place_new(
        [machine for machine in attached if _is_made(own[machine.name])], own, found
    )
    problems += unplaced
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


def _is_made(binding: Mapping[str, Any]) -> bool:
    return any(binding.get(key) is not None for key in _MADE)


def _check(machine: str, binding: Mapping[str, Any]) -> Iterator[Message]:
    """A machine has interfaces that exist, or gets new ones."""
    given = [key for key in (*_BY_ID, *_MADE) if binding.get(key) is not None]
    if {*given} & {*_BY_ID} and {*given} & {*_MADE}:
        place = f"machines.{machine}"
        yield Message.about("bound-twice", place, keys=given, machine=machine)


def _find_existing(
    attached: Sequence[Machine],
    bindings: Bindings,
    network: VirtualNetwork,
    interfaces: Interfaces,
    ask: Lookups,
) -> tuple[Mapping[str, tuple[pulumi.Input[str], ...]], list[Message]]:
    """Interfaces by machine, as given or by address, each of them checked."""
    given = {machine.name: _given(machine, bindings, ask) for machine in attached}
    rest = [each for each in attached if not given[each.name] and not _is_made(bindings[each.name])]
    problems: list[Message] = []
    if network.name:
        by_address, problems = find_by_address(rest, network, interfaces)
        given |= {name: [Given(id, id) for id in ids] for name, ids in by_address.items()}
    else:
        problems += (_unbound(machine, "interface_id or subnet_id") for machine in rest)
    bound = [(machine, given[machine.name]) for machine in attached if given[machine.name]]
    found, refused = find_by_id(bound, interfaces)
    return found, [*problems, *refused]


def _given(machine: Machine, bindings: Bindings, ask: Lookups) -> list[Given]:
    binding, place = bindings[machine.name], f"machines.{machine.name}"
    one, several = (binding.get(key) for key in _BY_ID)
    values = [one, *(several or ())] if one is not None else list(several or ())
    return [Given(value, ask.known(value, f"{place}.interface_id") or "") for value in values]


def _unbound(machine: Machine, key: str) -> Message:
    place = f"machines.{machine.name}"
    return Message.about("machine-unbound", place, machine=machine.name, key=key)


def find_network(network: Mapping[str, Any], bindings: Bindings, ask: Lookups) -> VirtualNetwork:
    """The virtual network with its subnets, where `first_lookup` asks for it.

    Raises:
        SwyxError: there is no such network.
    """
    lookup = first_lookup(network, bindings)
    if lookup is None:
        return VirtualNetwork()
    token, arguments = lookup
    try:
        found = _ask_expanded(ask, token, arguments)
    except Exception as problem:  # the SDK raises a bare Exception with the provider's text
        reason = " ".join(str(problem).split())[:300]
        group, name = arguments["resourceGroupName"], arguments["virtualNetworkName"]
        raise SwyxError(
            [
                Message.about(
                    "network-not-found",
                    "network.virtual_network",
                    cloud="Azure",
                    kind=f"virtual network in resource group {group} called",
                    name=f"{name} ({reason})",
                    remedy="correct the names or the subscription",
                )
            ]
        ) from problem
    return read_network(arguments["virtualNetworkName"], found)


def _ask_expanded(ask: Lookups, token: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """The network; without the addresses in it where ARM refuses to expand one of its references.

    Source: Azure/azure-powershell#14169.
    """
    try:
        return ask(token, arguments)
    except Exception as problem:
        if _REFUSED_EXPAND not in str(problem):
            raise
        return ask(token, {k: value for k, value in arguments.items() if k != "expand"})


_Part = tuple[str, pulumi.Input[str], tuple[Prefix, ...]]  # suffix, subnet, addresses in it


def _place_new(
    machines: Sequence[Machine], bindings: Bindings, network: VirtualNetwork
) -> tuple[Mapping[str, tuple[NewInterface, ...]], list[Message]]:
    """The interfaces to make for each machine: one in the given subnet, or one in each that its addresses
    lie in; and a message for every address that no subnet contains.
    """
    placed: dict[str, tuple[NewInterface, ...]] = {}
    problems: list[Message] = []
    for machine in machines:
        binding = bindings[machine.name]
        if binding.get("subnet_id") is not None:
            parts: Sequence[_Part] = [("", binding["subnet_id"], machine.addresses)]
        elif network.name:
            parts = list(_by_subnet(machine, network, problems))
        else:
            problems.append(_unbound(machine, "subnet_id"))
            continue
        placed[machine.name] = tuple(_describe_new(machine, binding, parts, problems))
    return placed, problems


def _describe_new(
    machine: Machine,
    binding: Mapping[str, Any],
    parts: Sequence[_Part],
    problems: list[Message],
) -> Iterator[NewInterface]:
    """The interfaces with what the caller asks of them; its IP configurations are handed out in order."""
    place = f"machines.{machine.name}.interface"
    asked = binding.get("interface")
    given = read_properties({} if asked is None else asked, place, problems)
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


def has_ipv4(addresses: Iterable[Prefix]) -> bool:
    """Whether an interface of these addresses needs no other: its primary configuration must be IPv4.

    Source: "IPv6 for Azure Virtual Network overview", limitations.
    """
    return any(address.version == 4 for address in addresses)
