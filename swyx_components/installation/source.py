"""Take an installation from where it stands: a file, or the same structure as plain data."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from swyx_components.installation.diagnostics import TOP, Diagnostics, Refused, below
from swyx_components.installation.yaml_source import MOST_DEEP, MOST_VALUES, compose

MOST_BYTES = 5_000_000


def take(source: str | Path | Mapping[str, Any], log: Diagnostics) -> Any:
    """Plain data as `yaml_source.compose` makes it, whatever the source.

    Raises:
        Refused: not readable, or not the kind of data an installation is made of.
    """
    if isinstance(source, Mapping):
        return _Plain(log).value(source, "", 0)
    return compose(_read_file(source), log)


def _read_file(source: str | Path) -> str:
    try:
        with Path(source).open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise Refused("file-unreadable", TOP, reason=reason) from None
    if len(raw) > MOST_BYTES:
        raise Refused("file-too-large", TOP, limit=f"{MOST_BYTES:,}")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        before = raw[: problem.start]
        line, column = before.count(b"\n") + 1, problem.start - before.rfind(b"\n")
        value = f"0x{raw[problem.start]:02X}"
        raise Refused("file-not-utf8", f"line {line}, column {column}", byte=value) from None


class _Plain:
    """Brings a program's data to the form that YAML has here: numbers become their text.

    Pulumi hands whole numbers over as floats (5060.0), which here are 5060 again.
    """

    def __init__(self, log: Diagnostics) -> None:
        self.log = log
        self.count = 0

    def value(self, value: Any, place: str, depth: int) -> Any:
        self.count += 1
        if self.count > MOST_VALUES:
            raise Refused("yaml-size", place, limit=MOST_VALUES)
        if depth > MOST_DEEP:
            raise Refused("yaml-depth", place, limit=MOST_DEEP)
        if isinstance(value, Mapping):
            return self._mapping(value, place, depth)
        if isinstance(value, list | tuple):
            return [self.value(item, f"{place}[{i}]", depth + 1) for i, item in enumerate(value)]
        if value is None or isinstance(value, bool):
            return value
        return self._text(value, place)

    def _mapping(self, value: Mapping[Any, Any], place: str, depth: int) -> dict[str, Any]:
        plain: dict[str, Any] = {}
        for key, item in value.items():
            text = self._text(key, place)
            if text in plain:
                self.log.add("key-repeated", below(place, text), key=text)
            else:
                plain[text] = self.value(item, below(place, text), depth + 1)
        return plain

    def _text(self, value: Any, place: str) -> str:
        if isinstance(value, str):
            return str(value)
        if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        if isinstance(value, float):
            return repr(value)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
            return str(int(value))
        raise Refused("value-not-plain", place, type=type(value).__name__)
