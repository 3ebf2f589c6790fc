"""What a site needs of EC2, and what is deployed of it, looked up before anything is created."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import pulumi

from swyx_components.analysis.deployed.stack_state import STACK_TAG, Fields
from swyx_components.clouds.aws.client import ADDRESS_FILTERS, in_chunks
from swyx_components.clouds.aws.names import TEXTS
from swyx_components.clouds.aws.quotas import RULE_TAG, Membership, check_memberships, check_peak
from swyx_components.clouds.aws.records import interface_of_provider
from swyx_components.clouds.deployment import Bindings, Lookups, about, bound_ids, reason_of
from swyx_components.installation.model import Egress, Machine
from swyx_components.messages import Message, SwyxError, raise_errors
from swyx_components.planner.model import RenderedGroup, RenderedSite
from swyx_components.sets.prefixes import EVERYWHERE, Prefix

_VPCS = "aws:ec2/getVpcs:getVpcs"
_GROUPS = "aws:ec2/getSecurityGroups:getSecurityGroups"
_RULES = "aws:vpc/getSecurityGroupRules:getSecurityGroupRules"
_RULE = "aws:vpc/getSecurityGroupRule:getSecurityGroupRule"
_INTERFACES = "aws:ec2/getNetworkInterfaces:getNetworkInterfaces"
_INTERFACE = "aws:ec2/getNetworkInterface:getNetworkInterface"
_INSTANCE = "aws:ec2/getInstance:getInstance"
_KEYS = ("instance_id", "interface_id", "interface_ids")
_INTERFACE_ID = "eni-"


def find_vpc(network: Mapping[str, Any], ask: Lookups) -> pulumi.Input[str]:
    """The VPC's id, as given or looked up by its tags.

    Raises:
        SwyxError: no VPC, or more than one, carries the tags.
    """
    if "vpc_id" in network:
        given: pulumi.Input[str] = network["vpc_id"]
        return given
    tags = network["vpc_tags"]
    found = _find_ids(ask, _VPCS, {f"tag:{key}": [value] for key, value in tags.items()})
    if len(found) != 1:
        words = ", ".join(f"{key}={value}" for key, value in sorted(tags.items()))
        kind = "single VPC with the tags" if found else "VPC with the tags"
        words += f" (found {len(found)})" if found else ""
        raise _not_found("network.vpc_tags", kind, words, ", or write network.vpc_id")
    return found[0]


# ---- the interfaces of its machines


class Interface(NamedTuple):
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
    vpc = ask.known(vpc_id, "network.vpc_id") or "" if by_address else ""
    inside = finder.find_all(by_address, vpc) if vpc else ()
    found: dict[str, tuple[Interface, ...]] = {}
    problems: list[Message] = []
    for machine in machines:
        try:
            interfaces = finder.find_bound(machine, own[machine.name])
            interfaces = interfaces or _by_address(machine, inside, vpc)
            found[machine.name] = tuple({each.key: each for each in interfaces}.values())
        except SwyxError as error:
            problems += error.messages
    raise_errors(problems)
    return found


class _Finder:
    """Interfaces, each described once."""

    def __init__(self, ask: Lookups) -> None:
        self._ask = ask
        self._described: dict[str, Interface] = {}

    def _describe(self, id: str) -> Interface:
        if id not in self._described:
            found = interface_of_provider(Fields(self._ask(_INTERFACE, {"id": id}), id), id)
            addresses = frozenset(address.prefix for address in found.addresses)
            self._described[id] = Interface(id, id, frozenset(found.groups), addresses)
        return self._described[id]

    def find_all(self, machines: Sequence[Machine], vpc: str) -> Sequence[Interface]:
        """The interfaces of a VPC that have any address of the machines."""
        ids: set[str] = set()
        for version, name in ADDRESS_FILTERS.items():
            own = [a.address for m in machines for a in m.addresses if a.version == version]
            ids.update(_find_ids(self._ask, _INTERFACES, {"vpc-id": [vpc], name: own}))
        return list(map(self._describe, sorted(ids)))

    def find_bound(self, machine: Machine, binding: Mapping[str, Any]) -> Sequence[Interface]:
        """The interfaces that a machine is bound to, by their ids or by that of an instance."""
        keys = [key for key in _KEYS if binding.get(key)]
        if keys == ["instance_id"]:
            return self._of_instance(machine, binding["instance_id"])
        if "instance_id" in keys:
            raise SwyxError([about("bound-twice", machine, keys=keys)])
        return [
            self._given(place, id, given, f"{machine.name}.{number}" if number else machine.name)
            for number, (place, id, given) in enumerate(bound_ids(machine, binding, self._ask))
        ]

    def _given(self, place: str, id: str, given: pulumi.Input[str], key: str) -> Interface:
        if not id:
            return Interface(given, key)
        try:
            return self._describe(id)
        except Exception as problem:  # the SDK raises a bare Exception with the provider's text
            name = f"{id} ({reason_of(problem)})"
            raise _not_found(place, "network interface", name) from problem

    def _of_instance(self, machine: Machine, given: pulumi.Input[str]) -> Sequence[Interface]:
        """Those that have an address of the machine; of an instance of this program else its primary one.

        The id of an interface stands for that: a program that only has an output can't tell which it is.
        """
        place = f"machines.{machine.name}.instance_id"
        instance = self._ask.known(given, place)
        if instance is None or instance.startswith(_INTERFACE_ID):
            return [self._given(place, instance or "", given, machine.name)]
        ids = _find_ids(self._ask, _INTERFACES, {"attachment.instance-id": [instance]})
        interfaces = list(map(self._describe, ids))
        if not interfaces:
            raise _not_found(place, "instance with network interfaces", instance)
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


def _having(machine: Machine, interfaces: Sequence[Interface]) -> Sequence[Interface]:
    return [each for own in machine.addresses for each in interfaces if own in each.addresses]


def _by_address(machine: Machine, inside: Sequence[Interface], vpc: str) -> Sequence[Interface]:
    if not vpc:
        raise SwyxError([about("machine-unbound", machine, key="interface_id or instance_id")])
    own = _having(machine, inside)
    there = {address for each in own for address in each.addresses}
    raise_errors(
        about("machine-not-found", machine, address=each.address, network=vpc)
        for each in machine.addresses
        if each not in there
    )
    return own


def _not_found(place: str, kind: str, name: str, also: str = "") -> SwyxError:
    """An error for what a lookup does not find; `also` is a further remedy."""
    remedy = f"correct the {'tags' if also else 'id'} or the region{also}"
    values = {"cloud": "AWS", "kind": kind, "name": name, "remedy": remedy}
    return SwyxError.about("network-not-found", place, **values)


def _find_ids(
    ask: Lookups,
    token: str,
    filters: Mapping[str, Sequence[str]],
    tags: Mapping[str, str] | None = None,
) -> list[str]:
    """The ids of all that has any value of each filter, and all of the tags; sorted."""
    more = {"tags": {**tags}} if tags else {}
    found: set[str] = set()
    for chunks in product(*map(in_chunks, filters.values())):
        asked = [{"name": name, "values": own} for name, own in zip(filters, chunks, strict=True)]
        found.update(ask(token, {"filters": asked, **more}).get("ids") or ())
    return sorted(found)


# ---- what is deployed of it


def check_update(
    rendered: RenderedSite,
    interfaces: Mapping[str, Sequence[Interface]],
    own: Mapping[str, str],
    ask: Lookups,
) -> Iterator[Message]:
    """What an update would meet in groups and rules with the tags `own`, and at the interfaces."""
    memberships = list(_find_memberships(rendered, interfaces, own, ask))
    # In groups of the stack alone, and in no more than are planned: EC2 leaves none without a group.
    for machine, interface, on, ours, _, planned in memberships:
        if 0 < len(on) <= planned and on == ours:
            place = f"sites.{rendered.plan.site}.machines.{machine}"
            yield Message.about("last-group", place, interface=interface, machine=machine)
    yield from check_open_egress(rendered, own, ask)
    yield from check_peak(rendered, partial(_count_rules, ask, own))
    yield from check_memberships(rendered, memberships)


def _count_rules(ask: Lookups, own: Mapping[str, str], group: str, rules: Sequence[str]) -> int:
    """How many security group rules `Count` asks for; all have the tags `own`."""
    tags = {**own, "swyx:group": TEXTS.clean_tag(group)} if group else own
    return len(_find_ids(ask, _RULES, {f"tag:{RULE_TAG}": rules} if rules else {}, tags))


def _find_memberships(
    rendered: RenderedSite,
    interfaces: Mapping[str, Sequence[Interface]],
    own: Mapping[str, str],
    ask: Lookups,
) -> Iterator[Membership]:
    """The interfaces that may get into too many groups, if only during an update, or be left without one."""
    limit = rendered.capabilities.limits["groups_per_interface"]
    joined: dict[str, tuple[str, Interface, dict[str, RenderedGroup]]] = {}
    for entry in rendered.groups:
        for machine in entry.group.machines:
            for each in interfaces.get(machine.name, ()):
                joined.setdefault(each.key, (machine.name, each, {}))[2][entry.group.name] = entry
    ours: frozenset[str] | None = None
    for name, interface, entries in joined.values():
        on, planned = interface.groups, sum(len(entry.shards) for entry in entries.values())
        is_crowded = len(on) + planned > limit
        if is_crowded or 0 < len(on) <= planned:
            ours = frozenset(_find_ids(ask, _GROUPS, {}, own)) if ours is None else ours
            groups = [*map(TEXTS.clean_tag, entries)] if is_crowded else []
            there = frozenset(_find_ids(ask, _GROUPS, {"tag:swyx:group": groups}, own))
            yield Membership(name, interface.key, on, ours & on, there, planned)


def check_open_egress(
    rendered: RenderedSite, own: Mapping[str, str], ask: Lookups
) -> Iterator[Message]:
    """An error where groups with the tags `own` allow all egress that is not planned.

    The provider closes it when it creates a group and never again: where that was interrupted, later
    updates leave it open. One lookup where no group has a rule for every protocol; what the rules in
    question say is asked of each alone, as EC2 takes no filter for that.
    """
    if rendered.plan.egress is Egress.OPEN:
        return
    groups = _find_ids(ask, _GROUPS, {"egress.ip-permission.protocol": ["-1"]}, own)
    rules, made = (_find_ids(ask, _RULES, {"group-id": groups}, tags) for tags in ({}, own))
    found = [ask(_RULE, {"securityGroupRuleId": rule}) for rule in sorted({*rules} - {*made})]
    everywhere = set(map(str, EVERYWHERE))
    opened = [
        (rule["securityGroupId"], peer)
        for rule in found
        if rule["isEgress"] and rule["ipProtocol"] == "-1"
        if (peer := rule.get("cidrIpv4") or rule.get("cidrIpv6")) in everywhere
    ]
    if opened:
        groups, peers = (sorted({*names}) for names in zip(*opened, strict=True))
        site, stack = rendered.plan.site, own[STACK_TAG].rpartition("/")[2]
        values = {"site": site, "stack": stack, "groups": groups, "peers": peers}
        yield Message.about("egress-left-open", f"sites.{site}", **values)
