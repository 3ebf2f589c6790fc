"""Ending with the engine: a provider outlives a killed CLI unless it watches for it."""

from __future__ import annotations

import os
import signal
import threading
import time
from types import FrameType

POLL_SECONDS = 1.0


def follow_parent() -> None:
    """End this process silently when its parent is gone, and on SIGTERM; ignore SIGINT.

    A terminal's Ctrl-C reaches the whole process group. The engine handles it: it lets running calls finish,
    and then ends its plugins. A provider that died first would lose what the cloud has just created.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    threading.Thread(target=_watch, args=(os.getppid(),), name="follow-parent", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(POLL_SECONDS)
    os._exit(0)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    os._exit(0)
