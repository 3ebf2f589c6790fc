"""What editors and type checkers see: the wheel, installed in an environment of its own."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest

from tests.tools.packages.wheel import ROOT, build_wheel, install_wheel

HERE = Path(__file__).parent
PROGRAMS = ["passes.py", "fails.py"]


@pytest.fixture(scope="module")
def customer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both programs, the examples and an environment with the wheel. The SDKs in it are
    those of this environment, and nothing of the repository is on its path.
    """
    folder = tmp_path_factory.mktemp("customer")
    install_wheel(build_wheel(folder), folder / ".venv")
    for name in PROGRAMS:
        (folder / name).write_text((HERE / name).read_text())
    shutil.copytree(ROOT / "examples", folder / "examples")
    return folder


def mypy(folder: Path) -> list[tuple[str, int]]:
    """Files and lines with errors; of the SDKs of the clouds, which mypy would read whole, with stubs."""
    words = ["--strict", "--python-executable", str(folder / ".venv/bin/python"), *PROGRAMS]
    command = [sys.executable, "-m", "mypy", "--output", "json", *words]
    path = {"MYPYPATH": str(HERE / "stubs"), "MYPY_CACHE_DIR": str(folder / "cache")}
    found = [
        json.loads(line) for line in run(command, folder, path).splitlines() if line[:1] == "{"
    ]
    errors = [each for each in found if each["severity"] == "error"]
    return [(each["file"], each["line"]) for each in errors]


@cache
def run_pyright(folder: Path) -> list[tuple[Path, int]]:
    """Files and lines with errors, of the SDKs as they are; reading those takes longest, so all at once."""
    rules = {"typeCheckingMode": "strict", "include": [*PROGRAMS, "examples"]}
    (folder / "pyrightconfig.json").write_text(json.dumps(rules))
    words = ["--pythonpath", str(folder / ".venv/bin/python"), "--outputjson"]
    found = json.loads(run([sys.executable, "-m", "basedpyright", *words], folder, {}))
    errors = [each for each in found["generalDiagnostics"] if each["severity"] == "error"]
    return [(Path(each["file"]), each["range"]["start"]["line"] + 1) for each in errors]


def pyright(folder: Path) -> list[tuple[str, int]]:
    """Files and lines with errors, of both programs."""
    return [(file.name, line) for file, line in run_pyright(folder) if file.parent == folder]


def run(command: Sequence[str], folder: Path, more: Mapping[str, str]) -> str:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), **more}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=500
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("check", [mypy, pyright])
def test_right_programs_pass_and_every_mistake_is_flagged(
    customer: Path, check: Callable[[Path], list[tuple[str, int]]]
) -> None:
    lines = (HERE / "fails.py").read_text().splitlines()
    wanted = [number for number, line in enumerate(lines, 1) if line.endswith("# MISTAKE")]
    assert len(wanted) == 29
    assert sorted({*check(customer)}) == [("fails.py", number) for number in wanted]


def test_the_examples_are_typed(customer: Path) -> None:
    untyped = {"test_telephony.py"}  # Pulumi's own mocks and `test` have no types
    found = {file.relative_to(customer) for file, _ in run_pyright(customer)}
    assert {file.name for file in found if file.parts[0] == "examples"} == untyped
