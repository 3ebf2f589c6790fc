"""`SwyxSite` from programs that are not Python: the schema, and programs in YAML through the engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox import commands
from sandbox.paths import Sandbox
from sandbox.stacks import Pulumi
from tests.tools.engine.running import Project, run
from tests.tools.golden import ROOT, compare

EXAMPLES = ROOT / "examples"
SCHEMA = ROOT / "tests" / "plugin" / "golden" / "schema.json"
CONFIG = {
    "yaml-aws": {"aws:region": "eu-central-1"},
    "yaml-azure": {"azure-native:location": "westeurope"},
}


@pytest.fixture(scope="module")
def seeded(engine: Pulumi, own_sandbox: Sandbox) -> Pulumi:
    commands.seed(own_sandbox, ROOT / "stacks" / "installation.yaml", "aachen=aws bochum=azure")
    return engine


def test_the_schema_that_other_languages_see_is_as_reviewed(engine: Pulumi, refresh: bool) -> None:
    code, said = run(["pulumi", "package", "get-schema", "./plugin"], ROOT, engine.environment)
    assert code == 0, said
    compare(SCHEMA, said[said.index("{") :].splitlines(), refresh)


@pytest.mark.parametrize("name", [*CONFIG])
def test_a_program_in_yaml_deploys_a_proven_site(seeded: Pulumi, name: str, tmp_path: Path) -> None:
    project = Project.start(seeded, EXAMPLES / name, "dev", tmp_path, CONFIG[name])
    try:
        assert project.up()["create"] > 3
        outputs = project.outputs()
        assert outputs["proof"].endswith("required ends compared, 0 missing, 0 excess")
        assert set(project.up()) == {"same"}
    finally:
        project.destroy()


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
