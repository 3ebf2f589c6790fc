"""Read single values of plain data: each reader gives the value, or reports what stands there instead."""

import re
from collections.abc import Callable, Collection, Iterator
from typing import Any, NamedTuple, TypeVar

from swyx_components.installation.context import ReadContext
from swyx_components.installation.diagnostics import Diagnostics, below
from swyx_components.installation.schema import shape, whole
from swyx_components.messages.render import printable
from swyx_components.sets.ports import MAX_PORT, PortRange

LONGEST_TEXT = 200
MOST_ITEMS = 10_000  # of a list
MOST_ENTRIES = 20_000  # of a mapping by name, such as sites
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_PORTS = re.compile(r"([0-9]+)(?: *- *([0-9]+))?", re.ASCII)
_COUNT = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)


class Entry(NamedTuple):
    """One named thing of a mapping: a site, a machine, a link. `usable`: the name may be printed."""

    name: str
    value: Any
    place: str
    usable: bool


def is_name(text: str) -> bool:
    """Whether a site, machine, network, link or provider may be called so."""
    return _NAME.fullmatch(text) is not None


V = TypeVar("V")
A = TypeVar("A")


class Written:
    """The keys written in one mapping; unknown and missing ones are reported when it is made.

    `kind` names the mapping in the schema's `$defs`. Without a mapping there are no keys.
    """

    __slots__ = ("examples", "place", "reading", "values")

    def __init__(
        self, value: Any, reading: ReadContext, place: str, kind: str, example: str = ""
    ) -> None:
        known, log = shape(kind), reading.log
        self.reading, self.place, self.examples = reading, place, known.examples
        self.values: dict[str, Any] = value if type(value) is dict else {}
        if type(value) is not dict:
            wrong_type(value, log, place, "a mapping", example or whole(kind))
        elif not known.holds(value.keys()):
            unknown = sorted(value.keys() - known.keys)
            meant = {log.unknown("key", below(place, key), key, known.listed) for key in unknown}
            for key in known.missing(value.keys()):
                if key not in meant:
                    log.add("key-missing", self.at(key), key=key, example=self.examples[key])

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def __getitem__(self, key: str) -> Any:
        return self.values[key]

    def at(self, key: str) -> str:
        """The place of a key of the schema."""
        return f"{self.place}.{key}" if self.place else key

    def read(self, key: str, reader: Callable[[Any, Diagnostics, str, str], V], absent: A) -> V | A:
        """What a reader of single values makes of a key, or `absent` where it is not written."""
        if key not in self.values:
            return absent
        return reader(self.values[key], self.reading.log, self.at(key), self.examples[key])

    def part(self, key: str, reader: Callable[[Any, ReadContext, str, str], V], absent: A) -> V | A:
        """The same with a reader that has to know what was read before."""
        if key not in self.values:
            return absent
        return reader(self.values[key], self.reading, self.at(key), self.examples[key])

    def word(self, key: str, words: Collection[str]) -> str | None:
        """One of the words; None where it is another, or nothing is written."""
        if key not in self.values:
            return None
        return read_word(self.values[key], self.reading.log, self.at(key), words)


def read_entries(value: Any, log: Diagnostics, place: str, example: str, kind: str) -> list[Entry]:
    """The named things of a mapping by name, their names checked and unique without regard to case."""
    if type(value) is not dict:
        wrong_type(value, log, place, "a mapping", example)
        return []
    if is_too_long(value, log, place, MOST_ENTRIES):
        return []
    entries = []
    taken: dict[str, str] = {}
    for name in sorted(value):
        usable = is_name(name)
        at = f"{place}.{name}" if usable else below(place, name)
        if not usable:
            log.add("name-invalid", at, name=name, kind=kind)
        other = taken.setdefault(name.lower(), at)
        if other is not at:
            log.add("name-taken", at, name=name, other=other)
        entries.append(Entry(name, value[name], at, usable))
    return entries


def read_list(value: Any, log: Diagnostics, place: str, example: str) -> list[Any]:
    """The list, which must not be empty, or an empty one."""
    if type(value) is not list:
        wrong_type(value, log, place, "a list", example)
        return []
    if not value:
        log.add("list-empty", place, example=example)
    return [] if is_too_long(value, log, place, MOST_ITEMS) else value


