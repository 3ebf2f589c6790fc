"""`python -m sandbox`: the command line of the offline clouds."""

import argparse
import sys

from sandbox import commands
from sandbox.engine.cli import provide_engine
from sandbox.paths import locate_sandbox
from sandbox.sites import find_installation
from sandbox.talk import SandboxError, say, warn


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command and its options."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description=__import__("sandbox").__doc__
    )
    commands_of = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, purpose in (
        ("engine", "provide the Pulumi CLI and its Python host"),
        ("start", "start the offline clouds"),
        ("stop", "stop the offline clouds"),
        ("status", "say what runs"),
        ("down", "destroy every stack, stop the clouds, remove their state"),
    ):
        commands_of.add_parser(name, help=purpose)
    for name, purpose in (
        ("seed", "make the networks and machines of an installation file"),
        ("up", "check, start, seed, deploy and prove an installation file"),
    ):
        command = commands_of.add_parser(name, help=purpose)
        command.add_argument(
            "installation", nargs="?", metavar="INSTALLATION", help="default: the example"
        )
        command.add_argument(
            "--sites", metavar='"SITE=CLOUD ..."', help="such as: berlin=aws essen=azure"
        )
    return parser.parse_args(arguments)


def run(options: argparse.Namespace) -> int:
    """Do what was asked; the exit code."""
    sandbox = locate_sandbox()
    match options.command:
        case "engine":
            found = provide_engine(sandbox.engine_bin)
            say(f"engine: {found.pulumi} ({found.origin})")
        case "start":
            commands.start(sandbox)
        case "stop":
            commands.stop(sandbox)
        case "status":
            commands.status(sandbox)
        case "down":
            commands.down(sandbox)
        case "seed":
            commands.seed(sandbox, find_installation(options.installation), options.sites)
        case "up":
            return commands.up(sandbox, find_installation(options.installation), options.sites)
    return 0


def main(arguments: list[str]) -> int:
    """Run one command; what a person can act on is a sentence, never a traceback."""
    try:
        return run(parse(arguments))
    except SandboxError as error:
        warn(f"sandbox: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        warn("sandbox: interrupted; run the same command again to go on.")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
