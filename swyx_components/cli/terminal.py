"""What reaches a terminal, a file or a script: answers, sentences on stderr, exit codes; never raw data."""

import json
import os
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import TextIOWrapper
from pathlib import Path
from shutil import copyfileobj, copymode, get_terminal_size
from tempfile import SpooledTemporaryFile
from textwrap import TextWrapper
from typing import TextIO, TypeVar

import click

from swyx_components.messages import Message, Severity, SwyxError, plain

refuse = SwyxError.about  # what is wrong with an argument, an option or a file, to be raised
DONE, ANSWER_NO, WRONG_INPUT, CLOUD_FAILED = range(4)  # exit codes
_DEBUG = "SWYX_DEBUG"
_Item = TypeVar("_Item")
_PATIENCE = 2.0  # seconds before work counts as long
_SILENCE = 10.0  # seconds between two lines where there is no terminal
_REDRAWN = 0.1  # seconds between two states of the bar
_WIDTH = 40  # characters of the bar
_COLOURS = {"note": 36, "warning": 33, "error": 31}  # of a terminal, in the order of printing
IN_MEMORY = 16_000_000  # bytes of output that are kept in memory until all of it has come


def prepare_streams() -> None:
    """A terminal that can't show a character gets its escape, not a failure."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def print_note(text: str) -> None:
    """One sentence that is not part of the answer."""
    _print_sentence(text, 0, sys.stderr)


def print_error(text: str) -> None:
    """One sentence about what went wrong."""
    _print_sentence(f"swyx: {text}", _COLOURS["error"], sys.stderr)


def print_messages(lines: Iterable[str]) -> None:
    """Lines that begin with their severity; on a terminal errors come last, on stderr."""
    told = [(line.partition(":")[0], line) for line in lines]
    is_terminal = sys.stdout.isatty()
    if is_terminal:
        told.sort(key=lambda each: list(_COLOURS).index(each[0]))
    for severity, line in told:
        stream = sys.stderr if is_terminal and severity == "error" else sys.stdout
        _print_sentence(line, _COLOURS[severity], stream)


def _print_sentence(line: str, colour: int, stream: TextIO) -> None:
    """On a terminal wrapped to its width, the first word in a colour, if any, unless NO_COLOR is set."""
    shown = plain(line)
    if stream.isatty():
        width, indent = get_terminal_size().columns, " " * (len(line) - len(line.lstrip()) + 2)
        words = TextWrapper(width, "", indent, break_long_words=False, break_on_hyphens=False)
        shown = words.fill(shown)
        if colour and not os.environ.get("NO_COLOR"):
            word, colon, rest = shown.partition(":")
            shown = f"\x1b[{colour}m{word}{colon}\x1b[0m{rest}"
    print(shown, file=stream)


def print_answer(answer: Mapping[str, object] | Iterable[str]) -> None:
    """The document of `--json`, or lines."""
    if isinstance(answer, Mapping):
        print(json.dumps(answer, indent=1))
        return
    for line in answer:
        _print_sentence(line, 0, sys.stdout)


def report_progress(items: Iterable[_Item], what: str, total: int) -> Iterator[_Item]:
    """The items, while stderr says how far it is: a bar on a terminal, else a line now and then."""
    begun = said = time.monotonic()
    bar = ""
    try:
        for done, item in enumerate(items):
            now = time.monotonic()
            if sys.stderr.isatty():
                if now - begun > _PATIENCE and now - said > _REDRAWN:
                    filled = "#" * (_WIDTH * min(done, total) // max(total, 1))
                    said, bar = now, f"{what} [{filled:<{_WIDTH}}] {done:,}/{total:,}"
                    print(bar, end="\r", file=sys.stderr, flush=True)
            elif now - said > _SILENCE:
                said = now
                print(f"swyx: {what}: {done:,} of {total:,}", file=sys.stderr)
            yield item
    finally:
        if bar:  # it leaves no trace
            print(" " * len(bar), end="\r", file=sys.stderr, flush=True)


# ---- where an answer goes: stdout or a file, in a format that the command has


def choose_format(word: str, as_json: bool, known: Sequence[str], option: str = "--format") -> str:
    """The format asked for; the first where nothing is.

    Raises:
        SwyxError: no such format, or `--json` beside another one.
    """
    chosen = word or ("json" if as_json else known[0])
    if chosen not in known or (as_json and chosen != "json"):
        shown = word if word not in known else f"{word} beside --json"
        raise refuse("format-unknown", option, word=shown, known=known)
    return chosen


# What Windows opens as a device, in any folder and with any extension.
_DEVICE = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\xb9\xb2\xb3]) *(\..*)?", re.IGNORECASE
)


def replace_file(
    target: Path, pieces: Iterable[bytes], inputs: Iterable[Path] = (), *, parents: bool = False
) -> int:
    """Put a file in place at once, so that no reader ever sees half of it; its size in bytes.

    Every command writes its files here. `parents`: the folders above it may be made.

    Raises:
        SwyxError: it is an input of the command, a link, not a file, or named like a device.
    """
    try:
        refuse_device(target)
        if target.is_symlink() or (target.exists() and not target.is_file()):
            reason = "a symbolic link" if target.is_symlink() else "not a file"
            raise refuse("output-refused", "", file=target, reason=reason)
        if target.is_file() and any(own.is_file() and target.samefile(own) for own in inputs):
            raise refuse("output-is-input", "", file=target)
        if parents:
            target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(f".{target.name}.swyx")
        beside.unlink(missing_ok=True)
        try:
            with beside.open("xb") as file:
                file.writelines(pieces)
                size = file.tell()
            if target.exists():
                copymode(target, beside)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
        return size
    except OSError as problem:
        reason = problem.strerror or "system error"
        raise refuse("output-refused", "", file=target, reason=reason) from None


def refuse_device(path: Path) -> None:
    """Stop where a part of a path is the name of a device of Windows.

    Raises:
        SwyxError: it is.
    """
    for part in path.parts:
        if _DEVICE.fullmatch(part):
            name = part if part == str(path) else f"{part} in {path}"
            raise refuse("output-device", "", name=name)


def write_output(pieces: Iterable[str], file: str = "", inputs: Iterable[Path] = ()) -> None:
    """The text to stdout or, where a file is named, to that; nothing of it where a piece fails to come.

    Raises:
        SwyxError: the file can't be written, or is one of the command's inputs.
    """
    with SpooledTemporaryFile(IN_MEMORY, "w+", encoding="utf-8", newline="") as gathered:
        for piece in pieces:  # `writelines` would look at the size when all is in memory
            gathered.write(piece)
        gathered.seek(0)
        if file:
            replace_file(Path(file), (line.encode() for line in gathered), inputs)
        else:
            copyfileobj(gathered, sys.stdout)


# ---- how a command ends


def exit_code_of(messages: Iterable[Message], strict: bool) -> int:
    """The exit code for what was told; warnings are an answer with `--strict` alone."""
    found = {message.severity for message in messages}
    if Severity.ERROR in found:
        return WRONG_INPUT
    return ANSWER_NO if strict and Severity.WARNING in found else DONE


def explain_failure(problem: Exception, command: str) -> int:
    """Say on stderr what happened to a command, if one was named; the exit code."""
    if isinstance(problem, SwyxError):
        from swyx_components.analysis.deployed.verify import CloudError
        from swyx_components.report.tables import join_messages

        for message in join_messages(problem.messages):
            print_error(str(message))
        return CLOUD_FAILED if isinstance(problem, CloudError) else WRONG_INPUT
    if isinstance(problem, click.UsageError):
        said = problem.format_message().replace("integer range", "number")
        if isinstance(problem, click.NoSuchOption):
            near = " or ".join(sorted(problem.possibilities or ()))
            meant = f" (did you mean {near}?)" if near else ""
            said = f"No such option: {problem.option_name}{meant}"
        path = f"swyx {command}".rstrip()
        print_error(f"{said.rstrip('.')}; `{path} --help` lists what is available.")
        return WRONG_INPUT
    if os.environ.get(_DEBUG):
        import traceback

        traceback.print_exception(problem, file=sys.stderr)
    if isinstance(problem, OSError):
        print_error(f"system error: {problem.strerror or problem}.")
        return CLOUD_FAILED
    print_error(
        f"defect of swyx ({type(problem).__name__}: {str(problem)[:150]}); report it with the traceback "
        f"that {_DEBUG}=1 prints."
    )
    return CLOUD_FAILED
