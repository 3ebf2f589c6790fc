"""Texts about an anonymous site, cut where its names and addresses stand, so that others' can be put in."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from swyx_components.planner.anonymous import Anonymous
from swyx_components.planner.stand_ins import TOKEN
from swyx_components.sets.prefixes import WIDTH, Prefix

# Every text is searched for the rare characters of a token and of a prefix's length; what is before a
# length is looked at then.
_ANCHORS = re.compile(f"{TOKEN}|/[0-9]+|_[0-9]+")
_BEFORE = "0123456789abcdef.:"
_PREFIX = re.compile(
    r"(?<![0-9a-z])(?:[0-9]+(?:\.[0-9]+){3}[/_]|[0-9a-f]+:[0-9a-f:.]*/|[0-9a-f]+\.[0-9a-f.]*_)[0-9]+"
)


class _Name(NamedTuple):
    """A name of a template: which of the site's, and whether in lower case."""

    place: int
    lower: bool

    def of(self, site: Anonymous, escape: Callable[[str], str]) -> str:
        name = site.names[self.place]
        return escape(name.lower() if self.lower else name)


class _Slot(NamedTuple):
    """A prefix of a template: where it lies in which block; `in_name`: it is part of a name."""

    block: int
    offset: int
    length: int
    in_name: bool

    def of(self, site: Anonymous, _escape: Callable[[str], str]) -> str:
        version, first, _ = site.blocks[self.block]
        prefix = Prefix(version, first + self.offset, self.length)
        return prefix.slug if self.in_name else str(prefix)


Tokens = Mapping[_Name | _Slot, int]  # each with its place among them


def look_up(tokens: Tokens, site: Anonymous, escape: Callable[[str], str] = str) -> Sequence[str]:
    """What stands for each token at a site of this shape; `escape` is what becomes of names."""
    return [token.of(site, escape) for token in tokens]


class Template(NamedTuple):
    """What stands before each hole and after the last; for each hole, which of the tokens goes there."""

    texts: tuple[str, ...]
    holes: tuple[int, ...]

    def fill(self, values: Sequence[str]) -> str:
        """The text with what `look_up` gave for the tokens."""
        pieces = [""] * (2 * len(self.holes) + 1)
        pieces[::2] = self.texts
        pieces[1::2] = [values[hole] for hole in self.holes]
        return "".join(pieces)


class Cutter:
    """Cuts texts about one anonymous site; `tokens` are those of all of them."""

    def __init__(self, site: Anonymous) -> None:
        self.tokens: dict[_Name | _Slot, int] = {}
        self._stand_ins = site.stand_ins
        names = [*enumerate(site.tokens)]
        self._known: dict[str, _Name | _Slot | None] = {
            **{token: _Name(place, False) for place, token in names},
            **{token.lower(): _Name(place, True) for place, token in names},
        }

    def cut(self, text: str) -> Template:
        """The template that gives the text itself for the anonymous site."""
        texts: list[str] = []
        holes: list[int] = []
        end = 0
        for word, start in _words(text):
            if word not in self._known:
                self._known[word] = _slot(word, self._stand_ins)
            token = self._known[word]
            if token is not None:
                texts.append(text[end:start])
                holes.append(self.tokens.setdefault(token, len(self.tokens)))
                end = start + len(word)
        return Template((*texts, text[end:]), tuple(holes))


def _words(text: str) -> Iterator[tuple[str, int]]:
    """What looks like a token or a prefix, and where it begins."""
    end = 0
    for anchor in _ANCHORS.finditer(text):
        start = anchor.start()
        found: re.Match[str] | None = anchor
        if text[start] != "!":
            start = len(text[end:start].rstrip(_BEFORE)) + end
            found = _PREFIX.search(text, start, anchor.end())
        if found is not None:
            yield found.group(), found.start()
            end = found.end()


def _slot(text: str, stand_ins: Sequence[Prefix]) -> _Slot | None:
    """The place of a stand-in prefix; None for what stands for itself, like ::/0."""
    in_name = "/" not in text
    try:
        prefix = Prefix.of_slug(text) if in_name else Prefix.parse(text)
    except ValueError:
        return None  # looks like one, is none
    block = bisect_right(stand_ins, (prefix.version, prefix.first, WIDTH[6])) - 1
    if block < 0 or not stand_ins[block].contains(prefix):
        return None
    return _Slot(block, prefix.first - stand_ins[block].first, prefix.length, in_name)
