"""The journal of a cloud: every write that reached it, in the order of effect, one JSON object a line.

AWS: `{"action", "parameters", "status", "response"}`, parameters as in EC2's query protocol, the
response as EC2's XML. Azure: `{"method", "path", "body", "status"}`. Refused writes are in it too.
"""

import json
from pathlib import Path
from typing import Any

NAME = "journal.jsonl"


class Journal:
    """Appends to a file in the folder, if any; the caller serialises writes."""

    def __init__(self, folder: Path | None) -> None:
        self._path = folder / NAME if folder else None

    def note(self, record: dict[str, Any]) -> None:
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as journal:
                journal.write(json.dumps(record) + "\n")


def read_journal(folder: Path) -> list[dict[str, Any]]:
    """Every record so far."""
    path = folder / NAME
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
