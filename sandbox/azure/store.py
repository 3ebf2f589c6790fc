"""What the emulated cloud holds: one JSON document a top-level resource, kept in one sqlite file.

Reads come from memory; a commit is one transaction, so a killed emulator restarts with all of a
request or none of it.
"""

import json
import sqlite3
from pathlib import Path
from typing import Any

from sandbox.azure.ids import PROVIDERS, key

Document = dict[str, Any]


class Store:
    """Documents by id, without regard to case. Callers never mutate a document that they were given."""

    def __init__(self, directory: Path | None) -> None:
        """Open the state in `directory`, or keep it in memory only when there is none."""
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)
        path = ":memory:" if directory is None else str(directory / "arm.sqlite3")
        self._sql = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._sql.execute("pragma journal_mode=wal")
        self._sql.execute("pragma synchronous=normal")
        self._sql.execute(
            "create table if not exists resources (key text primary key, document text not null)"
        )
        rows = self._sql.execute("select key, document from resources")
        self._documents: dict[str, Document] = {name: json.loads(text) for name, text in rows}

    def get(self, arm_id: str) -> Document | None:
        return self._documents.get(key(arm_id))

    def under(self, prefix: str) -> list[Document]:
        """The documents inside a place, sorted by id; the place itself is not one of them."""
        start = key(prefix) + "/"
        return [
            document for name, document in sorted(self._documents.items()) if name.startswith(start)
        ]

    def of_kind(self, kind: str) -> list[Document]:
        """Every document of one kind, in all subscriptions."""
        wanted = f"{PROVIDERS[kind]}/{kind}"
        return [document for document in self._documents.values() if document["type"] == wanted]

    def commit(self, *, put: tuple[Document, ...] = (), delete: tuple[str, ...] = ()) -> None:
        """Write and remove, all or nothing, on disk before in memory."""
        rows = [(key(each["id"]), json.dumps(each, separators=(",", ":"))) for each in put]
        gone = [(key(arm_id),) for arm_id in delete]
        self._sql.execute("begin immediate")
        try:
            self._sql.executemany("insert or replace into resources values (?, ?)", rows)
            self._sql.executemany("delete from resources where key = ?", gone)
        except BaseException:
            self._sql.execute("rollback")
            raise
        self._sql.execute("commit")
        self._documents |= {key(document["id"]): document for document in put}
        for arm_id in delete:
            self._documents.pop(key(arm_id), None)

    def close(self) -> None:
        self._sql.close()
