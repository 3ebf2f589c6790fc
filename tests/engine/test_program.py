"""The first program of the documentation, in an empty folder with the wheel installed, on both clouds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.azure.client import ArmClient
from sandbox.azure.estate import seed_site
from sandbox.environment import SUBSCRIPTION
from sandbox.paths import Sandbox
from sandbox.servers import running_endpoints
from sandbox.stacks import Pulumi
from tests.engine.conftest import attached
from tests.tools.engine.running import Project, run
from tests.tools.packages.wheel import build_wheel, install_wheel

PROGRAM = Path(__file__).parents[2] / "examples/first-program/__main__.py"
CONFIG = {"aws:region": "eu-central-1", "azure-native:location": "westeurope"}
NETWORK = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/bochum/providers/Microsoft.Network"
RENAMED = (
    'swyx.site("aachen", Vpc(vpc.id), resource_name="telephony", '
    'opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="aachen")]))'
)


def verify(project: Project) -> tuple[int, str]:
    """What the installed command says of the file that the program exports."""
    file = project.folder / "installation.yaml"
    file.write_text(project.outputs()["installation"])
    command = [str(project.folder / ".venv/bin/swyx"), "verify", str(file)]
    clouds = ["--cloud", "aachen=aws", "--cloud", "bochum=azure"]
    return run([*command, *clouds], project.folder, project.engine.environment)


@pytest.fixture
def project(empty_sandbox: tuple[Sandbox, Pulumi], tmp_path: Path) -> Iterator[Project]:
    """The program in a folder of its own; Bochum's network and interface are there already."""
    sandbox, engine = empty_sandbox
    azure = running_endpoints(sandbox)["azure"]
    seed_site("bochum", {"bo-other": ["10.2.0.20"]}, azure)
    subnet = {"id": f"{NETWORK}/virtualNetworks/bochum/subnets/machines"}
    address = {"privateIPAddress": "10.2.0.10", "privateIPAllocationMethod": "Static"}
    own = {"name": "own", "properties": {"primary": True, "subnet": subnet, **address}}
    body = {"location": "westeurope", "properties": {"ipConfigurations": [own]}}
    ArmClient(azure).put(f"{NETWORK}/networkInterfaces/bo-server", body)
    install_wheel(build_wheel(tmp_path), tmp_path / ".venv")
    options = "{toolchain: pip, virtualenv: .venv}"
    (tmp_path / "Pulumi.yaml").write_text(
        f"name: first\nruntime: {{name: python, options: {options}}}\n"
    )
    (tmp_path / "__main__.py").write_text(PROGRAM.read_text())
    project = Project.start(engine, tmp_path, "first", tmp_path, CONFIG)
    with attached(engine):
        yield project
        project.destroy()


def test_the_first_program_deploys_both_sites_exactly(project: Project) -> None:
    assert project.up()["create"] > 60
    code, said = verify(project)
    assert code == 0, said
    assert "aachen" in said and "bochum" in said
    assert set(project.up()) == {"same"}

    program = project.folder / "__main__.py"
    text = program.read_text()
    program.write_text(text.replace('swyx.site("aachen", Vpc(vpc.id))', RENAMED))
    assert program.read_text() != text
    changes = project.up()
    assert set(changes) == {"same"}, "a component's new name replaces nothing"
    assert verify(project)[0] == 0
