"""What the pages tell a reader to type: it parses, ends as the page says, and prints what the page shows.

A code block of a shell may have `swyx` commands; `# exit code 1` at the end of a line says how it ends,
0 otherwise. A `text` block after a block with one command is its output, where `...` stands for what was
left out. A `diff` block is an edit of the example's file.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from swyx_components.cli.main import COMMANDS, load_command
from swyx_components.cli.main import swyx as program
from tests.docs.conftest import ROOT
from tests.tools.command import Outcome, swyx

EXAMPLE = "stacks/installation.yaml"
BEFORE = "before.yaml"  # the example as it was, which the pages fetch from git
# Commands that answer from the file alone, so that they can be run here.
RUN = {"check", "plan", "explain", "call", "flows"}
PAGES = [ROOT / "docs/tutorial.md", *sorted((ROOT / "docs/how-to").glob("*.md"))]
SHELLS = {"sh", "shell", "bash", "console", ""}


@dataclass(frozen=True, slots=True)
class Block:
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Command:
    words: tuple[str, ...]
    exit_code: int
    alone: bool  # nothing else on the line, so that what it prints is what the reader sees


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found = re.findall(r"^```(\w*)[^\n]*\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    return [Block(language, body) for language, body in found]


def commands_of(block: Block) -> Iterator[Command]:
    if block.language not in SHELLS:
        return
    for line in block.text.replace("\\\n", " ").splitlines():
        code = re.search(r"# exit code (\d)", line)
        splitter = shlex.shlex(line.removeprefix("$ "), posix=True, punctuation_chars=True)
        splitter.whitespace_split = True
        words = list(splitter)
        if words[:1] == ["swyx"]:
            end = next(
                (at for at, word in enumerate(words) if set(word) <= set("();<>|&")), len(words)
            )
            alone = end == len(words)
            yield Command(tuple(words[1:end]), int(code[1]) if code else 0, alone)


def parse(command: Command) -> None:
    """Have the command line read as the program reads it, without running anything."""
    name, *words = command.words or ("",)
    if name in {word for option in program.params for word in option.opts}:
        return  # of `swyx` itself, which has nothing to read after it
    assert name in COMMANDS, f"swyx has no command {name}"
    # Under its program, as always: a command remembers the names of its help option.
    load_command(name).make_context(
        "swyx", words, parent=click.Context(program, **program.context_settings)
    )


def edit(file: Path, diff: str) -> None:
    """Apply a diff block: its lines without those it adds must stand in the file."""
    lines = diff.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if not line.startswith("+"))
    after = "".join(line[1:] for line in lines if not line.startswith("-"))
    pattern = re.escape(before).replace(r"\ ", " ")
    pattern = re.sub(
        r"\n", r"[^\\n]*\n", pattern.replace("\\\n", "\n")
    )  # comments at a line's end may stay
    text = file.read_text(encoding="utf-8")
    assert len(re.findall(pattern, text)) == 1, f"the edit fits nowhere:\n{diff}"
    file.write_text(re.sub(pattern, lambda _: after, text), encoding="utf-8")


def shows(expected: str, outcome: Outcome) -> bool:
    """Whether the page's text is what was printed, `...` standing for anything."""
    pattern = "".join(
        r"(?:.*\n)*?" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*?") + r"\n"
        for line in expected.splitlines()
    )
    printed = (outcome.out, outcome.err, outcome.out + outcome.err, outcome.err + outcome.out)
    return any(re.fullmatch(pattern, text) for text in printed)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_a_page_parses(page: Path) -> None:
    for block in blocks_of(page):
        for command in commands_of(block):
            try:
                parse(command)
            except Exception as problem:
                pytest.fail(f"{page.name}: swyx {shlex.join(command.words)}: {problem}")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_says_how_its_commands_end_and_what_they_print(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "stacks", tmp_path / "stacks")
    shutil.copy(ROOT / EXAMPLE, tmp_path / BEFORE)
    monkeypatch.chdir(tmp_path)
    before: list[tuple[Command, Outcome]] = []
    for block in blocks_of(page):
        if block.language == "text" and len(before) == 1 and before[0][0].alone:
            command, outcome = before[0]
            assert shows(block.text, outcome), (
                f"{page.name}: swyx {shlex.join(command.words)} prints\n{outcome.out}{outcome.err}"
            )
        if block.language == "diff" and EXAMPLE in page.read_text(encoding="utf-8"):
            edit(tmp_path / EXAMPLE, block.text)
        before = [
            (command, swyx(*command.words)) for command in commands_of(block) if is_run(command)
        ]
        for command, outcome in before:
            told = (
                f"{page.name}: swyx {shlex.join(command.words)} ends with exit code {outcome.code}"
            )
            assert outcome.code == command.exit_code, told


def is_run(command: Command) -> bool:
    """Whether a command is about the example's file, and writes no file of its own."""
    words = command.words
    return words[:3] == ("diff", BEFORE, EXAMPLE) or (
        words[:1] != ()
        and words[0] in RUN
        and words[1:2] == (EXAMPLE,)
        and not {"-o", "--output"} & set(words)
    )


def test_the_tutorial_runs_what_it_shows() -> None:
    """Guard of the tests above: the tutorial has commands, outputs and edits that they see."""
    blocks = blocks_of(ROOT / "docs/tutorial.md")
    commands = [command for block in blocks for command in commands_of(block)]
    assert sum(map(is_run, commands)) >= 8
    assert [command.exit_code for command in commands].count(1) == 3
    assert sum(block.language == "diff" for block in blocks) == 3


def test_every_test_that_a_page_names_is_there() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    named = {
        path
        for page in pages
        for path in re.findall(
            r"(?<![\w-])(?:sandbox/)?tests/[\w/]+\.py\b", page.read_text(encoding="utf-8")
        )
    }
    assert len(named) > 5
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []
