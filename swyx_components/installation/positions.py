"""Where in its file a message's place stands: line and column, found only when a message is shown."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any

import yaml
from yaml._yaml import CParser

from swyx_components.catalogue.yaml_source import read_raw
from swyx_components.messages import Message
from swyx_components.messages.diagnostics import TOP

_STEP = re.compile(r'"((?:[^"\\]|\\.)*)"|\[(\d+)\]|([^.\[\]"]+)')
_MARK = re.compile(r"line (\d+)(?:, column (\d+))?")  # the place of a message about broken YAML

Position = tuple[int, ...]  # line and column, both from 1, or the line alone
_Path = tuple[str, ...]


def locate(messages: Sequence[Message]) -> list[Message]:
    """The messages about a file with the line and column of their places: `installation.yaml:12:9`.

    Of a place that the file does not have, such as a missing key, those of the nearest one around it. A
    message whose file is none, or can't be read again, stays as it is.
    """
    return list(map(put_at, messages, find_positions(messages)))


def put_at(message: Message, position: Position) -> Message:
    """The message with a position after the name of its file."""
    if not position and (message.place != TOP or not message.file):
        return message  # only of a file that can't be read has the top level no position
    place = "" if not position or _MARK.fullmatch(message.place) else message.place
    where = ":".join(filter(None, (message.file, *map(str, position))))
    return Message(place, message.id, message.values, where)


def find_positions(messages: Sequence[Message]) -> list[Position]:
    """The line and column of each message; empty where its file has neither."""
    places: dict[str, set[_Path]] = {}
    for message in messages:
        if message.file:
            places.setdefault(message.file, set()).update(_ways(message.place))
    positions = {file: _read_positions(file, paths) for file, paths in places.items()}
    return [_position(message.place, positions.get(message.file, {})) for message in messages]


def _position(place: str, positions: Mapping[_Path, Position]) -> Position:
    if mark := _MARK.fullmatch(place):
        return tuple(map(int, filter(None, mark.groups())))
    return next((positions[path] for path in _ways(place) if path in positions), ())


def _ways(place: str) -> Iterator[_Path]:
    """The path of a place, then of the file's decision that a site inherits, then of what is around it."""
    path = tuple(quoted or index or key for quoted, index, key in _STEP.findall(place))
    yield path
    if path[2:3] == ("decisions",) and len(path) > 3:
        yield path[2:]
    whole = place == TOP or place.partition(".")[0].isidentifier()  # in YAML, not the row of a list
    yield from (path[:length] for length in range(len(path) - 1, 0 if whole else 1, -1))
    if whole:
        yield ()


def _read_positions(file: str, paths: Iterable[_Path]) -> dict[_Path, Position]:
    """The position of each of these paths, and of what is around it, as far as the file has it."""
    wanted, found = set(paths), dict[_Path, Position]()
    try:
        events = iter(CParser(read_raw(file).decode("utf-8-sig")).get_event, None)
        for event in events:
            for path, mark in _walk(events, event):
                if path in wanted and path not in found:
                    found[path] = mark.line + 1, mark.column + 1
        found[()] = 1, 1
    except (OSError, RecursionError, ValueError, yaml.YAMLError):
        pass  # what could be read so far is right
    return found


def _walk(events: Iterator[Any], event: Any, path: _Path = ()) -> Iterator[tuple[_Path, Any]]:
    """Every key and item of what begins with an event, with the mark where it begins.

    Raises:
        ValueError: a key is not text, which the reader refuses.
    """
    if isinstance(event, yaml.MappingStartEvent):
        while not isinstance(key := next(events), yaml.MappingEndEvent):
            if not isinstance(key, yaml.ScalarEvent):
                raise ValueError("a key that is not text")
            yield (*path, key.value), key.start_mark
            yield from _walk(events, next(events), (*path, key.value))
    elif isinstance(event, yaml.SequenceStartEvent):
        for index in count():
            if isinstance(item := next(events), yaml.SequenceEndEvent):
                break
            yield (*path, str(index)), item.start_mark
            yield from _walk(events, item, (*path, str(index)))
