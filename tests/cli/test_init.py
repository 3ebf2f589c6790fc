"""`swyx init`: a file that passes `check`, from a list as Excel writes it or from answers."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import yaml

from swyx_components.installation import read_installation
from tests.tools.command import Outcome, swyx
from tests.tools.hostile import NASTY

LIST = """\
Site;Name;Addresses;Roles;Links;Owner
aachen;ac-server;10.1.0.10;SwyxServer, PhoneManager;;me
aachen;ac-link;10.1.0.11|fd00::11;LinkManager;bochum;
aachen;ac-office;10.1.20.0/24;SwyxIt!, SwyxPhone L420;;

bochum;bo-server;10.2.0.10;swyxserver;;
bochum;bo-office;10.2.20.0/24, 10.2.22.0/24;SwyxIt;;
"""
EXPECTED = {
    "swyxware": "6.01",
    "decisions": {"dcom": "restricted", "h245": "tunnelled"},
    "sites": {
        "aachen": {
            "machines": {
                "ac-server": {"addresses": ["10.1.0.10"], "roles": ["SwyxServer", "PhoneManager"]},
                "ac-link": {"addresses": ["10.1.0.11", "fd00::11"], "roles": ["LinkManager"]},
            },
            "networks": {
                "ac-office": {"cidrs": ["10.1.20.0/24"], "roles": ["SwyxIt", "SwyxPhoneL420"]}
            },
        },
        "bochum": {
            "machines": {"bo-server": {"addresses": ["10.2.0.10"], "roles": ["SwyxServer"]}},
            "networks": {
                "bo-office": {"cidrs": ["10.2.20.0/24", "10.2.22.0/24"], "roles": ["SwyxIt"]}
            },
        },
    },
    "links": {"aachen-bochum": {"sites": ["aachen", "bochum"], "link_manager": "ac-link"}},
}


def from_list(folder: Path, text: str | bytes = LIST, *words: str) -> tuple[Path, Outcome]:
    source, output = folder / "machines.csv", folder / "installation.yaml"
    source.write_bytes(text if isinstance(text, bytes) else text.encode())
    return output, swyx("init", output, "--from", source, *words)


def errors_of(outcome: Outcome) -> list[str]:
    """The sentences without the name of the command and of the list."""
    return [line.partition("machines.csv: ")[2] for line in outcome.err.splitlines()]


def test_a_list_becomes_a_file_that_passes_check(tmp_path: Path) -> None:
    output, outcome = from_list(tmp_path)
    assert (outcome.code, outcome.out) == (0, "")
    assert yaml.safe_load(output.read_text(encoding="utf-8")) == EXPECTED
    assert swyx("check", output).code == 0


def test_the_file_explains_itself_and_what_is_left_to_confirm(tmp_path: Path) -> None:
    output, outcome = from_list(tmp_path)
    lines = output.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# yaml-language-server: $schema=installation.schema.json"
    (dcom,) = [line for line in lines if line.startswith("  dcom:")]
    assert "TO CONFIRM" in dcom and "40000-40199" in dcom
    assert "To confirm: decisions.dcom is restricted by default." in outcome.err
    assert "Columns ignored: owner." in outcome.err


def test_decisions_that_are_given_are_written_and_need_no_confirmation(tmp_path: Path) -> None:
    output, outcome = from_list(tmp_path, LIST, "--dcom", "40000-40099", "--h245", "41000-41099")
    written = yaml.safe_load(output.read_text(encoding="utf-8"))
    assert written["decisions"] == {"dcom": "40000-40099", "h245": "41000-41099"}
    assert "TO CONFIRM" not in output.read_text(encoding="utf-8")
    assert "To confirm" not in outcome.err
    wrong = swyx("init", "-", "--from", tmp_path / "machines.csv", "--dcom", "everything")
    assert wrong.code == 2 and wrong.out == "" and "decisions.dcom" in wrong.err


def test_a_file_for_stdout_is_checked_without_reading_stdin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message about the file `-` would be located in standard input, which a terminal never ends."""
    (tmp_path / "machines.csv").write_text(LIST, encoding="utf-8")
    monkeypatch.setattr("sys.stdin", None)
    outcome = swyx("init", "-", "--from", tmp_path / "machines.csv")
    assert (outcome.code, yaml.safe_load(outcome.out)) == (0, EXPECTED)
    assert "\nwarning: sites.aachen.egress, sites.bochum.egress: egress is closed" in outcome.err


@pytest.mark.parametrize(
    "raw",
    [
        b"\xef\xbb\xbf" + LIST.encode(),
        LIST.replace("\n", "\r\n").encode(),
        b"sep=;\r\n" + LIST.encode(),
        LIST.replace(", ", "|").replace(";", ",").encode(),
        LIST.replace(";", "\t").encode("utf-16"),
        LIST.replace("10.1.0.11|fd00::11", '"10.1.0.11\nfd00::11"').encode(),
        b"sep=;\n;;;\n\n" + LIST.encode(),
    ],
    ids=[
        *("utf-8 with mark", "crlf", "sep row", "commas", "unicode text", "lines in a cell"),
        "empty rows above the columns",
    ],
)
def test_lists_as_spreadsheets_write_them_read_alike(tmp_path: Path, raw: bytes) -> None:
    output, outcome = from_list(tmp_path, raw)
    assert outcome.code == 0, outcome.err
    assert yaml.safe_load(output.read_text(encoding="utf-8")) == EXPECTED


