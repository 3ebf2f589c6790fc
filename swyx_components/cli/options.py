"""The arguments and options of commands, as `options.yaml` lists them, and what a shell may offer for them.

A shell puts these words on a command line, so nothing is offered but names that a valid file may hold.
"""

from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import click
import yaml
from click.shell_completion import CompletionItem

from swyx_components.catalogue.yaml_source import compose, read_file
from swyx_components.installation.values import is_name
from swyx_components.messages import Diagnostics

_MOST_BYTES = 500_000  # a larger file would keep the person waiting
Words = Sequence[str]  # what was given for an option that may be repeated
Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


class Names(NamedTuple):
    """What may be named on a line: sites, machines and networks, `ROLE@SITE` for each role of a site."""

    sites: list[str]
    machines: list[str]
    roles: list[str]


def find_names(file: str) -> Names:
    """The valid names of a file; none if it can't be read."""
    try:
        small = Path(file).stat().st_size <= _MOST_BYTES
        data = compose(read_file(file), Diagnostics(file)) if small else None
    except Exception:  # the command itself reports what is wrong with the file
        data = None
    sites = {
        key: own for key, own in as_mapping(as_mapping(data).get("sites")).items() if is_name(key)
    }
    machines: list[str] = []
    roles: set[str] = set()
    for site, value in sites.items():
        for kind in ("machines", "networks"):
            for name, end in as_mapping(as_mapping(value).get(kind)).items():
                machines += [name] if is_name(name) else []
                own = as_mapping(end).get("roles")
                roles |= {f"{role}@{site}" for role in (own if isinstance(own, list) else ())}
    known = (role for role in roles if is_name(role.replace("@", "-", 1)[:40]))
    return Names(list(sites), machines, sorted(known))


def find_clouds(names: Names) -> list[str]:
    """The clouds, and each site with each."""
    from swyx_components.clouds import PLATFORMS

    return [*PLATFORMS, *(f"{site}={cloud}" for site in names.sites for cloud in PLATFORMS)]


def as_mapping(value: Any) -> dict[str, Any]:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def _offer_files(_: click.Context, __: click.Parameter, word: str) -> list[CompletionItem]:
    """The files that the shell itself finds."""
    return [CompletionItem(word, type="file")]


def _offer(choose: Callable[[Names], list[str]]) -> Completer:
    """Some of the names of the file on the line."""

    def complete(context: click.Context, _: click.Parameter, word: str) -> list[CompletionItem]:
        # Behind an option that still lacks its value nothing is parsed: the words are left in `args`.
        given = (context.params.get("file"), context.params.get("new"), *context.args)
        names = find_names(str(next((word for word in given if word), "")))
        return [CompletionItem(name) for name in choose(names) if name.startswith(word)]

    return complete


# What a word stands for, and so what a shell may offer for it.
_OFFERS = {
    **dict.fromkeys(("FILE", "OLD", "NEW", "CSV", "PATH"), _offer_files),
    **dict.fromkeys(
        ("SRC", "DST", "CALLER", "CALLED"), _offer(lambda names: names.machines + names.roles)
    ),
    "SITE": _offer(lambda names: names.sites),
    "NAME": _offer(lambda names: names.machines),
    "[SITE=]CLOUD": _offer(find_clouds),
}


def command(function: Callable[..., object]) -> click.Command:
    """The command of a function: its parameters are on a line what `options.yaml` says of their names."""
    text = files(__package__).joinpath("options.yaml").read_text(encoding="utf-8")
    rows = yaml.load(text, Loader=yaml.CSafeLoader)
    own = {**rows["shared"], **rows[function.__name__]}
    kinds = {**function.__annotations__}
    del kinds["return"]
    parameters = [_make(name, kind, **own[name]) for name, kind in kinds.items()]
    examples = "\n".join(f"  swyx {line}" for line in own["examples"])
    return click.command(params=parameters, epilog=f"\b\nExamples:\n{examples}")(function)


def _make(
    name: str, kind: object, *, help: str, flag: str = "", word: str = "", **settings: Any
) -> click.Parameter:
    """A parameter of this type; `settings` are click's, but for a `range` of numbers."""
    if kind is bool:
        return click.Option([*flag.split(), name], is_flag=True, help=help)
    settings |= {"metavar": word, "help": help, "shell_complete": _OFFERS.get(word)}
    if "range" in settings:
        settings["type"] = click.IntRange(*settings.pop("range"))
    if not flag:
        settings["metavar"] = f"[{word}]" if "default" in settings else word
        return click.Argument([name], **settings)
    if kind == Words:
        settings |= {"help": f"{help}; may be repeated.", "multiple": True, "default": ()}
    # To click a default, even None, is a value, and what has a value is not missing.
    elif not settings.get("required"):
        settings = {"default": "", "show_default": "default" in settings, **settings}
    return click.Option([flag, name], **settings)
