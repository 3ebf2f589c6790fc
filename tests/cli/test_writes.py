"""`swyx` writes to its two streams and nowhere else: no file appears in any folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.command import SMALL

CLOSED = "http://127.0.0.1:9"  # the discard port, where nothing listens
COMMANDS: dict[str, tuple[int, tuple[str, ...]]] = {
    "help": (0, ("--help",)),
    "check": (0, ("check", "FILE")),
    "check a defective file": (2, ("check", "BAD", "--json")),
    "plan": (0, ("plan", "FILE", "--cloud", "aws", "--json")),
    "explain": (1, ("explain", "FILE", "ac-office", "ac-server", "tcp/1720")),
    "flows": (0, ("flows", "FILE")),
    "catalogue": (0, ("catalogue",)),
    "schema": (0, ("schema",)),
    "verify, with no cloud there": (3, ("verify", "FILE", "--site", "aachen", "--cloud", "azure")),
    "prune, with no engine there": (
        3,
        ("prune", "FILE", "--site", "aachen", "--cloud", "aws", "--yes"),
    ),
    "a command that is none": (2, ("deploy", "FILE")),
}


@pytest.mark.parametrize("title", COMMANDS)
def test_no_file_appears_anywhere(title: str, tmp_path: Path) -> None:
    code, words = COMMANDS[title]
    for name in ("work", "home", "temporary", "input"):
        (tmp_path / name).mkdir()
    files = {"FILE": tmp_path / "input" / "plan.yaml", "BAD": tmp_path / "input" / "bad.yaml"}
    files["FILE"].write_text(SMALL)
    files["BAD"].write_text("sites: {")
    before = snapshot(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "swyx_components.cli.main"]
        + [str(files.get(word, word)) for word in words],
        cwd=tmp_path / "work",
        env={
            "PATH": os.defpath,
            "HOME": str(tmp_path / "home"),
            "TMPDIR": str(tmp_path / "temporary"),
            "AWS_ENDPOINT_URL": CLOSED,
            "AWS_REGION": "eu-central-1",
            "AZURE_RESOURCE_MANAGER_ENDPOINT": CLOSED,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert snapshot(tmp_path) == before


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file and folder with what it holds."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
    }
