"""A virtual network and the interfaces in it, given by id or found by a machine's address, each checked
whether it can take its group.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pulumi

from swyx_components.analysis.deployed.stack_state import Fields
from swyx_components.clouds.azure.names import physical_name
from swyx_components.clouds.azure.records import key_of, last_of, read_interface
from swyx_components.clouds.deployment import Bindings, Lookups, about, bound_ids, reason_of
from swyx_components.clouds.inventory import Interface
from swyx_components.installation.model import Machine
from swyx_components.messages import Message, SwyxError
from swyx_components.sets.prefixes import Prefix

BY_ID = ("interface_id", "interface_ids")
_NETWORK = "azure-native:network:getVirtualNetwork"
_EXPAND = "subnets/ipConfigurations"  # with the address of each, which is else one lookup apiece
_REFUSED_EXPAND = "InvalidExpandQueryOptionValue"
_INTERFACE = "azure-native:network:getNetworkInterface"
_ID = re.compile(
    r"/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\.Network/networkInterfaces/([^/]+)",
    re.IGNORECASE,
)
# As pulumi-azure takes it: only the names in it may be in any case.
_CANONICAL = r"/subscriptions/\1/resourceGroups/\2/providers/Microsoft.Network/networkInterfaces/\3"


class Subnet(NamedTuple):
    """A subnet of the site's virtual network. `group` is the id of its network security group, or empty.

    `configurations` are the IP configurations in it, each with its id and its address if that is told.
    """

    id: str
    name: str
    prefixes: tuple[Prefix, ...]
    group: str
    configurations: tuple[tuple[str, tuple[Prefix, ...]], ...]

    @classmethod
    def read(cls, raw: Fields) -> "Subnet":
        """As ARM has it."""
        return cls(
            id=raw.get("id", str),
            name=raw.get("name", str),
            prefixes=tuple(sorted({*raw.parse(Prefix.parse, "addressPrefix", "addressPrefixes")})),
            group=raw.nested("networkSecurityGroup").get("id", str, ""),
            configurations=tuple(
                (each.get("id", str), each.parse(Prefix.parse, "privateIPAddress"))
                for each in raw.objects("ipConfigurations")
            ),
        )


class VirtualNetwork(NamedTuple):
    """A virtual network as looked up, or an empty one where the program makes it itself."""

    name: str = ""
    location: str | None = None
    subnets: tuple[Subnet, ...] = ()

    @property
    def holders(self) -> Mapping[Prefix, str]:
        """The IP configuration that has each address, as far as these are told."""
        return {
            address: id
            for subnet in self.subnets
            for id, own in subnet.configurations
            for address in own
        }

    def subnet_of(self, address: Prefix) -> Subnet | None:
        """The subnet that an address lies in."""
        holding = (s for s in self.subnets if any(each.contains(address) for each in s.prefixes))
        return next(holding, None)


def find_network(network: Mapping[str, Any], bindings: Bindings, ask: Lookups) -> VirtualNetwork:
    """The virtual network with its subnets, where its names are known and it is needed for a location, a
    subnet or a machine; without the addresses in it where ARM refuses to expand one of its references.

    Raises:
        SwyxError: there is no such network.
    Source: Azure/azure-powershell#14169.
    """
    group = network.get("virtual_network_resource_group", network.get("resource_group"))
    name = network.get("virtual_network")
    bound = [binding.keys() & {*BY_ID, "subnet_id"} for binding in bindings.values()]
    is_needed = "location" not in network or not bound or not all(bound)
    if not (isinstance(group, str) and isinstance(name, str) and is_needed):
        return VirtualNetwork()
    arguments = {"resourceGroupName": group, "virtualNetworkName": name}
    (answer,) = ask.together(_NETWORK, [{**arguments, "expand": _EXPAND}])
    if isinstance(answer, BaseException) and _REFUSED_EXPAND in str(answer):
        (answer,) = ask.together(_NETWORK, [arguments])
    if isinstance(answer, BaseException):
        raise SwyxError.about(
            "network-not-found",
            "network.virtual_network",
            cloud="Azure",
            kind=f"virtual network in resource group {group} called",
            name=f"{name} ({reason_of(answer)})",
            remedy="correct the names or the subscription",
        ) from answer
    subnets = tuple(map(Subnet.read, Fields(answer, name).objects("subnets")))
    return VirtualNetwork(name, answer.get("location"), subnets)


class Interfaces:
    """The interfaces of a site's subscription, each asked for once.

    `location` is that of the first; `problems` gets what is wrong with each.
    """

    def __init__(self, site: str, resource_group: str | None, ask: Lookups) -> None:
        self._site, self._resource_group, self._ask = site, resource_group, ask
        self._known: dict[str, Interface | BaseException] = {}
        self._owners: dict[str, str] = {}
        self.location: str | None = None
        self.problems: list[Message] = []

    def find(
        self, machines: Sequence[Machine], bindings: Bindings, network: VirtualNetwork
    ) -> Mapping[str, tuple[pulumi.Input[str], ...]]:
        """Those of each machine, each once, in the order given or by address.

        Where the network's answer has no addresses, the interfaces of the subnets in question are asked.
        """
        bound = {
            each.name: [own[1:] for own in bound_ids(each, bindings[each.name], self._ask)]
            for each in machines
        }
        ids = {id for given in bound.values() for id, _ in given}
        rest = [machine for machine in machines if not bound[machine.name]]
        wanted, told = {each for machine in rest for each in machine.addresses}, network.holders
        ids |= {_interface_of(told[address]) for address in wanted & told.keys()}
        for subnet in filter(None, {*map(network.subnet_of, wanted - told.keys())}):
            ids |= {_interface_of(id) for id, own in subnet.configurations if not own}
        self._read(sorted(ids))
        read = [each for each in self._known.values() if isinstance(each, Interface)]
        holders = {**{own.prefix: each.id for each in read for own in each.addresses}, **told}
        found: dict[str, tuple[pulumi.Input[str], ...]] = {}
        for machine in machines:
            own: dict[Any, pulumi.Input[str]] = {}
            given = bound[machine.name] or self._find_by_address(machine, network.name, holders)
            for place, (id, value) in enumerate(given):
                if not id:
                    own[place] = value
                elif key_of(id) not in own:
                    canonical = _ID.sub(_CANONICAL, id)
                    own[key_of(id)] = value if canonical == id else canonical
                    self.problems += self._check(machine, id)
            found[machine.name] = tuple(own.values())
        return found

    def _find_by_address(
        self, machine: Machine, network: str, holders: Mapping[Prefix, str]
    ) -> Iterator[tuple[str, str]]:
        """The interfaces that have the machine's addresses; an error for every address that none has."""
        if not network:
            self.problems.append(about("machine-unbound", machine, key="interface_id or subnet_id"))
            return
        for address in machine.addresses:
            holder = holders.get(address, "")
            if id := _interface_of(holder):
                yield id, id
                continue
            why = "address-held" if holder else "interface-not-found"
            values = {"address": address.address, "network": network, "holder": holder}
            self.problems.append(about(why, machine, **values))

    def _read(self, ids: Iterable[str]) -> None:
        matches = {key_of(id): match for id in ids if (match := _ID.fullmatch(id))}
        asked = [
            {"resourceGroupName": match[2], "networkInterfaceName": match[3]}
            for match in matches.values()
        ]
        answers = self._ask.together(_INTERFACE, asked)
        for (key, match), answer in zip(matches.items(), answers, strict=True):
            if isinstance(answer, BaseException):
                self._known[key] = answer
            else:
                self._known[key] = read_interface(Fields({**answer, "id": match[0]}, match[0]))
                self.location = self.location or answer.get("location")

    def _check(self, machine: Machine, id: str) -> Iterator[Message]:
        """Why a machine's group can't be put on an interface."""
        other = self._owners.setdefault(key_of(id), machine.name)
        if not _ID.fullmatch(id):
            yield about("interface-id-wrong", machine, value=id)
        elif other != machine.name:
            yield about("interface-shared", machine, interface=id, one=other, two=machine.name)
        elif isinstance(interface := self._known[key_of(id)], BaseException):
            yield about("interface-unknown", machine, interface=id, reason=reason_of(interface))
        else:
            yield from self._compare(machine, id, interface)

    def _compare(self, machine: Machine, id: str, interface: Interface) -> Iterator[Message]:
        """With what the interface has: an address of the machine, and no group of somebody else.

        The resource group decides whose a group is, as far as it is known.
        """
        found = [each.prefix for each in interface.addresses]
        if found and not set(machine.addresses) & set(found):
            told, wanted = ([each.address for each in own] for own in (found, machine.addresses))
            yield about("interface-lacks-address", machine, interface=id, found=told, wanted=wanted)
        group, own = "".join(interface.groups), self._resource_group
        name, mine = last_of(group), physical_name(self._site, machine.name, kind="nsg")
        is_ours = own is None or f"/resourcegroups/{own.lower()}/" in key_of(group)
        if group and not (is_ours and name.lower() == mine.lower()):
            is_sibling = is_ours and name.lower().startswith(f"{self._site}.".lower())
            why = "interface-of-sibling" if is_sibling else "interface-has-group"
            yield about(why, machine, interface=id, group=name)


def _interface_of(configuration: str) -> str:
    """The interface of an IP configuration's id; empty where a scale set, gateway or endpoint has it."""
    owner = re.split("/ipConfigurations/", configuration, flags=re.IGNORECASE)[0]
    return owner if _ID.fullmatch(owner) else ""
