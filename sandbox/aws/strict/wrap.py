"""A method of moto's, called from within one of ours; and EC2's errors."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from moto.ec2.exceptions import EC2ClientError


def wrap(owner: Any, name: str, around: Callable[..., Any]) -> None:
    """Put ``around`` in the place of a function: it is given the original before the arguments."""
    original = getattr(owner, name)

    def wrapped(*arguments: Any, **keywords: Any) -> Any:
        return around(original, *arguments, **keywords)

    setattr(owner, name, wrapped)


@cache
def read_refusals() -> dict[str, dict[str, str]]:
    """The table of EC2's refusals."""
    text = Path(__file__).with_name("refusals.yaml").read_text(encoding="utf-8")
    table: dict[str, dict[str, str]] = yaml.safe_load(text)
    return table


def refuse(problem: str, **words: object) -> EC2ClientError:
    """EC2's error for a problem of the table; the words go into its sentence."""
    row = read_refusals()[problem]
    return EC2ClientError(row["code"], row["says"].format(**words))
