"""Limits of clouds, read from the `limits.yaml` of their packages."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def read_limits(cloud: str) -> Mapping[str, Any]:
    """The rows of a cloud's file."""
    import yaml

    text = files(__package__).joinpath(cloud, "limits.yaml").read_text(encoding="utf-8")
    rows: Mapping[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    return rows
