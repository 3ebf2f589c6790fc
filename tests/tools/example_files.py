"""Titled cases of installation files: the example with changes, or a text, and every message it gives."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from swyx_components.catalogue.yaml_source import compose
from swyx_components.messages import Diagnostics

HERE = Path(__file__).parents[1] / "installation"
BASE = HERE / "base.yaml"
KEYS = {"title", "with", "without", "installation", "text", "messages", "structural", "note"}


@dataclass(frozen=True)
class Case:
    """`data` is the installation as plain data, None for a case about YAML itself, which has `text`.

    `structural`: the JSON Schema refuses the file as well.
    """

    file: str
    title: str
    data: Any
    text: str
    messages: list[str]
    structural: bool


def read_plain(text: str) -> Any:
    """YAML as the reader under test sees it, so that 010 stays 010."""
    log = Diagnostics("")
    data = compose(text, log)
    assert not log.all()
    return data


def all_cases() -> Iterator[Case]:
    """Every case of every file; a case that is itself wrong is an error, not a pass."""
    titles = set()
    for path in sorted((HERE / "cases").glob("*.yaml")):
        for row in read_plain(path.read_text(encoding="utf-8")):
            assert row.keys() <= KEYS, f"{row['title']}: unknown key"
            assert "messages" in row, f"{row['title']}: nothing expected"
            assert row["title"] not in titles, f"{row['title']}: repeated"
            titles.add(row["title"])
            yield Case(
                path.stem,
                row["title"],
                None if "text" in row else _installation(row),
                row.get("text", ""),
                row["messages"],
                row.get("structural", False),
            )


def _installation(row: dict[str, Any]) -> Any:
    if "installation" in row:
        return row["installation"]
    data = read_plain(BASE.read_text(encoding="utf-8"))
    if "with" in row:
        data = merged(data, row["with"])
    for path in row.get("without", []):
        *parents, last = path.split(".")
        holder = data
        for key in parents:
            holder = holder[key]
        del holder[last]
    return data


def merged(base: Any, change: Any) -> Any:
    """The base with a change laid over it: mappings are merged, all else is replaced."""
    if not (isinstance(base, dict) and isinstance(change, dict) and change):
        return change
    return {**base, **{key: merged(base.get(key), value) for key, value in change.items()}}
