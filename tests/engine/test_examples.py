"""Programs of `examples/` through the real engine, judged packet by packet, both ways."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.aws.estate import seed_site as seed_aws
from sandbox.azure.estate import seed_site as seed_azure
from sandbox.paths import Sandbox
from sandbox.servers import running_endpoints
from sandbox.stacks import Pulumi
from tests.oracle.assess import assess_site
from tests.oracle.domain import Judge
from tests.tools.command import swyx
from tests.tools.engine.running import Project, read_aws, read_azure

EXAMPLES = Path(__file__).parents[2] / "examples"
CONFIG = {"aws:region": "eu-central-1", "azure-native:location": "westeurope"}

# What the topology of `stack-per-site` means, typed here once more for the judge.
TWO_SITES: dict[str, Any] = {
    "swyxware": "6.01",
    "decisions": {"dcom": "restricted", "h245": "tunnelled"},
    "sites": {
        "hamburg": {
            "machines": {
                "hh-server": {"addresses": ["10.5.0.10"], "roles": ["SwyxServer", "PhoneManager"]},
                "hh-link": {"addresses": ["10.5.0.11"], "roles": ["LinkManager"]},
            },
            "networks": {
                "hh-office": {"cidrs": ["10.5.20.0/24"], "roles": ["SwyxIt", "SwyxPhoneL420"]}
            },
        },
        "bremen": {
            "machines": {
                "hb-server": {"addresses": ["10.6.0.10"], "roles": ["SwyxServer"]},
                "hb-gate": {"addresses": ["10.6.0.12"], "roles": ["SwyxGate"]},
            },
            "networks": {"hb-office": {"cidrs": ["10.6.20.0/24"], "roles": ["SwyxIt"]}},
        },
    },
    "links": {"hamburg-bremen": {"sites": ["hamburg", "bremen"], "link_manager": "hh-link"}},
}


@pytest.fixture
def endpoints(engine: Pulumi, own_sandbox: Sandbox) -> dict[str, str]:
    return running_endpoints(own_sandbox)


def settle(project: Project) -> None:
    """Nothing is left to change, and the clouds hold what the state says."""
    assert set(project.up()) == {"same"}
    code, said = project.run("refresh", "--yes", "--expect-no-changes")
    assert code == 0, said


def test_each_stack_makes_its_site_from_one_topology_and_the_ids_of_another_stack(
    engine: Pulumi, endpoints: dict[str, str], tmp_path: Path
) -> None:
    network = Project.start(engine, EXAMPLES / "stack-per-site/network", "prod", tmp_path, CONFIG)
    config = {**CONFIG, "swyx-telephony:network": network.stack.reference}
    folder = EXAMPLES / "stack-per-site/telephony"
    stacks = [network]
    try:
        network.up()
        for site in ("hamburg", "bremen"):
            stacks.append(Project.start(engine, folder, site, tmp_path, config))
            stacks[-1].up()
            assert len(stacks[-1].outputs()["groups"]) == 2
            settle(stacks[-1])
        vpc, judge = network.outputs()["vpc"], Judge(TWO_SITES)
        assert assess_site(judge, "hamburg", read_aws(endpoints["aws"], vpc)) == []
        assert (
            assess_site(judge, "bremen", read_azure(endpoints["azure"], "bremen", ["10.6.0.0/24"]))
            == []
        )
        assert stacks[-1].outputs()["installation"] == stacks[-2].outputs()["installation"]
        assert set(network.up()) == {"same"}, "the instances leave attached groups alone"
    finally:
        for stack in reversed(stacks):
            stack.destroy()
    assert read_aws(endpoints["aws"], vpc).interfaces == []


def test_machines_that_run_already_are_found_and_attached_on_both_clouds(
    engine: Pulumi, endpoints: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in engine.environment.items():
        monkeypatch.setenv(name, value)
    on_aws = {"es-server": ["10.3.0.10"], "es-link": ["10.3.0.11"], "es-gate": ["10.3.0.12"]}
    seed_aws("essen", on_aws, endpoints["aws"])
    on_azure = {"bn-server": ["10.4.0.10"], "bn-managers": ["10.4.0.11"]}
    seed_azure("bonn", on_azure, endpoints["azure"])
    project = Project.start(engine, EXAMPLES / "existing-vms", "test", tmp_path, CONFIG)
    try:
        assert project.up()["create"] > 40
        outputs = project.outputs()
        file = tmp_path / "installation.yaml"
        file.write_text(outputs["installation"])
        assert yaml.safe_load(outputs["installation"])["sites"]["bonn"]["machines"] == {
            "bn-server": {"addresses": ["10.4.0.10"], "roles": ["SwyxServer"]},
            "bn-managers": {"addresses": ["10.4.0.11"], "roles": ["PhoneManager"]},
        }
        verified = swyx("verify", file, "--cloud", "essen=aws", "--cloud", "bonn=azure")
        assert (verified.code, verified.err) == (0, ""), verified
        settle(project)
    finally:
        project.destroy()


def test_no_stack_file_of_an_example_is_beside_it() -> None:
    projects = [path.parent for path in EXAMPLES.rglob("Pulumi.yaml")]
    assert len(projects) >= 7
    for folder in projects:
        assert [path.name for path in folder.glob("*.y*ml")] == ["Pulumi.yaml"]
