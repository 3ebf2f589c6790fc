"""Virtual networks and their subnets: prefixes, overlaps, and addresses that are in use."""

from __future__ import annotations

import ipaddress
import itertools
from typing import Any

from sandbox.azure import references, rules
from sandbox.azure.addresses import Network
from sandbox.azure.documents import (
    children_of,
    drop_child,
    find_child,
    properties_of,
    replace_child,
    show_child,
    wrap,
)
from sandbox.azure.errors import missing_reference, refuse
from sandbox.azure.ids import ArmPath, name_of
from sandbox.azure.limits import Limits
from sandbox.azure.store import Document, Store

Properties = dict[str, Any]
_SMALLEST_IPV4, _ONLY_IPV6 = 29, 64


def make_network(
    path: ArmPath, body: Properties, existing: Document | None, store: Store, limits: Limits
) -> Document:
    """A virtual network from a PUT. A body without `subnets` keeps those that exist; a list replaces them."""
    rules.check_name(path.name, 64)
    given = properties_of(body)
    space = [str(network) for network in _parse_space(given, path)]
    if given.get("subnets") is None:
        subnets = existing["properties"]["subnets"] if existing else []
    else:
        subnets = [
            _check_subnet(child, path, limits) for child in children_of(body, "subnets", str(path))
        ]
    kept = {
        field: given[field]
        for field in ("dhcpOptions", "flowTimeoutInMinutes", "encryption")
        if given.get(field)
    }
    properties = {"addressSpace": {"addressPrefixes": space}, "subnets": subnets, **kept}
    properties["enableDdosProtection"] = bool(given.get("enableDdosProtection"))
    properties["privateEndpointVNetPolicies"] = (
        given.get("privateEndpointVNetPolicies") or "Disabled"
    )
    document = wrap(path, body, properties, existing)
    _check_layout(document, store)
    if existing is not None:
        _require_addresses_covered(existing, document, store)
    return document


def put_subnet(
    path: ArmPath, body: Properties, network: Document, store: Store, limits: Limits
) -> Document:
    """The network with one subnet made or replaced."""
    child = {"name": path.names[1], "properties": properties_of(body)}
    return _remake(
        path, network, replace_child(network["properties"]["subnets"], child), store, limits
    )


def drop_subnet(path: ArmPath, network: Document, store: Store, limits: Limits) -> Document:
    """The network without one subnet."""
    remaining = drop_child(network["properties"]["subnets"], path.names[1])
    return _remake(path, network, remaining, store, limits)


def show_network(network: Document, store: Store) -> Document:
    subnets = [_show_subnet(network, subnet, store) for subnet in network["properties"]["subnets"]]
    properties = {**network["properties"], "subnets": subnets, "virtualNetworkPeerings": []}
    return {**network, "properties": properties}


def expand_configurations(network: Document, store: Store) -> Document:
    """A network as it is shown, with what its subnets' IP configurations are in place of their ids."""
    subnets = []
    for subnet in network["properties"]["subnets"]:
        used = references.configurations_in(store, subnet["id"])
        told = [
            {"id": arm_id, "name": name_of(arm_id), "properties": properties}
            for arm_id, properties in used
        ]
        more = {"ipConfigurations": told} if told else {}
        subnets.append({**subnet, "properties": {**subnet["properties"], **more}})
    return {**network, "properties": {**network["properties"], "subnets": subnets}}


def show_subnet(path: ArmPath, network: Document, store: Store) -> Document | None:
    """A subnet of the network, if it has one of that name."""
    subnet = find_child(network["properties"]["subnets"], path.names[1])
    return None if subnet is None else _show_subnet(network, subnet, store)


def require_network_unused(network: Document, store: Store) -> None:
    for subnet in network["properties"]["subnets"]:
        _require_subnet_unused(f"{network['id']}/subnets/{subnet['name']}", store)


def prefixes_of(subnet: Properties) -> list[Network]:
    """The prefixes of a stored subnet, however it was written."""
    properties = subnet["properties"]
    texts = properties.get("addressPrefixes") or [properties["addressPrefix"]]
    return [ipaddress.ip_network(text) for text in texts]


def _show_subnet(network: Document, subnet: Properties, store: Store) -> Document:
    used = references.configurations_in(store, f"{network['id']}/subnets/{subnet['name']}")
    more = {"ipConfigurations": [{"id": arm_id} for arm_id, _ in used]} if used else {}
    return show_child(network, "subnets", subnet, **more)


def _remake(
    path: ArmPath, network: Document, children: list[Properties], store: Store, limits: Limits
) -> Document:
    body = {**network, "properties": {**network["properties"], "subnets": children}}
    return make_network(path.top, body, network, store, limits)


def _parse_space(given: Properties, path: ArmPath) -> list[Network]:
    texts = (given.get("addressSpace") or {}).get("addressPrefixes") or []
    networks = [_parse_prefix(text, str(path)) for text in texts]
    if not any(network.version == 4 for network in networks):
        raise refuse(
            "InvalidAddressSpace",
            f"Virtual network {path} has no IPv4 address prefix in its address space.",
        )
    return networks


def _parse_prefix(text: str, owner: str) -> Network:
    try:
        loose = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise refuse(
            "InvalidAddressPrefixFormat",
            f"Address prefix {text} of resource {owner} is not formatted correctly. "
            "It should follow CIDR notation, for example 10.0.0.0/24.",
        ) from None
    if str(loose.network_address) != str(ipaddress.ip_address(text.split("/")[0])):
        raise refuse(
            "InvalidCIDRNotation",
            f"The address prefix {text} in resource {owner} has an invalid CIDR notation. For "
            "the given prefix length, "
            f"the address prefix should be {loose}.",
        )
    return loose


