"""Programs of `examples/` through the real engine, judged packet by packet, both ways.

Their sites are in no other test; the clouds are thrown away with all that is in them.
"""

from dataclasses import dataclass
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
from tests.oracle.domain import Oracle
from tests.tools.command import swyx
from tests.tools.engine.running import Project, read_aws, read_azure
from tests.tools.offline import connect_ec2

pytestmark = pytest.mark.usefixtures("standing")

EXAMPLES = Path(__file__).parents[2] / "examples"
CONFIG = {"aws:region": "eu-central-1", "azure-native:location": "westeurope"}

# What the topology of `stack-per-site` means, typed here once more for the oracle.
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


def test_each_stack_makes_its_site_from_one_topology_and_the_ids_of_another_stack(
    engine: Pulumi, endpoints: dict[str, str], tmp_path: Path
) -> None:
    network = Project.start(engine, EXAMPLES / "stack-per-site/network", "prod", tmp_path, CONFIG)
    network.up()
    config = {**CONFIG, "swyx-telephony:network": network.stack.reference}
    written = []
    for site in ("hamburg", "bremen"):
        folder = EXAMPLES / "stack-per-site/telephony"
        project = Project.start(engine, folder, site, tmp_path, config)
        project.up()
        outputs = project.outputs()
        assert len(outputs["groups"]) == 2
        written.append(outputs["installation"])
    assert written[0] == written[1], "each stack plans the same installation"

    oracle, vpc = Oracle(TWO_SITES), network.outputs()["vpc"]
    on_azure = read_azure(endpoints["azure"], "bremen", ["10.6.0.0/24"])
    assert assess_site(oracle, "hamburg", read_aws(endpoints["aws"], vpc)) == []
    assert assess_site(oracle, "bremen", on_azure) == []
    assert set(project.up()) == {"same"}
    code, said = project.run("refresh", "--yes", "--expect-no-changes")
    assert code == 0, said


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
    assert project.up()["create"] > 40
    written = project.outputs()["installation"]
    assert yaml.safe_load(written)["sites"]["bonn"]["machines"] == {
        "bn-server": {"addresses": ["10.4.0.10"], "roles": ["SwyxServer"]},
        "bn-managers": {"addresses": ["10.4.0.11"], "roles": ["PhoneManager"]},
    }
    file = tmp_path / "installation.yaml"
    file.write_text(written)
    verified = swyx("verify", file, "--cloud", "essen=aws", "--cloud", "bonn=azure")
    assert (verified.code, verified.err) == (0, ""), verified
    assert set(project.up()) == {"same"}


def test_a_firewall_made_by_hand_is_adopted_as_the_page_says(
    engine: Pulumi, endpoints: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in engine.environment.items():
        monkeypatch.setenv(name, value)
    seed_aws("kiel", {"ki-server": ["10.7.0.10"], "ki-gate": ["10.7.0.12"]}, endpoints["aws"])
    by_hand = HandMade.before(endpoints["aws"], "kiel")
    file = tmp_path / "installation.yaml"

    def up(attach: str) -> Project:
        config = {**CONFIG, "swyx-adopt-a-firewall:attach": attach}
        folder = EXAMPLES / "adopt-a-firewall"
        project = Project.start(engine, folder, "test", tmp_path, config)
        project.up()
        file.write_text(project.outputs()["installation"])
        return project

    up("false")
    assert {len(groups) for groups in by_hand.members().values()} == {1}, "nothing is attached"
    project = up("true")
    assert {len(groups) for groups in by_hand.members().values()} == {2}, "ours come beside it"
    verified = swyx("verify", file, "--cloud", "kiel=aws")
    assert verified.code == 1 and "(by-hand) also applies to its interface" in verified.out
    by_hand.take_off()
    verified = swyx("verify", file, "--cloud", "kiel=aws")
    assert (verified.code, verified.err) == (0, ""), verified
    assert set(project.up()) == {"same"}


@dataclass(frozen=True)
class HandMade:
    """A group that lets in more than any call needs, alone before every interface of a VPC."""

    ec2: Any
    vpc: str
    group: str

    @classmethod
    def before(cls, endpoint: str, name: str) -> "HandMade":
        ec2 = connect_ec2(endpoint)
        named = [{"Name": "tag:Name", "Values": [name]}]
        vpc = ec2.describe_vpcs(Filters=named)["Vpcs"][0]["VpcId"]
        made = ec2.create_security_group(GroupName="by-hand", Description="old", VpcId=vpc)
        everyone = {"CidrIp": "10.0.0.0/8"}
        rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 65535, "IpRanges": [everyone]}
        ec2.authorize_security_group_ingress(GroupId=made["GroupId"], IpPermissions=[rule])
        own = cls(ec2, vpc, made["GroupId"])
        for interface in own.members():
            own._write(interface, [own.group])
        return own

    def members(self) -> dict[str, list[str]]:
        """The groups of each interface."""
        inside = [{"Name": "vpc-id", "Values": [self.vpc]}]
        found = self.ec2.describe_network_interfaces(Filters=inside)["NetworkInterfaces"]
        return {
            each["NetworkInterfaceId"]: [group["GroupId"] for group in each["Groups"]]
            for each in found
        }

    def take_off(self) -> None:
        for interface, groups in self.members().items():
            self._write(interface, [group for group in groups if group != self.group])

    def _write(self, interface: str, groups: list[str]) -> None:
        self.ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, Groups=groups)


def test_no_stack_file_of_an_example_is_beside_it() -> None:
    projects = [path.parent for path in EXAMPLES.rglob("Pulumi.yaml")]
    assert len(projects) >= 7
    for folder in projects:
        assert [path.name for path in folder.glob("*.y*ml")] == ["Pulumi.yaml"]
