# ruff: noqa: E501
"""`swyx flows` in every format: read back by what reads it, compared with rows typed by hand."""

from __future__ import annotations

import csv
import io
import re
from importlib.resources import files
from pathlib import Path

import pytest
from openpyxl import load_workbook

from swyx_components.analysis.matrix import MatrixEnd, MatrixRow
from swyx_components.report import flows
from swyx_components.report.flows import (
    COLUMNS,
    escape,
    guard,
    write_csv,
    write_markdown,
    write_workbook,
)
from tests.tools.command import SMALL, Outcome, swyx, write_file

ONE_SITE = """\
swyxware: "6.01"
decisions: {dcom: restricted, h245: tunnelled}
sites:
  aachen:
    machines:
      ac-server: {addresses: [10.1.0.10], roles: [SwyxServer]}
      ac-fax: {addresses: [10.1.0.12, "fd00:1::12"], roles: [SwyxFaxServer]}
    extra_rules:
      - {direction: in, to: ac-server, from: [10.1.99.0/24, 10.1.98.1], protocol: tcp, ports: 3389, reason: "REASON"}
      - {direction: out, from: ac-fax, to: [10.1.0.1], protocol: icmp, reason: ping}
"""

SERVER = ("aachen", "swyxserver", "SwyxServer", "ac-server", "10.1.0.10/32")
FAX = ("aachen", "swyxfaxserver", "SwyxFaxServer", "ac-fax", "10.1.0.12/32, fd00:1::12/128")
# Typed by hand from the port model: C11, C12, M3, then the extra rules.
REGISTERS = "SwyxFax Server registers at SwyxServer"
HANDS = "SwyxServer hands fax sessions to SwyxFax Server"
DIRECT = "fax data goes directly between the two ends of one site"
ROWS = [
    ("aachen", "C11", "inferred", "control", *FAX, *SERVER, "udp", "1719", "", "L64 L108", REGISTERS, ""),
    ("aachen", "C11", "inferred", "control", *FAX, *SERVER, "tcp", "1720", "", "L64 L108", REGISTERS, ""),
    ("aachen", "C12", "inferred", "control", *SERVER, *FAX, "tcp", "2000-8000, 61000", "", "L108 L109", HANDS, ""),
    ("aachen", "M3", "inferred", "media", *FAX, *SERVER, "udp", "51000-51499", "2000-8000", "L111 L109", DIRECT, ""),
    ("aachen", "M3", "inferred", "media", *SERVER, *FAX, "udp", "2000-8000", "51000-51499", "L111 L109", DIRECT, ""),
    ("aachen", "extra:aachen:0", "extra", "", "", "", "", "", "10.1.98.1/32, 10.1.99.0/24",
     "aachen", "ac-server", "", "ac-server", "10.1.0.10/32", "tcp", "3389", "", "", "REASON", ""),
    ("aachen", "extra:aachen:1", "extra", "", "aachen", "ac-fax", "", "ac-fax", "10.1.0.12/32, fd00:1::12/128",
     "", "", "", "", "10.1.0.1/32", "icmp", "", "", "", "ping", ""),
]  # fmt: skip


def ask(file: Path, *words: object) -> Outcome:
    outcome = swyx("flows", file, *words)
    assert (outcome.code, outcome.err) == (0, "")
    return outcome


def read_csv(text: str) -> list[tuple[str, ...]]:
    titles, *rows = csv.reader(io.StringIO(text, newline=""))
    assert tuple(titles) == COLUMNS
    return list(map(tuple, rows))


def read_workbook(file: Path) -> list[tuple[str, ...]]:
    sheets = load_workbook(file).worksheets
    rows = [row for sheet in sheets for row in sheet.iter_rows(min_row=2)]
    assert not any(cell.data_type == "f" for row in rows for cell in row)
    return [tuple(cell.value or "" for cell in row) for row in rows]


def read_markdown(text: str) -> list[list[str]]:
    """Cells of a table, unescaped as CommonMark does."""
    lines = text.splitlines()
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines]
    assert len(set(map(len, cells))) == 1 and set(cells[1]) == {" --- "}
    return [[re.sub(r"\\(\W|_)", r"\1", cell.strip()) for cell in row] for row in cells[2:]]


