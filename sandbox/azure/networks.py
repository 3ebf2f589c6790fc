"""Virtual networks and their subnets: prefixes, overlaps, and addresses that are in use."""

import ipaddress
import itertools
from typing import Any

from sandbox.azure.documents import children_of, find_child, properties_of, show_child, take, wrap
from sandbox.azure.errors import missing_reference, refuse
from sandbox.azure.ids import ArmPath, name_of
from sandbox.azure.limits import Limits
from sandbox.azure.references import configurations_in, group_of
from sandbox.azure.rules import Network
from sandbox.azure.store import Document, Store

Properties = dict[str, Any]
_SMALLEST_IPV4, _ONLY_IPV6 = 29, 64

# What a PUT has of each, and what it is where the body leaves it out; None: then it is gone.
_FIELDS: Properties = {
    "dhcpOptions": None,
    "flowTimeoutInMinutes": None,
    "encryption": None,
    "enableDdosProtection": False,
    "privateEndpointVNetPolicies": "Disabled",
}
_SUBNET_FIELDS: Properties = {
    "networkSecurityGroup": None,
    "defaultOutboundAccess": None,
    "serviceEndpoints": None,
    "sharingScope": None,
    "delegations": [],
    "privateEndpointNetworkPolicies": "Disabled",
    "privateLinkServiceNetworkPolicies": "Enabled",
}


def make_network(
    path: ArmPath, body: Properties, existing: Document | None, store: Store, limits: Limits
) -> Document:
    """A virtual network from a PUT. A body without `subnets` keeps those that exist; a list replaces them."""
    given = properties_of(body)
    texts = (given.get("addressSpace") or {}).get("addressPrefixes") or []
    space = [_parse_prefix(text, str(path)) for text in texts]
    if not any(network.version == 4 for network in space):
        raise refuse("InvalidAddressSpace", path=path)
    if given.get("subnets") is None:
        subnets = existing["properties"]["subnets"] if existing else []
    else:
        children = children_of(body, "subnets", str(path), limits.rule_name)
        subnets = [_check_subnet(child, path) for child in children]
    properties = {"addressSpace": {"addressPrefixes": [*map(str, space)]}, "subnets": subnets}
    document = wrap(path, body, properties | take(given, _FIELDS), existing)
    _check_layout(document, space, store)
    if existing is not None:
        _require_addresses_covered(existing, document, store)
    return document


def put_subnet(
    path: ArmPath, body: Properties, network: Document, store: Store, limits: Limits
) -> Document:
    """The network with one subnet made or replaced."""
    children = list(network["properties"]["subnets"])
    namesake = find_child(children, path.child)
    child = {
        "name": namesake["name"] if namesake else path.child,
        "properties": properties_of(body),
    }
    if namesake is None:
        children.append(child)
    else:
        children[children.index(namesake)] = child
    return _remake(path, network, children, store, limits)


def drop_subnet(path: ArmPath, network: Document, store: Store, limits: Limits) -> Document:
    """The network without one subnet."""
    children = network["properties"]["subnets"]
    gone = find_child(children, path.child)
    return _remake(path, network, [each for each in children if each is not gone], store, limits)


def show_network(network: Document, store: Store) -> Document:
    subnets = [_show_subnet(network, subnet, store) for subnet in network["properties"]["subnets"]]
    properties = {**network["properties"], "subnets": subnets, "virtualNetworkPeerings": []}
    return {**network, "properties": properties}


def expand_configurations(network: Document, store: Store) -> Document:
    """A network as it is shown, with what its subnets' IP configurations are in place of their ids."""
    subnets = []
    for subnet in network["properties"]["subnets"]:
        told = [
            {"id": arm_id, "name": name_of(arm_id), "properties": properties}
            for arm_id, properties in configurations_in(store, subnet["id"])
        ]
        more = {"ipConfigurations": told} if told else {}
        subnets.append({**subnet, "properties": {**subnet["properties"], **more}})
    return {**network, "properties": {**network["properties"], "subnets": subnets}}


