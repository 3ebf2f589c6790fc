"""Collect every message about one source, with places written as the user would find them."""

import re
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import Any

from swyx_components.messages import Message
from swyx_components.messages.render import printable, shorten

MOST_MESSAGES = 1_000
_MOST_GUESSES = 500
_SIMPLE_KEY = re.compile(r"[A-Za-z0-9_-]{1,200}")
TOP = "top level"


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
            own = message._replace(place=message.place or TOP, file=message.file or self.file)
            self._messages.append(own)

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
