"""Network interfaces: their IP configurations, addresses and properties (clouds.md, Azure 9, 11 and 14)."""

from __future__ import annotations

from typing import Any

from sandbox.azure import networks, references, rules
from sandbox.azure.addresses import Network
from sandbox.azure.documents import children_of, find_child, properties_of, show_child, wrap
from sandbox.azure.errors import missing_reference, refuse
from sandbox.azure.ids import GROUPS, NETWORKS, ArmPath, key, name_of, parent_of
from sandbox.azure.leases import give_addresses
from sandbox.azure.limits import Limits
from sandbox.azure.store import Document, Store

Properties = dict[str, Any]
_OPTIONAL = ("networkSecurityGroup", "auxiliaryMode", "auxiliarySku", "nicType", "workloadType")
_OPTIONAL_OF_CONFIGURATION = (
    "privateIPAddress",
    "publicIPAddress",
    "applicationSecurityGroups",
    "loadBalancerBackendAddressPools",
    "loadBalancerInboundNatRules",
    "applicationGatewayBackendAddressPools",
    "gatewayLoadBalancer",
)
"""What a PUT that leaves it out takes away."""


def make_interface(
    path: ArmPath, body: Properties, existing: Document | None, store: Store, limits: Limits
) -> Document:
    """An interface from a PUT: what the body leaves out is gone, except what its machine gives it
    and the dynamic addresses, which are given out here and stay.
    """
    rules.check_name(path.name, limits.rule_name)
    given = properties_of(body)
    children = children_of(body, "ipConfigurations", str(path))
    if not children:
        raise refuse("InvalidRequestFormat", f"Network interface {path} has no IP configuration.")
    configurations = [_read_configuration(child, path) for child in children]
    _choose_primary(configurations, path)
    subnet_prefixes = _find_subnet(configurations, path, store)
    give_addresses(configurations, subnet_prefixes, path, existing, store)
    properties: Properties = {"ipConfigurations": configurations}
    properties |= {field: _bare(given[field]) for field in _OPTIONAL if given.get(field)}
    properties["dnsSettings"] = {
        "dnsServers": [],
        "appliedDnsServers": [],
        **(given.get("dnsSettings") or {}),
    }
    properties.setdefault("nicType", "Standard")
    for flag in ("enableAcceleratedNetworking", "enableIPForwarding", "disableTcpStateTracking"):
        properties[flag] = bool(given.get(flag))
    document = wrap(path, body, properties, existing)
    _require_same_primary(existing, configurations)
    _check_references(document, store)
    return document


def show_interface(interface: Document, store: Store) -> Document:
    configurations = interface["properties"]["ipConfigurations"]
    shown = [show_child(interface, "ipConfigurations", child) for child in configurations]
    fixed = {
        **_show_machine(interface, references.machine_of(store, interface["id"])),
        "vnetEncryptionSupported": False,
        "hostedWorkloads": [],
        "tapConfigurations": [],
    }
    return {
        **interface,
        "properties": {**interface["properties"], "ipConfigurations": shown, **fixed},
    }


def _show_machine(interface: Document, machine: Document | None) -> Properties:
    """What an interface has only once a virtual machine has it, whatever is written to it."""
    if machine is None:
        return {}
    is_first = key(references.interfaces_of(machine)[0]) == key(interface["id"])
    digits = interface["properties"]["resourceGuid"][:6].upper()
    return {
        "virtualMachine": {"id": machine["id"]},
        "primary": is_first,
        "macAddress": "-".join(["00-0D-3A", digits[:2], digits[2:4], digits[4:]]),
    }


def require_interface_unused(interface: Document, store: Store) -> None:
    machine = references.machine_of(store, interface["id"])
    if machine is not None:
        raise refuse(
            "NicInUse",
            f"Network Interface {interface['id']} is used by existing resource {machine['id']}. In "
            "order to delete the network interface, it must be dissociated from the resource. To "
            "learn more, see aka.ms/deletenic.",
        )


