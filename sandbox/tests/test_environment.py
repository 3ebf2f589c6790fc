"""The env file and the environment of the engine: the offline clouds, and nothing of a person's
own.
"""

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from sandbox.environment import REMOVED, child_environment, write_env_file
from sandbox.paths import REPOSITORY, Sandbox, locate_sandbox, venv_bin

ENDPOINTS = {"aws": "http://127.0.0.1:5001", "azure": "http://127.0.0.1:5002"}


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    return Sandbox(root=tmp_path / "it's a place", engine_bin=tmp_path / "bin")


def sourced(sandbox: Sandbox, before: dict[str, str], times: int = 1) -> dict[str, str]:
    """The environment of a POSIX shell after it sourced the env file."""
    script = f". {shlex.quote(str(sandbox.env_file))};" * times + "env -0"
    answer = subprocess.run(
        ["/bin/sh", "-euc", script], env=before, capture_output=True, check=True, timeout=10
    ).stdout
    return dict(entry.split("=", 1) for entry in answer.decode().split("\0") if entry)


def test_the_env_file_points_every_client_at_the_offline_clouds(sandbox: Sandbox) -> None:
    write_env_file(sandbox, ENDPOINTS, sandbox.engine_bin / "pulumi")
    env = sourced(sandbox, {"PATH": "/usr/bin:/bin"})
    expected = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:5001",
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AZURE_RESOURCE_MANAGER_ENDPOINT": "http://127.0.0.1:5002",
        "PULUMI_HOME": f"{sandbox.root}/home",
        "PULUMI_BACKEND_URL": f"file://{sandbox.root}/state?metadata=skip",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_DISABLE_REGISTRY_RESOLVE": "true",
        "PATH": f"{sandbox.engine_bin}:{venv_bin()}:/usr/bin:/bin",
    }
    assert {name: env.get(name) for name in expected} == expected
    assert env["ARM_SUBSCRIPTION_ID"] == env["AZURE_SUBSCRIPTION_ID"] != ""
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        assert Path(env[name]).read_text() == ""
        assert Path(env[name]).is_relative_to(sandbox.root)


def test_no_credentials_of_a_person_survive(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = dict.fromkeys((*REMOVED, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "a real one")
    write_env_file(sandbox, ENDPOINTS, sandbox.engine_bin / "pulumi")
    for name, value in real.items():
        monkeypatch.setenv(name, value)
    for env in (
        sourced(sandbox, {"PATH": "/bin"} | real),
        child_environment(sandbox, ENDPOINTS, Path("/x/pulumi")),
    ):
        assert "a real one" not in env.values()
        assert not env.keys() & {"AWS_PROFILE", "PULUMI_ACCESS_TOKEN", "ARM_CLIENT_SECRET"}


def test_sourcing_twice_changes_nothing(sandbox: Sandbox) -> None:
    write_env_file(sandbox, ENDPOINTS, sandbox.engine_bin / "pulumi")
    assert sourced(sandbox, {"PATH": "/bin"}, times=2) == sourced(sandbox, {"PATH": "/bin"})


def test_the_shell_and_the_engine_get_the_same_settings(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/bin")
    write_env_file(sandbox, ENDPOINTS, Path("/opt/pulumi/pulumi"))
    own = child_environment(sandbox, ENDPOINTS, Path("/opt/pulumi/pulumi"))
    shell = sourced(sandbox, dict(os.environ))
    assert {name: shell.get(name) for name in own if name != "_"} == {
        n: v for n, v in own.items() if n != "_"
    }


def test_a_second_sandbox_shares_the_engine_and_nothing_else(tmp_path: Path) -> None:
    other = locate_sandbox({"SWYX_SANDBOX": str(tmp_path)})
    assert other.engine_bin == REPOSITORY / ".sandbox" / "bin"
    own = [
        other.home,
        other.state,
        other.stacks,
        other.plugins,
        other.env_file,
        other.lock,
        other.server("aws"),
    ]
    assert all(path.is_relative_to(tmp_path) for path in own)
    assert locate_sandbox({"SWYX_ENGINE_BIN": str(tmp_path / "e")}).engine_bin == tmp_path / "e"
    assert locate_sandbox({}).root == REPOSITORY / ".sandbox"
