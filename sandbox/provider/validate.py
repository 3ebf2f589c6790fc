"""Inputs against the SDK's schema: unknown and missing properties, and values of the wrong kind."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

from sandbox.provider.errors import Failure
from sandbox.provider.schema import Kind, ObjectShape, Shape, read_object
from sandbox.provider.values import DEFAULTED, Props, is_unknown, join_path

KIND_NAMES = {
    Kind.STRING: "a string",
    Kind.INTEGER: "a whole number",
    Kind.NUMBER: "a number",
    Kind.BOOLEAN: "true or false",
    Kind.LIST: "a list",
    Kind.MAP: "a map",
    Kind.OBJECT: "an object",
}


def validate_object(
    props: Props, shape: ObjectShape, owner: str, path: str = ""
) -> Iterator[Failure]:
    """Each reason why the properties are not those of ``owner``, with the path of the property at fault."""
    for name, value in props.items():
        if name == DEFAULTED:
            continue
        place = join_path(path, name)
        if name in shape.properties:
            yield from validate_value(value, shape.properties[name], owner, place)
        else:
            yield Failure(place, _describe_unknown(name, shape, owner))
    for name in sorted(shape.required - props.keys()):
        yield Failure(
            join_path(path, name), f"{owner} requires the property {name!r}, and it is missing"
        )


def validate_value(value: Any, shape: Shape, owner: str, path: str) -> Iterator[Failure]:
    """Each reason why a value is not of its shape; an unknown value may yet become anything."""
    if is_unknown(value) or value is None or shape.kind is Kind.ANY:
        return
    if not _is_of_kind(value, shape.kind):
        yield Failure(path, f"{owner} wants {KIND_NAMES[shape.kind]} for {path}, not {value!r}")
    elif shape.kind is Kind.OBJECT and shape.object_class is not None:
        yield from validate_object(value, read_object(shape.object_class), owner, path)
    elif shape.kind is Kind.LIST and shape.element is not None:
        for index, item in enumerate(value):
            yield from validate_value(item, shape.element, owner, f"{path}[{index}]")
    elif shape.kind is Kind.MAP and shape.element is not None:
        for name, item in value.items():
            yield from validate_value(item, shape.element, owner, join_path(path, name))


def coerce_object(props: Props, shape: ObjectShape) -> Props:
    """The properties with each number, boolean and string in the kind that the schema names, as the
    bridge does.
    """
    return {
        name: coerce_value(value, shape.properties[name]) if name in shape.properties else value
        for name, value in props.items()
    }


def coerce_value(value: Any, shape: Shape) -> Any:
    """``"5060"`` where a number is wanted is 5060; 5060 where a string is wanted is ``"5060"``."""
    if is_unknown(value):
        return value
    if shape.kind is Kind.OBJECT and isinstance(value, dict) and shape.object_class is not None:
        return coerce_object(value, read_object(shape.object_class))
    if shape.kind is Kind.LIST and isinstance(value, list) and shape.element is not None:
        return [coerce_value(item, shape.element) for item in value]
    if shape.kind is Kind.MAP and isinstance(value, dict) and shape.element is not None:
        return {name: coerce_value(item, shape.element) for name, item in value.items()}
    return _coerce_scalar(value, shape.kind)


def _coerce_scalar(value: Any, kind: Kind) -> Any:
    if kind is Kind.INTEGER and isinstance(value, str) and _is_whole(value):
        return int(value)
    if kind is Kind.BOOLEAN and value in ("true", "false"):
        return value == "true"
    if kind is Kind.STRING and isinstance(value, bool):
        return str(value).lower()
    if kind is Kind.STRING and isinstance(value, int | float):
        return str(value)
    return value


def _is_of_kind(value: Any, kind: Kind) -> bool:
    """Whether the value, once coerced, has the kind."""
    value = _coerce_scalar(value, kind)
    if kind in (Kind.MAP, Kind.OBJECT):
        return isinstance(value, dict)
    if kind is Kind.LIST:
        return isinstance(value, list)
    if kind is Kind.STRING:
        return isinstance(value, str)
    if kind is Kind.BOOLEAN:
        return isinstance(value, bool)
    wanted = int if kind is Kind.INTEGER else int | float
    return isinstance(value, wanted) and not isinstance(value, bool)


def _is_whole(text: str) -> bool:
    return text.removeprefix("-").isdecimal() and text.isascii()


def _describe_unknown(name: str, shape: ObjectShape, owner: str) -> str:
    close = difflib.get_close_matches(name, shape.properties, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"{owner} has no property {name!r}{hint}"
