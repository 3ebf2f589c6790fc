"""`python -m tests.tools.packages.declared dev|floors`: requirements of pyproject.toml, one a line.

`dev`: those of the dependency group, which pip-compile does not read itself. `floors`: the oldest versions
that the package and the extras of its components accept, and what their tests run on.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).parents[3] / "pyproject.toml"
_EXTRAS = ("aws", "azure", "azure-attach")
_TESTS = ("pytest", "pytest-timeout", "pytest-xdist")
_FLOOR = re.compile(r"([A-Za-z0-9._-]+)>=([0-9.]+)")


def group(name: str) -> Iterator[str]:
    """A dependency group with those that it includes."""
    for each in tomllib.loads(PROJECT.read_text())["dependency-groups"][name]:
        if isinstance(each, str):
            yield each
        else:
            yield from group(each["include-group"])


def floors() -> dict[str, str]:
    """The oldest version of each package that a program with components may bring."""
    project = tomllib.loads(PROJECT.read_text())["project"]
    extras = project["optional-dependencies"]
    rows = [*project["dependencies"], *(row for extra in _EXTRAS for row in extras[extra])]
    found = (_FLOOR.match(row) for row in rows if not row.startswith(project["name"]))
    return {match[1]: match[2] for match in found if match}


if __name__ == "__main__":
    if sys.argv[1:] == ["floors"]:
        print(*(f"{name}=={version}" for name, version in floors().items()), *_TESTS, sep="\n")
    else:
        print(*group(sys.argv[1]), sep="\n")
