"""The language host's server and its entry point.

It is started as `pulumi-language-python EXEC_SCRIPT [options] ENGINE_ADDRESS`; the launcher in the
engine's folder adds the first argument, the engine the others.
"""

import json
import os
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
from pulumi.runtime.proto.plugin_pb2 import PluginInfo

from sandbox.engine.language.children import Children
from sandbox.engine.language.interpreter import NoInterpreter, choose_interpreter
from sandbox.engine.language.plugin_runs import run_plugin
from sandbox.provider.server import end_with_parent

VERSION = "1.0.0"
UNLIMITED = [
    ("grpc.max_receive_message_length", 400 << 20),
    ("grpc.max_send_message_length", 400 << 20),
]
SHOWN_ALREADY = 32  # the exit code of a program whose error the person has seen


class LanguageHost(LanguageRuntimeServicer):
    """The calls that the engine makes in order to run programs, component plugins and policy packs."""

    def __init__(self, exec_script: str, engine_address: str, children: Children) -> None:
        self._exec_script = exec_script
        self._engine_address = engine_address
        self._children = children

    def GetPluginInfo(self, request: Empty, context: grpc.ServicerContext) -> PluginInfo:
        return PluginInfo(version=VERSION)

    def GetRequiredPackages(
        self, request: proto.GetRequiredPackagesRequest, context: grpc.ServicerContext
    ) -> proto.GetRequiredPackagesResponse:
        """None: the SDKs name the plugin and its version with each resource and lookup."""
        return proto.GetRequiredPackagesResponse()

    def Run(self, request: proto.RunRequest, context: grpc.ServicerContext) -> proto.RunResponse:
        """The program of a stack, to its end; what it prints the person sees, by our stdout."""
        try:
            interpreter = choose_interpreter(request.info)
        except NoInterpreter as missing:
            return proto.RunResponse(error=str(missing))
        options = _write_options(request, self._engine_address)
        child = self._children.start(
            [str(interpreter.python), "-u", self._exec_script, *options],
            context,
            cwd=Path(request.pwd or request.info.root_directory),
            env=interpreter.environment(dict(os.environ)) | _write_configuration(request),
            piped=False,
        )
        code = self._children.wait(child)
        if code == SHOWN_ALREADY:
            return proto.RunResponse(bail=True)
        if code != 0:
            return proto.RunResponse(error=f"Program exited with non-zero exit code: {code}")
        return proto.RunResponse()

    def RunPlugin(
        self, request: proto.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[proto.RunPluginResponse]:
        yield from run_plugin(request, self._children, context)

    def InstallDependencies(
        self, request: proto.InstallDependenciesRequest, context: grpc.ServicerContext
    ) -> Iterator[proto.InstallDependenciesResponse]:
        """Asked before a plugin runs; `make setup` has installed what there is."""
        yield proto.InstallDependenciesResponse()

    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Empty:
        self._children.end_all()
        return Empty()


def _write_options(request: proto.RunRequest, engine_address: str) -> list[str]:
    """What the exec script takes: `--name value` pairs, the entry point and its own arguments."""
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


def _write_configuration(request: proto.RunRequest) -> dict[str, str]:
    """The stack's configuration, which the SDK reads from the environment."""
    return {
        "PULUMI_CONFIG": json.dumps(dict(request.config)),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
    }


def main(arguments: list[str]) -> None:
    """Serve until the engine goes away. The port is the only line on stdout before programs run."""
    # options between them (logging, tracing) are not needed
    exec_script, *_, engine_address = arguments
    children = Children()
    end_with_parent(children.end_all)
    server = grpc.server(ThreadPoolExecutor(max_workers=64), options=UNLIMITED)
    host = LanguageHost(exec_script, engine_address, children)
    add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main(sys.argv[1:])
