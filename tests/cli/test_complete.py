"""Shell completion: names from the file on the line, in real bash where it is there, and nothing hostile."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from threading import Timer

import pytest

from swyx_components.cli.options import find_names
from tests.tools.command import SMALL, write_file

COMMAND = [sys.executable, "-m", "swyx_components"]
PAGE = Path(__file__).parents[2] / "docs/how-to/complete-words-in-editor-and-shell.md"
NEEDS_BASH = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")


def answered(env: dict[str, str]) -> str:
    """What a shell is told that starts `swyx` with these variables."""
    done = subprocess.run(COMMAND, capture_output=True, text=True, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def offered(line: str, shell: str = "bash") -> list[str]:
    """What is offered for the last word of a line."""
    words = line.split(" ")
    answer = answered(
        {
            "_SWYX_COMPLETE": f"{shell}_complete",
            "COMP_WORDS": line,
            "COMP_CWORD": words[-1] if shell == "fish" else str(len(words) - 1),
        },
    )
    return [word.removeprefix("plain,") for word in answer.split()]


def test_names_come_from_the_file_on_the_line(tmp_path: Path) -> None:
    file = write_file(tmp_path)
    assert offered(f"swyx plan {file} --site ") == ["aachen", "bochum"]
    assert offered(f"swyx explain {file} ac-o") == ["ac-office"]
    assert offered(f"swyx explain {file} ac-office Swyx") == [
        "SwyxGate@aachen",
        "SwyxIt@aachen",
        "SwyxIt@bochum",
        "SwyxServer@aachen",
        "SwyxServer@bochum",
    ]
    assert offered(f"swyx diff {file} {file} --site b") == ["bochum"]
    assert offered(f"swyx diff {file} {file} --cloud bo") == ["bochum=aws", "bochum=azure"]
    assert offered(f"swyx hosts {file} --machine bo-") == ["bo-server", "bo-office"]
    assert offered(f"swyx audit {file} --site a") == ["aachen"]


def test_commands_and_options_are_offered() -> None:
    assert offered("swyx ho") == ["hosts"]
    assert "--output" in offered("swyx hosts plan.yaml --o")


@pytest.mark.parametrize(
    "line",
    [
        "check ",
        "call ",
        "diff old.yaml ",
        "verify plan.yaml --state ",
        "init --from ",
        "report f --output ",
    ],
)
def test_files_are_left_to_the_shell(line: str) -> None:
    assert offered(f"swyx {line}") == ["file,"]


@pytest.mark.parametrize("shell", ["zsh", "fish", "powershell"])
def test_other_shells_are_answered_in_their_form(tmp_path: Path, shell: str) -> None:
    answer = " ".join(offered(f"swyx plan {write_file(tmp_path)} --site ", shell))
    assert "aachen" in answer and "bochum" in answer


@pytest.mark.parametrize(
    "shell", [pytest.param("bash", marks=NEEDS_BASH), "zsh", "fish", "powershell"]
)
def test_each_shell_of_the_page_gets_a_script_that_asks_for_words(shell: str) -> None:
    assert f"{shell}_source" in PAGE.read_text()
    script = answered({"_SWYX_COMPLETE": f"{shell}_source", "PATH": os.environ["PATH"]})
    assert f"{shell}_complete" in script


def test_clouds_stand_alone_or_behind_a_site(tmp_path: Path) -> None:
    assert find_names(str(write_file(tmp_path)))["[SITE=]CLOUD"] == [
        "aws",
        "azure",
        "aachen=aws",
        "aachen=azure",
        "bochum=aws",
        "bochum=azure",
    ]


def test_a_name_that_no_file_may_hold_is_never_put_on_a_command_line(tmp_path: Path) -> None:
    hostile = SMALL.replace("ac-office", '"$(touch pwned)"').replace("  bochum:", '  "`x`;y":')
    hostile = hostile.replace("[SwyxGate]", '["$(z)"]')
    names = find_names(str(write_file(tmp_path, hostile)))
    assert names["SITE"] == ["aachen"]
    assert names["NAME"] == ["ac-link", "ac-server"]
    assert "SwyxServer@aachen" in names["SRC"]
    assert not set("$`;() ") & set("".join(names["SRC"]))


def test_a_role_of_a_catalogue_is_offered_only_under_a_name(tmp_path: Path) -> None:
    role = {"kind": "phone", "listeners": {}, "lines": [1]}
    roles = {
        "Phone": role,
        "$(z)": role,
        "SwyxServer": {**role, "kind": "server", "once_per_site": True},
    }
    own = {"version": "1", "source": "s", "roles": roles, "flows": {}}
    server = {"addresses": ["10.0.0.1"], "roles": ["SwyxServer", "Phone", "$(z)"]}
    file = {"catalogue": own, "sites": {"a": {"machines": {"server": server}}}}
    names = find_names(str(write_file(tmp_path, json.dumps(file))))
    assert names["SRC"] == ("server", "Phone@a", "SwyxServer@a")


@pytest.mark.parametrize("content", ["", "[", "sites: [1]", "sites: {a: {machines: 3}}", "a: \x1b"])
def test_a_file_that_can_not_be_read_offers_nothing(tmp_path: Path, content: str) -> None:
    file = write_file(tmp_path, content)
    for path in (file, tmp_path / "none.yaml"):
        names = find_names(str(path))
        assert not names["NAME"] and not names["SRC"]
    assert offered(f"swyx plan {file} --site ") in ([], ["a"])


# Prints the words that it is called with, unless a shell asks it what it may be called with.
STUB = f"""#!/bin/sh
if [ -n "$_SWYX_COMPLETE" ]; then
    exec {sys.executable} -m swyx_components "$@"
