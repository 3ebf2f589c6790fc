"""Read YAML into plain data: every key and scalar keeps its literal text, every oddity is refused.

What comes out is made of dict (keys are text), list, str, bool (`true` and `false` alone) and None. So a
site called `no` stays `no`, `010` is never 8 and `1:20:30` no number of seconds.
"""

import re
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

from swyx_components.installation.findings import Findings, Refused, below
from swyx_components.installation.tight_colon import explain_colon

MOST_DEEP = 32  # an installation nests 7 deep
MOST_VALUES = 1_000_000  # keys and values, aliases expanded; 10,000 sites have about 600,000

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PLAIN = {"true": True, "false": False, **dict.fromkeys(("", "~", "null", "Null", "NULL"))}
_NO_KEY = object()
_FLOWS = ("while parsing a flow mapping", "while parsing a flow sequence")
_NO_SUCH_INDENT = "did not find expected key"


def compose(text: str, log: Findings) -> Any:
    """The plain data of one YAML document; a key written twice is reported, and its first value kept.

    Raises:
        Refused: not YAML, or YAML that has no place in an installation file.
    """
    unprintable = _UNPRINTABLE.search(text)
    if unprintable:
        position = _position(text, unprintable.start())
        raise Refused("yaml-character", position, character=f"U+{ord(unprintable[0]):04X}")
    try:
        return _Composer(log).run(CParser(text))
    except YAMLError as problem:
        mark = getattr(problem, "problem_mark", None) or getattr(problem, "context_mark", None)
        explain_colon(text, problem)
        _explain_indent(text, mark, getattr(problem, "problem", "") or "")
        _explain_mark(text, problem)
        where = _told(mark) if mark else "line 1"
        said = " ".join(
            filter(None, (getattr(problem, "context", ""), getattr(problem, "problem", "")))
        )
        raise Refused("yaml-syntax", where, problem=said) from None


def _explain_indent(text: str, mark: Any, problem: str) -> None:
    """Say what is wrong with the spaces before the line, where that is it.

    Raises:
        Refused: a tab stands there, or as many spaces as before no line that is still open.
    """
    lines = text.splitlines()
    if mark is None or mark.line >= len(lines):
        return
    line, where = lines[mark.line], f"line {mark.line + 1}"
    if "\t" in line[: len(line) - len(line.lstrip())]:
        raise Refused("yaml-tab", where)
    open_: list[int] = []
    for before in (*lines[: mark.line], line):
        known, spaces = open_, len(before) - len(before.lstrip(" "))
        if before.strip() and not before.lstrip().startswith("#"):
            open_ = [*(each for each in open_ if each < spaces), spaces]
    if problem == _NO_SUCH_INDENT and spaces not in known:
        raise Refused("yaml-indent", where, spaces=spaces, known=known or [0])


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
        raise Refused("yaml-quote", _told(begun))
    if context in _FLOWS and said and said.startswith("did not find expected ','"):
        raise Refused("yaml-bracket", _told(mark), begun=_told(begun))
    lines = text.splitlines()
    if said == "found character that cannot start any token" and mark.line < len(lines):
        character = lines[mark.line][mark.column : mark.column + 1]
        raise Refused("yaml-sign", _told(mark), character=character)


def _told(mark: Any) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}"


def _position(text: str, offset: int) -> str:
    before = text[:offset]
    return f"line {before.count(chr(10)) + 1}, column {offset - before.rfind(chr(10))}"


class _Composer:
    """Builds data from libyaml's events with a stack of its own, so that no depth overflows."""

    __slots__ = ("anchors", "container", "count", "documents", "key", "log", "root", "stack")

    def __init__(self, log: Findings) -> None:
        self.log = log
        self.root: Any = None
        self.container: Any = None  # the dict or list being filled
        self.key: Any = _NO_KEY  # the key that waits for its value
        self.stack: list[tuple[Any, Any, str | None, int]] = []
        self.anchors: dict[str, tuple[Any, int]] = {}  # the value and how many values are in it
        self.count = 0
        self.documents = 0

    def run(self, parser: Any) -> Any:
        next_event = parser.get_event
        while (event := next_event()) is not None:
            kind = type(event)
            if kind is ScalarEvent:
                self._scalar(event)
            elif kind is MappingStartEvent:
                self._open(event, {})
            elif kind is SequenceStartEvent:
                self._open(event, [])
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                self._close()
            elif kind is AliasEvent:
                self._alias(event)
            elif kind is DocumentStartEvent:
                self._document(event)
        return self.root

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            raise Refused("yaml-documents", _at(event))

    def _scalar(self, event: Any) -> None:
        if event.tag is not None:
            raise Refused("yaml-tag", _at(event), tag=_shown_tag(event))
        text = event.value
        if type(self.container) is dict and self.key is _NO_KEY:
            if text == "<<" and event.implicit[0]:
                raise Refused("yaml-merge", _at(event))
            value = text
        else:
            value = _PLAIN.get(text, text) if event.implicit[0] else text
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, 1)
        self._put(value, event, 1)

    def _open(self, event: Any, value: Any) -> None:
        if event.tag is not None:
            raise Refused("yaml-tag", _at(event), tag=_shown_tag(event))
        if len(self.stack) >= MOST_DEEP:
            raise Refused("yaml-depth", _at(event), limit=MOST_DEEP)
        self._put(value, event, 1)
        self.stack.append((self.container, self.key, event.anchor, self.count))
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, 0)  # 0: still open, so an alias to it is circular
        self.container, self.key = value, _NO_KEY

    def _close(self) -> None:
        value = self.container
        self.container, _, anchor, count = self.stack.pop()
        self.key = _NO_KEY
        if anchor is not None:
            self.anchors[anchor] = (value, 1 + self.count - count)

    def _alias(self, event: Any) -> None:
        if event.anchor not in self.anchors:
            raise Refused("yaml-alias-unknown", _at(event), alias=event.anchor)
        value, size = self.anchors[event.anchor]
        if not size:
            raise Refused("yaml-alias-circular", _at(event), alias=event.anchor)
        self._put(value, event, size)

    def _put(self, value: Any, event: Any, size: int) -> None:
        self.count += size
        if self.count > MOST_VALUES:
            raise Refused("yaml-size", _at(event), limit=MOST_VALUES)
        container = self.container
        if type(container) is list:
            container.append(value)
        elif container is None:
            self.root = value
        elif self.key is _NO_KEY:
            if type(value) is not str:
                raise Refused("yaml-key", _at(event))
            self.key = value
        else:
            if self.key in container:
                self._repeated(event)
            else:
                container[self.key] = value
            # A container still learns its own key from the stack, for places.
            if type(event) is ScalarEvent or type(event) is AliasEvent:
                self.key = _NO_KEY

    def _repeated(self, event: Any) -> None:
        place = ""
        for container, key, *_ in (*self.stack, (self.container, self.key)):
            if type(container) is dict:
                place = below(place, key)
            elif type(container) is list:
                place = f"{place}[{len(container) - 1}]"
        self.log.add("key-twice", place, key=self.key, line=event.start_mark.line + 1)


def _at(event: Any) -> str:
    return f"line {event.start_mark.line + 1}, column {event.start_mark.column + 1}"


def _shown_tag(event: Any) -> str:
    return str(event.tag).replace("tag:yaml.org,2002:", "!!")
