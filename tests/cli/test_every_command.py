"""Every command, titled by what it is asked: on the example, and where every free text is hostile."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from swyx_components.cli.main import COMMANDS, load_command
from tests.cli.test_hostile import assert_inert
from tests.tools.command import Outcome, swyx
from tests.tools.hostile import NASTY, UNPRINTABLE, write_hostile

EXAMPLE = Path(__file__).parents[2] / "stacks/installation.yaml"
GROUPS = {
    "SecurityGroups": [
        {
            "GroupId": "sg-1",
            "GroupName": NASTY,
            "Description": NASTY + UNPRINTABLE,
            "VpcId": "vpc-1",
            "OwnerId": "1",
            "IpPermissions": [],
            "IpPermissionsEgress": [],
            "Tags": [{"Key": NASTY, "Value": NASTY + UNPRINTABLE}],
        }
    ]
}

# What is asked, the words after the file, the exit code for the example and for the hostile file.
# SERVER, OFFICE and SITE stand for what the two files call them.
ASKED = {
    "is the file right": ("check", (), 0, 0),
    "which rules": ("plan", (), 0, 0),
    "which rules on AWS": ("plan", ("--cloud", "aws"), 0, 0),
    "which rules on Azure": ("plan", ("--cloud", "azure"), 0, 0),
    "may a client reach its server": ("explain", ("OFFICE", "SERVER", "tcp/135"), 0, 0),
    "may a client reach its server's desktop": ("explain", ("OFFICE", "SERVER", "tcp/3389"), 1, 1),
    "does a call to the telephone network work": ("call", ("OFFICE", "pstn@SITE"), 0, 0),
    "who may talk to whom": ("flows", (), 0, 0),
    "what must the machines be set to": ("hosts", (), 0, 0),
    "does it differ from itself": ("diff", ("FILE",), 0, 0),
    "which stacks does it change": ("diff", ("FILE", "--cloud", "aws"), 0, 0),
    "does a saved cloud hold it": (
        "verify",
        ("--site", "SITE", "--cloud", "SITE=aws", "--saved", "SAVED"),
        1,
        1,
    ),
    "is a saved firewall right": (
        "audit",
        ("--site", "SITE", "--saved", "SAVED", "--machine", "SERVER=sg-1"),
        1,
        1,
    ),
    "how does a page show it": ("report", ("--output", "PAGE"), 0, 0),
}
NOT_ABOUT_A_FILE = {
    "init",
    "prune",
    "rollout",
    "catalogue",
    "schema",
}  # each has a test module of its own


def ask(title: str, file: Path, folder: Path, names: dict[str, str], *more: str) -> Outcome:
    command, words, _, _ = ASKED[title]
    saved = folder / "saved.json"
    saved.write_text(json.dumps(GROUPS), encoding="utf-8")
    known = {
        **names, "FILE": str(file), "SAVED": str(saved), "PAGE": str(folder / "page.html")
    }  # fmt: skip
    told = []
    for word in words:
        for name, value in known.items():
            word = word.replace(name, value)
        told.append(word)
    return swyx(command, file, *told, *more)


@pytest.mark.parametrize("title", ASKED)
def test_the_example_is_asked(title: str, tmp_path: Path) -> None:
    names = {"SERVER": "ac-server", "OFFICE": "ac-office", "SITE": "aachen"}
    outcome = ask(title, EXAMPLE, tmp_path, names)
    assert (outcome.code, bool(outcome.out)) == (ASKED[title][2], True)
    assert ask(title, EXAMPLE, tmp_path, names, "--json").json()


@pytest.mark.parametrize("title", ASKED)
def test_hostile_text_is_asked(title: str, tmp_path: Path) -> None:
    names = {"SERVER": "con", "OFFICE": "office", "SITE": "nul"}
    file = write_hostile(tmp_path)
    outcome = ask(title, file, tmp_path, names)
    assert (outcome.code, bool(outcome.out)) == (ASKED[title][3], True)
    assert_inert(outcome)
    told = ask(title, file, tmp_path, names, "--json")
    assert told.json()
    assert_inert(told)


def test_a_line_break_in_a_name_from_a_cloud_makes_no_line(tmp_path: Path) -> None:
    group = {**GROUPS["SecurityGroups"][0], "GroupName": "lan\nnot checked: ac-fax"}
    saved = tmp_path / "saved.json"
    saved.write_text(json.dumps({"SecurityGroups": [group]}), encoding="utf-8")
    files = ("--saved", saved, "--machine", "ac-server=sg-1")
    lines = swyx("audit", EXAMPLE, "--site", "aachen", *files).out.splitlines()
    assert any(r"sg-1 (lan\nnot checked: ac-fax)" in line for line in lines)
    told = [line for line in lines if line.startswith("not checked: ac-fax")]
    assert told == ["not checked: ac-fax, because no file has an interface with its address"]


def test_no_command_is_left_out() -> None:
    asked = {command for command, *_ in ASKED.values()}
    assert set(COMMANDS) - NOT_ABOUT_A_FILE == asked


def test_no_extra_rule_is_proposed_that_the_file_would_refuse() -> None:
    """DCOM never crosses to another site (a rule that opened it would be an error of the file)."""
    across = swyx("explain", EXAMPLE, "SwyxIt@aachen", "SwyxServer@bochum", "tcp/135", "--json")
    assert across.code == 1
    assert across.json()["pairs"][0]["extra_rules_needed"] == []
    said = swyx("explain", EXAMPLE, "SwyxIt@aachen", "SwyxServer@bochum", "tcp/135").out
    assert "DCOM must not reach another site or a public address, so no extra rule may" in said
    other = swyx("explain", EXAMPLE, "SwyxIt@aachen", "SwyxServer@bochum", "tcp/136", "--json")
    assert other.json()["pairs"][0]["extra_rules_needed"][0]["ports"] == 136


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_prints_json_too_and_refuses_what_it_does_not_know(name: str) -> None:
    flags = {flag for option in load_command(name).params for flag in option.opts}
    assert "--json" in flags
    outcome = swyx(name, "--nothing-like-it")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("swyx: No such option: --nothing-like-it")
    assert outcome.err.endswith(f"; `swyx {name} --help` lists what is available.\n")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_the_help_of_each_begins_with(name: str) -> None:
    command = load_command(name)
    assert command.name == name
    assert (command.help or "").splitlines()[0] == COMMANDS[name]


@pytest.mark.parametrize(
    "words",
    [
        ("catalogue",),
        ("hosts", EXAMPLE),
        ("flows", EXAMPLE),
        ("call", "--list"),
        ("call", EXAMPLE, "SwyxIt@aachen", "SwyxIt@bochum"),
    ],
    ids=lambda words: words[0],
)
def test_tables_fit_80_columns(words: tuple[object, ...]) -> None:
    outcome = swyx(*words)
    assert outcome.code == 0
    assert max(map(len, outcome.out.splitlines())) <= 80


def test_columns_have_headers_and_a_long_cell_goes_on_below_itself() -> None:
    assert "\n".join(swyx("catalogue").out.splitlines()[9:16]) == (
        "\nSwyxGate\n"
        "  LISTENER  PORTS            LINES    SET IN                   PURPOSE\n"
        "  ras       udp 2001         L91      SwyxWare Administration  H.323/RAS unicast\n"
        "  media     udp 51500-51999  L92 L48  SwyxWare Administration  RTP audio and fax\n"
        "  h225      tcp 2000         L93 L76  SwyxWare Administration  H.323/H.225 call\n"
        "                                                               signalling"
    )
