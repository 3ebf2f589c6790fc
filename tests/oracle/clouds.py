"""What a cloud really lets pass at an interface, computed from its own JSON.

The JSON is what the official clients hand out.
AWS: `describe_security_groups` or `describe_security_group_rules`, and `describe_network_interfaces`.
Azure: network security groups and interfaces as ARM returns them (azure-mgmt-network, `as_dict()`).
Only the providers' documented semantics stand here; nothing of the product is imported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.oracle.domain import Direction
from tests.oracle.regions import (
    ANY_PORT,
    EVERY_V4,
    EVERY_V6,
    PROTOCOLS,
    Box,
    Prefix,
    Range,
    Region,
    cross,
    prefix,
    span,
    without,
)

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface: its addresses, and the groups that stand before it."""

    id: str
    addresses: tuple[Prefix, ...]
    groups: frozenset[str] = frozenset()  # AWS
    nsg: str = ""
    subnet_nsg: str = ""

    def families(self) -> set[int]:
        """The IP versions it speaks."""
        return {net.version for net in self.addresses}

    def own(self) -> list[int]:
        """Its own addresses as integers."""
        return [span(net)[0] for net in self.addresses]


# --- AWS -----------------------------------------------------------------------------------------


class Aws:
    """Security groups and interfaces of one VPC, as boto3 returned them."""

    def __init__(
        self,
        groups: Iterable[Json],
        interfaces: Iterable[Json],
        rules: Iterable[Json] | None = None,
        prefix_lists: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """`rules` (describe_security_group_rules), where given, replace the groups' own permissions."""
        self.groups = {g["GroupId"]: g for g in groups}
        self.interfaces = [_aws_interface(i) for i in interfaces]
        self.rules = None if rules is None else list(rules)
        self.prefix_lists = prefix_lists or {}

    def interface_of(self, address: str) -> Interface:
        """The interface that holds an address."""
        return next(i for i in self.interfaces if prefix(address) in i.addresses)

    def region(self, interface: Interface, direction: Direction) -> Region:
        """What the union of the interface's groups lets pass; source ports can't be matched."""
        region = Region()
        for group in interface.groups:
            for protocol, ports, peers in self._permissions(group, direction):
                for name in _aws_protocols(protocol):
                    whole = name == "other" or protocol not in ("tcp", "6", "udp", "17")
                    for peer in peers:
                        region.add(name, Box(peer, ANY_PORT, ANY_PORT if whole else ports))
        return region.clipped(interface.families(), interface.own())

    def _permissions(
        self, group: str, direction: Direction
    ) -> Iterator[tuple[str, Range, list[Range]]]:
        if self.rules is not None:
            for rule in self.rules:
                if rule["GroupId"] == group and rule["IsEgress"] == (direction == "out"):
                    yield str(rule["IpProtocol"]), _aws_ports(rule), list(self._rule_peers(rule))
            return
        key = "IpPermissionsEgress" if direction == "out" else "IpPermissions"
        for permission in self.groups[group].get(key, ()):
            yield (
                str(permission["IpProtocol"]),
                _aws_ports(permission),
                list(self._permission_peers(permission)),
            )

    def _rule_peers(self, rule: Json) -> Iterator[Range]:
        for key in ("CidrIpv4", "CidrIpv6"):
            if rule.get(key):
                yield span(prefix(rule[key]))
        if rule.get("PrefixListId"):
            yield from (span(prefix(x)) for x in self.prefix_lists[rule["PrefixListId"]])
        if rule.get("ReferencedGroupInfo"):
            yield from self._members(rule["ReferencedGroupInfo"]["GroupId"])

    def _permission_peers(self, permission: Json) -> Iterator[Range]:
        yield from (span(prefix(x["CidrIp"])) for x in permission.get("IpRanges", ()))
        yield from (span(prefix(x["CidrIpv6"])) for x in permission.get("Ipv6Ranges", ()))
        for listed in permission.get("PrefixListIds", ()):
            yield from (span(prefix(x)) for x in self.prefix_lists[listed["PrefixListId"]])
        for pair in permission.get("UserIdGroupPairs", ()):
            yield from self._members(pair["GroupId"])

    def _members(self, group: str) -> Iterator[Range]:
        for interface in self.interfaces:
            if group in interface.groups:
                yield from (span(net) for net in interface.addresses)


def _aws_interface(plain: Json) -> Interface:
    addresses = {x["PrivateIpAddress"] for x in plain.get("PrivateIpAddresses", ())}
    addresses |= {plain["PrivateIpAddress"]} if plain.get("PrivateIpAddress") else set()
    addresses |= {x["Ipv6Address"] for x in plain.get("Ipv6Addresses", ())}
    groups = frozenset(g["GroupId"] for g in plain.get("Groups", ()))
    return Interface(plain["NetworkInterfaceId"], tuple(map(prefix, sorted(addresses))), groups)


def _aws_ports(rule: Json) -> Range:
    return int(rule.get("FromPort", -1)), int(rule.get("ToPort", -1))


def _aws_protocols(protocol: str) -> tuple[str, ...]:
    """unknown value ``-1` is every protocol; a number that`."""
    names = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}
    name = names.get(protocol, protocol)
    if name == "-1":
        return PROTOCOLS
    return (name,) if name in PROTOCOLS else ("other",)


