"""Between azure-native's flat properties and ARM's JSON with its `properties` envelope.

    {"name": "a", "priority": 100}  <->  {"name": "a", "properties": {"priority": 100}}

azure-native drops the envelope at every level; ARM has one wherever it has a resource, also a
nested one.
"""

from collections.abc import Callable
from typing import Any

from sandbox.provider.schema import Kind, ObjectShape, Shape, read_object

Props = dict[str, Any]

OUTSIDE = frozenset(
    {"id", "name", "type", "etag", "location", "tags", "zones", "sku", "extendedLocation"}
)
"""What ARM keeps beside the envelope."""

ENVELOPED = frozenset(
    {
        "applicationGatewayBackendAddressPools",
        "defaultSecurityRules",
        "delegations",
        "ipConfigurations",
        "loadBalancerBackendAddressPools",
        "loadBalancerInboundNatRules",
        "networkSecurityGroup",
        "publicIPAddress",
        "routeTable",
        "securityRules",
        "subnet",
        "subnets",
        "virtualNetworkPeerings",
    }
)
"""Properties whose value, or whose elements, are resources with an envelope of their own."""

READ_ONLY = frozenset({"etag", "provisioningState"})
"""What the SDK's classes take, and only ARM sets."""


def wrap(inputs: Props) -> Props:
    """A resource's flat inputs as ARM's JSON."""
    outside = {name: value for name, value in inputs.items() if name in OUTSIDE}
    inside = {
        name: _convert(wrap, name, value) for name, value in inputs.items() if name not in OUTSIDE
    }
    return {**outside, "properties": inside} if inside else outside


def unwrap(document: Props) -> Props:
    """ARM's JSON as azure-native's flat outputs."""
    flat = {name: value for name, value in document.items() if name != "properties"}
    inside = document.get("properties", {}).items()
    return flat | {name: _convert(unwrap, name, value) for name, value in inside}


def project(outputs: Props, shape: ObjectShape) -> Props:
    """Outputs without what no program can give: the parts that the SDK's input classes have."""
    return {
        name: _project_value(value, shape.properties[name])
        for name, value in outputs.items()
        if name in shape.properties and name not in READ_ONLY
    }


def _project_value(value: Any, shape: Shape) -> Any:
    if shape.kind is Kind.LIST and shape.element and isinstance(value, list):
        return [_project_value(item, shape.element) for item in value]
    if shape.kind is Kind.OBJECT and shape.object_class and isinstance(value, dict):
        return project(value, read_object(shape.object_class))
    return value


def refresh(given: Any, before: Any, after: Any) -> Any:
    """Inputs with what differs between two projected outputs. Lists are compared by index, for
    azure-native knows no identifiers of rules and IP configurations.

    Source: pulumi-azure-native, `applyDiff` in provider/pkg/provider/diff.go.
    """
    if isinstance(given, dict) and isinstance(before, dict) and isinstance(after, dict):
        gone = {name for name in before if name not in after}
        changed = {name for name in after if name not in before or before[name] != after[name]}
        kept = {name: value for name, value in given.items() if name not in gone}
        return kept | {
            name: refresh(given.get(name), before.get(name), after[name])
            for name in sorted(changed)
        }
    if isinstance(given, list) and isinstance(before, list) and isinstance(after, list):
        known = min(len(given), len(before))
        return [
            refresh(given[n], before[n], item) if n < known else item
            for n, item in enumerate(after)
        ]
    return after


def _convert(how: Callable[[Props], Props], name: str, value: Any) -> Any:
    if name not in ENVELOPED:
        return value
    if isinstance(value, list):
        return [how(item) if isinstance(item, dict) else item for item in value]
    return how(value) if isinstance(value, dict) else value