def is_too_long(value: Collection[Any], log: Diagnostics, place: str, limit: int) -> bool:
    """Whether there is more than anyone means; reported."""
    too_long = len(value) > limit
    if too_long:
        log.add("list-long", place, count=f"{len(value):,}", limit=f"{limit:,}")
    return too_long


def distinct(
    values: list[Any], log: Diagnostics, place: str, example: str
) -> Iterator[tuple[str, str]]:
    """The texts of a list with the place of each; what stands twice is reported, what is no text too."""
    seen = set()
    for index, value in enumerate(values):
        at = f"{place}[{index}]"
        text = as_text(value)
        if text is None:
            wrong_type(value, log, at, "text", example)
        elif text in seen:
            log.add("list-repeated", at, value=text)
        else:
            seen.add(text)
            yield text, at


def read_word(value: Any, log: Diagnostics, place: str, words: Collection[str]) -> str | None:
    """One of the words."""
    text = as_text(value)
    if text is None:
        key = place.rpartition(".")[2]
        wrong_type(value, log, place, "one word", f"{key}: {next(iter(words))}")
    elif text in words:
        return text
    else:
        log.unknown("word", place, text, words)
    return None


def read_name(value: Any, log: Diagnostics, place: str, example: str) -> str | None:
    """The name of something that is defined elsewhere in the file."""
    text = as_text(value)
    if text is None:
        wrong_type(value, log, place, "a name", example)
    return text


def read_text(value: Any, log: Diagnostics, place: str, example: str) -> str | None:
    """Free text: not empty, bounded, and with nothing in it that could steer a terminal."""
    text = as_text(value)
    if text is None:
        wrong_type(value, log, place, "text", example)
    elif not text.strip():
        log.add("text-empty", place, example=example)
    elif len(text) > LONGEST_TEXT:
        log.add("text-long", place, length=len(text), limit=LONGEST_TEXT)
    elif not text.isprintable():
        log.add("text-control", place, character=next(c for c in text if not c.isprintable()))
    else:
        return text
    return None


def read_flag(value: Any, log: Diagnostics, place: str, example: str) -> bool | None:
    """true or false."""
    if type(value) is bool:
        return value
    wrong_type(value, log, place, "true or false", example)
    return None


def read_count(
    value: Any, log: Diagnostics, place: str, example: str, least: int = 1
) -> int | None:
    """A whole number from 1 on, or from 0."""
    if type(value) is str and _COUNT.fullmatch(value) and int(value) >= least:
        return int(value)
    if type(value) is str:
        log.add("count-invalid", place, value=value, least=least, example=example)
    else:
        wrong_type(value, log, place, "a whole number", example)
    return None


def read_port(value: Any, log: Diagnostics, place: str, example: str) -> PortRange | None:
    """A single port."""
    ports = read_range(value, log, place, example)
    if ports is not None and ports.first != ports.last:
        log.add("port-not-single", place, ports=ports, example=example)
        return None
    return ports


def read_range(value: Any, log: Diagnostics, place: str, example: str) -> PortRange | None:
    """A port or a range of ports."""
    text = as_text(value)
    if text is None:
        wrong_type(value, log, place, "a port or a range of ports", example)
        return None
    match = _PORTS.fullmatch(text.strip())
    if match is None:
        log.add("ports-malformed", place, value=text, example=example)
        return None
    first, last = match[1], match[2] or match[1]
    if first[0] == "0" != first or last[0] == "0" != last:
        log.add("ports-zeros", place, value=text, example=example)
    elif not all(len(end) <= 5 and 1 <= int(end) <= MAX_PORT for end in (first, last)):
        log.add("ports-outside", place, value=text, most=MAX_PORT)
    elif int(first) > int(last):
        log.add("ports-reversed", place, value=text, first=last, last=first)
    else:
        return PortRange(int(first), int(last))
    return None


def as_text(value: Any) -> str | None:
    """The literal text of a scalar: `true` where text is meant is the word true. None for the rest."""
    if type(value) is str:
        return value
    if type(value) is bool:
        return "true" if value else "false"
    return None


def wrong_type(value: Any, log: Diagnostics, place: str, expected: str, example: str) -> None:
    log.add("type-wrong", place, found=_described(value), expected=expected, example=example)


def _described(value: Any) -> str:
    if value is None:
        return "nothing"
    if type(value) is dict:
        return "a mapping" if value else "an empty mapping"
    if type(value) is list:
        return "a list" if value else "an empty list"
    return f"the text {printable(as_text(value))!r}" if as_text(value) else "an empty text"
