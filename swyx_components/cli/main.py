"""The entry point of `swyx`: loads the named command, and makes any outcome an exit code."""

import gc
import os
import sys
from importlib import import_module

import click

from swyx_components import __version__
from swyx_components.cli.terminal import DONE, explain_failure, prepare_streams, print_error

STOPPED = 130  # 128 + SIGINT, as shells count
_UNFINISHED = {  # what may have begun to change a cloud when a person stops it
    "rollout": "run it again, with --continue if updates had begun",
    "prune": "run it again for what is left",
}
_COMPLETE = "_SWYX_COMPLETE"  # set by a shell that wants its script, or to complete a line

# Every command with the first line of its help, in the order of `swyx --help`, which imports none of them.
COMMANDS = {
    "check": "Check a file: errors, warnings and notes.",
    "plan": "Show every rule of every site.",
    "explain": "Show whether a packet is allowed, and why.",
    "call": "Simulate a call, step by step.",
    "verify": "Compare deployed resources with the plan.",
    "audit": "Audit an existing firewall against a site.",
    "prune": "Delete orphaned resources of an interrupted update.",
    "flows": "List who may talk to whom, and why.",
    "diff": "Show what an edit changes, and for whom.",
    "rollout": "Preview and update the stacks that an edit affects.",
    "init": "Create an installation file.",
    "hosts": "Show how to configure the machines.",
    "report": "Write an HTML report for a change review.",
    "catalogue": "List the article's roles, ports and flows.",
    "schema": "Print the JSON Schema of installation files.",
}
_MODULES = {"catalogue": "reference", "schema": "reference"}  # others: the command's name


def load_command(name: str) -> click.Command:
    """A command with its arguments and options; its module is imported now."""
    module = import_module(f"swyx_components.cli.{_MODULES.get(name, name)}")
    command: click.Command = getattr(module, name)
    return command


class LazyGroup(click.Group):
    """Lists its commands from their names and first lines, and loads the one that a line names."""

    def list_commands(self, _: click.Context) -> list[str]:
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        return name, load_command(name) if name else command, rest


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    commands=[click.Command(name, help=line) for name, line in COMMANDS.items()],
    epilog="Exit codes: 0 done; 1 the answer is no; 2 invalid file or argument; 3 cloud API or engine error.",
)
@click.version_option(__version__, message="swyx %(version)s", help="Print the version.")
def swyx() -> None:
    """SwyxWare roles compiled to AWS security groups and Azure NSGs, every rule explained."""


def run(arguments: list[str] | None = None) -> None:
    """The entry point: any outcome is an exit code and, if it is not 0, a message."""
    words = sys.argv[1:] if arguments is None else arguments
    # A command makes many small values, keeps them and ends: looking for cycles among them is a third
    # of its time and frees nothing.
    gc.disable()
    try:
        code = _dispatch(words or ["--help"])
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of stdout (`head`, a pager) has seen enough
        # What is still buffered must not fail at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)
        code = DONE
    gc.freeze()  # nor look for them at exit, as the interpreter does even then
    sys.exit(code)


def _dispatch(words: list[str]) -> int:
    prepare_streams()
    try:
        if instruction := os.environ.get(_COMPLETE):
            return _complete(instruction)
        with swyx.make_context("swyx", list(words)) as context:
            return int(swyx.invoke(context) or DONE)
    except click.exceptions.Exit as end:
        return end.exit_code
    except (click.Abort, KeyboardInterrupt):
        print_error(f"interrupted; {_UNFINISHED.get(words[0], 'nothing was changed')}.")
        return STOPPED
    except BrokenPipeError:
        raise
    except Exception as problem:
        return explain_failure(problem, words[0] if words[0] in COMMANDS else "")


def _complete(instruction: str) -> int:
    """What a shell asks for: `bash_source` is its script, `bash_complete` what a line may go on with."""
    from importlib.resources import files

    from click.shell_completion import BashComplete, add_completion_class, shell_complete

    class Bash(BashComplete):
        source_template = (files(__package__) / "completion.bash").read_text(encoding="utf-8")

    add_completion_class(Bash)
    return shell_complete(swyx, {}, "swyx", _COMPLETE, instruction)


if __name__ == "__main__":
    run()
