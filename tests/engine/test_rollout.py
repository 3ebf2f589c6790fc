"""`swyx rollout` on a project of two stacks, through the real engine and both offline clouds."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
import yaml

from sandbox.estate import seed_sites
from sandbox.paths import Sandbox, venv_bin
from sandbox.servers import running_endpoints
from sandbox.sites import Site, read_machines
from sandbox.stacks import SALT, Pulumi, Stack
from tests.tools.command import SMALL
from tests.tools.engine.running import run

pytestmark = pytest.mark.usefixtures("standing")

ROOT = Path(__file__).parents[2]
CLOUDS = {"aachen": "aws", "bochum": "azure"}
NETWORKS = {
    "aachen": {"vpc_tags": {"Name": "aachen"}},
    "bochum": {"resource_group": "bochum", "virtual_network": "bochum"},
}
ELSEWHERE = """\
swyxware: "6.01"
sites: {elsewhere: {machines: {lone: {addresses: [10.9.0.10], roles: [SwyxServer]}}}}
"""
REGIONS = {"aws:region": "eu-central-1", "azure-native:location": "westeurope"}


@dataclass(frozen=True)
class Estate:
    """A project folder with both stacks deployed, and the file that they read."""

    engine: Pulumi
    folder: Path
    azure: str

    @property
    def file(self) -> Path:
        return self.folder / "stacks" / "installation.yaml"

    def rollout(self, old: Path, *words: str) -> tuple[int, Any]:
        """Exit code, and the JSON that it printed; the words of its errors where there is none."""
        command = [str(venv_bin() / "swyx"), "rollout", str(old), str(self.file), "--json"]
        code, said = run(
            [*command, "--project", str(self.folder), *words], self.folder, self.engine.environment
        )
        start = said.find("{\n")
        return code, json.loads(said[start : said.rindex("}") + 1]) if start >= 0 else said


@pytest.fixture
def estate(engine: Pulumi, own_sandbox: Sandbox, tmp_path: Path) -> Iterator[Estate]:
    folder = tmp_path / "project"
    (folder / "stacks").mkdir(parents=True)
    shutil.copy(ROOT / "__main__.py", folder)
    project = {"name": "branches", "runtime": "python", "stackConfigDir": "stacks"}
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))
    made = Estate(engine, folder, running_endpoints(own_sandbox)["azure"])
    made.file.write_text(SMALL)
    machines = read_machines(made.file)
    sites = [
        Site(name=name, cloud=cloud, installation=made.file, machines=machines[name])
        for name, cloud in CLOUDS.items()
    ]
    seed_sites(sites, running_endpoints(own_sandbox))
    for name, cloud in CLOUDS.items():
        own = {"site": name, "cloud": cloud, "network": NETWORKS[name]}
        config = {f"branches:{key}": value for key, value in own.items()} | REGIONS
        stack_file = {"encryptionsalt": SALT, "config": config}
        (folder / "stacks" / f"Pulumi.{name}.yaml").write_text(yaml.safe_dump(stack_file))
        engine.ensure_stack(Stack(project="branches", name=name))
    yield made
    for name in CLOUDS:
        command = ["pulumi", "destroy", "--yes", "--non-interactive", "--stack", name]
        code, said = run(command, folder, engine.environment)
        assert code == 0, said


def plan_faults(endpoint: str, faults: list[dict[str, Any]]) -> None:
    body = json.dumps(faults).encode()
    with urlopen(Request(f"{endpoint}/_sandbox/faults", body, method="PUT"), timeout=10):
        pass


def states(answer: Any) -> dict[str, str]:
    return {stack["stack"]: stack["state"] for stack in answer["stacks"]}


def test_a_rollout_creates_goes_on_after_a_failure_and_destroys_last(
    estate: Estate, tmp_path: Path
) -> None:
    nothing = tmp_path / "nothing.yaml"
    nothing.write_text(ELSEWHERE)
    code, answer = estate.rollout(nothing, "--preview")
    assert code == 0, answer
    assert states(answer) == {"aachen": "previewed", "bochum": "previewed"}
    assert answer["without_stack"] == ["elsewhere"]
    assert all(stack["changes"]["create"] > 3 for stack in answer["stacks"])

    code, answer = estate.rollout(nothing, "--yes")
    assert code == 0, answer
    assert states(answer) == {"aachen": "done", "bochum": "done"}
    assert {stack["work"] for stack in answer["stacks"]} == {"create"}

    # One end of the link refuses: the other is done, and the rollout goes on with what is left.
    deployed = tmp_path / "deployed.yaml"
    deployed.write_text(SMALL)
    estate.file.write_text(SMALL.replace("41000-41099", "41000-41089"))
    plan_faults(estate.azure, [{"at": 1, "kind": "error", "times": 999, "status": 500}])
    code, answer = estate.rollout(deployed, "--yes")
    plan_faults(estate.azure, [])
    assert code == 3, answer
    assert states(answer) == {"aachen": "done", "bochum": "failed"}
    assert "told to fail here" in answer["stacks"][1]["errors"][0]

    code, answer = estate.rollout(deployed, "--yes", "--continue")
    assert code == 0, answer
    assert states(answer) == {"aachen": "done before", "bochum": "done"}
    assert answer["stacks"][1]["changes"] == {"update": 1}
    assert not (estate.folder / ".swyx-rollout.json").exists()

    # A site that is no longer in the file is destroyed after those that knew it are updated.
    both = tmp_path / "both.yaml"
    both.write_text(estate.file.read_text())
    without = yaml.safe_load(both.read_text())
    del without["sites"]["bochum"], without["links"]
    estate.file.write_text(yaml.safe_dump(without))
    code, answer = estate.rollout(both, "--yes")
    assert code == 0, answer
    assert [(each["stack"], each["work"], each["state"]) for each in answer["stacks"]] == [
        ("aachen", "update", "done"),
        ("bochum", "destroy", "done"),
    ]
