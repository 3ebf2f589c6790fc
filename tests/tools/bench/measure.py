"""Programs run side by side: the least of several runs, in turns, so that a busy machine slows all alike."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[3]
ENVIRONMENT = {
    name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
}
"""As a user has it: where Python may not write bytecode, every run would compile this package again."""


class Run(NamedTuple):
    """Processor time in seconds, the most memory in megabytes, and what the program printed."""

    seconds: float
    megabytes: float
    output: str


def python(program: str, *words: object) -> list[str]:
    return [sys.executable, "-c", program, *map(str, words)]


def race(commands: Mapping[str, Sequence[str]], rounds: int) -> dict[str, Run]:
    """Each command `rounds` times, in turns."""
    return least_of(take_turns(commands, rounds))


def least_of(turns: Iterable[Mapping[str, Run]]) -> dict[str, Run]:
    """The fastest run of each command, with the most memory of all of its runs."""
    results: dict[str, Run] = {}
    for turn in turns:
        for name, run in turn.items():
            known = results.get(name, run)
            fastest = min(run, known)
            results[name] = fastest._replace(megabytes=max(run.megabytes, known.megabytes))
    return results


def take_turns(commands: Mapping[str, Sequence[str]], rounds: int) -> Iterator[dict[str, Run]]:
    """All commands one after the other, `rounds` times."""
    for _ in range(rounds):
        yield {name: _run(command) for name, command in commands.items()}


def _run(command: Sequence[str]) -> Run:
    """Its processor time, which other work on the machine disturbs least; all of it runs in one thread."""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, cwd=ROOT, env=ENVIRONMENT, text=True
    ) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return Run(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output)
