"""Between azure-native's flat properties and ARM's JSON with its `properties` envelope.

    {"name": "a", "priority": 100}  <->  {"name": "a", "properties": {"priority": 100}}

azure-native drops the envelope at every level; ARM has one wherever it has a resource, also a
nested one.
"""

from __future__ import annotations

from typing import Any

Props = dict[str, Any]

OUTSIDE = frozenset(
    {
        "id",
        "name",
        "type",
        "etag",
        "location",
        "tags",
        "zones",
        "sku",
        "extendedLocation",
        "managedBy",
    }
)
"""What ARM keeps beside the envelope."""

ENVELOPED = frozenset(
    """applicationSecurityGroups defaultSecurityRules delegations
    destinationApplicationSecurityGroups ipConfigurations
    networkSecurityGroup publicIPAddress routeTable securityRules sourceApplicationSecurityGroups
    subnet subnets
    virtualNetworkPeerings""".split()  # noqa: SIM905 - a list of words reads better as words
)
"""Properties whose value, or whose elements, are resources with an envelope of their own."""

NOISE = frozenset({"id", "etag", "type", "provisioningState", "resourceGuid", "azureApiVersion"})
"""What ARM chooses and no program gives."""


def wrap(inputs: Props) -> Props:
    """A resource's flat inputs as ARM's JSON; fields that only ARM sets are left out, except
    references' ids.
    """
    outside = {name: value for name, value in inputs.items() if name in OUTSIDE}
    inside = {
        name: _wrap_value(name, value) for name, value in inputs.items() if name not in OUTSIDE
    }
    return {**outside, "properties": inside} if inside else outside


def unwrap(document: Props) -> Props:
    """ARM's JSON as azure-native's flat outputs."""
    flat = {name: value for name, value in document.items() if name != "properties"}
    return {
        **flat,
        **{
            name: _unwrap_value(name, value)
            for name, value in document.get("properties", {}).items()
        },
    }


def refresh(inputs: Props, before: Props, after: Props) -> Props:
    """The inputs with what has changed in the cloud since: `before` and `after` are outputs,
    flat.

    Only what differs between the two is drift. What ARM added when the resource was made is in
    both.
    """
    return {
        name: value
        for name in [*inputs, *(each for each in after if each not in inputs)]
        if (value := _refresh_field(name, inputs, before, after)) is not None
    }


def _wrap_value(name: str, value: Any) -> Any:
    if name not in ENVELOPED:
        return value
    if isinstance(value, list):
        return [wrap(item) for item in value]
    return wrap(value) if isinstance(value, dict) else value


def _unwrap_value(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return [
            unwrap(item) if isinstance(item, dict) and name in ENVELOPED else item for item in value
        ]
    return unwrap(value) if isinstance(value, dict) and name in ENVELOPED else value


def _refresh_field(name: str, inputs: Props, before: Props, after: Props) -> Any:
    given, old, new = inputs.get(name), before.get(name), after.get(name)
    if name in NOISE or old == new or _is_back_reference(name, new):
        return given
    if isinstance(given, list) and isinstance(new, list):
        return _refresh_list(given, old if isinstance(old, list) else [], new)
    if isinstance(given, dict) and isinstance(new, dict):
        return refresh(given, old if isinstance(old, dict) else {}, new)
    return clean(new)


def _refresh_list(given: list[Any], old: list[Any], new: list[Any]) -> list[Any]:
    """Named elements are compared with their namesakes; an unnamed list is taken as it is now."""
    if not all(isinstance(item, dict) and "name" in item for item in (*given, *old, *new)):
        return [clean(item) for item in new]
    givens, olds = ({item["name"].lower(): item for item in items} for items in (given, old))
    return [
        refresh(givens[name], olds.get(name, {}), item)
        if (name := item["name"].lower()) in givens
        else clean(item)
        for item in new
    ]


def _is_back_reference(name: str, value: Any) -> bool:
    """Who uses a subnet: ARM prints it, and no program gives it. An interface's own
    configurations have names.
    """
    if name != "ipConfigurations" or not isinstance(value, list):
        return False
    return bool(value) and all(item.keys() == {"id"} for item in value)


def clean(value: Any) -> Any:
    """A value from the cloud as a program would give it: without noise and empties; a bare
    reference keeps its id.
    """
    if isinstance(value, list):
        return [clean(item) for item in value]
    if not isinstance(value, dict):
        return None if value == "" else value
    kept = {
        name: clean(item)
        for name, item in value.items()
        if name not in NOISE
        and item not in (None, "", [], {})
        and not _is_back_reference(name, item)
    }
    return kept or ({"id": value["id"]} if "id" in value else {})
