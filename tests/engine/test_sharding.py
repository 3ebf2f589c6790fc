"""A hub whose LinkManager needs several security groups, through the real engine: up, grow, shrink, gone."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox import commands
from sandbox.paths import Sandbox
from sandbox.servers import running_endpoints
from sandbox.stacks import Pulumi
from swyx_components.analysis.deployed.verify import Comparison
from swyx_components.clouds.aws import Aws
from swyx_components.clouds.aws.inventory import read_deployed
from swyx_components.installation import load_installation
from swyx_components.planner import plan_site
from swyx_components.planner.assess import SiteResult
from swyx_components.planner.assess import assess_site as assess
from tests.engine.conftest import make_sandbox
from tests.oracle.assess import assess_site
from tests.oracle.domain import Oracle
from tests.tools.engine.running import Project, read_aws
from tests.tools.hubs import hub_with
from tests.tools.offline import aws_environment

pytestmark = pytest.mark.usefixtures("standing")

PROGRAM = """
import json
import pulumi, pulumi_aws as aws
from swyx_components import SwyxSite

installation = json.load(open("installation.json"))
machines = installation["sites"]["hub"]["machines"]
vpc = aws.ec2.Vpc("hub", cidr_block="10.0.0.0/24")
subnet = aws.ec2.Subnet("hub", vpc_id=vpc.id, cidr_block="10.0.0.0/24")
closed = aws.ec2.SecurityGroup("closed", vpc_id=vpc.id, description="Lets nothing in or out")
interfaces = {
    name: aws.ec2.NetworkInterface(
        name,
        subnet_id=subnet.id,
        private_ips=machine["addresses"],
        security_groups=[closed.id],
        opts=pulumi.ResourceOptions(ignore_changes=["securityGroups"]),
    )
    for name, machine in machines.items()
}
site = SwyxSite("hub", {
    "installation": installation,
    "site": "hub",
    "cloud": "aws",
    "network": {"vpc_id": vpc.id},
    "machines": {name: {"interface_ids": [interface.id]} for name, interface in interfaces.items()},
})
pulumi.export("vpc", vpc.id)
pulumi.export("security_group_ids", site.security_group_ids)
"""


def hub(branches: int, quotas: Mapping[str, Any] | None = None, first: int = 0) -> dict[str, Any]:
    return hub_with(range(first, first + branches), office=False, quotas=quotas)


QUOTAS = {"aws": {"rules_per_group": 20, "groups_per_interface": 6}}


class Estate:
    """The project, its installation file and the cloud behind it."""

    def __init__(self, project: Project, endpoint: str) -> None:
        self.project = project
        self.endpoint = endpoint

    def up(self, branches: int) -> dict[str, int]:
        text = json.dumps(hub(branches, QUOTAS))
        (self.project.folder / "installation.json").write_text(text)
        changes = self.project.up()
        oracle = Oracle(hub(branches))
        assert assess_site(oracle, "hub", read_aws(self.endpoint, self.vpc)) == []
        compared = compare(branches)
        assert (compared.changes, compared.faults) == ([], [])
        assert compared.proof.holds
        return changes

    @property
    def vpc(self) -> str:
        return str(self.project.outputs()["vpc"])

    def rules_by_shard(self) -> dict[str, set[str]]:
        """The ids of the LinkManager's rules by the shard that holds them."""
        client = boto3.client("ec2")
        tagged = [{"Name": "tag:swyx:group", "Values": ["linkmanager"]}]
        found = {}
        for own in client.describe_security_groups(Filters=tagged)["SecurityGroups"]:
            tags = {tag["Key"]: tag["Value"] for tag in own["Tags"]}
            of_group = [{"Name": "group-id", "Values": [own["GroupId"]]}]
            rules = client.describe_security_group_rules(Filters=of_group, MaxResults=1000)
            found[tags.get("swyx:shard", "0")] = {
                rule["SecurityGroupRuleId"] for rule in rules["SecurityGroupRules"]
            }
        return found


def result(branches: int) -> SiteResult:
    installation = load_installation(hub(branches, QUOTAS))
    return assess(plan_site(installation, "hub"), installation, Aws())


def compare(branches: int) -> Comparison:
    rendered = result(branches).rendered
    return Comparison(rendered, read_deployed(rendered))


@pytest.fixture(scope="module")
def own_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    return make_sandbox(tmp_path_factory)


