"""Long-running operations, as ARM reports them: a URL to poll, and a result when it is over.

The effect of a call is in the store before the answer leaves, so an operation needs no memory: one
that the emulator does not know has succeeded, also after a restart.
"""

import re
import time
import uuid
from collections.abc import Callable

from sandbox.azure.ids import key

_OPERATION = re.compile(
    r"/subscriptions/[^/]+(?:/providers/microsoft\.network/locations/[^/]+)?"
    r"/(operations|operationresults)/([0-9a-f-]{36})",
    re.IGNORECASE,
)
SCALE = 1 / 400
"""Seconds of the sandbox for a second of Azure's."""

USUAL = 4 * SCALE
"""How long a write takes."""

RETRY_AFTER_MS = "20"
"""azure-core waits 30 s when no header says less, and reads this one where `Retry-After` is absent."""


class Operations:
    """How long each operation takes, in seconds, and which resources are being written."""

    def __init__(self, takes: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.takes = takes
        self._clock = clock
        self._ends: dict[str, float] = {}

    def start(
        self, base: str, subscription: str, location: str | None, api_version: str, target: str
    ) -> dict[str, str]:
        """The headers of an answer whose work goes on; a resource group's has no location."""
        name, now = str(uuid.uuid4()), self._clock()
        self._ends = {each: end for each, end in self._ends.items() if end > now}
        self._ends |= dict.fromkeys((name, key(target)), now + self.takes)
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

    def is_running(self, target: str) -> bool:
        """Whether a resource, or what an operation's name stands for, is still being written."""
        return self._ends.get(key(target), 0.0) > self._clock()

    def poll(self, path: str) -> tuple[int, dict[str, str] | None] | None:
        """The status and body of a poll; None when the path is not an operation's."""
        match = _OPERATION.fullmatch(path)
        if match is None:
            return None
        running = self.is_running(match[2])
        if match[1].lower() == "operations":
            return 200, {"status": "InProgress" if running else "Succeeded"}
        return (202 if running else 204), None
