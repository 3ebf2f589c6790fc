"""Which Python runs a program, and the plugins that its packages need."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto.language_pb2 import ProgramInfo

# Runs in the interpreter that it asks about, which may be another one than the host's. A package
# that needs a plugin carries a `pulumi-plugin.json`; to look for those files is faster than to read
# every distribution's list of files.
_PLUGINS = """
import glob, json, os, sys
pattern = os.path.join("*", "pulumi-plugin.json")
found = {}
for folder in filter(None, sys.path):
    for path in glob.glob(os.path.join(glob.escape(folder), pattern)):
        with open(path) as file:
            found.setdefault(os.path.basename(os.path.dirname(path)), json.load(file))
print(json.dumps(found))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """A Python executable. `virtualenv` is the folder that the project's `runtime.options` names,
    if any.
    """

    python: Path
    virtualenv: Path | None = None

    def environment(self, inherited: dict[str, str]) -> dict[str, str]:
        """The environment for its programs: its folder first on PATH, as an activated virtual
        environment has it.
        """
        if self.virtualenv is None:
            return dict(inherited)
        changed = {name: value for name, value in inherited.items() if name != "PYTHONHOME"}
        changed["VIRTUAL_ENV"] = str(self.virtualenv)
        changed["PATH"] = f"{self.python.parent}{os.pathsep}{inherited.get('PATH', '')}"
        return changed

    def plugins(self) -> list[dict[str, str]]:
        """The `pulumi-plugin.json` of every package that it can import and that has a plugin."""
        answer = subprocess.run(
            [str(self.python), "-P", "-c", _PLUGINS],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout
        return [
            {"name": package.removeprefix("pulumi_").replace("_", "-"), **plugin}
            for package, plugin in sorted(json.loads(answer).items())
            if plugin.get("resource")
        ]


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