@pytest.fixture(scope="module")
def engine(own_sandbox: Sandbox) -> Iterator[Pulumi]:
    """Clouds that enforce the quota of the installation: also while old and new are there together."""
    with pytest.MonkeyPatch.context() as patch:
        for name, limit in QUOTAS["aws"].items():
            patch.setenv(f"SANDBOX_AWS_{name.upper()}", str(limit))
        yield commands.start(own_sandbox)
        commands.stop(own_sandbox)


@pytest.fixture
def estate(
    engine: Pulumi, own_sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Estate]:
    endpoint = running_endpoints(own_sandbox)["aws"]
    for name, value in aws_environment(endpoint).items():
        monkeypatch.setenv(name, value)
    (tmp_path / "Pulumi.yaml").write_text("name: hub\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(PROGRAM)
    config = {"aws:region": "eu-central-1"}
    project = Project.start(engine, tmp_path, "hub", tmp_path, config)
    yield Estate(project, endpoint)
    project.destroy()


def test_the_cloud_itself_refuses_one_rule_more(estate: Estate) -> None:
    estate.up(4)
    client = boto3.client("ec2")
    group = client.create_security_group(GroupName="full", Description="full", VpcId=estate.vpc)
    ranges = [{"CidrIp": f"10.7.{2 * n}.0/24"} for n in range(21)]
    rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": ranges}
    with pytest.raises(ClientError, match="RulesPerSecurityGroupLimitExceeded"):
        client.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[rule])
    client.delete_security_group(GroupId=group["GroupId"])


def test_a_hub_grows_over_several_groups_and_shrinks_again(estate: Estate) -> None:
    estate.up(4)
    alone = estate.rules_by_shard()
    assert set(alone) == {"0"}

    estate.up(5)  # 21 outbound rules where a group may have 20: more groups, the first one stays
    assert len(estate.rules_by_shard()) > 1
    attached = estate.project.outputs()["security_group_ids"]["link"]
    assert len(attached) == len(estate.rules_by_shard())

    before = estate.rules_by_shard()
    estate.up(6)
    after = estate.rules_by_shard()
    grown = [shard for shard in after if after[shard] - before.get(shard, set())]
    assert len(grown) == 1

    assert set(estate.project.up()) == {"same"}
    estate.up(4)
    assert set(estate.rules_by_shard()) == {"0"}


def test_an_update_that_would_not_fit_for_its_time_is_refused_before_anything_changes(
    estate: Estate,
) -> None:
    estate.up(4)
    before = estate.rules_by_shard()
    others = json.dumps(hub(4, QUOTAS, first=4))
    (estate.project.folder / "installation.json").write_text(others)
    for words in (("preview",), ("up", "--yes", "--skip-preview")):
        code, said = estate.project.run(*words)
        assert code != 0
        assert "sites.hub.groups.linkmanager: 35 outbound IPv4 rules where AWS allows 20" in said
        assert "(now 19; it creates 16, then deletes 16)" in said
        assert estate.rules_by_shard() == before


def test_a_shard_that_is_lost_or_doubled_is_found(estate: Estate) -> None:
    estate.up(6)
    client = boto3.client("ec2")
    tagged = [{"Name": "tag:swyx:shard", "Values": ["2"]}]
    (own,) = client.describe_security_groups(Filters=tagged)["SecurityGroups"]
    id = own["GroupId"]
    tags = [tag for tag in own["Tags"] if tag["Key"].startswith("swyx:")]
    copy = client.create_security_group(
        GroupName="copy",
        Description="copy",
        VpcId=own["VpcId"],
        TagSpecifications=[{"ResourceType": "security-group", "Tags": tags}],
    )["GroupId"]
    both = ", ".join(sorted((id, copy)))
    assert f"linkmanager+2: found 2 times in the cloud, as {both}" in compare(6).faults
    client.delete_security_group(GroupId=copy)
    numbers = [{"Key": "swyx:shard", "Value": "9"}]
    client.create_tags(Resources=[id], Tags=numbers)
    faults = compare(6).faults
    assert "linkmanager+2: group missing in the cloud" in faults
    assert f"linkmanager+9: not in the plan of linkmanager, found as {id}" in faults
    assert any("its interface is not in linkmanager+2" in fault for fault in faults)
    client.create_tags(Resources=[id], Tags=[{"Key": "swyx:shard", "Value": "2"}])
    assert compare(6).equal
