"""Network interfaces: their IP configurations, addresses and properties (clouds.md, Azure 9, 11 and 14)."""

import ipaddress
import itertools
from typing import Any

from sandbox.azure.documents import children_of, find_child, properties_of, show_child, take, wrap
from sandbox.azure.errors import missing_reference, refuse
from sandbox.azure.ids import GROUPS, INTERFACES, NETWORKS, ArmPath, key, name_of, parent_of
from sandbox.azure.limits import Limits
from sandbox.azure.networks import prefixes_of
from sandbox.azure.references import (
    configurations_of,
    group_of,
    interfaces_of,
    machine_of,
    network_of,
)
from sandbox.azure.rules import Address, Network
from sandbox.azure.store import Document, Store

Properties = dict[str, Any]
Leases = dict[Address, str]
"""Which IP configuration has an address."""

# What a PUT has, and what it is where the body leaves it out; None: then it is gone.
_FIELDS: Properties = {
    "networkSecurityGroup": None,
    "auxiliaryMode": None,
    "auxiliarySku": None,
    "workloadType": None,
    "nicType": "Standard",
    "enableAcceleratedNetworking": False,
    "enableIPForwarding": False,
    "disableTcpStateTracking": False,
}
_CONFIGURATION_FIELDS: Properties = {
    "privateIPAllocationMethod": "Dynamic",
    "privateIPAddressVersion": "IPv4",
    "privateIPAddress": None,
    "primary": False,
    "subnet": None,
    "publicIPAddress": None,
    "applicationSecurityGroups": None,
    "loadBalancerBackendAddressPools": None,
    "loadBalancerInboundNatRules": None,
    "applicationGatewayBackendAddressPools": None,
    "gatewayLoadBalancer": None,
}
_WORDS = {
    "privateIPAllocationMethod": ("Static", "Dynamic"),
    "privateIPAddressVersion": ("IPv4", "IPv6"),
}
_FIXED: Properties = {
    "vnetEncryptionSupported": False,
    "hostedWorkloads": [],
    "tapConfigurations": [],
}
_RESERVED_AT_START = 4
"""Azure keeps a subnet's first four addresses, and its last, for itself."""


def make_interface(
    path: ArmPath, body: Properties, existing: Document | None, store: Store, limits: Limits
) -> Document:
    """An interface from a PUT: what the body leaves out is gone, except dynamic addresses."""
    given = properties_of(body)
    children = children_of(body, "ipConfigurations", str(path))
    if not children:
        problem = f"{path} has no IP configuration"
        raise refuse("InvalidRequestFormat", problem=problem)
    configurations = [_read_configuration(child, path) for child in children]
    _choose_primary(configurations, path)
    prefixes = _find_subnet(configurations, path, store)
    _give_addresses(configurations, prefixes, path, existing, store)
    servers = {"dnsServers": [], "appliedDnsServers": [], **(given.get("dnsSettings") or {})}
    properties = {"ipConfigurations": configurations, "dnsSettings": servers}
    document = wrap(path, body, properties | take(given, _FIELDS), existing)
    _require_same_primary(existing, configurations)
    _check_references(document, store)
    return document


def show_interface(interface: Document, store: Store) -> Document:
    """With what an interface has only once a virtual machine has it, whatever is written to it."""
    properties, machine = interface["properties"], machine_of(store, interface["id"])
    shown = {
        **properties,
        **_FIXED,
        "ipConfigurations": [
            show_child(interface, "ipConfigurations", child)
            for child in properties["ipConfigurations"]
        ],
    }
    if machine is not None:
        digits = properties["resourceGuid"][:6].upper()
        shown |= {
            "virtualMachine": {"id": machine["id"]},
            "primary": key(interfaces_of(machine)[0]) == key(interface["id"]),
            "macAddress": "-".join(["00-0D-3A", digits[:2], digits[2:4], digits[4:]]),
        }
    return {**interface, "properties": shown}


def require_interface_unused(interface: Document, store: Store) -> None:
    machine = machine_of(store, interface["id"])
    if machine is not None:
        raise refuse("NicInUse", id=interface["id"], machine=machine["id"])


def is_reserved(address: Address, network: Network) -> bool:
    """Whether Azure keeps the address of a subnet's prefix for itself."""
    offset = int(address) - int(network.network_address)
    return offset < _RESERVED_AT_START or offset == network.num_addresses - 1


def _require_same_primary(existing: Document | None, configurations: list[Properties]) -> None:
    """The primary IP configuration of an interface stays, by its name."""
    for before in existing["properties"]["ipConfigurations"] if existing else ():
        if before["properties"]["primary"] and find_child(configurations, before["name"]) is None:
            raise refuse("IpConfigDeleteNotSupported", name=before["name"])


def _read_configuration(child: Properties, path: ArmPath) -> Properties:
    properties = take(properties_of(child), _CONFIGURATION_FIELDS)
    if not (properties.get("subnet") or {}).get("id"):
        raise refuse("SubnetIsRequired", path=path, child=child["name"])
    for problem, words in _WORDS.items():
        if properties[problem] not in words:
            raise refuse("InvalidRequestFormat", problem=problem)
    return {"name": child["name"], "properties": properties}


