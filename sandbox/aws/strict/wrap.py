"""A method of moto's, called from within one of ours; and EC2's errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.ec2.exceptions import EC2ClientError


def wrap(owner: Any, name: str, around: Callable[..., Any]) -> None:
    """Put ``around`` in the place of a function: it is given the original before the arguments."""
    original = getattr(owner, name)

    def wrapped(*arguments: Any, **keywords: Any) -> Any:
        return around(original, *arguments, **keywords)

    setattr(owner, name, wrapped)


def refuse(code: str, message: str) -> EC2ClientError:
    """An error of EC2, by its code."""
    return EC2ClientError(code, message)


def refuse_value(message: str) -> EC2ClientError:
    """The error of EC2 for a value that it cannot take."""
    return refuse("InvalidParameterValue", message)
