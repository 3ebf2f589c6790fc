"""`swyx` writes to its two streams and nowhere else: no file appears in any folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from shutil import copyfile

import pytest

from tests.tools.command import SMALL, swyx, write_file

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "stacks/installation.yaml"
CATALOGUE = ROOT / "swyx_components/catalogue/v6_01.yaml"
CLOSED = "http://127.0.0.1:9"  # the discard port, where nothing listens
COMMANDS: dict[str, tuple[int, tuple[str, ...]]] = {
    "help": (0, ("--help",)),
    "check": (0, ("check", "FILE")),
    "check a defective file": (2, ("check", "BAD", "--json")),
    "plan": (0, ("plan", "FILE", "--cloud", "aws", "--json")),
    "explain": (1, ("explain", "FILE", "ac-office", "ac-server", "tcp/1720")),
    "flows": (0, ("flows", "FILE")),
    "catalogue": (0, ("catalogue",)),
    "schema": (0, ("schema",)),
    "verify, with no cloud there": (3, ("verify", "FILE", "--site", "aachen", "--cloud", "azure")),
    "prune, with no engine there": (
        3,
        ("prune", "FILE", "--site", "aachen", "--cloud", "aws", "--yes"),
    ),
    "a command that is none": (2, ("deploy", "FILE")),
}


@pytest.mark.parametrize("title", COMMANDS)
def test_no_file_appears_anywhere(title: str, tmp_path: Path) -> None:
    code, words = COMMANDS[title]
    for name in ("work", "home", "temporary", "input"):
        (tmp_path / name).mkdir()
    files = {"FILE": tmp_path / "input" / "plan.yaml", "BAD": tmp_path / "input" / "bad.yaml"}
    files["FILE"].write_text(SMALL)
    files["BAD"].write_text("sites: {")
    before = snapshot(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "swyx_components.cli.main"]
        + [str(files.get(word, word)) for word in words],
        cwd=tmp_path / "work",
        env={
            "PATH": os.defpath,
            "HOME": str(tmp_path / "home"),
            "TMPDIR": str(tmp_path / "temporary"),
            "AWS_ENDPOINT_URL": CLOSED,
            "AWS_REGION": "eu-central-1",
            "AZURE_RESOURCE_MANAGER_ENDPOINT": CLOSED,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert snapshot(tmp_path) == before


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file and folder with what it holds."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
    }


# Each command that writes a file, without the file's name.
WRITERS: dict[str, tuple[str, ...]] = {
    "report": ("report", "FILE", "--output"),
    "flows": ("flows", "FILE", "--format", "csv", "--output"),
    "a workbook": ("flows", "FILE", "--format", "xlsx", "--output"),
    "call": ("call", "FILE", "SwyxIt@aachen", "SwyxIt@bochum", "--output"),
}


@pytest.mark.parametrize("title", WRITERS)
def test_an_output_never_replaces_what_is_read_nor_follows_a_link(
    title: str, tmp_path: Path
) -> None:
    copyfile(CATALOGUE, tmp_path / "own.yaml")
    file = write_file(tmp_path, f"catalogue: own.yaml\n{SMALL}")
    (tmp_path / "Pulumi.yaml").write_text("name: swyx\n")
    (tmp_path / "Pulumi.bochum.yaml").write_text("config: {swyx:site: bochum, swyx:cloud: azure}\n")
    (tmp_path / "hard.yaml").hardlink_to(file)
    (tmp_path / "link.html").symlink_to(tmp_path / "elsewhere.html")
    (tmp_path / "full").mkdir()
    os.mkfifo(tmp_path / "pipe")
    words = [str(file) if word == "FILE" else word for word in WRITERS[title]]
    for name, said in {
        "plan.yaml": "is an input of `swyx` and would be overwritten; name another file to write",
        "hard.yaml": "is an input of `swyx`",
        "own.yaml": "is an input of `swyx`",
        "Pulumi.yaml": "is an input of `swyx`",
        "Pulumi.bochum.yaml": "is an input of `swyx`",
        "link.html": "can't be written (a symbolic link); name another file, in an existing folder",
        "pipe": "can't be written (not a file)",
        "NUL": f"swyx: NUL in {tmp_path / 'NUL'} is the name of a device on Windows",
        "com1.html": "is the name of a device on Windows",
    }.items():
        before = snapshot(tmp_path)
        outcome = swyx(*words, tmp_path / name)
        assert (outcome.code, said in outcome.err) == (2, True), outcome.err
        assert snapshot(tmp_path) == before
    assert swyx(*words, tmp_path / "out").code == 0
    assert not list(tmp_path.glob(".*"))


def test_a_name_of_a_device_alone_is_not_repeated() -> None:
    said = "swyx: NUL is the name of a device on Windows, not of a file; choose another name.\n"
    assert swyx("flows", EXAMPLE, "--output", "NUL").err == said
    assert swyx("hosts", EXAMPLE, "--output", "NUL").err == said


def test_pages_and_files_for_hosts_replace_no_input(tmp_path: Path) -> None:
    """The files of the other side of a comparison count too."""
    (tmp_path / "old").mkdir()
    old = write_file(tmp_path / "old", f"catalogue: index.html\n{SMALL}")
    copyfile(CATALOGUE, tmp_path / "old/index.html")
    for output in (tmp_path / "old", tmp_path / "old/index.html"):
        outcome = swyx("report", EXAMPLE, "--against", old, "--output", output)
        assert (outcome.code, f"{tmp_path}/old/index.html is an input" in outcome.err) == (2, True)
    listed = tmp_path / "swyx-hosts.json"
    listed.write_text(SMALL)
    outcome = swyx("hosts", listed, "--output", tmp_path, "--force")
    assert (outcome.code, f"{listed} is an input" in outcome.err) == (2, True)
    assert listed.read_text() == SMALL


@pytest.mark.parametrize("command", ["report", "hosts"])
def test_the_folder_of_an_output_may_be_a_link(command: str, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert swyx(command, EXAMPLE, "--output", tmp_path / "link").code == 0
    made = {"report": "index.html", "hosts": "swyx-hosts.json"}[command]
    assert (tmp_path / "real" / made).is_file() and (tmp_path / "link").is_symlink()


def test_a_failure_leaves_the_file_of_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "flows.csv"
    out.write_text("before")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    outcome = swyx("flows", write_file(tmp_path), "--format", "csv", "--output", out)
    assert (outcome.code, "No space left on device" in outcome.err) == (2, True)
    assert out.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["flows.csv", "plan.yaml"]


def test_a_site_called_like_a_device_has_a_page_that_windows_can_open(tmp_path: Path) -> None:
    file = write_file(tmp_path, SMALL.replace("bochum", "nul"))
    (tmp_path / "pages").mkdir()
    assert swyx("report", file, "--output", tmp_path / "pages").code == 0
    assert (tmp_path / "pages/sites/+nul.html").is_file()
    assert 'href="sites/+nul.html"' in (tmp_path / "pages/index.html").read_text("utf-8")
