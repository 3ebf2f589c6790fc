"""Background servers: started once, found again by later commands, ended only if they are really
ours.

A process id alone does not identify a process: ids are reused, and a stale record must never get a
stranger killed. So the record holds the id and when that process started, and both must still
agree.
"""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

_GRACE = 5.0  # seconds between asking a server to end and ending it


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process, for as long as it lives: its id and its start, in the system's own words."""

    pid: int
    started: str

    def is_alive(self) -> bool:
        """Whether this very process still runs."""
        return start_of(self.pid) == self.started

    def end(self) -> None:
        """Ask it to end, insist after a moment. Does nothing if it is gone, or if its id is
        another process's now.
        """
        for wanted, patience in ((signal.SIGTERM, _GRACE), (signal.SIGKILL, _GRACE)):
            if not self.is_alive():
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, wanted)
            self._await_end(patience)

    def _await_end(self, patience: float) -> None:
        deadline = time.monotonic() + patience
        while self.is_alive() and time.monotonic() < deadline:
            time.sleep(0.05)


def start_of(pid: int) -> str | None:
    """When the process with this id started; None if there is none, or only its unread exit code
    is left.
    """
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except ProcessLookupError:
        return None
    except OSError:
        return _start_by_ps(pid) if not Path("/proc/self/stat").exists() else None
    fields = status.rpartition(")")[2].split()  # the command's name may hold spaces and parentheses
    if fields[0] in "ZX":
        return None
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot} {fields[19]}"


def _start_by_ps(pid: int) -> str | None:
    """The same where there is no /proc (macOS)."""
    answer = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    ).stdout.split(maxsplit=1)
    return answer[1].strip() if len(answer) == 2 and not answer[0].startswith("Z") else None


def launch(command: Sequence[str], folder: Path, env: dict[str, str]) -> Process:
    """Start a background process in a session of its own; its output goes to `stdout` and `log` in
    the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "stdout").open("wb") as stdout, (folder / "log").open("ab") as log:
        child = subprocess.Popen(
            command,
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=log,
            start_new_session=True,
        )
    _UNREAPED.append(child)
    return Process(pid=child.pid, started=start_of(child.pid) or "ended at once")


# Kept so that a long-lived caller (a test run) reaps its children without a warning about running
# ones.
_UNREAPED: list[subprocess.Popen[bytes]] = []


def write_record(path: Path, process: Process) -> None:
    """Remember the process in a file, in one step."""
    scratch = path.with_name(path.name + ".new")
    scratch.write_text(json.dumps(asdict(process)))
    scratch.replace(path)


def read_record(path: Path) -> Process | None:
    """The remembered process; None if none was remembered or the file is not a record."""
    try:
        return Process(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None
