"""What tests do to the offline EC2 beside using it: faults at its calls, and a journal of its writes."""

from __future__ import annotations

import io
import json
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl

from sandbox.faults import CONTROL, ERROR, Faults, control
from sandbox.journal import Journal

Application = Callable[..., Iterable[bytes]]
_READING = ("Describe", "Get", "List", "Search")


class Controlled:
    """An EC2 as a WSGI application, with faults and a journal; one request after another, for moto's
    models are not made for threads, while an engine sends many at once.
    """

    def __init__(self, application: Application, state: Path | None) -> None:
        self.faults = Faults()
        self._application = application
        self._journal = Journal(state)
        self._lock = Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        path = environ.get("PATH_INFO", "")
        if path.startswith(CONTROL):
            status, told = control(self.faults, environ["REQUEST_METHOD"], path, body)
            return _Answer.of_json(status, told).send(start_response)
        environ["wsgi.input"] = io.BytesIO(body)
        call = _Call(body)
        answer = self.faults.run(
            lambda: self._answer(environ, call), _refuse, writing=call.is_write
        )
        if answer is None:
            _drop(environ)
            answer = _Answer.of_json(500, {})  # nobody reads it
        return answer.send(start_response)

    def _answer(self, environ: dict[str, Any], call: _Call) -> _Answer:
        with self._lock:
            answer = _Answer()
            answer.body = b"".join(self._application(environ, answer.start))
            if call.is_write:
                self._journal.note(
                    {
                        "action": call.action,
                        "parameters": call.parameters,
                        "status": int(answer.status.split()[0]),
                        "response": answer.body.decode(errors="replace"),
                    }
                )
            return answer


class _Call:
    """What a request asks of EC2, in the query protocol; no action: something else of moto's."""

    def __init__(self, body: bytes) -> None:
        fields = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
        self.action = fields.pop("Action", "")
        self.parameters = {name: value for name, value in fields.items() if name != "Version"}

    @property
    def is_write(self) -> bool:
        return bool(self.action) and not self.action.startswith(_READING)


class _Answer:
    """A WSGI answer, kept until it is known whether it may be sent."""

    def __init__(self) -> None:
        self.status = "200 OK"
        self.headers: list[tuple[str, str]] = []
        self.body = b""

    def start(self, status: str, headers: list[tuple[str, str]], _error: Any = None) -> None:
        self.status, self.headers = status, headers

    def send(self, start_response: Any) -> Iterable[bytes]:
        start_response(self.status, self.headers)
        return [self.body]

    @classmethod
    def of(cls, status: int, body: bytes, headers: dict[str, str]) -> _Answer:
        made = cls()
        made.status = f"{status} {HTTPStatus(status).phrase}"
        made.headers = [*headers.items(), ("Content-Length", str(len(body)))]
        made.body = body
        return made

    @classmethod
    def of_json(cls, status: int, told: dict[str, Any]) -> _Answer:
        return cls.of(status, json.dumps(told).encode(), {"Content-Type": "application/json"})


def _refuse(status: int, kind: str, headers: dict[str, str]) -> _Answer:
    """EC2 throttles with 503 and a code of its own; other trouble of the server's is an InternalError."""
    code, status = ("InternalError", status) if kind == ERROR else ("RequestLimitExceeded", 503)
    body = (
        '<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error>'
        f"<Code>{code}</Code><Message>The sandbox was told to fail here.</Message>"
        "</Error></Errors><RequestID>sandbox</RequestID></Response>"
    )
    return _Answer.of(status, body.encode(), {**headers, "Content-Type": "text/xml;charset=UTF-8"})


def _drop(environ: dict[str, Any]) -> None:
    """Close the connection under the server: what it writes then reaches nobody."""
    with suppress(OSError):
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