fi
printf '<%s>' "$@"
echo
"""
TYPED = {  # a tab behind each, and what is called then
    "swyx plan plan.yaml --site a": "<plan><plan.yaml><--site><aachen>",
    "swyx plan plan.yaml --site=bo": "<plan><plan.yaml><--site=bochum>",
    "swyx plan plan.yaml --cloud aac": "<plan><plan.yaml><--cloud><aachen=a>",
    "swyx plan plan.yaml --cloud aachen=az": "<plan><plan.yaml><--cloud><aachen=azure>",
    "swyx explain plan.yaml ac-office SwyxG": "<explain><plan.yaml><ac-office><SwyxGate@aachen>",
    "swyx explain plan.yaml ac-office SwyxServer@": "<explain><plan.yaml><ac-office><SwyxServer@>",
    "swyx explain plan.yaml SwyxServer@bo": "<explain><plan.yaml><SwyxServer@bochum>",
    "swyx check pl": "<check><plan.yaml>",
}


@NEEDS_BASH
def test_bash_itself_completes_also_behind_the_characters_at_which_it_breaks_words(
    tmp_path: Path,
) -> None:
    """Its start file has the line of the page, and it reads keys from a terminal."""
    write_file(tmp_path)
    (tmp_path / "swyx").write_text(STUB)
    (tmp_path / "swyx").chmod(0o755)
    home = {"HOME": str(tmp_path), "PATH": f"{tmp_path}:{os.environ['PATH']}", "PS1": "$ "}
    env = {**os.environ, **home, "TERM": "dumb", "INPUTRC": "/dev/null", "HISTFILE": ""}
    (line,) = [line for line in PAGE.read_text().splitlines() if "bash_source" in line]
    (tmp_path / ".bashrc").write_text(line)
    keys = ". ~/.bashrc\n" + "".join(f"{line}\t\n" for line in TYPED) + "exit\n"
    shown = type_into_bash(keys.encode(), env, tmp_path)
    assert re.findall(r"^<.*>", shown, flags=re.MULTILINE) == list(TYPED.values())


def type_into_bash(keys: bytes, env: dict[str, str], folder: Path) -> str:
    """What an interactive bash shows while it is sent these keys."""
    ours, its = os.openpty()
    bash = subprocess.Popen(
        ["bash", "--norc", "-i"],
        stdin=its,
        stdout=its,
        stderr=its,
        env=env,
        cwd=folder,
        start_new_session=True,
    )
    os.close(its)
    limit = Timer(60, bash.kill)
    limit.start()
    shown = b""
    try:
        while piece := os.read(ours, 65_536):
            if (
                not shown.count(b"$ ") and b"$ " in shown + piece
            ):  # its first prompt: it reads keys now
                os.write(ours, keys)
            shown += piece
    except OSError:  # a terminal that nobody holds any more
        pass
    finally:
        limit.cancel()
        os.close(ours)
        bash.wait(30)
    return shown.decode().replace("\r", "")
