"""A small ARM client: JSON over HTTP to loopback, with ARM's retries and long-running operations.

Used by the stand-in providers and by seeding. It refuses to speak to anything but this machine.
"""

import logging
import os
import time
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from urllib3 import BaseHTTPResponse, Retry, connection_from_url
from urllib3.exceptions import HTTPError

from sandbox.azure.operations import SCALE
from sandbox.environment import SUBSCRIPTION, is_loopback
from sandbox.provider import CloudError, ProviderError

logging.getLogger("urllib3").setLevel(logging.ERROR)  # it warns of every call that it tries again

ENDPOINT_VARIABLE = "AZURE_RESOURCE_MANAGER_ENDPOINT"
SUBSCRIPTION_VARIABLES = ("AZURE_SUBSCRIPTION_ID", "ARM_SUBSCRIPTION_ID")
NETWORK_API = "2024-05-01"
GROUPS_API = "2024-03-01"
"""The versions that pulumi-azure-native 3.29 uses for these resources."""

_TIMEOUT = 120.0
_AGAIN = Retry(
    3,
    allowed_methods=None,
    status_forcelist=(408, 429, 500, 502, 503, 504),
    backoff_factor=0.1,
    raise_on_status=False,
)
"""Throttling, server errors and lost connections are tried again, as Azure's own clients do."""

_POLL_PUT, _POLL_DELETE = 10 * SCALE, 30 * SCALE
"""The provider's own intervals: ARM sends no `Retry-After` for these resources."""

Json = dict[str, Any]


class Refused(CloudError):
    """ARM said no; with status 0 the way to it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code, message, f"Status={status}" if status else "")
        self.status = status


class NotLoopback(ProviderError, ValueError):
    """The endpoint is missing, or is not this machine's; a sentence for the user."""


def find_endpoint() -> str:
    """The emulator's base URL from the environment.

    Raises: NotLoopback.
    """
    endpoint = os.environ.get(ENDPOINT_VARIABLE, "")
    if not endpoint:
        raise NotLoopback(
            f"{ENDPOINT_VARIABLE} is not set; the offline Azure providers need the sandbox: "
            "start it with `python -m sandbox start` and source .sandbox/env."
        )
    return endpoint


def find_subscription() -> str:
    return next(filter(None, map(os.environ.get, SUBSCRIPTION_VARIABLES)), SUBSCRIPTION)


class ArmClient:
    """One endpoint; threads may share it.

    Raises: NotLoopback.
    """

    def __init__(self, endpoint: str) -> None:
        if not is_loopback(endpoint) or urlsplit(endpoint).scheme != "http":
            raise NotLoopback(
                f"{ENDPOINT_VARIABLE} is {endpoint}, which is not plain HTTP on this machine's "
                "loopback: the offline Azure provider never speaks to a real Azure. Install the "
                "official provider for that."
            )
        self._pool = connection_from_url(endpoint, maxsize=32, timeout=_TIMEOUT, retries=_AGAIN)

    def get(self, arm_id: str, expand: str | None = None) -> Json | None:
        """The resource, or None if it is not there; `expand` is what to show in place of ids."""
        try:
            found: Json = self._call("GET", arm_id, expand=expand).json()
            return found
        except Refused as refusal:
            if refusal.status == 404:
                return None
            raise

    def start_put(self, arm_id: str, body: Json) -> BaseHTTPResponse:
        """Write a resource; ARM may still be working on it. Follow with `finish`."""
        return self._call("PUT", arm_id, body)

    def finish(self, arm_id: str, reply: BaseHTTPResponse) -> Json:
        """Wait for a write to be done, and read what it made."""
        self._wait(reply, _POLL_PUT)
        found = self.get(arm_id)
        if found is None:
            message = f"{arm_id} disappeared while it was being written."
            raise Refused(404, "ResourceNotFound", message)
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

    def _wait(self, reply: BaseHTTPResponse, interval: float) -> None:
        """Poll `Azure-AsyncOperation`, or `Location` where there is only that."""
        url = reply.headers.get("Azure-AsyncOperation") or reply.headers.get("Location")
        deadline = time.monotonic() + _TIMEOUT
        while url:
            polled = self._send("GET", urlsplit(url)._replace(scheme="", netloc="").geturl())
            if polled.status != 202 and (
                polled.data == b"" or polled.json()["status"] == "Succeeded"
            ):
                return
            if time.monotonic() > deadline:
                raise Refused(0, "Timeout", f"The operation took over {_TIMEOUT:.0f} s.")
            time.sleep(interval)

    def _call(
        self, method: str, arm_id: str, body: Json | None = None, expand: str | None = None
    ) -> BaseHTTPResponse:
        query = {"api-version": NETWORK_API if "/providers/" in arm_id else GROUPS_API}
        if expand is not None:
            query["$expand"] = expand
        return self._send(method, f"{quote(arm_id)}?{urlencode(query)}", body)

    def _send(self, method: str, target: str, body: Json | None = None) -> BaseHTTPResponse:
        """One call.

        Raises: Refused.
        """
        headers = {"Authorization": "Bearer sandbox"}
        try:
            reply = self._pool.request(method, target, json=body, headers=headers)
        except HTTPError as lost:
            message = f"No answer to {method} {target}: {lost}"
            raise Refused(0, "ConnectionFailed", message) from lost
        if reply.status >= 400:
            said = reply.json().get("error") or {}
            raise Refused(
                reply.status, said.get("code", "Unknown"), said.get("message", "no message")
            )
        return reply
