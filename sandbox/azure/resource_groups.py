"""Resource groups: made, tagged, listed, and deleted with all that they hold."""

from __future__ import annotations

import re
from typing import Any

from sandbox.azure import references
from sandbox.azure.documents import canonical_location, check_tags, find_group
from sandbox.azure.errors import missing_group, refuse
from sandbox.azure.ids import INTERFACES, MACHINES, NETWORKS, ArmPath, key
from sandbox.azure.store import Document, Store

Properties = dict[str, Any]
TYPE = "Microsoft.Resources/resourceGroups"


def require_group(store: Store, path: ArmPath) -> Document:
    """The resource group of a place.

    Raises: ArmError 404 `ResourceGroupNotFound`.
    """
    group = find_group(store, path)
    if group is None:
        raise missing_group(path.group or "")
    return group


def make_resource_group(path: ArmPath, body: Properties, existing: Document | None) -> Document:
    name = path.group or ""
    if not re.fullmatch(r"[-\w._()]{0,89}[-\w_()]", name):
        raise refuse(
            "InvalidResourceGroup",
            f"The provided resource group name '{name}' has these invalid characters or a "
            "trailing period, or is "
            "longer than 90 characters.",
        )
    document: Document = {
        "id": existing["id"] if existing else str(path),
        "name": existing["name"] if existing else name,
        "type": TYPE,
        "location": canonical_location(body.get("location"), path, existing),
        "properties": {"provisioningState": "Succeeded"},
    }
    if body.get("tags"):
        document["tags"] = check_tags(body["tags"])
    if body.get("managedBy"):
        document["managedBy"] = body["managedBy"]
    return document


def ids_to_delete(group: Document, store: Store) -> tuple[str, ...]:
    """The group and everything in it; refused while something outside uses what is inside.

    Raises: ArmError 409 `ResourceGroupDeletionBlocked`.
    """
    inside = {key(document["id"]) for document in store.under(group["id"])}
    for kind in (INTERFACES, NETWORKS, MACHINES):
        for document in store.of_type(kind):
            used = {key(target) for target in references.targets_of(document)} & inside
            if key(document["id"]) not in inside and used:
                raise refuse(
                    "ResourceGroupDeletionBlocked",
                    f"Deletion of resource group '{group['name']}' failed as resources with identifiers "
                    f"'{', '.join(sorted(used))}' are in use by {document['id']}.",
                    status=409,
                )
    return (*inside, group["id"])
