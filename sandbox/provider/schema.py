"""Inputs against the provider's own Python SDK: which properties a type has, and of which kind.

The real plugins carry a schema; the stand-ins read the same facts from the SDK package that
programs import, so that a property which the real provider does not have is refused here too.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
import threading
import typing
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

from pulumi import _types

from sandbox.provider.values import DEFAULTED, Props, is_unknown, join_path

LOADING = threading.RLock()
"""Held while the SDK is looked into: the engine sends its first requests all at once."""


class Kind(Enum):
    """The shape of a value, in the words of a message."""

    STRING = "a string"
    INTEGER = "a whole number"
    NUMBER = "a number"
    BOOLEAN = "true or false"
    LIST = "a list"
    MAP = "a map"
    OBJECT = "an object"
    ANY = "anything"


_SCALARS = ((bool, Kind.BOOLEAN), (int, Kind.INTEGER), (float, Kind.NUMBER), (str, Kind.STRING))
_TYPES: Mapping[Kind, Any] = {
    Kind.STRING: str,
    Kind.INTEGER: int,
    Kind.NUMBER: int | float,
    Kind.BOOLEAN: bool,
    Kind.LIST: list,
    Kind.MAP: dict,
    Kind.OBJECT: dict,
}


@dataclass(frozen=True, slots=True)
class Shape:
    """A value's kind; the element's shape for lists and maps, and the SDK's input class for objects."""

    kind: Kind
    element: Shape | None = None
    object_class: type | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectShape:
    """The properties of a resource's inputs or of a nested object, camelCase, and which must be given."""

    properties: Mapping[str, Shape]
    required: frozenset[str]


@dataclass(frozen=True, slots=True)
class Failure:
    """An input that cannot be accepted: the property's path and the reason, a sentence."""

    property: str
    reason: str


class UnknownToken(LookupError):
    """The SDK has no such resource or function."""


@cache
def find_inputs(package: str, token: str) -> ObjectShape:
    """The inputs of a resource type such as ``aws:ec2/securityGroup:SecurityGroup``, from the
    package ``pulumi_aws``.

    The SDK calls a resource's inputs ``XInitArgs`` where a nested type took the name ``XArgs``.

    Raises: UnknownToken.
    """
    try:
        return read_object(_find(package, token, suffix="InitArgs"))
    except UnknownToken:
        return read_object(_find(package, token, suffix="Args"))


@cache
def find_outputs(package: str, token: str) -> frozenset[str]:
    """The names of a resource type's outputs, the inputs that are echoed included."""
    return frozenset(_types.resource_types(_find(package, token)))


@cache
def find_arguments(package: str, token: str) -> frozenset[str]:
    """The argument names of a function, as `fold_name` writes them: the SDK does not keep their
    camelCase names.

    Raises: UnknownToken.
    """
    name = token.rsplit(":", 1)[-1]
    snake = "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)
    function = _find(package, token.removesuffix(name) + snake)
    return frozenset(map(fold_name, inspect.signature(function).parameters)) - {"opts"}


def fold_name(name: str) -> str:
    """A property name in the form that is the same for its camelCase and its snake_case spelling."""
    return name.replace("_", "").lower()


@cache
def read_object(args_class: type) -> ObjectShape:
    """The shape of one of the SDK's input classes."""
    hints = _types.input_type_types(args_class)
    names = _types.input_type_py_to_pulumi_names(args_class)
    parameters = inspect.signature(args_class).parameters.values()
    required = {names[each.name] for each in parameters if each.default is each.empty}
    properties = {name: _read_shape(hints.get(name, Any)) for name in names.values()}
    return ObjectShape(properties=properties, required=frozenset(required))


