"""A small ARM client: JSON over HTTP to loopback, with ARM's retries and long-running operations.

Used by the stand-in provider and by seeding. It refuses to speak to anything but this machine.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import os
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from sandbox.azure.operations import SCALE

ENDPOINT_VARIABLE = "AZURE_RESOURCE_MANAGER_ENDPOINT"
SUBSCRIPTION_VARIABLES = ("AZURE_SUBSCRIPTION_ID", "ARM_SUBSCRIPTION_ID")
DEFAULT_SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
NETWORK_API = "2024-05-01"
GROUPS_API = "2024-03-01"
"""The versions that pulumi-azure-native 3.29 uses for these resources."""

_RETRIED = (408, 429, 500, 502, 503, 504)
_ATTEMPTS = 4
_FIRST_WAIT, _TIMEOUT = 0.1, 120.0
_POLL_PUT, _POLL_DELETE = 10 * SCALE, 30 * SCALE
"""The provider's own intervals: ARM sends no `Retry-After` for these resources."""

Json = dict[str, Any]


class Refused(Exception):
    """ARM, or the way to it, said no."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}" if not status else f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message


class NotLoopback(ValueError):
    """The endpoint is missing, or is not this machine's; a sentence for the user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: Json


def find_endpoint() -> str:
    """The emulator's base URL from the environment.

    Raises: NotLoopback.
    """
    endpoint = os.environ.get(ENDPOINT_VARIABLE, "")
    if not endpoint:
        raise NotLoopback(
            f"{ENDPOINT_VARIABLE} is not set, and the offline Azure providers speak to "
            "the sandbox only: "
            "start it with `python -m sandbox start` and source .sandbox/env."
        )
    return require_loopback(endpoint)


def require_loopback(endpoint: str) -> str:
    """The endpoint, when it is on this machine.

    Raises: NotLoopback.
    """
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    try:
        local = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local or parts.scheme != "http":
        raise NotLoopback(
            f"{ENDPOINT_VARIABLE} is {endpoint}, which is not plain HTTP on this machine's "
            "loopback: the offline "
            "Azure provider never speaks to a real Azure. Install the official provider for that."
        )
    return endpoint.rstrip("/")


def find_subscription() -> str:
    return next(
        (os.environ[name] for name in SUBSCRIPTION_VARIABLES if os.environ.get(name)),
        DEFAULT_SUBSCRIPTION,
    )


class ArmClient:
    """One endpoint; a connection is kept for each thread."""

    def __init__(self, endpoint: str) -> None:
        self._host = urlsplit(require_loopback(endpoint)).netloc
        self._local = threading.local()

    def get(self, arm_id: str, expand: str | None = None) -> Json | None:
        """The resource, or None when it, its parent or its group is not there; `expand` is what to show
        in place of ids.
        """
        try:
            return self._call("GET", arm_id, expand=expand).body
        except Refused as refusal:
            if refusal.status == 404:
                return None
            raise

    def start_put(self, arm_id: str, body: Json) -> Reply:
        """Write a resource; ARM may still be working on it. Follow with `finish`."""
        return self._call("PUT", arm_id, body)

    def finish(self, arm_id: str, reply: Reply) -> Json:
        """Wait for a write to be done, and read what it made."""
        self._wait(reply, _POLL_PUT)
        found = self.get(arm_id)
        if found is None:
            raise Refused(
                404, "ResourceNotFound", f"{arm_id} disappeared while it was being written."
            )
        return found

    def put(self, arm_id: str, body: Json) -> Json:
        return self.finish(arm_id, self.start_put(arm_id, body))

    def delete(self, arm_id: str) -> None:
        """Delete, and wait; what is already gone is no error."""
        try:
            self._wait(self._call("DELETE", arm_id), _POLL_DELETE)
        except Refused as refusal:
            if refusal.status != 404:
                raise

    def _wait(self, reply: Reply, interval: float) -> None:
        """Poll `Azure-AsyncOperation`, or `Location` where there is only that."""
        status_url, result_url = (
            reply.headers.get("azure-asyncoperation"),
            reply.headers.get("location"),
        )
        deadline = time.monotonic() + _TIMEOUT
        while status_url or result_url:
            polled = self._send("GET", urlsplit(status_url or result_url or "").geturl(), None)
            status = (
                polled.body.get("status", "Succeeded") if polled.status != 202 else "InProgress"
            )
            if status == "Succeeded":
                return
            if status in ("Failed", "Canceled"):
                error = polled.body.get("error") or {}
                message = error.get("message", "The operation failed.")
                raise Refused(polled.status, str(error.get("code", status)), message)
            if time.monotonic() > deadline:
                raise Refused(0, "Timeout", f"The operation did not end within {_TIMEOUT:.0f} s.")
            time.sleep(interval)

    def _call(
        self, method: str, arm_id: str, body: Json | None = None, expand: str | None = None
    ) -> Reply:
        query = {"api-version": NETWORK_API if "/providers/" in arm_id else GROUPS_API}
        if expand is not None:
            query["$expand"] = expand
        return self._send(method, f"{quote(arm_id)}?{urlencode(query)}", body)

    def _send(self, method: str, url: str, body: Json | None) -> Reply:
        """One call; throttling, server errors and lost connections are tried again, as
        Azure's own clients do.
        """
        parts = urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        wait = _FIRST_WAIT
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                reply = self._exchange(method, target, body)
            except (OSError, http.client.HTTPException) as error:
                if attempt == _ATTEMPTS:
                    raise Refused(
                        0, "ConnectionFailed", f"No answer to {method} {parts.path}: {error}"
                    ) from error
            else:
                if reply.status not in _RETRIED or attempt == _ATTEMPTS:
                    return _require_success(reply)
                wait = max(wait, float(reply.headers.get("retry-after", 0)))
            time.sleep(wait)
            wait *= 2
        raise AssertionError("the last attempt returns or raises")

    def _exchange(self, method: str, target: str, body: Json | None) -> Reply:
        connection = self._connect()
        headers = {"Authorization": "Bearer sandbox", "Content-Type": "application/json"}
        try:
            connection.request(method, target, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            payload = response.read()
        except BaseException:
            connection.close()
            self._local.connection = None
            raise
        found = {name.lower(): value for name, value in response.getheaders()}
        return Reply(
            status=response.status, headers=found, body=json.loads(payload) if payload else {}
        )

    def _connect(self) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = http.client.HTTPConnection(
                self._host, timeout=_TIMEOUT
            )
        return connection


def _require_success(reply: Reply) -> Reply:
    if reply.status >= 400:
        error = reply.body.get("error") or {}
        raise Refused(
            reply.status, error.get("code", "Unknown"), error.get("message", "no message")
        )
    return reply
