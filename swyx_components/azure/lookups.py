"""What a site needs of Azure, all of it looked up before anything is created."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from swyx_components.installation.model import Machine
from swyx_components.messages import Message, SwyxError
from swyx_components.sets.prefixes import Prefix

Ask = Callable[
    [str, Mapping[str, Any]], Mapping[str, Any]
]  # a lookup's token and arguments: its answer
Bindings = Mapping[str, Mapping[str, Any]]  # by machine

_NETWORK = "azure-native:network:getVirtualNetwork"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """A subnet of the site's virtual network; without prefixes where only its id is known."""

    id: pulumi.Input[str]
    name: str = ""
    prefixes: tuple[Prefix, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One interface to be made: a machine's addresses in one subnet. `suffix` is empty for its first.

    `called` is what its name says: the machine, or what the machine was called when it was made.
    """

    machine: str
    called: str
    suffix: str
    subnet: Subnet
    addresses: tuple[Prefix, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureSite:
    """Where a site's resources go, and the interfaces to make for each machine that is attached."""

    resource_group: pulumi.Input[str]
    location: pulumi.Input[str] | None
    interfaces: Mapping[str, tuple[Attachment, ...]] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureNetwork:
    """A virtual network as looked up, or an empty one where the program makes it itself."""

    name: str = ""
    location: str | None = None
    subnets: tuple[Subnet, ...] = ()


def plugin() -> pulumi.InvokeOptions:
    """Which provider answers: the one that the SDK makes resources with."""
    from pulumi_azure_native import _utilities

    options: pulumi.InvokeOptions = _utilities.get_invoke_opts_defaults()
    return options


def first_lookup(
    network: Mapping[str, Any], bindings: Bindings
) -> tuple[str, Mapping[str, Any]] | None:
    """The virtual network, where its names are known and it is needed for a location or a subnet."""
    names = network.get("resource_group"), network.get("virtual_network")
    given = [binding.get("subnet_id") is not None for binding in bindings.values()]
    if not all(isinstance(name, str) for name in names):
        return None
    if network.get("location") is not None and given and all(given):
        return None
    return _NETWORK, {"resourceGroupName": names[0], "virtualNetworkName": names[1]}


def look_up(
    network: Mapping[str, Any],
    attached: Sequence[Machine],
    bindings: Bindings,
    tags: Mapping[str, str],
    ask: Ask,
) -> AzureSite:
    """The site's virtual network, and the subnets of the machines to attach.

    Raises:
        SwyxError: something is not there; all of it.
    """
    own = {machine.name: bindings.get(machine.name, {}) for machine in attached}
    found = find_network(network, own, ask)
    return AzureSite(
        resource_group=network["resource_group"],
        location=network.get("location", found.location),
        interfaces=place_machines(attached, bindings, found),
        tags=tags,
    )


def find_network(network: Mapping[str, Any], bindings: Bindings, ask: Ask) -> AzureNetwork:
    """The virtual network with its subnets, where `first_lookup` asks for it.

    Raises:
        SwyxError: there is no such network.
    """
    lookup = first_lookup(network, bindings)
    if lookup is None:
        return AzureNetwork()
    names = network["resource_group"], network["virtual_network"]
    try:
        found = ask(*lookup)
    except Exception as problem:  # the SDK raises a bare Exception with the provider's text
        reason = " ".join(str(problem).split())[:300]
        raise SwyxError(
            [
                Message.about(
                    "network-not-found",
                    "network.virtual_network",
                    cloud="Azure",
                    kind=f"virtual network in resource group {names[0]} called",
                    name=f"{names[1]} ({reason})",
                    remedy="correct the names or the subscription",
                )
            ]
        ) from problem
    subnets = tuple(
        Subnet(
            id=str(subnet.get("id")), name=str(subnet.get("name")), prefixes=_prefixes_of(subnet)
        )
        for subnet in found.get("subnets") or ()
    )
    return AzureNetwork(name=names[1], location=found.get("location"), subnets=subnets)


def _prefixes_of(subnet: Mapping[str, Any]) -> tuple[Prefix, ...]:
    texts = {subnet.get("addressPrefix"), *(subnet.get("addressPrefixes") or ())} - {None}
    return tuple(Prefix.parse(text) for text in sorted(texts))


def place_machines(
    machines: Sequence[Machine], bindings: Bindings, network: AzureNetwork
) -> Mapping[str, tuple[Attachment, ...]]:
    """The interfaces to make for each machine: one for every subnet in which its addresses lie.

    Raises:
        SwyxError: with one message for every address that no subnet contains.
    """
    placed: dict[str, tuple[Attachment, ...]] = {}
    problems: list[Message] = []
    for machine in machines:
        binding = bindings.get(machine.name, {})
        called = binding.get("formerly", machine.name)
        given = binding.get("subnet_id")
        if given is not None:
            only = Attachment(
                machine=machine.name,
                called=called,
                suffix="",
                subnet=Subnet(id=given),
                addresses=machine.addresses,
            )
            placed[machine.name] = (only,)
        elif network.name:
            placed[machine.name] = _by_subnet(machine, called, network, problems)
        else:
            place = f"machines.{machine.name}"
            problems.append(
                Message.about("machine-unbound", place, machine=machine.name, key="subnet_id")
            )
    if problems:
        raise SwyxError(problems)
    return placed


def _by_subnet(
    machine: Machine, called: str, network: AzureNetwork, problems: list[Message]
) -> tuple[Attachment, ...]:
    members: dict[int, list[Prefix]] = {}
    for address in machine.addresses:
        inside = (
            place
            for place, subnet in enumerate(network.subnets)
            if any(prefix.contains(address) for prefix in subnet.prefixes)
        )
        place = next(inside, None)
        if place is None:
            problems.append(
                Message.about(
                    "subnet-not-found",
                    f"machines.{machine.name}",
                    network=network.name,
                    address=address.address,
                    machine=machine.name,
                    known=[str(p) for subnet in network.subnets for p in subnet.prefixes] or "none",
                )
            )
        else:
            members.setdefault(place, []).append(address)
    return tuple(
        Attachment(
            machine=machine.name,
            called=called,
            suffix=network.subnets[place].name if order else "",
            subnet=network.subnets[place],
            addresses=tuple(addresses),
        )
        for order, (place, addresses) in enumerate(members.items())
    )


def find_lonely_ipv6(placed: Mapping[str, tuple[Attachment, ...]]) -> Iterator[Message]:
    """A warning for every machine that gets a dynamic IPv4 address, as `has_ipv4` says of its interfaces."""
    for machine, interfaces in sorted(placed.items()):
        if any(not has_ipv4(interface.addresses) for interface in interfaces):
            yield Message.about("extra-ipv4", f"machines.{machine}", machine=machine)


def has_ipv4(addresses: Iterable[Prefix]) -> bool:
    """Whether an interface of these addresses needs no other: its primary configuration must be IPv4.

    Source: "IPv6 for Azure Virtual Network overview", limitations.
    """
    return any(address.version == 4 for address in addresses)
