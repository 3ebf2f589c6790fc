"""The envelope that every ARM resource shares: id, name, type, location, tags, etag and `properties`."""

from __future__ import annotations

import re
import uuid
from typing import Any

from sandbox.azure.errors import refuse
from sandbox.azure.ids import ArmPath, provider_of
from sandbox.azure.store import Document, Store

Properties = dict[str, Any]
_MOST_TAGS, _LONGEST_TAG, _LONGEST_TAG_VALUE = 50, 512, 256


def new_etag() -> str:
    return f'W/"{uuid.uuid4()}"'


def wrap(
    path: ArmPath, body: Properties, properties: Properties, existing: Document | None
) -> Document:
    """A top-level resource with a new etag; its id, guid and place are those it was
    made with.

    Raises: ArmError for a missing or changed location and for tags that ARM does not take.
    """
    location = canonical_location(body.get("location"), path, existing)
    guid = existing["properties"]["resourceGuid"] if existing else str(uuid.uuid4())
    document: Document = {
        "name": existing["name"] if existing else path.name,
        "id": existing["id"] if existing else str(path),
        "etag": new_etag(),
        "type": f"{provider_of(path.kind)}/{path.kind}",
        "location": location,
    }
    if body.get("tags"):
        document["tags"] = check_tags(body["tags"])
    document["properties"] = {"provisioningState": "Succeeded", "resourceGuid": guid, **properties}
    return document


def canonical_location(given: object, path: ArmPath, existing: Document | None) -> str:
    """A region's name as ARM keeps it: `West Europe` is `westeurope`."""
    if not isinstance(given, str) or not given.strip():
        raise refuse("LocationRequired", "The location property is required for this definition.")
    location = given.replace(" ", "").lower()
    if existing is not None and existing["location"] != location:
        raise refuse(
            "InvalidResourceLocation",
            f"The resource '{existing['name']}' already exists in location "
            f"'{existing['location']}' in resource group "
            f"'{path.group}'. A resource with the same name cannot be created in location '{location}'. "
            "Please select a new resource name.",
            status=409,
        )
    return location


def check_tags(tags: dict[str, str]) -> dict[str, str]:
    """At most 50, and names without the characters that ARM reserves."""
    if len(tags) > _MOST_TAGS:
        raise refuse(
            "InvalidTags", f"The number of tags is {len(tags)}. The maximum is {_MOST_TAGS}."
        )
    for name, value in tags.items():
        if re.search(r"[<>%&\\?/\x00-\x1f]", name) or not 0 < len(name) <= _LONGEST_TAG:
            raise refuse(
                "InvalidTagNameCharacters",
                f"The following tag names '{name}' have reserved characters '<,>,%,&,\\,?,/' or "
                "control characters.",
            )
        if not isinstance(value, str) or len(value) > _LONGEST_TAG_VALUE:
            raise refuse(
                "InvalidTagValueLength",
                f"The value of the tag '{name}' exceeds the maximum length of {_LONGEST_TAG_VALUE}.",
            )
    return dict(tags)


def properties_of(body: Properties) -> Properties:
    return body.get("properties") or {}


def children_of(body: Properties, field: str, owner: str) -> list[Properties]:
    """The named children in a body's list; two of one name are refused.

    Raises: ArmError `InvalidRequestFormat` or `DuplicateResourceName`.
    """
    children = properties_of(body).get(field) or []
    seen: set[str] = set()
    for child in children:
        if (
            not isinstance(child, dict)
            or not isinstance(child.get("name"), str)
            or not child["name"]
        ):
            raise refuse(
                "InvalidRequestFormat",
                f"Cannot parse the request: an element of {field} has no name.",
            )
        if child["name"].lower() in seen:
            raise refuse(
                "DuplicateResourceName",
                f"Resource {owner} has two child resources with the same name ({child['name']}).",
            )
        seen.add(child["name"].lower())
    return children


def find_child(children: list[Properties], name: str) -> Properties | None:
    return next((child for child in children if child["name"].lower() == name.lower()), None)


def replace_child(children: list[Properties], child: Properties) -> list[Properties]:
    """The list with one child put in the place of its namesake, or at the end."""
    namesake = find_child(children, child["name"])
    if namesake is None:
        return [*children, child]
    return [{**child, "name": namesake["name"]} if old is namesake else old for old in children]


def drop_child(children: list[Properties], name: str) -> list[Properties]:
    """The list without the child of that name."""
    return [child for child in children if child["name"].lower() != name.lower()]


def show_child(document: Document, kind: str, child: Properties, **more: Any) -> Properties:
    """A child as ARM prints it: it has its parent's etag and state."""
    return {
        "name": child["name"],
        "id": f"{document['id']}/{kind}/{child['name']}",
        "etag": document["etag"],
        "type": f"{document['type']}/{kind}",
        "properties": {"provisioningState": "Succeeded", **child["properties"], **more},
    }


def find_group(store: Store, path: ArmPath) -> Document | None:
    """The resource group that a place is in."""
    return store.get(f"/subscriptions/{path.subscription}/resourceGroups/{path.group}")
