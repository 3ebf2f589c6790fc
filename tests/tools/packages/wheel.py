"""The wheel in an environment of its own: what a customer has, without this repository."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parents[3]


def run(*words: str | Path, cwd: Path, **settings: str) -> str:
    """A command's output.

    Raises:
        AssertionError: it failed; with what it said.
    """
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
    done = subprocess.run(
        list(map(str, words)), cwd=cwd, env=kept | settings, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build_wheel(folder: Path) -> Path:
    """The wheel of this tree, in a folder."""
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    return next(folder.glob("*.whl"))


def install_wheel(wheel: Path, environment: Path) -> Path:
    """The Python of a new environment with the wheel, this one's packages, and nothing of the repository."""
    run(sys.executable, "-m", "venv", "--without-pip", environment, cwd=ROOT)
    site = next(environment.glob("lib/python*/site-packages"))
    # The .pth files of the folder that is named are not read: they would lead back to this repository.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    words = ("install", "--quiet", "--no-deps", "--no-index", wheel)
    python = environment / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, *words, cwd=environment)
    return python
