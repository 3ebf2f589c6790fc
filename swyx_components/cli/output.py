"""Where an answer goes: stdout or a file, in a format that the command has."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO

from swyx_components.messages import Message, SwyxError

_IN_MEMORY = 16_000_000  # bytes of output that are kept in memory until all of it has come


def choose_format(word: str, as_json: bool, known: Sequence[str]) -> str:
    """The format asked for; the first where nothing is.

    Raises:
        SwyxError: no such format, or `--json` beside another one.
    """
    chosen = word or ("json" if as_json else known[0])
    if chosen not in known or (as_json and chosen != "json"):
        shown = word if word not in known else f"{word} beside --json"
        raise SwyxError([Message.about("format-unknown", "--format", word=shown, known=known)])
    return chosen


def write_output(pieces: Iterable[str], file: str) -> None:
    """The text to stdout or, where a file is named, to that; nothing of it where a piece fails to come.

    Raises:
        SwyxError: the file can't be written.
    """
    with SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="utf-8", newline="") as held:
        held.writelines(pieces)
        held.seek(0)
        if not file:
            _copy(held, sys.stdout)
            return
        try:
            with Path(file).open("w", encoding="utf-8", newline="") as target:
                _copy(held, target)
        except OSError as problem:
            raise refuse_output(file, problem) from None


def _copy(held: IO[str], target: IO[str]) -> None:
    while piece := held.read(1 << 20):
        target.write(piece)


def refuse_output(file: str, problem: OSError) -> SwyxError:
    """What to say about a file that can't be written."""
    reason = problem.strerror or "the system refused"
    return SwyxError([Message.about("output-refused", "--output", file=file, reason=reason)])
