"""Calls as a sequence diagram: who stands where and what goes from whom to whom, as Mermaid or as SVG."""

import re
from collections.abc import Iterable, Iterator
from enum import Enum
from html import escape as escape_markup
from importlib.resources import files
from itertools import pairwise
from typing import NamedTuple

from swyx_components.analysis.calls.call import Call, Step
from swyx_components.analysis.calls.parties import Actor
from swyx_components.report.call import call_title, name_hosts, write_packets, write_passage
from swyx_components.report.tables import plain


class Look(Enum):
    """How an arrow is drawn. QUIET: no rule is asked."""

    PASSES = "passes"
    FAILS = "fails"
    QUIET = "quiet"


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
                call_title(call), tuple(_arrow(step, places) for step in call.steps), _end(call)
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


def _arrow(step: Step, places: dict[tuple[object, ...], int]) -> Arrow:
    passage = write_passage(step)
    passing = Look.PASSES if passage == "allowed" else Look.QUIET
    look = passing if step.passes else Look.FAILS
    remarks = {Look.QUIET: ", no rule needed", Look.FAILS: f" fails, {passage}"}
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
_HEADS = {Look.PASSES: "->>", Look.FAILS: "-x", Look.QUIET: "-->>"}


def write_mermaid(sequence: Sequence) -> Iterator[str]:
    """The diagram, line by line."""
    yield "sequenceDiagram\n"
    for place, lifeline in enumerate(sequence.lifelines):
        yield f"  participant p{place} as {escape(lifeline.name)}<br/>{escape(lifeline.hosts)}\n"
    last = len(sequence.lifelines) - 1
    for section in sequence.sections:
        yield from _mermaid_section(section, f"p0,p{last}" if last else "p0")


def _mermaid_section(section: Section, over: str) -> Iterator[str]:
    yield f"  Note over {over}: {escape(section.title)}\n"
    for arrow in section.arrows:
        head = _HEADS[arrow.look]
        one, other = f"p{arrow.sender}", f"p{arrow.receiver}"
        yield f"  {one}{head}{other}: {escape(arrow.title)}<br/>{escape(arrow.detail)}\n"
        if arrow.both_ways:
            yield f"  {other}{head}{one}: and back\n"
    yield f"  Note over {over}: {escape(section.verdict)}\n"


def escape(text: str) -> str:
    """The text as Mermaid shows it, whatever it contains."""
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


def write_svg(sequence: Sequence) -> Iterator[str]:
    """The drawing, piece by piece; all text of it is escaped."""
    columns = _columns(sequence)
    rows = sum(len(section.arrows) * _ARROW + 2 * _TITLE for section in sequence.sections)
    width, height = columns[-1] + columns[0], rows + _HEAD + 3 * _MARGIN
    style = files(__package__).joinpath("sequence.css").read_text("utf-8").rstrip()
    titles = "; ".join(f"{each.title}: {each.verdict}" for each in sequence.sections)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="t" width="{width:.0f}" '
        f'height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}">\n'
        f'<title id="t">{_text(titles)}</title>\n<style>{style}</style>\n'
        '<defs><marker id="a" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" '
        'markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path d="M0 0L8 4L0 8z"/></marker></defs>\n'
    )
    for lifeline, x in zip(sequence.lifelines, columns, strict=True):
        half = _half_width(lifeline.name, lifeline.hosts)
        yield (
            f'<path class="life" d="M{x:.0f} {_MARGIN + _HEAD}V{height - _MARGIN:.0f}"/>'
            f'<rect class="box" x="{x - half:.0f}" y="{_MARGIN}" width="{2 * half:.0f}" '
            f'height="{_HEAD}" rx="4"/>{_label(x, _MARGIN + 19, lifeline.name, "name")}'
            f"{_label(x, _MARGIN + 34, lifeline.hosts, 'hosts')}\n"
        )
    y = float(_MARGIN + _HEAD + _TITLE)
    for section in sequence.sections:
        yield from _svg_section(section, columns, y)
        y += len(section.arrows) * _ARROW + 2 * _TITLE
    yield "</svg>\n"


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


def _svg_section(section: Section, columns: list[float], y: float) -> Iterator[str]:
    middle = (columns[0] + columns[-1]) / 2
    yield _label(middle, y, section.title, "title") + "\n"
    for arrow in section.arrows:
        y += _ARROW
        yield _svg_arrow(arrow, columns, y)
    look = "fails" if any(arrow.look is Look.FAILS for arrow in section.arrows) else "title"
    yield _label(middle, y + _TITLE - 6, section.verdict, look) + "\n"


def _svg_arrow(arrow: Arrow, columns: list[float], y: float) -> str:
    start, end = columns[arrow.sender], columns[arrow.receiver]
    bend = f"h24v10H{start + 1:.0f}" if start == end else f"H{end:.0f}"
    look = arrow.look.value
    markers = ' marker-start="url(#a)"' if arrow.both_ways else ""
    middle = (start + end) / 2
    cross = f"M{middle - 5:.0f} {y - 5:.0f}l10 10m0-10l-10 10"
    failing = f'<path class="fails" d="{cross}"/>' if arrow.look is Look.FAILS else ""
    above = y - 2 if failing else y
    return (
        f'<path class="{look}" d="M{start:.0f} {y:.0f}{bend}" marker-end="url(#a)"{markers}/>{failing}'
        f"{_label(middle, above - 18, arrow.title, look if failing else 'does')}"
        f"{_label(middle, above - 5, arrow.detail, 'detail')}\n"
    )


def _label(x: float, y: float, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:.0f}" y="{y:.0f}" text-anchor="middle">{_text(text)}</text>'


def _text(text: str) -> str:
    return escape_markup(plain(text))
