"""A key whose colon no blank follows: to YAML no key at all, which it says at some later place."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from swyx_components.installation.diagnostics import Refused
from swyx_components.sets.prefixes import Prefix

_NO_FLOW_KEY = "found unexpected ':'"
_NO_KEY = "could not find expected ':'"
_NO_BLOCK_KEY = (
    "mapping values are not allowed in this context",
    "did not find expected key",
    "did not find expected <document start>",
)
_TIGHT = re.compile(r"\s*(?:- +)*(?P<key>[\w.-]+):(?=\S)")
_TIGHT_IN_BRACKETS = re.compile(r"[{\[,\s](?P<key>[\w.-]+):[{\[]")


def explain_colon(text: str, problem: Any) -> None:
    """Say which colon lacks its blank, where that is what libyaml's problem comes from.

    Raises:
        Refused: it is.
    """
    lines = text.splitlines()
    for number, match in _suspects(lines, problem):
        key = match["key"]
        if not _is_address(lines[number][match.start("key") :]):
            where = f"line {number + 1}, column {match.end('key') + 1}"
            raise Refused("yaml-colon", where, key=key)


def _suspects(lines: Sequence[str], problem: Any) -> Iterator[tuple[int, re.Match[str]]]:
    """Keys with such a colon on the lines that the problem may come from, by number."""
    said, mark = getattr(problem, "problem", ""), getattr(problem, "problem_mark", None)
    if mark is None:
        return
    if said == _NO_FLOW_KEY and mark.line < len(lines):
        found = _TIGHT_IN_BRACKETS.finditer(lines[mark.line])
        yield from ((mark.line, match) for match in found if match.end("key") == mark.column)
    numbers: list[int] = []
    if said == _NO_KEY:
        numbers = [problem.context_mark.line]
    elif said in _NO_BLOCK_KEY:
        numbers = [mark.line, _line_before(lines, mark.line)]
    for number in numbers:
        match = _TIGHT.match(lines[number]) if 0 <= number < len(lines) else None
        if match:
            yield number, match


def _line_before(lines: Sequence[str], number: int) -> int:
    """The line above with anything on it but a comment; -1 where there is none."""
    above = range(min(number, len(lines)) - 1, -1, -1)
    return next((n for n in above if lines[n].strip() and lines[n].lstrip()[0] != "#"), -1)


def _is_address(text: str) -> bool:
    """Whether a text begins with an IPv6 address, whose colons are its own."""
    try:
        return Prefix.parse(text.split()[0]).version == 6
    except ValueError:
        return False
