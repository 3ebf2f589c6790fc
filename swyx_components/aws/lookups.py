"""What a site needs of EC2, and what is deployed of it, looked up before anything is created."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pulumi

from swyx_components.aws.names import clean_tag
from swyx_components.aws.peak import RULE_TAG, Membership
from swyx_components.installation.model import Machine
from swyx_components.messages import Message, SwyxError
from swyx_components.planner.model import RenderedSite

_VPCS = "aws:ec2/getVpcs:getVpcs"
_INTERFACES = "aws:ec2/getNetworkInterfaces:getNetworkInterfaces"
_INTERFACE = "aws:ec2/getNetworkInterface:getNetworkInterface"
_GROUPS = "aws:ec2/getSecurityGroups:getSecurityGroups"
_RULES = "aws:vpc/getSecurityGroupRules:getSecurityGroupRules"
_FILTERS = {4: "addresses.private-ip-address", 6: "ipv6-addresses.ipv6-address"}
_MOST_VALUES = 200  # of one filter in one lookup


class Ask(Protocol):
    """Puts a lookup, by its token and arguments, to the provider that makes the site's resources."""

    def __call__(self, token: str, arguments: Mapping[str, Any], /) -> Mapping[str, Any]:
        """The answer to arguments that are all known."""

    def later(
        self, token: str, arguments: Mapping[str, Any], /
    ) -> pulumi.Output[Mapping[str, Any]]:
        """The answer to arguments of which some are still to be known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsSite:
    """Where a site's resources go: the VPC, and the interfaces of each machine that is attached."""

    vpc_id: pulumi.Input[str]
    interfaces: Mapping[str, tuple[pulumi.Input[str], ...]] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


def plugin() -> pulumi.InvokeOptions:
    """Which provider answers: the one that the SDK makes resources with."""
    from pulumi_aws import _utilities

    options: pulumi.InvokeOptions = _utilities.get_invoke_opts_defaults()
    return options


def first_lookup(
    network: Mapping[str, Any], bindings: Mapping[str, Mapping[str, Any]]
) -> tuple[str, Mapping[str, Any]] | None:
    """What `look_up` asks first, where it follows from the arguments alone."""
    if "vpc_id" in network:
        return None
    tags = network["vpc_tags"].items()
    return _VPCS, {"filters": [{"name": f"tag:{key}", "values": [value]} for key, value in tags]}


def look_up(
    network: Mapping[str, Any],
    attached: Sequence[Machine],
    bindings: Mapping[str, Mapping[str, Any]],
    tags: Mapping[str, str],
    ask: Ask,
) -> AwsSite:
    """The site's VPC, and the interfaces of the machines to attach.

    Raises:
        SwyxError: something is not there; all of it.
    """
    vpc_id = find_vpc(network, ask)
    interfaces = find_interfaces(attached, bindings, vpc_id, ask)
    return AwsSite(vpc_id=vpc_id, interfaces=interfaces, tags=tags)


def find_vpc(network: Mapping[str, Any], ask: Ask) -> pulumi.Input[str]:
    """The VPC's id, as given or looked up by its tags.

    Raises:
        SwyxError: no VPC, or more than one, carries the tags.
    """
    lookup = first_lookup(network, {})
    if lookup is None:
        given: pulumi.Input[str] = network["vpc_id"]
        return given
    found = _ids(ask(*lookup))
    if len(found) != 1:
        tags = ", ".join(f"{key}={value}" for key, value in sorted(network["vpc_tags"].items()))
        how_many = f" (but {len(found)})" if found else ""
        raise SwyxError(
            [
                Message.about(
                    "network-not-found",
                    "network.vpc_tags",
                    cloud="AWS",
                    kind="single VPC with the tags" if found else "VPC with the tags",
                    name=tags + how_many,
                    remedy="correct the tags or the region, or write network.vpc_id",
                )
            ]
        )
    return found[0]


