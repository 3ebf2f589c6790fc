"""The offline EC2 as a process: ``python -m sandbox.aws.server --port N --state DIR``.

It prints one JSON line with its endpoint once it answers, serves loopback only, and ends on
SIGTERM. Its state is in memory: it begins empty at every start.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Iterable
from threading import Lock
from types import FrameType
from typing import Any

HOST = "127.0.0.1"

# A tenth of a second of images that no installation uses, per region; and moto must not call home.
MOTO_SETTINGS = {"MOTO_EC2_LOAD_DEFAULT_AMIS": "false", "MOTO_CALL_RESET_API": "false"}


class OneAtATime:
    """One request after another: moto's models are not made for threads, while an engine sends many
    at once.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application
        self._lock = Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        with self._lock:
            return list(self._application(environ, start_response))


def make_application() -> Callable[..., Iterable[bytes]]:
    """The whole offline EC2 as a WSGI application. Faults to inject belong between it and the server."""
    for name, value in MOTO_SETTINGS.items():
        os.environ.setdefault(name, value)
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    from sandbox.aws import strict
    from sandbox.aws.limits import read_limits

    strict.install(read_limits(os.environ))
    return OneAtATime(DomainDispatcherApplication(create_backend_app))


def make_server(port: int) -> Any:
    """A server that listens but does not serve yet."""
    from moto.moto_server.werkzeug_app import MotoRequestHandler
    from werkzeug.serving import make_server as make_werkzeug_server

    class QuietHandler(MotoRequestHandler):
        """Keeps connections open, and prints nothing: stdout is for the endpoint."""

        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log(self, type: str, message: str, *args: Any) -> None:
            pass

    return make_werkzeug_server(
        HOST, port, make_application(), threaded=True, request_handler=QuietHandler
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.aws.server", description=__doc__)
    parser.add_argument(
        "--port", type=int, default=0, help="the port to listen on; 0 takes any free one"
    )
    parser.add_argument("--state", help="a folder for state; unused, the offline EC2 begins empty")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    try:
        server = make_server(arguments.port)
    except ValueError as wrong_limits:
        sys.exit(f"sandbox.aws.server: {wrong_limits}")
    print(json.dumps({"endpoint": f"http://{HOST}:{server.server_port}"}), flush=True)
    server.serve_forever()


def _leave(_signal: int, _frame: FrameType | None) -> None:
    os._exit(0)


if __name__ == "__main__":
    main()
