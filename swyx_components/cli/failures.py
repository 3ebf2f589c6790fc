"""Every way a command can end early, as a sentence and an exit code."""

import os
import sys
import traceback
from importlib.util import find_spec

from swyx_components.analysis.deployed.verify import CloudError
from swyx_components.cli.talk import complain
from swyx_components.messages import Message, SwyxError

WRONG_INPUT = 2
CLOUD_FAILED = 3
_DEBUG = "SWYX_DEBUG"


def need_package(package: str) -> None:
    """Stop where a package is missing that only some commands need.

    Raises:
        SwyxError: it is not installed.
    """
    if find_spec(package) is None:
        raise SwyxError([Message.about("package-missing", "", package=package)])


def explain_failure(problem: Exception) -> int:
    """Say what happened on stderr; the exit code."""
    if isinstance(problem, SwyxError):
        for message in problem.messages:
            complain(str(message))
        return CLOUD_FAILED if isinstance(problem, CloudError) else WRONG_INPUT
    usage = getattr(
        problem, "format_message", None
    )  # typer carries click's exceptions under its own name
    if usage is not None:
        context = getattr(problem, "ctx", None)
        path = getattr(context, "command_path", None) or "swyx"
        complain(f"{str(usage()).rstrip('.')}; `{path} --help` lists what there is.")
        return WRONG_INPUT
    if os.environ.get(_DEBUG):
        traceback.print_exception(problem, file=sys.stderr)
    if isinstance(problem, OSError):
        complain(f"the system refused: {problem.strerror or problem}.")
        return CLOUD_FAILED
    complain(
        f"this is a defect of swyx ({type(problem).__name__}: {str(problem)[:150]}); please report it with "
        f"the traceback that {_DEBUG}=1 prints."
    )
    return CLOUD_FAILED
