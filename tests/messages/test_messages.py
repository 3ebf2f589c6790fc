"""Every message has its row, every row its message, and no value can break one."""

import re
from pathlib import Path
from string import Formatter

import pytest
import yaml

from swyx_components.messages import Message, Severity, SwyxError, printable
from tests.tools.english import turns_of

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "swyx_components/messages/catalogue.yaml"
ROWS = yaml.load(CATALOGUE.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
SOURCES = {
    path: path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "swyx_components").rglob("*.py"))
}
ID = r'"([a-z][a-z0-9]*(?:-[a-z0-9]+)+)"'


def test_no_message_stands_in_the_catalogue_twice() -> None:
    written = re.findall(r"^([a-z0-9-]+):", CATALOGUE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(written) == sorted(set(written))


@pytest.mark.parametrize("id", ROWS)
def test_a_row_has_a_severity_a_sentence_and_where_something_must_be_done_a_remedy(id: str) -> None:
    row = ROWS[id]
    assert row.keys() <= {"severity", "topic", "sentence", "remedy"}
    severity = Severity(row["severity"])
    assert not row["sentence"].endswith(".") and not row.get("remedy", "").endswith(".")
    assert row["sentence"] and (row.get("remedy") or severity is not Severity.ERROR)


@pytest.mark.parametrize("id", ROWS)
def test_a_row_renders_with_values_that_no_one_would_write(id: str) -> None:
    names = {
        name.partition("[")[0]
        for text in ROWS[id].values()
        for _, name, _, _ in Formatter().parse(text)
        if name
    }
    hostile = "{0.__class__}\x1b[31m\u202e\ud800\n" + "x" * 5000
    message = Message.about(id, "sites.aachen", **dict.fromkeys(names, hostile))
    assert str(message).isprintable()
    assert "{0.__class__}" in str(message) or not names


@pytest.mark.parametrize("id", ROWS)
def test_a_row_is_written_in_plain_technical_english(id: str) -> None:
    """`unknown key`, never `is no key`; `fix`, never `mend`; `per machine`, never `a machine`."""
    assert turns_of(" ".join(ROWS[id].values())) == []


def test_every_id_that_the_code_names_has_a_row() -> None:
    calls = re.compile(rf"(?:about|_refuse|log\.add|\.add)\(\s*{ID}")
    named = {id for text in SOURCES.values() for id in calls.findall(text)}
    assert named <= ROWS.keys()


def test_every_row_is_named_by_the_code() -> None:
    """By its id, or by the pieces from which `Findings.unknown` and a few f-strings make one."""
    code = "\n".join(SOURCES.values())
    pieces = set(re.findall(r'unknown\(\s*"([a-z-]+)"', code))
    made = {f"{piece}-{end}" for piece in pieces for end in ("unknown", "misspelt")}
    made |= {
        f"{start}-{end}" for start in ("link", "link-without") for end in ("shared", "chained")
    }
    made |= {f"{start}-overlap" for start in ("networks", "sip-devices", "provider", "summary")}
    made |= {"flow-not-enabled", "flow-not-disabled", "update-aws", "update-azure"}
    made |= {"site-removed-aws", "site-removed-azure"}
    assert {id for id in ROWS if f'"{id}"' not in code} <= made


def test_a_message_is_place_sentence_and_remedy() -> None:
    message = Message.about("list-repeated", "sites.aachen.sip_devices[1]", value="10.1.0.0/24")
    assert str(message) == (
        "sites.aachen.sip_devices[1]: duplicate entry 10.1.0.0/24; remove one of the two."
    )


def test_an_error_holds_all_its_messages_sorted_by_place_and_each_once() -> None:
    later = Message.about("list-empty", "sites.b", example="x")
    earlier = Message.about("list-empty", "sites.a", example="x")
    error = SwyxError([later, earlier, later])
    assert error.messages == (earlier, later)
    assert str(error) == f"{earlier}\n{later}"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Büro 10.1.0.0/24", "Büro 10.1.0.0/24"),
        ("\x1b[2J\x07", "\\x1b[2J\\x07"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\ud800", "\\ud800"),
        ("a\nb\tc", "a\\nb\\tc"),
        (5060, "5060"),
        ("x" * 201, "x" * 200 + "..."),
    ],
)
def test_printable_text_is_shown_and_the_rest_escaped(value: object, shown: str) -> None:
    assert printable(value) == shown
