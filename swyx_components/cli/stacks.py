"""The stack files of a Pulumi project: which site each stack is, in which cloud, and which file it reads."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from swyx_components.cli.failures import refuse
from swyx_components.clouds import PLATFORMS
from swyx_components.messages import Message, SwyxError

_DEFAULT_FILE = "stacks/installation.yaml"  # as in __main__.py
_STACK_FILE = re.compile(r"Pulumi\.([A-Za-z0-9._-]{1,100})\.ya?ml")


class Stack(NamedTuple):
    """A stack that is a site. `file` is its stack file, `installation` the file that it reads."""

    name: str
    site: str
    cloud: str
    file: Path
    installation: Path


def find_stacks(project: Path) -> dict[str, Stack]:
    """The stacks of a project by site; a stack file that names no site is another program's.

    Raises:
        SwyxError: there is no such project, a cloud is unknown, or two stacks are one site.
    """
    settings = _read(project / "Pulumi.yaml")
    if "name" not in settings:
        raise refuse("project-missing", "--project", folder=project)
    prefix = f"{settings['name']}:"
    default = _default_file(_mapping(settings.get("config")).get(f"{prefix}installation"))
    stacks: dict[str, Stack] = {}
    errors: list[Message] = []
    for path in sorted((project / str(settings.get("stackConfigDir") or ".")).glob("Pulumi.*")):
        name = _STACK_FILE.fullmatch(path.name)
        config = _mapping(_read(path).get("config")) if name else {}
        site, cloud = (str(config.get(prefix + key, "")) for key in ("site", "cloud"))
        if not (name and site):
            continue
        if cloud not in PLATFORMS:
            known = " or ".join(PLATFORMS)
            errors.append(Message.about("cloud-unknown", str(path), cloud=cloud, known=known))
        file = project / str(config.get(f"{prefix}installation", default))
        own = Stack(name[1], site, cloud, path, file)
        if (other := stacks.setdefault(site, own)) is not own:
            errors.append(Message.about("stack-twice", str(path), site=site, other=other.file))
    if errors:
        raise SwyxError(errors)
    return stacks


def _default_file(declared: Any) -> str:
    """What Pulumi.yaml says a stack reads unless its own file says otherwise."""
    given = declared.get("default") if isinstance(declared, Mapping) else declared
    return str(given or _DEFAULT_FILE)


def _read(path: Path) -> Mapping[str, Any]:
    """A settings file of Pulumi; empty where there is none.

    Raises:
        SwyxError: it can't be read as YAML.
    """
    if not path.is_file():
        return {}
    try:
        return _mapping(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, yaml.YAMLError) as problem:
        reason = " ".join(str(problem).split())[:300]
        raise refuse("stack-file-unreadable", str(path), reason=reason) from None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
