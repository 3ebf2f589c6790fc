"""Every message of the project as data: what happened, where, and what to do about it.

The sentences live in `catalogue.yaml`; code names a message by id and hands over the figures.
"""

import re
from collections.abc import Collection, Hashable, Iterable, Mapping
from enum import Enum
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple, Self

CLOUDS = {"aws": "AWS", "azure": "Azure"}
_PARTIES = "parties"  # the value that tells a message from others that say the same elsewhere
MOST_MESSAGES = 1_000
_MOST_GUESSES = 500
_SIMPLE_KEY = re.compile(r"[A-Za-z0-9_-]{1,200}")
TOP = "top level"


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
        return cls(place, id, tuple(sorted([(key, _text(value)) for key, value in values.items()])))

    def of(self, file: str, place: str = "") -> "Message":
        """The same message about a place of this file: that one, or its own."""
        return tuple.__new__(Message, (place or self.place, self.id, self.values, file))  # cheaper

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

    @property
    def topic(self) -> str:
        """What a reviewer asks for when it is the answer."""
        return _catalogue()[self.id].get("topic", "other")

    def __str__(self) -> str:
        where = ": ".join([part for part in (self.file, self.place) if part])
        text = _write(self.id, self.values)
        return f"{where}: {text}" if where else text


@lru_cache(maxsize=4096)
def note_about(id: str, /, **values: Hashable) -> Message:
    """What many places are told, without a place; the values of an id are always of the same types."""
    return Message.about(id, "", **values)


class SwyxError(Exception):
    """What a person must fix; `messages` holds all of it, sorted by place."""

    def __init__(self, messages: Iterable[Message]) -> None:
        self.messages = tuple(sorted(set(messages), key=lambda own: (by_number(own.place), own)))
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


def by_number(text: str) -> list[str | int]:
    """The order of texts with numbers: `row 9` before `row 10`, `M4a` before `M4b`."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", text)]


@cache
def severities() -> Mapping[str, Severity]:
    """The severity of each message by its id."""
    return {id: Severity(row["severity"]) for id, row in _catalogue().items()}


def group_repeated(messages: Iterable[Message]) -> list[list[Message]]:
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


# ---- all messages about one source


class Diagnostics:
    """The messages about one source, bounded, each with the name of the source."""

    __slots__ = ("_guesses", "_left_out", "_messages", "file")

    def __init__(self, file: str) -> None:
        self.file = printable(file)
        self._messages: list[Message] = []
        self._left_out = 0
        self._guesses = _MOST_GUESSES

    def __len__(self) -> int:
        return len(self._messages) + self._left_out

    @property
    def overflows(self) -> bool:
        """Whether there was more to say than is kept."""
        return len(self._messages) >= MOST_MESSAGES

    def add(self, id: str, place: str, /, **values: object) -> None:
        if self.overflows:
            self._left_out += 1
            return
        shown = {key: '""' if value == "" else value for key, value in values.items()}
        self._messages.append(Message.about(id, place or TOP, **shown).of(self.file))

    def adopt(self, messages: Iterable[Message]) -> None:
        """Take over messages of another package, as messages about this source where they name none."""
        for message in messages:
            self._messages.append(message.of(message.file or self.file, message.place or TOP))

    def unknown(
        self, kind: str, place: str, word: str, known: Collection[str], example: str = ""
    ) -> str:
        """Report `word` as none of the known ones: `KIND-misspelt` with the nearest, or `KIND-unknown`."""
        if near := "" if self.overflows else self._nearest(word, known):
            self.add(f"{kind}-misspelt", place, word=word, near=near)
        else:
            known = shorten(known, 20) or "none"
            self.add(f"{kind}-unknown", place, word=word, known=known, example=example)
        return near

    def all(self) -> tuple[Message, ...]:
        """Everything found, sorted by place, each once."""
        if self._left_out:
            cut = Message.about("messages-cut", TOP, shown=MOST_MESSAGES, left_out=self._left_out)
            self._messages.append(cut.of(self.file))
            self._left_out = 0
        return tuple(sorted(set(self._messages)))

    def _nearest(self, word: str, known: Collection[str]) -> str:
        """The known word that was probably meant; bounded, since each comparison costs microseconds."""
        if self._guesses <= 0 or len(word) > 60 or word.isdigit():
            return ""
        self._guesses -= 1 + len(known) // 100
        return nearest(word, known)


def fold(word: str) -> str:
    """A word as names are compared: in lower case, without spaces and punctuation."""
    return "".join(filter(str.isalnum, word.lower()))


def nearest(word: str, known: Collection[str]) -> str:
    """The known word that was probably meant (`SwyxPhoneL400` by `L400`), or empty."""
    folded = {fold(name): name for name in known}
    meant = fold(word)
    if meant in folded:
        return folded[meant]
    likely = list(folded)
    if len(likely) > 200:
        likely = [name for name in likely if name[:2] == meant[:2]][:50]
    from difflib import get_close_matches

    found = get_close_matches(meant, likely, 1, 0.7)
    if not found and len(meant) > 2:
        found = sorted((name for name in likely if name.endswith(meant)), key=len)
    return folded[found[0]] if found else ""


def suggest(word: str, known: Collection[str]) -> str:
    """` (did you mean ac-server?)`, to follow a word that is unknown; empty where nothing is near."""
    near = nearest(word, known)
    return f" (did you mean {near}?)" if near and near.lower() != word.lower() else ""


def below(place: str, key: Any) -> str:
    """The place of a key in the mapping at `place`; a key that is not a plain word is quoted and escaped.

    >>> below("sites.aachen", "machines"), below("sites", "a.b")
    ('sites.aachen.machines', 'sites."a.b"')
    """
    text = key if _SIMPLE_KEY.fullmatch(key) else f'"{printable(key)}"'
    return f"{place}.{text}" if place else text
