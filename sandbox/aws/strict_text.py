"""Names and descriptions: which characters and lengths EC2 accepts. Source: CreateSecurityGroup, IpRange."""

from __future__ import annotations

import re

from moto.ec2.exceptions import EC2ClientError

LENGTH = 255
GROUP_TEXT = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]*")
RULE_TEXT = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=;{}!$*]*")


def refuse_value(message: str) -> EC2ClientError:
    """The error of EC2 for a value that it cannot take."""
    return EC2ClientError("InvalidParameterValue", message)


def check_group_name(name: str) -> None:
    """A group's name: 1 to 255 characters of the set, not like a group's id, and not ``default``."""
    if not name:
        raise EC2ClientError("MissingParameter", "The request must contain the parameter GroupName")
    if len(name) > LENGTH:
        raise refuse_value(
            f"Value ({name}) for parameter GroupName is invalid. Must be at most {LENGTH} characters."
        )
    if name.lower().startswith("sg-"):
        raise refuse_value(
            f"Value ({name}) for parameter GroupName is invalid. Group names may not begin with 'sg-'."
        )
    if name.lower() == "default":
        raise EC2ClientError("InvalidGroup.Reserved", f"The security group '{name}' is reserved")
    if not GROUP_TEXT.fullmatch(name):
        raise refuse_value(_describe_characters(name, "GroupName", GROUP_TEXT))


def check_group_description(text: str) -> None:
    """A group's description: 1 to 255 characters of the set."""
    if not text:
        raise EC2ClientError(
            "MissingParameter", "The request must contain the parameter GroupDescription"
        )
    if len(text) > LENGTH:
        raise refuse_value(
            f"Value for parameter GroupDescription is invalid. Must be at most {LENGTH} characters."
        )
    if not GROUP_TEXT.fullmatch(text):
        raise refuse_value(_describe_characters(text, "GroupDescription", GROUP_TEXT))


def check_rule_description(text: str) -> None:
    """A rule's description: at most 255 characters of the set, which has no ``&`` and no ``>``."""
    if len(text) > LENGTH:
        raise refuse_value(
            f"Invalid rule description. Description length must be less than or equal to {LENGTH} characters."
        )
    if not RULE_TEXT.fullmatch(text):
        raise refuse_value(
            "Invalid rule description. Valid descriptions are strings less than 256 characters from the "
            "following set: a-zA-Z0-9. _-:/()#,@[]+=;{}!$*"
        )


def _describe_characters(text: str, parameter: str, allowed: re.Pattern[str]) -> str:
    wrong = sorted({letter for letter in text if not allowed.fullmatch(letter)})
    shown = " ".join(ascii(letter)[1:-1] for letter in wrong)
    return (
        f"Value for parameter {parameter} is invalid. These characters are not supported: {shown}"
    )
