"""`python -m tests.tools.mutants`: run the catalogue's tests against every mutant; 1 if any survives.

The tests are imported once; each mutant then has a forked process of its own.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from collections.abc import Iterator

import pytest

from swyx_components.catalogue import load
from tests.tools.mutants.make import Mutant, make_mutants, read_mutant

# Fast tests of what the rules do; the first failure ends a mutant.
TESTS = [
    "tests/test_cases.py",
    "tests/test_both_ways.py",
    "tests/catalogue",
    "-k",
    "test_cases or scenario or deny_list or fixtures_have or catalogue",
]
OPTIONS = ["-x", "-q", "-p", "no:cacheprovider", "-o", "addopts="]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.tools.mutants", description=__doc__)
    parser.add_argument(
        "--sample", type=int, default=0, help="only so many, chosen at random but always the same"
    )
    parser.add_argument("--only", default="", help="only those with this in their title")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    arguments = parser.parse_args()
    mutants = [mutant for mutant in make_mutants() if arguments.only in mutant.title]
    if 0 < arguments.sample < len(mutants):
        mutants = random.Random(6.01).sample(mutants, arguments.sample)
    _preload()
    if _outcome(Mutant("nothing is changed", "")) != 0:
        print("The tests fail without any mutant; nothing can be learnt.")
        return 1
    killed, survivors = 0, []
    for done, (mutant, code) in enumerate(_run(mutants, arguments.jobs), 1):
        killed += code == 1
        if code != 1:
            survivors.append(mutant)
            print(
                f"survived: {mutant.title}" + ("" if code == 0 else f" (pytest ended with {code})"),
                flush=True,
            )
        if done % 25 == 0:
            print(f"{done} of {len(mutants)} tried", flush=True)
    print(f"{killed} of {len(mutants)} killed")
    return 1 if survivors else 0


def _preload() -> None:
    """Import what the tests import, so that no fork has to: but never the test modules themselves."""
    import hypothesis.strategies  # noqa: F401

    import tests.oracle.installations  # noqa: F401


def _run(mutants: list[Mutant], jobs: int) -> Iterator[tuple[Mutant, int]]:
    """Each mutant with pytest's exit code, as they end."""
    waiting = list(reversed(mutants))
    running: dict[int, Mutant] = {}
    while waiting or running:
        while waiting and len(running) < jobs:
            mutant = waiting.pop()
            running[_fork(mutant)] = mutant
        pid, status = os.wait()
        yield running.pop(pid), os.waitstatus_to_exitcode(status)


def _outcome(mutant: Mutant) -> int:
    _, status = os.waitpid(_fork(mutant), 0)
    return os.waitstatus_to_exitcode(status)


def _fork(mutant: Mutant) -> int:
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 99
    try:
        with tempfile.TemporaryFile() as sink:
            for stream in (1, 2):
                os.dup2(sink.fileno(), stream)
            if mutant.text:
                mutated = read_mutant(mutant.text)
                load._bundled = lambda name: mutated
            code = int(pytest.main([*OPTIONS, *TESTS]))
    finally:
        os._exit(code)
    raise AssertionError("os._exit does not return")


if __name__ == "__main__":
    sys.exit(main())
