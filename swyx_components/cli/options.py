"""FILE and the options that several commands have, each explained once, and what a shell may offer for them.

A shell puts these words on a command line, so nothing is offered but names that a valid file may hold.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from swyx_components.catalogue.yaml_source import compose, read_file
from swyx_components.installation.values import is_name
from swyx_components.messages import Diagnostics

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
    known = sorted(role for role in roles if is_name(role.replace("@", "-", 1)[:40]))
    return {
        "SITE": [*sites],
        "NAME": machines,
        "[SITE=]CLOUD": [*PLATFORMS, *(f"{own}={cloud}" for own in sites for cloud in PLATFORMS)],
        **dict.fromkeys(("SRC", "DST", "[CALLER]", "[CALLED]"), (*machines, *known)),
    }


def as_mapping(value: Any) -> dict[str, Any]:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


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
