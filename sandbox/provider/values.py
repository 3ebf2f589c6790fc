"""Pulumi property values: what crosses the wire, as plain Python values.

On the wire a property map is a protobuf ``Struct``: every number is a float, and an unknown value,
a secret or a reference to a resource is a marked string or object. Here numbers without a fraction
are ``int``, secrets and references are unwrapped, and an unknown value is the string ``UNKNOWN``.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from google.protobuf import json_format, struct_pb2

Props: TypeAlias = dict[str, Any]
"""A resource's inputs or outputs: camelCase names, plain values (nested dicts and lists allowed)."""

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How the protocol writes a value that is not known before the deployment."""

DEFAULTED = "__defaults"
"""Where checked inputs keep the names of what the provider filled in, as the bridged do."""

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"
_RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"


def is_unknown(value: object) -> bool:
    """Whether the value is known only once the deployment runs."""
    return isinstance(value, str) and value == UNKNOWN


def contains_unknown(value: object) -> bool:
    """Whether the value, or anything nested in it, is unknown."""
    if isinstance(value, Mapping):
        return any(contains_unknown(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(contains_unknown(item) for item in value)
    return is_unknown(value)


def decode(struct: struct_pb2.Struct) -> Props:
    """The property map as plain values, without nulls: they mean the same as absence."""
    return _decode_object(json_format.MessageToDict(struct))


def encode(props: Mapping[str, Any]) -> struct_pb2.Struct:
    """The plain values as a property map; properties that are None are left out."""
    struct = struct_pb2.Struct()
    struct.update(_without_none(props))
    return struct


def without_defaulted(props: Props) -> Props:
    """The inputs a handler works with: those without the list of defaulted names, at any depth."""
    return {name: _strip(value) for name, value in props.items() if name != DEFAULTED}


def defaulted_names(props: Props) -> frozenset[str]:
    """Which of the checked inputs were filled in by the provider."""
    return frozenset(props.get(DEFAULTED, ()))


def join_path(path: str, name: str) -> str:
    """The property path one name deeper; other than plain words are quoted, as the engine does."""
    if not name.replace("_", "").replace("$", "").isalnum():
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'{path}["{escaped}"]'
    return f"{path}.{name}" if path else name


def _strip(value: Any) -> Any:
    if isinstance(value, dict):
        return without_defaulted(value)
    if isinstance(value, list):
        return [_strip(item) for item in value]
    return value


def _decode_object(fields: Props) -> Props:
    decoded = ((name, _decode_value(value)) for name, value in fields.items())
    return {name: value for name, value in decoded if value is not None}


def _decode_value(value: Any) -> Any:
    if isinstance(value, list):
        return [_decode_value(item) for item in value]
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if not isinstance(value, dict):
        return value
    signature = value.get(_SIGNATURE)
    if signature in (_SECRET, _OUTPUT):
        return _decode_value(value.get("value", UNKNOWN))
    if signature == _RESOURCE:
        return value.get("id", value["urn"])
    return _decode_object(value)


def _without_none(value: Any) -> Any:
    """The value with tuples as lists, and without the properties that are None."""
    if isinstance(value, Mapping):
        return {name: _without_none(item) for name, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_without_none(item) for item in value]
    return value
