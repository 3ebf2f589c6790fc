"""Turns that messages, templates and pages do not use: archaic, translated, or not the field's words."""

from __future__ import annotations

import re

_COUNTED = (
    "case|class|file|group|job|line|machine|NSG|page|request|resource|role|row|rule|site|stack|tag"
)
_TURNS = (
    r"(?<!there )\b(?:is|are) (?:no|none of) (?!longer\b)",  # not a port
    r"\bno more\b(?! than)|\bany more\b",  # no longer
    r"\bmend(?:s|ed|ing)?\b",  # fix
    r"\bblanks?\b",  # space
    r"\bif that is meant\b|\bfor instance\b|\bin so many words\b|\bfor ever\b|\bin mind\b",
    r"\bthat (?:is|are) there\b",  # existing
    rf"\b(?:one|\d[\d,]*) (?:{_COUNTED})s? an? \w",  # one group per machine
    r"\bof (?:its|their|one's) own\b(?! (?!that\b)\w)",  # its own, separate
    r"\bwhatever\b|\bbe it\b",
    r"\blets? (?:\w+ ){0,2}(?:pass|through)\b",  # allow
    r"\bby consent\b|\bconsented\b",  # explicit widening
    r"\bleft to others\b|\bin place of\b|\bplays? no part\b|\bwithout regard to\b",
    r"\b(?:is|are) (?:told|meant)\b|\bmade anew\b|\bcalled (?:like|after)\b|\bruns? already\b",
    r"\bstands? (?:at|before|behind|beside|in|there|under|where)\b",
)
TURNS = re.compile("|".join(_TURNS), re.IGNORECASE)


def turns_of(text: str) -> list[str]:
    """Each turn in a text, its line breaks read as spaces."""
    return TURNS.findall(" ".join(text.split()))


def prose_of(markdown: str) -> str:
    """The text of a page without code, which is what commands print or people type."""
    without_blocks = re.sub(r"^```.*?^```$", "", markdown, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", "`", without_blocks)