def test_csv_has_one_row_a_flow(tmp_path: Path) -> None:
    outcome = ask(write_file(tmp_path, ONE_SITE), "--format", "csv")
    assert read_csv(outcome.out) == ROWS


def test_a_workbook_has_the_same_rows_and_filters(tmp_path: Path) -> None:
    book = tmp_path / "flows.xlsx"
    outcome = ask(write_file(tmp_path, ONE_SITE), "--format", "xlsx", "--output", book)
    assert outcome.out == ""
    assert read_workbook(book) == ROWS
    (sheet,) = load_workbook(book).worksheets
    assert (sheet.title, sheet.freeze_panes, sheet.auto_filter.ref) == ("flows", "A2", "A1:T8")
    assert tuple(cell.value for cell in sheet[1]) == COLUMNS


def test_json_has_the_same_rows(tmp_path: Path) -> None:
    document = ask(write_file(tmp_path, ONE_SITE), "--json").json()
    assert document["version"] == 1
    assert document["flows"][3] == {
        "site": "aachen",
        "flow": "M3",
        "from": {"site": "aachen", "name": "swyxfaxserver", "role": "SwyxFaxServer"},
        "to": {"site": "aachen", "name": "swyxserver", "role": "SwyxServer"},
        "from_hosts": ["ac-fax"],
        "from_addresses": ["10.1.0.12/32", "fd00:1::12/128"],
        "to_hosts": ["ac-server"],
        "to_addresses": ["10.1.0.10/32"],
        "transport": "udp",
        "ports": ["51000-51499"],
        "source_ports": "2000-8000",
        "phase": "media",
        "evidence": "inferred",
        "lines": [111, 109],
        "purpose": "fax data goes directly between the two ends of one site",
    }
    assert document["flows"][6] == {
        "site": "aachen",
        "flow": "extra:aachen:1",
        "from": {"site": "aachen", "name": "ac-fax"},
        "to": {},
        "from_hosts": ["ac-fax"],
        "from_addresses": ["10.1.0.12/32", "fd00:1::12/128"],
        "to_hosts": [],
        "to_addresses": ["10.1.0.1/32"],
        "transport": "icmp",
        "ports": [],
        "evidence": "extra",
        "lines": [],
        "purpose": "ping",
    }
    assert [row["flow"] for row in document["flows"]] == [row[1] for row in ROWS]


def test_markdown_has_the_same_rows(tmp_path: Path) -> None:
    rows = read_markdown(ask(write_file(tmp_path, ONE_SITE), "--format", "markdown").out)
    assert rows[2] == [
        "aachen",
        "C12",
        "aachen SwyxServer (ac-server), 10.1.0.10/32",
        "aachen SwyxFaxServer (ac-fax), 10.1.0.12/32, fd00:1::12/128",
        "tcp",
        "2000-8000, 61000",
        "",
        "inferred",
        "L108 L109",
        "SwyxServer hands fax sessions to SwyxFax Server",
        "",
    ]
    assert [row[1] for row in rows] == [row[1] for row in ROWS]


def test_the_table_for_people(tmp_path: Path) -> None:
    lines = ask(write_file(tmp_path, ONE_SITE)).out.splitlines()
    assert [" ".join(line.split()) for line in lines] == [
        "aachen: 7 flows",
        "",
        "C11 SwyxFax Server registers at SwyxServer (inferred L64 L108)",
        "FROM PORT TO PORTS",
        "ac-fax any ac-server udp 1719",
        "ac-fax any ac-server tcp 1720",
        "",
        "C12 SwyxServer hands fax sessions to SwyxFax Server (inferred L108 L109)",
        "FROM PORT TO PORTS",
        "ac-server any ac-fax tcp 2000-8000, 61000",
        "",
        "M3 fax data goes directly between the two ends of one site (inferred L111 L109)",
        "FROM PORT TO PORTS",
        "ac-fax 2000-8000 ac-server udp 51000-51499",
        "ac-server 51000-51499 ac-fax udp 2000-8000",
        "",
        "extra:aachen:0 REASON (extra)",
        "FROM PORT TO PORTS",
        "10.1.98.1/32, 10.1.99.0/24 any ac-server tcp 3389",
        "",
        "extra:aachen:1 ping (extra)",
        "FROM PORT TO PORTS",
        "ac-fax any 10.1.0.1/32 icmp",
        "",
    ]


