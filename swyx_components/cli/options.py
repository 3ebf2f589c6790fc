"""FILE and the options that several commands have, each explained once, and what a shell may offer for them.

A shell puts these words on a command line, so nothing is offered but names that a valid file may hold.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
from click.decorators import FC
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


def command(*examples: str) -> Callable[[Callable[..., object]], click.Command]:
    """A command whose help ends with example lines, each without `swyx`."""
    lines = "\n".join(f"  swyx {line}" for line in examples)
    return click.command(epilog=f"\b\nExamples:\n{lines}")


def argument(name: str, word: str, help: str, *, default: str | None = None) -> Callable[[FC], FC]:
    """An argument; one with a default may be left out."""
    shown = word if default is None else f"[{word}]"
    settings = _settings(word, help, default is None, default or "")
    return click.argument(name, **{**settings, "metavar": shown})


def option(
    flag: str, word: str, help: str, *, name: str = "", default: str = "", required: bool = False
) -> Callable[[FC], FC]:
    """An option with a value; `default`, or empty, if it is not given."""
    settings = _settings(word, help, required, default)
    return click.option(flag, name or flag[2:], show_default=bool(default), **settings)


def option_list(flag: str, name: str, word: str, help: str) -> Callable[[FC], FC]:
    """An option that may be repeated, each with a value."""
    settings = _settings(word, f"{help}; may be repeated.", default=())
    return click.option(flag, name, multiple=True, **settings)


def flag(*words: str, help: str) -> Callable[[FC], FC]:
    """An option without a value."""
    return click.option(*words, is_flag=True, help=help)


def _settings(
    word: str, help: str, required: bool = False, default: str | tuple[str, ...] = ""
) -> dict[str, Any]:
    settings = {"metavar": word, "help": help, "shell_complete": _OFFERS.get(word)}
    # To click a default, even None, is a value, and what has a value is not missing.
    return settings | ({"required": True} if required else {"default": default})


FILE = argument("file", "FILE", "The installation file; - for standard input.")
JSON = flag("--json", "as_json", help="Print JSON instead.")
WHY = flag("--why", help="Also show what each cited line of the article says.")
STRICT = flag("--strict", help="Exit with 1 if there are warnings.")
SITES = option_list("--site", "sites", "SITE", "Only this site")
CLOUDS = option_list(
    "--cloud",
    "clouds",
    "[SITE=]CLOUD",
    "aws or azure, for one site or for all; default: from the stack files (Pulumi.*.yaml) beside FILE",
)
OUTPUT = option("--output", "FILE", "Write to this file instead of stdout.")
SAVED = option_list(
    "--saved", "saved", "FILE", "JSON of `aws ec2 describe-...` or `az network ... list`"
)
