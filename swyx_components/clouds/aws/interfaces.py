"""The network interfaces of a site's machines, looked up before anything is created."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import pulumi

from swyx_components.clouds.deployment import Bindings, Lookups
from swyx_components.installation.model import Machine
from swyx_components.messages import Message, SwyxError
from swyx_components.sets.prefixes import Prefix

_INTERFACES = "aws:ec2/getNetworkInterfaces:getNetworkInterfaces"
_INTERFACE = "aws:ec2/getNetworkInterface:getNetworkInterface"
_INSTANCE = "aws:ec2/getInstance:getInstance"
_FILTERS = {4: "addresses.private-ip-address", 6: "ipv6-addresses.ipv6-address"}
_MOST_VALUES = 200  # of one filter in one lookup


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """An interface of a machine and the groups that it is in now.

    `key` is what its attachments are called after: its id, which never changes, however it was given
    and whatever its machine is called. Where a preview can't know it yet, the machine stands for it.
    """

    id: pulumi.Input[str]
    key: str
    groups: frozenset[str] = frozenset()
    addresses: frozenset[Prefix] = frozenset()


_Describe = Callable[[str], Interface]


def find_interfaces(
    machines: Sequence[Machine],
    bindings: Bindings,
    vpc_id: pulumi.Input[str],
    ask: Lookups,
) -> Mapping[str, tuple[Interface, ...]]:
    """The interfaces of each machine, each once: as given, or those that have its addresses.

    Raises:
        SwyxError: with one message for everything that is not there.
    """
    describe = cache(partial(_describe, ask))
    unbound = [
        machine
        for machine in machines
        if not _ids_in(machine, binding := bindings.get(machine.name, {}))
        and binding.get("instance_id") is None
    ]
    vpc = ask.known(vpc_id, "network.vpc_id") if unbound else None
    inside = _find_all(unbound, vpc, ask, describe) if vpc else ()
    found: dict[str, tuple[Interface, ...]] = {}
    problems: list[Message] = []
    for machine in machines:
        binding = bindings.get(machine.name, {})
        try:
            if given := _ids_in(machine, binding):
                if binding.get("instance_id") is not None:
                    raise _bound_twice(machine, binding)
                own: Sequence[Interface] = [*_given(machine, given, ask, describe)]
            elif binding.get("instance_id") is not None:
                own = _of_instance(machine, binding["instance_id"], ask, describe)
            else:
                own = _by_address(machine, inside, vpc)
        except SwyxError as error:
            problems += error.messages
        else:
            found[machine.name] = tuple({each.key: each for each in own}.values())
    if problems:
        raise SwyxError(problems)
    return found


def _ids_in(
    machine: Machine, binding: Mapping[str, Any]
) -> Sequence[tuple[str, pulumi.Input[str]]]:
    """The ids of interfaces, each with its place."""
    one, several = binding.get("interface_id"), binding.get("interface_ids") or ()
    at = f"machines.{machine.name}"
    return [
        *([(f"{at}.interface_id", one)] if one is not None else []),
        *((f"{at}.interface_ids[{number}]", given) for number, given in enumerate(several)),
    ]


def _bound_twice(machine: Machine, binding: Mapping[str, Any]) -> SwyxError:
    keys = [key for key in ("instance_id", "interface_id", "interface_ids") if binding.get(key)]
    place = f"machines.{machine.name}"
    return SwyxError([Message.about("bound-twice", place, keys=keys, machine=machine.name)])


def _describe(ask: Lookups, id: str) -> Interface:
    answer = ask(_INTERFACE, {"id": id})
    addresses = [*(answer.get("privateIps") or ()), *(answer.get("ipv6Addresses") or ())]
    return Interface(
        id=id,
        key=id,
        groups=frozenset(answer.get("securityGroups") or ()),
        addresses=frozenset(map(Prefix.parse, addresses)),
    )


def _given(
    machine: Machine,
    ids: Sequence[tuple[str, pulumi.Input[str]]],
    ask: Lookups,
    describe: _Describe,
) -> Iterator[Interface]:
    for number, (at, given) in enumerate(ids):
        id = ask.known(given, at)
        if id is None:
            yield Interface(id=given, key=f"{machine.name}.{number}" if number else machine.name)
            continue
        try:
            yield describe(id)
        except Exception as problem:  # the SDK raises a bare Exception with the provider's text
            reason = " ".join(str(problem).split())[:300]
            raise _not_found(at, "network interface", f"{id} ({reason})") from problem


def _of_instance(
    machine: Machine, given: pulumi.Input[str], ask: Lookups, describe: _Describe
) -> Sequence[Interface]:
    """Those that have an address of the machine; of an instance of this program else its primary one."""
    at = f"machines.{machine.name}.instance_id"
    instance = ask.known(given, at)
    if instance is None:
        primary = ask.later(_INSTANCE, {"instanceId": given})
        id = primary.apply(lambda answer: str(answer["networkInterfaceId"]))
        return [Interface(id=id, key=machine.name)]
    filters = [{"name": "attachment.instance-id", "values": [instance]}]
    interfaces = [describe(id) for id in ids_of(ask(_INTERFACES, {"filters": filters}))]
    if not interfaces:
        raise _not_found(at, "instance with network interfaces", instance)
    own = _having(machine, interfaces)
    if not own and not isinstance(given, str):
        own = [describe(ask(_INSTANCE, {"instanceId": instance})["networkInterfaceId"])]
    if not own:
        raise SwyxError(
            [
                Message.about(
                    "instance-without-address",
                    at,
                    instance=instance,
                    machine=machine.name,
                    addresses=[address.address for address in machine.addresses],
                    known=sorted(a.address for each in interfaces for a in each.addresses),
                )
            ]
        )
    return own


def _having(machine: Machine, interfaces: Sequence[Interface]) -> Sequence[Interface]:
    return [
        each for address in machine.addresses for each in interfaces if address in each.addresses
    ]


def _find_all(
    machines: Sequence[Machine], vpc: str, ask: Lookups, describe: _Describe
) -> Sequence[Interface]:
    """The interfaces of a VPC that have any address of the machines."""
    ids: set[str] = set()
    for version, name in _FILTERS.items():
        values = [
            address.address
            for machine in machines
            for address in machine.addresses
            if address.version == version
        ]
        for first in range(0, len(values), _MOST_VALUES):
            some = values[first : first + _MOST_VALUES]
            filters = [{"name": "vpc-id", "values": [vpc]}, {"name": name, "values": some}]
            ids.update(ids_of(ask(_INTERFACES, {"filters": filters})))
    return [describe(id) for id in sorted(ids)]


def _by_address(
    machine: Machine, inside: Sequence[Interface], vpc: str | None
) -> Sequence[Interface]:
    place = f"machines.{machine.name}"
    if vpc is None:
        key = "interface_id or instance_id"
        raise SwyxError([Message.about("machine-unbound", place, machine=machine.name, key=key)])
    own = _having(machine, inside)
    there = {address for each in own for address in each.addresses}
    missing = [
        Message.about(
            "machine-not-found", place, machine=machine.name, address=address.address, network=vpc
        )
        for address in machine.addresses
        if address not in there
    ]
    if missing:
        raise SwyxError(missing)
    return own


def _not_found(place: str, kind: str, name: str) -> SwyxError:
    remedy = "correct the id or the region"
    return SwyxError(
        [
            Message.about(
                "network-not-found", place, cloud="AWS", kind=kind, name=name, remedy=remedy
            )
        ]
    )


def ids_of(answer: Mapping[str, Any]) -> list[str]:
    """The ids in the answer of a lookup that finds many."""
    return list(answer.get("ids") or ())
