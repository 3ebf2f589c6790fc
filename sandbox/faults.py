"""Faults on demand, the same for both clouds: what goes wrong at which call, counted from when the
faults were planned.

    PUT  /_sandbox/faults    [{"at": 3, "kind": "throttle"}, {"at": 5, "kind": "drop_after", "times": 9}]
    POST /_sandbox/release   what is held goes on
    GET  /_sandbox           {"calls": 17, "writes": 7, "held": [5], "faults": [{"at": 9, "kind": "slow"}]}

A held call waits, before or after it took effect, until it is released or other faults are planned:
meanwhile a test reads the cloud, or kills the client. Other calls go on.
"""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

CONTROL = "/_sandbox"

THROTTLE, ERROR = "throttle", "error"
KINDS = (THROTTLE, ERROR, "drop_before", "drop_after", "slow", "hold_before", "hold_after")
LONGEST_HOLD = 120.0  # seconds; a test that died must not keep a server busy for ever

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """At write `at` (the first is 1) and the `times` - 1 writes that follow it: a refusal for too
    many calls, one with a 5xx `status`, a connection dropped before or after the call took effect,
    a wait of some `seconds`, or a hold. `of` is "calls" where reads count too.
    """

    at: int
    kind: str
    times: int = 1
    of: str = "writes"
    status: int = 503
    seconds: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no fault {self.kind!r}; there are {', '.join(KINDS)}")
        if self.of not in ("writes", "calls"):
            raise ValueError(f"faults count writes or calls, not {self.of!r}")

    def is_due(self, writes: int, calls: int, *, writing: bool) -> bool:
        if self.of == "writes" and not writing:
            return False
        number = writes if self.of == "writes" else calls
        return self.at <= number < self.at + self.times


class Faults:
    """The faults that are planned, how many calls were counted, and the calls that are held."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._planned: list[Fault] = []
        self._calls = self._writes = 0
        self._held: list[int] = []
        self._round = self._releases = 0

    def plan(self, faults: list[dict[str, Any]]) -> None:
        """Replace what is planned, count anew, and drop what is held, before its effect if so."""
        planned = [Fault(**fault) for fault in faults]
        with self._changed:
            self._planned, self._calls, self._writes = planned, 0, 0
            self._round += 1
            self._changed.notify_all()

    def release(self) -> None:
        """Held calls go on as if nothing had been."""
        with self._changed:
            self._releases += 1
            self._changed.notify_all()

    def describe(self) -> dict[str, Any]:
        with self._changed:
            counts = {"calls": self._calls, "writes": self._writes}
            pending = [
                {"at": fault.at, "kind": fault.kind}
                for fault in self._planned
                if fault.at + fault.times > counts[fault.of]
            ]
            return {**counts, "held": sorted(self._held), "faults": pending}

    def run(
        self,
        answer: Callable[[], Answer],
        refuse: Callable[[int, str, dict[str, str]], Answer],
        *,
        writing: bool,
    ) -> Answer | None:
        """The answer to one call, after whatever is to happen to it; None: drop the connection.

        `refuse` makes a cloud's answer of a status, a kind of fault and headers.
        """
        fault, number = self._count(writing)
        match fault.kind if fault else "":
            case "throttle":
                return refuse(429, THROTTLE, {"Retry-After": "0"})
            case "error" if fault:
                return refuse(fault.status, ERROR, {})
            case "drop_before":
                return None
            case "drop_after":
                answer()
                return None
            case "slow" if fault:
                time.sleep(fault.seconds)
            case "hold_before":
                return answer() if self._hold(number) else None
            case "hold_after":
                found = answer()
                return found if self._hold(number) else None
        return answer()

    def _count(self, writing: bool) -> tuple[Fault | None, int]:
        with self._changed:
            self._calls += 1
            self._writes += writing
            due = (f for f in self._planned if f.is_due(self._writes, self._calls, writing=writing))
            return next(due, None), self._writes

    def _hold(self, number: int) -> bool:
        """Wait; whether the call was released rather than given up."""
        with self._changed:
            begun, releases = self._round, self._releases
            self._held.append(number)
            try:
                self._changed.wait_for(
                    lambda: (begun, releases) != (self._round, self._releases), LONGEST_HOLD
                )
            finally:
                self._held.remove(number)
            return begun == self._round


def control(faults: Faults, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
    """Status and body of the answer to what no cloud has: how a test plans faults and counts calls."""
    try:
        match method, path.removeprefix(CONTROL):
            case "PUT", "/faults":
                faults.plan(json.loads(body))
            case "POST", "/release":
                faults.release()
            case "GET", "":
                pass
            case _:
                return 404, {"error": f"there is no {method} {path}"}
    except (ValueError, TypeError) as error:
        return 400, {"error": str(error)}
    return 200, faults.describe()
