"""Locks, and background servers that are known by one, so that only our own are ever ended.

A process id alone does not identify a process: ids are reused, and a stale record must never get a
stranger killed. So a server holds a lock on the file that has its id, for as long as it lives.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.talk import SandboxError, say

_GRACE = 5.0  # seconds between asking a server to end and ending it


@contextmanager
def holding(lock: Path, patience: float) -> Iterator[None]:
    """Hold the lock file while the body runs, waiting at most `patience` seconds for it.

    The system lets go of it when the process ends, however it ends.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    told = False
    with lock.open("w") as file:
        while not _take(file.fileno()):
            waited = time.monotonic() - started
            if waited > patience:
                raise SandboxError(
                    f"Another command has held {lock} for over {patience:.0f} s; wait or stop it."
                )
            if waited > 2 and not told:
                say(f"  waiting for another command that holds {lock} ...")
                told = True
            time.sleep(0.1)
        yield


@dataclass(frozen=True, slots=True)
class Process:
    """A background process, by the file that has its id and that it has locked."""

    record: Path

    @property
    def pid(self) -> int:
        return int(self.record.read_text())

    def is_alive(self) -> bool:
        """Whether the process that was launched with this record still runs."""
        with contextlib.suppress(FileNotFoundError), self.record.open() as file:
            return not _take(file.fileno())
        return False

    def end(self) -> None:
        """Ask it to end, insist after a moment. Does nothing if it is gone."""
        for wanted in (signal.SIGTERM, signal.SIGKILL):
            if not self.is_alive():
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, wanted)
            deadline = time.monotonic() + _GRACE
            while self.is_alive() and time.monotonic() < deadline:
                time.sleep(0.05)


def launch(command: Sequence[str], folder: Path, env: dict[str, str]) -> Process:
    """Start a process in a session of its own; it writes `stdout` and `log` in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    process = Process(folder / "pid")
    with (
        (folder / "stdout").open("wb") as stdout,
        (folder / "log").open("ab") as log,
        process.record.open("w") as record,
    ):
        fcntl.flock(record, fcntl.LOCK_EX)
        child = subprocess.Popen(
            command,
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=log,
            start_new_session=True,
            pass_fds=[record.fileno()],
        )
        record.write(str(child.pid))
    _UNREAPED.append(child)
    return process


# Kept so that a long-lived caller (a test run) reaps its children without a warning about running
# ones.
_UNREAPED: list[subprocess.Popen[bytes]] = []


def _take(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
