"""A sample of `make fuzz`, and that it finds what it is there for."""

from __future__ import annotations

from pathlib import Path

import pytest

from swyx_components.cli import check as check_room
from tests.tools.fuzz.__main__ import fuzz, parse
from tests.tools.fuzz.answers import ask, check_file
from tests.tools.fuzz.large import LARGE
from tests.tools.fuzz.mutate import MODELS, make_mutant


def test_a_sample_of_mutated_files_is_answered_as_promised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = fuzz(parse(["--count", "60", "--seed", "7", "--large", "0"]), tmp_path)
    assert tally.files == 60
    assert not tally.failed, capsys.readouterr().out
    assert 0 < tally.accepted < 30  # neither all refused at the first word, nor hardly mutated


@pytest.mark.parametrize("title", sorted(LARGE))
def test_a_large_file_of_each_way_is_answered_as_promised(title: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_bytes(
        LARGE[title].write(80)
    )  # `flows` lists pairs of networks: it grows with the square
    assert check_file(path).faults == ()


def test_a_number_is_always_the_same_file() -> None:
    assert make_mutant(1, 7) == make_mutant(1, 7)
    assert make_mutant(1, 7).content != make_mutant(2, 7).content


def answers_with(monkeypatch: pytest.MonkeyPatch, command: object) -> tuple[str, ...]:
    """The faults of a good file where `swyx check` does this instead."""
    monkeypatch.setattr(check_room.check, "callback", command)
    return check_file(MODELS[0]).faults


def test_the_check_finds_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    faults = answers_with(monkeypatch, lambda file, as_json, **_options: {}["x"])
    assert any("defect of swyx" in fault for fault in faults)


def test_the_check_finds_a_raw_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    def command(file: str, as_json: bool, **_options: object) -> int:
        print('{"messages": []}' if as_json else "\x1b[2J")
        return 0

    assert any("steers a terminal" in fault for fault in answers_with(monkeypatch, command))


def test_the_check_finds_an_error_without_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    def command(file: str, as_json: bool, **_options: object) -> int:
        print(
            '{"messages": [{"severity": "error", "id": "x", "file": "f", "place": "p", "sentence": "s", '
            '"remedy": ""}]}'
        )
        return 2

    faults = answers_with(monkeypatch, command)
    assert "x lacks its remedy" in faults
    assert any("do not agree" in fault for fault in faults)


def test_a_command_that_does_not_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    def command(file: str, as_json: bool, **_options: object) -> int:
        while True:
            pass

    monkeypatch.setattr(check_room.check, "callback", command)
    answer = ask(("check", "x"), limit=0.1)
    assert answer.code is None
    assert "while True" in answer.stack or "pass" in answer.stack
