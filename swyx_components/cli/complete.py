"""What a shell may offer in place of a word: names from the file on the line, where they are cheap to read.

A shell puts these words on a command line, so nothing is offered but names that a valid file may hold.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from swyx_components.clouds import CLOUDS
from swyx_components.installation.diagnostics import Diagnostics
from swyx_components.installation.source import take
from swyx_components.installation.values import is_name

_MOST_BYTES = 500_000  # a larger file would keep the person waiting


def find_sites(file: str) -> list[str]:
    """The names of the sites of a file; none where it can't be read."""
    return [site for site, _ in _sites(file)]


def find_ends(file: str) -> list[str]:
    """The names of machines and networks, then `SITE/ROLE` for each role that a site has."""
    names: list[str] = []
    roles: list[str] = []
    for site, value in _sites(file):
        for kind in ("machines", "networks"):
            for name, end in _mapping(_mapping(value).get(kind)).items():
                names.append(name)
                own = _mapping(end).get("roles")
                roles += (f"{site}/{role}" for role in (own if isinstance(own, list) else ()))
    plain = [name for name in names if is_name(name)]
    return plain + sorted({r for r in roles if is_name(r.replace("/", "-", 1)[:40])})


def find_machines(file: str) -> list[str]:
    """The names of machines and networks alone."""
    return [name for name in find_ends(file) if "/" not in name]


def find_clouds(file: str) -> list[str]:
    """The clouds, and each site with each."""
    return [*CLOUDS, *(f"{site}={cloud}" for site in find_sites(file) for cloud in CLOUDS)]


def _sites(file: str) -> Iterator[tuple[str, Any]]:
    for name, site in _mapping(_mapping(_read(file)).get("sites")).items():
        if is_name(name):
            yield name, site


def _read(file: str) -> Any:
    try:
        if Path(file).stat().st_size <= _MOST_BYTES:
            return take(file, Diagnostics(file))
    except Exception:  # whatever is wrong with the file, the command itself will say
        return None
    return None


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
