"""The stack files of Pulumi (`Pulumi.<stack>.yaml`): which site a stack is, in which cloud."""

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from swyx_components.cli.terminal import refuse
from swyx_components.clouds import PLATFORMS
from swyx_components.installation import read_installation
from swyx_components.installation.model import Installation
from swyx_components.messages import Message, below, raise_errors

_DEFAULT_FILE = "stacks/installation.yaml"  # as in __main__.py
_STACK_FILE = re.compile(r"Pulumi\.([A-Za-z0-9._-]{1,100})\.ya?ml")


class Stack(NamedTuple):
    """A stack that is a site. `file` is its stack file, `installation` the file that it reads."""

    name: str
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
    declared = _as_mapping(settings.get("config")).get(f"{prefix}installation")
    declared = declared.get("default") if isinstance(declared, Mapping) else declared
    default = str(declared or _DEFAULT_FILE)
    stacks: dict[str, Stack] = {}
    errors: list[Message] = []
    for name, path, config in _stack_files(project / str(settings.get("stackConfigDir") or ".")):
        site, cloud = (str(config.get(prefix + key, "")) for key in ("site", "cloud"))
        if not site:
            continue
        if cloud not in PLATFORMS:
            errors.append(_unknown_cloud(path, f"{prefix}cloud", cloud))
        file = project / str(config.get(f"{prefix}installation", default))
        own = Stack(name, cloud, path, file)
        if (other := stacks.setdefault(site, own)) is not own:
            key = below("config", f"{prefix}site")
            own_error = Message.about("stack-twice", key, site=site, other=other.file)
            errors.append(own_error.of(str(path)))
    raise_errors(errors)
    return stacks


def clouds_beside(file: str, sites: Mapping[str, object]) -> dict[str, str]:
    """The cloud of each site of an installation file that a stack file in its folder names.

    Raises:
        SwyxError: a cloud is unknown, two stack files name two for a site, or one can't be read.
    """
    clouds: dict[str, str] = {}
    errors: list[Message] = []
    for _, path, config in _stack_files(Path(file).parent):
        for key, value in config.items():
            project, _, name = str(key).rpartition(":")
            site, cloud = str(value), str(config.get(f"{project}:cloud", ""))
            if name == "site" and cloud and site in sites:
                key = f"{project}:cloud"
                if cloud not in PLATFORMS:
                    errors.append(_unknown_cloud(path, key, cloud))
                if clouds.setdefault(site, cloud) != cloud:
                    errors.append(Message.about("cloud-twice", below("config", key)).of(str(path)))
    raise_errors(errors)
    return clouds


def files_of(*installations: Installation) -> tuple[Path, ...]:
    """What no output may replace: the files, their catalogues, and Pulumi's files beside them."""
    files = [Path(name) for one in installations for name in (one.file, one.catalogue_file)]
    beside = (Path(one.file).parent.glob("Pulumi*.y*ml") for one in installations)
    return (*files, *chain.from_iterable(beside))


def _stack_files(folder: Path) -> Iterator[tuple[str, Path, Mapping[str, Any]]]:
    """The name of each stack, its file and its `config`."""
    for path in sorted(folder.glob("Pulumi.*")):
        if name := _STACK_FILE.fullmatch(path.name):
            yield name[1], path, _as_mapping(_read(path).get("config"))


def _unknown_cloud(path: Path, key: str, cloud: str) -> Message:
    known = " or ".join(f"`{key}: {own}`" for own in PLATFORMS)
    place = below("config", key)
    return Message.about("stack-cloud-unknown", place, cloud=cloud, known=known).of(str(path))


def _read(path: Path) -> Mapping[str, Any]:
    """A settings file of Pulumi; empty where there is none.

    Raises:
        SwyxError: it can't be read as YAML.
    """
    if not path.is_file():
        return {}
    try:
        return _as_mapping(yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))
    except (OSError, ValueError, yaml.YAMLError) as problem:
        if isinstance(problem, yaml.YAMLError):
            raise_errors(read_installation(path)[1])  # which says it in words, with line and column
        reason = getattr(problem, "strerror", None) or " ".join(str(problem).split())[:300]
        raise refuse("stack-file-unreadable", str(path), reason=reason) from None


def _as_mapping(value: Any) -> dict[str, Any]:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}
