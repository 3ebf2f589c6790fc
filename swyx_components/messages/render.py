"""Messages: what happened, where, and what to do about it.

The sentences live in `catalogue.yaml`; code names a message by id and hands over the figures.
"""

import re
from collections.abc import Iterable, Mapping
from enum import Enum
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple, Self

CLOUDS = {"aws": "AWS", "azure": "Azure"}
_PARTIES = "parties"  # the value that tells a message from others that say the same elsewhere


class Severity(Enum):
    """How much a message matters: an error stops the plan."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Message(NamedTuple):
    """One message about one place of a file.

    `place` is the path in the user's file (`sites.aachen.machines.ac-link.roles[1]`), `values`
    the figures and names that the sentence interpolates.
    """

    place: str
    id: str
    values: tuple[tuple[str, str], ...] = ()
    file: str = ""

    @classmethod
    def about(cls, id: str, place: str, /, **values: object) -> "Message":
        """A message of the catalogue about a place; every value becomes text, a list is enumerated."""
        return cls(place, id, tuple(sorted((key, _text(value)) for key, value in values.items())))

    def of(self, file: str) -> "Message":
        """The same message about a place of this file."""
        return Message(self.place, self.id, self.values, file)

    @property
    def severity(self) -> Severity:
        """How grave it is."""
        return severities()[self.id]

    @property
    def sentence(self) -> str:
        """What is wrong, with the actual values."""
        values = dict(self.values)
        for key in values.keys() & {"cloud", "clouds", "others"}:
            values[key] = ", ".join(CLOUDS.get(one, one) for one in values[key].split(", "))
        return _catalogue()[self.id]["sentence"].format_map(values)

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return _catalogue()[self.id].get("remedy", "").format_map(dict(self.values))

    def __str__(self) -> str:
        where = ": ".join([part for part in (self.file, self.place) if part])
        text = _write(self.id, self.values)
        return f"{where}: {text}" if where else text


class SwyxError(Exception):
    """What a person must fix; `messages` holds all of it, sorted by place."""

    def __init__(self, messages: Iterable[Message]) -> None:
        self.messages = tuple(sorted(set(messages), key=_in_order))
        super().__init__("\n".join(map(str, self.messages)))

    @classmethod
    def about(cls, id: str, place: str, /, **values: object) -> Self:
        """The error with one message."""
        return cls([Message.about(id, place, **values)])


def errors_of(messages: Iterable[Message]) -> list[Message]:
    """The errors among messages."""
    return [message for message in messages if message.severity is Severity.ERROR]


def raise_errors(messages: Iterable[Message]) -> None:
    """Stop where some of the messages are errors.

    Raises:
        SwyxError: with the errors among them.
    """
    if errors := errors_of(messages):
        raise SwyxError(errors)


def _in_order(message: Message) -> tuple[list[str | int], Message]:
    """By place, `row 9` before `row 10`."""
    parts = re.split(r"(\d+)", message.place)
    return [int(part) if part.isdecimal() else part for part in parts], message


@cache
def severities() -> Mapping[str, Severity]:
    """The severity of each message by its id."""
    return {id: Severity(row["severity"]) for id, row in _catalogue().items()}


def join_alike(messages: Iterable[Message]) -> list[list[Message]]:
    """The messages of each file that say the same, but for the `parties` that each place has."""
    alike: dict[object, list[Message]] = {}
    for own in messages:
        said = tuple(value for value in own.values if value[0] != _PARTIES)
        alike.setdefault((own.file, own.id, said), []).append(own)
    for same in alike.values():
        values = dict(same[0].values)
        if any(one.values != same[0].values for one in same):
            values[_PARTIES] += ", and others elsewhere"
            same[0] = same[0]._replace(values=tuple(values.items()))
    return list(alike.values())


@lru_cache(maxsize=4096)  # many places say the same
def _write(id: str, values: tuple[tuple[str, str], ...]) -> str:
    message = Message("", id, values)
    text = "; ".join(part for part in (message.sentence, message.remedy) if part)
    return text if text.endswith("?") else f"{text}."


def shorten(words: Iterable[str], most: int, more: str = "more", excess: int = 0) -> list[str]:
    """The first words and how many more there are; all, where they exceed `most` by `excess` at the most."""
    listed = list(words)
    rest = len(listed) - most
    return listed if rest <= excess else [*listed[:most], f"and {rest:,} {more}"]


def printable(value: object) -> str:
    """Text safe for a terminal: control and direction-changing characters are escaped, length bounded."""
    text = str(value)
    if len(text) > 200:
        text = text[:200] + "..."
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def plain(text: str) -> str:
    """The text with what a terminal, a spreadsheet or a page would obey shown as an escape."""
    return text if text.isprintable() else "".join(map(printable, text))


def _text(value: object) -> str:
    if type(value) in (tuple, list):  # not a PortRange or PortSet, which print themselves
        return ", ".join(map(printable, value))  # type: ignore[call-overload]
    return printable(value)


@cache
def _catalogue() -> dict[str, dict[str, str]]:
    import yaml

    text = files(__package__).joinpath("catalogue.yaml").read_text(encoding="utf-8")
    rows: dict[str, dict[str, str]] = yaml.load(text, Loader=yaml.CSafeLoader)
    return rows
