"""An installation in the making, asked for or read from a list as spreadsheets write it (CSV).

It has who is there, still without anything that only the file can say. Columns of a list, in any order,
upper or lower case: `site`, `name`, `addresses`, `roles`, and `links` (of a LinkManager: the other sites
that it serves). Others are ignored. A row whose addresses all have a prefix length is a network. Commas,
semicolons and tabs separate cells, whichever the first row has. Each error names row and column.
"""

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from swyx_components.catalogue import Catalogue
from swyx_components.catalogue.model import fold
from swyx_components.installation.context import Node, ReadContext
from swyx_components.installation.diagnostics import TOP, Diagnostics
from swyx_components.installation.source import MOST_BYTES, read_raw
from swyx_components.installation.values import is_name, read_addresses, read_cidrs
from swyx_components.messages import Message, SwyxError

_EXAMPLES = {"addresses": "10.1.0.10", "cidrs": "10.1.20.0/24"}
_LONGEST_NAME = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftEnd:
    """A machine, or a network where `network`; `origin` is where it was read (`row 4`)."""

    name: str
    addresses: tuple[str, ...]
    roles: tuple[str, ...]
    network: bool = False
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftSite:
    """A site with its machines and networks, in the order in which they were named."""

    name: str
    ends: tuple[DraftEnd, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftLink:
    """Two sites and the LinkManager that serves them."""

    sites: tuple[str, str]
    link_manager: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """All of it. A decision is empty where nobody made it."""

    swyxware: str
    sites: tuple[DraftSite, ...]
    links: tuple[DraftLink, ...] = ()
    dcom: str = ""
    h245: str = ""

    @property
    def decisions(self) -> dict[str, str]:
        written = {"dcom": self.dcom, "h245": self.h245}
        return {key: value for key, value in written.items() if value}

    def named_links(self) -> dict[str, DraftLink]:
        """The links by names that a file may hold: both sites, or a number where that is too long."""
        named: dict[str, DraftLink] = {}
        for place, link in enumerate(self.links, 1):
            name = "-".join(link.sites)
            named[name if len(name) <= _LONGEST_NAME else f"link-{place}"] = link
        return named

    def as_data(self) -> dict[str, Any]:
        """The draft as the plain data of an installation file."""
        sites: dict[str, Any] = {}
        for site in self.sites:
            parts: dict[str, Any] = {"machines": {}}
            for end in site.ends:
                key, kind = ("networks", "cidrs") if end.network else ("machines", "addresses")
                parts.setdefault(key, {})[end.name] = {
                    kind: list(end.addresses),
                    "roles": list(end.roles),
                }
            sites[site.name] = parts
        data: dict[str, Any] = {"swyxware": self.swyxware, "sites": sites}
        if self.decisions:
            data["decisions"] = self.decisions
        if self.links:
            data["links"] = {
                name: {"sites": list(link.sites), "link_manager": link.link_manager}
                for name, link in self.named_links().items()
            }
        return data


def split_cell(text: str) -> list[str]:
    """The values of a cell or an answer: separated by commas, semicolons, bars, plus signs or lines.

    >>> split_cell("SwyxPhone L420; SwyxIt!")
    ['SwyxPhone L420', 'SwyxIt!']
    """
    return [part.strip() for part in re.split(r"[,;|+\n]", text) if part.strip()]


def read_roles(text: str, roles: Collection[str], log: Diagnostics, place: str) -> tuple[str, ...]:
    """Roles as people write them: `SwyxIt!`, `swyxphone l420`, several of them separated by spaces."""
    known = {fold(role): role for role in roles}
    found: list[str] = []
    for part in split_cell(text):
        words = part.split()
        if fold(part) in known:
            found.append(known[fold(part)])
        elif len(words) > 1 and all(fold(word) in known for word in words):
            found += (known[fold(word)] for word in words)
        else:
            log.unknown("role", place, part, tuple(roles))
    return tuple(dict.fromkeys(found))


def read_ends(text: str, log: Diagnostics, place: str) -> tuple[tuple[str, ...], bool]:
    """Addresses of a machine or CIDRs of a network, and whether it is a network."""
    parts: list[str] = [word for part in split_cell(text) for word in part.split()]
    network = bool(parts) and all("/" in part for part in parts)
    read = read_cidrs if network else read_addresses
    if not parts:
        log.add("list-empty", place, example=_EXAMPLES["addresses"])
    else:
        example = _EXAMPLES["cidrs" if network else "addresses"]
        for _ in read(Node(list(parts), ReadContext(log), place, example=example)):
            pass
    return tuple(dict.fromkeys(parts)), network


def group_by_site(ends: Iterable[tuple[str, DraftEnd]]) -> tuple[DraftSite, ...]:
    """Sites in the order in which they were first named."""
    sites: dict[str, list[DraftEnd]] = {}
    for site, end in ends:
        sites.setdefault(site, []).append(end)
    return tuple(DraftSite(name=name, ends=tuple(own)) for name, own in sites.items())


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
_HINT = "sep="  # how lists tell Excel the separator, in an extra row before the first


class MachineList(NamedTuple):
    """What a list says, and the columns that were ignored."""

    draft: Draft
    ignored: tuple[str, ...]


class _Row(NamedTuple):
    number: int
    cells: Mapping[str, str]

    def place(self, column: str) -> str:
        return f"row {self.number}, column {column}"


def read_machine_list(
    path: str, catalogue: Catalogue, columns: Mapping[str, str] | None = None
) -> MachineList:
    """The draft that a list makes; `columns` says what the list calls the columns that we know.

    Raises:
        SwyxError: the list has errors; all of them.
    """
    log = Diagnostics(path)
    header, rows = _read_rows(_read_text(path, log), log, columns or {})
    ends: list[tuple[str, DraftEnd]] = []
    links: list[tuple[_Row, str]] = []
    for row in rows:
        site, end = _read_end(row, catalogue, log)
        ends.append((site, end))
        links += ((row, other) for other in split_cell(row.cells.get("links", "")))
    if not ends:
        log.add("machines-none", TOP, example=";".join(REQUIRED))
    _refuse_repeated(rows, log)
    draft = Draft(
        swyxware=catalogue.version,
        sites=group_by_site(ends),
        links=tuple(_read_links(links, {site for site, _ in ends}, log)),
    )
    if log.all():
        raise SwyxError(log.all())
    return MachineList(draft, tuple(name for name in header if name and name not in COLUMNS))


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
    if log.all():
        raise SwyxError(log.all())
    return pairs


def _read_text(path: str, log: Diagnostics) -> str:
    """UTF-8, or the UTF-16 that Excel calls Unicode text; no other encoding tells itself."""
    try:
        raw = read_raw(path)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise SwyxError(
            [Message.about("machines-unreadable", "", reason=reason).of(log.file)]
        ) from None
    if len(raw) > MOST_BYTES:
        message = Message.about("file-too-large", "", limit=f"{MOST_BYTES:,}")
        raise SwyxError([message.of(log.file)])
    wide = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        return raw.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        message = Message.about("machines-encoding", f"row {line}")
        raise SwyxError([message.of(log.file)]) from None


def _read_rows(
    text: str, log: Diagnostics, columns: Mapping[str, str]
) -> tuple[tuple[str, ...], list[_Row]]:
    """The names of the columns, and the rows that are not empty, counted as a spreadsheet counts."""
    separator, shift = _separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    header: tuple[str, ...] = ()
    rows: list[_Row] = []
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            if number <= shift:
                continue
            if not header:
                header = _name_columns([cell.strip() for cell in cells], columns)
                _check_header(header, number, log)
            elif any(cell.strip() for cell in cells):
                named = dict(zip(header, (cell.strip() for cell in cells), strict=False))
                if any(cell.strip() for cell in cells[len(header) :]):
                    log.add("machines-cells", f"row {number}", most=len(header))
                rows.append(_Row(number, named))
    except csv.Error as problem:
        log.add("machines-malformed", f"row {number + 1}", problem=problem)
    if not header and not log.all():
        _check_header(header, 1, log)
    if any(name not in header for name in REQUIRED):
        raise SwyxError(log.all())
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


def _separator(text: str) -> tuple[str, int]:
    """What separates the cells, and how many rows come before the names of the columns."""
    first = text.partition("\n")[0]
    if first.lower().startswith(_HINT) and len(first.strip("\r")) == len(_HINT) + 1:
        return first[len(_HINT)], 1
    return max(";,\t", key=first.count), 0


def _check_header(header: tuple[str, ...], number: int, log: Diagnostics) -> None:
    for name in REQUIRED:
        if name not in header:
            found = [own for own in header if own][:10]
            log.add("machines-column", f"row {number}", column=name, found=found or "none")
    for name in COLUMNS:
        if header.count(name) > 1:
            log.add("list-repeated", f"row {number}", value=name)


def _read_end(row: _Row, catalogue: Catalogue, log: Diagnostics) -> tuple[str, DraftEnd]:
    site, name = row.cells.get("site", ""), row.cells.get("name", "")
    for column, value, kind in (("site", site, "site"), ("name", name, "machine or network")):
        if not is_name(value):
            log.add("name-invalid", row.place(column), name=value, kind=kind)
    addresses, network = read_ends(row.cells.get("addresses", ""), log, row.place("addresses"))
    roles_cell = row.cells.get("roles", "")
    roles = read_roles(roles_cell, tuple(catalogue.roles), log, row.place("roles"))
    if not split_cell(roles_cell):
        log.add("list-empty", row.place("roles"), example="SwyxServer")
    end = DraftEnd(
        name=name, addresses=addresses, roles=roles, network=network, origin=f"row {row.number}"
    )
    return site, end


def _refuse_repeated(rows: list[_Row], log: Diagnostics) -> None:
    """One row per machine or network; a name in two spellings is the same name."""
    taken: dict[tuple[str, str], _Row] = {}
    spelled: dict[str, str] = {}
    for row in rows:
        site, name = row.cells.get("site", ""), row.cells.get("name", "")
        key = (site.lower(), name.lower())
        if name and key in taken:
            log.add("name-taken", row.place("name"), name=name, other=f"row {taken[key].number}")
        taken.setdefault(key, row)
        known = spelled.setdefault(site.lower(), site)
        if known != site:
            log.add("name-taken", row.place("site"), name=site, other=f"the site {known}")


def _read_links(
    links: list[tuple[_Row, str]], sites: set[str], log: Diagnostics
) -> Iterator[DraftLink]:
    for row, other in links:
        own = row.cells.get("site", "")
        if other not in sites or other == own:
            log.unknown("link-site", row.place("links"), other, sorted(sites - {own}))
        else:
            yield DraftLink(sites=(own, other), link_manager=row.cells.get("name", ""))
