"""One command at a time does what must not be done twice at once."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.talk import SandboxError, say


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
                    f"Another command holds {lock} for over {patience:.0f} s; let it end, or end it."
                )
            if waited > 2 and not told:
                say(f"  waiting for another command that holds {lock} ...")
                told = True
            time.sleep(0.1)
        yield


def _take(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
