"""Rows of a catalogue file: YAML read without surprises, each row as the dataclass that it is."""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

import yaml

from swyx_components.sets.ports import PortRange, PortSet

_Record = TypeVar("_Record")
Port = Annotated[int, "a port"]
Version = Annotated[str, "text or a number"]

# Fields whose key in the file is a word that Python keeps to itself, or goes better with another one there.
_KEYS = {"initiators": "from", "responders": "to", "sender": "from", "receiver": "to"}
_KEYS |= {"may_override": "overridable"}
_TYPES: dict[Any, str] = {str: "a string", bool: "true or false", int: "a whole number"}


class Defect(Exception):
    """What is wrong with a catalogue file, and where (`flows.C9`)."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(reason)
        self.place = place
        self.reason = reason


class Row:
    """One mapping of the file; `known` has fields that follow from its name and what it is in."""

    def __init__(self, place: str, value: object, **known: str) -> None:
        if not isinstance(value, dict):
            raise Defect(place, "expected a mapping")
        self.place = place
        self.known = known
        self._left = dict(value)

    def record(self, kind: type[_Record]) -> _Record:
        """All of the row as a dataclass: a key for each field that is not known.

        The field's type says what the value must be; where it has a default, the key may be left out.

        Raises:
            Defect: a value is not of the field's type, a key is missing or unknown.
        """
        given: dict[str, Any] = {}
        for field in fields(kind):  # type: ignore[arg-type]
            key = _KEYS.get(field.name, field.name)
            if field.name in self.known:
                given[field.name] = self.known[field.name]
            elif key in self._left:
                given[field.name] = self._typed(key, self._left.pop(key), field.type)
                if field.name == "source":  # of the file, which its roles and flows repeat
                    self.known["source"] = given["source"]
            elif field.default is field.default_factory is MISSING:
                raise Defect(self.place, f"missing key {key!r}")
        self._refuse_rest()
        return kind(**given)

    def _refuse_rest(self) -> None:
        for key in self._left:
            raise Defect(self.place, f"unknown key {key!r}")

    def _typed(self, key: str, value: Any, kind: Any) -> Any:
        origin, inner = get_origin(kind), get_args(kind)
        if origin is UnionType:
            return self._typed(key, value, inner[0])
        if origin is tuple:
            return tuple(self._listed(key, value, inner[0]))
        if origin is Mapping:
            return self._mapped(key, value, *inner)
        if origin is Literal:
            return self._one_of(key, value, inner)
        if is_dataclass(kind):
            return Row(self._below(key), value).record(kind)  # type: ignore[arg-type]
        if isinstance(kind, type) and issubclass(kind, Enum):
            return kind(self._one_of(key, value, [each.value for each in kind]))
        if kind is Version:
            return str(value)
        if kind is Port:
            return self._range(key, value).first
        if kind is PortRange:
            return self._range(key, value)
        if kind is PortSet:
            parts = value if isinstance(value, list) else str(value).split(",")
            return PortSet.union_of(self._range(key, part) for part in parts)
        return self._plain(key, value, kind, _TYPES[kind])

    def _below(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key

    def _listed(self, key: str, value: Any, kind: Any) -> Iterable[Any]:
        """The items of a list; items that are records have no separate place."""
        if kind is int:
            if not isinstance(value, list) or not value:
                raise Defect(self.place, f"{key} must be a non-empty list of numbers")
            return [self._plain(key, item, int, "whole numbers") for item in value]
        is_row, is_list = is_dataclass(kind), get_origin(kind) is tuple
        if not isinstance(value, list) and (is_row or is_list):
            raise Defect(self.place, f"{key} must be a non-empty list")
        if is_row:
            return [Row(self.place, item).record(kind) for item in value]
        if is_list:
            return [self._typed(key, item, kind) for item in value]
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise Defect(self.place, f"{key} must be a list of strings, not {value!r}")
        return [self._typed(f"the {kind.__name__.lower()}", item, kind) for item in value]

    def _mapped(self, key: str, value: Any, keys: Any, values: Any) -> Mapping[Any, Any]:
        """A mapping by name, by number or by the values of an enumeration.

        A record has its name as its first field, and as the fields named like its type of those in it.
        """
        if isinstance(values, type) and is_dataclass(values):
            place = self._below(key)
            names = fields(values)[0].name, values.__name__.lower()
            return {
                str(name): Row(
                    f"{place}.{name}", each, **{**self.known, **dict.fromkeys(names, str(name))}
                ).record(values)
                for name, each in Row(place, value)._left.items()
            }
        row = Row(self.place or key, value)
        if keys in (str, int):
            read = {name: row._typed(name, each, values) for name, each in value.items()}
            if keys is str:
                return {str(name): each for name, each in read.items()}
            wanted = "keyed by whole numbers"
            return {self._plain(key, name, int, wanted): each for name, each in read.items()}
        found = {each: row._left.pop(each.value) for each in keys if each.value in row._left}
        read = {each: row._typed(each.value, own, values) for each, own in found.items()}
        row._refuse_rest()
        return read

    def _one_of(self, key: str, value: Any, choices: Iterable[str]) -> str:
        text: str = self._plain(key, value, str, "a string")
        if text not in choices:
            raise Defect(self.place, f"{key} must be one of {', '.join(choices)}, not {text!r}")
        return text

    def _range(self, key: str, value: object) -> PortRange:
        try:
            return PortRange.parse(str(value))
        except ValueError as problem:
            raise Defect(self.place, f"{key}: {problem}") from None

    def _plain(self, key: str, value: Any, kind: type, called: str) -> Any:
        if kind is int and isinstance(value, str) and value.isdecimal() and len(value) < 10:
            return int(value)  # an installation has its numbers as text
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise Defect(self.place, f"{key} must be {called}, not {value!r}")
        return value


def read_rows(text: str) -> Row:
    """The top row of a YAML text.

    Raises:
        Defect: not YAML, a tag that asks for more than data, a key written twice, not a mapping.
    """
    try:
        _refuse_repeated_keys(yaml.compose(text, Loader=yaml.CSafeLoader), "")
        return Row("", yaml.load(text, Loader=yaml.CSafeLoader))
    except yaml.MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else 1
        raise Defect("", f"line {line}: invalid YAML") from None
    except yaml.YAMLError:
        raise Defect("", "invalid YAML") from None


def _refuse_repeated_keys(node: yaml.Node | None, place: str) -> None:
    """A row written twice would silently replace the first one."""
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            name = str(key.value)
            inner = f"{place}.{name}" if place else name
            if name in seen:
                raise Defect(place, f"duplicate key {name!r}")
            seen.add(name)
            _refuse_repeated_keys(value, inner)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _refuse_repeated_keys(value, place)
