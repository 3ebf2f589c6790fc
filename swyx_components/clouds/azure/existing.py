"""A virtual network and the interfaces in it, given by id or found by a machine's address, each checked
whether it can take its group.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pulumi

from swyx_components.clouds.azure.names import physical_name
from swyx_components.clouds.azure.records import key_of, last_of
from swyx_components.clouds.deployment import Lookups
from swyx_components.installation.model import Machine
from swyx_components.messages import Message
from swyx_components.sets.prefixes import Prefix

Found = Mapping[str, tuple[pulumi.Input[str], ...]]

_INTERFACE = "azure-native:network:getNetworkInterface"
_ID = re.compile(
    r"/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\.Network/networkInterfaces/([^/]+)",
    re.IGNORECASE,
)
_AT_ONCE = 32  # interfaces asked for their addresses before the next ones are


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


class Given(NamedTuple):
    """An interface of a machine as it is bound. `id` is empty where a preview can't know it yet."""

    value: pulumi.Input[str]
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """An interface as Azure has it. `group` is the id of its network security group, if it has one."""

    id: str
    addresses: tuple[Prefix, ...]
    group: str
    location: str | None


class Interfaces:
    """The interfaces of a site's subscription, each asked for once."""

    def __init__(self, site: str, resource_group: str | None, ask: Lookups) -> None:
        self._site, self._resource_group, self._ask = site, resource_group, ask
        self._read: dict[str, Interface | BaseException] = {}
        self._owners: dict[str, str] = {}

    @property
    def location(self) -> str | None:
        """Where the interfaces are, by the first that was read."""
        known = (each.location for each in self._read.values() if isinstance(each, Interface))
        return next(known, None)

    def read(self, ids: Iterable[str]) -> None:
        """Ask for those that were not asked for yet."""
        new = [id for key, id in {key_of(id): id for id in ids}.items() if key not in self._read]
        answers = self._ask.together(_INTERFACE, [_arguments(id) for id in new]) if new else ()
        for id, answer in zip(new, answers, strict=True):
            self._read[key_of(id)] = (
                answer if isinstance(answer, BaseException) else _interface(id, answer)
            )

    def get(self, id: str) -> Interface | BaseException:
        """One that was read, or why it could not be."""
        return self._read[key_of(id)]

    def check(self, machine: Machine, id: str) -> Iterator[Message]:
        """Why a machine's group can't be put on an interface."""
        place = f"machines.{machine.name}"
        other = self._owners.setdefault(key_of(id), machine.name)
        if not is_interface(id):
            yield Message.about("interface-id-wrong", place, value=id)
        elif other != machine.name:
            yield Message.about(
                "interface-shared", place, interface=id, one=other, two=machine.name
            )
        elif isinstance(interface := self.get(id), BaseException):
            reason = " ".join(str(interface).split())[:300]
            yield Message.about("interface-unknown", place, interface=id, reason=reason)
        else:
            yield from self._compare(machine, id, interface)

    def _compare(self, machine: Machine, id: str, interface: Interface) -> Iterator[Message]:
        """With what the interface has: an address of the machine, and no group of somebody else."""
        place, values = f"machines.{machine.name}", {"machine": machine.name, "interface": id}
        if interface.addresses and not set(machine.addresses) & set(interface.addresses):
            addresses = [each.address for each in interface.addresses]
            wanted = [each.address for each in machine.addresses]
            yield Message.about(
                "interface-lacks-address", place, **values, found=addresses, wanted=wanted
            )
        group = interface.group
        if not group or self._is_group_of(machine.name, group):
            return
        sibling = last_of(group).lower().startswith(f"{self._site}.".lower())
        message = (
            "interface-of-sibling" if sibling and self._is_ours(group) else "interface-has-group"
        )
        yield Message.about(message, place, **values, group=last_of(group))

    def _is_group_of(self, machine: str, group: str) -> bool:
        name = physical_name(self._site, machine, kind="nsg")
        return last_of(group).lower() == name.lower() and self._is_ours(group)

    def _is_ours(self, group: str) -> bool:
        """Whether a group is in the site's resource group, as far as that is known."""
        own = self._resource_group
        return own is None or f"/resourcegroups/{own.lower()}/" in key_of(group)


