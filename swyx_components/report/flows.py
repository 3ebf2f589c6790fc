"""The flow matrix, one row per flow: a table on a terminal, Markdown, CSV, a workbook, JSON."""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby, islice
from operator import attrgetter
from types import SimpleNamespace
from typing import IO, Any

from swyx_components.analysis.matrix import MatrixEnd, MatrixRow
from swyx_components.catalogue.model import cite
from swyx_components.messages import plain, shorten
from swyx_components.report.plan_json import fields_of, given, texts
from swyx_components.report.tables import align, hang, plural

SiteRows = tuple[str, Sequence[MatrixRow]]
VERSION = 1
COLUMNS = (
    *("site", "flow", "evidence", "phase"),
    *("from_site", "from", "from_role", "from_hosts", "from_addresses"),
    *("to_site", "to", "to_role", "to_hosts", "to_addresses"),
    *("transport", "ports", "source_ports", "lines", "purpose", "outside"),
)
_WIDTH, _WIDTHS = 14, {"purpose": 60, "hosts": 28, "addresses": 28}
_MOST_ROWS = 1_000_000  # of a sheet; a workbook allows 1,048,576
# What a spreadsheet takes for a formula at the beginning of a cell; the last four are their wide forms.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# What Markdown, or the HTML in it, would take for more than text: punctuation that marks something up,
# and what makes an address of the web or of mail a link.
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~$&!:@])|(?<=www)(\.)", re.IGNORECASE)
OUTSIDE = "outside the cloud"  # a flow that no rule is made for
MARKED = "outside: true"  # a machine without rules, as the file has it
_MARKDOWN_HEAD = """\
| Site | Flow | From | To | Protocol | Ports | Source ports | Evidence | Lines | Purpose | Where |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""


# ---- for people


def write_table(sites: Iterable[SiteRows]) -> Iterator[str]:
    """Each site with its flows and, below each, who talks to whom; without what a site before it has."""
    for site, rows in sites:
        yield f"{site}: {plural(len(rows), 'flow')}\n"
        told = attrgetter("flow", "purpose", "evidence", "lines")
        for (flow, purpose, evidence, lines), alike in groupby(rows, told):
            yield "\n"
            source = " ".join(filter(None, (evidence, cite(lines))))
            yield from hang(f"{flow}  ", f"{purpose} ({source})")
            # Roles of a machine or network that need the same are one line.
            own = dict.fromkeys(_row(site, row) for row in alike)
            where = "WHERE" if any(cells[-1] for cells in own) else ""
            yield from align((("FROM", "PORT", "TO", "PORTS", where), *own), "  ")
        yield "\n"


def _row(site: str, row: MatrixRow) -> tuple[str, ...]:
    packets = f"{row.transport} {', '.join(row.ports)}".rstrip()
    ends = _called(site, row.sender), row.source_ports or "any", _called(site, row.receiver)
    return (*ends, packets, OUTSIDE if row.outside else "")


def _called(site: str, end: MatrixEnd) -> str:
    """`ac-server`, `gate-1, gate-2, 3 more`, `bo-server@bochum`; addresses where there is no name."""
    name = ", ".join(shorten(end.hosts or filter(None, [end.name]), 2)) or _addresses(end)
    far = f"@{end.site}" if end.site not in ("", site) else ""
    return f"{name}{far}, {MARKED}" if end.outside else f"{name}{far}"


def _addresses(end: MatrixEnd) -> str:
    return ", ".join(map(str, end.prefixes))


def write_markdown(rows: Iterable[MatrixRow]) -> Iterator[str]:
    """One table."""
    yield _MARKDOWN_HEAD
    for row in rows:
        ends = _spelled(row.sender), _spelled(row.receiver)
        what = row.transport, ", ".join(row.ports), row.source_ports
        why = row.evidence, cite(row.lines), row.purpose, OUTSIDE if row.outside else ""
        yield f"| {' | '.join(map(escape, (row.site, row.flow, *ends, *what, *why)))} |\n"


def _spelled(end: MatrixEnd) -> str:
    """`aachen SwyxServer (ac-server), 10.1.0.10/32`."""
    hosts = ", ".join(end.hosts)
    who = f"{end.role} ({hosts})" if end.role else hosts
    who += f", {MARKED}" if end.outside else ""
    return ", ".join(filter(None, (f"{end.site} {who}".strip(), _addresses(end))))


def escape(text: str) -> str:
    """The text as a Markdown cell shows it, with any content."""
    return _MARKUP.sub(lambda match: f"\\{match.group()}", plain(text))


# ---- for spreadsheets


def guard(text: str) -> str:
    """The text as a cell that no spreadsheet computes: with an apostrophe before what begins a formula.

    >>> guard("=1+1"), guard("50000-50099")
    ("'=1+1", '50000-50099')
    """
    return plain(f"'{text}" if text.startswith(_FORMULA) else text)


def _cells(row: MatrixRow) -> list[str]:
    """A cell for each of the columns."""
    cells = [row.site, row.flow, row.evidence, row.phase]
    for end in (row.sender, row.receiver):
        cells += [end.site, end.name, end.role, ", ".join(end.hosts), _addresses(end)]
    cells += [row.transport, ", ".join(row.ports), row.source_ports, cite(row.lines)]
    return [guard(cell) for cell in (*cells, row.purpose, OUTSIDE if row.outside else "")]


def write_csv(rows: Iterable[MatrixRow]) -> Iterator[str]:
    """Comma-separated, with a line of column names, lines ending in CR LF (RFC 4180)."""
    writer = csv.writer(SimpleNamespace(write=str))  # a row is what its writing returns: the line
    return map(writer.writerow, chain((COLUMNS,), map(_cells, rows)))


def write_workbook(rows: Iterable[MatrixRow], file: str | IO[bytes]) -> None:
    """An Excel workbook with filters on its columns; a second sheet where one can't hold all.

    Raises:
        OSError: the file can't be written.
        ImportError: openpyxl is not installed.
    """
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    left = map(_cells, rows)
    page = list(islice(left, 1))  # a further sheet needs a row that is left for it
    while page or not book.worksheets:
        number = len(book.worksheets) + 1
        sheet = book.create_sheet("flows" if number == 1 else f"flows {number}")
        _fill(sheet, islice(chain(page, left), _MOST_ROWS))
        page = list(islice(left, 1))
    book.save(file)


def _fill(sheet: Any, rows: Iterable[Sequence[str]]) -> None:
    """Write-only sheets take their settings before their first row; openpyxl's stubs know none of them."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    sheet.freeze_panes = "A2"
    titles = []
    for place, column in enumerate(COLUMNS, 1):
        width = _WIDTHS.get(column.rpartition("_")[2], _WIDTH)
        sheet.column_dimensions[get_column_letter(place)].width = width
        titles.append(WriteOnlyCell(sheet, value=column))
        titles[-1].font = Font(bold=True)
    written = 0
    try:
        for cells in chain((titles,), rows):
            sheet.append(cells)
            written += 1
    finally:  # a sheet left open complains when the program ends
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(COLUMNS))}{written}"
        sheet.close()


# ---- for programs


def write_json(rows: Iterable[MatrixRow]) -> Iterator[str]:
    """The JSON of `swyx flows`, a line per flow: `docs/flows-json.md` describes every key."""
    yield f'{{"version": {VERSION}, "flows": ['
    comma = "\n"
    for row in rows:
        yield f"{comma} {json.dumps(_record(row))}"
        comma = ",\n"
    yield "]}\n"


def _record(row: MatrixRow) -> dict[str, Any]:
    return {
        **given(**fields_of(row, "site", "flow")),
        "from": given(**fields_of(row.sender, "site", "name", "role", "outside")),
        "to": given(**fields_of(row.receiver, "site", "name", "role", "outside")),
        **given(transport=row.transport),
        "ports": row.ports,
        **given(**fields_of(row, "source_ports", "phase", "evidence")),
        "lines": row.lines,
        **given(**fields_of(row, "purpose", "outside")),
        "from_hosts": row.sender.hosts,
        "from_addresses": texts(row.sender.prefixes),
        "to_hosts": row.receiver.hosts,
        "to_addresses": texts(row.receiver.prefixes),
    }
