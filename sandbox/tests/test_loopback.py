"""The sandbox is for this machine alone: what it listens on, and what it refuses to speak to."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.aws import estate as aws_estate
from sandbox.aws.provider import AwsProvider
from sandbox.azure import estate as azure_estate
from sandbox.azure.provider import AzureProvider
from sandbox.paths import REPOSITORY
from sandbox.provider import Provider, ProviderError

SERVERS = {
    "sandbox.aws.server": ("--port", "0"),
    "sandbox.azure.server": ("--port", "0", "--state", "."),
    "sandbox.aws.provider": (),
    "sandbox.azure.provider": (),
    "sandbox.azure.association": (),
}
MAPPED = "0" * 16 + "FFFF0000"  # ::ffff:0:0/96
LISTENS = "0A"  # the state's number in /proc/net/tcp


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads Linux's table of sockets")
@pytest.mark.parametrize("module", SERVERS)
def test_every_socket_that_listens_is_on_loopback(module: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", module, *SERVERS[module]]
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=env
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline()  # it says where it listens, so it does
            time.sleep(0.1)
            listening = list(addresses(process.pid))
        finally:
            process.kill()
    assert listening
    assert {address for address in listening if not is_local(address)} == set()


def addresses(pid: int) -> Iterator[str]:
    """The local addresses, as the kernel writes them, of a process's listening sockets."""
    inodes = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            inodes.add(str(entry.readlink()))
        except OSError:  # closed meanwhile
            continue
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENS and f"socket:[{fields[9]}]" in inodes:
                yield fields[1].partition(":")[0]


def is_local(address: str) -> bool:
    """127.0.0.0/8, as IPv6 too, or ::1; the kernel writes each word of 32 bits in the host's order."""
    if len(address) == 8 or address.startswith(MAPPED):
        return address[-2:] == "7F"
    return address == "0" * 24 + "01000000"


def test_the_test_tells_loopback_from_everywhere() -> None:
    assert is_local("0100007F")
    assert is_local(f"{MAPPED}0100007F")
    assert not is_local(f"{MAPPED}00000000")
    assert not is_local("00000000")
    assert not is_local("0200000A")
    assert not is_local("0" * 32)


ELSEWHERE = {
    "no endpoint, so that the SDK would take the real one": "",
    "AWS": "https://ec2.eu-central-1.amazonaws.com",
    "Azure": "https://management.azure.com",
    "a private address": "http://10.0.0.1:5000",
    "every address of this machine": "http://0.0.0.0:5000",
    "loopback as the user of another host": "http://127.0.0.1@192.0.2.1",
    "loopback as the beginning of a name": "http://127.0.0.1.example.com",
    "localhost as the beginning of a name": "http://localhost.example.com",
    "loopback as one number": "http://2130706433",
    "no URL": "127.0.0.1:5000",
}
REAL = {
    "AWS_PROFILE": "production",
    "AWS_ACCESS_KEY_ID": "AKIAREALREALREALREAL",
    "AWS_SECRET_ACCESS_KEY": "a real one",
    "AZURE_CLIENT_SECRET": "a real one",
    "AWS_REGION": "eu-central-1",
}
STAND_INS = {
    "AWS_ENDPOINT_URL": AwsProvider,
    "AZURE_RESOURCE_MANAGER_ENDPOINT": AzureProvider,
}


@pytest.mark.parametrize("title", ELSEWHERE)
@pytest.mark.parametrize("variable", STAND_INS)
def test_a_stand_in_with_real_credentials_refuses_any_other_endpoint(
    variable: str, title: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**REAL, variable: ELSEWHERE[title]}.items():
        monkeypatch.setenv(name, value)
    provider: Provider = STAND_INS[variable]()
    with pytest.raises(ProviderError, match=r"python -m sandbox start|never speaks to a real"):
        provider.configure({})


@pytest.mark.parametrize("title", ELSEWHERE)
@pytest.mark.parametrize("estate", [aws_estate, azure_estate])
def test_seeding_refuses_any_other_endpoint(estate: object, title: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        estate.seed_site("a", {"m": ["10.0.0.1"]}, ELSEWHERE[title])  # type: ignore[attr-defined]
