"""`python -m sandbox`: the command line of the offline clouds."""

import argparse
import sys

import sandbox
from sandbox import commands
from sandbox.engine.cli import provide_engine
from sandbox.paths import locate_sandbox
from sandbox.sites import find_installation
from sandbox.talk import SandboxError, say, warn

_COMMANDS = {
    "engine": "provide the Pulumi CLI and its Python host",
    "start": "start the offline clouds",
    "stop": "stop the offline clouds",
    "status": "show what is running",
    "down": "destroy every stack, stop the clouds, remove their state",
    "seed": "create the networks and machines of an installation file",
    "up": "check, start, seed, deploy and prove an installation file",
}


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command and its options."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=sandbox.__doc__)
    choices = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, purpose in _COMMANDS.items():
        command = choices.add_parser(name, help=purpose)
        if name in ("seed", "up"):
            file, how = "default: the example", "such as: berlin=aws essen=azure"
            command.add_argument("installation", nargs="?", metavar="INSTALLATION", help=file)
            command.add_argument("--sites", metavar='"SITE=CLOUD ..."', help=how)
    return parser.parse_args(arguments)


def run(options: argparse.Namespace) -> int:
    """Do what was asked; the exit code."""
    place = locate_sandbox()
    match options.command:
        case "engine":
            found = provide_engine(place.engine_bin)
            say(f"engine: {found.pulumi} ({found.origin})")
        case "seed":
            commands.seed(place, find_installation(options.installation), options.sites)
        case "up":
            return commands.up(place, find_installation(options.installation), options.sites)
        case plain:
            getattr(commands, plain)(place)
    return 0


def main(arguments: list[str]) -> int:
    """Run one command; what a person can act on is a sentence, never a traceback."""
    try:
        return run(parse(arguments))
    except SandboxError as error:
        warn(f"sandbox: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        warn("sandbox: interrupted; run the same command again to continue.")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
