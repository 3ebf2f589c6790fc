"""A cloud as a process on loopback: calls fail on demand, and every write is noted in the journal.

It prints one JSON line with its endpoint once it answers, and ends on SIGTERM.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import signal
import socket
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox.faults import CONTROL, Faults, control
from sandbox.journal import Journal

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`query` keys and `headers` names are lower case; `base` is the URL the client used."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    base: str = ""
    environ: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_json(cls, status: int, told: Any, headers: Mapping[str, str] | None = None) -> Answer:
        kind = {"Content-Type": "application/json; charset=utf-8"}
        return cls(status, json.dumps(told).encode(), {**(headers or {}), **kind})


class Cloud(ABC):
    """What answers the calls, one after another."""

    @abstractmethod
    def answer(self, request: Request) -> Answer:
        """The cloud's answer; a refusal is one too."""

    @abstractmethod
    def describe_write(self, request: Request) -> dict[str, Any] | None:
        """A write as the journal names it; None for what only reads."""

    @abstractmethod
    def refuse(self, status: int, kind: str, headers: dict[str, str]) -> Answer:
        """How the cloud says that it fails, in the way that a test asked for."""

    def note(self, record: dict[str, Any], answer: Answer) -> dict[str, Any]:
        """The journal's line for a write and its answer."""
        return {**record, "status": answer.status}


class CloudServer:
    """A cloud over HTTP. With no state folder, everything is forgotten at the end."""

    def __init__(
        self,
        cloud: Cloud,
        port: int = 0,
        state: Path | None = None,
        handler: type[WSGIRequestHandler] = WSGIRequestHandler,
    ) -> None:
        class QuietHandler(handler):  # type: ignore[misc, valid-type]
            """Keeps connections open, and prints nothing: stdout is for the endpoint."""

            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log(self, type: str, message: str, *args: Any) -> None:
                pass

        self.cloud = cloud
        self.faults = Faults()
        self._journal = Journal(state)
        self._one_at_a_time = threading.Lock()
        self._http = make_server(HOST, port, self, threaded=True, request_handler=QuietHandler)
        self._http.daemon_threads = True  # type: ignore[attr-defined]
        self.port = self._http.server_port
        self.endpoint = f"http://{HOST}:{self.port}"

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """The WSGI application."""
        request = _read(environ)
        if request.path.startswith(CONTROL):
            told = control(self.faults, request.method, request.path, request.body)
            answer: Answer | None = Answer.of_json(*told)
        else:
            record = self.cloud.describe_write(request)
            answer = self.faults.run(
                lambda: self._answer(request, record), self.cloud.refuse, writing=record is not None
            )
        if answer is None:  # what the server then writes reaches nobody
            with suppress(OSError):
                environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            answer = Answer(500)
        length = {"Content-Length": str(len(answer.body))} if answer.status != 204 else {}
        status = f"{answer.status} {HTTPStatus(answer.status).phrase}"
        start_response(status, list({**answer.headers, **length}.items()))
        return [answer.body] if answer.body else []

    def _answer(self, request: Request, record: dict[str, Any] | None) -> Answer:
        with self._one_at_a_time:
            answer = self.cloud.answer(request)
            if record is not None:
                self._journal.note(self.cloud.note(record, answer))
            return answer

    def serve(self) -> None:
        """Be the server's process, until SIGTERM or SIGINT."""
        signal.signal(signal.SIGTERM, _leave)
        signal.signal(signal.SIGINT, _leave)
        print(json.dumps({"endpoint": self.endpoint}), flush=True)
        self._http.serve_forever()

    @contextmanager
    def in_thread(self) -> Iterator[None]:
        """Serve while the block runs, for a test."""
        thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._http.shutdown()
            thread.join()
            self._http.server_close()


def run_server(make: Callable[[int, Path | None], CloudServer], module: str) -> None:
    """The command line of a server's process."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free one")
    parser.add_argument("--state", type=Path, help="the folder for what is kept, and the journal")
    options = parser.parse_args()
    try:
        make(options.port, options.state).serve()
    except ValueError as wrong_limits:
        sys.exit(f"{module}: {wrong_limits}")


def _read(environ: dict[str, Any]) -> Request:
    """The request, whose body can be read once more from `environ`."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    prefix = "HTTP_"
    headers = {
        name.removeprefix(prefix).replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith(prefix)
    }
    return Request(
        method=environ["REQUEST_METHOD"],
        path=environ.get("PATH_INFO", "").rstrip("/"),
        query={name.lower(): value for name, value in parse_qsl(environ.get("QUERY_STRING", ""))},
        headers=headers,
        body=body,
        base=f"http://{headers.get('host', '')}",
        environ=environ,
    )


def _leave(*_: object) -> None:
    os._exit(0)
