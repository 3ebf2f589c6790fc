"""ARM's answers: one request in, one response out, over the store. No sockets here.

Requests are judged one at a time, so that each sees the whole of the one before it and nothing of
a later one.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.azure import groups, interfaces, networks, references
from sandbox.azure.documents import (
    GROUP_TYPE,
    check_name,
    make_resource_group,
    properties_of,
    wrap,
)
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

Properties = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`query` keys and `headers` names are lower case; `base` is the URL the client reached
    the emulator by.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    base: str = ""


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
    """A kind of top-level resource: how long its name may be, and how it is made of a PUT, shown, and
    kept while something refers to it.
    """

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
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Response:
        """The response to a request; a refusal is a response too."""
        try:
            _check_request(request)
            with self._lock:
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
            raise refuse(
                "InvalidResourceType",
                f"The emulator has no resource type at {request.path}.",
                status=404,
            )
        if not path.kind:
            return self._answer_group(path, request)
        if path.group:  # spelled as the resource group is
            path = replace(path, group=self._require_group(path)["name"])
        if not path.name:
            return self._list(path, request)
        return self._answer_subnet(path, request) if path.child else self._answer(path, request)

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
            message = f"Resource group '{path.group}' could not be found."
            raise refuse("ResourceGroupNotFound", message, status=404)
        return group

    def _require_nothing_used(self, group: Document, inside: set[str]) -> None:
        """Nothing outside a group may use what is inside when it is deleted."""
        for document in (each for kind in PROVIDERS for each in self.store.of_kind(kind)):
            used = {key(target) for target in references.targets_of(document)} & inside
            if used and key(document["id"]) not in inside:
                raise refuse(
                    "ResourceGroupDeletionBlocked",
                    f"Deletion of resource group '{group['name']}' failed as resources with identifiers "
                    f"'{', '.join(sorted(used))}' are in use by {document['id']}.",
                    status=409,
                )

    # Top-level resources

    def _answer(self, path: ArmPath, request: Request) -> Response:
        existing, kind = self.store.get(str(path)), _KINDS[path.kind]
        if request.method != "GET" and path.kind == INTERFACES:
            self._require_settled(path)
        if request.method == "PUT":
            check_name(path.name, kind.longest_name)
            document = kind.make(path, _read_body(request), existing, self.store, self.limits)
            for target in references.targets_of(document):
                if self.operations.is_running(target):
                    raise busy_reference(target, document["id"])
            self.store.commit(put=(document,))
            shown = kind.show(document, self.store)
            return self._written(request, path, document, shown, is_new=existing is None)
        if existing is None:
            if request.method == "DELETE":
                return Response(status=204)
            raise _missing(path)
        if request.method == "DELETE":
            kind.require_unused(existing, self.store)
            self.store.commit(delete=(existing["id"],))
            return Response(status=202, headers=self._start(request, path, existing["location"]))
        _require_method(request, "GET")
        return Response(status=200, body=self._expand(kind.show(existing, self.store), request))

    def _require_settled(self, path: ArmPath) -> None:
        if self.operations.is_running(str(path)):
            raise refuse(
                "AnotherOperationInProgress",
                f"Another operation on this or dependent resource is in progress: {path}.",
                status=409,
            )

    def _expand(self, shown: Document, request: Request) -> Document:
        wanted = request.query.get("$expand")
        if not wanted:
            return shown
        if wanted != "subnets/ipConfigurations" or "subnets" not in shown["properties"]:
            raise refuse(
                "InvalidExpandQueryOptionValue",
                f"Invalid $expand query option value provided: {wanted}.",
            )
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

    # Subnets

    def _answer_subnet(self, path: ArmPath, request: Request) -> Response:
        network = self.store.get(str(path.top))
        if network is None:
            raise _missing(path)
        before = networks.show_subnet(path, network, self.store)
        if request.method == "PUT":
            given = _read_body(request)
            document = networks.put_subnet(path, given, network, self.store, self.limits)
            self.store.commit(put=(document,))
            shown = networks.show_subnet(path, document, self.store) or {}
            return self._written(request, path, document, shown, is_new=before is None)
        if request.method == "DELETE":
            if before is None:
                return Response(status=204)
            document = networks.drop_subnet(path, network, self.store, self.limits)
            self.store.commit(put=(document,))
            return Response(status=202, headers=self._start(request, path, network["location"]))
        _require_method(request, "GET")
        if before is None:
            raise refuse("NotFound", f"Resource {path} not found.", status=404)
        return Response(status=200, body=before)

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
    return refuse(
        "ResourceNotFound",
        f"The Resource '{PROVIDERS[path.kind]}/{path.kind}/{path.name}' under resource group "
        f"'{path.group}' was not found. For more details please go to "
        "https://aka.ms/ARMResourceNotFoundFix",
        status=404,
    )


def _check_request(request: Request) -> None:
    """Every request has a token and a version."""
    if not request.headers.get("authorization", "").lower().startswith("bearer "):
        raise refuse(
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.",
            status=401,
        )
    version = request.query.get("api-version")
    if not version:
        raise refuse(
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}(-preview)?", version):
        raise refuse("InvalidApiVersionParameter", f"The api-version '{version}' is invalid.")


def _require_method(request: Request, method: str) -> None:
    if request.method != method:
        raise refuse(
            "MethodNotAllowed",
            f"The http method '{request.method}' is not allowed for {request.path}.",
            status=405,
        )


def _read_body(request: Request) -> Properties:
    try:
        body = json.loads(request.body or b"null")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise refuse(
            "InvalidRequestContent",
            "The request content was invalid and could not be deserialized.",
        )
    return body
