"""One site in both offline clouds at once, by one program: installations in, steps and calls out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi import automation as auto

from sandbox.environment import REGION
from sandbox.estate import seeder_of
from sandbox.journal import read_journal
from sandbox.paths import Sandbox
from sandbox.servers import running_endpoints
from sandbox.stacks import Pulumi
from swyx_components import SwyxSite
from tests.tools.engine.in_process import QuickStack

Plain = dict[str, Any]
Machines = dict[
    str, list[str]
]  # every machine that any of the installations has, and its addresses

CLOUDS = ("aws", "azure")
# Of the sandbox's environment, what this process needs: the automation API looks for the engine itself,
# and clients of ARM, which run here, for the offline one.
IN_PROCESS = ("PATH", "AZURE_RESOURCE_MANAGER_ENDPOINT")
_CONFIG = {"aws:region": REGION, "azure-native:location": "westeurope"}


@dataclass
class Trial:
    """A stack with the site once in each cloud, as the components `aws` and `azure`."""

    site: str
    stack: QuickStack
    endpoints: dict[str, str]
    sandbox: Sandbox
    args: dict[str, Plain] = field(default_factory=dict)

    @classmethod
    def open(
        cls, sandbox: Sandbox, engine: Pulumi, site: str, machines: Machines, folder: Path
    ) -> Trial:
        endpoints = running_endpoints(sandbox)
        for cloud in CLOUDS:
            seeder_of(cloud)(site, machines, endpoints[cloud])
        args: dict[str, Plain] = {}
        # One write of the state an update instead of one a step: nothing is killed here.
        environment = {**engine.environment, "PULUMI_SKIP_CHECKPOINTS": "true"}
        program = _program(args)
        stack = QuickStack.open("trial", f"trial-{folder.name}", program, folder, environment)
        stack.set_all_config({name: auto.ConfigValue(value) for name, value in _CONFIG.items()})
        return cls(site, stack, endpoints, sandbox, args)

    def plan(self, installation: Plain) -> None:
        """The installation that the next command is about."""
        networks = {
            "aws": {"vpc_tags": {"Name": self.site}},
            "azure": {"resource_group": self.site, "virtual_network": self.site},
        }
        for cloud, network in networks.items():
            given = {"installation": installation, "site": self.site, "network": network}
            self.args[cloud] = {**given, "cloud": cloud}

    def deploy(self, installation: Plain) -> None:
        """Update to an installation, unless it is deployed."""
        was = {cloud: dict(given) for cloud, given in self.args.items()}
        self.plan(installation)
        if self.args != was:
            self.up()

    def up(self) -> dict[str, list[Plain]]:
        """Update; by cloud the calls that changed it, in the order of effect."""
        before = {cloud: len(read_journal(self.journal(cloud))) for cloud in CLOUDS}
        self.stack.up()
        return {cloud: read_journal(self.journal(cloud))[before[cloud] :] for cloud in CLOUDS}

    def preview(self) -> list[auto.StepEventMetadata]:
        """The steps of an update that is not made, those that change nothing left out."""
        events: list[auto.EngineEvent] = []
        self.stack.preview(on_event=events.append)
        steps = (event.resource_pre_event for event in events)
        return [
            step.metadata
            for step in steps
            if step is not None and step.metadata.op.value not in ("same", "read")
        ]

    def journal(self, cloud: str) -> Path:
        return self.sandbox.server(cloud) / "state"


def _program(args: dict[str, Plain]) -> Callable[[], None]:
    def make_sites() -> None:
        for cloud, given in args.items():
            SwyxSite(cloud, given)

    return make_sites


def machines_of(installations: Iterable[Plain], site: str) -> Machines:
    """Every machine of a site in any of the installations; one address is seeded once."""
    found: Machines = {}
    for installation in installations:
        for name, machine in installation["sites"][site]["machines"].items():
            known = {address for addresses in found.values() for address in addresses}
            if name not in found and not known & set(machine["addresses"]):
                found[name] = machine["addresses"]
    return found
