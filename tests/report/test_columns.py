"""Text in columns."""

from __future__ import annotations

from swyx_components.report.tables import align, plural


def test_cells_stand_under_each_other_and_lines_end_without_blanks() -> None:
    rows = [("in", "tcp 135", "from a"), ("out", "udp 50000-50099", "")]
    assert list(align(rows, "  ")) == [
        "  in   tcp 135          from a\n",
        "  out  udp 50000-50099\n",
    ]


def test_one_very_long_cell_pushes_its_own_row_only() -> None:
    assert list(align([("x" * 80, "a"), ("y", "b")])) == [f"{'x' * 80}  a\n", "y  b\n"]


def test_nothing_is_nothing() -> None:
    assert list(align([])) == []


def test_control_characters_are_escaped() -> None:
    assert list(align([("\x1b[31m", "\u202e")])) == ["\\x1b[31m  \\u202e\n"]


def test_one_and_many() -> None:
    assert (plural(1, "rule"), plural(1200, "rule")) == ("1 rule", "1,200 rules")