def show_subnet(path: ArmPath, network: Document, store: Store) -> Document | None:
    """A subnet of the network, if it has one of that name."""
    subnet = find_child(network["properties"]["subnets"], path.child)
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
    used = configurations_in(store, f"{network['id']}/subnets/{subnet['name']}")
    more = {"ipConfigurations": [{"id": arm_id} for arm_id, _ in used]} if used else {}
    return show_child(network, "subnets", subnet, **more)


def _remake(
    path: ArmPath, network: Document, children: list[Properties], store: Store, limits: Limits
) -> Document:
    body = {**network, "properties": {**network["properties"], "subnets": children}}
    return make_network(path.top, body, network, store, limits)


def _parse_prefix(text: str, owner: str) -> Network:
    try:
        loose = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise refuse("InvalidAddressPrefixFormat", text=text, owner=owner) from None
    if loose.network_address != ipaddress.ip_address(text.split("/")[0]):
        raise refuse("InvalidCIDRNotation", text=text, owner=owner, loose=loose)
    return loose


def _check_subnet(child: Properties, path: ArmPath) -> Properties:
    owner, given = f"{path}/subnets/{child['name']}", properties_of(child)
    many, one = given.get("addressPrefixes"), given.get("addressPrefix")
    networks = [_parse_prefix(text, owner) for text in many or ([one] if one else [])]
    if not any(network.version == 4 for network in networks):
        raise refuse("SubnetMustHaveIPv4AddressPrefix", owner=owner)
    for network in networks:
        _check_size(network, owner)
    texts = list(map(str, networks))
    prefixes: Properties = {"addressPrefixes": texts} if many else {"addressPrefix": texts[0]}
    return {"name": child["name"], "properties": prefixes | take(given, _SUBNET_FIELDS)}


def _check_size(network: Network, owner: str) -> None:
    if network.version == 6 and network.prefixlen != _ONLY_IPV6:
        raise refuse(
            "InvalidIPv6SubnetPrefixLength", owner=owner, network=network, length=_ONLY_IPV6
        )
    if network.version == 4 and network.prefixlen > _SMALLEST_IPV4:
        raise refuse("NetcfgInvalidSubnet", owner=owner, network=network, length=_SMALLEST_IPV4)


def _check_layout(document: Document, space: list[Network], store: Store) -> None:
    """Subnets lie inside the address space, do not overlap, and their groups exist."""
    _require_disjoint([("", network) for network in space], document, "VnetAddressSpacesOverlap")
    subnets = document["properties"]["subnets"]
    ranges = [(subnet["name"], network) for subnet in subnets for network in prefixes_of(subnet)]
    for name, network in ranges:
        if not any(network.version == s.version and network.subnet_of(s) for s in space):  # type: ignore[arg-type]
            raise refuse("NetcfgSubnetRangeOutsideVnet", name=name, network=document["name"])
    _require_disjoint(ranges, document, "NetcfgSubnetRangesOverlap")
    for subnet in subnets:
        group_id = group_of(subnet["properties"])
        group = store.get(group_id) if group_id else None
        if group_id and (group is None or group["location"] != document["location"]):
            raise missing_reference(group_id, f"{document['id']}/subnets/{subnet['name']}")


def _require_disjoint(ranges: list[tuple[str, Network]], document: Document, code: str) -> None:
    ordered = sorted(ranges, key=lambda pair: (pair[1].version, int(pair[1].network_address)))
    for (one, left), (other, right) in itertools.pairwise(ordered):
        if left.version == right.version and left.overlaps(right):
            raise refuse(
                code,
                other=other or document["name"],
                right=right,
                one=one or document["name"],
                left=left,
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
        for arm_id, properties in configurations_in(store, subnet_id):
            address = ipaddress.ip_address(properties["privateIPAddress"])
            if not any(address in prefix for prefix in prefixes):
                raise refuse(
                    "InUsePrefixCannotBeDeleted",
                    subnet_id=subnet_id,
                    arm_id=arm_id,
                    address=address,
                )


def _require_subnet_unused(subnet_id: str, store: Store) -> None:
    used = configurations_in(store, subnet_id)
    if used:
        ids = ", ".join(arm_id for arm_id, _ in used)
        raise refuse("InUseSubnetCannotBeDeleted", subnet=name_of(subnet_id), ids=ids)
