"""The first program of the documentation, in an empty folder, through the real engine on both clouds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.azure.client import ArmClient
from sandbox.azure.estate import seed_site
from sandbox.environment import SUBSCRIPTION
from sandbox.paths import Sandbox
from sandbox.servers import running_endpoints
from sandbox.stacks import Pulumi
from tests.tools.command import swyx
from tests.tools.engine.running import Project

PROGRAM = Path(__file__).parents[2] / "examples/first-program/__main__.py"
CONFIG = {"aws:region": "eu-central-1", "azure-native:location": "westeurope"}
NETWORK = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/bochum/providers/Microsoft.Network"
RENAMED = (
    'swyx.site("aachen", Vpc(vpc.id), resource_name="telephony", '
    'opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="aachen")]))'
)


@pytest.fixture
def project(
    empty_sandbox: tuple[Sandbox, Pulumi], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Project]:
    """The program in a folder of its own; Bochum's network and interface are there already."""
    sandbox, engine = empty_sandbox
    for name, value in engine.environment.items():
        monkeypatch.setenv(name, value)
    azure = running_endpoints(sandbox)["azure"]
    seed_site("bochum", {"bo-other": ["10.2.0.20"]}, azure)
    subnet = {"id": f"{NETWORK}/virtualNetworks/bochum/subnets/machines"}
    address = {"privateIPAddress": "10.2.0.10", "privateIPAllocationMethod": "Static"}
    own = {"name": "own", "properties": {"primary": True, "subnet": subnet, **address}}
    body = {"location": "westeurope", "properties": {"ipConfigurations": [own]}}
    ArmClient(azure).put(f"{NETWORK}/networkInterfaces/bo-server", body)
    (tmp_path / "Pulumi.yaml").write_text("name: first\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(PROGRAM.read_text())
    project = Project.start(engine, tmp_path, "first", tmp_path, CONFIG)
    yield project
    project.destroy()


def test_the_first_program_deploys_both_sites_exactly(project: Project) -> None:
    assert project.up()["create"] > 60
    file = project.folder / "installation.yaml"
    file.write_text(project.outputs()["installation"])
    clouds = ("--cloud", "aachen=aws", "--cloud", "bochum=azure")
    verified = swyx("verify", file, *clouds)
    assert (verified.code, verified.err) == (0, ""), verified
    assert "aachen" in verified.out and "bochum" in verified.out
    assert set(project.up()) == {"same"}

    program = project.folder / "__main__.py"
    text = program.read_text()
    program.write_text(text.replace('swyx.site("aachen", Vpc(vpc.id))', RENAMED))
    assert program.read_text() != text
    changes = project.up()
    assert set(changes) == {"same"}, "a component's new name replaces nothing"
    assert swyx("verify", file, *clouds).code == 0
