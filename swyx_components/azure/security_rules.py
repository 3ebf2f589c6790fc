"""From specs to the security rules of a network security group."""

from collections.abc import Mapping
from typing import Any

import pulumi

from swyx_components.planner.model import Direction, Identity, Protocol, RenderedGroup, Spec
from swyx_components.sets.ports import PortSet

Ids = Mapping[str, pulumi.Input[str]]  # of what rules name: ASGs by the name of their identity
_ANYTHING = "*"
_PROTOCOLS = {
    Protocol.TCP: "Tcp",
    Protocol.UDP: "Udp",
    Protocol.ICMP: "Icmp",
    Protocol.ICMPV6: "Icmp",  # the prefixes of the rule tell which of the two is meant
    Protocol.ANY: _ANYTHING,
}
_DIRECTIONS = {Direction.IN: "Inbound", Direction.OUT: "Outbound"}


def write_rules(rendered: RenderedGroup, asgs: Ids) -> pulumi.Input[Any]:
    """All rules of a group. A preview shows each with what it knows of it; an update resolves the ids once.

    The SDK makes an `Output` of every id in every rule, which takes most of a small site's program.
    """
    if pulumi.runtime.is_dry_run():
        return [_rule(spec, asgs) for spec in rendered.specs]
    named = {identity.name for spec in rendered.specs for identity in _named(spec)}
    known = pulumi.Output.all(**{name: asgs[name] for name in sorted(named)})
    return known.apply(lambda ids: [_rule(spec, ids) for spec in rendered.specs])


def _named(spec: Spec) -> tuple[Identity, ...]:
    return (*spec.identities, *((spec.own_identity,) if spec.own_identity else ()))


def _rule(spec: Spec, asgs: Ids) -> Any:
    own, peer = (
        ("destination", "source") if spec.direction is Direction.IN else ("source", "destination")
    )
    return {
        "name": spec.name,
        "priority": spec.priority,
        "direction": _DIRECTIONS[spec.direction],
        "access": "Allow" if spec.allow else "Deny",
        "protocol": _PROTOCOLS[spec.protocol],
        "description": spec.description,
        **_port_side("source", spec.source_ports),
        **_port_side("destination", spec.ports),
        **_own_side(own, spec, asgs),
        **_peer_side(peer, spec, asgs),
    }


def _port_side(side: str, ports: PortSet | None) -> dict[str, Any]:
    """The singular field or the plural one, never both."""
    if ports is None:
        return {f"{side}_port_range": _ANYTHING}
    if len(ports) == 1:
        return {f"{side}_port_range": str(ports[0])}
    return {f"{side}_port_ranges": [str(part) for part in ports]}


def _own_side(side: str, spec: Spec, asgs: Ids) -> dict[str, Any]:
    if spec.own_identity is None:
        return {f"{side}_address_prefix": _ANYTHING}
    return {f"{side}_application_security_groups": [{"id": asgs[spec.own_identity.name]}]}


def _peer_side(side: str, spec: Spec, asgs: Ids) -> dict[str, Any]:
    if not spec.allow:
        return {f"{side}_address_prefix": _ANYTHING}
    if spec.identities:
        ids = [{"id": asgs[identity.name]} for identity in spec.identities]
        return {f"{side}_application_security_groups": ids}
    if len(spec.prefixes) == 1:
        return {f"{side}_address_prefix": str(spec.prefixes[0])}
    return {f"{side}_address_prefixes": [str(prefix) for prefix in spec.prefixes]}
