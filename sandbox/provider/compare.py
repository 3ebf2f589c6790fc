"""What changed between the inputs a resource was made with and the inputs wanted now."""

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import Any

from sandbox.provider.values import Props, contains_unknown, join_path


def compare(
    old: Props, new: Props, ignored: Iterable[str] = (), *, empty_is_absent: bool = True
) -> dict[str, str]:
    """The changed leaves by property path: ``ADD``, ``DELETE`` or ``UPDATE``. An unknown new value
    counts as a change, since it may become one. Nothing at or below an ignored path does.

    >>> compare({"a": 1, "b": {"c": 2}}, {"b": {"c": 3}, "d": [4]})
    {'a': 'DELETE', 'b.c': 'UPDATE', 'd': 'ADD'}
    """
    if empty_is_absent:
        old, new = _without_empty(old), _without_empty(new)
    exact, below = set(ignored), tuple(f"{path}{mark}" for path in ignored for mark in ".[")
    changes = _compare(old, new, "")
    return {path: it for path, it in changes if path not in exact and not path.startswith(below)}


def _compare(old: Any, new: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys((*old, *new)):
            yield from _compare(old.get(name), new.get(name), join_path(path, name))
    elif isinstance(old, list) and isinstance(new, list):
        for index, (before, after) in enumerate(zip_longest(old, new)):
            yield from _compare(before, after, f"{path}[{index}]")
    elif old is None and new is not None:
        yield path, "ADD"
    elif old is not None and new is None:
        yield path, "DELETE"
    elif old != new or contains_unknown(new):
        yield path, "UPDATE"


def _without_empty(value: Any) -> Any:
    """A value in which an empty list or map is absent, at any depth."""
    if isinstance(value, dict):
        return {name: _without_empty(item) for name, item in value.items() if item not in ([], {})}
    if isinstance(value, list):
        return [None if item in ([], {}) else _without_empty(item) for item in value]
    return value
