"""Running a stack program: `Run` of the protocol."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from pulumi.runtime.proto.language_pb2 import RunRequest, RunResponse

from sandbox.engine.language.children import Call, Children
from sandbox.engine.language.interpreter import NoInterpreter, choose_interpreter

SHOWN_ALREADY = 32  # the exit code of a program whose error the person has seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """What every run needs: the script that starts a program, and the engine to report to."""

    exec_script: str
    engine_address: str
    children: Children


def run_program(runner: Runner, request: RunRequest, call: Call) -> RunResponse:
    """Run the program of a stack to its end; what it prints goes to this host's stdout and so to
    the person.

    If the engine gives up on the call (Ctrl-C), the program is ended.
    """
    try:
        interpreter = choose_interpreter(request.info)
    except NoInterpreter as missing:
        return RunResponse(error=str(missing))
    child = runner.children.start(
        [
            str(interpreter.python),
            "-u",
            runner.exec_script,
            *_arguments(request, runner.engine_address),
        ],
        cwd=Path(request.pwd or request.info.root_directory),
        env=interpreter.environment(dict(os.environ)) | _configuration(request),
        piped=False,
    )
    runner.children.end_with(call, child)
    code = child.wait()
    runner.children.forget(child)
    if code == SHOWN_ALREADY:
        return RunResponse(bail=True)
    if code != 0:
        return RunResponse(error=f"Program exited with non-zero exit code: {code}")
    return RunResponse()


def _arguments(request: RunRequest, engine_address: str) -> list[str]:
    """What the exec script takes: `--name value` pairs, the entry point, the program's own
    arguments.
    """
    given = {
        "monitor": request.monitor_address,
        "engine": engine_address,
        "project": request.project,
        "root_directory": request.info.root_directory,
        "stack": request.stack,
        "pwd": request.pwd,
        "dry_run": "true" if request.dryRun else "false",
        "parallel": str(request.parallel),
        "organization": request.organization,
    }
    options = [word for name, value in given.items() if value for word in (f"--{name}", value)]
    entry = Path(request.info.program_directory or request.pwd) / (request.info.entry_point or ".")
    return [*options, str(entry), *request.args]


def _configuration(request: RunRequest) -> dict[str, str]:
    """The stack's configuration, which the SDK reads from the environment."""
    return {
        "PULUMI_CONFIG": json.dumps(dict(request.config)),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
    }
