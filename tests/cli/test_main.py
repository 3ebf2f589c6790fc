"""The command as a process: its help, its speed, its exit codes, what it never shows."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from swyx_components.cli import check
from tests.tools.command import swyx, write_file

COMMAND = [sys.executable, "-m", "swyx_components"]


def test_help_loads_neither_pulumi_nor_a_cloud_nor_the_planner() -> None:
    program = (
        "import sys\n"
        "from swyx_components.cli.main import run\n"
        "try: run(['--help'])\n"
        "except SystemExit: pass\n"
        "print([name for name in ('pulumi', 'boto3', 'azure', 'yaml',\n"
        "    'swyx_components.planner') if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
    for word in (
        "check",
        "plan",
        "explain",
        "call",
        "verify",
        "audit",
        "prune",
        "diff",
        "init",
        "hosts",
        "flows",
        "report",
        "catalogue",
        "schema",
    ):
        assert f"  {word} " in done.stdout


def test_nothing_is_left_at_exit_that_the_interpreter_would_search_for_cycles() -> None:
    program = (
        "import atexit, gc\n"
        "atexit.register(lambda: print(gc.isenabled(), len(gc.get_objects()) < 5_000))\n"
        "from swyx_components.cli.main import run\n"
        "run(['check', 'stacks/installation.yaml'])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "False True"


def test_without_a_command_the_help_is_shown() -> None:
    assert "Usage:" in subprocess.run(COMMAND, capture_output=True, text=True).stdout


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "plan", str(write_file(tmp_path)), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


def heed_interrupts() -> None:
    """A shell starts what runs in its background with SIGINT ignored, and so would the tests' commands."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def await_reader(pipe: Path, process: subprocess.Popen[str]) -> int:
    """The pipe, opened as soon as the process reads it; a process that never does is killed."""
    for _ in range(1200):
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as problem:  # ENXIO: nobody reads yet
            assert problem.errno == errno.ENXIO
        if process.poll() is not None:
            break
        time.sleep(0.05)
    process.kill()
    raise AssertionError(f"ended before it read the file: {process.communicate()[1]}")


def interrupt(process: subprocess.Popen[str]) -> str:
    """What it says to Ctrl-C, given again if need be: one just before a read is noticed only after that."""
    for _ in range(6):
        process.send_signal(signal.SIGINT)
        try:
            return process.communicate(timeout=10)[1]
        except subprocess.TimeoutExpired:
            continue
    process.kill()
    raise AssertionError(f"not interrupted: {process.communicate()[1]}")


@pytest.mark.parametrize(
    ("command", "files", "sentence"),
    [
        ("check", 1, "nothing was changed"),
        ("rollout", 2, "run it again, with --continue if updates had begun"),
    ],
)
def test_an_interrupt_is_a_sentence(
    tmp_path: Path, command: str, files: int, sentence: str
) -> None:
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)  # reading it waits, so the command is certainly at work
    with subprocess.Popen(
        [*COMMAND, command, *[str(pipe)] * files],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_interrupts,
    ) as process:
        writer = await_reader(pipe, process)
        said = interrupt(process)
        os.close(writer)
    assert said == f"swyx: interrupted; {sentence}.\n"
    assert process.returncode == 130


def test_a_defect_is_a_sentence_and_its_traceback_there_for_the_asking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_source: str, file: str) -> None:
        raise ZeroDivisionError("by\x1b[2Jzero")

    monkeypatch.setattr(check, "read_installation", fail)
    outcome = swyx("check", "any.yaml")
    assert outcome.code == 3
    assert outcome.err == (
        "swyx: defect of swyx (ZeroDivisionError: by\\x1b[2Jzero); report it with the "
        "traceback that SWYX_DEBUG=1 prints.\n"
    )
    monkeypatch.setenv("SWYX_DEBUG", "1")
    assert "Traceback" in swyx("check", "any.yaml").err


def test_a_hostile_word_reaches_the_terminal_escaped() -> None:
    outcome = swyx("\x1b[2J")
    assert outcome.code == 2
    assert "\x1b" not in outcome.err


def test_a_terminal_that_cannot_show_a_character_gets_its_escape(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "check", str(tmp_path / "ü.yaml")],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 2
    assert "\\xfc.yaml" in done.stdout


def test_version() -> None:
    assert swyx("--version").out == "swyx 0.1.0\n"


def test_schema_is_json_schema() -> None:
    assert swyx("schema").json()["$schema"].startswith("https://json-schema.org/")


def test_catalogue_lists_listeners_and_flows() -> None:
    outcome = swyx("catalogue")
    assert (
        "SwyxPhoneL100" in outcome.out
        and "udp 4103-4119" in outcome.out
        and "L103 L46" in outcome.out
    )
    document = swyx("catalogue", "--json").json()
    assert document["flows"]["C1"]["evidence"] == "stated"
    assert document["roles"]["SwyxGate"]["listeners"]["ras"]["ports"] == ["2001"]


def test_flows_of_a_site_say_from_whom_to_whom(tmp_path: Path) -> None:
    outcome = swyx("flows", write_file(tmp_path), "--site", "bochum")
    lines = [" ".join(line.split()) for line in outcome.out.splitlines()]
    assert "bo-server any ac-link@aachen tcp 65001" in lines
    document = swyx("flows", write_file(tmp_path), "--site", "bochum", "--json").json()
    (flow,) = [flow for flow in document["flows"] if flow["flow"] == "K4"]
    assert flow["to"] == {"site": "aachen", "name": "linkmanager", "role": "LinkManager"}
    assert flow["ports"] == ["65001"]
