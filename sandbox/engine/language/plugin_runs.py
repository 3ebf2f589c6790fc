"""Running a plugin that is itself a Python program: `RunPlugin` of the protocol.

A component plugin is started as it is. A policy pack is started by the SDK's own runner and needs
a proxy in front (see `analyzers.py`).
"""

import os
import queue
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from pulumi.runtime.proto.language_pb2 import RunPluginRequest, RunPluginResponse

from sandbox.engine.language.analyzers import AnalyzerProxy
from sandbox.engine.language.children import Call, Children
from sandbox.engine.language.interpreter import NoInterpreter, choose_interpreter


def run_plugin(
    request: RunPluginRequest, children: Children, call: Call
) -> Iterator[RunPluginResponse]:
    """What the plugin prints, then its exit code. A cancelled call ends the plugin."""
    try:
        interpreter = choose_interpreter(request.info)
    except NoInterpreter as missing:
        yield RunPluginResponse(stderr=f"{missing}\n".encode())
        yield RunPluginResponse(exitcode=1)
        return
    inherited = dict(os.environ) | dict(
        setting.split("=", 1) for setting in request.env if "=" in setting
    )
    env = interpreter.environment(inherited)
    folder = Path(request.info.program_directory)
    if request.kind == "analyzer":
        command = [str(interpreter.python), "-u", "-m", "pulumi.policy", *request.args, str(folder)]
        yield from _run_policy_pack(command, folder, env, children, call)
        return
    command = [str(interpreter.python), "-u", str(folder), *request.args]
    child = children.start(command, call, cwd=Path(request.pwd or folder), env=env, piped=True)
    yield from _stream(child, children)


def _run_policy_pack(
    command: list[str], folder: Path, env: dict[str, str], children: Children, call: Call
) -> Iterator[RunPluginResponse]:
    """The proxy's port at once, for the engine to configure it; then the pack without its own."""
    proxy = AnalyzerProxy()
    call.add_callback(proxy.stop)
    try:
        yield RunPluginResponse(stdout=f"{proxy.port}\n".encode())
        configuration = proxy.await_configuration()
        if configuration is None:  # the engine gave up before it configured the pack
            return
        env |= configuration
        child = children.start(command, call, cwd=folder, env=env, piped=True)
        assert child.stdout is not None
        announced = child.stdout.readline()
        if announced.strip().isdigit():
            proxy.attach(int(announced))
            yield from _stream(child, children)
        else:
            yield from _stream_failure(announced, child, children, proxy)
    finally:
        proxy.stop()


def _stream_failure(
    announced: bytes, child: subprocess.Popen[bytes], children: Children, proxy: AnalyzerProxy
) -> Iterator[RunPluginResponse]:
    """What a pack says that never listens; its calls are refused last, which ends the engine.

    The engine may end before it shows the output, so the refusal quotes its last line.
    """
    yield RunPluginResponse(stdout=announced)
    errors = b""
    for piece in _stream(child, children):
        errors += piece.stderr
        if piece.WhichOneof("output") == "exitcode":
            last = errors.decode(errors="replace").strip().rpartition("\n")[2]
            proxy.refuse(RuntimeError(f"it ended before it listened: {last}"))
            proxy.await_refusal()
        yield piece


def _stream(child: subprocess.Popen[bytes], children: Children) -> Iterator[RunPluginResponse]:
    """Both outputs interleaved as they come, then the exit code."""
    pieces: queue.SimpleQueue[RunPluginResponse | None] = queue.SimpleQueue()

    def drain(pipe: IO[bytes], wrap: Callable[[bytes], RunPluginResponse]) -> None:
        while piece := os.read(pipe.fileno(), 65536):
            pieces.put(wrap(piece))
        pieces.put(None)

    assert child.stdout is not None and child.stderr is not None
    for pipe, wrap in (
        (child.stdout, lambda piece: RunPluginResponse(stdout=piece)),
        (child.stderr, lambda piece: RunPluginResponse(stderr=piece)),
    ):
        threading.Thread(target=drain, args=(pipe, wrap), daemon=True).start()
    for _ in (child.stdout, child.stderr):
        while (piece := pieces.get()) is not None:
            yield piece
    yield RunPluginResponse(exitcode=children.wait(child))
