"""Why a rule exists, within the length limits of a cloud."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from unicodedata import combining, normalize

from swyx_components.catalogue.model import Catalogue
from swyx_components.planner.model import SitePlan
from swyx_components.planner.requirements import extra_flow

_SHORTEST_PURPOSE = 12  # fewer characters of a purpose than this say nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """The meaning of flow ids at one site: the article's purposes, and the reasons of extra rules."""

    catalogue: Catalogue
    reasons: Mapping[str, str]
    # Many rules of a hub exist for the same flows.
    _known: dict[tuple[object, ...], str] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, plan: SitePlan, catalogue: Catalogue) -> "Provenance":
        """The meaning of the flows of a site's plan."""
        reasons = {extra_flow(plan.site, rule): rule.reason for rule in plan.extra_rules}
        return cls(catalogue=catalogue, reasons=reasons)

    def describe(self, flows: Iterable[str], lines: Iterable[int], limit: int) -> str:
        """Flows, the article's lines and why, within `limit` characters.

        What doesn't fit is counted: `M1 M2 +3 kb2308 L38 L111 +4: audio goes ...`. A reason that the
        installation's author gave comes before the article's purposes.
        """
        question = (tuple(flows), tuple(lines), limit)
        if question not in self._known:
            self._known[question] = self._describe(*question)
        return self._known[question]

    def _describe(self, flows: tuple[str, ...], lines: tuple[int, ...], limit: int) -> str:
        words = [f"L{line}" for line in lines]
        text = fit_words(flows, limit // 3)
        if words:
            text = f"{text} {self.catalogue.source} {fit_words(words, limit // 3)}"
        why = "; ".join(self._purposes(flows))
        room = limit - len(text) - len(": ")
        if why and room >= min(len(why), _SHORTEST_PURPOSE):
            text = f"{text}: {why if len(why) <= room else why[: room - 3].rstrip() + '...'}"
        return text

    def _purposes(self, flows: Iterable[str]) -> list[str]:
        given = [self.reasons[flow] for flow in flows if flow in self.reasons]
        rows = (self.catalogue.flows.get(flow) for flow in flows)
        return list(dict.fromkeys([*given, *(row.purpose for row in rows if row is not None)]))


# ---- texts as a cloud accepts them


@lru_cache(maxsize=8192)  # the rules of a hub repeat each other's texts
def clean_text(text: str, characters: str, longest: int) -> str:
    """The text with Latin letters in ASCII and all but these characters replaced, and cut to length.

    `characters` are written as within the brackets of a regular expression.

    >>> clean_text("who -> whom", "a-z ", 10)
    'who __ who'
    """
    return _all_but(characters).sub("_", spell_in_ascii(text))[:longest]


_LETTERS = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "oe", "œ": "oe", "å": "aa"}
_LETTERS |= {"ł": "l", "đ": "d", "ð": "d", "þ": "th"}
_LETTERS |= {one.upper(): own.capitalize() for one, own in _LETTERS.items() if one != "ß"}
_SIGNS: dict[str, Iterable[int]] = {  # dashes and the minus, quotes, the euro
    "-": (*range(0x2010, 0x2016), 0x2212),
    "'": range(0x2018, 0x201C),
    '"': (*range(0x201C, 0x2020), 0xAB, 0xBB),
    "EUR": (0x20AC,),
}
_LETTERS |= {chr(code): sign for sign, codes in _SIGNS.items() for code in codes}
_IN_ASCII = str.maketrans(_LETTERS | {"ẞ": "SS"})


def spell_in_ascii(text: str) -> str:
    """Latin letters without their marks, umlauts as in German, dashes, quotes, euros; the rest as it is.

    >>> spell_in_ascii("Größe, Büro, Île, «Łódź» 5 €, Привет")
    'Groesse, Buero, Ile, "Lodz" 5 EUR, Привет'
    """
    if text.isascii():
        return text
    spelled = normalize("NFC", text).translate(_IN_ASCII)
    return "".join(_bare(character) for character in spelled)


def _bare(character: str) -> str:
    """A letter without its marks where that is ASCII, else the character itself."""
    bare = "".join(one for one in normalize("NFKD", character) if not combining(one))
    return bare if bare.isascii() else character


@cache
def _all_but(characters: str) -> re.Pattern[str]:
    return re.compile(f"[^{characters}]")


def fit_words(words: Iterable[str], limit: int) -> str:
    """Words separated by spaces within `limit` characters; those left out are counted.

    >>> fit_words(["M1", "M2", "M4a"], 9), fit_words(["M1", "M2", "M4a"], 8)
    ('M1 M2 M4a', 'M1 M2 +1')
    """
    kept = list(words)
    whole = " ".join(kept)
    left_out = 0
    while len(whole) > limit and kept:
        kept.pop()
        left_out += 1
        whole = " ".join([*kept, f"+{left_out}"])
    return whole
