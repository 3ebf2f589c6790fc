"""Where in a file each kind of place stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from swyx_components.installation import read_installation
from swyx_components.installation.positions import locate
from swyx_components.messages import Message

TEXT = """\
swyxware: "6.01"
sites:
  aachen:
    machines: {ac-server: {addresses: [10.1.0.10, 10.1.0.11]}}
    "a b":
    - {direction: in}
    - to: ac-server
"""


@pytest.mark.parametrize(
    ("place", "position"),
    [
        ("sites", ":2:1"),
        ("sites.aachen.machines.ac-server", ":4:16"),
        ("sites.aachen.machines.ac-server.addresses[1]", ":4:51"),
        ("sites.aachen.machines.ac-server.roles", ":4:16"),  # missing: what it is missing from
        ('sites.aachen."a b"[1].to', ":7:7"),
        ("links.one", ":1:1"),
        ("top level", ":1:1"),
    ],
)
def test_a_place_has_the_line_and_column_where_it_begins(
    place: str, position: str, tmp_path: Path
) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(TEXT)
    (found,) = locate([Message.about("key-unknown", place, word="x", known="y").of(str(file))])
    assert (found.file, found.place) == (f"{file}{position}", place)


@pytest.mark.parametrize("key", ['a"b', "a.b", "a[0", "a\tb", "x" * 300])
def test_a_key_that_a_message_quotes_or_cuts_has_its_own_position(key: str, tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(json.dumps({"sites": {"aachen": {"machines": {}, key: 1}}}, indent=1))
    (found,) = [one for one in read_installation(file)[1] if one.id == "key-unknown"]
    assert locate([found])[0].file == f"{file}:5:4"


@pytest.mark.parametrize("text", ["", "# nothing", "- a list", "a text"])
def test_a_file_that_is_no_mapping_is_refused_at_its_beginning(text: str, tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(text)
    (found,) = locate(read_installation(file)[1])
    assert (found.file, found.place) == (f"{file}:1:1", "top level")


def test_a_file_that_can_t_be_read_has_neither_a_position_nor_a_place(tmp_path: Path) -> None:
    (found,) = locate(read_installation(tmp_path / "plan.yaml")[1])
    assert (found.file, found.place) == (f"{tmp_path}/plan.yaml", "")


@pytest.mark.parametrize(
    ("place", "position"),
    [
        ("sites.koeln.decisions.dcom", ":1:13"),
        ("sites.koeln.decisions.h245", ":4:17"),  # its own
        ("sites.koeln.decisions.cornet", ":4:5"),  # in neither
        ("sites.bonn.decisions.dcom", ":1:13"),
    ],
)
def test_a_decision_that_a_site_inherits_stands_where_the_file_makes_it(
    place: str, position: str, tmp_path: Path
) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(
        "decisions: {dcom: windows-2003, h245: tunnelled}\nsites:\n  koeln:\n"
        "    decisions: {h245: windows-2008}\n  bonn: {}\n"
    )
    (found,) = locate([Message.about("dcom-tcp-only", place).of(str(file))])
    assert (found.file, found.place) == (f"{file}{position}", place)


def test_a_row_of_a_list_has_no_position_in_yaml(tmp_path: Path) -> None:
    file = tmp_path / "machines.csv"
    file.write_text("site,name\n")
    (found,) = locate([Message.about("serves-nothing", "row 2", role="x").of(str(file))])
    assert found.file == str(file)


def test_what_the_reader_calls_a_line_is_no_place_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text("a: [1\nb: {")
    told = Message.about("yaml-documents", "line 2, column 4").of(str(file))
    (found,) = locate([told])
    assert (found.file, found.place) == (f"{file}:2:4", "")


@pytest.mark.parametrize("file", ["", "nowhere.yaml", "__main__.py:12"])
def test_a_message_about_no_file_stays_as_it_is(file: str) -> None:
    message = Message.about("key-unknown", "sites", word="x", known="y").of(file)
    assert locate([message]) == [message]


def test_a_key_that_is_no_text_ends_the_search(tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text("a: 1\n[b, c]: 2\nd: 3\n")
    told = [Message.about("key-unknown", each, word="x", known="y").of(str(file)) for each in "ad"]
    assert [each.file for each in locate(told)] == [f"{file}:1:1", str(file)]
