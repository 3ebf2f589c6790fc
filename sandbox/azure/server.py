"""The ARM emulator as a process: `python -m sandbox.azure.server --port N --state DIR`.

Prints one JSON line with its endpoint when it is ready, and serves loopback until SIGTERM. Every
write is noted in DIR/journal.jsonl (``sandbox.journal``), and calls fail on demand (``sandbox.faults``).
"""

from __future__ import annotations

import argparse
import json
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from sandbox.azure.arm import Arm, Request, Response
from sandbox.azure.limits import Limits
from sandbox.azure.operations import USUAL, Operations
from sandbox.azure.store import Store
from sandbox.faults import CONTROL, ERROR, Faults, control
from sandbox.journal import Journal

READS = ("GET", "HEAD")


class AzureServer(ThreadingHTTPServer):
    """ARM over HTTP on 127.0.0.1. With no state folder, everything is forgotten at the end."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        *,
        port: int = 0,
        state: Path | None = None,
        limits: Limits | None = None,
        operations: Operations | None = None,
    ):
        super().__init__(("127.0.0.1", port), _Handler)
        self.arm = Arm(Store(state), limits, operations)
        self.faults = Faults()
        self._journal = Journal(state)
        self._writing = threading.Lock()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, request: Request) -> Response:
        """ARM's answer; one write after another, each noted, refused ones too."""
        if request.method in READS:
            return self.arm.answer(request)
        with self._writing:
            response = self.arm.answer(request)
            self._journal.note(
                {
                    "method": request.method,
                    "path": request.path,
                    "body": json.loads(request.body) if request.body else None,
                    "status": response.status,
                }
            )
            return response

    def server_close(self) -> None:
        super().server_close()
        self.arm.store.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: AzureServer

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        if parts.path.startswith(CONTROL):
            status, told = control(self.server.faults, self.command, parts.path, body)
            self._send(Response(status=status, body=told))
            return
        request = Request(
            method=self.command,
            path=unquote(parts.path).rstrip("/"),
            query={name.lower(): value for name, value in parse_qsl(parts.query)},
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            base=f"http://{self.headers.get('Host') or self.server.endpoint.removeprefix('http://')}",
        )
        response = self.server.faults.run(
            lambda: self.server.answer(request), _refuse, writing=request.method not in READS
        )
        if response is None:
            self.close_connection = True
        else:
            self._send(response)

    do_GET = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_POST = _serve

    def _send(self, response: Response) -> None:
        payload = b"" if response.body is None else json.dumps(response.body).encode()
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if payload:
            self.send_header("Content-Type", "application/json; charset=utf-8")
        if response.status != 204:
            self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(payload)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: stdout carries the one line that says where the server is."""


def _refuse(status: int, kind: str, headers: dict[str, str]) -> Response:
    code = "InternalServerError" if kind == ERROR else "TooManyRequests"
    body = {"error": {"code": code, "message": "The sandbox was told to fail here.", "details": []}}
    return Response(status=status, body=body, headers=headers)


@contextmanager
def serve_in_thread(
    *,
    state: Path | None = None,
    limits: Limits | None = None,
    operations: Operations | None = None,
    port: int = 0,
) -> Iterator[AzureServer]:
    """A running emulator for a test: `server.endpoint` is its URL, `server.arm` its inside."""
    server = AzureServer(port=port, state=state, limits=limits, operations=operations)
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.azure.server", description="An offline Azure."
    )
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument(
        "--state", type=Path, required=True, help="folder that keeps the cloud between runs"
    )
    arguments = parser.parse_args()
    server = AzureServer(port=arguments.port, state=arguments.state, operations=Operations(USUAL))
    stopping = threading.Thread(target=server.shutdown)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        if not stopping.ident:
            stopping.start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(json.dumps({"endpoint": server.endpoint}), flush=True)
    server.serve_forever(poll_interval=0.1)
    server.server_close()


if __name__ == "__main__":
    main()
