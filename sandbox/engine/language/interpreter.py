"""Which Python runs a program."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto.language_pb2 import ProgramInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """A Python executable, and the virtual environment that `runtime.options` names, if any."""

    python: Path
    virtualenv: Path | None = None

    def environment(self, inherited: dict[str, str]) -> dict[str, str]:
        """The environment for its programs, as an activated virtual environment has it."""
        if self.virtualenv is None:
            return dict(inherited)
        changed = {name: value for name, value in inherited.items() if name != "PYTHONHOME"}
        changed["VIRTUAL_ENV"] = str(self.virtualenv)
        changed["PATH"] = f"{self.python.parent}{os.pathsep}{inherited.get('PATH', '')}"
        return changed


class NoInterpreter(Exception):
    """The project names a virtual environment that does not exist."""


def choose_interpreter(info: ProgramInfo) -> Interpreter:
    """The interpreter of a program: the virtual environment that `runtime.options` names, else the one
    that runs this host.

    Raises:
        NoInterpreter: the virtual environment has no Python yet.
    """
    named = MessageToDict(info.options).get("virtualenv")
    if not named:
        return Interpreter(python=Path(sys.executable))
    virtualenv = (Path(info.root_directory) / str(named)).absolute()
    python = virtualenv / "bin" / "python"  # not resolved: its link is what makes it one
    if not python.exists():
        raise NoInterpreter(
            f"The virtual environment {virtualenv} has no Python; make it with "
            f"`python3 -m venv {virtualenv}` and install the program's packages into it."
        )
    return Interpreter(python=python, virtualenv=virtualenv)
