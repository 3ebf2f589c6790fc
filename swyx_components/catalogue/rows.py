"""Rows of a catalogue, as `yaml_source` reads them: each as the dataclass that it is."""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from swyx_components.messages import SwyxError
from swyx_components.sets.ports import PortRange, PortSet

_Record = TypeVar("_Record")
Port = Annotated[int, "a port"]

# Fields whose key in the file is a word that Python keeps to itself, or goes better with another one there.
_KEYS = {"initiators": "from", "responders": "to", "sender": "from", "receiver": "to"}
_KEYS |= {"may_override": "overridable"}
_TYPES: dict[Any, str] = {str: "a string", bool: "true or false", int: "a whole number"}


def defect(place: str, reason: str) -> SwyxError:
    """What is wrong with a catalogue, and where (`flows.C9`)."""
    return SwyxError.about("catalogue-defect", place, reason=reason)


class Row:
    """One mapping of the file; `known` has fields that follow from its name and what it is in."""

    def __init__(self, place: str, value: object, **known: str) -> None:
        if not isinstance(value, dict):
            raise defect(place, "expected a mapping")
        self.place = place
        self.known = known
        self.values: dict[str, Any] = value

    def record(self, kind: type[_Record]) -> _Record:
        """All of the row as a dataclass: a key for each field that is not known.

        The field's type says what the value must be; where it has a default, the key may be left out.

        Raises:
            SwyxError: a value is not of the field's type, a key is missing or unknown.
        """
        given: dict[str, Any] = {}
        left = dict(self.values)
        for field in fields(kind):  # type: ignore[arg-type]
            key = _KEYS.get(field.name, field.name)
            if field.name in self.known:
                given[field.name] = self.known[field.name]
            elif key in left:
                given[field.name] = self._typed(key, left.pop(key), field.type)
                if field.name == "source":  # of the file, which its roles and flows repeat
                    self.known["source"] = given["source"]
            elif field.default is field.default_factory is MISSING:
                raise defect(self.place, f"missing key {key!r}")
        for key in left:
            raise defect(self.place, f"unknown key {key!r}")
        return kind(**given)

    def _typed(self, key: str, value: Any, kind: Any) -> Any:
        """A value as the type says; numbers are text, as in an installation."""
        origin, inner = get_origin(kind), get_args(kind)
        if origin is UnionType:
            return self._typed(key, value, inner[0])
        if origin is tuple:
            return self._listed(key, value, inner[0])
        if origin is Mapping:
            return dict(self._entries(key, value, *inner))
        if origin is Literal:
            return self._one_of(key, value, inner)
        if kind is Port:
            return self._typed(key, value, PortRange).first
        if is_dataclass(kind):
            return Row(self._below(key), value).record(kind)  # type: ignore[arg-type]
        if issubclass(kind, Enum):
            return kind(self._one_of(key, value, [each.value for each in kind]))
        if kind is PortSet:
            parts = value if isinstance(value, list) else str(value).split(",")
            return PortSet.union_of(self._typed(key, part, PortRange) for part in parts)
        if kind is PortRange:
            try:
                return PortRange.parse(str(value))
            except ValueError as problem:
                raise defect(self.place, f"{key}: {problem}") from None
        if kind is int and isinstance(value, str) and value.isdecimal() and len(value) < 10:
            return int(value)
        if type(value) is not kind:
            raise defect(self.place, f"{key} must be {_TYPES[kind]}, not {value!r}")
        return value

    def _below(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key

    def _listed(self, key: str, value: Any, kind: Any) -> tuple[Any, ...]:
        """The items of a list; items that are records have no separate place."""
        if not isinstance(value, list) or (kind is int and not value):
            wanted = "a non-empty list of numbers" if kind is int else "a list"
            raise defect(self.place, f"{key} must be {wanted}, not {value!r}")
        if is_dataclass(kind):
            return tuple(Row(self.place, item).record(kind) for item in value)  # type: ignore[arg-type]
        return tuple(self._typed(f"an item of {key}", item, kind) for item in value)

    def _entries(self, key: str, value: Any, keys: Any, kind: Any) -> Iterable[tuple[Any, Any]]:
        """A mapping by name, by number or by the values of an enumeration.

        A record has its name as its first field, and as the fields named like its type of those in it.
        """
        row = Row(self._below(key), value)
        for name, each in row.values.items():
            if is_dataclass(kind):
                names = fields(kind)[0].name, kind.__name__.lower()  # type: ignore[union-attr]
                known = {**self.known, **dict.fromkeys(names, name)}
                yield name, Row(f"{row.place}.{name}", each, **known).record(kind)  # type: ignore[arg-type]
            else:
                yield row._typed(f"a key of {key}", name, keys), row._typed(name, each, kind)

    def _one_of(self, key: str, value: Any, choices: Iterable[str]) -> str:
        text: str = self._typed(key, value, str)
        if text not in choices:
            raise defect(self.place, f"{key} must be one of {', '.join(choices)}, not {text!r}")
        return text
