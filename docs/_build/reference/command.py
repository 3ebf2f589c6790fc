"""The page of the command: every word of `swyx` with its arguments and options, asked of the program itself."""

from collections.abc import Iterator
from typing import Any

import typer
from reference.markup import code, heading, plain, slug, table

from swyx_components.cli.app import app


def write_command() -> str:
    """The page, commands in the order in which `swyx --help` lists them."""
    group = typer.main.get_command(app)
    lead = f"# The command\n\n{plain(app.info.help)} {plain(app.info.epilog)}\n\n"
    usage = f"{_usage(group, 'swyx')}{_parameters(group)}"
    return lead + usage + "".join(_commands(group, "swyx"))


def _commands(group: Any, before: str) -> Iterator[str]:
    for name, command in group.commands.items():
        words = f"{before} {name}"
        yield heading(2, code(words), slug(words.removeprefix("swyx ")))
        paragraphs = (command.help or "").split("\n\n")
        yield "\n\n".join(map(plain, paragraphs)) + "\n\n"
        yield _usage(command, words) + _parameters(command)
        if hasattr(command, "commands"):
            yield from _commands(command, words)


def _usage(command: Any, words: str) -> str:
    arguments = [_argument(parameter) for parameter in command.params if _is_argument(parameter)]
    ending = ["COMMAND ..."] if hasattr(command, "commands") else []
    return f"```text\n{' '.join([words, '[OPTIONS]', *arguments, *ending])}\n```\n\n"


def _argument(parameter: Any) -> str:
    name = parameter.metavar or str(parameter.name).upper()
    return name if parameter.required else f"[{name}]"


def _is_argument(parameter: Any) -> bool:
    return bool(parameter.param_type_name == "argument")


def _parameters(command: Any) -> str:
    """Arguments and options as `--help` has them, but for those that it hides."""
    context = command.make_context("swyx", [], resilient_parsing=True)
    rows = []
    for parameter in command.params:
        names, meaning = parameter.get_help_record(context) or ("", "")
        if _is_argument(parameter):
            names = _argument(parameter)
        if names:
            rows.append((code(names), plain(meaning.replace("[required]", "(required)").strip())))
    return table(("argument or option", "meaning"), rows) if rows else ""
