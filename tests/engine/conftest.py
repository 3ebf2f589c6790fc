"""A sandbox for this folder's tests: offline clouds and a backend of their own, gone afterwards."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sandbox import commands
from sandbox.paths import Sandbox, locate_sandbox
from sandbox.stacks import Pulumi
from tests.tools.engine.standing import ATTACH, standing_providers
from tests.tools.engine.trial import IN_PROCESS, Machines, Trial


def make_sandbox(factory: pytest.TempPathFactory) -> Sandbox:
    """A place for clouds and a backend in a folder of its own; nothing runs there yet."""
    root = str(factory.mktemp("sandbox"))
    return locate_sandbox(dict(os.environ) | {"SWYX_SANDBOX": root})


@pytest.fixture(scope="session")
def own_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    return make_sandbox(tmp_path_factory)


@pytest.fixture(scope="session")
def engine(own_sandbox: Sandbox) -> Iterator[Pulumi]:
    yield commands.start(own_sandbox)
    commands.stop(own_sandbox)


@pytest.fixture(scope="module")
def empty_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Pulumi]]:
    """Clouds in which no other test module has made or left anything, and the engine on them."""
    sandbox = make_sandbox(tmp_path_factory)
    yield sandbox, commands.start(sandbox)
    commands.stop(sandbox)


@contextmanager
def attached(engine: Pulumi) -> Iterator[pytest.MonkeyPatch]:
    """While commands share the processes of the stand-ins, and an update writes the state only once."""
    with standing_providers(engine.environment) as places, pytest.MonkeyPatch.context() as patch:
        patch.setenv(ATTACH, places)
        patch.setenv("PULUMI_SKIP_CHECKPOINTS", "true")
        yield patch


@pytest.fixture(scope="module")
def standing(engine: Pulumi) -> Iterator[None]:
    """For a module that kills nothing, and that needs no configuration of a provider's own."""
    with attached(engine):
        yield


class Trials:
    """Opens trials in clouds that are thrown away with all that is in them: nothing is destroyed."""

    def __init__(self, sandbox: Sandbox, engine: Pulumi, factory: pytest.TempPathFactory) -> None:
        self._sandbox, self._engine, self._factory = sandbox, engine, factory

    def open(self, site: str, machines: Machines) -> Trial:
        folder = self._factory.mktemp("trial")
        return Trial.open(self._sandbox, self._engine, site, machines, folder)


@pytest.fixture(scope="module")
def trials(
    empty_sandbox: tuple[Sandbox, Pulumi], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Trials]:
    sandbox, engine = empty_sandbox
    with attached(engine) as patch:
        for name in IN_PROCESS:
            patch.setenv(name, engine.environment[name])
        yield Trials(sandbox, engine, tmp_path_factory)
