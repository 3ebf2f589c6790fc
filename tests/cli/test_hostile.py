"""Hostile text in every string of a file: refused where a name is meant, inert where free text is meant."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from swyx_components.clouds import PLATFORMS
from swyx_components.installation import load_installation, read_installation
from swyx_components.messages import Severity
from swyx_components.planner import plan_site
from swyx_components.planner.render import render_site
from tests.tools.command import SMALL, Outcome, swyx, write_file
from tests.tools.example_files import BASE, read_plain
from tests.tools.fuzz.hostile import HOSTILE_TEXTS

TEXTS = pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)
REASON = ("sites", "aachen", "extra_rules", 0, "reason")
INERT = {title: text for title, text in HOSTILE_TEXTS.items() if text.isprintable()}
INERT = {title: text for title, text in INERT.items() if len(text) <= 200 and text.strip()}

# What EC2 and ARM accept in a rule's description.
AWS_DESCRIPTION = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{0,255}")
AZURE_DESCRIPTION = re.compile(r"[ -~]{0,140}")


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items: Any = value.items() if isinstance(value, dict) else ()
    for key, item in enumerate(value) if isinstance(value, list) else items:
        yield (*path, key)
        yield from places(item, (*path, key))


def holder_of(data: Any, path: tuple[Any, ...]) -> Any:
    for key in path[:-1]:
        data = data[key]
    return data


def assert_inert(outcome: Outcome) -> None:
    """Nothing on either stream can move a cursor, turn text round or be another line."""
    for line in (outcome.out + outcome.err).split("\n"):
        assert line.isprintable(), ascii(line)
    assert "defect" not in outcome.err


def assert_refused(data: Any, where: str) -> None:
    messages = read_installation(data, file="plan.yaml")[1]
    errors = [message for message in messages if message.severity is Severity.ERROR]
    assert errors, where
    for message in messages:
        assert message.place and message.sentence, where
        assert message.remedy or message.severity is not Severity.ERROR, where
        assert str(message).isprintable(), where
        assert len(str(message)) < 2000, where


@TEXTS
def test_no_value_but_a_reason_takes_hostile_text(text: str) -> None:
    for path in places(read_plain(BASE.read_text(encoding="utf-8"))):
        data = read_plain(BASE.read_text(encoding="utf-8"))
        holder_of(data, path)[path[-1]] = text
        if path == REASON and text in INERT.values():
            assert read_installation(data)[1] == ()
        else:
            assert_refused(data, f"{path} = {text!r}")


@TEXTS
def test_no_key_takes_hostile_text(text: str) -> None:
    if text == "constructor":  # a good name, and no more than a name: nothing here is JavaScript
        return
    for path in places(read_plain(BASE.read_text(encoding="utf-8"))):
        data = read_plain(BASE.read_text(encoding="utf-8"))
        holder = holder_of(data, path)
        if isinstance(holder, dict):
            holder[text] = holder.pop(path[-1])
            assert_refused(data, f"{path} renamed {text!r}")


@TEXTS
def test_a_file_of_hostile_names_is_refused_without_a_raw_character(
    text: str, tmp_path: Path
) -> None:
    data = read_plain(SMALL)
    data["sites"][text] = {"machines": {text: {"addresses": [text], "roles": [text]}}, text: text}
    data["links"][text] = {"sites": [text, "aachen"], "link_manager": text}
    data["decisions"]["dcom"] = text
    file = write_file(tmp_path, json.dumps(data))
    for words in (("check", file), ("check", file, "--json"), ("plan", file), ("flows", file)):
        outcome = swyx(*words)
        assert outcome.code == 2
        assert_inert(outcome)


@pytest.mark.parametrize("text", INERT.values(), ids=INERT)
def test_a_hostile_reason_is_inert_wherever_it_is_shown(text: str, tmp_path: Path) -> None:
    data = read_plain(SMALL)
    holder_of(data, REASON)["reason"] = text
    file = write_file(tmp_path, json.dumps(data))
    asked = ("explain", file, "10.1.99.1", "ac-server", "tcp/3389")
    for words in (asked, ("plan", file), ("check", file), ("plan", file, "--cloud", "aws")):
        outcome = swyx(*words)
        assert outcome.code == 0
        assert_inert(outcome)
    assert f"extra rule extra:aachen:0: {text}\n" in swyx(*asked).out
    assert swyx(*asked, "--json").json()["pairs"][0]["extra_rules"][0]["reason"] == text
    installation = load_installation(file)
    for cloud, allowed in (("aws", AWS_DESCRIPTION), ("azure", AZURE_DESCRIPTION)):
        site = render_site(plan_site(installation, "aachen"), installation, PLATFORMS[cloud])
        for entry in site.groups:
            for spec in entry.rules:
                assert allowed.fullmatch(spec.description), (cloud, spec.description)
                assert re.fullmatch(r"[A-Za-z0-9._\-]{0,80}", spec.name), (cloud, spec.name)


@TEXTS
def test_hostile_words_of_a_command_are_answered_in_printable_sentences(
    text: str, tmp_path: Path
) -> None:
    file = write_file(tmp_path)
    for words in (
        ("check", text),
        ("plan", f"{tmp_path}/{text}"),
        ("plan", file, "--site", text),
        ("plan", file, "--cloud", text),
        ("plan", file, "--cloud", f"{text}=aws"),
        ("explain", file, text, "ac-server", "tcp/1"),
        ("explain", file, "ac-server", text, "tcp/1"),
        ("explain", file, "ac-server", "bo-server", text),
        ("verify", file, "--site", text, "--cloud", "aws"),
        (text,),
        ("plan", file, f"--{text}"),
    ):
        outcome = swyx(*words)
        assert outcome.code == 2, words
        assert outcome.err or outcome.out
        assert_inert(outcome)


def test_an_own_catalogue_s_hostile_purposes_are_inert(tmp_path: Path) -> None:
    bundled = Path("swyx_components/catalogue/v6_01.yaml").resolve().read_text(encoding="utf-8")
    hostile = re.sub(
        r"purpose: .*", r'purpose: "\\e]0;x\\a\\u202e<script>{{7*7}}</script>"', bundled
    )
    assert hostile != bundled
    (tmp_path / "own.yaml").write_text(hostile, encoding="utf-8")
    file = write_file(tmp_path, f"catalogue: own.yaml\n{SMALL}")
    for words in (
        ("check", file),
        ("flows", file),
        ("explain", file, "ac-office", "ac-server", "tcp/1720"),
        ("plan", file, "--cloud", "aws"),
        ("plan", file, "--cloud", "azure", "--json"),
    ):
        outcome = swyx(*words)
        assert_inert(outcome)
        assert outcome.code in (0, 1, 2)
