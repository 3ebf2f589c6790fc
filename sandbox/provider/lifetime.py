"""Ending with the engine: a provider outlives a killed CLI unless it watches for it."""

from __future__ import annotations

import os
import signal
import threading
import time
from types import FrameType

POLL_SECONDS = 1.0


def follow_parent() -> None:
    """End this process silently when its parent is gone, and on SIGINT or SIGTERM.

    The engine starts a plugin in a process group of its own, which a terminal's Ctrl-C does not
    reach, and closes it with SIGINT once no call is running. Ignoring that costs the engine's
    patience of several seconds at the end of every command.
    """
    signal.signal(signal.SIGINT, _leave)
    signal.signal(signal.SIGTERM, _leave)
    threading.Thread(target=_watch, args=(os.getppid(),), name="follow-parent", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(POLL_SECONDS)
    os._exit(0)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    os._exit(0)
