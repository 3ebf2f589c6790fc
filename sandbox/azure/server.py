"""The ARM emulator as a process: `python -m sandbox.azure.server --port N --state DIR`."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.azure.arm import Arm
from sandbox.azure.limits import Limits
from sandbox.azure.operations import USUAL, Operations
from sandbox.azure.store import Store
from sandbox.faults import ERROR
from sandbox.server import Answer, Cloud, CloudServer, Request, run_server


class ArmCloud(Cloud):
    """ARM over HTTP."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm

    def answer(self, request: Request) -> Answer:
        response = self._arm.answer(request)
        if response.body is None:
            return Answer(response.status, headers=response.headers)
        return Answer.of_json(response.status, response.body, response.headers)

    def describe_write(self, request: Request) -> dict[str, Any] | None:
        if request.method in ("GET", "HEAD"):
            return None
        body = json.loads(request.body) if request.body else None
        return {"method": request.method, "path": request.path, "body": body}

    def refuse(self, status: int, kind: str, headers: dict[str, str]) -> Answer:
        code = "InternalServerError" if kind == ERROR else "TooManyRequests"
        error = {"code": code, "message": "The sandbox was told to fail here.", "details": []}
        return Answer.of_json(status, {"error": error}, headers)


class AzureServer(CloudServer):
    """The emulator that listens; `arm` is its inside."""

    def __init__(
        self,
        port: int = 0,
        state: Path | None = None,
        limits: Limits | None = None,
        operations: Operations | None = None,
    ) -> None:
        self.arm = Arm(Store(state), limits, operations)
        super().__init__(ArmCloud(self.arm), port, state)


@contextmanager
def serve_in_thread(
    *, state: Path | None = None, limits: Limits | None = None, operations: Operations | None = None
) -> Iterator[AzureServer]:
    """A running emulator for a test."""
    server = AzureServer(0, state, limits, operations)
    with server.in_thread():
        yield server
    server.arm.store.close()


if __name__ == "__main__":
    run_server(
        lambda port, state: AzureServer(port, state, operations=Operations(USUAL)),
        "sandbox.azure.server",
    )
