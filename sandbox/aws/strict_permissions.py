"""The rules of a request, one source each, checked and canonical as EC2 stores them.

Source: IpPermission, SecurityGroupRuleRequest.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from moto.ec2.exceptions import EC2ClientError

from sandbox.aws.strict_text import check_rule_description, refuse_value

PROTOCOL_NAMES = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}
WITH_PORTS = frozenset({"tcp", "udp"})
WITH_TYPES = frozenset({"icmp", "icmpv6"})
HIGHEST_PORT = 65535
EVERY_PORT = -1
"""How EC2 writes "no range": what protocols without ports get, whatever the request says."""


class Source(Enum):
    """What the other side of a rule is; a rule has exactly one and keeps its kind for life."""

    IPV4 = "CidrIpv4"
    IPV6 = "CidrIpv6"
    PREFIX_LIST = "PrefixListId"
    GROUP = "ReferencedGroupId"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What makes two rules of one group and direction the same. The description is not part of it."""

    protocol: str
    from_port: int
    to_port: int
    source: Source
    peer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedRule:
    """A rule as a request asks for it."""

    identity: Identity
    description: str | None


def read_permissions(permissions: list[dict[str, Any]]) -> list[WantedRule]:
    """The rules that a request's IpPermissions name, one a source."""
    return [rule for permission in permissions for rule in _read_permission(permission)]


def read_rule_request(request: dict[str, Any]) -> WantedRule:
    """The rule of a ModifySecurityGroupRules request, which names exactly one source."""
    given = [source for source in Source if request.get(source.value) is not None]
    if len(given) != 1:
        raise EC2ClientError(
            "InvalidParameterCombination" if given else "MissingParameter",
            "The request must contain exactly one of: cidrIp, cidrIpv6, prefixListId, or referencedGroupId",
        )
    return _make_rule(request, given[0], request[given[0].value], request.get("Description"))


def canonical_cidr(text: str, version: int) -> str:
    """The CIDR as the API keeps it: host bits cleared, IPv6 compressed and lower case.

    >>> canonical_cidr("100.68.0.18/18", 4)
    '100.68.0.0/18'
    """
    try:
        if "/" not in text:
            raise ValueError(text)
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as malformed:
        raise refuse_value(f"CIDR block {text} is malformed") from malformed
    if network.version != version:
        raise refuse_value(f"CIDR block {text} is malformed")
    return str(network)


def _read_permission(permission: dict[str, Any]) -> Iterator[WantedRule]:
    sources = [*_list_sources(permission)]
    if not sources:
        raise EC2ClientError("MissingParameter", "Source group ID missing.")
    for source, peer, description in sources:
        yield _make_rule(permission, source, peer, description)


def _list_sources(permission: dict[str, Any]) -> Iterator[tuple[Source, str, str | None]]:
    for block in permission.get("IpRanges", []):
        yield Source.IPV4, block.get("CidrIp") or "", block.get("Description")
    for block in permission.get("Ipv6Ranges", []):
        yield Source.IPV6, block.get("CidrIpv6") or "", block.get("Description")
    for pair in permission.get("UserIdGroupPairs", []):
        yield (
            Source.GROUP,
            pair.get("GroupId") or pair.get("GroupName") or "",
            pair.get("Description"),
        )
    for listed in permission.get("PrefixListIds", []):
        yield Source.PREFIX_LIST, listed.get("PrefixListId") or "", listed.get("Description")


def _make_rule(
    request: dict[str, Any], source: Source, peer: str, description: str | None
) -> WantedRule:
    protocol = _read_protocol(request.get("IpProtocol"))
    from_port, to_port = _read_ports(protocol, request.get("FromPort"), request.get("ToPort"))
    if source in (Source.IPV4, Source.IPV6):
        peer = canonical_cidr(peer, 4 if source is Source.IPV4 else 6)
    if description is not None:
        check_rule_description(description)
    identity = Identity(
        protocol=protocol, from_port=from_port, to_port=to_port, source=source, peer=peer
    )
    return WantedRule(identity=identity, description=description or None)


def _read_protocol(text: str | None) -> str:
    if text is None:
        raise refuse_value(
            "Invalid value 'null' for protocol. VPC security group rules must specify protocols explicitly."
        )
    protocol = PROTOCOL_NAMES.get(str(text).lower(), str(text).lower())
    if protocol in WITH_PORTS | WITH_TYPES | {"-1"} or (
        protocol.isdecimal() and int(protocol) <= 255
    ):
        return protocol
    raise refuse_value(f"Invalid value '{text}' for IP protocol. Unknown protocol.")


def _read_ports(protocol: str, lower: Any, upper: Any) -> tuple[int, int]:
    if protocol not in WITH_PORTS | WITH_TYPES:
        return EVERY_PORT, EVERY_PORT
    if lower is None or upper is None:
        raise refuse_value(
            "Invalid value for portRange. Must specify both from and to ports with TCP/UDP."
        )
    from_port, to_port = int(lower), int(upper)
    if protocol in WITH_TYPES:
        return _check_types(protocol, from_port, to_port)
    if not 0 <= from_port <= to_port <= HIGHEST_PORT:
        raise refuse_value(f"Invalid {protocol.upper()} port range ({from_port}:{to_port})")
    return from_port, to_port


def _check_types(protocol: str, kind: int, code: int) -> tuple[int, int]:
    if not (-1 <= kind <= 255 and -1 <= code <= 255) or (kind == -1 and code != -1):
        raise refuse_value(f"Invalid {protocol.upper()} type or code ({kind}:{code})")
    return kind, code
