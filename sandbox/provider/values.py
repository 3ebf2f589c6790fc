"""Pulumi property values: what crosses the wire, as plain Python values.

On the wire a property map is a protobuf ``Struct``: every number is a float, and an unknown value,
a secret or a reference to a resource is a marked string or object. Here numbers without a fraction
are ``int``, secrets and references are unwrapped, and an unknown value is the string ``UNKNOWN``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from google.protobuf import struct_pb2

Props: TypeAlias = dict[str, Any]
"""A resource's inputs or outputs: camelCase names, plain values (nested dicts and lists allowed)."""

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How the protocol writes a value that is not known before the deployment."""

DEFAULTED = "__defaults"
"""Where checked inputs keep the names of the properties that the provider filled in (as the bridged
providers do).
"""

SIGNATURE_KEY = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"
RESOURCE_SIGNATURE = "5cf8f73096256a8f31e491e813e4eb8e"
OUTPUT_SIGNATURE = "d0e6a833031e9bbcd3f4e8bde6ca49a4"


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
    """The property map as plain values; nulls are left out, as an absent property and a null one
    mean the same.
    """
    decoded = ((name, _decode_value(value)) for name, value in struct.fields.items())
    return {name: value for name, value in decoded if value is not None}


def encode(props: Mapping[str, Any]) -> struct_pb2.Struct:
    """The plain values as a property map; properties that are None are left out."""
    struct = struct_pb2.Struct()
    _fill_struct(struct, props)
    return struct


def without_defaulted(props: Props) -> Props:
    """The inputs a handler works with: those without the list of defaulted names, at any depth."""
    return {name: _strip(value) for name, value in props.items() if name != DEFAULTED}


def defaulted_names(props: Props) -> frozenset[str]:
    """Which of the checked inputs were filled in by the provider."""
    return frozenset(props.get(DEFAULTED, ()))


def walk(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Every leaf of a value with its property path, such as ``("tags.Name", "a")`` or
    ``("rules[0].port", 5060)``.
    """
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from walk(item, join_path(path, str(name)))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from walk(item, f"{path}[{index}]")
    else:
        yield path, value


def join_path(path: str, name: str) -> str:
    """The property path one name deeper; names that are not plain words are quoted, as the engine's
    parser wants.
    """
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


def _decode_value(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return value.string_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "bool_value":
        return value.bool_value
    if kind == "list_value":
        return [_decode_value(item) for item in value.list_value.values]
    if kind == "struct_value":
        return _decode_struct(value.struct_value)
    return None


def _decode_struct(struct: struct_pb2.Struct) -> Any:
    fields = struct.fields
    if SIGNATURE_KEY not in fields:
        return decode(struct)
    signature = fields[SIGNATURE_KEY].string_value
    if signature == SECRET_SIGNATURE:
        return _decode_value(fields["value"])
    if signature == OUTPUT_SIGNATURE:
        return _decode_value(fields["value"]) if "value" in fields else UNKNOWN
    if signature == RESOURCE_SIGNATURE:
        return _decode_value(fields["id"]) if "id" in fields else fields["urn"].string_value
    return decode(struct)


def _fill_struct(struct: struct_pb2.Struct, props: Mapping[str, Any]) -> None:
    for name, value in props.items():
        if value is not None:
            _fill_value(struct.fields[name], value)


def _fill_value(target: struct_pb2.Value, value: object) -> None:
    if value is None:
        target.null_value = struct_pb2.NULL_VALUE
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, int | float):
        target.number_value = value
    elif isinstance(value, str):
        target.string_value = value
    elif isinstance(value, Mapping):
        target.struct_value.SetInParent()
        _fill_struct(target.struct_value, value)
    elif isinstance(value, Sequence):
        target.list_value.SetInParent()
        for item in value:
            _fill_value(target.list_value.values.add(), item)
    else:
        raise TypeError(f"{type(value).__name__} is not a property value: {value!r}")
