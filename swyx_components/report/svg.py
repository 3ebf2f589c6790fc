"""A sequence diagram as SVG: one file, nothing loaded, readable in light and dark."""

from collections.abc import Iterator
from html import escape
from itertools import pairwise

from swyx_components.report.sequence import Arrow, Look, Section, Sequence
from swyx_components.report.tables import plain

# Lengths in pixels.
_CHARACTER = 6.6  # the widest that a character of an 11 pixel label is on average
_NARROWEST = 130  # between two lifelines
_MARGIN = 20
_HEAD = 44  # of a lifeline
_ARROW = 44  # from one arrow to the next
_TITLE = 34  # a section's title or verdict

_STYLE = """\
svg{font:11px system-ui,sans-serif;background:#fff;color:#1b1b1b}
text{fill:currentColor;stroke:#fff;stroke-width:4px;paint-order:stroke}.name,.title{font-weight:600}.detail,.hosts{fill:#555}
.box{fill:#eef2f7;stroke:#57606a}.life{stroke:#8c959f;stroke-dasharray:3 4}
.passes{stroke:#1a7f37}.quiet{stroke:#57606a;stroke-dasharray:5 4}.fails{stroke:#cf222e;stroke-width:2}
path{fill:none}text.fails{fill:#cf222e;stroke:#fff;stroke-width:4px;font-weight:600}
marker path{stroke:none;fill:#57606a}
@media (prefers-color-scheme:dark){svg{background:#0d1117;color:#e6edf3}.detail,.hosts{fill:#9aa4af}
text,text.fails{stroke:#0d1117}.box{fill:#161b22}.passes{stroke:#3fb950}.fails{stroke:#ff7b72}text.fails{fill:#ff7b72}}"""


def write_svg(sequence: Sequence) -> Iterator[str]:
    """The drawing, piece by piece; all text of it is escaped."""
    columns = _columns(sequence)
    rows = sum(len(section.arrows) * _ARROW + 2 * _TITLE for section in sequence.sections)
    width, height = columns[-1] + columns[0], rows + _HEAD + 3 * _MARGIN
    titles = "; ".join(f"{each.title}: {each.verdict}" for each in sequence.sections)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="t" width="{width:.0f}" '
        f'height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}">\n'
        f'<title id="t">{_text(titles)}</title>\n<style>{_STYLE}</style>\n'
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
        yield from _write_section(section, columns, y)
        y += len(section.arrows) * _ARROW + 2 * _TITLE
    yield "</svg>\n"


def _columns(sequence: Sequence) -> list[float]:
    """The lifelines' places, so far apart that every label has room between its two ends."""
    halves = [_half_width(each.name, each.hosts) for each in sequence.lifelines]
    gaps = [max(_NARROWEST, one + other + _MARGIN) for one, other in pairwise(halves)]
    for arrow in (arrow for section in sequence.sections for arrow in section.arrows):
        first, last = sorted((arrow.sender, arrow.receiver))
        needed = 2 * _half_width(arrow.title, arrow.detail)
        for gap in range(first, last):
            gaps[gap] = max(gaps[gap], needed / (last - first))
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


def _write_section(section: Section, columns: list[float], y: float) -> Iterator[str]:
    middle = (columns[0] + columns[-1]) / 2
    yield _label(middle, y, section.title, "title") + "\n"
    for arrow in section.arrows:
        y += _ARROW
        yield _write_arrow(arrow, columns, y)
    look = "fails" if any(arrow.look is Look.FAILS for arrow in section.arrows) else "title"
    yield _label(middle, y + _TITLE - 6, section.verdict, look) + "\n"


def _write_arrow(arrow: Arrow, columns: list[float], y: float) -> str:
    start, end = columns[arrow.sender], columns[arrow.receiver]
    bend = f"h24v10H{start + 1:.0f}" if start == end else f"H{end:.0f}"
    look = arrow.look.value
    markers = ' marker-start="url(#a)"' if arrow.both_ways else ""
    cross = f"M{(start + end) / 2 - 5:.0f} {y - 5:.0f}l10 10m0-10l-10 10"
    failing = f'<path class="fails" d="{cross}"/>' if arrow.look is Look.FAILS else ""
    middle = (start + end) / 2
    return (
        f'<path class="{look}" d="M{start:.0f} {y:.0f}{bend}" marker-end="url(#a)"{markers}/>{failing}'
        f"{_label(middle, y - 18 - 2 * bool(failing), arrow.title, look if failing else 'does')}"
        f"{_label(middle, y - 5 - 2 * bool(failing), arrow.detail, 'detail')}\n"
    )


def _label(x: float, y: float, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:.0f}" y="{y:.0f}" text-anchor="middle">{_text(text)}</text>'


def _text(text: str) -> str:
    return escape(plain(text))
