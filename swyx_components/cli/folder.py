"""Files written into one folder: nothing outside it, and nothing that someone else wrote or changed.

A list in the folder (`swyx-hosts.json`) holds the digest of every file as it was written. What is not
in the list, or is no longer as it says, belongs to someone else.
"""

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from swyx_components.cli.failures import raise_errors, refuse
from swyx_components.cli.terminal import replace_file
from swyx_components.messages import Message

LIST = "swyx-hosts.json"
_PATH = re.compile(r"(?:\+?[A-Za-z0-9_-]+/){0,3}\+?[A-Za-z0-9_-]+\.[a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a run did to the folder, as paths relative to it."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]


def write_folder(
    folder: Path, files: Mapping[str, bytes], owned: Sequence[str], force: bool
) -> Written:
    """Write the files, and remove those of earlier runs below the `owned` folders that are no longer made.

    Raises:
        SwyxError: something there is not ours, or leads out of the folder; then nothing is written.
    """
    known = _read_list(folder)
    if not force:
        _refuse_foreign(folder, files, known)
    _refuse_leading_out(folder, files)
    stale = [
        path
        for path, digest in known.items()
        if path not in files
        and any(path.startswith(f"{own}/") for own in owned)
        and _digest_of(folder / path) == digest
    ]
    _refuse_leading_out(folder, stale)
    changed = [path for path, raw in files.items() if _digest_of(folder / path) != _digest(raw)]
    for path in changed:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        replace_file(target, [files[path]])
    for path in stale:
        (folder / path).unlink()
    kept = {path: digest for path, digest in known.items() if path not in stale}
    kept |= {path: _digest(raw) for path, raw in files.items()}
    _write_list(folder, kept)
    return Written(
        written=tuple(changed),
        unchanged=tuple(path for path in files if path not in changed),
        removed=tuple(stale),
    )


def _refuse_foreign(folder: Path, files: Mapping[str, bytes], known: Mapping[str, str]) -> None:
    raise_errors(
        Message.about("file-foreign", str(folder / path), list=LIST)
        for path, raw in files.items()
        if os.path.lexists(folder / path)
        and _digest_of(folder / path) not in (known.get(path), _digest(raw))
    )


def _refuse_leading_out(folder: Path, paths: Mapping[str, bytes] | Sequence[str]) -> None:
    """Links below the folder might lead anywhere, and a path of the list might be anything."""
    for path in (LIST, *paths):
        place = folder
        for part in path.split("/"):
            place = place / part
            if place.is_symlink():
                raise refuse("file-is-link", str(place))


def _read_list(folder: Path) -> dict[str, str]:
    """Digests by path; what is no list of ours counts as none."""
    try:
        files = json.loads((folder / LIST).read_text(encoding="utf-8"))["files"]
        return {path: str(digest) for path, digest in files.items() if _PATH.fullmatch(path)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _write_list(folder: Path, files: Mapping[str, str]) -> None:
    document = {"version": 1, "files": dict(sorted(files.items()))}
    folder.mkdir(parents=True, exist_ok=True)
    replace_file(folder / LIST, [f"{json.dumps(document, indent=1)}\n".encode()])


def _digest_of(path: Path) -> str:
    return _digest(path.read_bytes()) if path.is_file() and not path.is_symlink() else ""


def _digest(raw: bytes) -> str:
    return sha256(raw).hexdigest()
