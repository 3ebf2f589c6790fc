"""What a site needs of EC2, and what is deployed of it, looked up before anything is created."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from swyx_components.clouds.aws.interfaces import Ask, Interface, find_interfaces, ids_of
from swyx_components.clouds.aws.names import clean_tag
from swyx_components.clouds.aws.peak import RULE_TAG, Membership
from swyx_components.installation.model import Machine
from swyx_components.messages import Message, SwyxError
from swyx_components.planner.model import RenderedGroup, RenderedSite

_VPCS = "aws:ec2/getVpcs:getVpcs"
_GROUPS = "aws:ec2/getSecurityGroups:getSecurityGroups"
_RULES = "aws:vpc/getSecurityGroupRules:getSecurityGroupRules"
_MOST_VALUES = 200  # of one filter in one lookup


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsSite:
    """Where a site's resources go: the VPC, and the interfaces of each machine that is attached."""

    vpc_id: pulumi.Input[str]
    interfaces: Mapping[str, tuple[Interface, ...]] = field(default_factory=dict)
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
    found = ids_of(ask(*lookup))
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


def count_rules(ask: Ask, tags: Mapping[str, str], rules: Sequence[str]) -> int:
    """How many security group rules have all of the tags and, unless none is given, any `RULE_TAG`."""
    chunks = [rules[i : i + _MOST_VALUES] for i in range(0, len(rules), _MOST_VALUES)] or [()]
    found: set[str] = set()
    for chunk in chunks:
        filters = [{"name": f"tag:{RULE_TAG}", "values": list(chunk)}] if chunk else []
        found.update(ids_of(ask(_RULES, {"filters": filters, "tags": {**tags}})))
    return len(found)


def find_memberships(
    rendered: RenderedSite,
    interfaces: Mapping[str, Sequence[Interface]],
    own: Mapping[str, str],
    ask: Ask,
) -> Iterator[Membership]:
    """The interfaces that may come to be in too many groups, be it for the time of an update."""
    limit = rendered.capabilities.limits["groups_per_interface"]
    for machine, interface, entries in _by_interface(rendered, interfaces):
        planned = sum(len(entry.shards) for entry in entries.values())
        if len(interface.groups) + planned > limit:
            yield Membership(
                machine,
                interface.key,
                interface.groups,
                ours=interface.groups & _find_groups(own, ask),
                own=frozenset().union(
                    *(_find_groups({**own, "swyx:group": clean_tag(name)}, ask) for name in entries)
                ),
                planned=planned,
            )


def check_last_groups(
    rendered: RenderedSite,
    interfaces: Mapping[str, Sequence[Interface]],
    own: Mapping[str, str],
    ask: Ask,
) -> Iterator[Message]:
    """A warning for every interface that is in groups of the stack alone: EC2 leaves none without a group.

    One lookup; none where each interface is in more groups than are planned for it.
    """
    few = [
        (machine, interface)
        for machine, interface, entries in _by_interface(rendered, interfaces)
        if 0 < len(interface.groups) <= sum(len(entry.shards) for entry in entries.values())
    ]
    ours = _find_groups(own, ask) if few else frozenset()
    for machine, interface in few:
        if interface.groups <= ours:
            yield Message.about(
                "last-group",
                f"sites.{rendered.plan.site}.machines.{machine}",
                interface=interface.key,
                machine=machine,
            )


def _by_interface(
    rendered: RenderedSite, interfaces: Mapping[str, Sequence[Interface]]
) -> Iterator[tuple[str, Interface, Mapping[str, RenderedGroup]]]:
    """Each interface with its first machine and, by name, the host groups that it is for."""
    joined: dict[str, list[tuple[str, Interface, RenderedGroup]]] = {}
    for entry in rendered.groups:
        for machine in entry.group.machines:
            for each in interfaces.get(machine.name, ()):
                joined.setdefault(each.key, []).append((machine.name, each, entry))
    for rows in joined.values():
        machine_name, interface, _ = rows[0]
        yield machine_name, interface, {entry.group.name: entry for _, _, entry in rows}


def _find_groups(tags: Mapping[str, str], ask: Ask) -> frozenset[str]:
    return frozenset(ids_of(ask(_GROUPS, {"filters": [], "tags": {**tags}})))
