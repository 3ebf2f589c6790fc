"""A sequence diagram as Mermaid text, which wikis and code hosts draw."""

import re
from collections.abc import Iterator

from swyx_components.report.sequence import Arrow, Look, Section, Sequence
from swyx_components.report.tables import plain

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
        yield from _write_section(section, f"p0,p{last}" if last else "p0")


def _write_section(section: Section, over: str) -> Iterator[str]:
    yield f"  Note over {over}: {escape(section.title)}\n"
    for arrow in section.arrows:
        yield from _write_arrow(arrow)
    yield f"  Note over {over}: {escape(section.verdict)}\n"


def _write_arrow(arrow: Arrow) -> Iterator[str]:
    head = _HEADS[arrow.look]
    one, other = f"p{arrow.sender}", f"p{arrow.receiver}"
    yield f"  {one}{head}{other}: {escape(arrow.title)}<br/>{escape(arrow.detail)}\n"
    if arrow.both_ways:
        yield f"  {other}{head}{one}: and back\n"


def escape(text: str) -> str:
    """The text as Mermaid shows it, whatever it contains."""
    coded = _SAFE.sub(lambda match: f"#{ord(match.group())};", plain(text))
    return _KEYWORDS.sub(lambda match: f"{match[1]}#{ord(match[2][0])};{match[2][1:]}", coded)
