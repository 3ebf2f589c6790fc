"""A sandbox for this folder's tests: offline clouds and a backend of their own, gone afterwards."""

import os
from collections.abc import Iterator

import pytest

from sandbox import commands
from sandbox.paths import Sandbox, locate_sandbox
from sandbox.stacks import Pulumi


@pytest.fixture(scope="session")
def own_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    root = str(tmp_path_factory.mktemp("sandbox"))
    return locate_sandbox(dict(os.environ) | {"SWYX_SANDBOX": root})


@pytest.fixture(scope="session")
def engine(own_sandbox: Sandbox) -> Iterator[Pulumi]:
    yield commands.start(own_sandbox)
    commands.stop(own_sandbox)
