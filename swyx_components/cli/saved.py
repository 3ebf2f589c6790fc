"""Files that a cloud's command, or the engine, wrote: opened, recognised by their shape, never trusted."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from swyx_components.analysis.deployed.platform import Inventory
from swyx_components.analysis.deployed.stack_state import is_stack_state
from swyx_components.cli.terminal import refuse
from swyx_components.clouds import PLATFORMS
from swyx_components.messages import Message, SwyxError, raise_errors

_LONGEST = 512 * 1024 * 1024  # bytes; what a whole estate takes is a fraction of it

_CONTINUED = ("NextToken", "nextLink")  # where there is more than this page


def open_saved(files: Sequence[str]) -> Mapping[str, Inventory]:
    """What is in the files, by the cloud whose commands wrote them.

    Raises:
        SwyxError: one message for each that can't be read or is not supported, or some are damaged.
    """
    saved: dict[str, dict[str, object]] = {}
    errors: list[Message] = []
    for file in dict.fromkeys(files):
        try:
            content = read_json(file)
            clouds = (cloud.name for cloud in PLATFORMS.values() if cloud.recognise(content))
            cloud = next(clouds, "")
            if not cloud:
                errors.append(_unknown(file, content))
            if isinstance(content, dict) and any(content.get(key) for key in _CONTINUED):
                errors.append(Message.about("saved-truncated", file))
            saved.setdefault(cloud, {})[file] = content
        except SwyxError as problem:
            errors += problem.messages
    raise_errors(errors)
    found: dict[str, Inventory] = {}
    for cloud, contents in saved.items():
        with damage_refused(contents):
            found[cloud] = PLATFORMS[cloud].read_saved([*contents.values()])
    return found


@contextmanager
def damage_refused(files: Iterable[str]) -> Iterator[None]:
    """Read recognised files, which may still be damaged.

    Raises:
        SwyxError: they are damaged, as a `ValueError` says.
    """
    try:
        yield
    except ValueError as problem:
        raise refuse("saved-damaged", ", ".join(files), problem=problem) from None


def read_json(file: str) -> object:
    """What a file contains.

    Raises:
        SwyxError: it can't be read, is too long or not JSON.
    """
    try:
        path = Path(file)
        if path.stat().st_size > _LONGEST:
            raise refuse("saved-too-long", file, most=f"{_LONGEST:,}")
        return json.loads(path.read_bytes())
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise refuse("saved-unreadable", file, problem=reason) from None
    except (ValueError, RecursionError) as problem:
        reason = (
            "its text is not UTF-8" if isinstance(problem, UnicodeError) else "nested too deeply"
        )
        if isinstance(problem, json.JSONDecodeError):  # where it is broken, without quoting it
            reason = f"{problem.msg} at line {problem.lineno}"
        raise refuse("saved-no-json", file, problem=reason) from None


def _unknown(file: str, content: object) -> Message:
    if is_stack_state(content):
        return Message.about("saved-is-state", file)
    if content == []:
        return Message.about("saved-empty", file)
    if isinstance(content, dict):
        kind = f"an object with the keys {', '.join(sorted(content)[:5])}" if content else "empty"
    else:
        kind = f"a {type(content).__name__}"
    known = [command for cloud in PLATFORMS.values() for command in cloud.commands]
    return Message.about("saved-unknown", file, kind=kind, known=known)
