"""The kinds of top-level resource: how each is made, shown, and kept while in use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.azure import groups, interfaces, machines, networks
from sandbox.azure.documents import find_group
from sandbox.azure.ids import GROUPS, INTERFACES, MACHINES, NETWORKS, ArmPath
from sandbox.azure.limits import Limits
from sandbox.azure.store import Document, Store

Make = Callable[[ArmPath, dict[str, Any], Document | None, Store, Limits], Document]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    make: Make
    show: Callable[[Document, Store], Document]
    require_unused: Callable[[Document, Store], None]


_KINDS = {
    GROUPS: _Kind(
        make=groups.make_group, show=groups.show_group, require_unused=groups.require_group_unused
    ),
    NETWORKS: _Kind(
        make=networks.make_network,
        show=networks.show_network,
        require_unused=networks.require_network_unused,
    ),
    INTERFACES: _Kind(
        make=interfaces.make_interface,
        show=interfaces.show_interface,
        require_unused=interfaces.require_interface_unused,
    ),
    MACHINES: _Kind(
        make=machines.make_machine,
        show=lambda machine, _: machine,
        require_unused=lambda _machine, _store: None,
    ),
}


def make(
    path: ArmPath, body: dict[str, Any], existing: Document | None, store: Store, limits: Limits
) -> Document:
    """The document a PUT leaves behind, its id spelled as its resource group is.

    Raises: ArmError.
    """
    group = find_group(store, path)
    spelled = ArmPath(
        subscription=path.subscription,
        group=group["name"] if group else path.group,
        kinds=path.kinds,
        names=path.names,
    )
    return _KINDS[path.kind].make(spelled, body, existing, store, limits)


def show(kind: str, document: Document, store: Store) -> Document:
    return _KINDS[kind].show(document, store)


def require_unused(kind: str, document: Document, store: Store) -> None:
    """Raises: ArmError while something refers to the resource."""
    _KINDS[kind].require_unused(document, store)
