"""What reaches the terminal: answers on stdout, sentences and progress on stderr, never raw data."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from swyx_components.messages.render import printable

_Item = TypeVar("_Item")
_PATIENCE = 2.0  # seconds before work counts as long
_SILENCE = 10.0  # seconds between two lines where there is no terminal


def prepare_streams() -> None:
    """A terminal that can't show a character gets its escape, not a failure."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def say(text: str = "") -> None:
    """One line of the answer."""
    print(safe_line(text))


def note(text: str) -> None:
    """One sentence that is not part of the answer."""
    print(safe_line(text), file=sys.stderr)


def complain(text: str) -> None:
    """One sentence about what went wrong."""
    print(f"swyx: {safe_line(text)}", file=sys.stderr)


def safe_line(text: str) -> str:
    """The line with everything escaped that could move a cursor or turn the direction of text."""
    return text if text.isprintable() else "".join(map(printable, text))


def report_progress(items: Iterable[_Item], what: str, total: int) -> Iterator[_Item]:
    """The items, while stderr says how far it is: a bar on a terminal, else a line now and then."""
    begun = said = time.monotonic()
    bar: _Bar | None = None
    try:
        for done, item in enumerate(items):
            now = time.monotonic()
            if bar is not None:
                bar.move(done)
            elif now - begun > _PATIENCE and sys.stderr.isatty():
                bar = _Bar(what, total)
            elif now - said > _SILENCE:
                said = now
                print(f"swyx: {what}: {done:,} of {total:,}", file=sys.stderr)
            yield item
    finally:
        if bar is not None:
            bar.remove()


class _Bar:
    """A bar that leaves no trace; rich is loaded only where there is time to watch it."""

    def __init__(self, what: str, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        console = Console(stderr=True, markup=False, highlight=False)
        self._progress = Progress(*columns, console=console, transient=True)
        self._task = self._progress.add_task(what, total=total)
        self._progress.start()

    def move(self, done: int) -> None:
        self._progress.update(self._task, completed=done)

    def remove(self) -> None:
        self._progress.stop()
