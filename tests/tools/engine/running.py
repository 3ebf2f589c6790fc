"""The real `pulumi` on one of our projects, in a sandbox, and what the clouds hold afterwards."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from sandbox.azure.client import ArmClient
from sandbox.environment import SUBSCRIPTION
from sandbox.stacks import SALT, Pulumi, Stack
from tests.oracle.clouds import Aws, Azure
from tests.tools.offline import connect_ec2

_TIME = 600.0  # seconds for one command


def run(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], timeout: float = _TIME
) -> tuple[int, str]:
    """A command that asks nobody; its exit code and everything it said."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@dataclass(frozen=True)
class Project:
    """One project with one stack; its stack file lies in the sandbox, never beside the project."""

    engine: Pulumi
    folder: Path
    stack: Stack
    file: Path
    updates: list[dict[str, int]] = field(default_factory=list)  # what each has done

    @classmethod
    def start(
        cls, engine: Pulumi, folder: Path, stack: str, scratch: Path, config: Mapping[str, Any]
    ) -> "Project":
        name = yaml.safe_load((folder / "Pulumi.yaml").read_text())["name"]
        file = scratch / f"Pulumi.{stack}.yaml"
        file.write_text(yaml.safe_dump({"encryptionsalt": SALT, "config": dict(config)}))
        project = cls(engine, folder, Stack(project=name, name=stack), file)
        engine.ensure_stack(project.stack)
        return project

    def run(self, *words: str) -> tuple[int, str]:
        """One command; its exit code and everything it said."""
        command = [*words, "--stack", self.stack.name, "--non-interactive"]
        if words[0] in ("up", "preview", "refresh", "destroy"):
            command += ["--config-file", str(self.file)]
        return run(["pulumi", *command], self.folder, self.engine.environment)

    def up(self) -> dict[str, int]:
        """Update; operation and number of resources. The first one is previewed, as ids are unknown then.

        Raises:
            AssertionError: with the engine's output.
        """
        code, said = self.run("up", "--yes", *(["--skip-preview"] if self.updates else []))
        assert code == 0, said
        self.updates.append(self.engine.last_changes(self.stack))
        return self.updates[-1]

    def outputs(self) -> dict[str, Any]:
        code, said = self.run("stack", "output", "--json")
        assert code == 0, said
        found: dict[str, Any] = json.loads(said)
        return found

    def destroy(self) -> None:
        code, said = self.run("destroy", "--yes", "--skip-preview")
        assert code == 0, said


def read_aws(endpoint: str, vpc: str) -> Aws:
    """The security groups and interfaces of a VPC."""
    ec2 = connect_ec2(endpoint)
    inside = [{"Name": "vpc-id", "Values": [vpc]}]
    return Aws(
        ec2.describe_security_groups(Filters=inside)["SecurityGroups"],
        ec2.describe_network_interfaces(Filters=inside)["NetworkInterfaces"],
    )


def read_azure(endpoint: str, resource_group: str, virtual_network: list[str]) -> Azure:
    """The network security groups and interfaces of a resource group."""
    client = ArmClient(endpoint)
    place = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{resource_group}/providers/Microsoft.Network/"
    groups = client.get(f"{place}networkSecurityGroups")
    interfaces = client.get(f"{place}networkInterfaces")
    return Azure(groups["value"], interfaces["value"], virtual_network)
