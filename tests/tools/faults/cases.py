"""The cases: what is done to a site, at which call it is broken, how, and whether it recovers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from tests.tools.faults.site import BrokenSite

KILLS = ("hold_after", "hold_before")
"""SIGKILL of the engine's command when a call took effect and nobody knows yet, and just before it does."""
FAULTS = ("drop_after", "outage", "throttle", "error", "drop_before", "slow")
KINDS = (
    "hold_after",
    "drop_after",
    "hold_before",
    "outage",
    "throttle",
    "error",
    "drop_before",
    "slow",
)
OPERATIONS = ("up", "edit", "destroy")
_OUTAGE = 40  # calls refused one after another: more than any client tries again


@dataclass(frozen=True)
class Case:
    """Break one operation at its write `at`."""

    site: str
    operation: str
    at: int
    kind: str

    def __str__(self) -> str:
        how = "killed" if self.kind in KILLS else "faulty"
        return f"{self.site}: {self.operation} {how} at call {self.at} ({self.kind})"

    def plan(self) -> list[dict[str, object]]:
        if self.kind == "outage":
            return [{"at": self.at, "kind": "error", "times": _OUTAGE}]
        return [
            {"at": self.at, "kind": self.kind, **({"seconds": 0.5} if self.kind == "slow" else {})}
        ]


def count_writes(site: BrokenSite) -> dict[str, int]:
    """The number of writes of each operation; the site is away before and afterwards."""
    writes = {}
    for operation in OPERATIONS:
        outcome = site.run(_verb(site, operation))
        assert outcome.code == 0, outcome.said
        writes[operation] = outcome.writes
    return writes


def list_cases(
    site: str, writes: dict[str, int], kinds: tuple[str, ...] = KINDS, step: int = 1
) -> list[Case]:
    """Every `step`th call of every operation once, the kinds taking turns; operations take turns too, as
    each leaves the site as the next one needs it: a case of `destroy` follows each of `up`.
    """
    columns = []
    for offset, operation in enumerate(OPERATIONS):
        numbers = range(1, writes[operation] + 1, step)
        columns.append(
            [
                Case(site, operation, at, kinds[(at // step + 3 * offset) % len(kinds)])
                for at in numbers
            ]
        )
    return [case for row in zip_longest(*columns) for case in row if case]


def run_case(site: BrokenSite, case: Case) -> list[str]:
    """Break and recover: what is wrong afterwards. The site is deployed afterwards, as planned."""
    _prepare(site, case.operation)
    verb = _verb(site, case.operation)
    broken = site.run(verb, case.plan())
    if case.kind in KILLS and broken.code is not None:
        return [
            f"it ended with {broken.code} after {broken.writes} calls, before it could be killed"
        ]
    recovered = site.recover()
    if recovered.code != 0:
        return [f"the recovery ended with {recovered.code}:\n{recovered.said}"]
    return list(_find_faults(site))


def _prepare(site: BrokenSite, operation: str) -> None:
    """`up` begins with nothing, the others with what is planned."""
    deployed = bool(site.ids_in_cloud())
    if deployed == (operation == "up"):
        outcome = site.run("destroy" if deployed else "up")
        assert outcome.code == 0, outcome.said
        assert not deployed or not site.ids_in_cloud(), "destroying left something"


def _verb(site: BrokenSite, operation: str) -> str:
    if operation == "edit":
        site.edit()
    return "destroy" if operation == "destroy" else "up"


def _find_faults(site: BrokenSite) -> Iterator[str]:
    """As planned, once, known to the state, and nothing left to do."""
    problem = site.verify()
    if problem:
        yield f"swyx verify: {problem}"
    yield from site.orphans()
    again = site.run("up")
    changes = site.project.engine.last_changes(site.project.stack)
    if again.code != 0 or set(changes) != {"same"}:
        yield f"a second update ended with {again.code} and did {changes}"
