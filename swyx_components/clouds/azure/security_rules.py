"""From specs to the security rules of a network security group."""

from collections.abc import Mapping
from typing import Any

from swyx_components.planner.model import Direction, Protocol, RenderedGroup, Spec
from swyx_components.sets.ports import PortSet

_ANYTHING = "*"
_PROTOCOLS = {
    Protocol.TCP: "Tcp",
    Protocol.UDP: "Udp",
    Protocol.ICMP: "Icmp",
    Protocol.ICMPV6: "Icmp",  # the prefixes of the rule tell which of the two is meant
    Protocol.ANY: _ANYTHING,
}
_DIRECTIONS = {Direction.IN: "Inbound", Direction.OUT: "Outbound"}


def write_rules(rendered: RenderedGroup) -> list[Mapping[str, Any]]:
    """All rules of a group, as the arguments of the SDK's `SecurityRule`."""
    return [_rule(spec) for spec in rendered.specs]


def _rule(spec: Spec) -> Mapping[str, Any]:
    inbound = spec.direction is Direction.IN
    own, peer = ("destination", "source") if inbound else ("source", "destination")
    return {
        "name": spec.name,
        "priority": spec.priority,
        "direction": _DIRECTIONS[spec.direction],
        "access": "Allow" if spec.allow else "Deny",
        "protocol": _PROTOCOLS[spec.protocol],
        "description": spec.description,
        **_port_side("source", spec.source_ports),
        **_port_side("destination", spec.ports),
        f"{own}_address_prefix": _ANYTHING,
        **_peer_side(peer, spec),
    }


def _port_side(side: str, ports: PortSet | None) -> dict[str, Any]:
    """The singular field or the plural one, never both."""
    if ports is None:
        return {f"{side}_port_range": _ANYTHING}
    if len(ports) == 1:
        return {f"{side}_port_range": str(ports[0])}
    return {f"{side}_port_ranges": [str(part) for part in ports]}


def _peer_side(side: str, spec: Spec) -> dict[str, Any]:
    if not spec.allow:
        return {f"{side}_address_prefix": _ANYTHING}
    if len(spec.prefixes) == 1:
        return {f"{side}_address_prefix": str(spec.prefixes[0])}
    return {f"{side}_address_prefixes": [str(prefix) for prefix in spec.prefixes]}
