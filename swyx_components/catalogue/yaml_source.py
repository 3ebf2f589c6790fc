"""Read YAML into plain data: every key and scalar keeps its literal text, every oddity is refused.

What comes out is made of dict (keys are text), list, str, bool (`true` and `false` alone) and None. So a
site called `no` stays `no`, `010` is never 8 and `1:20:30` no number of seconds.
"""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

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

from swyx_components.messages import TOP, Diagnostics, SwyxError, below
from swyx_components.sets.prefixes import Prefix

MOST_BYTES = 5_000_000
STDIN = "-"  # a path that means standard input
MOST_DEEP = 32  # an installation nests 7 deep
# Collections and what is in them, aliases expanded; 10,000 sites have some 500,000.
MOST_VALUES = 1_000_000

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ASCII = b"\t\n\r" + bytes(range(0x20, 0x7F))  # as far as it is printable
_PLAIN = {"true": True, "false": False, **dict.fromkeys(("", "~", "null", "Null", "NULL"))}
_MERGE = "<<"
_SPECIAL = {*_PLAIN, _MERGE}  # texts that are more where no quotes are around them
_FLOWS = ("while parsing a flow mapping", "while parsing a flow sequence")
_NO_SUCH_INDENT = "did not find expected key"
_NO_FLOW_KEY = "found unexpected ':'"
_NO_KEY = "could not find expected ':'"
_NO_BLOCK_KEY = (
    "mapping values are not allowed in this context",
    _NO_SUCH_INDENT,
    "did not find expected <document start>",
)
_TIGHT = re.compile(r"\s*(?:- +)*(?P<key>[\w.-]+):(?=\S)")
_TIGHT_IN_BRACKETS = re.compile(r"[{\[,\s](?P<key>[\w.-]+):[{\[]")
_Reason = tuple[str, str, dict[str, object]]  # the id of a message, its place and its values


def read_bytes(source: str | Path) -> bytes:
    """The content of a file, or of standard input where its path is `-`.

    Raises:
        SwyxError: it can't be read, or is too large.
    """
    try:
        if source == STDIN:
            raw = _read_once(sys.stdin.buffer)
        else:
            with Path(source).open("rb") as file:
                raw = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise SwyxError.about("file-unreadable", TOP, reason=reason) from None
    if len(raw) > MOST_BYTES:
        raise SwyxError.about("file-too-large", TOP, limit=f"{MOST_BYTES:,}")
    return raw


@lru_cache(maxsize=1)
def _read_once(stream: BinaryIO) -> bytes:
    """What comes only once, kept for whoever reads it again."""
    return stream.read(MOST_BYTES + 1)


def read_file(source: str | Path) -> str:
    """A file as text.

    Raises:
        SwyxError: it can't be read, is too large or not UTF-8.
    """
    raw = read_bytes(source)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        before = raw[: problem.start]
        place = _place(before.count(b"\n"), problem.start - before.rfind(b"\n") - 1)
        value = f"0x{raw[problem.start]:02X}"
        raise SwyxError.about("file-not-utf8", place, byte=value) from None


def compose(text: str, log: Diagnostics) -> Any:
    """The plain data of one YAML document; a key written twice is reported, and its first value kept.

    Raises:
        SwyxError: not YAML, or YAML that has no place in an installation file.
    """
    other = text.encode(errors="surrogatepass").translate(None, _ASCII)  # empty for most files
    if other and (unprintable := _UNPRINTABLE.search(text)):
        before, character = text[: unprintable.start()], f"U+{ord(unprintable[0]):04X}"
        place = _place(before.count("\n"), len(before) - before.rfind("\n") - 1)
        raise SwyxError.about("yaml-character", place, character=character)
    try:
        return _Composer(log, CParser(text).get_event).run()
    except YAMLError as problem:
        id, place, values = next(_find_reasons(text.splitlines(), problem))
        raise SwyxError.about(id, place, **values) from None


def _place(line: int, column: int) -> str:
    """A place in the text, both counted from 0."""
    return f"line {line + 1}, column {column + 1}"


def _at(mark: Any) -> str:
    return _place(mark.line, mark.column)


def _find_reasons(lines: Sequence[str], problem: YAMLError) -> Iterator[_Reason]:
    """What libyaml's problem comes from, the likeliest first; at the end its own words."""
    said, context = (getattr(problem, name, None) or "" for name in ("problem", "context"))
    begun, mark = (getattr(problem, name, None) for name in ("context_mark", "problem_mark"))
    if mark:
        for number, match in _find_tight(lines, said, begun, mark):
            key = match["key"]
            address = Prefix.find(lines[number][match.start("key") :].split()[0])
            if not (address and address.version == 6):  # whose colons are its own
                yield "yaml-colon", _place(number, match.end("key")), {"key": key}
        if mark.line < len(lines):
            yield from _find_indent(lines[: mark.line + 1], said)
    if mark and begun:
        if context == "while scanning a quoted scalar" and said == "found unexpected end of stream":
            yield "yaml-quote", _at(begun), {}
        if context in _FLOWS and said.startswith("did not find expected ','"):
            yield "yaml-bracket", _at(mark), {"begun": _at(begun)}
        if said == "found character that cannot start any token" and mark.line < len(lines):
            character = lines[mark.line][mark.column : mark.column + 1]
            yield "yaml-sign", _at(mark), {"character": character}
    place = mark or begun
    words = " ".join(filter(None, (context, said)))
    yield "yaml-syntax", _at(place) if place else _place(0, 0), {"problem": words}


