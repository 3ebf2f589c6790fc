"""The product's rendered specs as the JSON that the clouds would hand out for them.

So one evaluator judges the plan and the deployed state.

Reads the specs' plain fields only (`swyx_components.planner.model`); decides nothing.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from tests.oracle.clouds import DEFAULT_RULES, Aws, Azure

WHOLE_ESTATE = [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "fc00::/7",
    "203.0.113.0/24",
]
PROTOCOLS = {"tcp": "Tcp", "udp": "Udp", "icmp": "Icmp", "icmpv6": "Icmp", "any": "*"}


def aws_cloud(rendered: Any) -> Aws:
    """A rendered site as describe_security_groups and describe_network_interfaces would show it."""
    groups = [_security_group(each) for each in rendered.groups]
    interfaces = [
        {
            "NetworkInterfaceId": name,
            "Groups": [{"GroupId": each.group.name}],
            "PrivateIpAddresses": [{"PrivateIpAddress": a} for a in addresses if ":" not in a],
            "Ipv6Addresses": [{"Ipv6Address": a} for a in addresses if ":" in a],
        }
        for each in rendered.groups
        for name, addresses in _hosts(each.group)
    ]
    return Aws(groups, interfaces)


def _hosts(group: Any) -> Iterator[tuple[str, list[str]]]:
    """The machines of a group with their addresses; of a network a host at each end of it.

    Each has an address of all IP versions, of a network's CIDRs the first ones and the last ones.
    """
    for machine in group.machines:
        yield machine.name, [own.address for own in machine.addresses]
    if group.network:
        nets = [ipaddress.ip_network(str(cidr)) for cidr in group.network.addresses]
        for name, place in (("first", 0), ("last", -1)):
            own = [[n for n in nets if n.version == version] for version in (4, 6)]
            ends = [family[place] for family in own if family]
            hosts = [net.network_address if place == 0 else net.broadcast_address for net in ends]
            yield f"{group.name}-{name}", list(map(str, hosts))


def _security_group(rendered: Any) -> dict[str, Any]:
    sides: dict[str, list[dict[str, Any]]] = {"in": [], "out": []}
    for spec in rendered.rules:
        sides[spec.direction.value].append(_permission(spec))
    name = rendered.group.name
    return {"GroupId": name, "IpPermissions": sides["in"], "IpPermissionsEgress": sides["out"]}


def _permission(spec: Any) -> dict[str, Any]:
    if (
        not spec.allow
        or spec.source_ports is not None
        or len(spec.groups) + len(spec.prefixes) != 1
    ):
        raise ValueError(f"EC2 has no such rule: {spec}")
    ports = spec.ports or ((-1, -1),)
    if len(ports) != 1 or (spec.protocol.value in ("tcp", "udp") and spec.ports is None):
        raise ValueError(f"a rule has one port range: {spec}")
    return {
        "IpProtocol": "-1" if spec.protocol.value == "any" else spec.protocol.value,
        "FromPort": ports[0][0],
        "ToPort": ports[0][1],
        "IpRanges": [{"CidrIp": str(p)} for p in spec.prefixes if p.version == 4],
        "Ipv6Ranges": [{"CidrIpv6": str(p)} for p in spec.prefixes if p.version == 6],
        "UserIdGroupPairs": [{"GroupId": group} for group in spec.groups],
    }


def azure_cloud(rendered: Any) -> Azure:
    """A rendered site as ARM would show its network security groups and interfaces."""
    groups, interfaces = azure_documents(rendered)
    return Azure(groups.values(), interfaces.values(), virtual_network=WHOLE_ESTATE)


def azure_documents(rendered: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The network security groups and the interfaces of a rendered site by id."""
    groups = [
        {
            "id": f"/nsg/{each.group.name}",
            "properties": {
                "securityRules": [{"properties": _security_rule(spec)} for spec in each.rules],
                "defaultSecurityRules": DEFAULT_RULES,
            },
        }
        for each in rendered.groups
    ]
    interfaces = [
        _interface(each.group, *host) for each in rendered.groups for host in _hosts(each.group)
    ]
    return {each["id"]: each for each in groups}, {each["id"]: each for each in interfaces}


def _interface(group: Any, name: str, addresses: list[str]) -> dict[str, Any]:
    configurations = [{"properties": {"privateIPAddress": address}} for address in addresses]
    return {
        "id": name,
        "properties": {
            "networkSecurityGroup": {"id": f"/nsg/{group.name}"},
            "ipConfigurations": configurations,
        },
    }


def _security_rule(spec: Any) -> dict[str, Any]:
    here, there = (
        ("destination", "source") if spec.direction.value == "in" else ("source", "destination")
    )
    if spec.groups or not spec.prefixes:
        raise ValueError(f"an Azure rule names prefixes: {spec}")
    return {
        "direction": {"in": "Inbound", "out": "Outbound"}[spec.direction.value],
        "access": "Allow" if spec.allow else "Deny",
        "priority": spec.priority,
        "protocol": PROTOCOLS[spec.protocol.value],
        "sourcePortRanges": _ports(spec.source_ports),
        "destinationPortRanges": _ports(spec.ports),
        f"{here}AddressPrefix": "*",
        **_side(there, spec.prefixes),
    }


def _ports(ports: Any) -> list[str]:
    return [f"{low}-{high}" for low, high in ports] if ports else ["*"]


def _side(side: str, prefixes: Any) -> dict[str, Any]:
    if any(p.length == 0 for p in prefixes):
        return {f"{side}AddressPrefix": "*"}
    if len({p.version for p in prefixes}) > 1:
        raise ValueError(f"a rule side mixes IPv4 and IPv6: {prefixes}")
    return {f"{side}AddressPrefixes": [str(p) for p in prefixes]}
