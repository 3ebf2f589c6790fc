"""Network security groups: the rules of a group taken together."""

from typing import Any

from sandbox.azure import rules
from sandbox.azure.documents import children_of, find_child, properties_of, show_child, take, wrap
from sandbox.azure.errors import refuse
from sandbox.azure.ids import GROUPS, ArmPath, key
from sandbox.azure.limits import Limits
from sandbox.azure.references import users_of_group
from sandbox.azure.store import Document, Store

Properties = dict[str, Any]
_FIELDS = {"flushConnection": False}

# Name, priority, direction, access, source and destination.
_DEFAULT_RULES = (
    ("AllowVnetInBound", 65000, "Inbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowAzureLoadBalancerInBound", 65001, "Inbound", "Allow", "AzureLoadBalancer", "*"),
    ("DenyAllInBound", 65500, "Inbound", "Deny", "*", "*"),
    ("AllowVnetOutBound", 65000, "Outbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowInternetOutBound", 65001, "Outbound", "Allow", "*", "Internet"),
    ("DenyAllOutBound", 65500, "Outbound", "Deny", "*", "*"),
)


def _default_rule(row: tuple[str, int, str, str, str, str]) -> Properties:
    names = ("priority", "direction", "access", "sourceAddressPrefix", "destinationAddressPrefix")
    lists = [f"{side}{what}" for side in rules.SIDES for what in ("PortRanges", "AddressPrefixes")]
    every = dict.fromkeys(("protocol", "sourcePortRange", "destinationPortRange"), "*")
    given = dict(zip(names, row[1:], strict=True))
    return {"name": row[0], "properties": {**every, **given, **{each: [] for each in lists}}}


DEFAULT_RULES = [_default_rule(row) for row in _DEFAULT_RULES]


def make_group(
    path: ArmPath, body: Properties, existing: Document | None, store: Store, limits: Limits
) -> Document:
    """A network security group from a PUT: its rules are exactly those of the body, all or nothing."""
    given = children_of(body, "securityRules", str(path), limits.rule_name)
    if len(given) > limits.rules_per_group:
        raise refuse(
            "SecurityRuleCountLimitReached",
            path=path,
            most=limits.rules_per_group,
            count=len(given),
        )
    checked = []
    for each in given:
        rule_id = f"{path}/securityRules/{each['name']}"
        properties = rules.check_rule(rule_id, properties_of(each), limits)
        checked.append({"name": each["name"], "properties": properties})
    _require_distinct_priorities(checked)
    _require_few_prefixes(checked, path, limits)
    kept = take(properties_of(body), _FIELDS)
    document = wrap(path, body, {"securityRules": checked, **kept}, existing)
    if existing is None:
        _require_room(path, document["location"], store, limits)
    return document


def show_group(group: Document, store: Store) -> Document:
    """The group with its default rules and its back references."""
    properties = dict(group["properties"])
    for field, listed in (
        ("securityRules", properties["securityRules"]),
        ("defaultSecurityRules", DEFAULT_RULES),
    ):
        properties[field] = [show_child(group, field, rule) for rule in listed]
    for field, ids in users_of_group(store, group["id"]).items():
        if ids:
            properties[field] = [{"id": arm_id} for arm_id in ids]
    return {**group, "properties": properties}


def require_group_unused(group: Document, store: Store) -> None:
    users = [each for ids in users_of_group(store, group["id"]).values() for each in ids]
    if users:
        raise refuse(
            "InUseNetworkSecurityGroupCannotBeDeleted", id=group["id"], users=", ".join(users)
        )


def _require_room(path: ArmPath, location: str, store: Store, limits: Limits) -> None:
    start = key(f"/subscriptions/{path.subscription}/")
    neighbours = [
        group
        for group in store.of_kind(GROUPS)
        if group["location"] == location and key(group["id"]).startswith(start)
    ]
    if len(neighbours) >= limits.groups_per_region:
        raise refuse(
            "NetworkSecurityGroupCountLimitReached",
            most=limits.groups_per_region,
            location=location,
        )


def _require_distinct_priorities(checked: list[Properties]) -> None:
    """Unique for each direction; a rule may not have a default rule's name either."""
    taken: dict[object, str] = {}
    for rule in checked:
        at = (rule["properties"]["direction"], rule["properties"]["priority"])
        other = taken.setdefault(at, rule["name"])
        if other != rule["name"] or find_child(DEFAULT_RULES, rule["name"]) is not None:
            raise refuse("SecurityRuleConflict", rule=rule["name"], other=other)


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
                path=path,
                count=count,
                side=side,
                most=limits.prefixes_per_group,
            )