def _require_same_primary(existing: Document | None, configurations: list[Properties]) -> None:
    """The primary IP configuration of an interface stays, by its name."""
    for before in existing["properties"]["ipConfigurations"] if existing else ():
        if before["properties"]["primary"] and find_child(configurations, before["name"]) is None:
            raise refuse(
                "IpConfigDeleteNotSupported",
                f"IP Configuration {before['name']} cannot be deleted. Deletion and renaming of "
                "primary IP Configuration is not supported.",
            )


def _bare(value: Any) -> Any:
    """A property as ARM keeps it: of a resource that is referred to, the id."""
    if isinstance(value, list):
        return [_bare(each) for each in value]
    return {"id": value["id"]} if isinstance(value, dict) and value.get("id") else value


def _read_configuration(child: Properties, path: ArmPath) -> Properties:
    rules.check_name(child["name"], 80)
    given = properties_of(child)
    subnet = references.id_of(given.get("subnet"))
    if not subnet:
        raise refuse(
            "SubnetIsRequired",
            f"Subnet reference is required for IP configuration {path}/ipConfigurations/{child['name']}.",
        )
    properties: Properties = {
        "privateIPAllocationMethod": given.get("privateIPAllocationMethod") or "Dynamic",
        "privateIPAddressVersion": given.get("privateIPAddressVersion") or "IPv4",
        "subnet": {"id": subnet},
        "primary": bool(given.get("primary")),
    }
    if properties["privateIPAllocationMethod"] not in ("Static", "Dynamic"):
        raise refuse("InvalidRequestFormat", "Cannot parse the request: privateIPAllocationMethod.")
    if properties["privateIPAddressVersion"] not in ("IPv4", "IPv6"):
        raise refuse("InvalidRequestFormat", "Cannot parse the request: privateIPAddressVersion.")
    properties |= {
        field: _bare(given[field]) for field in _OPTIONAL_OF_CONFIGURATION if given.get(field)
    }
    return {"name": child["name"], "properties": properties}


def _choose_primary(configurations: list[Properties], path: ArmPath) -> None:
    """The only configuration is primary; of several exactly one must say so. It must be IPv4."""
    if len(configurations) == 1:
        configurations[0]["properties"]["primary"] = True
    primary = [child for child in configurations if child["properties"]["primary"]]
    if len(primary) != 1:
        raise refuse(
            "NetworkInterfaceMustHaveOnePrimaryIpConfiguration",
            f"Network interface {path} must have exactly one primary IP configuration, and has "
            f"{len(primary)}.",
        )
    if primary[0]["properties"]["privateIPAddressVersion"] != "IPv4":
        raise refuse(
            "IPv6IpConfigurationCannotBePrimary",
            f"IP configuration {path}/ipConfigurations/{primary[0]['name']} is IPv6 and cannot "
            "be the primary IP "
            "configuration of the network interface.",
        )


def _find_subnet(configurations: list[Properties], path: ArmPath, store: Store) -> list[Network]:
    """The prefixes of the one subnet that all configurations share."""
    ids = {
        key(child["properties"]["subnet"]["id"]): child["properties"]["subnet"]["id"]
        for child in configurations
    }
    if len(ids) > 1:
        raise refuse(
            "IpConfigurationsOnSameNicCannotUseDifferentSubnets",
            f"IP configurations on Network Interface {path} cannot use different subnets: "
            f"{', '.join(ids.values())}.",
        )
    subnet_id = next(iter(ids.values()))
    network = store.get(parent_of(subnet_id))
    subnet = find_child(network["properties"]["subnets"], name_of(subnet_id)) if network else None
    if network is None or subnet is None or f"/{NETWORKS.lower()}/" not in key(subnet_id):
        raise missing_reference(subnet_id, str(path))
    return networks.prefixes_of(subnet)


def _check_references(document: Document, store: Store) -> None:
    """Network and group exist, in the interface's own region."""
    wanted = [references.network_of(document)]
    group_id = references.id_of(document["properties"].get("networkSecurityGroup"))
    for target in [*wanted, *([group_id] if group_id else [])]:
        found = store.get(target)
        if found is None or found["location"] != document["location"]:
            raise missing_reference(target, document["id"])
    if group_id and f"/{GROUPS.lower()}/" not in key(group_id):
        raise missing_reference(group_id, document["id"])
