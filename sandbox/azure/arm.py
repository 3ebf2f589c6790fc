"""ARM's answers: one request in, one response out, over the store. No sockets here.

Requests are judged one at a time, so that each sees the whole of the one before it and nothing of
a later one.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.azure import kinds, networks, references, resource_groups
from sandbox.azure.errors import (
    ArmError,
    busy_reference,
    busy_resource,
    missing_child,
    missing_resource,
    refuse,
)
from sandbox.azure.ids import INTERFACES, ArmPath, parse_path
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
            _require_token(request)
            _require_api_version(request)
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
        if not path.kinds:
            return self._answer_group(path, request)
        if path.group is not None:
            resource_groups.require_group(self.store, path)
        if path.is_collection:
            return self._list(path, request)
        if len(path.names) == 2:
            return self._answer_subnet(path, request)
        return self._answer_resource(path, request)

    # Resource groups

    def _answer_group(self, path: ArmPath, request: Request) -> Response:
        if not path.group:
            found = self.store.under(f"/subscriptions/{path.subscription}/resourceGroups")
            _require_method(request, "GET")
            return Response(
                status=200, body={"value": [g for g in found if g["type"] == resource_groups.TYPE]}
            )
        existing = self.store.get(str(path))
        if request.method == "PUT":
            document = resource_groups.make_resource_group(path, _read_body(request), existing)
            self.store.commit(put=(document,))
            return Response(status=200 if existing else 201, body=document)
        group = resource_groups.require_group(self.store, path)
        if request.method == "DELETE":
            self.store.commit(delete=resource_groups.ids_to_delete(group, self.store))
            return Response(status=202, headers=self._start(request, path, None))
        _require_method(request, "GET")
        return Response(status=200, body=group)

    # Top-level resources

    def _answer_resource(self, path: ArmPath, request: Request) -> Response:
        existing = self.store.get(str(path))
        if (
            path.kind == INTERFACES
            and request.method != "GET"
            and self.operations.is_running(str(path))
        ):
            raise busy_resource(str(path))
        if request.method == "PUT":
            document = kinds.make(path, _read_body(request), existing, self.store, self.limits)
            self._require_settled_references(document)
            return self._write(document, request, path, created=existing is None)
        if existing is None:
            if request.method == "DELETE":
                return Response(status=204)
            raise missing_resource(path.kind, path.name, path.group or "")
        if request.method == "DELETE":
            kinds.require_unused(path.kind, existing, self.store)
            self.store.commit(delete=(existing["id"],))
            return Response(status=202, headers=self._start(request, path, existing["location"]))
        _require_method(request, "GET")
        return Response(
            status=200,
            body=self._expand(kinds.show(path.kind, existing, self.store), request),
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

    def _require_settled_references(self, document: Document) -> None:
        for target in references.targets_of(document):
            if self.operations.is_running(target):
                raise busy_reference(target, document["id"])

    # Subnets

    def _answer_subnet(self, path: ArmPath, request: Request) -> Response:
        network = self.store.get(str(path.top))
        if network is None:
            raise missing_resource(path.kind, path.name, path.group or "")
        shown = networks.show_subnet(path, network, self.store)
        if request.method == "PUT":
            document = networks.put_subnet(
                path, _read_body(request), network, self.store, self.limits
            )
            self.store.commit(put=(document,))
            return Response(
                status=200 if shown else 201,
                body=_updating(networks.show_subnet(path, document, self.store)),
                headers=self._start(request, path, document["location"]),
            )
        if request.method == "DELETE":
            if shown is None:
                return Response(status=204)
            document = networks.drop_subnet(path, network, self.store, self.limits)
            self.store.commit(put=(document,))
            return Response(status=202, headers=self._start(request, path, network["location"]))
        _require_method(request, "GET")
        if shown is None:
            raise missing_child(str(path))
        return Response(status=200, body=shown)

    # Collections

    def _list(self, path: ArmPath, request: Request) -> Response:
        _require_method(request, "GET")
        scope = f"/subscriptions/{path.subscription}" + (
            f"/resourceGroups/{path.group}" if path.group else ""
        )
        wanted = f"/{path.kind}/".lower()
        found = [
            document for document in self.store.under(scope) if wanted in document["id"].lower()
        ]
        return Response(
            status=200,
            body={"value": [kinds.show(path.kind, document, self.store) for document in found]},
        )

    # Shared steps

    def _write(
        self, document: Document, request: Request, path: ArmPath, *, created: bool
    ) -> Response:
        self.store.commit(put=(document,))
        headers = self._start(request, path, document["location"])
        body = _updating(kinds.show(path.kind, document, self.store))
        return Response(status=201 if created else 200, body=body, headers=headers)

    def _start(self, request: Request, path: ArmPath, location: str | None) -> dict[str, str]:
        return self.operations.start(
            request.base, path.subscription, location, request.query["api-version"], str(path.top)
        )


def _updating(body: Document | None) -> Document | None:
    """ARM answers a write before it is done, and says so."""
    if body is None:
        return None
    return {**body, "properties": {**body["properties"], "provisioningState": "Updating"}}


def _require_token(request: Request) -> None:
    if not request.headers.get("authorization", "").lower().startswith("bearer "):
        raise refuse(
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.",
            status=401,
        )


def _require_api_version(request: Request) -> None:
    version = request.query.get("api-version")
    if not version:
        raise refuse(
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}(-preview)?", version):
        raise refuse("InvalidApiVersionParameter", f"The api-version '{version}' is invalid.")


def _require_method(request: Request, *methods: str) -> None:
    if request.method not in methods:
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
