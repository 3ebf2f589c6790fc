"""Executables that start a module of this package: the engine looks for hosts and providers by name.

Each is a two-line shell script that becomes (`exec`) the virtual environment's Python, so that the
engine's child is the Python process itself and signals reach it.
"""

import shlex
import sys
from pathlib import Path

from sandbox.paths import REPOSITORY

# -P keeps the working directory, a user's program, from shadowing modules. The repository is put
# on sys.path and not into PYTHONPATH, which the programs that a host starts would inherit.
_START = (
    "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); "
    "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)


def write_launcher(path: Path, module: str, *arguments: str) -> bool:
    """An executable at `path` that runs `module`; False if it was there, unchanged."""
    words = [sys.executable, "-P", "-c", _START, str(REPOSITORY), module, *arguments]
    text = f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n'
    if path.is_file() and path.read_text() == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.new")
    scratch.write_text(text)
    scratch.chmod(0o755)
    scratch.replace(path)  # in one step: another sandbox may be starting the old one now
    return True
