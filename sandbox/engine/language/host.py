"""The language host's server and its entry point.

It is started as `pulumi-language-python EXEC_SCRIPT [options] ENGINE_ADDRESS`; the launcher in the
engine's folder adds the first argument, the engine the others.
"""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import language_pb2 as proto
from pulumi.runtime.proto.language_pb2_grpc import (
    LanguageRuntimeServicer,
    add_LanguageRuntimeServicer_to_server,
)
from pulumi.runtime.proto.plugin_pb2 import PackageDependency, PluginInfo

from sandbox.engine.language.children import Children, die_with_parent
from sandbox.engine.language.interpreter import (
    Interpreter,
    NoInterpreter,
    choose_interpreter,
    named_virtualenv,
    python_of,
)
from sandbox.engine.language.plugin_runs import run_plugin
from sandbox.engine.language.programs import Runner, run_program

_LIMIT = 400 << 20  # bytes in one message, as the engine's own
VERSION = "1.0.0"


class LanguageHost(LanguageRuntimeServicer):
    """One method a call of the protocol; the work is in the modules beside."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def GetPluginInfo(self, request: Empty, context: grpc.ServicerContext) -> PluginInfo:
        return PluginInfo(version=VERSION)

    def GetRequiredPackages(
        self, request: proto.GetRequiredPackagesRequest, context: grpc.ServicerContext
    ) -> proto.GetRequiredPackagesResponse:
        """Every installed package that names a plugin: the engine checks that each plugin is
        there.
        """
        plugins = _interpreter_or_abort(request.info, context).plugins()
        return proto.GetRequiredPackagesResponse(
            packages=[
                PackageDependency(
                    name=plugin["name"],
                    kind="resource",
                    version=plugin.get("version", ""),
                    server=plugin.get("server", ""),
                )
                for plugin in plugins
            ]
        )

    def About(
        self, request: proto.AboutRequest, context: grpc.ServicerContext
    ) -> proto.AboutResponse:
        interpreter = _interpreter_or_abort(request.info, context)
        return proto.AboutResponse(
            executable=str(interpreter.python), version=interpreter.version()
        )

    def GetProgramDependencies(
        self, request: proto.GetProgramDependenciesRequest, context: grpc.ServicerContext
    ) -> proto.GetProgramDependenciesResponse:
        pairs = _interpreter_or_abort(request.info, context).distributions()
        return proto.GetProgramDependenciesResponse(
            dependencies=[
                proto.DependencyInfo(name=name, version=version) for name, version in pairs
            ]
        )

    def Run(self, request: proto.RunRequest, context: grpc.ServicerContext) -> proto.RunResponse:
        return run_program(self._runner, request, context)

    def RunPlugin(
        self, request: proto.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[proto.RunPluginResponse]:
        yield from run_plugin(request, self._runner.children, context)

    def InstallDependencies(
        self, request: proto.InstallDependenciesRequest, context: grpc.ServicerContext
    ) -> Iterator[proto.InstallDependenciesResponse]:
        """Make the virtual environment that the project names and install its `requirements.txt`,
        as pip says it.
        """
        virtualenv = named_virtualenv(request.info)
        if virtualenv is None:
            yield proto.InstallDependenciesResponse(
                stdout=f"Runs in {sys.executable}; nothing is installed into it.\n".encode()
            )
            return
        folder = Path(request.info.program_directory or request.directory)
        commands = []
        if not python_of(virtualenv).exists():
            commands.append([sys.executable, "-m", "venv", str(virtualenv)])
        if (folder / "requirements.txt").is_file():
            commands.append(
                [str(python_of(virtualenv)), "-m", "pip", "install", "-r", "requirements.txt"]
            )
        for command in commands:
            done = subprocess.run(command, cwd=folder, capture_output=True, timeout=1800)
            yield proto.InstallDependenciesResponse(stdout=done.stdout, stderr=done.stderr)
            if done.returncode != 0:
                context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"{' '.join(command)} failed")

    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Empty:
        self._runner.children.end_all()
        return Empty()


def _interpreter_or_abort(info: proto.ProgramInfo, context: grpc.ServicerContext) -> Interpreter:
    try:
        return choose_interpreter(info)
    except NoInterpreter as missing:
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(missing))
        raise  # abort raises; a type checker can't know


def main(arguments: list[str]) -> None:
    """Serve until the engine goes away. The port is the only line on stdout before programs run."""
    exec_script, *_, engine_address = (
        arguments  # options between them (logging, tracing) are not needed
    )
    children = Children()
    die_with_parent(children)
    server = grpc.server(
        ThreadPoolExecutor(max_workers=64),
        options=[
            ("grpc.max_receive_message_length", _LIMIT),
            ("grpc.max_send_message_length", _LIMIT),
        ],
    )
    runner = Runner(exec_script=exec_script, engine_address=engine_address, children=children)
    add_LanguageRuntimeServicer_to_server(LanguageHost(runner), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main(sys.argv[1:])
