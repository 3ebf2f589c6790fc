"""Calls as a sequence diagram: lifelines, and what goes from whom to whom, as Mermaid or as SVG."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from swyx_components.analysis.calls import Call, Step
from swyx_components.analysis.places import Actor
from swyx_components.messages import plain
from swyx_components.report.call import call_title, name_hosts, write_packets, write_passage
from swyx_components.report.templates import render

Lifeline = tuple[str, str]  # one that takes part: its name and, below it, its hosts


# How an arrow is drawn, and what its title says then. Quiet: no rule is asked.
LOOKS = {
    "passes": "",
    "fails": " fails, {}",
    "quiet": ", no rule needed",
    "unreached": ", not reached",
}


class Arrow(NamedTuple):
    """One step between two lifelines, by their places; `title` says what, `detail` which packets."""

    sender: int
    receiver: int
    title: str
    detail: str
    look: str
    both_ways: bool


class Section(NamedTuple):
    """One call: its title, its arrows, and how it ends."""

    title: str
    arrows: tuple[Arrow, ...]
    verdict: str


def write_sequence(calls: Sequence[Call], format: str) -> str:
    """The diagram of calls in a format; who takes part in several of them has one lifeline."""
    actors: dict[tuple[object, ...], Actor] = {}
    for call in calls:  # as it passes them: caller, those between, called party
        acting = [actor for step in call.steps for actor in (step.sender, step.receiver)]
        between = [actor for actor in acting if actor.key != call.called.key]
        for actor in (call.caller, *between, call.called):
            actors.setdefault(actor.key, actor)
    places = list(actors)
    sections = [
        Section(
            call_title(call),
            tuple(_arrow(step, places, call.failed) for step in call.steps),
            f"step {call.failed.number} fails" if call.failed else "every step passes",
        )
        for call in calls
    ]
    lifelines = []
    for own in actors.values():
        addresses = dict.fromkeys(str(prefix) for host in own.hosts for prefix in host.prefixes)
        lifelines.append((own.name, name_hosts(own) if own.role else ", ".join(addresses)))
    return draw(lifelines, sections, format)


def _arrow(step: Step, places: Sequence[object], failed: Step | None) -> Arrow:
    passage = write_passage(step, failed)
    looks = {"allowed": "passes", "not reached": "unreached"}
    look = looks.get(passage, "quiet") if step.passes else "fails"
    flow = f"[{step.flow}]" if step.flow else ""
    return Arrow(
        sender=places.index(step.sender.key),
        receiver=places.index(step.receiver.key),
        title=f"{step.number}. {step.does}{LOOKS[look].format(passage)}",
        detail=" ".join(filter(None, (write_packets(step), flow))),
        look=look,
        both_ways=step.both_ways,
    )


# Lengths in pixels.
_CHARACTER = 6.6  # the widest that a character of an 11 pixel label is on average
_NARROWEST = 130  # between two lifelines
_MARGIN = 20


def draw(lifelines: Sequence[Lifeline], sections: Sequence[Section], format: str) -> str:
    """The diagram from left to right and from top to bottom; all text in it is escaped.

    As Mermaid, which wikis and code hosts draw, or as SVG: one file, nothing loaded, readable in light
    and dark.
    """
    return render(
        f"sequence.{format}.j2",
        {"px": "{:.0f}".format, "plain": plain, "half_width": _half_width, "mermaid": escape},
        lifelines=lifelines,
        sections=sections,
        columns=_columns(lifelines, sections),
        margin=_MARGIN,
    )


def _columns(lifelines: Sequence[Lifeline], sections: Sequence[Section]) -> list[float]:
    """The lifelines' places, so far apart that every label has room between its two ends."""
    halves = [*map(_half_width, lifelines)]
    gaps: list[float] = [max(_NARROWEST, one + other + _MARGIN) for one, other in pairwise(halves)]
    for arrow in (arrow for section in sections for arrow in section.arrows):
        first, last = sorted((arrow.sender, arrow.receiver))
        needed = 2 * _half_width((arrow.title, arrow.detail))
        for place in range(first, last):
            gaps[place] = max(gaps[place], needed / (last - first))
    widest = max(len(text) for each in sections for text in (each.title, each.verdict))
    columns = [max(halves[0], 60) + _MARGIN]
    for gap in gaps:
        columns.append(columns[-1] + gap)
    lacking = widest * _CHARACTER + 2 * _MARGIN - columns[-1] - columns[0]
    return [x + max(lacking, 0) / 2 for x in columns]


def _half_width(texts: tuple[str, str]) -> float:
    return max(map(len, texts)) * _CHARACTER / 2 + _MARGIN / 2


# Everything else is written as `#code;`: a colon, semicolon, quote, bracket or line break may end a
# statement or reach the page as markup.
_SAFE = re.compile(r"[^A-Za-z0-9 ,.()+/_-]")
# Words that Mermaid reads as its own wherever they stand.
_KEYWORDS = re.compile(r"\b(e)(nd)\b", re.IGNORECASE)


def escape(text: str) -> str:
    """The text as Mermaid shows it, with any content."""
    coded = _SAFE.sub(lambda match: f"#{ord(match.group())};", plain(text))
    return _KEYWORDS.sub(lambda match: f"{match[1]}#{ord(match[2][0])};{match[2][1:]}", coded)
