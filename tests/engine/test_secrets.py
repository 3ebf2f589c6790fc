"""No secret in state, journals, logs or reports: searched for byte by byte after a real deployment."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.paths import Sandbox
from sandbox.stacks import Pulumi
from tests.tools.faults.site import BrokenSite

IN_CONFIG = "sentinel-of-the-configuration"
IN_ENVIRONMENT = "sentinel-of-the-credentials"
CREDENTIALS = ("AWS_SESSION_TOKEN", "ARM_CLIENT_SECRET", "AZURE_CLIENT_SECRET")


@pytest.fixture
def site(
    engine: Pulumi, own_sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[BrokenSite]:
    """A site of the example, deployed with a secret in its configuration and others in the environment."""
    environment = engine.environment | dict.fromkeys(CREDENTIALS, IN_ENVIRONMENT)
    monkeypatch.setattr(Pulumi, "environment", environment)
    made = BrokenSite.open(own_sandbox, engine, "bochum", "azure", tmp_path)
    try:
        words = ("config", "set", "--secret", "own:token", IN_CONFIG)
        code, said = made.project.run(*words, "--config-file", str(made.project.file))
        assert code == 0, said
        outcome = made.run("up")
        assert outcome.code == 0, outcome.said
        yield made
    finally:
        assert made.run("destroy").code == 0
        made.forget()


def test_no_secret_is_in_what_a_deployment_leaves(
    site: BrokenSite, own_sandbox: Sandbox, tmp_path: Path
) -> None:
    said = {
        "stack export": site.project.run("stack", "export")[1],
        "stack output": site.project.run("stack", "output", "--json")[1],
        "verify": site.verify(),
        "refresh": site.project.run("refresh", "--yes", "--diff")[1],
    }
    held = {name: text.encode() for name, text in said.items()}
    folders = (tmp_path, own_sandbox.state, own_sandbox.server("azure"), own_sandbox.server("aws"))
    held |= {
        str(path): path.read_bytes()
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert b'"bochum' in held["stack export"]  # there is something to search
    assert any(path.endswith((".log", "/log")) for path in held)
    for secret in (IN_CONFIG, IN_ENVIRONMENT):
        for form in (secret.encode(), base64.b64encode(secret.encode()).rstrip(b"=")):
            assert [name for name, content in held.items() if form in content] == []
