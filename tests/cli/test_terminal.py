"""How far a long command is: a bar that a terminal shows and forgets, a line now and then elsewhere."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from swyx_components.cli import terminal


def test_a_large_output_leaves_memory_while_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    moved: list[str] = []

    class Spool(terminal.SpooledTemporaryFile[str]):
        def rollover(self) -> None:
            moved.append("to disk")
            super().rollover()

    def pieces() -> Iterator[str]:
        yield "x" * 100
        assert moved == ["to disk"]
        yield "y"

    monkeypatch.setattr(terminal, "SpooledTemporaryFile", Spool)
    monkeypatch.setattr(terminal, "IN_MEMORY", 50)
    terminal.write_output(pieces())
    assert moved == ["to disk"]


def report(monkeypatch: pytest.MonkeyPatch, seconds: float, is_terminal: bool) -> None:
    """Four sites, each of which takes so many seconds."""
    clock = itertools.count(0, seconds)
    monkeypatch.setattr(terminal.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(terminal.sys.stderr, "isatty", lambda: is_terminal, raising=False)
    sites = ["aachen", "bochum", "celle", "dresden"]
    assert list(terminal.report_progress(sites, "sites planned", 4)) == sites


def test_a_terminal_shows_a_bar_and_is_left_as_it_was(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report(monkeypatch, 1.5, is_terminal=True)
    assert capsys.readouterr().err.split("\r") == [
        f"sites planned [{'#' * 10:<40}] 1/4",
        f"sites planned [{'#' * 20:<40}] 2/4",
        f"sites planned [{'#' * 30:<40}] 3/4",
        " " * len(f"sites planned [{'':<40}] 3/4"),
        "",
    ]


def test_a_file_gets_a_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report(monkeypatch, 6.0, is_terminal=False)
    assert capsys.readouterr().err == ("swyx: sites planned: 1 of 4\nswyx: sites planned: 3 of 4\n")


@pytest.mark.parametrize("is_terminal", [True, False])
def test_who_waits_only_a_moment_sees_nothing(
    is_terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report(monkeypatch, 0.4, is_terminal)
    assert capsys.readouterr().err == ""


TOLD = ["error: plan.yaml:8:64: unknown role `SwyxGat`", "warning: plan.yaml:4:3: egress is closed"]


def test_on_a_terminal_errors_come_last_on_stderr_wrapped_and_in_colour(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "39")
    monkeypatch.delenv("NO_COLOR", raising=False)
    for stream in (terminal.sys.stdout, terminal.sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
    terminal.print_messages(TOLD)
    shown = capsys.readouterr()
    assert shown.out == "\x1b[33mwarning:\x1b[0m plan.yaml:4:3: egress is\n  closed\n"
    assert shown.err == "\x1b[31merror:\x1b[0m plan.yaml:8:64: unknown role\n  `SwyxGat`\n"
    monkeypatch.setenv("NO_COLOR", "1")
    terminal.print_messages(TOLD)
    assert "\x1b" not in "".join(capsys.readouterr())


def test_elsewhere_messages_are_lines_in_the_order_given(
    capsys: pytest.CaptureFixture[str],
) -> None:
    terminal.print_messages(TOLD)
    assert capsys.readouterr() == ("\n".join([*TOLD, ""]), "")


def test_on_a_terminal_the_lines_of_an_answer_are_wrapped_below_their_own_indentation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    terminal.print_answer(["  ac-link: lacks the rule in tcp 65001 from 10.2.0.10/32"])
    assert capsys.readouterr().out.count("\n") == 1
    monkeypatch.setattr(terminal.sys.stdout, "isatty", lambda: True, raising=False)
    terminal.print_answer(["  ac-link: lacks the rule in tcp 65001 from 10.2.0.10/32", ""])
    assert capsys.readouterr().out == (
        "  ac-link: lacks the rule in tcp 65001\n    from 10.2.0.10/32\n\n"
    )
