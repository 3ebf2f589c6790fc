"""FILE and the options that several commands have, each explained once, and what a shell may offer for them.

A shell puts these words on a command line, so nothing is offered but names that a valid file may hold.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from swyx_components.installation import read_installation
from swyx_components.installation.values import is_name

_MOST_BYTES = 500_000  # a larger file would keep the person waiting
Words = Sequence[str]  # what was given for an option that may be repeated
Row = tuple[str, str, Mapping[str, Any]]  # how a parameter is written, its help, more for click


def find_names(file: str) -> Mapping[str, Sequence[str]]:
    """What may stand on a line for each word of `--help`: clouds and, of a file that can be read, the valid
    names of sites, machines and networks, and `ROLE@SITE` for each role of a site.
    """
    from swyx_components.clouds import PLATFORMS

    try:
        small = Path(file).stat().st_size <= _MOST_BYTES
        installation = read_installation(file)[0] if small else None
    except (OSError, ValueError):  # the command itself reports what is wrong with the file
        installation = None
    sites = installation.sites if installation else {}
    ends = [(site, end) for site, own in sites.items() for end in own.owners]
    names = [end.name for _, end in ends]
    # The roles of a catalogue of the user's own may have any name.
    roles = {f"{role}@{site}" for site, end in ends for role in end.roles if is_name(role)}
    return {
        "SITE": [*sites],
        "NAME": names,
        "[SITE=]CLOUD": [*PLATFORMS, *(f"{own}={cloud}" for own in sites for cloud in PLATFORMS)],
        **dict.fromkeys(("SRC", "DST", "[CALLER]", "[CALLED]"), (*names, *sorted(roles))),
    }


def _offer(context: click.Context, own: click.Parameter, word: str) -> list[CompletionItem]:
    """What a shell may offer for a word: the files that it finds, or names of the file on the line."""
    if own.metavar in ("FILE", "[FILE]", "OLD", "NEW", "CSV", "PATH"):
        return [CompletionItem(word, type="file")]
    # Behind an option that still lacks its value nothing is parsed: the words are left in `args`.
    given = (context.params.get("file"), context.params.get("new"), *context.args)
    known = find_names(str(next((word for word in given if word), "")))
    found = known.get(own.metavar or "", ())
    return [CompletionItem(name) for name in found if name.startswith(word)]


def written(usage: str, help: str, **settings: Any) -> Row:
    """As on the line: `FILE` or `[FILE]`, `--fix`, `--site SITE`; a value that is not given is empty."""
    return usage, help, settings


# What several commands have, by the name that their functions give it.
_SHARED = {
    "file": written("FILE", "The installation file; - for standard input."),
    "as_json": written("--json", "Print JSON instead."),
    "why": written("--why", "Also show what each cited line of the article says."),
    "strict": written("--strict", "Exit with 1 if there are warnings."),
    "sites": written("--site SITE", "Only this site"),
    "clouds": written(
        "--cloud [SITE=]CLOUD",
        "aws or azure, for one site or for all; default: from the stack files (Pulumi.*.yaml) beside FILE",
    ),
    "output": written("--output FILE", "Write to this file instead of stdout."),
    "saved": written("--saved FILE", "JSON of `aws ec2 describe-...` or `az network ... list`"),
}


def command(*examples: str, **own: Row) -> Callable[[Callable[..., object]], click.Command]:
    """A command whose help ends with example lines, each without `swyx`.

    Its function's parameters are written on the line as `own` says of their names, or as in all commands.
    """
    lines = "\n".join(f"  swyx {line}" for line in examples)

    def make(function: Callable[..., object]) -> click.Command:
        kinds, rows = {**function.__annotations__}, {**_SHARED, **own}
        del kinds["return"]
        parameters = [_make(name, kind, *rows[name]) for name, kind in kinds.items()]
        return click.command(params=parameters, epilog=f"\b\nExamples:\n{lines}")(function)

    return make


def _make(
    name: str, kind: object, usage: str, help: str, given: Mapping[str, Any]
) -> click.Parameter:
    """A parameter of this type: `bool` is an option without a value, a sequence may be repeated."""
    *flags, word = usage.split()
    if kind is bool:
        return click.Option([*flags, word, name], is_flag=True, help=help)
    settings: dict[str, Any] = {"metavar": word, "help": help, "shell_complete": _offer}
    # To click a default, even None, is a value, and what has a value is not missing.
    if not flags:
        settings |= {"default": ""} if word.startswith("[") else {}
        return click.Argument([name], **{**settings, **given})
    if kind == Words:
        settings |= {"help": f"{help}; may be repeated.", "multiple": True, "default": ()}
    elif "required" not in given:
        settings |= {"default": "", "show_default": "default" in given}
    return click.Option([*flags, name], **{**settings, **given})
