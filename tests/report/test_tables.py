"""Text for people: columns, words, and messages in order, joined and counted."""

from __future__ import annotations

from swyx_components.messages import Message, shorten
from swyx_components.report.tables import align, count_messages, list_messages, plural


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


def test_of_a_long_list_the_rest_is_counted_unless_it_is_no_longer_than_the_count() -> None:
    assert shorten("abcd", 3) == ["a", "b", "c", "and 1 more"]
    assert shorten("abcd", 3, excess=1) == ["a", "b", "c", "d"]
    assert shorten("abcde", 3, "more ports", excess=1) == ["a", "b", "c", "and 2 more ports"]


# ---- messages


def note(place: str, role: str = "LinkManager") -> Message:
    return Message.about("serves-nothing", place, role=role)


def wide(place: str) -> Message:
    return Message.about("egress-open", place, services="DNS")


def error(place: str) -> Message:
    return Message.about("cloud-twice", place)


def test_errors_come_first_then_warnings_then_notes() -> None:
    lines = [
        line.split(":")[0] for line in list_messages([note("a"), wide("b"), error("c"), wide("d")])
    ]
    assert lines == ["error", "warning", "note"]


def test_the_same_words_at_several_places_are_one_line() -> None:
    (line,) = list_messages([note("a"), note("b")])
    assert line.startswith("note: a, b: this LinkManager serves")


def test_more_than_three_places_are_counted() -> None:
    (line,) = list_messages([note(place) for place in "abcde"])
    assert line.startswith("note: a, b, c, and 2 more places: this LinkManager")


def test_other_words_are_another_line() -> None:
    assert len(list(list_messages([note("a"), note("b", role="Other")]))) == 2


def test_errors_of_the_same_words_are_one_line_too() -> None:
    assert list(list_messages([error("a"), error("b")])) == [
        "error: a, b: two clouds for one site; write one cloud for each site."
    ]


def test_ends_that_only_one_place_has_keep_no_two_lines_apart() -> None:
    missing = [
        Message.about(
            "decision-missing",
            place,
            decision="dcom",
            ports="ports",
            parties=parties,
            example="wide",
        )
        for place, parties in (("a", "C1 (x to y)"), ("a", "C2 (y to x)"), ("b", "C1 (z to w)"))
    ]
    assert list(list_messages(missing)) == [
        "error: a, b: the article does not specify ports for C1 (x to y), and others elsewhere; set "
        "`decisions.dcom`, for example `dcom: wide` or a port range, for all sites or for this site."
    ]


def test_counts_are_words() -> None:
    assert count_messages([note("a"), wide("b"), wide("c")]) == "no errors, 1 warning, 1 note"