def validate_object(
    props: Props, shape: ObjectShape, owner: str, path: str = ""
) -> Iterator[Failure]:
    """Each reason why the properties are not those of ``owner``, with the path of the property at fault."""
    for name, value in props.items():
        if name == DEFAULTED:
            continue
        place = join_path(path, name)
        if name in shape.properties:
            yield from _validate(value, shape.properties[name], owner, place)
        else:
            close = difflib.get_close_matches(name, shape.properties, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            yield Failure(place, f"{owner} has no property {name!r}{hint}")
    for name in sorted(shape.required - props.keys()):
        reason = f"{owner} requires the property {name!r}, and it is missing"
        yield Failure(join_path(path, name), reason)


def coerce_object(props: Props, shape: ObjectShape) -> Props:
    """The properties with each number, boolean and string in the kind that the schema names, as the
    bridge does: ``"5060"`` where a number is wanted is 5060.
    """
    return {
        name: _coerce(value, shape.properties[name]) if name in shape.properties else value
        for name, value in props.items()
    }


def _validate(value: Any, shape: Shape, owner: str, path: str) -> Iterator[Failure]:
    """Each reason why a value is not of its shape; an unknown value may yet become anything."""
    if is_unknown(value) or value is None or shape.kind is Kind.ANY:
        return
    if not _is_of_kind(value, shape.kind):
        yield Failure(path, f"{owner} wants {shape.kind.value} for {path}, not {value!r}")
    elif shape.object_class is not None:
        yield from validate_object(value, read_object(shape.object_class), owner, path)
    elif shape.element is not None:
        listed = isinstance(value, list)
        for key, item in enumerate(value) if listed else value.items():
            place = f"{path}[{key}]" if listed else join_path(path, str(key))
            yield from _validate(item, shape.element, owner, place)


def _is_of_kind(value: Any, kind: Kind) -> bool:
    value = _coerce_scalar(value, kind)
    return isinstance(value, _TYPES[kind]) and isinstance(value, bool) is (kind is Kind.BOOLEAN)


def _coerce(value: Any, shape: Shape) -> Any:
    if is_unknown(value):
        return value
    if isinstance(value, dict) and shape.object_class is not None:
        return coerce_object(value, read_object(shape.object_class))
    if isinstance(value, list) and shape.element is not None:
        return [_coerce(item, shape.element) for item in value]
    if isinstance(value, dict) and shape.element is not None:
        return {name: _coerce(item, shape.element) for name, item in value.items()}
    return _coerce_scalar(value, shape.kind)


def _coerce_scalar(value: Any, kind: Kind) -> Any:
    match kind:
        case Kind.INTEGER if isinstance(value, str) and value.removeprefix("-").isdecimal():
            return int(value) if value.isascii() else value
        case Kind.BOOLEAN if value in ("true", "false"):
            return value == "true"
        case Kind.STRING if isinstance(value, bool):
            return str(value).lower()
        case Kind.STRING if isinstance(value, int | float):
            return str(value)
    return value


def _find(package: str, token: str, suffix: str = "") -> Any:
    """The SDK's class or function for a token.

    The SDK loads its modules at the first look inside, which is not safe for threads, and warns of
    its own deprecated classes while it does.
    """
    if token.startswith("pulumi:providers:"):
        token = f"{package}:index:Provider"
    parts = token.split(":")
    if len(parts) != 3:
        raise UnknownToken(f"{token} is not a token of the form package:module:Name")
    module = parts[1].split("/")[0]
    place = package if module in ("", "index") else f"{package}.{module}"
    try:
        with LOADING, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return getattr(importlib.import_module(place), parts[2] + suffix)
    except (ImportError, AttributeError) as missing:
        raise UnknownToken(f"{package} has nothing called {token}") from missing


def _read_shape(hint: Any) -> Shape:
    hint = _types.unwrap_type(hint)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if inspect.isclass(origin) and issubclass(origin, Mapping):
        return Shape(Kind.MAP, _read_shape(arguments[1]))
    if inspect.isclass(origin) and issubclass(origin, Sequence):
        return Shape(Kind.LIST, _read_shape(arguments[0]))
    if origin is typing.Union:  # `Input[T]`, or a plain kind beside its own enum
        shapes = {_read_shape(each) for each in arguments if not _is_wrapper(each)}
        return shapes.pop() if len(shapes) == 1 else Shape(Kind.ANY)
    if not inspect.isclass(hint):
        return Shape(Kind.ANY)
    if _types.is_input_type(hint):
        return Shape(Kind.OBJECT, object_class=hint)
    return Shape(next((kind for base, kind in _SCALARS if issubclass(hint, base)), Kind.ANY))


def _is_wrapper(hint: Any) -> bool:
    """Whether a member of a union only says "or later": Output, Awaitable, None."""
    origin = typing.get_origin(hint) or hint
    return hint is type(None) or getattr(origin, "__name__", "") in ("Output", "Awaitable")
