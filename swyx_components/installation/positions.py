"""Where in its file a message's place stands: line and column, found only when a message is shown."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import count
from typing import Any

import yaml
from yaml._yaml import CParser

from swyx_components.catalogue.yaml_source import read_file
from swyx_components.messages import TOP, Message, SwyxError, below

_INHERITED = re.compile(r"sites\.[^.]+\.(decisions\..+)")
_MARK = re.compile(r"line (\d+)(?:, column (\d+))?")  # the place of a message about broken YAML

Position = tuple[int, ...]  # line and column, both from 1, or the line alone


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
    places: dict[str, set[str]] = {}
    for message in messages:
        if message.file:
            places.setdefault(message.file, set()).update(_ways(message.place))
    positions = {file: _read_positions(file, wanted) for file, wanted in places.items()}
    return [_position(message.place, positions.get(message.file, {})) for message in messages]


def _position(place: str, positions: Mapping[str, Position]) -> Position:
    if mark := _MARK.fullmatch(place):
        return tuple(map(int, filter(None, mark.groups())))
    return next((positions[way] for way in _ways(place) if way in positions), ())


def _ways(place: str) -> Iterator[str]:
    """The place, then the file's decision that a site inherits, then what is around it."""
    yield place
    if inherited := _INHERITED.fullmatch(place):
        yield inherited[1]
    yield from (place[:end] for end in range(len(place) - 1, 0, -1) if place[end] in ".[")
    if place == TOP or place.partition(".")[0].isidentifier():  # in YAML, not the row of a list
        yield ""


def _read_positions(file: str, wanted: Collection[str]) -> dict[str, Position]:
    """The position of each of these places, as far as the file has it."""
    found: dict[str, Position] = {}
    # What could be read before an error is right.
    with suppress(SwyxError, RecursionError, ValueError, yaml.YAMLError):
        events = iter(CParser(read_file(file)).get_event, None)
        for event in events:
            for place, mark in _walk(events, event):
                if place in wanted and place not in found:
                    found[place] = mark.line + 1, mark.column + 1
        found[""] = 1, 1
    return found


def _walk(events: Iterator[Any], event: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every key and item of what begins with an event, with the mark where it begins.

    Raises:
        ValueError: a key is not text, which the reader refuses.
    """
    if isinstance(event, yaml.MappingStartEvent):
        while not isinstance(key := next(events), yaml.MappingEndEvent):
            if not isinstance(key, yaml.ScalarEvent):
                raise ValueError("a key that is not text")
            inner = below(place, key.value)
            yield inner, key.start_mark
            yield from _walk(events, next(events), inner)
    elif isinstance(event, yaml.SequenceStartEvent):
        for index in count():
            if isinstance(item := next(events), yaml.SequenceEndEvent):
                break
            yield f"{place}[{index}]", item.start_mark
            yield from _walk(events, item, f"{place}[{index}]")
