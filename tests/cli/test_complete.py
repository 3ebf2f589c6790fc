"""Shell completion: names from the file on the line, in real bash where it is there, and nothing hostile."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from threading import Timer

import pytest

from swyx_components.cli.options import find_names
from tests.tools.command import SMALL, Outcome, swyx, write_file

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
    assert names["NAME"] == ["ac-server", "ac-link", "ac-gates"]
    assert "SwyxServer@aachen" in names["SRC"]
    assert not set("$`;() ") & set("".join(names["SRC"]))


@pytest.mark.parametrize("content", ["", "[", "sites: [1]", "sites: {a: {machines: 3}}", "a: \x1b"])
def test_a_file_that_can_not_be_read_offers_nothing(tmp_path: Path, content: str) -> None:
    file = write_file(tmp_path, content)
    for path in (file, tmp_path / "none.yaml"):
        names = find_names(str(path))
        assert not names["NAME"] and not names["SRC"]
    assert offered(f"swyx plan {file} --site ") in ([], ["a"])


# Prints the words that it is called with, unless a shell asks it what it may be called with.
STUB = f"""#!/bin/sh
if [ -n "$_SWYX_COMPLETE" ] || [ "$1" = --install-completion ]; then
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


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_itself_completes_also_behind_the_characters_at_which_it_breaks_words(
    tmp_path: Path,
) -> None:
    """The script is installed, and bash reads keys from a terminal."""
    write_file(tmp_path)
    (tmp_path / "swyx").write_text(STUB)
    (tmp_path / "swyx").chmod(0o755)
    home = {"HOME": str(tmp_path), "PATH": f"{tmp_path}:{os.environ['PATH']}", "PS1": "$ "}
    env = {**os.environ, **home, "TERM": "dumb", "INPUTRC": "/dev/null", "HISTFILE": ""}
    script = tmp_path / ".bash_completions/swyx.sh"
    for _ in range(2):
        command = ["bash", "-c", "swyx --install-completion; exit $?"]
        done = subprocess.run(command, capture_output=True, text=True, env=env)
        assert done.stderr == ""
        assert done.stdout == (
            f"bash completion installed in {script}\n"
            "Completion will take effect once you restart the terminal\n"
        )
    assert (tmp_path / ".bashrc").read_text() == f"\nsource '{script}'\n"
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


def install(home: Path, monkeypatch: pytest.MonkeyPatch) -> Outcome:
    monkeypatch.setattr("shellingham.detect_shell", lambda: ("bash", "/bin/bash"))
    monkeypatch.setattr("pathlib.Path.home", lambda: home)
    return swyx("--install-completion")


def test_a_start_file_keeps_its_mode_and_what_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = tmp_path / ".bashrc"
    start.write_bytes(b"# caf\xe9\n")
    start.chmod(0o600)
    assert install(tmp_path, monkeypatch).code == 0
    line = f"\nsource '{tmp_path}/.bash_completions/swyx.sh'\n".encode()
    assert start.read_bytes() == b"# caf\xe9\n" + line
    assert start.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == [".bash_completions", ".bashrc"]


@pytest.mark.parametrize("name", [".bashrc", ".bash_completions/swyx.sh"])
def test_completion_is_never_written_through_a_link(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".bash_completions").mkdir()
    kept = tmp_path / "kept"
    kept.write_text("mine\n")
    (tmp_path / name).symlink_to(kept)
    outcome = install(tmp_path, monkeypatch)
    assert (outcome.code, "(a symbolic link)" in outcome.err) == (2, True)
    assert kept.read_text() == "mine\n"
