"""Texts about an anonymous site, cut where its names and addresses stand, so that others' can be put in."""

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import chain
from typing import NamedTuple

from swyx_components.planner.anonymous import TOKEN, Anonymous
from swyx_components.sets.prefixes import WIDTH, Prefix

_IN_TEXT = r"[0-9]+(?:\.[0-9]+){3}/[0-9]+|[0-9a-f]+:[0-9a-f:.]*/[0-9]+"
_IN_NAMES = r"[0-9]+(?:\.[0-9]+){3}_[0-9]+|[0-9a-f]+\.[0-9a-f.]*_[0-9]+"
_TOKENS = re.compile(f"{TOKEN}|(?<![0-9a-z])(?:{_IN_TEXT}|{_IN_NAMES})")


class _Slot(NamedTuple):
    """A prefix of a template: where it lies in which block; `in_name`: it is part of a name."""

    block: int
    offset: int
    length: int
    in_name: bool

    def of(self, blocks: Sequence[Prefix]) -> str:
        version, first, _ = blocks[self.block]
        prefix = Prefix(version, first + self.offset, self.length)
        return prefix.slug if self.in_name else str(prefix)


class Template(NamedTuple):
    """What stands before each hole and after the last; for each hole, which of `tokens` goes there.

    A name is looked up, a prefix put back into its block.
    """

    texts: tuple[str, ...]
    holes: tuple[int, ...]
    tokens: tuple[str | _Slot, ...]

    def fill(self, site: Anonymous, escape: Callable[[str], str] = str) -> str:
        """The text about a site of this shape; `escape` is what it does to names."""
        values = [
            escape(site.names[token]) if isinstance(token, str) else token.of(site.blocks)
            for token in self.tokens
        ]
        filled = chain.from_iterable(
            zip(self.texts, (values[hole] for hole in self.holes), strict=False)
        )
        return "".join((*filled, self.texts[-1]))


def cut(text: str, site: Anonymous) -> Template:
    """The template that gives the text itself for the anonymous site."""
    texts: list[str] = []
    holes: list[int] = []
    known: dict[str | _Slot, int] = {}
    end = 0
    for found in _TOKENS.finditer(text):
        word = found.group()
        token = word if word in site.names else _slot(word, site.stand_ins)
        if token is not None:
            texts.append(text[end : found.start()])
            holes.append(known.setdefault(token, len(known)))
            end = found.end()
    return Template((*texts, text[end:]), tuple(holes), tuple(known))


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
