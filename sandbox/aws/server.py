"""The offline EC2 as a process: ``python -m sandbox.aws.server --port N --state DIR``.

It prints one JSON line with its endpoint once it answers, serves loopback only, and ends on
SIGTERM. Its state is in memory: it begins empty at every start. Every write is noted in
DIR/journal.jsonl (``sandbox.journal``), and calls fail on demand (``sandbox.faults``).
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from sandbox.aws.control import Controlled
from sandbox.journal import NAME

HOST = "127.0.0.1"

# A tenth of a second of images that no installation uses, per region; and moto must not call home.
MOTO_SETTINGS = {"MOTO_EC2_LOAD_DEFAULT_AMIS": "false", "MOTO_CALL_RESET_API": "false"}


def make_application(state: Path | None = None) -> Controlled:
    """The whole offline EC2 as a WSGI application, with faults on demand and a journal."""
    for name, value in MOTO_SETTINGS.items():
        os.environ.setdefault(name, value)
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    from sandbox.aws import strict
    from sandbox.aws.limits import read_limits

    strict.install(read_limits(os.environ))
    return Controlled(DomainDispatcherApplication(create_backend_app), state)


def make_server(port: int, state: Path | None = None) -> Any:
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
        HOST, port, make_application(state), threaded=True, request_handler=QuietHandler
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.aws.server", description=__doc__)
    parser.add_argument(
        "--port", type=int, default=0, help="the port to listen on; 0 takes any free one"
    )
    parser.add_argument(
        "--state", type=Path, help="a folder for the journal; EC2 itself begins empty"
    )
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    try:
        server = make_server(arguments.port, _fresh(arguments.state))
    except ValueError as wrong_limits:
        sys.exit(f"sandbox.aws.server: {wrong_limits}")
    print(json.dumps({"endpoint": f"http://{HOST}:{server.server_port}"}), flush=True)
    server.serve_forever()


def _fresh(state: Path | None) -> Path | None:
    """The folder, without the journal of a cloud that is no more."""
    if state is not None:
        state.mkdir(parents=True, exist_ok=True)
        (state / NAME).unlink(missing_ok=True)
    return state


def _leave(_signal: int, _frame: FrameType | None) -> None:
    os._exit(0)


if __name__ == "__main__":
    main()
