"""Background servers: found again, kept on their ports, and never confused with somebody else's
process.
"""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import servers
from sandbox.paths import Sandbox
from sandbox.processes import Process, holding, launch
from sandbox.talk import SandboxError


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.setattr(
        servers, "CLOUDS", {"aws": "sandbox.tests.stub_cloud", "azure": "sandbox.tests.stub_cloud"}
    )
    made = Sandbox(root=tmp_path / "sandbox", engine_bin=tmp_path / "bin")
    yield made
    for cloud in servers.CLOUDS:
        servers.stop_server(made, cloud)


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def test_a_record_of_a_process_that_ended_never_ends_the_one_that_got_its_id(
    stranger: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    ended = launch([sys.executable, "-c", ""], tmp_path, {})
    deadline = time.monotonic() + 10
    while ended.is_alive():  # a zombie until it is waited for
        assert time.monotonic() < deadline
        time.sleep(0.02)
    ended.record.write_text(str(stranger.pid))
    ended.end()
    assert stranger.poll() is None


def test_stopping_leaves_a_stranger_alone_that_got_the_servers_id(
    sandbox: Sandbox, stranger: subprocess.Popen[bytes]
) -> None:
    servers.start_server(sandbox, "aws")
    ours = servers.process_of(sandbox, "aws")
    ours.end()
    ours.record.write_text(str(stranger.pid))
    assert servers.find_endpoint(sandbox, "aws") is None
    assert not servers.stop_server(sandbox, "aws")
    assert stranger.poll() is None


def test_a_process_that_ignores_the_request_is_ended_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.processes._GRACE", 0.3)
    ignore = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    code = f"{ignore}; print(1, flush=True); time.sleep(60)"
    process = launch([sys.executable, "-c", code], tmp_path, {})
    while not (tmp_path / "stdout").read_text():
        time.sleep(0.02)
    process.end()
    assert not process.is_alive()


def test_without_a_record_nothing_runs(tmp_path: Path) -> None:
    assert not Process(tmp_path / "pid").is_alive()


def test_a_second_start_finds_the_first_ones_server(sandbox: Sandbox) -> None:
    endpoint, started = servers.start_server(sandbox, "azure")
    assert started
    assert servers.start_server(sandbox, "azure") == (endpoint, False)
    assert servers.running_endpoints(sandbox) == {"azure": endpoint}


def test_a_server_listens_on_loopback_in_a_session_of_its_own(sandbox: Sandbox) -> None:
    endpoint, _ = servers.start_server(sandbox, "azure")
    process = servers.process_of(sandbox, "azure")
    assert endpoint.startswith("http://127.0.0.1:")
    session = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[3]
    assert int(session) == process.pid


def test_the_port_stays_the_same_over_a_restart(sandbox: Sandbox) -> None:
    first, _ = servers.start_server(sandbox, "aws")
    assert servers.stop_server(sandbox, "aws")
    assert not servers.answers(first)
    second, started = servers.start_server(sandbox, "aws")
    assert started
    assert second == first


def test_a_port_that_was_taken_meanwhile_is_given_up(sandbox: Sandbox) -> None:
    first, _ = servers.start_server(sandbox, "aws")
    servers.stop_server(sandbox, "aws")
    (sandbox.server("azure")).mkdir(parents=True)
    (sandbox.server("azure") / "endpoint").write_text(first)
    assert servers.start_server(sandbox, "azure")[0] == first
    assert servers.start_server(sandbox, "aws")[0] != first


def test_a_port_is_waited_for_that_a_process_still_has_while_it_ends(sandbox: Sandbox) -> None:
    first, _ = servers.start_server(sandbox, "aws")
    servers.stop_server(sandbox, "aws")
    with socket.socket() as ending:
        ending.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        ending.bind(("127.0.0.1", int(first.rpartition(":")[2])))
        ending.listen()
        threading.Timer(0.5, ending.close).start()
        assert servers.start_server(sandbox, "aws") == (first, True)


def test_a_killed_server_is_started_again(sandbox: Sandbox) -> None:
    first, _ = servers.start_server(sandbox, "aws")
    process = servers.process_of(sandbox, "aws")
    process.end()
    assert servers.running_endpoints(sandbox) == {}
    assert servers.start_server(sandbox, "aws") == (first, True)


def test_a_server_that_ends_at_once_is_reported_with_its_last_words(sandbox: Sandbox) -> None:
    (sandbox.server("aws") / "state").mkdir(parents=True)
    (sandbox.server("aws") / "state" / "broken").touch()
    with pytest.raises(
        SandboxError, match=r"The aws server failed to start(.|\n)*the stub is broken"
    ):
        servers.start_server(sandbox, "aws")


def test_a_server_sees_none_of_a_persons_credentials(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a real one")
    servers.start_server(sandbox, "aws")
    process = servers.process_of(sandbox, "aws")
    assert b"a real one" not in Path(f"/proc/{process.pid}/environ").read_bytes()


def test_two_commands_do_not_start_servers_at_once(sandbox: Sandbox) -> None:
    order = []

    def second() -> None:
        with holding(sandbox.lock, 10):
            order.append("second")

    with holding(sandbox.lock, 10):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.3)
        order.append("first")
    thread.join(timeout=10)
    assert order == ["first", "second"]


def test_a_lock_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with (
        holding(lock, 10),
        pytest.raises(SandboxError, match="Another command has held"),
        holding(lock, 0.2),
    ):
        pass
