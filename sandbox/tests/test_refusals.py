"""The tables of refusals: no code without a row, no row without a use, and each sentence gets its words."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from sandbox.paths import REPOSITORY

FOLDERS = [REPOSITORY / "sandbox" / place for place in ("azure", "aws/strict")]


def calls_in(folder: Path) -> Iterator[tuple[str, set[str]]]:
    """What each `refuse("code", word=...)` names, and the words that it hands in."""
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "refuse":
                for name in ast.walk(node.args[0]):
                    if isinstance(name, ast.Constant) and isinstance(name.value, str):
                        yield name.value, {str(each.arg) for each in node.keywords}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_refusal_has_its_sentence_and_every_sentence_its_words(folder: Path) -> None:
    table = yaml.safe_load((folder / "refusals.yaml").read_text(encoding="utf-8"))
    calls = list(calls_in(folder))
    assert len(calls) > 20
    for code, given in calls:
        words = {name for _, name, _, _ in string.Formatter().parse(table[code]["says"]) if name}
        assert words <= given, code


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_row_is_used(folder: Path) -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    rows = yaml.safe_load((folder / "refusals.yaml").read_text(encoding="utf-8"))
    assert [code for code in rows if not re.search(f'"{code}"', source)] == []
