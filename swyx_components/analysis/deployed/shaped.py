"""Whether what a file holds has the shape that it must have, before anybody relies on it."""

from collections.abc import Callable, Mapping
from typing import Any

Flat = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def check_shape(value: Any, shape: Any, where: str, flat: Flat = lambda record: record) -> None:
    """Check a value against a shape.

    A shape is a type; a list with the shape of each element; a mapping of keys to shapes, those with a `?`
    optional or null; or a function that raises ValueError. `flat` gives the keys of an object as the
    shape has them.

    >>> check_shape({"ports": [1, "x"]}, {"ports": [int], "name?": str}, "rule")
    Traceback (most recent call last):
    ValueError: rule.ports[1] is no int

    Raises:
        ValueError: with the place of the first difference.
    """
    if isinstance(shape, dict):
        _check_object(value, shape, where, flat)
    elif isinstance(shape, list):
        if not isinstance(value, list | tuple):
            raise ValueError(f"{where} is no list")
        for place, each in enumerate(value):
            check_shape(each, shape[0], f"{where}[{place}]", flat)
    elif isinstance(shape, type):
        if not isinstance(value, shape) or (shape is int and isinstance(value, bool)):
            raise ValueError(f"{where} is no {shape.__name__}")
    else:
        _try(shape, value, where)


def _check_object(value: Any, shape: Mapping[str, Any], where: str, flat: Flat) -> None:
    if not isinstance(value, dict):
        raise ValueError(f"{where} is no object")
    own = flat(value)
    for key, inner in shape.items():
        name = key.rstrip("?")
        if own.get(name) is not None:
            check_shape(own[name], inner, f"{where}.{name}", flat)
        elif not key.endswith("?"):
            raise ValueError(f"{where} has no {name}")


def _try(check: Callable[[Any], object], value: Any, where: str) -> None:
    try:
        check(value)
    except (ValueError, TypeError, AttributeError) as problem:
        raise ValueError(f"{where}: {problem}") from None