CARRIED = """\
swyxware: "6.01"
decisions: {dcom: restricted, h245: tunnelled}
sites:
  aachen:
    machines:
      ac-server: {addresses: [10.1.0.10], roles: [SwyxServer]}
    networks:
      home: {cidrs: [10.1.30.0/24], roles: [SwyxIt]}
      lan: {cidrs: [10.1.20.0/24], roles: [SwyxPhoneL400]}
"""


def test_rows_between_networks_are_outside_the_cloud_in_every_format(tmp_path: Path) -> None:
    """M1 (kb2308 L111, L101, L105): typed by hand; the server's own M2 rows are not."""
    file = write_file(
        tmp_path, CARRIED.replace("networks", "control_path: {SwyxPhoneL400: h323}\n    networks")
    )
    narrow = ("--machine", "home", "--machine", "lan", "--evidence", "stated")
    outside = "outside the cloud"
    carried = [
        ("home", "SwyxIt", "50000-50099", "home", "SwyxIt", "50000-50099"),
        ("home", "SwyxIt", "50000-50099", "lan", "SwyxPhoneL400", "5010-5011"),
        ("lan", "SwyxPhoneL400", "5010-5011", "home", "SwyxIt", "50000-50099"),
        ("lan", "SwyxPhoneL400", "5010-5011", "lan", "SwyxPhoneL400", "5010-5011"),
    ]
    book = tmp_path / "flows.xlsx"
    ask(file, *narrow, "--format", "xlsx", "--output", book)
    for rows in (read_csv(ask(file, *narrow, "--format", "csv").out), read_workbook(book)):
        media = [row for row in rows if row[1] == "M1"]
        assert sorted((r[5], r[6], r[16], r[10], r[11], r[15]) for r in media) == carried
        assert {row[-1] for row in media} == {outside}
        assert {row[-1] for row in rows if row[1] != "M1"} == {""}
    flows = ask(file, *narrow, "--json").json()["flows"]
    assert {row["flow"] for row in flows if row.get("outside")} == {"M1"}
    text = ask(file, *narrow).out.splitlines()
    assert len([line for line in text if line.endswith(f"  {outside}")]) == 4
    cells = read_markdown(ask(file, *narrow, "--format", "markdown").out)
    assert {row[1] for row in cells if row[-1] == outside} == {"M1"}


def test_a_machine_outside_is_marked_apart_from_a_row_outside(tmp_path: Path) -> None:
    """The row between it and the office is in no cloud, the one with the server is, at one end."""
    gate = (
        "      gate: {addresses: [192.168.7.12], roles: [SwyxGate], outside: true}\n    networks:\n"
    )
    text = CARRIED.replace("SwyxPhoneL400", "SwyxIt").replace("    networks:\n", gate)
    file = write_file(tmp_path, text)
    lines = [line.split("  ") for line in ask(file, "--machine", "gate").out.splitlines()]
    rows = [tuple(cell.strip() for cell in line if cell) for line in lines]
    assert ("FROM", "PORT", "TO", "PORTS", "WHERE") in rows
    assert (
        "gate, outside: true",
        "51500-51999",
        "home",
        "udp 50000-50099",
        "outside the cloud",
    ) in rows
    assert ("FROM", "PORT", "TO", "PORTS") in rows
    assert ("gate, outside: true", "any", "ac-server", "udp 1719") in rows
    markdown = ask(file, "--machine", "gate", "--format", "markdown").out
    assert markdown.splitlines()[0].endswith("| Purpose | Where |")
    marked = "aachen SwyxGate (gate), outside: true, 192.168.7.12/32"
    where = {(row[1], row[2], row[-1]) for row in read_markdown(markdown)}
    assert {("M1", marked, "outside the cloud"), ("C9", marked, "")} <= where


