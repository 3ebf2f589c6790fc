"""What changed between the inputs a resource was made with and the inputs wanted now."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from typing import Any

from sandbox.provider.values import Props, contains_unknown, is_unknown, join_path


class Change(Enum):
    """How one property differs."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


def compare(
    old: Props, new: Props, ignored: Iterable[str] = (), *, empty_is_absent: bool = True
) -> dict[str, Change]:
    """The changed leaves by property path; an unknown new value counts as a change, since it may become one.

    >>> compare({"a": 1, "b": {"c": 2}}, {"b": {"c": 3}, "d": [4]})
    {'a': <Change.DELETE: 'delete'>, 'b.c': <Change.UPDATE: 'update'>, 'd': <Change.ADD: 'add'>}
    """
    changes: dict[str, Change] = {}
    if empty_is_absent:
        old, new = _without_empty(old), _without_empty(new)
    _compare_objects(old, new, "", changes)
    return {path: change for path, change in changes.items() if not is_ignored(path, ignored)}


def is_ignored(path: str, ignored: Iterable[str]) -> bool:
    """Whether one of the ``ignoreChanges`` paths covers the path; ``*`` stands for any one element."""
    parts = split_path(path)
    return any(_covers(split_path(pattern), parts) for pattern in ignored)


def split_path(path: str) -> tuple[str, ...]:
    """The elements of a property path.

    >>> split_path('tags["a.b"][0].c')
    ('tags', 'a.b', '0', 'c')
    """
    found = re.findall(r'\["((?:[^"\\]|\\.)*)"\]|\[([^\]]*)\]|([^.\[\]]+)', path)
    return tuple(re.sub(r"\\(.)", r"\1", quoted) or index or name for quoted, index, name in found)


def top_level(path: str) -> str:
    """The property that a path starts with."""
    return split_path(path)[0]


def _covers(pattern: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    if len(pattern) > len(parts):
        return False
    return all(wanted in ("*", part) for wanted, part in zip(pattern, parts, strict=False))


def _compare_objects(old: Props, new: Props, path: str, changes: dict[str, Change]) -> None:
    for name in [*old, *(name for name in new if name not in old)]:
        _compare_values(old.get(name), new.get(name), join_path(path, name), changes)


def _compare_values(old: Any, new: Any, path: str, changes: dict[str, Change]) -> None:
    if isinstance(old, dict) and isinstance(new, dict):
        _compare_objects(old, new, path, changes)
    elif isinstance(old, list) and isinstance(new, list):
        _compare_lists(old, new, path, changes)
    elif old is None and new is not None:
        changes[path] = Change.ADD
    elif old is not None and new is None:
        changes[path] = Change.DELETE
    elif is_unknown(new) or old != new or contains_unknown(new):
        changes[path] = Change.UPDATE


def _compare_lists(old: list[Any], new: list[Any], path: str, changes: dict[str, Change]) -> None:
    for index in range(max(len(old), len(new))):
        before = old[index] if index < len(old) else None
        after = new[index] if index < len(new) else None
        _compare_values(before, after, f"{path}[{index}]", changes)


def _without_empty(value: Any) -> Any:
    """A value in which an empty list or map is absent, at any depth."""
    if isinstance(value, dict):
        return {name: _without_empty(item) for name, item in value.items() if item not in ([], {})}
    if isinstance(value, list):
        return [None if item in ([], {}) else _without_empty(item) for item in value]
    return value