# --- Azure ---------------------------------------------------------------------------------------


class Azure:
    """Network security groups and interfaces of one virtual network, as ARM returned them.

    `virtual_network` holds the CIDRs of the VirtualNetwork tag: the VNet, peered VNets, on-premises.
    """

    def __init__(
        self,
        security_groups: Iterable[Json],
        interfaces: Iterable[Json],
        virtual_network: Iterable[str] = (),
        subnet_groups: Mapping[str, str] | None = None,
    ) -> None:
        """`subnet_groups`: id of the NSG on a subnet, by subnet id."""
        self.security_groups = {g["id"].lower(): g for g in security_groups}
        self.interfaces = [_azure_interface(i, subnet_groups or {}) for i in interfaces]
        self.virtual_network = [span(prefix(x)) for x in virtual_network]

    def interface_of(self, address: str) -> Interface:
        """The interface that holds an address."""
        return next(i for i in self.interfaces if prefix(address) in i.addresses)

    def region(self, interface: Interface, direction: Direction) -> Region:
        """What both groups on the way (subnet's and interface's) let pass."""
        regions = [
            self._group_region(interface, group, direction)
            for group in (interface.nsg, interface.subnet_nsg)
            if group
        ]
        if not regions:
            raise ValueError(f"{interface.id} has no network security group")
        region = regions[0]
        for other in regions[1:]:
            region = region.minus(region.minus(other))
        return region.clipped(interface.families(), interface.own())

    def _group_region(self, interface: Interface, group: str, direction: Direction) -> Region:
        """Rules by priority: an allow lets in what no earlier deny has taken."""
        region, denied = Region(), Region()
        for rule in self._rules(group, direction):
            boxes = list(self._boxes(interface, rule, direction))
            for protocol in _azure_protocols(rule["protocol"]):
                if rule["access"] == "Allow":
                    region.boxes[protocol] += without(boxes, denied.boxes[protocol])
                else:
                    denied.boxes[protocol] += boxes
        return region

    def _rules(self, group: str, direction: Direction) -> list[Json]:
        properties = self.security_groups[group]["properties"]
        rules = [
            *(properties.get("securityRules") or ()),
            *(properties.get("defaultSecurityRules") or DEFAULT_RULES),
        ]
        wanted = {"in": "Inbound", "out": "Outbound"}[direction]
        flat = [rule["properties"] for rule in rules]
        return sorted(
            (r for r in flat if r["direction"] == wanted), key=lambda r: int(r["priority"])
        )

    def _boxes(self, interface: Interface, rule: Json, direction: Direction) -> Iterator[Box]:
        here, there = ("destination", "source") if direction == "in" else ("source", "destination")
        covered = self._side(rule, here)
        for family in (EVERY_V4, EVERY_V6):
            local = [x for x in interface.own() if family[0] <= x <= family[1]]
            inside = [x for x in local if any(low <= x <= high for low, high in covered)]
            if inside and inside != local:
                raise ValueError(
                    f"{interface.id}: rule covers only some of the interface's addresses: {rule}"
                )
            for peers in self._side(rule, there) if inside else ():
                shared = cross(peers, family)
                for sources in _azure_ports(rule, "source") if shared else ():
                    for ports in _azure_ports(rule, "destination"):
                        yield Box(shared or peers, sources, ports)

    def _side(self, rule: Json, side: str) -> list[Range]:
        if rule.get(f"{side}ApplicationSecurityGroups"):
            raise ValueError(f"nothing is to be named but by its address: {rule}")
        one, many = rule.get(f"{side}AddressPrefix"), rule.get(f"{side}AddressPrefixes") or []
        return [found for text in ([one] if one else many) for found in self._prefix(text)]

    def _prefix(self, text: str) -> list[Range]:
        if text == "*":
            return [EVERY_V4, EVERY_V6]
        if text == "VirtualNetwork":
            return self.virtual_network
        if text == "AzureLoadBalancer":
            return [span(prefix("168.63.129.16"))]
        if text == "Internet":
            inside = [Box(x, ANY_PORT, ANY_PORT) for x in self.virtual_network]
            whole = [Box(x, ANY_PORT, ANY_PORT) for x in (EVERY_V4, EVERY_V6)]
            return [box.peers for box in without(whole, inside)]
        return [span(prefix(text))]