def test_every_error_names_its_row_and_column_and_all_come_at_once(tmp_path: Path) -> None:
    text = (
        "site;name;addresses;roles;links\n"
        "aachen;ac server;10.1.0.10;SwyxServer;\n"
        "aachen;ac-link;10.1.0.300;LinkManger;essen\n"
        "aachen;ac-link;;;\n"
    )
    output, outcome = from_list(tmp_path, text)
    assert outcome.code == 2 and not output.exists()
    assert errors_of(outcome) == [
        "row 2, column name: `ac server` is not a valid name for a machine or network; use 1 to 40 "
        "ASCII letters, digits, - and _, starting with a letter or digit.",
        "row 3, column addresses[0]: `10.1.0.300` is not an IPv4 or IPv6 address; write an address such as "
        "10.1.0.10 or 2001:db8::10.",
        "row 3, column links: unknown site `essen`; write one of none.",
        "row 3, column roles: unknown role `LinkManger`; did you mean `LinkManager`?",
        "row 4, column addresses: the list is empty; write at least one entry, for example "
        "`10.1.0.10`.",
        "row 4, column name: ac-link is already the name of row 3 (case is ignored); rename one of the two.",
        "row 4, column roles: the list is empty; write at least one entry, for example "
        "`SwyxServer`.",
    ]


def test_what_only_the_whole_shows_names_the_row_where_it_can(tmp_path: Path) -> None:
    """A role that no network may carry is found by check; the row is added to its place."""
    text = LIST.replace("10.2.22.0/24;SwyxIt", "10.2.22.0/24;SwyxIt, SwyxGate")
    _, outcome = from_list(tmp_path, text)
    assert outcome.code == 2
    (error,) = errors_of(outcome)
    assert error.startswith(
        "row 7: sites.bochum.networks.bo-office.roles[1]: a network can't carry"
    )


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "row 1: missing column addresses"),
        (b"site;name;roles\na;b;SwyxServer\n", "missing column addresses; found site"),
        (b"site;name;addresses;roles\n", "the list has no rows"),
        (b'site;name;addresses;roles\n"a;b\n', "invalid CSV"),
        (
            b"site;name;addresses;roles\na;b;10.0.0.1;SwyxServer;;x\n",
            "row 2: the row has more cells",
        ),
        (
            "site;name;addresses;roles\nKöln;b;c;d\n".encode("latin-1"),
            'save the list as "CSV UTF-8"',
        ),
        (
            b"site;name;addresses;roles\na\0;b;10.0.0.1;SwyxServer\n",
            "is not a valid name for a site",
        ),
    ],
)
def test_what_is_no_list_is_a_sentence(tmp_path: Path, raw: bytes, says: str) -> None:
    output, outcome = from_list(tmp_path, raw)
    assert (outcome.code, outcome.out) == (2, "")
    assert says in outcome.err and not output.exists()


def test_hostile_text_is_refused_and_shown_escaped(tmp_path: Path) -> None:
    hostile = NASTY.replace(";", "").replace("|", "") + "\x1b[2J\u202e"
    cell = '"' + hostile.replace('"', '""') + '"'
    text = (
        f"site;name;addresses;roles;links\n{';'.join([cell] * 5)}\n=cmd();a;10.0.0.1;SwyxServer;\n"
    )
    output, outcome = from_list(tmp_path, text)
    assert outcome.code == 2 and not output.exists()
    assert not set("\x1b\u202e") & set(outcome.err)
    assert {line.partition(":")[0] for line in errors_of(outcome)} >= {
        "row 2, column site",
        "row 2, column name",
        "row 2, column addresses[0]",
        "row 2, column roles",
        "row 2, column links",
        "row 3, column site",
    }


def test_a_hostile_column_name_is_shown_escaped(tmp_path: Path) -> None:
    _, outcome = from_list(tmp_path, LIST.replace("Owner", "\x1b[2J\u202e"))
    assert outcome.code == 0
    assert not set("\x1b\u202e") & set(outcome.err)


def test_nothing_is_overwritten_without_force(tmp_path: Path) -> None:
    (tmp_path / "installation.yaml").write_text("mine")
    output, outcome = from_list(tmp_path)
    assert outcome.code == 2 and output.read_text() == "mine"
    assert "the file already exists" in outcome.err
    assert from_list(tmp_path, LIST, "--force")[1].code == 0
    assert yaml.safe_load(output.read_text()) == EXPECTED


def test_json_has_the_text_and_what_is_left_to_confirm(tmp_path: Path) -> None:
    output, outcome = from_list(tmp_path, LIST, "--json")
    document = outcome.json()
    assert document["text"] == output.read_text(encoding="utf-8")
    assert document["to_confirm"] == ["dcom", "h245"]
    assert document["ignored_columns"] == ["owner"]


