"""Long-running operations, as ARM reports them: a URL to poll, and a result when it is over.

The effect of a call is in the store before the answer leaves, so an operation needs no memory: one
that the emulator has never slowed down has succeeded, also after a restart.
"""

from __future__ import annotations

import re
import uuid

NETWORK_OPERATION = re.compile(
    r"/subscriptions/[^/]+/providers/microsoft\.network/locations/[^/]+/(operations|operationresults)/([0-9a-f-]{36})",
    re.IGNORECASE,
)
GROUP_OPERATION = re.compile(
    r"/subscriptions/[^/]+/(operationresults)/([0-9a-f-]{36})", re.IGNORECASE
)
RETRY_AFTER_MS = "20"
"""azure-core waits 30 s when no header says less, and reads this one where `Retry-After` is absent."""


class Operations:
    """How many polls each operation still answers with `InProgress`; none unless `polls` says so."""

    def __init__(self, polls: int = 0) -> None:
        self.polls = polls
        self._remaining: dict[str, int] = {}

    def start(
        self, base: str, subscription: str, location: str | None, api_version: str
    ) -> dict[str, str]:
        """The headers of an answer whose work goes on; a resource group's has no location."""
        name = str(uuid.uuid4())
        if self.polls:
            self._remaining[name] = self.polls
        version = f"?api-version={api_version}"
        if location is None:
            url = f"{base}/subscriptions/{subscription}/operationresults/{name}{version}"
            return {"Location": url, "x-ms-retry-after-ms": RETRY_AFTER_MS}
        stem = (
            f"{base}/subscriptions/{subscription}/providers/Microsoft.Network/locations/{location}"
        )
        return {
            "Azure-AsyncOperation": f"{stem}/operations/{name}{version}",
            "Location": f"{stem}/operationResults/{name}{version}",
            "x-ms-retry-after-ms": RETRY_AFTER_MS,
        }

    def poll(self, path: str) -> tuple[int, dict[str, str] | None] | None:
        """The status and body of a poll; None when the path is not an operation's."""
        match = NETWORK_OPERATION.fullmatch(path) or GROUP_OPERATION.fullmatch(path)
        if match is None:
            return None
        running = self._take(match[2].lower())
        if match[1].lower() == "operations":
            return 200, {"status": "InProgress" if running else "Succeeded"}
        return (202 if running else 204), None

    def _take(self, name: str) -> bool:
        left = self._remaining.get(name, 0)
        if left > 1:
            self._remaining[name] = left - 1
        elif left:
            del self._remaining[name]
        return left > 0
