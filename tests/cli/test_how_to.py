"""The how-to pages: every command in them is one that works on the example."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.tools.command import swyx

ROOT = Path(__file__).parents[2]
PAGES = (
    ROOT / "docs/how-to/find-out-why-a-call-fails.md",
    ROOT / "docs/how-to/hand-the-flow-matrix-to-a-firewall-team.md",
)
COMMANDS = [
    line
    for page in PAGES
    for block in re.findall(r"^```\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)
    for line in block.splitlines()
    if line.startswith("swyx ") and not line.startswith("swyx verify ")  # which asks a cloud
]


def test_the_pages_have_commands() -> None:
    assert len(COMMANDS) >= 11


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_a_page_works(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stacks").mkdir()
    shutil.copy(ROOT / "stacks/installation.yaml", tmp_path / "stacks")
    monkeypatch.chdir(tmp_path)
    outcome = swyx(*shlex.split(command)[1:])
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out or "--output" in command


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists()
