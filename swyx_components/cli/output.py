"""Where an answer goes: stdout or a file, in a format that the command has."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from swyx_components.messages import Message, SwyxError


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
    """The text to stdout or, where a file is named, to that.

    Raises:
        SwyxError: the file can't be written.
    """
    if not file:
        sys.stdout.writelines(pieces)
        return
    try:
        with Path(file).open("w", encoding="utf-8", newline="") as target:
            target.writelines(pieces)
    except OSError as problem:
        raise refuse_output(file, problem) from None


def refuse_output(file: str, problem: OSError) -> SwyxError:
    """What to say about a file that can't be written."""
    reason = problem.strerror or "the system refused"
    return SwyxError([Message.about("output-refused", "--output", file=file, reason=reason)])
