"""Shell completion: names from the file on the line, in real bash where it is there, and nothing hostile."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from swyx_components.cli.options import find_clouds, find_ends, find_machines, find_sites
from tests.tools.command import SMALL, write_file

COMMAND = [sys.executable, "-m", "swyx_components"]


def offered(line: str, shell: str = "bash") -> list[str]:
    """What is offered for the last word of a line."""
    words = line.split(" ")
    done = subprocess.run(
        COMMAND,
        capture_output=True,
        text=True,
        env={
            "_SWYX_COMPLETE": f"{shell}_complete",
            "COMP_WORDS": line,
            "COMP_CWORD": words[-1] if shell == "fish" else str(len(words) - 1),
        },
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [word.removeprefix("plain,") for word in done.stdout.split()]


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


def test_clouds_stand_alone_or_behind_a_site(tmp_path: Path) -> None:
    assert find_clouds(str(write_file(tmp_path))) == [
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
    file = str(write_file(tmp_path, hostile))
    assert find_sites(file) == ["aachen"]
    assert find_machines(file) == ["ac-server", "ac-link", "ac-gates"]
    assert not set("$`;() ") & set("".join(find_ends(file)))


@pytest.mark.parametrize("content", ["", "[", "sites: [1]", "sites: {a: {machines: 3}}", "a: \x1b"])
def test_a_file_that_can_not_be_read_offers_nothing(tmp_path: Path, content: str) -> None:
    file = write_file(tmp_path, content)
    assert find_ends(str(file)) == []
    assert find_ends(str(tmp_path / "none.yaml")) == []
    assert offered(f"swyx plan {file} --site ") in ([], ["a"])


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_itself_completes(tmp_path: Path) -> None:
    """The script that is installed, sourced by bash, with the command on its path."""
    file = write_file(tmp_path)
    stub = tmp_path / "swyx"
    stub.write_text(f'#!/bin/sh\nexec {sys.executable} -m swyx_components "$@"\n')
    stub.chmod(0o755)
    program = (
        f'PATH="{tmp_path}:$PATH"; swyx --install-completion && swyx --install-completion && '
        f'. ~/.bashrc && eval "$(swyx --show-completion)" && COMP_WORDS=(swyx plan {file} --site a) && '
        'COMP_CWORD=4 && _swyx_completion swyx && echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "-c", program],
        capture_output=True,
        text=True,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    script = tmp_path / ".bash_completions/swyx.sh"
    installed = f"bash completion installed in {script}\n"
    restart = "Completion will take effect once you restart the terminal\n"
    assert (done.stdout, done.stderr) == (2 * (installed + restart) + "aachen\n", "")
    assert (tmp_path / ".bashrc").read_text() == f"\nsource '{script}'\n"
