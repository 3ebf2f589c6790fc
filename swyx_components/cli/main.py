"""The entry point of `swyx`: runs a command, and makes any outcome an exit code."""

import gc
import os
import sys

import typer

from swyx_components.cli.app import app

DONE, STOPPED = 0, 130  # 128 + SIGINT, as shells count


def run(arguments: list[str] | None = None) -> None:
    """The entry point: any outcome is an exit code and, where it is not 0, a sentence."""
    words = sys.argv[1:] if arguments is None else arguments
    # A command makes many small values, keeps them and ends: looking for cycles among them is a third
    # of its time and frees nothing.
    gc.disable()
    try:
        code = _dispatch(words or ["--help"])
        sys.stdout.flush()
    except (BrokenPipeError, _ReaderGone):
        # What is still buffered must not fail at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)
        code = DONE
    sys.exit(code)


class _ReaderGone(Exception):
    """The reader of stdout (`head`, a pager) has seen enough."""


def _dispatch(words: list[str]) -> int:
    from swyx_components.cli.talk import complain, prepare_streams

    prepare_streams()
    try:
        code = int(app(args=words, prog_name="swyx", standalone_mode=False) or DONE)
    except (typer.Abort, KeyboardInterrupt):
        code = STOPPED
    except SystemExit as problem:  # how typer ends completion, and when stdout is closed
        if isinstance(problem.__context__, OSError):
            raise _ReaderGone from problem
        code = int(problem.code or DONE)
    except BrokenPipeError:
        raise
    except Exception as problem:
        from swyx_components.cli.failures import explain_failure

        return explain_failure(problem)
    if code == STOPPED:
        complain("stopped before it was done; nothing was changed.")
    return code


if __name__ == "__main__":
    run()
