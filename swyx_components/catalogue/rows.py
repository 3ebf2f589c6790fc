"""Rows of a catalogue file: YAML read without surprises, each value asked for by key and type."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import yaml

from swyx_components.sets.ports import PortRange, PortSet

_Value = TypeVar("_Value")
_REQUIRED: Any = object()


class Defect(Exception):
    """What is wrong with a catalogue file, and where (`flows.C9`)."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(reason)
        self.place = place
        self.reason = reason


class Row:
    """One mapping of the file. Every key must be asked for before `done`, which refuses the rest."""

    def __init__(self, place: str, value: object) -> None:
        if not isinstance(value, dict):
            raise Defect(place, "a mapping of keys to values is needed here")
        self.place = place
        self._left = dict(value)

    def __contains__(self, key: str) -> bool:
        return key in self._left

    def take(self, key: str, default: Any = _REQUIRED) -> Any:
        """The value of a key, as it is written.

        Raises:
            Defect: there is none, and no default.
        """
        if key in self._left:
            return self._left.pop(key)
        if default is _REQUIRED:
            raise Defect(self.place, f"the key {key!r} is missing")
        return default

    def done(self) -> None:
        """Nothing, where every key was asked for.

        Raises:
            Defect: a key was not.
        """
        for key in self._left:
            raise Defect(self.place, f"the key {key!r} is unknown")

    def row(self, key: str) -> "Row":
        """One row in this one."""
        return Row(f"{self.place}.{key}" if self.place else key, self.take(key))

    def rows(self, key: str) -> Mapping[str, "Row"]:
        """A mapping of rows, by name."""
        inner = self.row(key)
        return {str(name): inner.row(name) for name in tuple(inner._left)}

    def text(self, key: str, default: str = _REQUIRED) -> str:
        """The text at a key.

        Raises:
            Defect: it is no text.
        """
        return self._typed(key, self.take(key, default), str, "a text")

    def flag(self, key: str, default: bool = False) -> bool:
        """True or false.

        Raises:
            Defect: it is neither.
        """
        return self._typed(key, self.take(key, default), bool, "true or false")

    def one_of(self, key: str, choices: Iterable[str], default: str = _REQUIRED) -> str:
        """One of these texts.

        Raises:
            Defect: it is another.
        """
        value = self.text(key, default)
        if value != default and value not in choices:
            raise Defect(self.place, f"{key} {value!r} is none of {', '.join(choices)}")
        return value

    def texts(self, key: str, default: Iterable[str] = _REQUIRED) -> tuple[str, ...]:
        """A list of texts.

        Raises:
            Defect: it is no list of texts.
        """
        value = self.take(key, default)
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise Defect(self.place, f"{key} must be a list of texts, not {value!r}")
        return tuple(value)

    def number(self, key: str) -> int:
        """A whole number.

        Raises:
            Defect: it is none.
        """
        return self._typed(key, self.take(key), int, "a whole number")

    def numbers(self, key: str) -> tuple[int, ...]:
        """A list of whole numbers.

        Raises:
            Defect: it is none, or empty.
        """
        value = self.take(key)
        if not isinstance(value, list) or not value:
            raise Defect(self.place, f"{key} must be a list of numbers that is not empty")
        return tuple(self._typed(key, item, int, "whole numbers") for item in value)

    def port(self, key: str) -> int:
        """One port.

        Raises:
            Defect: it is none.
        """
        return self._parsed(key, self.take(key), PortRange.parse).first

    def ports(self, key: str) -> PortSet:
        """`5060`, `2000-8000` or several of them with commas."""
        parts = str(self.take(key)).split(",")
        return PortSet.union_of(self._parsed(key, part, PortRange.parse) for part in parts)

    def port_list(self, key: str) -> PortSet:
        """A list of ports and ranges, as a set.

        Raises:
            Defect: it is none, or empty.
        """
        value = self.take(key)
        if not isinstance(value, list) or not value:
            raise Defect(self.place, f"{key} must be a list of ports that is not empty")
        return PortSet.union_of(self._parsed(key, part, PortRange.parse) for part in value)

    def ranges(self, key: str) -> Mapping[str, PortRange]:
        """Ranges of ports by name.

        Raises:
            Defect: one of them is no range.
        """
        inner = self.row(key)
        return {
            str(name): inner._parsed(str(name), value, PortRange.parse)
            for name, value in inner._left.items()
        }

    def _parsed(self, key: str, value: object, parse: Callable[[str], _Value]) -> _Value:
        try:
            return parse(str(value))
        except ValueError as problem:
            raise Defect(self.place, f"{key}: {problem}") from None

    def _typed(self, key: str, value: object, kind: type[_Value], called: str) -> _Value:
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise Defect(self.place, f"{key} must be {called}, not {value!r}")
        return value


def read_rows(text: str) -> Row:
    """The top row of a YAML text.

    Raises:
        Defect: not YAML, a tag that asks for more than data, a key written twice, not a mapping.
    """
    try:
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
        _refuse_repeated_keys(node, "")
        return Row("", yaml.load(text, Loader=yaml.CSafeLoader))
    except yaml.MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else 1
        raise Defect("", f"line {line} is not plain YAML") from None
    except yaml.YAMLError:
        raise Defect("", "the file is not YAML") from None


def _refuse_repeated_keys(node: yaml.Node | None, place: str) -> None:
    """A row written twice would silently replace the first one."""
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            name = str(key.value)
            inner = f"{place}.{name}" if place else name
            if name in seen:
                raise Defect(place, f"the key {name!r} is written twice")
            seen.add(name)
            _refuse_repeated_keys(value, inner)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _refuse_repeated_keys(value, place)
