"""Both customers' programs of `examples/` through the real engine, judged packet by packet, both ways."""

from pathlib import Path
from typing import Any

import pytest

from sandbox.paths import Sandbox
from sandbox.servers import running_endpoints
from sandbox.stacks import Pulumi
from tests.oracle.assess import assess_site
from tests.oracle.domain import Judge
from tests.tools.engine.running import Project, read_aws, read_azure

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


def installation(decisions: dict[str, Any], **site: Any) -> dict[str, Any]:
    return {"swyxware": "6.01", "decisions": decisions, "sites": {"acme": site}}


# What each program means, typed here once more as an installation for the judge.
OWN_VPC = installation(
    {"dcom": "restricted", "h245": "tunnelled"},
    machines={
        "server": {"addresses": ["10.8.0.10"], "roles": ["SwyxServer", "PhoneManager"]},
        "gate": {"addresses": ["10.8.0.11"], "roles": ["SwyxGate"]},
    },
    networks={"office": {"cidrs": ["10.9.20.0/24"], "roles": ["SwyxIt", "SwyxPhoneL420"]}},
)
INLINE = installation(
    {"dcom": "restricted", "h245": "41000-41099"},
    machines={
        "server": {"addresses": ["10.9.0.10"], "roles": ["SwyxServer"]},
        "gate": {"addresses": ["10.9.0.11"], "roles": ["SwyxGate"]},
    },
    networks={"office": {"cidrs": ["10.9.20.0/24"], "roles": ["SwyxIt"]}},
)


@pytest.fixture
def endpoints(engine: Pulumi, own_sandbox: Sandbox) -> dict[str, str]:
    return running_endpoints(own_sandbox)


def test_a_program_with_its_own_vpc_attaches_a_site_to_its_instances(
    engine: Pulumi, endpoints: dict[str, str], tmp_path: Path
) -> None:
    config = {"aws:region": "eu-central-1"}
    project = Project.start(engine, EXAMPLES / "aws-own-vpc", "acme", tmp_path, config)
    try:
        assert project.up()["create"] > 30
        vpc = project.outputs()["vpc"]
        assert assess_site(Judge(OWN_VPC), "acme", read_aws(endpoints["aws"], vpc)) == []
        assert set(project.up()) == {"same"}
        code, said = project.run("refresh", "--yes", "--expect-no-changes")
        assert code == 0, said
        assert set(project.up()) == {"same"}
    finally:
        project.destroy()
    assert read_aws(endpoints["aws"], vpc).interfaces == []


def test_a_program_with_inline_data_makes_interfaces_in_its_own_subnet(
    engine: Pulumi, endpoints: dict[str, str], tmp_path: Path
) -> None:
    config = {"azure-native:location": "westeurope"}
    project = Project.start(engine, EXAMPLES / "azure-inline", "acme", tmp_path, config)
    try:
        assert project.up()["create"] == 11
        cloud = read_azure(endpoints["azure"], "acme", ["10.9.0.0/24"])
        assert assess_site(Judge(INLINE), "acme", cloud) == []
        assert set(project.up()) == {"same"}
        code, said = project.run("refresh", "--yes", "--expect-no-changes")
        assert code == 0, said
    finally:
        project.destroy()


@pytest.mark.parametrize("name", ["aws-own-vpc", "azure-inline", "first-program"])
def test_the_stack_file_of_an_example_is_nowhere_beside_it(name: str) -> None:
    assert sorted(path.name for path in (EXAMPLES / name).glob("*.y*ml")) == ["Pulumi.yaml"]
