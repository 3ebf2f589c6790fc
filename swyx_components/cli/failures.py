"""Every way a command can end early, as a message and an exit code."""

import os
import sys
import traceback
from collections.abc import Iterable

import click

from swyx_components.analysis.deployed.verify import CloudError
from swyx_components.cli.terminal import print_error
from swyx_components.messages import Message, Severity, SwyxError

refuse = SwyxError.about  # what is wrong with an argument, an option or a file, to be raised
DONE, ANSWER_NO, WRONG_INPUT, CLOUD_FAILED = range(4)  # exit codes
_DEBUG = "SWYX_DEBUG"


def judge(messages: Iterable[Message], strict: bool) -> int:
    """The exit code for what was told; warnings are an answer with `--strict` alone."""
    found = {message.severity for message in messages}
    if Severity.ERROR in found:
        return WRONG_INPUT
    return ANSWER_NO if strict and Severity.WARNING in found else DONE


def explain_failure(problem: Exception, command: str) -> int:
    """Say on stderr what happened to a command, if one was named; the exit code."""
    if isinstance(problem, SwyxError):
        from swyx_components.report.tables import join_messages

        for message in join_messages(problem.messages):
            print_error(str(message))
        return CLOUD_FAILED if isinstance(problem, CloudError) else WRONG_INPUT
    if isinstance(problem, click.UsageError):
        path = f"swyx {command}".rstrip()
        said = _usage_sentence(problem).rstrip(".")
        print_error(f"{said}; `{path} --help` lists what is available.")
        return WRONG_INPUT
    if os.environ.get(_DEBUG):
        traceback.print_exception(problem, file=sys.stderr)
    if isinstance(problem, OSError):
        print_error(f"system error: {problem.strerror or problem}.")
        return CLOUD_FAILED
    print_error(
        f"defect of swyx ({type(problem).__name__}: {str(problem)[:150]}); report it with the traceback "
        f"that {_DEBUG}=1 prints."
    )
    return CLOUD_FAILED


def _usage_sentence(problem: click.UsageError) -> str:
    if not isinstance(problem, click.NoSuchOption):
        return problem.format_message().replace("integer range", "number")
    near = " or ".join(sorted(problem.possibilities or ()))
    return f"No such option: {problem.option_name}{f' (did you mean {near}?)' if near else ''}"
