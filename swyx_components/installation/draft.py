"""An installation file in the making, asked for or read from a list as spreadsheets write it (CSV).

It has who is there, still without anything that only the file can say. Columns of a list, in any order,
upper or lower case: `site`, `name`, `addresses`, `roles`, and `links` (of a LinkManager: the other sites
that it serves). Others are ignored. A row whose addresses all have a prefix length is a network. Commas,
semicolons and tabs separate cells, whichever the first row has. Each error names row and column.
"""

import csv
import io
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from swyx_components.catalogue.model import Catalogue
from swyx_components.catalogue.yaml_source import read_bytes
from swyx_components.installation.context import Node, ReadContext
from swyx_components.installation.values import is_name, read_prefixes
from swyx_components.messages import TOP, Diagnostics, SwyxError, fold, raise_errors

MACHINES, NETWORKS = "machines", "networks"
KINDS = {MACHINES: ("addresses", "10.1.0.10"), NETWORKS: ("cidrs", "10.1.20.0/24")}
"""What a site consists of: the key of its addresses, and one as an example."""
_Data = dict[str, Any]  # as it stands in a file


class Draft(NamedTuple):
    """The content of the file, and of a list the row of each place and the columns that were ignored."""

    data: _Data
    rows: Mapping[str, str] = {}
    ignored: tuple[str, ...] = ()


def make_draft(
    catalogue: Catalogue, sites: _Data, links: Iterable[tuple[str, str, str]] = ()
) -> Draft:
    """The sites, and links of two of them by a LinkManager, which get names that a file may hold."""
    named: _Data = {}
    for place, (near, far, manager) in enumerate(links, 1):
        name = f"{near}-{far}"
        key = name if is_name(name) else f"link-{place}"
        named[key] = {"sites": [near, far], "link_manager": manager}
    return Draft({"swyxware": catalogue.version, "decisions": {}, "sites": sites, "links": named})


def add_end(
    site: _Data, kind: str, name: str, addresses: Iterable[str], roles: Iterable[str]
) -> None:
    """Put a machine or a network into a site."""
    parts = site.setdefault(kind, {})
    parts[name] = {KINDS[kind][0]: list(addresses), "roles": list(roles)}


def split_cell(text: str) -> list[str]:
    """The values of a cell or an answer: separated by commas, semicolons, bars, plus signs or lines.

    >>> split_cell("SwyxPhone L420; SwyxIt!")
    ['SwyxPhone L420', 'SwyxIt!']
    """
    return [part.strip() for part in re.split(r"[,;|+\n]", text) if part.strip()]


def read_roles(
    text: str, log: Diagnostics, place: str, roles: Collection[str], example: str = ""
) -> tuple[str, ...]:
    """Roles as people write them: `SwyxIt!`, `swyxphone l420`, several of them separated by spaces.

    With an example, one is needed.
    """
    known = {fold(role): role for role in roles}
    found: list[str] = []
    parts = split_cell(text)
    for part in parts:
        words = [part] if fold(part) in known else part.split()
        if all(fold(word) in known for word in words):
            found += (known[fold(word)] for word in words)
        else:
            log.unknown("role", place, part, tuple(roles))
    if example and not parts:
        log.add("list-empty", place, example=example)
    return tuple(dict.fromkeys(found))


def read_ends(text: str, log: Diagnostics, place: str) -> tuple[tuple[str, ...], str]:
    """Addresses of a machine or CIDRs of a network, and which of the two it is."""
    parts: list[str] = [word for part in split_cell(text) for word in part.split()]
    kind = NETWORKS if parts and all("/" in part for part in parts) else MACHINES
    node = Node(parts, ReadContext(log), place, "", KINDS[kind][1])
    read_prefixes(node, single=kind == MACHINES)  # for its messages
    return tuple(dict.fromkeys(parts)), kind


REQUIRED = ("site", "name", "addresses", "roles")
COLUMNS = (*REQUIRED, "links")
# What portals and spreadsheets call the columns, in lower case and without punctuation.
_CALLED = {
    "site": "site standort location niederlassung",
    "name": "name hostname vmname computername virtualmachine rechner maschine",
    "addresses": "addresses address ipaddress ipaddresses privateipaddress privateip ip cidr cidrs "
    "ipadresse ipadressen adresse adressen",
    "roles": "roles role rolle rollen",
}
_HINT = re.compile(r"sep=([^\r\n])\r*(\n|$)", re.IGNORECASE)
"""How lists tell Excel the separator, in an extra row before the first."""


class _Row(NamedTuple):
    number: int
    cells: Mapping[str, str]

    def place(self, column: str) -> str:
        return f"row {self.number}, column {column}"


def read_machine_list(
    path: str, catalogue: Catalogue, columns: Mapping[str, str] | None = None
) -> Draft:
    """The draft that a list makes; `columns` says what the list calls the columns that we know.

    Raises:
        SwyxError: the list has errors; all of them.
    """
    log = Diagnostics(path)
    header, rows = _read_rows(_read_text(path, log), log, columns or {})
    if not rows:
        log.add("machines-none", TOP, example=";".join(REQUIRED))
    sites: _Data = {row.cells["site"]: {MACHINES: {}} for row in rows}
    places: dict[str, str] = {}
    links: list[tuple[str, str, str]] = []
    for row in rows:
        site, name = row.cells["site"], row.cells["name"]
        kind = _add_row(row, sites[site], catalogue, log)
        places[f"sites.{site}.{kind}.{name}"] = f"row {row.number}"
        for other in split_cell(row.cells["links"]):
            if other not in sites or other == site:
                log.unknown("link-site", row.place("links"), other, sorted(sites.keys() - {site}))
            links.append((site, other, name))
    _refuse_repeated(rows, log)
    raise_errors(log.all())
    ignored = tuple(name for name in header if name and name not in COLUMNS)
    return make_draft(catalogue, sites, links)._replace(rows=places, ignored=ignored)


def read_columns(words: Iterable[str]) -> dict[str, str]:
    """Pairs of our column and the list's, `addresses=Private IP`.

    Raises:
        SwyxError: there is no such column of ours, or no other name for one.
    """
    pairs = dict(word.partition("=")[::2] for word in words)
    log = Diagnostics("")
    for ours in (ours for ours, theirs in pairs.items() if not theirs):
        log.add("column-unnamed", f"--column {ours}", name=ours)
    for ours in sorted(pairs.keys() - set(COLUMNS)):
        log.unknown("word", f"--column {ours}", ours, COLUMNS)
    raise_errors(log.all())
    return pairs


def _read_text(path: str, log: Diagnostics) -> str:
    """UTF-8, or the UTF-16 that Excel calls Unicode text; no other encoding tells itself."""
    raw = b""
    try:
        raw = read_bytes(path)
        wide = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
        return raw.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        log.add("machines-encoding", f"row {line}")
    except SwyxError as error:
        log.adopt(error.messages)
    raise SwyxError(log.all())


def _read_rows(
    text: str, log: Diagnostics, columns: Mapping[str, str]
) -> tuple[tuple[str, ...], list[_Row]]:
    """The names of the columns, and the rows that are not empty, counted as a spreadsheet counts."""
    hint = _HINT.match(text)
    separator = hint[1] if hint else max(";,\t", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    filled: list[tuple[int, list[str]]] = []
    number = 0
    try:
        for number, row in enumerate(reader, 1):
            cells = [cell.strip() for cell in row]
            if any(cells) and not (hint and number == 1):
                filled.append((number, cells))
    except csv.Error as problem:
        log.add("machines-malformed", f"row {number + 1}", problem=problem)
    first, names = filled[0] if filled else (1, [])
    header = _name_columns(names, columns)
    if names or not log.all():
        _check_header(header, first, log)
    if any(name not in header for name in REQUIRED):
        raise SwyxError(log.all())
    rows: list[_Row] = []
    for number, cells in filled[1:]:
        if any(cells[len(header) :]):
            log.add("machines-cells", f"row {number}", most=len(header))
        named = dict(zip(header, cells, strict=False))
        rows.append(_Row(number, {**dict.fromkeys(COLUMNS, ""), **named}))
    return header, rows


def _name_columns(cells: list[str], columns: Mapping[str, str]) -> tuple[str, ...]:
    """The columns by our names: as told, as they are, or as others call them where ours is not there."""
    told = {fold(theirs): ours for ours, theirs in columns.items()}
    words = [told.get(fold(cell), cell.lower()) for cell in cells]
    for ours, called in _CALLED.items():
        found = [word for word in words if fold(word) in called.split()]
        if ours not in words and len(found) == 1:
            words = [ours if word == found[0] else word for word in words]
    return tuple(words)


def _check_header(header: tuple[str, ...], number: int, log: Diagnostics) -> None:
    for name in REQUIRED:
        if name not in header:
            found = [own for own in header if own][:10]
            log.add("machines-column", f"row {number}", column=name, found=found or "none")
    for name in COLUMNS:
        if header.count(name) > 1:
            log.add("list-repeated", f"row {number}", value=name)


def _add_row(row: _Row, site: _Data, catalogue: Catalogue, log: Diagnostics) -> str:
    """Put what a row says into its site: whether that is a machine or a network."""
    for column, kind in (("site", "site"), ("name", "machine or network")):
        if not is_name(row.cells[column]):
            log.add("name-invalid", row.place(column), name=row.cells[column], kind=kind)
    addresses, kind = read_ends(row.cells["addresses"], log, row.place("addresses"))
    known, place = tuple(catalogue.roles), row.place("roles")
    roles = read_roles(row.cells["roles"], log, place, known, example="SwyxServer")
    add_end(site, kind, row.cells["name"], addresses, roles)
    return kind


def _refuse_repeated(rows: list[_Row], log: Diagnostics) -> None:
    """One row per machine or network; a name in two spellings is the same name."""
    taken: dict[tuple[str, str], _Row] = {}
    spelled: dict[str, str] = {}
    for row in rows:
        site, name = row.cells["site"], row.cells["name"]
        other = taken.setdefault((site.lower(), name.lower()), row)
        if name and other is not row:
            log.add("name-taken", row.place("name"), name=name, other=f"row {other.number}")
        known = spelled.setdefault(site.lower(), site)
        if known != site:
            log.add("name-taken", row.place("site"), name=site, other=f"the site {known}")