def _azure_interface(plain: Json, subnet_groups: Mapping[str, str]) -> Interface:
    properties = plain["properties"]
    configurations = [c["properties"] for c in properties.get("ipConfigurations") or ()]
    addresses = tuple(prefix(c["privateIPAddress"]) for c in configurations)
    subnets = [(c.get("subnet") or {}).get("id", "") for c in configurations]
    on_subnet = next((subnet_groups[s] for s in subnets if s in subnet_groups), "")
    nsg = (properties.get("networkSecurityGroup") or {}).get("id", "")
    id = plain.get("id") or plain["name"]
    return Interface(id, addresses, nsg=nsg.lower(), subnet_nsg=on_subnet.lower())


def _azure_ports(rule: Json, side: str) -> list[Range]:
    one, many = rule.get(f"{side}PortRange"), rule.get(f"{side}PortRanges") or []
    found = []
    for text in [one] if one else many:
        low, _, high = text.partition("-")
        found.append(ANY_PORT if text == "*" else (int(low), int(high or low)))
    return found


def _azure_protocols(protocol: str) -> tuple[str, ...]:
    known = {"tcp": ("tcp",), "udp": ("udp",), "icmp": ("icmp", "icmpv6"), "*": PROTOCOLS}
    return known.get(protocol.lower(), ("other",))


def _default(priority: int, direction: str, access: str, source: str, destination: str) -> Json:
    return {
        "properties": {
            "priority": priority,
            "direction": direction,
            "access": access,
            "protocol": "*",
            "sourceAddressPrefix": source,
            "destinationAddressPrefix": destination,
            "sourcePortRange": "*",
            "destinationPortRange": "*",
        }
    }


DEFAULT_RULES: list[Json] = [
    _default(65000, "Inbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    _default(65001, "Inbound", "Allow", "AzureLoadBalancer", "*"),
    _default(65500, "Inbound", "Deny", "*", "*"),
    _default(65000, "Outbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    _default(65001, "Outbound", "Allow", "*", "Internet"),
    _default(65500, "Outbound", "Deny", "*", "*"),
]