def test_names_that_yaml_reads_as_something_else_are_quoted(tmp_path: Path) -> None:
    text = "site;name;addresses;roles\nno;010;10.1.0.1;SwyxServer\nNo-2;1e3;10.2.0.1;SwyxServer\n"
    output, outcome = from_list(tmp_path, text)
    assert outcome.code == 0, outcome.err
    assert list(yaml.safe_load(output.read_text())["sites"]) == ["no", "No-2"]
    installation, _ = read_installation(output)
    assert installation is not None
    assert installation.sites["no"].machines[0].name == "010"


def answer(monkeypatch: pytest.MonkeyPatch, output: Path, *lines: str) -> Outcome:
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
    return swyx("init", output)


AACHEN = ("aachen", "", "10.1.0.10", "PhoneManager")
LINK = ("ac-link", "10.1.0.11", "LinkManager", "")
OFFICE = ("ac-office", "10.1.20.0/24", "", "")
BOCHUM = ("bochum", "bo-server", "10.2.0.10", "", "", "")


def test_answers_become_a_file_that_passes_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "installation.yaml"
    words = (*AACHEN, *LINK, *OFFICE, *BOCHUM, "", "", "", "41000-41099")
    outcome = answer(monkeypatch, output, *words)
    assert (outcome.code, outcome.out) == (0, ""), outcome.err
    written = yaml.safe_load(output.read_text())
    assert written["decisions"] == {"dcom": "restricted", "h245": "41000-41099"}
    assert list(written["sites"]["aachen"]["machines"]) == ["aachen-server", "ac-link"]
    assert written["sites"]["aachen"]["networks"]["ac-office"]["roles"] == ["SwyxIt"]
    assert written["links"]["aachen-bochum"]["link_manager"] == "ac-link"
    assert swyx("check", output).code == 0


def test_an_answer_that_can_not_be_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "installation.yaml"
    words = (
        "a b\x1b",
        "aachen",
        "",
        "10.1.0",
        "10.1.0.0/24",
        "10.1.0.10",
        "nothing",
        "",
        "",
        "",
        "",
    )
    outcome = answer(monkeypatch, output, *words)
    assert outcome.code == 0, outcome.err
    for says in (
        "is not a valid name for a site",
        "`10.1.0` is not an IPv4",
        "unknown role `nothing`",
    ):
        assert says in outcome.err
    assert "\x1b" not in outcome.err
    assert "# decisions:" in output.read_text()  # a lone server needs none


def test_a_site_whose_parts_do_not_fit_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A phone without its manager; the answers about other sites are kept."""
    output = tmp_path / "installation.yaml"
    phones = ("phones", "10.1.20.0/24", "SwyxPhone L420", "")
    wrong, right = (
        ("", "10.1.0.10", "", "", *phones),
        ("", "10.1.0.10", "PhoneManager", "", *phones),
    )
    outcome = answer(monkeypatch, output, "aachen", *wrong, "", *right, "", "")
    assert outcome.code == 0, outcome.err
    assert "SwyxPhoneL420 needs PhoneManager" in outcome.err
    assert "Enter aachen again? [Y/n]: " in outcome.err
    machines = yaml.safe_load(output.read_text())["sites"]["aachen"]["machines"]
    assert machines["aachen-server"]["roles"] == ["SwyxServer", "PhoneManager"]


def test_answers_that_end_early_write_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "installation.yaml"
    outcome = answer(monkeypatch, output, *AACHEN)
    assert outcome.code == 130 and not output.exists()
    assert outcome.err.endswith("swyx: interrupted; nothing was changed.\n")


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("\ufeffStandort;Name;IP-Adresse;Rollen", ()),
        ("Location;VM Name;Private IP address;Role", ()),
        ("Branch;Host;IPs;What", ("site=branch", "name=Host", "addresses=IPs", "roles=What")),
    ],
)
def test_columns_are_found_as_portals_call_them_or_as_told(
    tmp_path: Path, header: str, words: tuple[str, ...]
) -> None:
    told = [part for word in words for part in ("--column", word)]
    output, outcome = from_list(tmp_path, f"{header}\na;srv;10.0.0.1;SwyxServer\n", *told)
    assert (outcome.code, outcome.out) == (0, "")
    machines = yaml.safe_load(output.read_text())["sites"]["a"]["machines"]
    assert machines == {"srv": {"addresses": ["10.0.0.1"], "roles": ["SwyxServer"]}}


def test_errors_come_in_the_order_of_the_rows(tmp_path: Path) -> None:
    rows = "".join(f"a;m{n};10.0.0.{n};Nobody\n" for n in range(1, 12))  # rows 2 to 12
    _, outcome = from_list(tmp_path, f"site;name;addresses;roles\n{rows}")
    (error,) = errors_of(outcome)
    assert error.startswith(
        "row 2, column roles; row 3, column roles; row 4, column roles; and 8 more places: "
    )
