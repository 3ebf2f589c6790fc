"""Calling EC2: its errors as the protocol's, and what several resource types do alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.provider import CloudError, Props


@contextmanager
def ec2_errors() -> Iterator[None]:
    """Turn what boto3 raises into errors with EC2's code, its message and the call."""
    try:
        yield
    except ClientError as refused:
        error = refused.response.get("Error", {})
        raise CloudError(
            error.get("Code", "Unknown"), error.get("Message", ""), refused.operation_name
        ) from refused
    except BotoCoreError as failed:
        raise CloudError(type(failed).__name__, str(failed)) from failed


def is_gone(error: CloudError) -> bool:
    """Whether the error says that the resource does not exist (any more)."""
    return error.code.endswith("NotFound")


@contextmanager
def tolerating(*codes: str) -> Iterator[None]:
    """Ignore EC2's errors with these codes."""
    try:
        with ec2_errors():
            yield
    except CloudError as error:
        if error.code not in codes:
            raise


@contextmanager
def tolerating_gone() -> Iterator[None]:
    """Ignore that what is to be deleted is gone already."""
    try:
        with ec2_errors():
            yield
    except CloudError as error:
        if not is_gone(error):
            raise


def find_one(client: Any, operation: str, key: str, **arguments: Any) -> dict[str, Any] | None:
    """The only item that a describe call finds by id; None when there is none."""
    try:
        with ec2_errors():
            items = getattr(client, operation)(**arguments)[key]
    except CloudError as error:
        if is_gone(error):
            return None
        raise
    return items[0] if items else None


def write_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """The tags as EC2's API takes them."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def read_tags(resource: Mapping[str, Any]) -> dict[str, str]:
    """A resource's tags; those that AWS itself sets are not the program's."""
    listed = resource.get("Tags") or resource.get("TagSet") or []
    return {each["Key"]: each["Value"] for each in listed if not each["Key"].startswith("aws:")}


def specify_tags(kind: str, inputs: Props) -> dict[str, Any]:
    """The argument that tags a resource in the call that creates it, or nothing."""
    tags = inputs.get("tags") or {}
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": write_tags(tags)}]} if tags else {}


def update_tags(client: Any, id: str, old: Props, new: Props) -> None:
    """Bring a resource's tags from the old inputs' to the new inputs'."""
    before, after = old.get("tags") or {}, new.get("tags") or {}
    gone = sorted(before.keys() - after.keys())
    changed = {key: value for key, value in after.items() if before.get(key) != value}
    if gone:
        client.delete_tags(Resources=[id], Tags=[{"Key": key} for key in gone])
    if changed:
        client.create_tags(Resources=[id], Tags=write_tags(changed))


def prune(**values: Any) -> dict[str, Any]:
    """The arguments that are given."""
    return {name: value for name, value in values.items() if value is not None}
