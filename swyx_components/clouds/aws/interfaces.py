"""The network interfaces of a site's machines, looked up before anything is created."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from swyx_components.analysis.deployed.stack_state import Fields
from swyx_components.clouds.aws.client import ADDRESS_FILTERS, in_chunks
from swyx_components.clouds.aws.records import NetworkInterface
from swyx_components.clouds.deployment import Bindings, Lookups, reason_of, unbound
from swyx_components.installation.model import Machine
from swyx_components.messages import Message, SwyxError, raise_errors
from swyx_components.sets.prefixes import Prefix

_INTERFACES = "aws:ec2/getNetworkInterfaces:getNetworkInterfaces"
_INTERFACE = "aws:ec2/getNetworkInterface:getNetworkInterface"
_INSTANCE = "aws:ec2/getInstance:getInstance"
_KEYS = ("instance_id", "interface_id", "interface_ids")
_INTERFACE_ID = "eni-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """An interface of a machine and the groups that it is in now.

    `key` is the name of its attachments: its id, which never changes, however it was given
    and even if its machine is renamed; or the machine's name, if a preview can't know the id yet.
    """

    id: pulumi.Input[str]
    key: str
    groups: frozenset[str] = frozenset()
    addresses: frozenset[Prefix] = frozenset()


def find_interfaces(
    machines: Sequence[Machine], bindings: Bindings, vpc_id: pulumi.Input[str], ask: Lookups
) -> Mapping[str, tuple[Interface, ...]]:
    """The interfaces of each machine, each once: as given, or those that have its addresses.

    Raises:
        SwyxError: with one message for everything that was not found.
    """
    finder = _Finder(ask)
    own = {machine.name: bindings.get(machine.name, {}) for machine in machines}
    by_address = [each for each in machines if not any(map(own[each.name].get, _KEYS))]
    vpc = ask.known(vpc_id, "network.vpc_id") if by_address else None
    inside = finder.find_all(by_address, vpc) if vpc else ()
    found: dict[str, tuple[Interface, ...]] = {}
    problems: list[Message] = []
    for machine in machines:
        try:
            if machine in by_address:
                interfaces = _by_address(machine, inside, vpc)
            else:
                interfaces = finder.find_bound(machine, own[machine.name])
        except SwyxError as error:
            problems += error.messages
        else:
            found[machine.name] = tuple({each.key: each for each in interfaces}.values())
    raise_errors(problems)
    return found


class _Finder:
    """Interfaces, each described once."""

    def __init__(self, ask: Lookups) -> None:
        self._ask = ask
        self._described: dict[str, Interface] = {}

    def _describe(self, id: str) -> Interface:
        if id not in self._described:
            found = NetworkInterface.of_provider(Fields(self._ask(_INTERFACE, {"id": id}), id), id)
            self._described[id] = Interface(
                id=id,
                key=id,
                groups=frozenset(found.groups),
                addresses=frozenset(address.prefix for address in found.addresses),
            )
        return self._described[id]

    def find_all(self, machines: Sequence[Machine], vpc: str) -> Sequence[Interface]:
        """The interfaces of a VPC that have any address of the machines."""
        ids: set[str] = set()
        for version, name in ADDRESS_FILTERS.items():
            addresses = (a for m in machines for a in m.addresses if a.version == version)
            for some in in_chunks(address.address for address in addresses):
                ids.update(find_ids(self._ask, _INTERFACES, {"vpc-id": [vpc], name: some}))
        return list(map(self._describe, sorted(ids)))

    def find_bound(self, machine: Machine, binding: Mapping[str, Any]) -> Sequence[Interface]:
        """The interfaces that a machine is bound to, by their ids or by that of an instance."""
        place, keys = f"machines.{machine.name}", [key for key in _KEYS if binding.get(key)]
        if keys == ["instance_id"]:
            return self._of_instance(machine, binding["instance_id"])
        if "instance_id" in keys:
            raise SwyxError.about("bound-twice", place, keys=keys, machine=machine.name)
        several = enumerate(binding.get("interface_ids") or ())
        ids = [(f"{place}.interface_ids[{number}]", each) for number, each in several]
        if "interface_id" in keys:
            ids.insert(0, (f"{place}.interface_id", binding["interface_id"]))
        return [self._given(machine, number, *each) for number, each in enumerate(ids)]

    def _given(
        self, machine: Machine, number: int, place: str, given: pulumi.Input[str]
    ) -> Interface:
        id = self._ask.known(given, place)
        if id is None:
            return Interface(id=given, key=f"{machine.name}.{number}" if number else machine.name)
        try:
            return self._describe(id)
        except Exception as problem:  # the SDK raises a bare Exception with the provider's text
            name = f"{id} ({reason_of(problem)})"
            raise not_found(place, "network interface", name) from problem

    def _of_instance(self, machine: Machine, given: pulumi.Input[str]) -> Sequence[Interface]:
        """Those that have an address of the machine; of an instance of this program else its primary one.

        The id of an interface stands for that: a program that only has an output can't tell which it is.
        """
        place = f"machines.{machine.name}.instance_id"
        instance = self._ask.known(given, place)
        if instance is None:
            id = pulumi.Output.from_input(given).apply(self._primary_of)
            return [Interface(id=id, key=machine.name)]
        if instance.startswith(_INTERFACE_ID):
            return [self._given(machine, 0, place, instance)]
        ids = find_ids(self._ask, _INTERFACES, {"attachment.instance-id": [instance]})
        interfaces = list(map(self._describe, ids))
        if not interfaces:
            raise not_found(place, "instance with network interfaces", instance)
        own = _having(machine, interfaces)
        if not own and not isinstance(given, str):
            answer = self._ask(_INSTANCE, {"instanceId": instance})
            own = [self._describe(answer["networkInterfaceId"])]
        if not own:
            raise SwyxError.about(
                "instance-without-address",
                place,
                instance=instance,
                machine=machine.name,
                addresses=[address.address for address in machine.addresses],
                known=sorted(a.address for each in interfaces for a in each.addresses),
            )
        return own

    def _primary_of(self, id: str) -> pulumi.Input[str]:
        if id.startswith(_INTERFACE_ID):
            return id
        answer = self._ask.later(_INSTANCE, {"instanceId": id})
        return answer.apply(lambda found: str(found["networkInterfaceId"]))


def _having(machine: Machine, interfaces: Sequence[Interface]) -> Sequence[Interface]:
    return [
        each for address in machine.addresses for each in interfaces if address in each.addresses
    ]


def _by_address(
    machine: Machine, inside: Sequence[Interface], vpc: str | None
) -> Sequence[Interface]:
    if vpc is None:
        raise SwyxError([unbound(machine, "interface_id or instance_id")])
    own = _having(machine, inside)
    there = {address for each in own for address in each.addresses}
    place, values = f"machines.{machine.name}", {"machine": machine.name, "network": vpc}
    raise_errors(
        Message.about("machine-not-found", place, address=each.address, **values)
        for each in machine.addresses
        if each not in there
    )
    return own


def not_found(place: str, kind: str, name: str, also: str = "") -> SwyxError:
    """An error for what a lookup does not find; `also` is a further remedy."""
    remedy = f"correct the {'tags' if also else 'id'} or the region{also}"
    values = {"cloud": "AWS", "kind": kind, "name": name, "remedy": remedy}
    return SwyxError.about("network-not-found", place, **values)


def find_ids(
    ask: Lookups, token: str, filters: Mapping[str, Sequence[str]], **more: Mapping[str, str]
) -> list[str]:
    """The ids of all that has any value of each filter."""
    asked = [{"name": name, "values": [*values]} for name, values in filters.items()]
    return list(ask(token, {"filters": asked, **more}).get("ids") or ())
