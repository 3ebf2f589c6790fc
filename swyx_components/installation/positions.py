"""Where in its file a message's place stands: line and column, found only when a message is shown."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from yaml import YAMLError
from yaml._yaml import CParser
from yaml.events import (
    CollectionEndEvent,
    CollectionStartEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)

from swyx_components.installation.source import read_raw
from swyx_components.messages import Message

_STEP = re.compile(r'"((?:[^"\\]|\\.)*)"|\[(\d+)\]|([^.\[\]"]+)')
_MARK = re.compile(r"line (\d+)(?:, column (\d+))?")  # the place of a message about broken YAML

_Path = tuple[str, ...]


def locate(messages: Iterable[Message]) -> list[Message]:
    """The messages about a file with the line and column of their places: `installation.yaml:12:9`.

    Of a place that the file does not have, such as a missing key, those of the nearest one around it. A
    message whose file is none, or can't be read again, stays as it is.
    """
    found = list(messages)
    places: dict[str, set[_Path]] = {}
    for message in found:
        if message.file:
            places.setdefault(message.file, set()).add(_steps(message.place))
    positions = {file: _find_positions(file, paths) for file, paths in places.items()}
    return [_at(message, positions.get(message.file, {})) for message in found]


def _at(message: Message, positions: dict[_Path, str]) -> Message:
    if mark := _MARK.fullmatch(message.place):
        where = ":".join(filter(None, (message.file, *mark.groups())))
        return Message("", message.id, message.values, where)
    path = _steps(message.place)
    while path and path not in positions:
        path = path[:-1]
    return message.of(f"{message.file}:{positions[path]}") if path else message


def _steps(place: str) -> _Path:
    return tuple(quoted or index or key for quoted, index, key in _STEP.findall(place))


def _find_positions(file: str, paths: Iterable[_Path]) -> dict[_Path, str]:
    """The position of each of these paths, and of what is around it, as far as the file has it."""
    wanted = {path[:length] for path in paths for length in range(1, len(path) + 1)}
    found: dict[_Path, str] = {}
    try:
        for path, mark in _walk(read_raw(file).decode("utf-8-sig")):
            if path in wanted and path not in found:
                found[path] = f"{mark.line + 1}:{mark.column + 1}"
    except (OSError, ValueError, YAMLError):
        pass  # what could be read so far is right
    return found


def _walk(text: str) -> Iterator[tuple[_Path, Any]]:
    """Every key and item of a YAML document, with the mark where it begins."""
    path: list[str] = []  # of each open collection, the key or the index that is being read
    in_list: list[bool] = []
    is_key: list[bool] = []  # what comes next in it: a key, or else a value
    parser = CParser(text)
    while (event := parser.get_event()) is not None:
        if isinstance(event, CollectionEndEvent):
            for stack in (path, in_list, is_key):
                stack.pop()
        elif not isinstance(event, NodeEvent):
            continue
        elif path and is_key[-1]:
            if not isinstance(event, ScalarEvent):
                return  # the reader refuses a key that is no text
            path[-1], is_key[-1] = event.value, False
            yield tuple(path), event.start_mark
            continue
        else:
            if path and in_list[-1]:
                path[-1] = str(int(path[-1]) + 1)
                yield tuple(path), event.start_mark
            if isinstance(event, CollectionStartEvent):
                is_mapping = isinstance(event, MappingStartEvent)
                path.append("-1")
                in_list.append(not is_mapping)
                is_key.append(is_mapping)
                continue
        if path:  # a value has ended
            is_key[-1] = not in_list[-1]