def test_ends_without_a_common_ip_version_have_no_row(tmp_path: Path) -> None:
    """Neither two networks nor the gateway and the server; `swyx check` warns of each pair once."""
    gate = "      gate: {addresses: [192.168.7.12], roles: [SwyxGate]}\n    networks:\n"
    text = CARRIED.replace("SwyxPhoneL400", "SwyxIt").replace("    networks:\n", gate)
    text = text.replace("10.1.30.0/24", '"fd00:1::/64"').replace(
        "ac-server: {addresses: [10.1.0.10]", 'ac-server: {addresses: ["fd00:2::10"]'
    )
    file = write_file(tmp_path, text)
    ends = {
        tuple(sorted((row["from"]["name"], row["to"]["name"])))
        for row in ask(file, "--json").json()["flows"]
    }
    assert ends == {
        *(("home", "home"), ("lan", "lan")),
        *(("home", "swyxserver"), ("lan", "swyxgate")),
    }
    messages = swyx("check", file, "--json").json()["messages"]
    told = [one["text"] for one in messages if one["id"] == "no-common-ip-version"]
    said = "sites.aachen: home and lan have no IP version in common, so M1 between them can't work"
    assert len(told) == 4 and len([text for text in told if said in text]) == 1


# ---- which rows


def ids(file: Path, *words: str) -> list[str]:
    flows = ask(file, *words, "--json").json()["flows"]
    return [f"{flow['site']} {flow['flow']}" for flow in flows]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--evidence extra", ["aachen extra:aachen:0"]),
        ("--machine bo-office --evidence stated", ["aachen M4a", "aachen M4a", "bochum C1", "bochum C2", "bochum M1"]),
        ("--machine AC-LINK --role server --evidence stated", ["aachen K1"]),
        ("--role SwyxGate --evidence inferred --machine ac-link", ["aachen M4b", "aachen M4b"]),
        ("--site bochum --role LinkManager --evidence stated", ["bochum M4a", "bochum M4a"]),
        ("--role gate --evidence stated", ["aachen M1", "aachen M1"]),
        ("--role fax", []),
    ],
)  # fmt: skip
def test_different_filters_narrow(words: str, expected: list[str], tmp_path: Path) -> None:
    file = write_file(tmp_path)
    assert sorted(ids(file, *words.split())) == sorted(expected)


def test_words_of_one_filter_add(tmp_path: Path) -> None:
    file = write_file(tmp_path)
    both = ids(file, "--evidence", "extra", "--evidence", "stated")
    assert sorted(both) == sorted(
        [*ids(file, "--evidence", "extra"), *ids(file, "--evidence", "stated")]
    )


def test_a_flow_across_a_link_is_listed_once_at_the_first_site_chosen(tmp_path: Path) -> None:
    file = write_file(tmp_path)
    assert [row for row in ids(file) if "K4" in row] == ["aachen K4"]
    assert [row for row in ids(file, "--site", "bochum") if "K4" in row] == ["bochum K4"]
    rows = read_csv(ask(file, "--format", "csv").out)
    assert len(rows) == len(set(rows))


def test_a_provider_is_a_machine_of_the_filter(tmp_path: Path) -> None:
    declared = "sip_providers:\n  carrier: {cidrs: [203.0.113.0/28], link_manager: ac-link, media_ports: 10000-20000}\n"
    file = write_file(tmp_path, SMALL + declared)
    assert sorted(set(ids(file, "--machine", "provider carrier"))) == [
        "aachen K7",
        "aachen K8",
        "aachen M6",
    ]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--site essen", "unknown site essen"),
        (
            "--role Gatekeeper",
            "--role Gatekeeper: unknown role `Gatekeeper`; write one of SwyxServer, SwyxGate",
        ),
        (
            "--machine ac-serve",
            "unknown machine or network ac-serve (did you mean ac-server?); the chosen sites have ",
        ),
        (
            "--evidence guessed",
            "unknown value `guessed`; write one of stated, inferred, optional, extra",
        ),
        ("--format pdf", "unknown format pdf; write one of table, csv, markdown"),
        ("--format xlsx", "xlsx can't be written to a terminal; write `--output FILE`"),
        ("--format csv --json", "unknown format csv beside --json"),
        ("--format csv --output /nowhere/flows.csv", "/nowhere/flows.csv can't be written"),
        ("--format xlsx --output /nowhere/flows.xlsx", "/nowhere/flows.xlsx can't be written"),
    ],
)
def test_words_that_mean_nothing_are_exit_code_2(words: str, says: str, tmp_path: Path) -> None:
    outcome = swyx("flows", write_file(tmp_path), *words.split())
    assert (outcome.code, outcome.out) == (2, "")
    assert says in outcome.err


