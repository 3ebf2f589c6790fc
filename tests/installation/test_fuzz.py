"""Mutated example files: never a traceback, never long, always a place and a remedy."""

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from swyx_components.catalogue.yaml_source import compose
from swyx_components.installation import read_installation
from swyx_components.messages import Diagnostics, SwyxError
from tests.tools.example_files import BASE, read_plain

EXAMPLE = BASE.read_text(encoding="utf-8")
PIECES = [
    "{",
    "}",
    "[",
    "]",
    ":",
    " ",
    "\n",
    "-",
    "&a ",
    "*a",
    "!!str ",
    "'",
    '"',
    "\t",
    "\0",
    "<<: ",
    "~",
    "#",
]
PIECES += [
    "---\n",
    "? ",
    "|\n",
    "%",
    "@",
    "\u202e",
    "0.0.0.0/0",
    "::/0",
    "65536",
    "010",
    "SwyxServer",
    "x" * 300,
]
SCALARS = [
    "",
    "x",
    "0",
    "-1",
    "1718",
    "135-65535",
    "0.0.0.0/1",
    "128.0.0.0/1",
    "10.0.0.0/8",
    "10.2.0.10",
    "::1",
]
SCALARS += [
    "SwyxServer",
    "LinkManager",
    "SwyxPhoneL100",
    "ac-link",
    "bo-link",
    "bochum",
    "media",
    "both",
    "chained",
]
SCALARS += [
    "\x1b[31m",
    "__proto__",
    "{{7*7}}",
    "$(id)",
    "<b>",
    "\ud800",
    "a.b",
    "1e999",
    "windows-2003",
]
EDITS = ["set", "add", "key", "del"]
VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    5060.0,
    1.5,
    float("nan"),
    float("inf"),
    10**400,
    [],
    {},
    *SCALARS,
]


def assert_sound(messages: Any) -> None:
    for message in messages:
        assert message.place and message.sentence and message.remedy
        assert str(message).isprintable()


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(st.integers(0, len(EXAMPLE)), st.integers(0, 12), st.sampled_from(PIECES)),
        max_size=4,
    )
)
def test_a_mutated_text_gives_messages_and_no_traceback(edits: list[tuple[int, int, str]]) -> None:
    text = EXAMPLE
    for at, cut, piece in edits:
        text = text[:at] + piece + text[at + cut :]
    log = Diagnostics("plan.yaml")
    try:
        data = compose(text, log)
    except SwyxError as error:
        log.adopt(error.messages)
    else:
        assert_sound(read_installation(data)[1] if isinstance(data, dict) else ())
    assert_sound(log.all())


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [path, *(found for key, item in items for found in paths(item, (*path, key)))]


PATHS = paths(read_plain(EXAMPLE))[1:]


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(st.sampled_from(PATHS), st.sampled_from(VALUES), st.sampled_from(EDITS)),
        min_size=1,
        max_size=5,
    )
)
def test_a_mutated_structure_gives_messages_and_no_traceback(
    edits: list[tuple[Any, Any, str]],
) -> None:
    data = read_plain(EXAMPLE)
    for path, value, edit in edits:
        *parents, last = path
        holder = data
        try:
            for key in parents:
                holder = holder[key]
            if edit == "set":
                holder[last] = value
            elif edit == "del":
                del holder[last]
            elif edit == "key":
                holder[value if isinstance(value, str | float) else "added"] = holder[last]
            elif isinstance(holder[last], list):
                holder[last].append(value)
        except (KeyError, IndexError, TypeError):
            continue
    assert_sound(read_installation(data, file="plan.yaml")[1])


HOSTILE = {
    "one site's thousandfold CIDR": "swyxware: '6.01'\nsites: {a: {machines: {b: {addresses: "
    "[10.0.0.1], roles: [SwyxServer]}}, egress: ajar, sip_devices: ["
    + "10.0.0.0/8, " * 200_000
    + "]}}",
    "sites of one CIDR": "swyxware: '6.01'\nsites:\n"
    + "".join(
        f" s{i}: {{machines: {{}}, networks: {{n: {{cidrs: [10.0.0.0/8], roles: [SwyxIt]}}}}}}\n"
        for i in range(20_000)
    ),
    "misspelt roles": "swyxware: '6.01'\nsites: {a: {machines: {b: {addresses: [10.0.0.1], roles: ["
    + ", ".join(f"SwyxServr{i}" for i in range(100_000))
    + "]}}}}",
    "links to nowhere": "swyxware: '6.01'\nsites:\n"
    + "".join(
        f" s{i}: {{machines: {{m{i}: {{addresses: [10.0.0.1], roles: [SwyxServer]}}}}}}\n"
        for i in range(5_000)
    )
    + "links:\n"
    + "".join(f" l{i}: {{sites: [s{i}, z{i}], link_manager: y{i}}}\n" for i in range(5_000)),
    "brackets": "[" * 4_900_000,
    "anchors": "&a " * 1_600_000,
    "long key": "x" * 4_900_000 + ": 1",
    "long scalar": "swyxware: " + "6" * 4_900_000,
}


@pytest.mark.parametrize("title", HOSTILE)
def test_a_hostile_file_is_answered_in_bounded_time(title: str, tmp_path: Path) -> None:
    """The bound is generous for a busy machine: what is feared here takes minutes."""
    path = tmp_path / "plan.yaml"
    path.write_text(HOSTILE[title], encoding="utf-8")
    start = time.process_time()
    _, messages = read_installation(path, file="plan.yaml")
    assert time.process_time() - start < 10
    assert messages
    assert_sound(messages[:100])
    assert all(len(str(message)) < 2000 for message in messages)
