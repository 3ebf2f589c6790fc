"""Messages for people: order, joining, counting."""

from __future__ import annotations

from swyx_components.messages import Message
from swyx_components.report.tables import count_messages, list_messages


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
    assert line.startswith("note: a, b, c, 2 more places: this LinkManager")


def test_other_words_are_another_line() -> None:
    assert len(list(list_messages([note("a"), note("b", role="Other")]))) == 2


def test_errors_are_never_joined() -> None:
    assert len(list(list_messages([error("a"), error("b")]))) == 2


def test_counts_are_words() -> None:
    assert count_messages([note("a"), wide("b"), wide("c")]) == "no errors, 2 warnings, 1 note"
