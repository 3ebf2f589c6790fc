"""Read YAML into plain data: every key and scalar keeps its literal text, every oddity is refused.

What comes out is made of dict (keys are text), list, str, bool (`true` and `false` alone) and None. So a
site called `no` stays `no`, `010` is never 8 and `1:20:30` no number of seconds.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from yaml import YAMLError
from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from swyx_components.installation.diagnostics import Diagnostics, Refused, below
from swyx_components.sets.prefixes import Prefix

MOST_DEEP = 32  # an installation nests 7 deep
MOST_VALUES = 1_000_000  # keys and values, aliases expanded; 10,000 sites have about 600,000

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PLAIN = {"true": True, "false": False, **dict.fromkeys(("", "~", "null", "Null", "NULL"))}
_MERGE = "<<"
_SPECIAL = {*_PLAIN, _MERGE}  # texts that are more where no quotes are around them
_FLOWS = ("while parsing a flow mapping", "while parsing a flow sequence")
_NO_SUCH_INDENT = "did not find expected key"


def compose(text: str, log: Diagnostics) -> Any:
    """The plain data of one YAML document; a key written twice is reported, and its first value kept.

    Raises:
        Refused: not YAML, or YAML that has no place in an installation file.
    """
    unprintable = _UNPRINTABLE.search(text)
    if unprintable:
        position = _position(text, unprintable.start())
        raise Refused("yaml-character", position, character=f"U+{ord(unprintable[0]):04X}")
    try:
        return _Composer(log, CParser(text).get_event).run()
    except YAMLError as problem:
        mark = getattr(problem, "problem_mark", None) or getattr(problem, "context_mark", None)
        explain_colon(text, problem)
        _explain_indent(text, mark, getattr(problem, "problem", "") or "")
        _explain_mark(text, problem)
        where = _mark_text(mark) if mark else "line 1, column 1"
        said = " ".join(
            filter(None, (getattr(problem, "context", ""), getattr(problem, "problem", "")))
        )
        raise Refused("yaml-syntax", where, problem=said) from None


def _explain_indent(text: str, mark: Any, problem: str) -> None:
    """Say what is wrong with the spaces before the line, where that is it.

    Raises:
        Refused: there is a tab, or the indentation matches no enclosing block.
    """
    lines = text.splitlines()
    if mark is None or mark.line >= len(lines):
        return
    line, where = lines[mark.line], f"line {mark.line + 1}, column "
    if "\t" in line[: len(line) - len(line.lstrip())]:
        raise Refused("yaml-tab", f"{where}{line.index(chr(9)) + 1}")
    open_: list[int] = []
    for before in (*lines[: mark.line], line):
        known, spaces = open_, len(before) - len(before.lstrip(" "))
        if before.strip() and not before.lstrip().startswith("#"):
            open_ = [*(each for each in open_ if each < spaces), spaces]
    if problem == _NO_SUCH_INDENT and spaces not in known:
        raise Refused("yaml-indent", f"{where}{spaces + 1}", spaces=spaces, known=known or [0])


def _explain_mark(text: str, problem: Any) -> None:
    """Say what is wrong where a quote or a bracket is left open, or a text begins with a sign of YAML's own.

    Raises:
        Refused: it is one of these.
    """
    said, context = getattr(problem, "problem", ""), getattr(problem, "context", "")
    begun, mark = getattr(problem, "context_mark", None), getattr(problem, "problem_mark", None)
    if mark is None or begun is None:
        return
    if context == "while scanning a quoted scalar" and said == "found unexpected end of stream":
        raise Refused("yaml-quote", _mark_text(begun))
    if context in _FLOWS and said and said.startswith("did not find expected ','"):
        raise Refused("yaml-bracket", _mark_text(mark), begun=_mark_text(begun))
    lines = text.splitlines()
    if said == "found character that cannot start any token" and mark.line < len(lines):
        character = lines[mark.line][mark.column : mark.column + 1]
        raise Refused("yaml-sign", _mark_text(mark), character=character)


def _mark_text(mark: Any) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}"


def _position(text: str, offset: int) -> str:
    before = text[:offset]
    return f"line {before.count(chr(10)) + 1}, column {offset - before.rfind(chr(10))}"


class _Composer:
    """Builds data from libyaml's events, by one call a collection: `MOST_DEEP` bounds them."""

    __slots__ = ("anchors", "count", "documents", "log", "next_event", "path")

    def __init__(self, log: Diagnostics, next_event: Callable[[], Any]) -> None:
        self.log = log
        self.next_event = next_event
        self.path: list[str | int] = []  # of each open collection, the key or index being filled
        self.anchors: dict[str, tuple[Any, int]] = {}  # the value and how many values are in it
        self.count = 0
        self.documents = 0

    def run(self) -> Any:
        root = None
        while (event := self.next_event()) is not None:
            kind = type(event)
            if kind is ScalarEvent:
                root = self._scalar(event)
            elif kind is MappingStartEvent or kind is SequenceStartEvent or kind is AliasEvent:
                root = self._begin(event)
                self._fill(root, event)
            elif kind is DocumentStartEvent:
                self._document(event)
        return root

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            raise Refused("yaml-documents", _at(event))

    def _scalar(self, event: Any, is_key: bool = False) -> Any:
        value = event.value
        if value in _SPECIAL or event.tag is not None or event.anchor is not None:
            value = self._special(event, is_key)
        self.count += 1
        if self.count > MOST_VALUES:
            raise Refused("yaml-size", _at(event), limit=MOST_VALUES)
        return value

    def _special(self, event: Any, is_key: bool) -> Any:
        """The value of a scalar that may be more than its text."""
        if event.tag is not None:
            raise Refused("yaml-tag", _at(event), tag=_shown_tag(event))
        value, plain = event.value, event.implicit[0]
        if is_key and plain and value == _MERGE:
            raise Refused("yaml-merge", _at(event))
        if plain and not is_key:
            value = _PLAIN.get(value, value)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, 1)
        return value

    def _begin(self, event: Any) -> Any:
        """The collection that begins, still empty, or what an alias stands for."""
        if type(event) is AliasEvent:
            value, size = self._aliased(event)
        elif event.tag is not None:
            raise Refused("yaml-tag", _at(event), tag=_shown_tag(event))
        elif len(self.path) >= MOST_DEEP:
            raise Refused("yaml-depth", _at(event), limit=MOST_DEEP)
        else:
            value, size = {} if type(event) is MappingStartEvent else [], 1
        self.count += size
        if self.count > MOST_VALUES:
            raise Refused("yaml-size", _at(event), limit=MOST_VALUES)
        return value

    def _aliased(self, event: Any) -> tuple[Any, int]:
        if event.anchor not in self.anchors:
            raise Refused("yaml-alias-unknown", _at(event), alias=event.anchor)
        value, size = self.anchors[event.anchor]
        if not size:
            raise Refused("yaml-alias-circular", _at(event), alias=event.anchor)
        return value, size

    def _fill(self, value: Any, event: Any) -> None:
        """Read what belongs into the collection that begins with an event; nothing after an alias."""
        kind, anchor, count = type(event), event.anchor, self.count
        if kind is AliasEvent:
            return
        if anchor is not None:
            self.anchors[anchor] = (value, 0)  # 0: still open, so an alias to it is circular
        self.path.append(0)
        if kind is MappingStartEvent:
            self._fill_mapping(value)
        else:
            self._fill_list(value)
        self.path.pop()
        if anchor is not None:
            self.anchors[anchor] = (value, 1 + self.count - count)

    def _fill_mapping(self, mapping: dict[str, Any]) -> None:
        next_event, scalar, path = self.next_event, self._scalar, self.path
        while type(event := next_event()) is not MappingEndEvent:
            is_scalar = type(event) is ScalarEvent
            path[-1] = key = scalar(event, True) if is_scalar else self._begin(event)
            if type(key) is not str:
                raise Refused("yaml-key", _at(event))
            event = next_event()
            is_scalar = type(event) is ScalarEvent
            value = scalar(event) if is_scalar else self._begin(event)
            if key in mapping:
                self._repeated(key, event)
            else:
                mapping[key] = value
            if not is_scalar:
                self._fill(value, event)

    def _fill_list(self, items: list[Any]) -> None:
        next_event, scalar = self.next_event, self._scalar
        while type(event := next_event()) is not SequenceEndEvent:
            if type(event) is ScalarEvent:
                items.append(scalar(event))
            else:
                items.append(self._begin(event))
                self.path[-1] = len(items) - 1
                self._fill(items[-1], event)

    def _repeated(self, key: str, event: Any) -> None:
        place = ""
        for step in self.path:
            place = below(place, step) if type(step) is str else f"{place}[{step}]"
        self.log.add("key-twice", place, key=key, line=event.start_mark.line + 1)


def _at(event: Any) -> str:
    return f"line {event.start_mark.line + 1}, column {event.start_mark.column + 1}"


def _shown_tag(event: Any) -> str:
    return str(event.tag).replace("tag:yaml.org,2002:", "!!")


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
    """Report a colon without a space, where that is what libyaml's problem comes from.

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
