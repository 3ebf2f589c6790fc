"""How resources are found: by their tags and by filters."""

from __future__ import annotations

from typing import Any

from moto.ec2 import utils
from moto.ec2.models.core import TaggedEC2Resource

from sandbox.aws.patches.wrap import wrap


def patch_tags() -> None:
    """A resource's tags by its id; moto searches those of every resource, which makes a large
    account slow.
    """
    wrap(TaggedEC2Resource, "get_tags", _get_tags)


def _get_tags(_: Any, resource: Any) -> list[dict[str, str]]:
    tags = resource.ec2_backend.tags.get(resource.id, {}) if resource.id else {}
    return [{"resource_id": resource.id, "key": key, "value": value} for key, value in tags.items()]


def patch_filters() -> None:
    """A filter with several values finds what has any of them; moto wants all, where a resource has
    several itself.
    """
    wrap(utils, "is_filter_matching", _is_matching)


def _is_matching(original: Any, resource: Any, name: str, wanted: Any) -> Any:
    if not isinstance(wanted, list) or len(wanted) < 2:
        return original(resource, name, wanted)
    return any(original(resource, name, [each]) for each in wanted)
