"""What ARM resources share: the envelope, named children, and fields that a PUT resets."""

import re
import uuid
from collections.abc import Mapping
from typing import Any

from sandbox.azure.errors import refuse
from sandbox.azure.ids import PROVIDERS, ArmPath
from sandbox.azure.store import Document

Properties = dict[str, Any]
_MOST_TAGS, _LONGEST_TAG, _LONGEST_TAG_VALUE = 50, 512, 256
GROUP_TYPE = "Microsoft.Resources/resourceGroups"
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")


def wrap(
    path: ArmPath, body: Properties, properties: Properties, existing: Document | None
) -> Document:
    """A top-level resource with a new etag; its id, guid and place are those it was
    made with.

    Raises: ArmError for a missing or changed location and for tags that ARM does not take.
    """
    location = _canonical_location(body.get("location"), path, existing)
    guid = existing["properties"]["resourceGuid"] if existing else str(uuid.uuid4())
    document: Document = {
        "name": existing["name"] if existing else path.name,
        "id": existing["id"] if existing else str(path),
        "etag": f'W/"{uuid.uuid4()}"',
        "type": f"{PROVIDERS[path.kind]}/{path.kind}",
        "location": location,
    }
    if body.get("tags"):
        document["tags"] = _check_tags(body["tags"])
    document["properties"] = {"provisioningState": "Succeeded", "resourceGuid": guid, **properties}
    return document


def make_resource_group(path: ArmPath, body: Properties, existing: Document | None) -> Document:
    """A resource group from a PUT."""
    if not re.fullmatch(r"[-\w._()]{0,89}[-\w_()]", path.group):
        raise refuse("InvalidResourceGroup", group=path.group)
    document: Document = {
        "id": existing["id"] if existing else str(path),
        "name": existing["name"] if existing else path.group,
        "type": GROUP_TYPE,
        "location": _canonical_location(body.get("location"), path, existing),
        "properties": {"provisioningState": "Succeeded"},
    }
    if body.get("tags"):
        document["tags"] = _check_tags(body["tags"])
    return document


def _canonical_location(given: object, path: ArmPath, existing: Document | None) -> str:
    """A region's name as ARM keeps it: `West Europe` is `westeurope`."""
    if not isinstance(given, str) or not given.strip():
        raise refuse("LocationRequired")
    wanted = given.replace(" ", "").lower()
    if existing is not None and existing["location"] != wanted:
        raise refuse(
            "InvalidResourceLocation",
            name=existing["name"],
            location=existing["location"],
            group=path.group,
            wanted=wanted,
        )
    return wanted


def _check_tags(tags: dict[str, str]) -> dict[str, str]:
    """At most 50, and names without the characters that ARM reserves."""
    if len(tags) > _MOST_TAGS:
        raise refuse("InvalidTags", count=len(tags), most=_MOST_TAGS)
    for name, value in tags.items():
        if re.search(r"[<>%&\\?/\x00-\x1f]", name) or not 0 < len(name) <= _LONGEST_TAG:
            raise refuse("InvalidTagNameCharacters", name=name)
        if not isinstance(value, str) or len(value) > _LONGEST_TAG_VALUE:
            raise refuse("InvalidTagValueLength", name=name, most=_LONGEST_TAG_VALUE)
    return dict(tags)


def check_name(name: str, longest: int) -> None:
    """Every child and top-level name of Microsoft.Network has this shape.

    Raises: ArmError `InvalidResourceName`.
    """
    if len(name) > longest or not _NAME.fullmatch(name):
        raise refuse("InvalidResourceName", name=name, longest=longest)


def properties_of(body: Properties) -> Properties:
    return body.get("properties") or {}


def take(given: Properties, fields: Mapping[str, Any]) -> Properties:
    """The fields as given, else with their defaults; of a resource referred to only the id."""
    taken = {
        name: default if given.get(name) in (None, "", [], {}) else _bare(given[name])
        for name, default in fields.items()
    }
    return {name: value for name, value in taken.items() if value is not None}


def _bare(value: Any) -> Any:
    if isinstance(value, list):
        return [_bare(each) for each in value]
    return {"id": value["id"]} if isinstance(value, dict) and value.get("id") else value


def children_of(body: Properties, field: str, owner: str, longest: int = 80) -> list[Properties]:
    """The named children in a body's list; two of one name are refused.

    Raises: ArmError `InvalidRequestFormat`, `InvalidResourceName` or `DuplicateResourceName`.
    """
    children = properties_of(body).get(field) or []
    seen: set[str] = set()
    for child in children:
        name = child.get("name") if isinstance(child, dict) else None
        if not isinstance(name, str) or not name:
            problem = f"an element of {field} has no name"
            raise refuse("InvalidRequestFormat", problem=problem)
        if name.lower() in seen:
            raise refuse("DuplicateResourceName", owner=owner, name=name)
        check_name(name, longest)
        seen.add(name.lower())
    return children


def find_child(children: list[Properties], name: str) -> Properties | None:
    return next((child for child in children if child["name"].lower() == name.lower()), None)


def show_child(document: Document, kind: str, child: Properties, **more: Any) -> Properties:
    """A child as ARM prints it: it has its parent's etag and state."""
    return {
        "name": child["name"],
        "id": f"{document['id']}/{kind}/{child['name']}",
        "etag": document["etag"],
        "type": f"{document['type']}/{kind}",
        "properties": {"provisioningState": "Succeeded", **child["properties"], **more},
    }
