"""ARM's answers: one request in, one response out, over the store. No sockets here.

The server hands in requests one at a time, so that each sees the whole of the one before it and
nothing of a later one.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.azure import groups, interfaces, networks, references
from sandbox.azure.documents import GROUP_TYPE, check_name, make_resource_group, properties_of, wrap
from sandbox.azure.errors import ArmError, busy_reference, missing_reference, refuse
from sandbox.azure.ids import (
    GROUPS,
    INTERFACES,
    MACHINES,
    NETWORKS,
    PROVIDERS,
    ArmPath,
    key,
    parse_path,
)
from sandbox.azure.limits import Limits
from sandbox.azure.operations import RETRY_AFTER_MS, Operations
from sandbox.azure.store import Document, Store
from sandbox.server import Request

Properties = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    status: int
    body: Properties | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def make_machine(
    path: ArmPath, body: Properties, existing: Document | None, store: Store, limits: Limits
) -> Document:
    """A virtual machine from a PUT, as much as the network sees of it: which interfaces it has."""
    document = wrap(path, body, properties_of(body), existing)
    for interface_id in references.interfaces_of(document):
        interface = store.get(interface_id)
        if interface is None or interface["location"] != document["location"]:
            raise missing_reference(interface_id, document["id"])
    return document


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of top-level resource: its longest name, how it is made, shown and protected."""

    longest_name: int
    make: Callable[[ArmPath, Properties, Document | None, Store, Limits], Document]
    show: Callable[[Document, Store], Document] = lambda document, _store: document
    require_unused: Callable[[Document, Store], None] = lambda _document, _store: None


_KINDS = {
    GROUPS: _Kind(80, groups.make_group, groups.show_group, groups.require_group_unused),
    NETWORKS: _Kind(
        64, networks.make_network, networks.show_network, networks.require_network_unused
    ),
    INTERFACES: _Kind(
        80,
        interfaces.make_interface,
        interfaces.show_interface,
        interfaces.require_interface_unused,
    ),
    MACHINES: _Kind(64, make_machine),
}


