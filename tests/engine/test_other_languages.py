"""`SwyxSite` from programs that are not Python: the schema, and programs in YAML through the engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox import commands
from sandbox.engine.launcher import write_launcher
from sandbox.paths import Sandbox
from sandbox.servers import running_endpoints
from sandbox.stacks import Pulumi
from tests.tools.engine.running import Project, read_aws, read_azure, run
from tests.tools.golden import ROOT, compare

EXAMPLES = ROOT / "examples"
SCHEMA = ROOT / "tests" / "plugin" / "golden" / "schema.json"
CONFIG = {
    "yaml-aws": {"aws:region": "eu-central-1"},
    "yaml-new-vms": {"aws:region": "eu-central-1"},
    "yaml-azure": {"azure-native:location": "westeurope"},
}
ATTACHED = {
    "yaml-new-vms": {"10.7.0.10": "swyxserver-phonemanager"},
    "yaml-azure": {"10.2.0.12": "bo-gate", "10.2.0.50": "bo-new"},
}


@pytest.fixture(scope="module")
def seeded(engine: Pulumi, own_sandbox: Sandbox) -> Pulumi:
    commands.seed(own_sandbox, ROOT / "stacks" / "installation.yaml", "aachen=aws bochum=azure")
    return engine


def test_the_schema_that_other_languages_see_is_as_reviewed(engine: Pulumi, refresh: bool) -> None:
    code, said = run(["pulumi", "package", "get-schema", "./plugin"], ROOT, engine.environment)
    assert code == 0, said
    compare(SCHEMA, said[said.index("{") :].splitlines(), refresh)


def with_schema_of_aws(folder: Path, scratch: Path) -> Path:
    """A copy of a program that makes AWS resources: the engine takes our plugin, which has a schema."""
    write_launcher(scratch / "bin" / "pulumi-resource-aws", "tests.tools.languages.aws")
    program = yaml.safe_load((folder / "Pulumi.yaml").read_text())
    program["packages"]["swyx"] = str(ROOT / "plugin")
    program["plugins"] = {"providers": [{"name": "aws", "path": str(scratch / "bin")}]}
    copy = scratch / folder.name
    copy.mkdir()
    (copy / "Pulumi.yaml").write_text(yaml.safe_dump(program))
    return copy


@pytest.mark.parametrize("name", [*CONFIG])
def test_a_program_in_yaml_deploys_a_proven_site(
    seeded: Pulumi, own_sandbox: Sandbox, name: str, tmp_path: Path
) -> None:
    folder = EXAMPLES / name
    if name == "yaml-new-vms":
        folder = with_schema_of_aws(folder, tmp_path)
    project = Project.start(seeded, folder, "dev", tmp_path, CONFIG[name])
    try:
        assert project.up()["create"] > 3
        outputs = project.outputs()
        assert outputs["proof"].endswith("requirements compared, 0 missing, 0 excess")
        assert set(project.up()) == {"same"}
        assert verify(seeded, folder, tmp_path) == 0
        if name in ATTACHED:
            assert groups_at(running_endpoints(own_sandbox), name, outputs) == ATTACHED[name]
    finally:
        project.destroy()


def verify(engine: Pulumi, folder: Path, scratch: Path) -> int:
    """What `swyx verify` says of the topology that the program holds: its exit code."""
    program = yaml.safe_load((folder / "Pulumi.yaml").read_text())
    (site,) = (each for each in program["resources"].values() if "site" in each["properties"])
    given = site["properties"]
    file = scratch / "installation.yaml"
    file.write_text(yaml.safe_dump({"swyxware": "6.01", **given["topology"]}))
    command = ["swyx", "verify", str(file), "--cloud", f"{given['site']}={given['cloud']}"]
    code, said = run(command, scratch, engine.environment)
    assert f"{given['site']}" in said, said
    return code


def groups_at(endpoints: dict[str, str], name: str, outputs: dict[str, Any]) -> dict[str, str]:
    """By address, the name of the program's group that the interface has in the cloud; empty for none."""
    names = {id.lower(): group for group, id in outputs["groups"].items()}
    if name == "yaml-new-vms":
        aws = read_aws(endpoints["aws"], outputs["vpc"])
        held = {address: aws.interface_of(address).groups for address in ATTACHED[name]}
    else:
        azure = read_azure(endpoints["azure"], "bochum", [])
        held = {address: frozenset([azure.interface_of(address).nsg]) for address in ATTACHED[name]}
    return {
        address: " ".join(names[id.lower()] for id in ids if id.lower() in names)
        for address, ids in held.items()
    }


def test_wrong_inputs_are_named_by_their_place_without_a_traceback(
    seeded: Pulumi, tmp_path: Path
) -> None:
    program: dict[str, Any] = yaml.safe_load((EXAMPLES / "yaml-aws" / "Pulumi.yaml").read_text())
    program["packages"]["swyx"] = str(ROOT / "plugin")
    program["resources"]["aachen"]["properties"]["network"] = {"vpcTags": {"Name": "nowhere"}}
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(json.dumps(program))
    project = Project.start(seeded, folder, "wrong", tmp_path, CONFIG["yaml-aws"])
    code, said = project.run("preview")
    assert code != 0
    assert "property network.vpcTags" in said
    assert "AWS has no VPC with the tags Name=nowhere" in said
    assert "Traceback" not in said
