"""What a provider's own Python SDK says about its resources: the names, kinds and nesting of their inputs.

The real plugins carry a schema; the stand-ins read the same facts from the SDK package that
programs import, so that a property which the real provider does not have is refused here too.
"""

from __future__ import annotations

import importlib
import inspect
import threading
import typing
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

from pulumi import _types

LOADING = threading.RLock()
"""Held while the SDK is looked into: the engine sends its first requests all at once."""


class Kind(Enum):
    """The shape of a value."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    LIST = "list"
    MAP = "map"
    OBJECT = "object"
    ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
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


class UnknownToken(LookupError):
    """The SDK has no such resource or function."""


@cache
def find_inputs(package: str, token: str) -> ObjectShape:
    """The inputs of a resource type such as ``aws:ec2/securityGroup:SecurityGroup``, from the
    package ``pulumi_aws``.

    ``azure-native:network/v20240301:X`` is looked up without its version: the SDK holds one version
    of each type.

    The SDK calls a resource's inputs ``XInitArgs`` where a nested type took the name ``XArgs``.

    Raises: UnknownToken.
    """
    try:
        return read_object(find_class(package, token, suffix="InitArgs"))
    except UnknownToken:
        return read_object(find_class(package, token, suffix="Args"))


@cache
def find_outputs(package: str, token: str) -> frozenset[str]:
    """The names of a resource type's outputs, the inputs that are echoed included."""
    return frozenset(_types.resource_types(find_class(package, token)))


@cache
def find_function_arguments(package: str, token: str) -> frozenset[str] | None:
    """The argument names of a function token, lower case without underscores, as the SDK's function
    takes them.

    The SDK does not keep camelCase names for function arguments: compare with :func:`fold_name`.
    """
    module, name = _split_token(package, token)
    try:
        function = _load(module, _snake_case(name))
    except (ImportError, AttributeError) as missing:
        raise UnknownToken(f"{package} has no function {token}") from missing
    return frozenset(
        fold_name(each) for each in inspect.signature(function).parameters if each != "opts"
    )


def fold_name(name: str) -> str:
    """A property name in the form that is the same for its camelCase and its snake_case spelling."""
    return name.replace("_", "").lower()


@cache
def find_class(package: str, token: str, *, suffix: str = "") -> Any:
    """The SDK's class for a type token: the resource itself, or with ``suffix="Args"`` the class of
    its inputs.
    """
    module, name = _split_token(package, token)
    try:
        return _load(module, name + suffix)
    except (ImportError, AttributeError) as missing:
        raise UnknownToken(f"{package} has no resource type {token}") from missing


@cache
def read_object(args_class: type) -> ObjectShape:
    """The shape of one of the SDK's input classes."""
    hints = _types.input_type_types(args_class)
    names = _types.input_type_py_to_pulumi_names(args_class)
    parameters = inspect.signature(args_class).parameters
    required = {
        names[each.name] for each in parameters.values() if each.default is inspect.Parameter.empty
    }
    properties = {name: _read_shape(hints.get(name, Any)) for name in names.values()}
    return ObjectShape(properties=properties, required=frozenset(required))


def _load(module: str, name: str) -> Any:
    """A name of the SDK's module.

    The SDK loads its modules at the first look inside, which is not safe for threads, and warns of
    its own deprecated classes while it does.
    """
    with LOADING, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(importlib.import_module(module), name)


def _split_token(package: str, token: str) -> tuple[str, str]:
    if token.startswith("pulumi:providers:"):
        return package, "Provider"
    parts = token.split(":")
    if len(parts) != 3:
        raise UnknownToken(f"{token} is not a token of the form package:module:Name")
    module = parts[1].split("/")[0]
    return (package if module in ("", "index") else f"{package}.{module}"), parts[2]


def _snake_case(name: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name).lstrip(
        "_"
    )


def _read_shape(hint: Any) -> Shape:
    hint = _unwrap(hint)
    origin = typing.get_origin(hint)
    arguments = typing.get_args(hint)
    if origin is not None and inspect.isclass(origin):
        if issubclass(origin, Mapping):
            return Shape(kind=Kind.MAP, element=_read_shape(arguments[1]))
        if issubclass(origin, Sequence):
            return Shape(kind=Kind.LIST, element=_read_shape(arguments[0]))
    if origin is typing.Union:
        return _read_union(arguments)
    return _read_plain(hint)


def _unwrap(hint: Any) -> Any:
    """The T of ``Input[T]`` and of ``Optional[T]``; the SDK's helper knows the shapes its generator emits."""
    previous = None
    while previous is not hint:
        previous, hint = hint, _types.unwrap_type(hint)
        if typing.get_origin(hint) is typing.Union:
            kept = [each for each in typing.get_args(hint) if not _is_wrapper(each)]
            hint = kept[0] if len(kept) == 1 else hint
    return hint


def _is_wrapper(hint: Any) -> bool:
    """Whether a member of a union only says "or later": Output, Awaitable, None."""
    origin = typing.get_origin(hint) or hint
    return hint is type(None) or getattr(origin, "__name__", "") in ("Output", "Awaitable")


def _read_union(members: tuple[Any, ...]) -> Shape:
    """A union: a plain kind beside its own enum is that kind, anything else accepts any value."""
    shapes = {_read_shape(each) for each in members if not _is_wrapper(each)}
    return shapes.pop() if len(shapes) == 1 else Shape(kind=Kind.ANY)


def _read_plain(hint: Any) -> Shape:
    if not inspect.isclass(hint):
        return Shape(kind=Kind.ANY)
    if _types.is_input_type(hint):
        return Shape(kind=Kind.OBJECT, object_class=hint)
    kinds = ((bool, Kind.BOOLEAN), (int, Kind.INTEGER), (float, Kind.NUMBER), (str, Kind.STRING))
    return Shape(kind=next((kind for base, kind in kinds if issubclass(hint, base)), Kind.ANY))