def _check_subnet(child: Properties, path: ArmPath, limits: Limits) -> Properties:
    rules.check_name(child["name"], limits.rule_name)
    owner = f"{path}/subnets/{child['name']}"
    given = properties_of(child)
    texts = given.get("addressPrefixes") or (
        [given["addressPrefix"]] if given.get("addressPrefix") else []
    )
    networks = [_parse_prefix(text, owner) for text in texts]
    if not any(network.version == 4 for network in networks):
        raise refuse(
            "SubnetMustHaveIPv4AddressPrefix", f"Subnet {owner} has no IPv4 address prefix."
        )
    for network in networks:
        _check_size(network, owner)
    field = "addressPrefixes" if given.get("addressPrefixes") else "addressPrefix"
    properties: Properties = {
        field: [str(n) for n in networks] if field == "addressPrefixes" else str(networks[0])
    }
    if references.id_of(given.get("networkSecurityGroup")):
        properties["networkSecurityGroup"] = {"id": given["networkSecurityGroup"]["id"]}
    for name in ("defaultOutboundAccess", "serviceEndpoints", "sharingScope"):
        if given.get(name) is not None:
            properties[name] = given[name]
    properties["delegations"] = given.get("delegations") or []
    properties["privateEndpointNetworkPolicies"] = (
        given.get("privateEndpointNetworkPolicies") or "Disabled"
    )
    properties["privateLinkServiceNetworkPolicies"] = (
        given.get("privateLinkServiceNetworkPolicies") or "Enabled"
    )
    return {"name": child["name"], "properties": properties}


def _check_size(network: Network, owner: str) -> None:
    if network.version == 6 and network.prefixlen != _ONLY_IPV6:
        raise refuse(
            "InvalidIPv6SubnetPrefixLength",
            f"Subnet {owner} has the IPv6 address prefix {network}. "
            f"An IPv6 subnet must have a prefix length of {_ONLY_IPV6}.",
        )
    if network.version == 4 and network.prefixlen > _SMALLEST_IPV4:
        raise refuse(
            "NetcfgInvalidSubnet",
            f"Subnet '{owner}' is not valid: {network} is smaller than the smallest subnet, "
            f"/{_SMALLEST_IPV4}.",
        )


def _check_layout(document: Document, store: Store) -> None:
    """Subnets lie inside the address space, do not overlap, and their groups exist."""
    properties = document["properties"]
    space = [ipaddress.ip_network(text) for text in properties["addressSpace"]["addressPrefixes"]]
    _require_disjoint([("", network) for network in space], document, "VnetAddressSpacesOverlap")
    ranges = [
        (subnet["name"], network)
        for subnet in properties["subnets"]
        for network in prefixes_of(subnet)
    ]
    for name, network in ranges:
        if not any(network.version == s.version and network.subnet_of(s) for s in space):  # type: ignore[arg-type]
            raise refuse(
                "NetcfgSubnetRangeOutsideVnet",
                f"Subnet '{name}' is not valid because its IP address range is outside the IP "
                "address range of virtual "
                f"network '{document['name']}'.",
            )
    _require_disjoint(ranges, document, "NetcfgSubnetRangesOverlap")
    for subnet in properties["subnets"]:
        group_id = references.id_of(subnet["properties"].get("networkSecurityGroup"))
        group = store.get(group_id) if group_id else None
        if group_id and (group is None or group["location"] != document["location"]):
            raise missing_reference(group_id, f"{document['id']}/subnets/{subnet['name']}")


def _require_disjoint(ranges: list[tuple[str, Network]], document: Document, code: str) -> None:
    ordered = sorted(ranges, key=lambda pair: (pair[1].version, int(pair[1].network_address)))
    for (one, left), (other, right) in itertools.pairwise(ordered):
        if left.version == right.version and left.overlaps(right):
            raise refuse(
                code,
                f"Subnet {other or document['name']} with address range {right} overlaps with subnet "
                f"{one or document['name']} with address range {left}.",
            )


def _require_addresses_covered(before: Document, after: Document, store: Store) -> None:
    """A subnet in use stays, and so does every prefix that holds an interface's address."""
    for subnet in before["properties"]["subnets"]:
        subnet_id = f"{before['id']}/subnets/{subnet['name']}"
        remaining = find_child(after["properties"]["subnets"], subnet["name"])
        if remaining is None:
            _require_subnet_unused(subnet_id, store)
            continue
        prefixes = prefixes_of(remaining)
        for arm_id, properties in references.configurations_in(store, subnet_id):
            address = ipaddress.ip_address(properties["privateIPAddress"])
            if not any(address in prefix for prefix in prefixes):
                raise refuse(
                    "InUsePrefixCannotBeDeleted",
                    f"Subnet {subnet_id} is in use: IP configuration {arm_id} has the address "
                    f"{address}, which is "
                    "outside the new address prefixes.",
                )


def _require_subnet_unused(subnet_id: str, store: Store) -> None:
    used = references.configurations_in(store, subnet_id)
    if used:
        ids = ", ".join(arm_id for arm_id, _ in used)
        raise refuse(
            "InUseSubnetCannotBeDeleted",
            f"Subnet {subnet_id.rsplit('/', 1)[-1]} is in use by {ids} and cannot be deleted. In "
            "order to delete the "
            "subnet, delete all the resources within the subnet. See aka.ms/deletesubnet.",
        )