def _choose_primary(configurations: list[Properties], path: ArmPath) -> None:
    """The only configuration is primary; of several exactly one must say so. It must be IPv4."""
    if len(configurations) == 1:
        configurations[0]["properties"]["primary"] = True
    primary = [child for child in configurations if child["properties"]["primary"]]
    if len(primary) != 1:
        raise refuse(
            "NetworkInterfaceMustHaveOnePrimaryIpConfiguration", path=path, count=len(primary)
        )
    if primary[0]["properties"]["privateIPAddressVersion"] != "IPv4":
        raise refuse("IPv6IpConfigurationCannotBePrimary", path=path, child=primary[0]["name"])


def _find_subnet(configurations: list[Properties], path: ArmPath, store: Store) -> list[Network]:
    """The prefixes of the one subnet that all configurations share."""
    given = [child["properties"]["subnet"]["id"] for child in configurations]
    ids = {key(each): each for each in given}
    if len(ids) > 1:
        raise refuse(
            "IpConfigurationsOnSameNicCannotUseDifferentSubnets",
            path=path,
            ids=", ".join(ids.values()),
        )
    subnet_id = given[0]
    network = store.get(parent_of(subnet_id))
    subnet = find_child(network["properties"]["subnets"], name_of(subnet_id)) if network else None
    if subnet is None or f"/{NETWORKS.lower()}/" not in key(subnet_id):
        raise missing_reference(subnet_id, str(path))
    return prefixes_of(subnet)


def _check_references(document: Document, store: Store) -> None:
    """Network and group exist, in the interface's own region."""
    group_id = group_of(document["properties"])
    for target in filter(None, (network_of(document), group_id)):
        found = store.get(target)
        if found is None or found["location"] != document["location"]:
            raise missing_reference(target, document["id"])
    if group_id and f"/{GROUPS.lower()}/" not in key(group_id):
        raise missing_reference(group_id, document["id"])


# Private addresses


def _give_addresses(
    configurations: list[Properties],
    prefixes: list[Network],
    path: ArmPath,
    existing: Document | None,
    store: Store,
) -> None:
    """Static addresses first, so that no dynamic one takes them; dynamic ones are kept."""
    taken = _addresses_in_network(configurations[0]["properties"]["subnet"]["id"], path, store)
    before = existing["properties"]["ipConfigurations"] if existing else []
    for method in ("Static", "Dynamic"):
        for child in configurations:
            if child["properties"]["privateIPAllocationMethod"] == method:
                owner = f"{path}/ipConfigurations/{child['name']}"
                if method == "Static":
                    address = _check_static(child["properties"], prefixes, taken, owner)
                else:
                    address = _pick_dynamic(child, prefixes, taken, before, owner)
                child["properties"]["privateIPAddress"] = str(address)
                taken[address] = owner


def _addresses_in_network(subnet_id: str, path: ArmPath, store: Store) -> Leases:
    return {
        ipaddress.ip_address(properties["privateIPAddress"]): arm_id
        for interface in store.of_kind(INTERFACES)
        if key(interface["id"]) != key(str(path))
        and key(network_of(interface)) == key(parent_of(subnet_id))
        for arm_id, properties in configurations_of(interface)
    }


def _read_static(properties: Properties, owner: str) -> Address:
    """The address that a configuration asks for.

    Raises:
        ArmError: there is none, or it is not one of the version that is asked for.
    """
    text, version = properties.get("privateIPAddress"), properties["privateIPAddressVersion"]
    if not text:
        raise refuse("PrivateIPAddressNotProvided", owner=owner)
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise refuse("InvalidIPAddressFormat", text=text, owner=owner) from None
    if f"IPv{address.version}" != version:
        raise refuse("PrivateIPAddressVersionMismatch", text=text, owner=owner, version=version)
    return address


def _check_static(
    properties: Properties, prefixes: list[Network], taken: Leases, owner: str
) -> Address:
    address = _read_static(properties, owner)
    inside = [prefix for prefix in prefixes if address in prefix]
    if not inside:
        raise refuse(
            "PrivateIPAddressNotInSubnet",
            address=address,
            owner=owner,
            prefixes=", ".join(map(str, prefixes)),
        )
    if is_reserved(address, inside[0]):
        raise refuse("PrivateIPAddressInReservedRange", address=address, prefix=inside[0])
    if address in taken:
        raise refuse(
            "PrivateIPAddressIsAllocated", owner=owner, address=address, holder=taken[address]
        )
    return address


def _pick_dynamic(
    child: Properties, prefixes: list[Network], taken: Leases, before: list[Properties], owner: str
) -> Address:
    """The address of before, else the lowest one that is free."""
    version = child["properties"]["privateIPAddressVersion"]
    fitting = [prefix for prefix in prefixes if f"IPv{prefix.version}" == version]
    known = find_child(before, child["name"])
    if known is not None:
        address = ipaddress.ip_address(known["properties"]["privateIPAddress"])
        if address not in taken and any(address in prefix for prefix in fitting):
            return address
    usable = (
        prefix[index]
        for prefix in fitting
        for index in range(_RESERVED_AT_START, prefix.num_addresses - 1)
    )
    free: Address | None = next(itertools.filterfalse(taken.__contains__, usable), None)
    if free is None:
        raise refuse("SubnetIsFull", owner=owner, version=version)
    return free
