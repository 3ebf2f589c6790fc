"""Which sites of which installation file go to which cloud, and the machines that they have.

The file is read tolerantly: `swyx check` is what judges it. Here only the names and addresses of
machines matter.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sandbox.paths import REPOSITORY
from sandbox.servers import CLOUDS
from sandbox.talk import SandboxError

COMMITTED = REPOSITORY / "stacks"
EXAMPLE = COMMITTED / "installation.yaml"
_HOW = 'write for example SITES="berlin=aws essen=azure"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One site bound to one cloud: one stack, called like the site."""

    name: str
    cloud: str
    installation: Path
    machines: dict[str, list[str]]


def choose_sites(installation: Path, named: str | None) -> list[Site]:
    """The sites to work on, in the order given.

    Without `named`, the example gets the sites that its committed stack files bind; any other file
    must be told.

    Raises:
        SandboxError: `named` is missing or wrong (exit code 2).
    """
    machines = read_machines(installation)
    has = f"{installation} has {', '.join(sorted(machines)) or 'none'}"
    bound = parse_sites(named) if named and named.strip() else {}
    if not bound:
        if installation != EXAMPLE:
            raise SandboxError(f"SITES is missing: {_HOW}; {has}.", 2)
        bound = committed_sites()
    for name in bound:
        if name not in machines:
            raise SandboxError(f'SITES: unknown site "{name}": {has}.', 2)
    return [
        Site(name=name, cloud=cloud, installation=installation, machines=machines[name])
        for name, cloud in bound.items()
    ]


def parse_sites(named: str) -> dict[str, str]:
    """`aachen=aws bochum=azure` as a mapping; commas separate as well as spaces."""
    bound: dict[str, str] = {}
    for word in re.split(r"[\s,]+", named.strip()):
        name, _, cloud = word.partition("=")
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
            raise SandboxError(f'SITES: expected SITE=CLOUD, found "{word}"; {_HOW}.', 2)
        if cloud not in CLOUDS:
            raise SandboxError(
                f'SITES: unknown cloud in "{word}" (known: {", ".join(CLOUDS)}); {_HOW}.', 2
            )
        if name in bound:
            raise SandboxError(f'SITES names "{name}" twice; a site is in one cloud.', 2)
        bound[name] = cloud
    return bound


def committed_sites() -> dict[str, str]:
    """The sites of the example that stack files bind, and to which cloud."""
    bound = {}
    for path in sorted(COMMITTED.glob("Pulumi.*.yaml")):
        config = read_mapping(path).get("config") or {}
        if COMMITTED.parent / str(config.get("swyx:installation", EXAMPLE)) == EXAMPLE:
            bound[str(config.get("swyx:site"))] = str(config.get("swyx:cloud"))
    if not bound:
        raise SandboxError(f"{COMMITTED} has no stack file of the example; {_HOW}.", 2)
    return bound


def find_installation(named: str | None) -> Path:
    """The installation file, absolute; a relative name is seen from where make was called."""
    if not named:
        return EXAMPLE
    folders = (os.environ.get("SWYX_CALLED_FROM", "."), ".")
    places = [Path(folder, named).absolute() for folder in folders]
    for place in places:
        if place.is_file():
            return place.resolve()
    tried = " or ".join(dict.fromkeys(map(str, places)))
    raise SandboxError(f"Installation file not found: {tried}.", 2)


def read_machines(installation: Path) -> dict[str, dict[str, list[str]]]:
    """Site, machine, addresses; whatever is not shaped like that is left out."""
    sites = _mapping(read_mapping(installation).get("sites"))
    return {
        str(site): {
            str(machine): _addresses(_mapping(details).get("addresses"))
            for machine, details in _mapping(_mapping(body).get("machines")).items()
        }
        for site, body in sites.items()
    }


def read_mapping(path: Path) -> dict[str, Any]:
    """The YAML mapping in a file."""
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SandboxError(f"{path} can't be read: {error.strerror}", 2) from error
    except (ValueError, yaml.YAMLError) as error:
        raise SandboxError(f"{path} can't be read as YAML: {error}", 2) from error
    return _mapping(loaded)


def _mapping(value: Any) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}


def _addresses(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []
