"""Catalogue files: the bundled version, a user's own, and what is wrong with a defective one."""

import copy
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from swyx_components.catalogue.load import load_catalogue
from swyx_components.messages import Severity, SwyxError

BUNDLED = files("swyx_components.catalogue").joinpath("v6_01.yaml").read_text(encoding="utf-8")
ROWS: dict[str, Any] = yaml.load(BUNDLED, Loader=yaml.CSafeLoader)
GONE = object()
Path_ = tuple[str | int, ...]

REMEDY = "compare the entry with the bundled catalogue."
PROGRAMMERS_WORDS = re.compile(r"\bobject\b|__|NoneType|Errno|unexpected keyword|literal for|\n|<")


def edited(*edits: tuple[Path_, object]) -> dict[str, Any]:
    rows = copy.deepcopy(ROWS)
    for path, value in edits:
        place = rows
        for key in path[:-1]:
            place = place[key]  # type: ignore[index]
        if value is GONE:
            del place[path[-1]]  # type: ignore[arg-type]
        else:
            place[path[-1]] = value  # type: ignore[index]
    return rows


def own_file(folder: Path, rows: object) -> Path:
    path = folder / "own.yaml"
    path.write_text(yaml.safe_dump(rows, sort_keys=False), encoding="utf-8")
    return path


def refusal(source: Path) -> SwyxError:
    with pytest.raises(SwyxError) as refused:
        load_catalogue(source)
    assert all(message.severity is Severity.ERROR for message in refused.value.messages)
    return refused.value


def test_the_bundled_version_is_read_once_and_kept() -> None:
    assert load_catalogue("6.01") is load_catalogue()


def test_a_file_of_the_users_own_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(BUNDLED, encoding="utf-8")
    assert load_catalogue(path) == load_catalogue("6.01")


def test_a_file_of_the_users_own_may_say_other_ports(tmp_path: Path) -> None:
    moved = edited((("roles", "SwyxServer", "listeners", "sip", "ports"), "5070, 5080-5081"))
    catalogue = load_catalogue(own_file(tmp_path, moved | {"version": "7.11"}))
    assert catalogue.version == "7.11"
    assert str(catalogue.roles["SwyxServer"].listeners["sip"].ports) == "5070, 5080-5081"


GATE = ("roles", "SwyxGate")
H225 = (*GATE, "listeners", "h225")
C9 = ("flows", "C9")
LEG = (*C9, "legs", 0)

DEFECTS: list[tuple[str, Path_, object, str, str]] = [
    # what is wrong, where, value, place of the message, the words it must use
    ("no roles", ("roles",), GONE, "", "roles"),
    ("roles as a list", ("roles",), [], "roles", "mapping"),
    ("an empty role", GATE, None, "roles.SwyxGate", "mapping"),
    ("a listener without ports", (*H225, "ports"), GONE, "roles.SwyxGate", "ports"),
    ("a port too high", (*H225, "ports"), 70000, "roles.SwyxGate", "70000"),
    ("an unknown transport", (*H225, "transports"), ["sctp"], "roles.SwyxGate", "sctp"),
    ("an unknown phase", (*H225, "phase"), "later", "roles.SwyxGate", "later"),
    ("an unknown key of a listener", (*H225, "colour"), "red", "roles.SwyxGate", "colour"),
    ("an unknown key of a role", (*GATE, "colour"), "red", "roles.SwyxGate", "colour"),
    ("an unknown kind", (*GATE, "kind"), "gadget", "roles.SwyxGate", "gadget"),
    ("text for a switch", (*H225, "allocated"), "no", "roles.SwyxGate", "no"),
    ("media without a listener", (*GATE, "media"), {"udp": "x"}, "roles.SwyxGate", "'x'"),
    (
        "an unknown manager",
        ("roles", "SwyxPhoneL100", "needs_manager"),
        "Switchboard",
        "roles.SwyxPhoneL100",
        "unknown role 'Switchboard'",
    ),
    ("an empty flow", C9, None, "flows.C9", "mapping"),
    ("a flow without legs", (*C9, "legs"), [], "flows.C9", "legs"),
    ("a flow without lines", (*C9, "lines"), [], "flows.C9", "lines"),
    ("a line that is no number", (*C9, "lines"), ["x"], "flows.C9", "x"),
    ("an unknown evidence", (*C9, "evidence"), "rumoured", "flows.C9", "rumoured"),
    ("an unknown key of a flow", (*C9, "colour"), "red", "flows.C9", "colour"),
    ("an unknown key of a leg", (*LEG, "colour"), "red", "flows.C9", "colour"),
    ("an unknown scope", (*LEG, "scope"), "moon", "flows.C9", "'moon'"),
    ("an unknown role", (*LEG, "from"), ["SwyxGat"], "flows.C9", "unknown role 'SwyxGat'"),
    ("text for a list", (*LEG, "from"), "SwyxGate", "flows.C9", "SwyxGate"),
    ("an unknown listener", (*LEG, "ports"), ["rass"], "flows.C9", "'rass'"),
    ("a leg without ports", (*LEG, "ports"), GONE, "flows.C9", "ports"),
    (
        "an unknown flow to follow",
        ("flows", "C15", "legs", 0, "follows"),
        ["C99"],
        "flows.C15",
        "C99",
    ),
    ("an unknown flow to need", ("flows", "C4", "legs", 0, "needs"), ["C99"], "flows.C4", "C99"),
    ("an unknown source", ("flows", "K7", "legs", 0, "source"), "nope", "flows.K7", "nope"),
    (
        "a provider's port without a transport",
        ("flows", "K7", "legs", 0, "transport"),
        GONE,
        "flows.K7",
        "transport",
    ),
    ("media that a role has not", ("flows", "M1", "legs", 0, "media"), "tcp", "flows.M1", "tcp"),
    (
        "an unknown end",
        ("flows", "M5", "legs", 0, "fax_tcp_at"),
        ["sideways"],
        "flows.M5",
        "sideways",
    ),
    (
        "an unknown control path",
        ("flows", "C7", "legs", 0, "control_path"),
        "h32",
        "flows.C7",
        "h32",
    ),
    ("a preset left out", ("presets", "restricted"), GONE, "", "restricted"),
    ("a preset that is no range", ("presets", "restricted"), "wide", "", "wide"),
    ("an endpoint mapper that is no port", ("endpoint_mapper",), "rpc", "", "rpc"),
    ("an endpoint mapper of 0", ("endpoint_mapper",), 0, "", "0"),
    ("CorNet that is no port", ("cornet",), ["x"], "", "x"),
    ("no version", ("version",), GONE, "", "version"),
]


