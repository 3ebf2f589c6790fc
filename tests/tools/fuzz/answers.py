"""Give a file to the commands that read one, and hold their answers against what was promised."""

from __future__ import annotations

import io
import json
import signal
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from swyx_components.cli.main import run

LIMIT = 2.0  # seconds of this process's time for one command
FLAT = 1000  # sites that a file may have within that limit
A_SITE = 0.001  # seconds more for each site beyond them, which is work and shows progress
MOST_SITES = 5  # of a file that are planned for each cloud
DONE, WRONG_INPUT = 0, 2
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("check", "FILE", "--json"),
    ("check", "FILE"),
    ("plan", "FILE", "--json"),
    ("plan", "FILE", "--cloud", "aws"),
    ("plan", "FILE", "--cloud", "azure", "--json"),
    ("flows", "FILE"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command said; `code` is None where it did not end by itself."""

    words: tuple[str, ...]
    code: int | None
    out: str
    err: str
    seconds: float
    stack: str = ""

    @property
    def text(self) -> str:
        return self.out + self.err


class _TooLong(BaseException):
    """Not an Exception: the commands turn those into sentences."""


def ask(words: tuple[str, ...], limit: float) -> Answer:
    """Run a command in this process, no longer than `limit`."""
    out, err = io.StringIO(), io.StringIO()
    code, stack, begun = None, "", time.process_time()
    try:
        with redirect_stdout(out), redirect_stderr(err), _no_longer_than(limit):
            run(list(words))
    except SystemExit as end:
        code = int(end.code or 0)
    except _TooLong as late:
        stack = "".join(traceback.format_tb(late.__traceback__)[-3:])
    except BaseException as problem:
        stack = "".join(traceback.format_exception(problem))
    return Answer(
        words=words,
        code=code,
        out=out.getvalue(),
        err=err.getvalue(),
        seconds=time.process_time() - begun,
        stack=stack,
    )


@contextmanager
def _no_longer_than(seconds: float) -> Iterator[None]:
    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGPROF, interrupt)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`faults` says in sentences what was promised and is not so."""

    faults: tuple[str, ...]
    slowest: float
    accepted: bool
    tracebacks: int
    late: int
    unplaced: int


def check_file(path: Path) -> Outcome:
    """Ask every command about the file; after a refusal only those that must refuse too."""
    limit = LIMIT + A_SITE * max(0, path.read_bytes().count(b"machines") - FLAT)
    answers: list[Answer] = []
    chosen: tuple[str, ...] = ()
    for words in COMMANDS:
        given = tuple(str(path) if word == "FILE" else word for word in words)
        answers.append(ask((*given, *(chosen if "--cloud" in words else ())), limit))
        if words == ("plan", "FILE", "--json") and answers[-1].code == DONE:
            chosen = _choose_sites(answers[-1])
    faults = [f"{' '.join(a.words)}: {fault}" for a in answers for fault in _faults(a, limit)]
    unplaced = _unplaced(answers[0])
    codes = {answer.code for answer in answers[:3]}
    if len(codes) > 1:
        faults.append(f"check and plan do not agree: {sorted(map(str, codes))}")
    return Outcome(
        faults=(*faults, *unplaced),
        slowest=max(answer.seconds for answer in answers),
        accepted=answers[0].code == DONE,
        tracebacks=sum("Traceback" in a.stack or "defect" in a.err for a in answers),
        late=sum(answer.seconds > limit for answer in answers),
        unplaced=len(unplaced),
    )


def _choose_sites(planned: Answer) -> tuple[str, ...]:
    sites = list(json.loads(planned.out)["sites"])[:MOST_SITES]
    return tuple(word for site in sites for word in ("--site", site))


def _faults(answer: Answer, limit: float) -> Iterator[str]:
    if answer.seconds > limit:
        yield f"took {answer.seconds:.1f} s\n{answer.stack}"
    elif answer.stack:
        yield answer.stack
    elif answer.code not in (DONE, WRONG_INPUT):
        yield f"ended with {answer.code}: {answer.err[:500]}"
    raw = next((line for line in answer.text.split("\n") if not line.isprintable()), None)
    if raw is not None:
        yield f"prints what steers a terminal: {raw[:200]!r}"
    if answer.code == WRONG_INPUT and not (
        answer.err if answer.words[0] == "plan" else answer.text
    ):
        yield "refuses without a word"


def _unplaced(checked: Answer) -> list[str]:
    """The errors that lack a place or a remedy."""
    if checked.code not in (DONE, WRONG_INPUT):
        return []
    document: dict[str, Any] = json.loads(checked.out)
    errors = [m for m in document["messages"] if m["severity"] == "error"]
    if checked.code == WRONG_INPUT and not errors:
        return ["refused without an error"]
    return [
        f"{message['id']} lacks its {key}"
        for message in errors
        for key in ("file", "place", "sentence", "remedy")
        if not message[key]
    ]