def find_interfaces(
    machines: Sequence[Machine],
    bindings: Mapping[str, Mapping[str, Any]],
    vpc_id: pulumi.Input[str],
    ask: Ask,
) -> Mapping[str, tuple[pulumi.Input[str], ...]]:
    """The interfaces of each machine: as given, those of its instance, or looked up by its addresses.

    Raises:
        SwyxError: with one message for every address that no interface of the VPC has.
    """
    found: dict[str, tuple[pulumi.Input[str], ...]] = {}
    problems: list[Message] = []
    for machine in machines:
        binding = bindings.get(machine.name, {})
        if binding.get("interface_ids"):
            found[machine.name] = tuple(binding["interface_ids"])
        elif binding.get("instance_id") is not None:
            found[machine.name] = _of_instance(binding["instance_id"], ask)
        elif isinstance(vpc_id, str):
            ids, missing = _by_address(machine, vpc_id, ask)
            found[machine.name] = ids
            problems += missing
        else:
            place = f"machines.{machine.name}"
            problems.append(
                Message.about(
                    "machine-unbound",
                    place,
                    machine=machine.name,
                    key="interface_ids or instance_id",
                )
            )
    if problems:
        raise SwyxError(problems)
    return found


def _of_instance(instance: pulumi.Input[str], ask: Ask) -> tuple[pulumi.Input[str], ...]:
    """All interfaces of a known instance; the first one of an instance that is still to be made."""
    lookup = {"filters": [{"name": "attachment.instance-id", "values": [instance]}]}
    if isinstance(instance, str):
        return tuple(sorted(_ids(ask(_INTERFACES, lookup))))
    return (ask.later(_INTERFACES, lookup).apply(lambda answer: sorted(_ids(answer))[0]),)


def _by_address(machine: Machine, vpc_id: str, ask: Ask) -> tuple[tuple[str, ...], list[Message]]:
    ids: list[str] = []
    missing: list[Message] = []
    for address in machine.addresses:
        filters = [
            {"name": "vpc-id", "values": [vpc_id]},
            {"name": _FILTERS[address.version], "values": [address.address]},
        ]
        found = _ids(ask(_INTERFACES, {"filters": filters}))
        ids += found
        if not found:
            missing.append(
                Message.about(
                    "machine-not-found",
                    f"machines.{machine.name}",
                    machine=machine.name,
                    address=address.address,
                    network=vpc_id,
                )
            )
    return tuple(dict.fromkeys(ids)), missing


def count_rules(ask: Ask, tags: Mapping[str, str], rules: Sequence[str]) -> int:
    """How many security group rules have all of the tags and, unless none is given, any `RULE_TAG`."""
    chunks = [rules[i : i + _MOST_VALUES] for i in range(0, len(rules), _MOST_VALUES)] or [()]
    found: set[str] = set()
    for chunk in chunks:
        filters = [{"name": f"tag:{RULE_TAG}", "values": list(chunk)}] if chunk else []
        found.update(_ids(ask(_RULES, {"filters": filters, "tags": {**tags}})))
    return len(found)


def find_memberships(
    rendered: RenderedSite,
    interfaces: Mapping[str, Sequence[pulumi.Input[str]]],
    own: Mapping[str, str],
    ask: Ask,
) -> Iterator[Membership]:
    """Known interfaces for which several groups are planned, or that are in several already."""
    spread = _find_groups(own, ask, [{"name": "tag-key", "values": ["swyx:shard"]}])
    inside: frozenset[str] = frozenset()
    if spread:
        filters = [{"name": "group-id", "values": sorted(spread)}]
        inside = frozenset(_ids(ask(_INTERFACES, {"filters": filters})))
    for entry in rendered.groups:
        several = len(entry.shards) > 1
        watched = [
            (machine.name, interface)
            for machine in entry.group.machines
            for interface in interfaces.get(machine.name, ())
            if isinstance(interface, str) and (several or interface in inside)
        ]
        tags = {**own, "swyx:group": clean_tag(entry.group.name)}
        of_group = _find_groups(tags, ask) if watched else frozenset()
        for machine, interface in watched:
            on = ask(_INTERFACE, {"id": interface}).get("securityGroups")
            yield Membership(
                machine, interface, frozenset(on or ()), of_group, planned=len(entry.shards)
            )


def _find_groups(
    tags: Mapping[str, str], ask: Ask, filters: Sequence[Mapping[str, Any]] = ()
) -> frozenset[str]:
    return frozenset(_ids(ask(_GROUPS, {"filters": [*filters], "tags": {**tags}})))


def _ids(answer: Mapping[str, Any]) -> list[str]:
    return list(answer.get("ids") or ())
