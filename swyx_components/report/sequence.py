"""Calls as a sequence diagram: lifelines, and what goes from whom to whom, as Mermaid or as SVG."""

import re
from collections.abc import Iterable
from enum import Enum
from html import escape as escape_markup
from itertools import pairwise
from typing import NamedTuple

from swyx_components.analysis.calls.call import Call, Step
from swyx_components.analysis.calls.parties import Actor
from swyx_components.report.call import call_title, name_hosts, write_packets, write_passage
from swyx_components.report.tables import plain
from swyx_components.report.templates import PACKAGE, read, render


class Look(Enum):
    """How an arrow is drawn. QUIET: no rule is asked. UNREACHED: an earlier step fails."""

    PASSES = "passes"
    FAILS = "fails"
    QUIET = "quiet"
    UNREACHED = "unreached"


class Lifeline(NamedTuple):
    """One that takes part: its name and, below it, its hosts."""

    name: str
    hosts: str


class Arrow(NamedTuple):
    """One step between two lifelines, by their places; `title` says what, `detail` which packets."""

    sender: int
    receiver: int
    title: str
    detail: str
    look: Look
    both_ways: bool


class Section(NamedTuple):
    """One call: its title, its arrows, and how it ends."""

    title: str
    arrows: tuple[Arrow, ...]
    verdict: str


class Sequence(NamedTuple):
    """The diagram: lifelines from left to right, sections from top to bottom."""

    lifelines: tuple[Lifeline, ...]
    sections: tuple[Section, ...]


def arrange_sequence(calls: Iterable[Call]) -> Sequence:
    """The diagram of calls; who takes part in several of them has one lifeline."""
    calls = tuple(calls)
    places: dict[tuple[object, ...], int] = {}
    actors: list[Actor] = []
    for call in calls:
        for actor in _in_order(call):
            if places.setdefault(actor.key, len(actors)) == len(actors):
                actors.append(actor)
    return Sequence(
        lifelines=tuple(Lifeline(actor.name, _list_hosts(actor)) for actor in actors),
        sections=tuple(
            Section(
                call_title(call),
                tuple(_arrow(step, places, call.failed) for step in call.steps),
                _end(call),
            )
            for call in calls
        ),
    )


def _in_order(call: Call) -> Iterable[Actor]:
    """The actors of a call as it passes them: caller, those between, called party."""
    yield call.caller
    for step in call.steps:
        for actor in (step.sender, step.receiver):
            if actor.key != call.called.key:
                yield actor
    yield call.called


def _list_hosts(actor: Actor) -> str:
    addresses = dict.fromkeys(str(prefix) for host in actor.hosts for prefix in host.prefixes)
    return name_hosts(actor) if actor.role else ", ".join(addresses)


def _end(call: Call) -> str:
    return f"step {call.failed.number} fails" if call.failed else "every step passes"


def _arrow(step: Step, places: dict[tuple[object, ...], int], failed: Step | None) -> Arrow:
    passage = write_passage(step)
    passing = Look.PASSES if passage == "allowed" else Look.QUIET
    if step.passes and failed is not None and step.number > failed.number:
        passing = Look.UNREACHED
    look = passing if step.passes else Look.FAILS
    remarks = {
        Look.QUIET: ", no rule needed",
        Look.FAILS: f" fails, {passage}",
        Look.UNREACHED: ", not reached",
    }
    flow = f"[{step.flow}]" if step.flow else ""
    return Arrow(
        sender=places[step.sender.key],
        receiver=places[step.receiver.key],
        title=f"{step.number}. {step.does}{remarks.get(look, '')}",
        detail=" ".join(part for part in (write_packets(step), flow) if part),
        look=look,
        both_ways=step.both_ways,
    )


# ---- Mermaid text, which wikis and code hosts draw

# Everything else is written as `#code;`: a colon, semicolon, quote, bracket or line break may end a
# statement or reach the page as markup.
_SAFE = re.compile(r"[^A-Za-z0-9 ,.()+/_-]")
# Words that Mermaid reads as its own wherever they stand.
_KEYWORDS = re.compile(r"\b(e)(nd)\b", re.IGNORECASE)


def write_mermaid(sequence: Sequence) -> str:
    """The diagram as text that Mermaid draws."""
    return render("sequence.mmd.j2", {"mermaid": escape}, **sequence._asdict())


def escape(text: str) -> str:
    """The text as Mermaid shows it, with any content."""
    coded = _SAFE.sub(lambda match: f"#{ord(match.group())};", plain(text))
    return _KEYWORDS.sub(lambda match: f"{match[1]}#{ord(match[2][0])};{match[2][1:]}", coded)


# ---- SVG: one file, nothing loaded, readable in light and dark

# Lengths in pixels.
_CHARACTER = 6.6  # the widest that a character of an 11 pixel label is on average
_NARROWEST = 130  # between two lifelines
_MARGIN = 20
_HEAD = 44  # of a lifeline
_ARROW = 44  # from one arrow to the next
_TITLE = 34  # a section's title or verdict


def write_svg(sequence: Sequence) -> str:
    """The drawing; all text of it is escaped."""
    columns = _columns(sequence)
    rows = sum(len(section.arrows) * _ARROW + 2 * _TITLE for section in sequence.sections)
    return render(
        "sequence.svg.j2",
        {"px": "{:.0f}".format, "markup": _markup, "half_width": lambda own: _half_width(*own)},
        **sequence._asdict(),
        columns=columns,
        width=columns[-1] + columns[0],
        height=rows + _HEAD + 3 * _MARGIN,
        style=read(PACKAGE, "sequence.css").rstrip(),
        margin=_MARGIN,
        head=_HEAD,
        step=_ARROW,
        title=_TITLE,
    )


def _columns(sequence: Sequence) -> list[float]:
    """The lifelines' places, so far apart that every label has room between its two ends."""
    halves = [_half_width(each.name, each.hosts) for each in sequence.lifelines]
    gaps: list[float] = [max(_NARROWEST, one + other + _MARGIN) for one, other in pairwise(halves)]
    for arrow in (arrow for section in sequence.sections for arrow in section.arrows):
        first, last = sorted((arrow.sender, arrow.receiver))
        needed = 2 * _half_width(arrow.title, arrow.detail)
        for place in range(first, last):
            gaps[place] = max(gaps[place], needed / (last - first))
    widest = max(
        (len(text) for each in sequence.sections for text in (each.title, each.verdict)), default=0
    )
    columns = [max(halves[0], 60) + _MARGIN]
    for gap in gaps:
        columns.append(columns[-1] + gap)
    lacking = widest * _CHARACTER + 2 * _MARGIN - columns[-1] - columns[0]
    return [x + max(lacking, 0) / 2 for x in columns]


def _half_width(*texts: str) -> float:
    return max(map(len, texts)) * _CHARACTER / 2 + _MARGIN / 2


def _markup(text: str) -> str:
    return escape_markup(plain(text))
