"""moto's rule objects, made from and read as the identities EC2 compares."""

from __future__ import annotations

import copy
from typing import Any

from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupRule

from sandbox.aws.strict_permissions import EVERY_PORT, Identity, Source, WantedRule


def identify(rule: SecurityGroupRule) -> Identity:
    """What the rule is, description apart."""
    source, peer = _read_source(rule)
    none = EVERY_PORT
    return Identity(
        protocol=str(rule.ip_protocol),
        from_port=none if rule.from_port is None else int(rule.from_port),
        to_port=none if rule.to_port is None else int(rule.to_port),
        source=source,
        peer=peer,
    )


def describe(rule: SecurityGroupRule) -> str | None:
    """The description, wherever moto keeps it for this kind of source."""
    text = rule.ip_range.get("Description") or rule.source_group.get("Description")
    return text or getattr(rule, "prefix_list_description", None)


def make_rule(
    backend: Any, group: SecurityGroup, wanted: WantedRule, *, is_egress: bool, tags: Any
) -> SecurityGroupRule:
    """A new rule with an id of its own."""
    rule = SecurityGroupRule(
        backend, "-1", group.id, None, None, {}, is_egress=is_egress, tags=dict(tags or {})
    )
    write_rule(rule, wanted)
    return rule


def write_rule(rule: SecurityGroupRule, wanted: WantedRule) -> None:
    """Make the rule what is wanted, its id and tags apart; without a description it loses its old one."""
    identity = wanted.identity
    has_ports = identity.protocol in ("tcp", "udp", "icmp", "icmpv6")
    rule.ip_protocol = identity.protocol
    rule.from_port = identity.from_port if has_ports else None
    rule.to_port = identity.to_port if has_ports else None
    rule.ip_range, rule.source_group, rule.prefix_list_id = {}, {}, None
    described = {"Description": wanted.description} if wanted.description else {}
    if identity.source is Source.IPV4:
        rule.ip_range = {"CidrIp": identity.peer, **described}
    elif identity.source is Source.IPV6:
        rule.ip_range = {"CidrIpv6": identity.peer, **described}
    elif identity.source is Source.GROUP:
        rule.source_group = {"GroupId": identity.peer, "UserId": rule.owner_id, **described}
    else:
        rule.prefix_list_id = identity.peer
    listed = identity.source is Source.PREFIX_LIST
    rule.__dict__["prefix_list_description"] = wanted.description if listed else None


def show_rule(rule: SecurityGroupRule) -> SecurityGroupRule:
    """The rule as the API tells it: -1 where it has no ports."""
    shown = copy.copy(rule)
    identity = identify(rule)
    shown.from_port, shown.to_port = identity.from_port, identity.to_port
    return shown


def rules_of(group: SecurityGroup, *, is_egress: bool) -> list[SecurityGroupRule]:
    """The live list of a group's rules in one direction."""
    return group.egress_rules if is_egress else group.ingress_rules


def _read_source(rule: SecurityGroupRule) -> tuple[Source, str]:
    if rule.ip_range.get("CidrIp"):
        return Source.IPV4, rule.ip_range["CidrIp"]
    if rule.ip_range.get("CidrIpv6"):
        return Source.IPV6, rule.ip_range["CidrIpv6"]
    if rule.source_group:
        return Source.GROUP, rule.source_group["GroupId"]
    return Source.PREFIX_LIST, str(rule.prefix_list_id)
