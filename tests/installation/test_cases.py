"""Every titled case: an installation in, every message out, to the letter."""

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from swyx_components.installation import load_schema, read_installation
from tests.tools.example_files import BASE, Case, all_cases

CASES = list(all_cases())
OF_DATA = [case for case in CASES if case.data is not None]
OF_TEXT = [case for case in CASES if case.data is None]
CATALOGUE = Path(__file__).parents[2] / "swyx_components/messages/catalogue.yaml"
ELSEWHERE = {  # tested with bytes, sizes or objects that a case file can't hold
    "file-unreadable",
    "file-too-large",
    "file-not-utf8",
    "key-repeated",
    "value-not-plain",
    "messages-cut",
    "list-long",
    "site-large",
    "catalogue-version",
}


def titled(cases: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "case", cases, ids=[f"{case.file}: {case.title}" for case in cases]
    )


@titled(OF_DATA)
def test_plain_data_gives_exactly_these_messages(case: Case) -> None:
    _, messages = read_installation(case.data, file="plan.yaml")
    assert [str(message) for message in messages] == [
        f"plan.yaml: {text}" for text in case.messages
    ]


@titled(OF_DATA)
def test_a_file_says_the_same_as_the_plain_data(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(json.dumps(case.data), encoding="utf-8")
    from_file, messages = read_installation(path)
    assert [str(message) for message in messages] == [f"{path}: {text}" for text in case.messages]
    from_data, _ = read_installation(case.data, file=str(path))
    assert from_file == from_data


@titled(OF_TEXT)
def test_a_text_gives_exactly_these_messages(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(case.text, encoding="utf-8")
    _, messages = read_installation(path, file="plan.yaml")
    assert [str(message) for message in messages] == [
        f"plan.yaml: {text}" for text in case.messages
    ]


@titled(OF_DATA)
def test_the_json_schema_agrees(case: Case) -> None:
    """It accepts every valid file and refuses what is wrong in shape; the rest only the reader sees."""
    problems = list(Draft202012Validator(load_schema()).iter_errors(case.data))
    assert bool(problems) == case.structural
    assert not (problems and not case.messages)


@pytest.mark.parametrize(
    "path", [BASE, *sorted((BASE.parents[1] / "fixtures").glob("*.yaml"))], ids=str
)
def test_the_json_schema_accepts_what_an_editor_reads(path: Path) -> None:
    data = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    assert list(Draft202012Validator(load_schema()).iter_errors(data)) == []
    assert read_installation(path)[1] == ()
    assert read_installation(data)[1] == ()


def test_the_schema_itself_is_valid() -> None:
    Draft202012Validator.check_schema(load_schema())


def test_every_message_of_this_room_has_a_case() -> None:
    rows = yaml.load(CATALOGUE.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    own, inside = set(), False
    for line in CATALOGUE.read_text(encoding="utf-8").splitlines():
        if line.startswith("# ----"):
            inside = line.startswith("# ---- installation")
        elif inside and line[:1].isalpha():
            own.add(line.rstrip(":"))
    given: set[str] = set()
    for case in OF_DATA:
        given |= {message.id for message in read_installation(case.data)[1]}
    said = "\n".join(text for case in OF_TEXT for text in case.messages)
    for name in own - given - ELSEWHERE:  # texts: recognised by the remedy's first words
        remedy = rows[name]["remedy"].partition("{")[0]
        assert remedy in said, f"no case for {name}"
