"""Why a rule exists, within the length limits of a cloud."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from unicodedata import combining, normalize

from swyx_components.catalogue.model import Catalogue
from swyx_components.planner.model import SitePlan
from swyx_components.planner.regions import lines_of
from swyx_components.planner.requirements import extra_flow

_SHORTEST_PURPOSE = 12  # fewer characters of a purpose than this say nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """The meaning of flow ids at one site: the article's purposes, and the reasons of extra rules."""

    catalogue: Catalogue
    reasons: Mapping[str, str]

    @classmethod
    def of(cls, plan: SitePlan, catalogue: Catalogue) -> "Provenance":
        """The meaning of the flows of a site's plan."""
        reasons = {extra_flow(plan.site, rule): rule.reason for rule in plan.extra_rules}
        return cls(catalogue=catalogue, reasons=reasons)

    def describe(self, flows: tuple[str, ...], limit: int) -> str:
        """Flows, the article's lines and why, within `limit` characters.

        What doesn't fit is counted: `M1 M2 +3 kb2308 L38 L111 +4: audio goes ...`. A reason that the
        installation's author gave comes before the article's purposes.
        """
        given = tuple([self.reasons[flow] for flow in flows if flow in self.reasons])
        return _describe(self.catalogue, flows, given, limit)


@lru_cache(maxsize=8192)  # many rules of a hub exist for the same flows
def _describe(
    catalogue: Catalogue, flows: tuple[str, ...], reasons: tuple[str, ...], limit: int
) -> str:
    text = fit_words(flows, limit // 3)
    if lines := [f"L{line}" for line in lines_of(flows, catalogue)]:
        text = f"{text} {catalogue.source} {fit_words(lines, limit // 3)}"
    purposes = [catalogue.flows[flow].purpose for flow in flows if flow in catalogue.flows]
    why = "; ".join(dict.fromkeys([*reasons, *purposes]))
    room = limit - len(text) - len(": ")
    if why and room >= min(len(why), _SHORTEST_PURPOSE):
        text = f"{text}: {why if len(why) <= room else why[: room - 3].rstrip() + '...'}"
    return text


# ---- texts as a cloud accepts them


@lru_cache(maxsize=8192)  # the rules of a hub repeat each other's texts
def clean_text(text: str, characters: str, longest: int) -> str:
    """The text with Latin letters in ASCII and all but these characters replaced, and cut to length.

    `characters` are written as within the brackets of a regular expression.

    >>> clean_text("who -> whom", "a-z ", 10)
    'who __ who'
    """
    return re.sub(f"[^{characters}]", "_", spell_in_ascii(text))[:longest]


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


def fit_words(words: Iterable[str], limit: int) -> str:
    """Words separated by spaces within `limit` characters; those left out are counted.

    >>> fit_words(["M1", "M2", "M4a"], 9), fit_words(["M1", "M2", "M4a"], 8)
    ('M1 M2 M4a', 'M1 M2 +1')
    """
    kept, left_out = list(words), 0
    whole = " ".join(kept)
    while len(whole) > limit and kept:
        kept.pop()
        left_out += 1
        whole = " ".join([*kept, f"+{left_out}"])
    return whole
