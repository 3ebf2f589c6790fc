"""The processes that a host starts, so that none of them outlives it."""

import contextlib
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

# The engine ends a host by sending SIGINT to its process group. Python programs would answer with
# a traceback each; an ignored signal stays ignored over exec, so the shell passes that on and the
# host ends its children itself. (preexec_fn would do the same, but forks with gRPC's threads
# running.)
_QUIET = ["/bin/sh", "-c", 'trap "" INT; exec "$@"', "sh"]
_GRACE = 2.0  # seconds between asking a child to end and ending it


class Call(Protocol):
    """The part of a gRPC call's context that tells when the call is over."""

    def add_callback(self, callback: Callable[[], None]) -> bool:
        """False if the call is over already, and the callback will not be called."""


class Children:
    """Every child that still runs. Safe to use from several threads."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._guard = threading.Lock()

    def start(
        self, command: Sequence[str], call: Call, *, cwd: Path, env: Mapping[str, str], piped: bool
    ) -> subprocess.Popen[bytes]:
        """Start a child that ends with the engine's call; `piped`: its output is the caller's."""
        pipe = subprocess.PIPE if piped else None
        child = subprocess.Popen(
            [*_QUIET, *command],
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
            bufsize=0,  # what one reader leaves in the pipe, the next one finds there
        )
        with self._guard:
            self._running.add(child)
        if not call.add_callback(lambda: self._end([child])):
            self._end([child])  # it has given up already
        return child

    def wait(self, child: subprocess.Popen[bytes]) -> int:
        """The exit code of a child, when it has ended."""
        code = child.wait()
        with self._guard:
            self._running.discard(child)
        return code

    def end_all(self) -> None:
        """End every child, all at once."""
        with self._guard:
            running = list(self._running)
        self._end(running)

    def _end(self, children: Sequence[subprocess.Popen[bytes]]) -> None:
        """Ask each child to end, insist after a moment."""
        for child in children:
            if child.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    child.terminate()
        deadline = time.monotonic() + _GRACE
        for child in children:
            try:
                child.wait(timeout=max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
            with self._guard:
                self._running.discard(child)