def test_a_site_with_errors_leaves_no_half_matrix(tmp_path: Path) -> None:
    undecided = SMALL.replace("  bochum:\n", "  bochum:\n    decisions: {}\n").replace(
        "dcom: restricted, ", ""
    )
    target = tmp_path / "flows.csv"
    outcome = swyx("flows", write_file(tmp_path, undecided), "--format", "csv", "--output", target)
    assert (outcome.code, outcome.out, target.exists()) == (2, "", False)


# ---- hostile text


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "\t=1", "＝1", "\r=1"]  # noqa: RUF001


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_begins_a_formula(text: str) -> None:
    assert guard(text).startswith("'")


def hostile_row(purpose: str) -> MatrixRow:
    end = MatrixEnd("aachen", "=name", "@role", ("+host",), ())
    return MatrixRow("-site", "=f", "stated", end, end, "tcp", ("1",), purpose, lines=(1,))


@pytest.mark.parametrize(
    "text", [*FORMULAS, 'a,"b"\r\nc;d', "\x00\x1b[2J\u202e\ud800", "</t>&amp;"]
)
def test_hostile_text_stays_text_in_sheets(text: str, tmp_path: Path) -> None:
    row = hostile_row(text)
    (read,) = read_csv("".join(write_csv([row])))
    book = tmp_path / "flows.xlsx"
    write_workbook([row], str(book))
    assert read_workbook(book) == [read]
    assert (read[0], read[1], read[5], read[6], read[7]) == (
        "'-site",
        "'=f",
        "'=name",
        "'@role",
        "'+host",
    )
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝")) for cell in read)  # noqa: RUF001
    assert all(cell.isprintable() for cell in read)


@pytest.mark.parametrize(
    "text",
    [
        "a | b",
        "<script>alert(1)</script> &amp;",
        "[x](javascript:alert(1)) ![i](//e)",
        "`code` *b* _i_ ~s~ # \\| \\",
        "see https://evil.example or www.evil.example or a@evil.example",
    ],
)
def test_hostile_text_stays_text_in_markdown(text: str) -> None:
    (read,) = read_markdown("".join(write_markdown([hostile_row(text)])))
    assert read[-2] == text
    # Nothing that marks up is left without its backslash.
    assert not re.search(
        r"(?<!\\)[`*_\[\]<>|#~!&]|https?:|(?i:www)\.", escape(text).replace("\\\\", "")
    )


def test_hostile_text_of_a_file_reaches_every_format_as_text(tmp_path: Path) -> None:
    """An extra rule's reason and a catalogue's purpose are what people write freely."""
    bundled = files("swyx_components.catalogue").joinpath("v6_01.yaml").read_text(encoding="utf-8")
    own = bundled.replace(f"purpose: {REGISTERS}", 'purpose: "=HYPERLINK(1)\\e[2J<b>|"')
    assert own != bundled
    (tmp_path / "own.yaml").write_text(own, encoding="utf-8")
    text = ONE_SITE.replace("REASON", "@cmd|<script>").replace(
        'swyxware: "6.01"', 'swyxware: "6.01"\ncatalogue: own.yaml'
    )
    file, book = write_file(tmp_path, text), tmp_path / "flows.xlsx"
    purposes = ["'=HYPERLINK(1)\\x1b[2J<b>|", "'@cmd|<script>"]
    for rows in (
        read_csv(ask(file, "--format", "csv").out),
        ask(file, "--format", "xlsx", "--output", book) and read_workbook(book),
    ):
        assert [rows[0][-2], rows[5][-2]] == purposes
    cells = read_markdown(ask(file, "--format", "markdown").out)
    assert [cells[0][-2], cells[5][-2]] == [purpose[1:] for purpose in purposes]
    for words in ((), ("--format", "markdown"), ("--json",)):
        assert "\x1b" not in ask(file, *words).out


def test_a_workbook_begins_another_sheet_where_one_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flows, "_MOST_ROWS", 2)
    book = tmp_path / "flows.xlsx"
    for count, titles in ((0, ["flows"]), (2, ["flows"]), (5, ["flows", "flows 2", "flows 3"])):
        write_workbook([hostile_row(f"{place}") for place in range(count)], str(book))
        assert [sheet.title for sheet in load_workbook(book).worksheets] == titles
        assert [row[-2] for row in read_workbook(book)] == [f"{place}" for place in range(count)]
