"""The page of the command: every word of `swyx` with its arguments and options, asked of the program itself."""

from collections.abc import Iterator

import click
from reference.markup import code, heading, plain, slug, table

from swyx_components.cli.main import COMMANDS, load_command, swyx


def write_command() -> str:
    """The page, commands in the order in which `swyx --help` lists them."""
    lead = f"# The command\n\n{plain(swyx.help)} {plain(swyx.epilog)}\n\n"
    usage = f"{_usage(swyx, 'swyx')}{_parameters(swyx)}"
    return lead + usage + "".join(_commands())


def _commands() -> Iterator[str]:
    for name in COMMANDS:
        command = load_command(name)
        yield heading(2, code(f"swyx {name}"), slug(name))
        paragraphs = (command.help or "").split("\n\n")
        yield "\n\n".join(map(plain, paragraphs)) + "\n\n"
        yield _usage(command, f"swyx {name}") + _parameters(command) + _examples(command)


def _examples(command: click.Command) -> str:
    lines = (command.epilog or "").splitlines()[2:]  # after the mark for click and the heading
    return (
        "".join(["Examples:\n\n```text\n", *(f"{line.strip()}\n" for line in lines), "```\n\n"])
        if lines
        else ""
    )


def _usage(command: click.Command, words: str) -> str:
    arguments = [
        word.human_readable_name for word in command.params if isinstance(word, click.Argument)
    ]
    ending = ["COMMAND ..."] if command is swyx else []
    return f"```text\n{' '.join([words, '[OPTIONS]', *arguments, *ending])}\n```\n\n"


def _parameters(command: click.Command) -> str:
    """Arguments and options as `--help` has them, but for those that it hides."""
    parent = None if command is swyx else click.Context(swyx, **swyx.context_settings)
    context = command.make_context("swyx", [], parent, resilient_parsing=True)
    rows = []
    for parameter in command.params:
        names, meaning = parameter.get_help_record(context) or ("", "")
        if names:
            rows.append((code(names), plain(meaning.replace("[required]", "(required)").strip())))
    return table(("argument or option", "meaning"), rows) if rows else ""
