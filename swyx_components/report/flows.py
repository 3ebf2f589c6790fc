"""The flow matrix for people: a table on a terminal, Markdown for a page."""

import re
from collections.abc import Iterable, Iterator, Sequence

from swyx_components.analysis.matrix import MatrixEnd, MatrixRow
from swyx_components.report.tables import align, plain, plural

SiteRows = tuple[str, Sequence[MatrixRow]]

# What Markdown, or the HTML in it, would take for more than text: punctuation that marks something up,
# and what makes an address of the web or of mail a link.
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~$&!:@])|(?<=www)(\.)", re.IGNORECASE)
_HEADINGS = (
    "Site",
    "Flow",
    "From",
    "To",
    "Protocol",
    "Ports",
    "Source ports",
    "Evidence",
    "Lines",
    "Purpose",
)


def write_table(sites: Iterable[SiteRows]) -> Iterator[str]:
    """Each site with its rows, one a line; without those that a site before it has."""
    for site, rows in sites:
        yield f"{site}: {plural(len(rows), 'flow')}\n"
        yield from align((_row(site, row) for row in rows), "  ")
        yield "\n"


def _row(site: str, row: MatrixRow) -> Sequence[str]:
    return (
        row.flow,
        f"{_called(site, row.sender)} to",
        _called(site, row.receiver),
        f"{row.transport} {', '.join(row.ports)}".rstrip(),
        f"from {row.source_ports}" if row.source_ports else "",
        row.evidence,
        " ".join(f"L{line}" for line in row.lines) or row.purpose,
    )


def _called(site: str, end: MatrixEnd) -> str:
    if not end.name:
        return ", ".join(map(str, end.prefixes))
    where = f"{end.site}/" if end.site not in ("", site) else ""
    name = f"{where}{end.name}"
    return name if not end.role or end.role.lower() == end.name else f"{name} ({end.role})"


def write_markdown(rows: Iterable[MatrixRow]) -> Iterator[str]:
    """One table."""
    yield _markdown_row(_HEADINGS)
    yield _markdown_row(["---"] * len(_HEADINGS))
    for row in rows:
        yield _markdown_row(map(escape, _markdown_cells(row)))


def _markdown_cells(row: MatrixRow) -> tuple[str, ...]:
    return (
        row.site,
        row.flow,
        _spelled(row.sender),
        _spelled(row.receiver),
        row.transport,
        ", ".join(row.ports),
        row.source_ports,
        row.evidence,
        " ".join(f"L{line}" for line in row.lines),
        row.purpose,
    )


def _spelled(end: MatrixEnd) -> str:
    """`aachen SwyxServer (ac-server), 10.1.0.10/32`."""
    hosts = ", ".join(end.hosts)
    who = f"{end.role} ({hosts})" if end.role else hosts
    addresses = ", ".join(map(str, end.prefixes))
    return ", ".join(part for part in (f"{end.site} {who}".strip(), addresses) if part)


def _markdown_row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def escape(text: str) -> str:
    """The text as a Markdown cell shows it, whatever it contains."""
    return _MARKUP.sub(lambda match: f"\\{match.group()}", plain(text))