class Arm:
    """The emulated Resource Manager."""

    def __init__(
        self, store: Store, limits: Limits | None = None, operations: Operations | None = None
    ) -> None:
        self.store = store
        self.limits = limits or Limits()
        self.operations = operations or Operations()

    def answer(self, request: Request) -> Response:
        """The response to a request; a refusal is a response too."""
        try:
            _check_request(request)
            return self._route(request)
        except ArmError as error:
            return Response(status=error.status, body=error.body)

    def _route(self, request: Request) -> Response:
        polled = self.operations.poll(request.path)
        if polled is not None:
            status, body = polled
            again = f"{request.base}{request.path}?api-version={request.query['api-version']}"
            headers = {"x-ms-retry-after-ms": RETRY_AFTER_MS} | (
                {"Location": again} if status == 202 else {}
            )
            return Response(status=status, body=body, headers=headers)
        path = parse_path(request.path)
        if path is None:
            raise refuse("InvalidResourceType", path=request.path)
        if not path.kind:
            return self._answer_group(path, request)
        if path.group:  # spelled as the resource group is
            path = replace(path, group=self._require_group(path)["name"])
        if not path.name:
            return self._list(path, request)
        return self._answer(path, request)

    # Resource groups

    def _answer_group(self, path: ArmPath, request: Request) -> Response:
        if not path.group:
            _require_method(request, "GET")
            found = self.store.under(f"{path}/resourceGroups")
            listed = [each for each in found if each["type"] == GROUP_TYPE]
            return Response(status=200, body={"value": listed})
        existing = self.store.get(str(path))
        if request.method == "PUT":
            document = make_resource_group(path, _read_body(request), existing)
            self.store.commit(put=(document,))
            return Response(status=200 if existing else 201, body=document)
        group = self._require_group(path)
        if request.method == "DELETE":
            inside = {key(document["id"]) for document in self.store.under(group["id"])}
            self._require_nothing_used(group, inside)
            self.store.commit(delete=(*inside, group["id"]))
            return Response(status=202, headers=self._start(request, path, None))
        _require_method(request, "GET")
        return Response(status=200, body=group)

    def _require_group(self, path: ArmPath) -> Document:
        place = ArmPath(subscription=path.subscription, group=path.group)
        group = self.store.get(str(place))
        if group is None:
            raise refuse("ResourceGroupNotFound", group=path.group)
        return group

    def _require_nothing_used(self, group: Document, inside: set[str]) -> None:
        """Nothing outside a group may use what is inside when it is deleted."""
        for document in (each for kind in PROVIDERS for each in self.store.of_kind(kind)):
            used = {key(target) for target in references.targets_of(document)} & inside
            if used and key(document["id"]) not in inside:
                told, user = ", ".join(sorted(used)), document["id"]
                raise refuse(
                    "ResourceGroupDeletionBlocked", group=group["name"], used=told, user=user
                )

    # Resources and subnets

    def _answer(self, path: ArmPath, request: Request) -> Response:
        """A top-level resource, or a subnet, which is a part of its network's document."""
        existing = self.store.get(str(path.top))
        if path.child and existing is None:
            raise _missing(path)
        before = self._show(path, existing)
        is_interface = path.kind == INTERFACES
        if request.method != "GET" and is_interface and self.operations.is_running(str(path)):
            raise refuse("AnotherOperationInProgress", path=path)
        if request.method == "PUT":
            document = self._make(path, _read_body(request), existing)
            self.store.commit(put=(document,))
            shown = self._show(path, document) or {}
            return self._written(request, path, document, shown, is_new=before is None)
        if existing is None or before is None:
            if request.method == "DELETE":
                return Response(status=204)
            raise refuse("NotFound", path=path) if path.child else _missing(path)
        if request.method == "DELETE":
            self._delete(path, existing)
            return Response(status=202, headers=self._start(request, path, existing["location"]))
        _require_method(request, "GET")
        return Response(status=200, body=self._expand(before, request))

    def _show(self, path: ArmPath, document: Document | None) -> Document | None:
        if document is None or not path.child:
            return document and _KINDS[path.kind].show(document, self.store)
        return networks.show_subnet(path, document, self.store)

    def _make(self, path: ArmPath, body: Properties, existing: Document | None) -> Document:
        if path.child and existing is not None:
            return networks.put_subnet(path, body, existing, self.store, self.limits)
        kind = _KINDS[path.kind]
        check_name(path.name, kind.longest_name)
        document = kind.make(path, body, existing, self.store, self.limits)
        for target in references.targets_of(document):
            if self.operations.is_running(target):
                raise busy_reference(target, document["id"])
        return document

    def _delete(self, path: ArmPath, existing: Document) -> None:
        if path.child:
            remaining = networks.drop_subnet(path, existing, self.store, self.limits)
            self.store.commit(put=(remaining,))
        else:
            _KINDS[path.kind].require_unused(existing, self.store)
            self.store.commit(delete=(existing["id"],))

    def _expand(self, shown: Document, request: Request) -> Document:
        wanted = request.query.get("$expand")
        if not wanted:
            return shown
        if wanted != "subnets/ipConfigurations" or "subnets" not in shown["properties"]:
            raise refuse("InvalidExpandQueryOptionValue", wanted=wanted)
        return networks.expand_configurations(shown, self.store)

    def _list(self, path: ArmPath, request: Request) -> Response:
        _require_method(request, "GET")
        kind = _KINDS[path.kind]
        scope = str(ArmPath(subscription=path.subscription, group=path.group))
        found = [
            kind.show(document, self.store)
            for document in self.store.under(scope)
            if document["type"].endswith(f"/{path.kind}")
        ]
        return Response(status=200, body={"value": found})

    # Shared steps

    def _written(
        self, request: Request, path: ArmPath, document: Document, shown: Document, *, is_new: bool
    ) -> Response:
        """ARM answers a write before it is done, and says so."""
        headers = self._start(request, path, document["location"])
        properties = {**shown["properties"], "provisioningState": "Updating"}
        body = {**shown, "properties": properties}
        return Response(status=201 if is_new else 200, body=body, headers=headers)

    def _start(self, request: Request, path: ArmPath, location: str | None) -> dict[str, str]:
        return self.operations.start(
            request.base, path.subscription, location, request.query["api-version"], str(path.top)
        )


def _missing(path: ArmPath) -> ArmError:
    resource = f"{PROVIDERS[path.kind]}/{path.kind}/{path.name}"
    return refuse("ResourceNotFound", resource=resource, group=path.group)


def _check_request(request: Request) -> None:
    """Every request has a token and a version."""
    if not request.headers.get("authorization", "").lower().startswith("bearer "):
        raise refuse("AuthenticationFailed")
    version = request.query.get("api-version")
    if not version:
        raise refuse("MissingApiVersionParameter")
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}(-preview)?", version):
        raise refuse("InvalidApiVersionParameter", version=version)


def _require_method(request: Request, method: str) -> None:
    if request.method != method:
        raise refuse("MethodNotAllowed", method=request.method, path=request.path)


def _read_body(request: Request) -> Properties:
    try:
        body = json.loads(request.body or b"null")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise refuse("InvalidRequestContent")
    return body