@pytest.mark.parametrize(
    ("path", "value", "place", "words"),
    [row[1:] for row in DEFECTS],
    ids=[row[0].replace(" ", "-") for row in DEFECTS],
)
def test_a_defective_row_gives_its_place_and_a_sentence(
    tmp_path: Path, path: Path_, value: object, place: str, words: str
) -> None:
    source = own_file(tmp_path, edited((path, value)))
    (message, *others) = refusal(source).messages
    assert not others
    assert message.id == "catalogue-defect"
    assert message.file == str(source)
    assert message.place.startswith(place)
    assert words in message.sentence
    assert not PROGRAMMERS_WORDS.search(message.sentence), message.sentence
    assert str(message).endswith(REMEDY)


# What is wrong with the file itself is said as of an installation file: with line, column and its own remedy.
NOT_CATALOGUES = {
    "a list": (b"[1, 2]\n", "catalogue-defect", ""),
    "empty": (b"", "catalogue-defect", ""),
    "a word": (b"catalogue\n", "catalogue-defect", ""),
    "broken YAML": (b"roles: [\n", "yaml-syntax", "line 2, column 1"),
    "not UTF-8": (b"\xff\xfe\x00", "file-not-utf8", "line 1, column 1"),
    "a Python object": (
        b"!!python/name:os.getcwd []\n",
        "yaml-tag",
        "line 1, column 1",
    ),
    "nested deeply": (b"- " * 500_000, "yaml-depth", "line 1, column 65"),
}


@pytest.mark.parametrize(
    ("content", "id", "place"), NOT_CATALOGUES.values(), ids=NOT_CATALOGUES.keys()
)
def test_a_file_that_is_no_catalogue_is_refused_in_a_sentence(
    tmp_path: Path, content: bytes, id: str, place: str
) -> None:
    path = tmp_path / "own.yaml"
    path.write_bytes(content)
    (message,) = refusal(path).messages
    assert (message.id, message.place, message.file) == (id, place, str(path))
    assert not PROGRAMMERS_WORDS.search(message.sentence), message.sentence


def test_a_catalogue_that_is_not_there_is_named(tmp_path: Path) -> None:
    (message,) = refusal(tmp_path / "none.yaml").messages
    assert (message.id, message.file) == ("file-unreadable", str(tmp_path / "none.yaml"))
    assert not PROGRAMMERS_WORDS.search(message.sentence), message.sentence


def test_a_key_written_twice_is_refused(tmp_path: Path) -> None:
    """Else the first of two flows of one id would vanish without a word."""
    path = tmp_path / "own.yaml"
    again = BUNDLED[BUNDLED.index("  C9:") : BUNDLED.index("  C10:")]
    path.write_text(BUNDLED.replace(again, 2 * again), encoding="utf-8")
    (message,) = refusal(path).messages
    assert (message.id, message.place) == ("key-twice", "flows.C9")
