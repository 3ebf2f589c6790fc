"""Which Python runs a program, and what is installed in it."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto.language_pb2 import ProgramInfo

# Each runs in the interpreter that it asks about, which may be another one than the host's. A
# package that needs a plugin carries a `pulumi-plugin.json`; to look for those files is faster
# than to read every distribution's list of files.
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
_DISTRIBUTIONS = """
import json
from importlib import metadata
found = {(item.metadata["Name"], item.version) for item in metadata.distributions()}
print(json.dumps(sorted(found)))
"""
_VERSION = "import json, platform; print(json.dumps(platform.python_version()))"


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
        return [
            {"name": package.removeprefix("pulumi_").replace("_", "-"), **plugin}
            for package, plugin in sorted(self._ask(_PLUGINS).items())
            if plugin.get("resource")
        ]

    def distributions(self) -> list[tuple[str, str]]:
        """Name and version of every installed distribution, sorted."""
        return [(name, version) for name, version in self._ask(_DISTRIBUTIONS)]

    def version(self) -> str:
        """For example `3.11.7`."""
        return str(self._ask(_VERSION))

    def _ask(self, code: str) -> Any:
        command = [str(self.python), "-P", "-c", code]
        return json.loads(
            subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
        )


class NoInterpreter(Exception):
    """The project names a virtual environment that does not exist."""


def choose_interpreter(info: ProgramInfo) -> Interpreter:
    """The interpreter of a program: its virtual environment, else the one that runs this host.

    Raises:
        NoInterpreter: the virtual environment has no Python yet.
    """
    virtualenv = named_virtualenv(info)
    if virtualenv is None:
        return Interpreter(python=Path(sys.executable))
    python = python_of(virtualenv)
    if not python.exists():
        raise NoInterpreter(
            f"The virtual environment {virtualenv} has no Python; run `pulumi install`, or make "
            "it with "
            f"`python3 -m venv {virtualenv}` and install the program's packages into it."
        )
    return Interpreter(python=python, virtualenv=virtualenv)


def named_virtualenv(info: ProgramInfo) -> Path | None:
    """The folder that `runtime.options` asks for, absolute; None if it asks for none.

    The toolchains `uv` and `poetry` themselves are not run; their default folder is used where it
    exists.
    """
    options = MessageToDict(info.options)
    named = options.get("virtualenv")
    root = Path(info.root_directory)
    if named:
        return (root / str(named)).absolute()
    if options.get("toolchain") in ("uv", "poetry") and python_of(root / ".venv").exists():
        return (root / ".venv").absolute()
    return None


def python_of(virtualenv: Path) -> Path:
    """The interpreter inside a virtual environment. Not resolved: its link is what makes it one."""
    return virtualenv / "bin" / "python"
