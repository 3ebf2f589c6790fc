"""Faults on demand: what goes wrong at which request, counted from when the faults were set.

PUT /_sandbox/faults   [{"at": 3, "kind": "throttle"}, {"at": 5, "kind": "drop_after"}]
GET /_sandbox          {"requests": 7, "faults": []}
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

THROTTLE, ERROR, DROP_BEFORE, DROP_AFTER, SLOW = KINDS = (
    "throttle",
    "error",
    "drop_before",
    "drop_after",
    "slow",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """At request `at` (the first is 1): 429, a 5xx `status`, a connection dropped before or
    after, or a wait.
    """

    at: int
    kind: str
    status: int = 503
    seconds: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no fault {self.kind!r}; there are {', '.join(KINDS)}")


class Faults:
    """The faults still to come, and how many requests were counted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._planned: dict[int, Fault] = {}

    def plan(self, faults: list[dict[str, Any]]) -> None:
        """Replace what is planned, and count from one again."""
        planned = {fault["at"]: Fault(**fault) for fault in faults}
        with self._lock:
            self._planned, self._count = planned, 0

    def next_fault(self) -> Fault | None:
        """Count one request; its fault, if it has one, happens once."""
        with self._lock:
            self._count += 1
            return self._planned.pop(self._count, None)

    def describe(self) -> dict[str, Any]:
        with self._lock:
            pending = [{"at": fault.at, "kind": fault.kind} for fault in self._planned.values()]
            return {"requests": self._count, "faults": pending}
