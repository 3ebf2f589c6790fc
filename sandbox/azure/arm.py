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

from sandbox.azure import groups, interfaces, kinds, networks, references, resource_groups
from sandbox.azure.documents import check_tags, new_etag
from sandbox.azure.errors import (
    ArmError,
    busy_reference,
    busy_resource,
    missing_child,
    missing_resource,
    refuse,
)
from sandbox.azure.ids import GROUPS, INTERFACES, NETWORKS, ArmPath, parse_path
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
            return self._answer_child(path, request)
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
        if request.method == "HEAD":
            return Response(status=204 if existing else 404)
        group = resource_groups.require_group(self.store, path)
        if request.method == "PATCH":
            group = self._retag(group, _read_body(request))
        if request.method == "DELETE":
            self.store.commit(delete=resource_groups.ids_to_delete(group, self.store))
            return Response(status=202, headers=self._start(request, path, None))
        _require_method(request, "GET", "PATCH")
        return Response(status=200, body=group)

    # Top-level resources

    def _answer_resource(self, path: ArmPath, request: Request) -> Response:
        existing = self.store.get(str(path))
        _check_preconditions(request, existing)
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
        if request.method == "PATCH":
            existing = self._retag(existing, _read_body(request))
        _require_method(request, "GET", "PATCH")
        return Response(
            status=200,
            body=self._expand(kinds.show(path.kind, existing, self.store), request),
            headers={"ETag": existing["etag"]},
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

    # Children: security rules, subnets, IP configurations

    def _answer_child(self, path: ArmPath, request: Request) -> Response:
        parent = self._find_parent(path)
        shown = self._show_child(path, parent)
        _check_preconditions(request, parent if shown else None)
        if request.method == "PUT" and path.kinds[1] in ("securityRules", "subnets"):
            put = groups.put_rule if path.kind == GROUPS else networks.put_subnet
            document = put(path, _read_body(request), parent, self.store, self.limits)
            self.store.commit(put=(document,))
            headers = self._start(request, path, document["location"])
            return Response(
                status=200 if shown else 201,
                body=_updating(self._show_child(path, document)),
                headers=headers,
            )
        if request.method == "DELETE" and path.kinds[1] in ("securityRules", "subnets"):
            if shown is None:
                return Response(status=204)
            drop = groups.drop_rule if path.kind == GROUPS else networks.drop_subnet
            self.store.commit(put=(drop(path, parent, self.store, self.limits),))
            return Response(status=202, headers=self._start(request, path, parent["location"]))
        _require_method(request, "GET")
        if shown is None:
            raise missing_child(str(path))
        return Response(status=200, body=shown, headers={"ETag": parent["etag"]})

    def _show_child(self, path: ArmPath, parent: Document) -> Document | None:
        try:
            if path.kind == GROUPS:
                return groups.show_rule(path, parent)
            if path.kind == NETWORKS:
                return networks.show_subnet(path, parent, self.store)
            return interfaces.show_configuration(path, parent)
        except ArmError as error:
            if error.status == 404:
                return None
            raise

    def _find_parent(self, path: ArmPath) -> Document:
        parent = self.store.get(str(path.top))
        if parent is None:
            raise missing_resource(path.kind, path.name, path.group or "")
        return parent

    # Collections

    def _list(self, path: ArmPath, request: Request) -> Response:
        _require_method(request, "GET")
        if len(path.kinds) == 2:
            parent = self._find_parent(path)
            shown = kinds.show(path.kind, parent, self.store)
            return Response(status=200, body={"value": shown["properties"][path.kinds[1]]})
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

    def _retag(self, document: Document, body: Properties) -> Document:
        changed = {**document, "tags": check_tags(body.get("tags") or {})}
        if "etag" in document:
            changed["etag"] = new_etag()
        self.store.commit(put=(changed,))
        return changed

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


def _check_preconditions(request: Request, existing: Document | None) -> None:
    """`If-Match` names the version the client has seen; `If-None-Match: *` wants there to be none."""
    wanted, unwanted = request.headers.get("if-match"), request.headers.get("if-none-match")
    if request.method == "GET":
        return
    missed = wanted is not None and (existing is None or wanted not in ("*", existing["etag"]))
    if missed or (unwanted == "*" and existing is not None):
        raise refuse(
            "PreconditionFailed",
            f"Precondition failed. The ETag of {request.path} does not match {wanted or 'If-None-Match: *'}.",
            status=412,
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