def is_interface(text: str) -> bool:
    """Whether a text is the id of a network interface."""
    return _ID.fullmatch(text) is not None


def _arguments(id: str) -> Mapping[str, str]:
    """What an interface is asked for with."""
    match = _ID.fullmatch(id)
    assert match is not None, "only ids of interfaces are asked for"
    return {"resourceGroupName": match[2], "networkInterfaceName": match[3]}


def _canonical(id: str) -> str:
    """The id as pulumi-azure takes it: only the names in it may be in any case."""
    return _ID.sub(
        r"/subscriptions/\1/resourceGroups/\2/providers/Microsoft.Network/networkInterfaces/\3", id
    )


def _interface(id: str, answer: Mapping[str, Any]) -> Interface:
    addresses = (address_in(each) for each in answer.get("ipConfigurations") or ())
    return Interface(
        id=id,
        addresses=tuple(address for address in addresses if address is not None),
        group=(answer.get("networkSecurityGroup") or {}).get("id") or "",
        location=answer.get("location"),
    )


def find_by_address(
    machines: Sequence[Machine], network: VirtualNetwork, interfaces: Interfaces
) -> tuple[Mapping[str, list[str]], list[Message]]:
    """The interfaces that have the machines' addresses, and a message for every address that none has.

    Where the network's answer has no addresses, the interfaces of the subnets in question are asked, some
    at a time, until all are found.
    """
    wanted = {address for machine in machines for address in machine.addresses}
    holders = {
        each.address: each.id
        for subnet in network.subnets
        for each in subnet.configurations
        if each.address in wanted
    }
    candidates = list(_candidates(wanted - holders.keys(), network))
    while candidates and wanted - holders.keys():
        batch, candidates = candidates[:_AT_ONCE], candidates[_AT_ONCE:]
        interfaces.read(batch)
        for id in batch:
            read = interfaces.get(id)
            if isinstance(read, Interface):
                holders |= dict.fromkeys(set(read.addresses) & wanted, f"{id}/ipConfigurations/")
    found: dict[str, list[str]] = {}
    problems: list[Message] = []
    for machine in machines:
        own: dict[str, None] = {}
        for address in machine.addresses:
            holder = holders.get(address, "")
            id = _interface_of(holder)
            if id:
                own[id] = None
            else:
                problems.append(_not_found(machine, address, network, holder))
        found[machine.name] = list(own)
    return found, problems


def _candidates(missing: set[Prefix], network: VirtualNetwork) -> Iterator[str]:
    """Interfaces in the subnets of the missing addresses whose own addresses are not told."""
    for subnet in network.subnets:
        if any(subnet.contains(address) for address in missing):
            untold = (each.id for each in subnet.configurations if each.address is None)
            yield from dict.fromkeys(filter(None, map(_interface_of, untold)))


def _interface_of(configuration: str) -> str:
    """The interface of an IP configuration's id; empty where a scale set, gateway or endpoint has it."""
    owner = re.split("/ipConfigurations/", configuration, flags=re.IGNORECASE)[0]
    return owner if is_interface(owner) else ""


def _not_found(machine: Machine, address: Prefix, network: VirtualNetwork, holder: str) -> Message:
    place = f"machines.{machine.name}"
    values = {"machine": machine.name, "address": address.address}
    if holder:
        return Message.about("address-held", place, **values, holder=holder)
    return Message.about("interface-not-found", place, **values, network=network.name)


def find_by_id(
    bound: Sequence[tuple[Machine, Sequence[Given]]], interfaces: Interfaces
) -> tuple[Found, list[Message]]:
    """The interfaces of each machine in the order given, each once, and a message for every one that can't
    take its group.
    """
    interfaces.read(
        sorted({each.id for _, given in bound for each in given if is_interface(each.id)})
    )
    problems: list[Message] = []
    found: dict[str, tuple[pulumi.Input[str], ...]] = {}
    for machine, given in bound:
        own: dict[Any, pulumi.Input[str]] = {}
        for place, each in enumerate(given):
            if not each.id:
                own[place] = each.value
            elif key_of(each.id) not in own:
                canonical = _canonical(each.id)
                own[key_of(each.id)] = each.value if canonical == each.id else canonical
                problems += interfaces.check(machine, each.id)
        found[machine.name] = tuple(own.values())
    return found, problems
