"""The grammar that all commands share: examples, standard input, names in any case, clouds of stack files."""

from __future__ import annotations

import io
import re
import shlex
from pathlib import Path

import pytest

from swyx_components.cli.main import COMMANDS, load_command
from tests.tools.command import SMALL, swyx, write_file

STACK = "config:\n  phones:site: {site}\n  phones:cloud: {cloud}\n"


def write_stack(folder: Path, site: str, cloud: str) -> None:
    (folder / f"Pulumi.{site}.yaml").write_text(STACK.format(site=site, cloud=cloud), "utf-8")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_examples_in_a_help_are_lines_that_the_command_takes(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = swyx(name, "-h").out
    lines = re.findall(rf"^    swyx {name}\b(.*)$", shown, flags=re.MULTILINE)
    assert lines
    assert max(map(len, shown.splitlines())) <= 80
    for line in lines:
        words = shlex.split(re.sub(r"[<>] .*", "", line))
        load_command(name).make_context("swyx", words)


def test_a_file_may_come_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    def give(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    give(SMALL)
    outcome = swyx("explain", "-", "ac-office", "ac-server", "tcp/135")
    assert (outcome.code, outcome.out[:8]) == (0, "allowed:")
    give("sites: [1]\n")
    assert "-:1:1: sites: " in swyx("check", "-").out


def test_names_are_found_in_any_case(tmp_path: Path) -> None:
    file = write_file(tmp_path)
    assert (
        swyx("plan", file, "--site", "AACHEN", "--cloud", "Aachen=AWS").out[:12] == "aachen (aws)"
    )
    assert swyx("explain", file, "AC-Office", "swyxserver@Aachen", "tcp/135").code == 0
    assert swyx("hosts", file, "--machine", "AC-LINK").out.startswith("aachen: ac-link ")
    assert swyx("flows", file, "--role", "SwyxIt!", "--site", "Bochum").code == 0


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("plan", "--site", "achen"), "unknown site achen (did you mean aachen?)"),
        (("explain", "ac-sever", "ac-link", "icmp"), "(did you mean ac-server?)"),
        (("explain", "SwyxIt@aachn", "ac-link", "icmp"), "(did you mean aachen?)"),
        (("explain", "swyxit", "ac-link", "icmp"), "(did you mean SwyxIt@aachen?)"),
        (("explain", "SwyxIt@essen", "ac-link", "icmp"), "(did you mean SwyxIt@aachen?)"),
        (("explain", "SwyxItt@bochum", "ac-link", "icmp"), "(did you mean SwyxIt@bochum?)"),
        (
            ("report", "--deployed", "achen"),
            "--deployed achen: unknown site achen (did you mean aachen?)",
        ),
        (
            ("hosts", "--machine", "ac-lnk"),
            "unknown machine or network ac-lnk (did you mean ac-link?)",
        ),
        (("flows", "--role", "SwyxServr"), "did you mean `SwyxServer`?"),
    ],
)
def test_what_was_probably_meant_is_named(
    tmp_path: Path, words: tuple[str, ...], meant: str
) -> None:
    command, *rest = words
    outcome = swyx(command, write_file(tmp_path), *rest)
    assert (outcome.code, meant in outcome.err) == (2, True)


@pytest.mark.parametrize(
    ("word", "meant"),
    [("SwyxIt!", "SwyxIt"), ("L400", "SwyxPhoneL400"), ("swyx-gate", "SwyxGate")],
)
def test_a_role_of_a_file_as_people_call_it_is_recognised(
    tmp_path: Path, word: str, meant: str
) -> None:
    file = write_file(tmp_path, SMALL.replace("roles: [SwyxIt]", f'roles: ["{word}"]', 1))
    assert f"did you mean `{meant}`?" in swyx("check", file).out


def test_the_cloud_of_a_site_is_read_from_the_stack_file_beside_the_file(tmp_path: Path) -> None:
    file = write_file(tmp_path)
    write_stack(tmp_path, "bochum", "azure")
    write_stack(tmp_path, "another-program", "gcp")
    lists = STACK.format(
        site="[a, b]", cloud="azure"
    )  # of a program whose sites are something else
    (tmp_path / "Pulumi.lists.yaml").write_text(lists, "utf-8")
    out = swyx("plan", file).out
    assert re.findall(r"^(\w+(?: \(\w+\))?): \d", out, flags=re.MULTILINE) == [
        "aachen",
        "bochum (azure)",
    ]
    assert swyx("plan", file, "--site", "bochum", "--cloud", "aws").out[:12] == "bochum (aws)"


def test_stack_files_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    file = write_file(tmp_path)
    write_stack(tmp_path, "bochum", "azure")
    (tmp_path / "Pulumi.other.yaml").write_text(STACK.format(site="bochum", cloud="aws"), "utf-8")
    outcome = swyx("plan", file)
    assert (outcome.code, outcome.out) == (2, "")
    assert 'Pulumi.other.yaml:3:3: config."phones:cloud": two clouds for one site' in outcome.err
    (tmp_path / "Pulumi.other.yaml").write_text(STACK.format(site="bochum", cloud="gcp"), "utf-8")
    assert swyx("verify", file).err.endswith(
        f'swyx: {tmp_path}/Pulumi.other.yaml:3:3: config."phones:cloud": unknown cloud `gcp`; write '
        "`phones:cloud: aws` or `phones:cloud: azure`.\n"
    )
    (tmp_path / "Pulumi.other.yaml").write_text("config:\n  phones:cloud: [aws\n", "utf-8")
    refused = swyx("plan", file).err
    assert refused.startswith(
        f"swyx: {tmp_path}/Pulumi.other.yaml:3:1: the bracket opened at line 2, column 17 is not closed"
    )
    assert swyx("hosts", file).code == 0  # without clouds, no stack file is read


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "explain plan.yaml ac-office ac-server icmp --source-port 5",
            "swyx: invalid packet icmp; expected PROTO/PORT, for example tcp/1720; icmp and icmpv6 take no "
            "port.",
        ),
        (
            "explain plan.yaml ac-office ac-server tcp/1 --source-port x",
            "swyx: Invalid value for '--source-port': 'x' is not a valid number; `swyx explain --help` lists "
            "what is available.",
        ),
        (
            "plan plan.yaml --cloud",
            "swyx: Option '--cloud' requires an argument; `swyx plan --help` lists what is available.",
        ),
        (
            "diff - -",
            "swyx: standard input (`-`) can be read only once; name a file for OLD or NEW.",
        ),
        (
            "init new.yaml --from plan.yaml --column addresses",
            "swyx: --column addresses: expected OURS=THEIRS: a column and its name in the list; write for "
            'example `--column addresses="IP Address"`.',
        ),
        (
            "verify plan.yaml --state plan.yaml",
            "swyx: plan.yaml: invalid JSON (Expecting value at line 1); save the output of the cloud's "
            "command with `--output json`, or a stack with `pulumi stack export`.",
        ),
    ],
)
def test_a_wrong_line_is_refused_with_what_to_write(
    line: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_file(tmp_path)
    monkeypatch.chdir(tmp_path)
    outcome = swyx(*line.split())
    assert (outcome.code, outcome.out, outcome.err) == (2, "", f"{said}\n")
