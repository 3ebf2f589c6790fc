"""The flow matrix for programs: CSV, a workbook and JSON, one row a flow."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from itertools import chain, count, islice
from typing import Any

from swyx_components.analysis.matrix import MatrixEnd, MatrixRow
from swyx_components.report.tables import plain

VERSION = 1
COLUMNS = (
    "site",
    "flow",
    "evidence",
    "phase",
    "from_site",
    "from",
    "from_role",
    "from_hosts",
    "from_addresses",
    "to_site",
    "to",
    "to_role",
    "to_hosts",
    "to_addresses",
    "transport",
    "ports",
    "source_ports",
    "lines",
    "purpose",
)
# What a spreadsheet takes for a formula at the beginning of a cell; the last four are their wide forms.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_ALWAYS = ("from", "to", "ports", "lines")  # keys of a JSON row that may be empty, never absent
_MOST_ROWS = 1_000_000  # of a sheet; a workbook allows 1,048,576
_WIDTHS = {
    "from_hosts": 28,
    "from_addresses": 28,
    "to_hosts": 28,
    "to_addresses": 28,
    "purpose": 60,
}
_WIDTH = 14


def guard(text: str) -> str:
    """The text as a cell that no spreadsheet computes: with an apostrophe before what begins a formula.

    >>> guard("=1+1"), guard("50000-50099")
    ("'=1+1", '50000-50099')
    """
    return plain(f"'{text}" if text.startswith(_FORMULA) else text)


def write_csv(rows: Iterable[MatrixRow]) -> Iterator[str]:
    """Comma-separated, with a line of column names, lines ending in CR LF (RFC 4180)."""
    line = io.StringIO()
    writer = csv.writer(line)
    for cells in chain((COLUMNS,), map(_cells, rows)):
        writer.writerow(cells)
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def _cells(row: MatrixRow) -> list[str]:
    cells = (
        row.site,
        row.flow,
        row.evidence,
        row.phase,
        *_end_cells(row.sender),
        *_end_cells(row.receiver),
        row.transport,
        ", ".join(row.ports),
        row.source_ports,
        " ".join(f"L{line}" for line in row.lines),
        row.purpose,
    )
    return list(map(guard, cells))


def _end_cells(end: MatrixEnd) -> tuple[str, ...]:
    addresses = ", ".join(map(str, end.prefixes))
    return end.site, end.name, end.role, ", ".join(end.hosts), addresses


def write_workbook(rows: Iterable[MatrixRow], file: str) -> None:
    """An Excel workbook with filters on its columns; a second sheet where one can't hold all.

    Raises:
        OSError: the file can't be written.
        ImportError: openpyxl is not installed.
    """
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    left = iter(rows)
    for number in count(1):
        page = list(
            islice(left, 1)
        )  # a sheet is begun only where a row is left for it, the first always
        if not page and number > 1:
            break
        _fill(book.create_sheet("flows" if number == 1 else f"flows {number}"), chain(page, left))
    book.save(file)


def _fill(sheet: Any, rows: Iterable[MatrixRow]) -> None:
    """Write-only sheets take their settings before their first row."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    sheet.freeze_panes = "A2"
    for place, column in enumerate(COLUMNS, 1):
        sheet.column_dimensions[get_column_letter(place)].width = _WIDTHS.get(column, _WIDTH)
    titles = [WriteOnlyCell(sheet, value=column) for column in COLUMNS]
    for title in titles:
        title.font = Font(bold=True)
    written = 0
    try:
        for cells in chain((titles,), map(_cells, islice(rows, _MOST_ROWS))):
            sheet.append(cells)
            written += 1
    finally:  # a sheet left open complains when the program ends
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(COLUMNS))}{written}"
        sheet.close()


def write_json(rows: Iterable[MatrixRow]) -> Iterator[str]:
    """The JSON of `swyx flows`, a line a flow: `docs/flows-json.md` describes every key."""
    yield f'{{"version": {VERSION}, "flows": ['
    comma = "\n"
    for row in rows:
        yield f"{comma} {json.dumps(_record(row))}"
        comma = ",\n"
    yield "]}\n"


def _record(row: MatrixRow) -> dict[str, Any]:
    record: dict[str, Any] = {
        "site": row.site,
        "flow": row.flow,
        "from": _end_record(row.sender),
        "to": _end_record(row.receiver),
        "transport": row.transport,
        "ports": row.ports,
        "source_ports": row.source_ports,
        "phase": row.phase,
        "evidence": row.evidence,
        "lines": row.lines,
        "purpose": row.purpose,
    }
    known = {key: value for key, value in record.items() if value or key in _ALWAYS}
    for side, end in (("from", row.sender), ("to", row.receiver)):
        known[f"{side}_hosts"] = end.hosts
        known[f"{side}_addresses"] = list(map(str, end.prefixes))
    return known


def _end_record(end: MatrixEnd) -> dict[str, str]:
    record = {"site": end.site, "name": end.name, "role": end.role}
    return {key: value for key, value in record.items() if value}
