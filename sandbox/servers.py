"""The two offline clouds as background servers: start, find, check, stop."""

import contextlib
import http.client
import json
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from sandbox.paths import REPOSITORY, Sandbox
from sandbox.processes import Process, launch
from sandbox.talk import SandboxError, say

CLOUDS = {"aws": "sandbox.aws.server", "azure": "sandbox.azure.server"}
_STARTUP = 60.0  # seconds until a server must have said that it listens
_ANSWER = 20.0  # seconds for a healthy server to answer, on a machine that has other things to do
_RELEASE = 3.0  # seconds in which the system frees the port of a server that has just ended


def start_server(sandbox: Sandbox, cloud: str) -> tuple[str, bool]:
    """The base URL of a running server, and whether it had to be started.

    It gets the port it had before, so that shells and state that know the URL stay right.
    """
    endpoint = find_endpoint(sandbox, cloud)
    if endpoint is not None:
        return endpoint, False
    stop_server(sandbox, cloud)  # one that no longer answers
    folder = sandbox.server(cloud)
    port = _remembered_port(folder)
    try:
        endpoint = _launch(folder, cloud, port)
    except SandboxError as error:
        if port == 0:
            raise
        # Mostly, somebody took the port between the look and the bind.
        say(f"  The {cloud} server does not start on port {port} and gets another one: {error}")
        endpoint = _launch(folder, cloud, 0)
    (folder / "endpoint").write_text(endpoint)
    return endpoint, True


def find_endpoint(sandbox: Sandbox, cloud: str) -> str | None:
    """The base URL of the server if its process lives and it answers."""
    file = sandbox.server(cloud) / "endpoint"
    if not process_of(sandbox, cloud).is_alive() or not file.is_file():
        return None
    endpoint = file.read_text().strip()
    return endpoint if answers(endpoint) else None


def running_endpoints(sandbox: Sandbox) -> dict[str, str]:
    """The base URL of each cloud whose server runs."""
    found = {cloud: find_endpoint(sandbox, cloud) for cloud in CLOUDS}
    return {cloud: endpoint for cloud, endpoint in found.items() if endpoint is not None}


def answers(endpoint: str) -> bool:
    """Whether an HTTP server is there; any status is an answer."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        direct.open(endpoint, timeout=_ANSWER).close()
    except urllib.error.HTTPError:
        return True
    except (OSError, http.client.HTTPException):
        return False
    return True


def process_of(sandbox: Sandbox, cloud: str) -> Process:
    """The server that was last started."""
    return Process(sandbox.server(cloud) / "pid")


def stop_server(sandbox: Sandbox, cloud: str) -> bool:
    """End the server that was started here; False if none ran."""
    process = process_of(sandbox, cloud)
    if not process.is_alive():
        return False
    process.end()
    if process.is_alive():
        raise SandboxError(
            f"The {cloud} server, process {process.pid}, does not stop; end it by hand."
        )
    return True


def _launch(folder: Path, cloud: str, port: int) -> str:
    state = folder / "state"
    state.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-P", "-m", CLOUDS[cloud]]
    command += ["--port", str(port), "--state", str(state)]
    # Only what a server needs: none of a person's credentials, its limits, and the repository to
    # import it from.
    env = {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "HOME", "LANG", "TMPDIR") or name.startswith("SANDBOX_")
    }
    process = launch(command, folder, env | {"PYTHONPATH": str(REPOSITORY)})
    endpoint = _await_endpoint(process, folder, cloud)
    if not answers(endpoint):
        process.end()
        raise SandboxError(
            f"The {cloud} server says it listens on {endpoint} but does not answer; see "
            f"{folder}/log."
        )
    return endpoint


def _await_endpoint(process: Process, folder: Path, cloud: str) -> str:
    """The URL that the server prints when it listens."""
    started = time.monotonic()
    while time.monotonic() - started < _STARTUP:
        for line in (folder / "stdout").read_text(errors="replace").splitlines(keepends=True):
            if line.startswith("{") and line.endswith("\n"):
                return str(json.loads(line)["endpoint"])
        if not process.is_alive():
            words = (folder / "log").read_text(errors="replace").strip().splitlines()[-5:]
            raise SandboxError(
                f"The {cloud} server failed to start. {folder}/log ends:\n" + "\n".join(words)
            )
        time.sleep(0.05)
    process.end()
    raise SandboxError(
        f"The {cloud} server did not listen within {_STARTUP:.0f} s; see {folder}/log."
    )


def _remembered_port(folder: Path) -> int:
    """The port of the last start if nobody else has it now, else 0: any.

    A process lets go of its record and of its port at its end, in no order that one may rely on.
    """
    try:
        port = int((folder / "endpoint").read_text().strip().rpartition(":")[2].strip("/"))
    except (OSError, ValueError):
        return 0
    started = time.monotonic()
    while time.monotonic() - started < _RELEASE:
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
        time.sleep(0.05)
    return 0
