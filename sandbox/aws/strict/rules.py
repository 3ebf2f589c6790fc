"""Security group rules as EC2 stores and counts them: one source each, checked and canonical.

Source: IpPermission, SecurityGroupRuleRequest.
"""

import copy
import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupRule

from sandbox.aws.strict.wrap import refuse

PROTOCOL_NAMES = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}
WITH_PORTS = frozenset({"tcp", "udp"})
WITH_TYPES = frozenset({"icmp", "icmpv6"})
HIGHEST_PORT = 65535
EVERY_PORT = -1
"""How EC2 writes "no range": what protocols without ports get, whatever the request says."""

LONGEST_DESCRIPTION = 255
DESCRIPTION = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=;{}!$*]*")
"""EC2's characters for a rule's description: no ``&`` and no ``>``."""


class Source(Enum):
    """What the other side of a rule is; a rule has exactly one and keeps its kind for life."""

    IPV4 = "CidrIpv4"
    IPV6 = "CidrIpv6"
    PREFIX_LIST = "PrefixListId"
    GROUP = "ReferencedGroupId"


# Of each source: the list of a permission that holds it, and its keys there.
_LISTS = {
    Source.IPV4: ("IpRanges", ("CidrIp",)),
    Source.IPV6: ("Ipv6Ranges", ("CidrIpv6",)),
    Source.GROUP: ("UserIdGroupPairs", ("GroupId", "GroupName")),
    Source.PREFIX_LIST: ("PrefixListIds", ("PrefixListId",)),
}
# What a rule of each source counts for IPv4 and for IPv6; a prefix list: its `max_entries`.
_WEIGHTS = {Source.IPV4: (1, 0), Source.IPV6: (0, 1), Source.GROUP: (1, 1)}


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes two rules of one group and direction the same. The description is not part of it."""

    protocol: str
    from_port: int
    to_port: int
    source: Source
    peer: str


@dataclass(frozen=True, slots=True)
class WantedRule:
    """A rule as a request asks for it."""

    identity: Identity
    description: str | None


def read_permissions(permissions: Iterable[dict[str, Any]]) -> list[WantedRule]:
    """The rules that a request's IpPermissions name, one a source."""
    return [rule for permission in permissions for rule in _read_permission(permission)]


def read_rule_request(request: dict[str, Any]) -> WantedRule:
    """The rule of a ModifySecurityGroupRules request, which names exactly one source."""
    given = [source for source in Source if request.get(source.value) is not None]
    if len(given) != 1:
        raise refuse("rule-sources" if given else "rule-source-missing")
    return _make_rule(request, given[0], request[given[0].value], request.get("Description"))


def canonical_cidr(text: str, version: int) -> str:
    """The CIDR as the API keeps it: host bits cleared, IPv6 compressed and lower case.

    >>> canonical_cidr("100.68.0.18/18", 4)
    '100.68.0.0/18'
    """
    try:
        network = ipaddress.ip_network(text if "/" in text else "", strict=False)
    except ValueError as malformed:
        raise refuse("cidr-malformed", text=text) from malformed
    if network.version != version:
        raise refuse("cidr-malformed", text=text)
    return str(network)


def check_description(text: str) -> None:
    """A rule's description: at most 255 characters of the set."""
    if len(text) > LONGEST_DESCRIPTION:
        raise refuse("rule-description-too-long", most=LONGEST_DESCRIPTION)
    if not DESCRIPTION.fullmatch(text):
        raise refuse("rule-description-characters")


def check_quota(
    rules: Iterable[Identity], list_weights: Mapping[str, tuple[int, int]], quota: int
) -> None:
    """Refuse a direction whose rules pass the quota in either family."""
    weights = [_WEIGHTS.get(rule.source) or list_weights.get(rule.peer, (1, 1)) for rule in rules]
    if max(sum(ipv4 for ipv4, _ in weights), sum(ipv6 for _, ipv6 in weights)) > quota:
        raise refuse("rules-per-group")


def identify(rule: SecurityGroupRule) -> Identity:
    """What one of moto's rules is, description apart."""
    ports = (rule.from_port, rule.to_port)
    lower, upper = (EVERY_PORT if port is None else int(port) for port in ports)
    return Identity(str(rule.ip_protocol), lower, upper, *_read_source(rule))


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
    has_ports = identity.protocol in WITH_PORTS | WITH_TYPES
    rule.ip_protocol = identity.protocol
    rule.from_port = identity.from_port if has_ports else None
    rule.to_port = identity.to_port if has_ports else None
    rule.ip_range, rule.source_group, rule.prefix_list_id = {}, {}, None
    described = {"Description": wanted.description} if wanted.description else {}
    rule.__dict__["prefix_list_description"] = None
    match identity.source:
        case Source.IPV4:
            rule.ip_range = {"CidrIp": identity.peer, **described}
        case Source.IPV6:
            rule.ip_range = {"CidrIpv6": identity.peer, **described}
        case Source.GROUP:
            rule.source_group = {"GroupId": identity.peer, "UserId": rule.owner_id, **described}
        case Source.PREFIX_LIST:
            rule.prefix_list_id = identity.peer
            rule.__dict__["prefix_list_description"] = wanted.description


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


def _read_permission(permission: dict[str, Any]) -> Iterator[WantedRule]:
    found = [
        (source, next(filter(None, map(item.get, keys)), ""), item.get("Description"))
        for source, (field, keys) in _LISTS.items()
        for item in permission.get(field, [])
    ]
    if not found:
        raise refuse("rule-source-missing")
    for source, peer, description in found:
        yield _make_rule(permission, source, peer, description)


def _make_rule(
    request: dict[str, Any], source: Source, peer: str, description: str | None
) -> WantedRule:
    protocol = _read_protocol(request.get("IpProtocol"))
    ports = _read_ports(protocol, request.get("FromPort"), request.get("ToPort"))
    if source in (Source.IPV4, Source.IPV6):
        peer = canonical_cidr(peer, 4 if source is Source.IPV4 else 6)
    check_description(description or "")
    return WantedRule(Identity(protocol, *ports, source, peer), description or None)


def _read_protocol(text: str | None) -> str:
    if text is None:
        raise refuse("protocol-missing")
    protocol = PROTOCOL_NAMES.get(str(text).lower(), str(text).lower())
    is_number = protocol.isdecimal() and int(protocol) <= 255
    if protocol in WITH_PORTS | WITH_TYPES | {"-1"} or is_number:
        return protocol
    raise refuse("protocol-unknown", text=text)


def _read_ports(protocol: str, lower: Any, upper: Any) -> tuple[int, int]:
    """Ports, or type and code of ICMP."""
    if protocol not in WITH_PORTS | WITH_TYPES:
        return EVERY_PORT, EVERY_PORT
    if lower is None or upper is None:
        raise refuse("ports-missing")
    first, last = int(lower), int(upper)
    name = protocol.upper()
    if protocol in WITH_PORTS and not 0 <= first <= last <= HIGHEST_PORT:
        raise refuse("port-range", name=name, first=first, last=last)
    is_message = -1 <= first <= 255 and -1 <= last <= 255 and (first != -1 or last == -1)
    if protocol in WITH_TYPES and not is_message:
        raise refuse("icmp-type", name=name, first=first, last=last)
    return first, last
