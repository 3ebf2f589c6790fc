"""Attachments through the real engine: however an interface is given, its attachments stay."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.paths import Sandbox
from sandbox.servers import running_endpoints
from sandbox.stacks import Pulumi
from tests.tools.engine.running import Project
from tests.tools.offline import aws_environment, connect_ec2

pytestmark = pytest.mark.usefixtures("standing")

PROGRAM = """
import json
import pulumi, pulumi_aws as aws
from swyx_components import SwyxSite

given = json.load(open("given.json"))
vpc = aws.ec2.Vpc("acme", cidr_block="10.8.0.0/24", tags={"Name": "acme"})
subnet = aws.ec2.Subnet("acme", vpc_id=vpc.id, cidr_block="10.8.0.0/24")
closed = aws.ec2.SecurityGroup("closed", vpc_id=vpc.id, description="Lets nothing in or out")
server = aws.ec2.Instance(
    "server",
    ami="ami-12345678",
    instance_type="t3.micro",
    subnet_id=subnet.id,
    private_ip="10.8.0.10",
    vpc_security_group_ids=[closed.id],
    opts=pulumi.ResourceOptions(ignore_changes=["vpcSecurityGroupIds"]),
)
outputs = {
    "primary": {"interface_ids": [server.primary_network_interface_id]},
    "instance": {"instance_id": server.id},
}
installation = given["installation"]
names = list(installation["sites"]["acme"]["machines"])
binding = given["binding"]
binding = outputs[binding] if isinstance(binding, str) else binding
SwyxSite(
    "acme",
    {
        "installation": installation,
        "site": "acme",
        "cloud": "aws",
        "network": {"vpc_id": vpc.id},
        "machines": {name: binding for name in names},
    },
    pulumi.ResourceOptions(protect=given["protect"]),
)
pulumi.export("interface", server.primary_network_interface_id)
pulumi.export("instance", server.id)
"""


class Acme:
    """A program that makes an instance, and a site that is bound to it in one way or another."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def write(
        self, binding: Any, *, name: str = "server", protect: bool = False, **site: Any
    ) -> None:
        machines = {name: {"addresses": ["10.8.0.10"], "roles": ["SwyxServer"]}}
        installation = {
            "swyxware": "6.01",
            "decisions": {"dcom": "restricted", "h245": "tunnelled"},
            "sites": {"acme": {"machines": machines, **site}},
        }
        given = {"installation": installation, "binding": binding, "protect": protect}
        (self.project.folder / "given.json").write_text(json.dumps(given))

    def up(self, binding: Any, **more: Any) -> dict[str, int]:
        self.write(binding, **more)
        return self.project.up()


@pytest.fixture
def acme(
    engine: Pulumi, own_sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Acme]:
    for name, value in aws_environment(running_endpoints(own_sandbox)["aws"]).items():
        monkeypatch.setenv(name, value)
    (tmp_path / "Pulumi.yaml").write_text("name: attached\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(PROGRAM)
    config = {"aws:region": "eu-central-1"}
    project = Project.start(engine, tmp_path, "attached", tmp_path, config)
    yield Acme(project)
    project.destroy()


def groups_of(interface: str) -> list[str]:
    ec2 = connect_ec2(os.environ["AWS_ENDPOINT_URL"])
    (found,) = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"]
    return sorted(group["GroupName"].rpartition("-")[0] for group in found["Groups"])


def test_the_way_in_which_an_interface_is_given_may_change_at_any_time(acme: Acme) -> None:
    """From outputs that are still unknown to a plain id and back, and with another name of the machine."""
    assert acme.up("primary")["create"] > 4
    interface, instance = (acme.project.outputs()[key] for key in ("interface", "instance"))
    assert groups_of(interface) == ["acme.swyxserver-sg", "closed"]
    same = [
        {"interface_ids": [interface]},
        {"interface_ids": [interface, interface]},
        "primary",
        {"instance_id": instance},
        "instance",
        {},
    ]
    for binding in same:
        assert acme.up(binding).keys() <= {"same", "update"}, (
            binding
        )  # of the component's own inputs
    assert acme.up({}, name="central").keys() <= {"same", "update"}
    assert groups_of(interface) == ["acme.swyxserver-sg", "closed"]


def test_rules_of_a_protected_site_can_be_edited_and_its_groups_can_not_be_deleted(
    acme: Acme,
) -> None:
    office = {"office": {"cidrs": ["10.9.20.0/24"], "roles": ["SwyxIt"]}}
    acme.up("primary", protect=True, networks=office)
    changes = acme.up("primary", protect=True)
    assert changes["delete"] > 0
    code, said = acme.project.run("destroy", "--yes")
    assert code != 0
    assert "protect" in said
    acme.up("primary", protect=False)
