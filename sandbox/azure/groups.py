"""Network security groups: the rules of a group taken together."""

from __future__ import annotations

from typing import Any

from sandbox.azure import references, rules
from sandbox.azure.documents import (
    children_of,
    find_child,
    properties_of,
    show_child,
    wrap,
)
from sandbox.azure.errors import refuse
from sandbox.azure.ids import GROUPS, ArmPath, key
from sandbox.azure.limits import Limits
from sandbox.azure.store import Document, Store

Properties = dict[str, Any]


def make_group(
    path: ArmPath, body: Properties, existing: Document | None, store: Store, limits: Limits
) -> Document:
    """A network security group from a PUT: its rules are exactly those of the body, all or nothing."""
    rules.check_name(path.name, limits.rule_name)
    given = children_of(body, "securityRules", str(path))
    if len(given) > limits.rules_per_group:
        raise refuse(
            "SecurityRuleCountLimitReached",
            f"Network security group {path} cannot have more than {limits.rules_per_group} security rules. "
            f"Number of rules provided: {len(given)}.",
        )
    checked = [
        {
            "name": rule["name"],
            "properties": rules.check_rule(
                rule["name"], f"{path}/securityRules/{rule['name']}", properties_of(rule), limits
            ),
        }
        for rule in given
    ]
    _require_distinct_priorities(checked)
    _require_few_prefixes(checked, path, limits)
    flushes = {"flushConnection": bool(properties_of(body).get("flushConnection"))}
    document = wrap(path, body, {"securityRules": checked, **flushes}, existing)
    if existing is None:
        _require_room(path, document["location"], store, limits)
    return document


def show_group(group: Document, store: Store) -> Document:
    """The group with its default rules and its back references."""
    properties = dict(group["properties"])
    properties["securityRules"] = [
        show_child(group, "securityRules", rule) for rule in properties["securityRules"]
    ]
    properties["defaultSecurityRules"] = [
        show_child(group, "defaultSecurityRules", rule) for rule in DEFAULT_RULES
    ]
    for field, ids in (
        ("networkInterfaces", references.interfaces_with_group(store, group["id"])),
        ("subnets", references.subnets_with_group(store, group["id"])),
    ):
        if ids:
            properties[field] = [{"id": arm_id} for arm_id in ids]
    return {**group, "properties": properties}


def require_group_unused(group: Document, store: Store) -> None:
    users = references.interfaces_with_group(store, group["id"]) + references.subnets_with_group(
        store, group["id"]
    )
    if users:
        raise refuse(
            "InUseNetworkSecurityGroupCannotBeDeleted",
            f"Network security group {group['id']} cannot be deleted because it is in use by the following "
            f"resources: {', '.join(users)}. In order to delete the Network security group, "
            "remove the association "
            "with the resource(s). To learn how to do this, see aka.ms/deletensg.",
        )


def _require_room(path: ArmPath, location: str, store: Store, limits: Limits) -> None:
    start = key(f"/subscriptions/{path.subscription}/")
    neighbours = [
        group
        for group in store.of_type(GROUPS)
        if group["location"] == location and key(group["id"]).startswith(start)
    ]
    if len(neighbours) >= limits.groups_per_region:
        raise refuse(
            "NetworkSecurityGroupCountLimitReached",
            f"Cannot create more than {limits.groups_per_region} network security groups for this "
            f"subscription in region {location}.",
        )


def _require_distinct_priorities(checked: list[Properties]) -> None:
    """Unique for each direction; a rule may not have a default rule's name either."""
    taken: dict[object, str] = {}
    for rule in checked:
        at = (rule["properties"]["direction"], rule["properties"]["priority"])
        other = taken.setdefault(at, rule["name"])
        default = find_child(list(DEFAULT_RULES), rule["name"])
        if other != rule["name"] or default is not None:
            raise refuse(
                "SecurityRuleConflict",
                f"Security rule {rule['name']} conflicts with rule {other}. Rules cannot have "
                "the same Priority and "
                "Direction. To learn more, see aka.ms/nsgrules.",
            )


def _require_few_prefixes(checked: list[Properties], path: ArmPath, limits: Limits) -> None:
    for side in rules.SIDES:
        single, plural = rules.side_fields(side)
        count = sum(
            len(rule["properties"].get(plural, ())) + (rule["properties"].get(single, "*") != "*")
            for rule in checked
        )
        if count > limits.prefixes_per_group:
            raise refuse(
                "NumberOfAddressPrefixesInNetworkSecurityGroupLimitReached",
                f"Network security group {path} has {count} {side} address prefixes in its security rules. "
                f"The maximum is {limits.prefixes_per_group}.",
            )


def _default(
    name: str, priority: int, direction: str, access: str, source: str, destination: str
) -> Properties:
    return {
        "name": name,
        "properties": {
            "protocol": "*",
            "sourcePortRange": "*",
            "destinationPortRange": "*",
            "sourceAddressPrefix": source,
            "destinationAddressPrefix": destination,
            "access": access,
            "priority": priority,
            "direction": direction,
            "sourcePortRanges": [],
            "destinationPortRanges": [],
            "sourceAddressPrefixes": [],
            "destinationAddressPrefixes": [],
        },
    }


DEFAULT_RULES = (
    _default("AllowVnetInBound", 65000, "Inbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    _default("AllowAzureLoadBalancerInBound", 65001, "Inbound", "Allow", "AzureLoadBalancer", "*"),
    _default("DenyAllInBound", 65500, "Inbound", "Deny", "*", "*"),
    _default("AllowVnetOutBound", 65000, "Outbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    _default("AllowInternetOutBound", 65001, "Outbound", "Allow", "*", "Internet"),
    _default("DenyAllOutBound", 65500, "Outbound", "Deny", "*", "*"),
)