def _find_indent(lines: Sequence[str], said: str) -> Iterator[_Reason]:
    """A tab before the last of these lines, or an indentation that matches no enclosing block."""
    line, number = lines[-1], len(lines) - 1
    if "\t" in line[: len(line) - len(line.lstrip())]:
        yield "yaml-tab", _place(number, line.index("\t")), {}
    open_: list[int] = []
    for before in lines:
        known, spaces = open_, len(before) - len(before.lstrip(" "))
        if before.strip() and not before.lstrip().startswith("#"):
            open_ = [*(each for each in open_ if each < spaces), spaces]
    if said == _NO_SUCH_INDENT and spaces not in known:
        yield "yaml-indent", _place(number, spaces), {"spaces": spaces, "known": known or [0]}


def _find_tight(
    lines: Sequence[str], said: str, begun: Any, mark: Any
) -> Iterator[tuple[int, re.Match[str]]]:
    """Keys whose colon has no space after it, on the lines that a problem may come from, by number."""
    if said == _NO_FLOW_KEY and mark.line < len(lines):
        found = _TIGHT_IN_BRACKETS.finditer(lines[mark.line])
        yield from ((mark.line, match) for match in found if match.end("key") == mark.column)
    numbers: list[int] = []
    if said == _NO_KEY:
        numbers = [begun.line]
    elif said in _NO_BLOCK_KEY:  # on the line itself, or on the one above, comments apart
        above = range(min(mark.line, len(lines)) - 1, -1, -1)
        numbers = [mark.line]
        numbers += [n for n in above if lines[n].strip() and lines[n].lstrip()[0] != "#"][:1]
    for number in numbers:
        if number < len(lines) and (match := _TIGHT.match(lines[number])):
            yield number, match


class _Composer:
    """Builds data from libyaml's events; `around` has what is open around the innermost collection."""

    __slots__ = ("anchors", "around", "log", "next_event")

    def __init__(self, log: Diagnostics, next_event: Callable[[], Any]) -> None:
        self.log = log
        self.next_event = next_event
        # Each with the key being filled, the event that begins what is in it, and the count before.
        self.around: list[tuple[Any, str | None, Any, int]] = []
        self.anchors: dict[str, tuple[Any, int]] = {}  # the value and how many values are in it

    def run(self) -> Any:
        root, around, count, next_event = list[Any](), self.around, 0, self.next_event
        inside: Any = root
        key: str | None = None  # of `inside`, once it is read: the value is next
        while (event := next_event()) is not None:
            kind = type(event)
            if key is not None and key in inside:
                self._repeated(inside, key, event)
            if kind is ScalarEvent:
                value = event.value
                if value in _SPECIAL or event.tag is not None or event.anchor is not None:
                    value = self._special(event, key is None and type(inside) is dict)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                is_key = key is None and type(inside) is dict
                if is_key or event.tag or event.anchor or len(around) >= MOST_DEEP:
                    self._begin(event, is_key)
                around.append((inside, key, event, count))
                inside, key = {} if kind is MappingStartEvent else [], None
                continue
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                value, (inside, key, begun, before) = inside, around.pop()
                count += 1 + len(value)
                if count > MOST_VALUES:
                    self._refuse("yaml-size", begun, limit=MOST_VALUES)
                if begun.anchor is not None:
                    self.anchors[begun.anchor] = (value, count - before)
            elif kind is AliasEvent:
                value, count = self._aliased(event, key is None and type(inside) is dict, count)
            else:
                if kind is DocumentStartEvent and root:
                    self._refuse("yaml-documents", event)
                continue
            if type(inside) is list:
                inside.append(value)
            elif key is None:
                key = value
            else:
                inside.setdefault(key, value)
                key = None
        return root[0] if root else None

    def _refuse(self, id: str, event: Any, **values: object) -> NoReturn:
        raise SwyxError.about(id, _at(event.start_mark), **values)

    def _refuse_tag(self, event: Any) -> None:
        if event.tag is not None:
            tag = str(event.tag).replace("tag:yaml.org,2002:", "!!")
            self._refuse("yaml-tag", event, tag=tag)

    def _special(self, event: Any, is_key: bool) -> Any:
        """The value of a scalar that may be more than its text."""
        self._refuse_tag(event)
        value, plain = event.value, event.implicit[0]
        if is_key and plain and value == _MERGE:
            self._refuse("yaml-merge", event)
        if plain and not is_key:
            value = _PLAIN.get(value, value)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, 1)
        return value

    def _begin(self, event: Any, is_key: bool) -> None:
        """Begin a collection that has an anchor, or has no place in an installation file."""
        if is_key:
            self._refuse("yaml-key", event)
        self._refuse_tag(event)
        if len(self.around) >= MOST_DEEP:
            self._refuse("yaml-depth", event, limit=MOST_DEEP)
        self.anchors[event.anchor] = (None, 0)  # 0: still open, so an alias to it is circular

    def _aliased(self, event: Any, is_key: bool, count: int) -> tuple[Any, int]:
        """What an alias stands for, as a key only a text, and the count with it."""
        if event.anchor not in self.anchors:
            self._refuse("yaml-alias-unknown", event, alias=event.anchor)
        value, size = self.anchors[event.anchor]
        if not size:
            self._refuse("yaml-alias-circular", event, alias=event.anchor)
        if count + size > MOST_VALUES:
            self._refuse("yaml-size", event, limit=MOST_VALUES)
        if is_key and type(value) is not str:
            self._refuse("yaml-key", event)
        return value, count + size

    def _repeated(self, inside: Any, key: str, event: Any) -> None:
        place = ""
        for holder, step in (*(each[:2] for each in self.around[1:]), (inside, key)):
            place = f"{place}[{len(holder)}]" if step is None else below(place, step)
        self.log.add("key-twice", place, key=key, line=event.start_mark.line + 1)
