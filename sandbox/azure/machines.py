"""Virtual machines, as much as the network sees of them: which interfaces each one has."""

from __future__ import annotations

from typing import Any

from sandbox.azure import references, rules
from sandbox.azure.documents import properties_of, wrap
from sandbox.azure.errors import missing_reference
from sandbox.azure.ids import ArmPath
from sandbox.azure.limits import Limits
from sandbox.azure.store import Document, Store


def make_machine(
    path: ArmPath, body: dict[str, Any], existing: Document | None, store: Store, limits: Limits
) -> Document:
    """A virtual machine from a PUT; whatever it has besides interfaces is kept as it was given."""
    rules.check_name(path.name, 64)
    document = wrap(path, body, properties_of(body), existing)
    for interface_id in references.interfaces_of(document):
        interface = store.get(interface_id)
        if interface is None or interface["location"] != document["location"]:
            raise missing_reference(interface_id, document["id"])
    return document
