"""A managed network in both clouds, through the real engine: its group, and desktops that come into it."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.azure.client import ArmClient
from sandbox.environment import SUBSCRIPTION
from swyx_components.analysis.deployed.verify import Comparison, compare_site
from swyx_components.clouds import PLATFORMS
from swyx_components.installation import load_installation
from swyx_components.planner import plan_site
from swyx_components.planner.assess import assess_site
from tests.engine.conftest import Trials
from tests.tools.engine.trial import Trial
from tests.tools.offline import aws_environment, connect_ec2

SITE = "essen"
ADDRESSES = {"es-server": ["10.4.0.10"], "es-gate": ["10.4.0.11"]}
INSTALLATION: dict[str, Any] = {
    "swyxware": "6.01",
    "decisions": {"dcom": "restricted", "h245": "tunnelled"},
    "sites": {
        SITE: {
            "machines": {
                "es-server": {"addresses": ADDRESSES["es-server"], "roles": ["SwyxServer"]},
                "es-gate": {"addresses": ADDRESSES["es-gate"], "roles": ["SwyxGate"]},
                "basement": {
                    "addresses": ["10.4.9.9"],
                    "roles": ["SwyxFaxServer"],
                    "outside": True,
                },
            },
            "networks": {
                "es-desktops": {"cidrs": ["10.4.0.128/25"], "roles": ["SwyxIt"], "managed": True}
            },
        }
    },
}


@pytest.fixture(scope="module")
def trial(trials: Trials) -> Trial:
    made = trials.open(SITE, ADDRESSES)
    made.deploy(INSTALLATION)
    return made


def verify(cloud: str) -> Comparison:
    installation = load_installation(INSTALLATION)
    rendered = assess_site(plan_site(installation, SITE), installation, PLATFORMS[cloud]).rendered
    assert rendered is not None
    return compare_site(rendered, PLATFORMS[cloud].read_deployed(rendered))


def test_desktops_in_a_security_group_of_their_own_change_nothing(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in aws_environment(trial.endpoints["aws"]).items():
        monkeypatch.setenv(name, value)
    ec2 = connect_ec2(trial.endpoints["aws"])
    tagged = [{"Name": "tag:swyx:group", "Values": ["es-desktops"]}]
    (group,) = ec2.describe_security_groups(Filters=tagged)["SecurityGroups"]
    check_media_of_desktops(group)
    inside = [{"Name": "vpc-id", "Values": [group["VpcId"]]}]
    subnet = ec2.describe_subnets(Filters=inside)["Subnets"][0]["SubnetId"]
    ec2.create_network_interface(
        SubnetId=subnet, Groups=[group["GroupId"]], PrivateIpAddress="10.4.0.200"
    )
    compared = verify("aws")
    assert (compared.changes, compared.faults) == ((), ())
    assert compared.proof.holds
    assert trial.preview() == []


def check_media_of_desktops(group: dict[str, Any]) -> None:
    """Two desktops reach each other by their network's CIDR, and by nothing that says who is in the group."""
    rules = [*group["IpPermissions"], *group["IpPermissionsEgress"]]
    named = {pair["GroupId"] for rule in rules for pair in rule["UserIdGroupPairs"]}
    assert group["GroupId"] not in named
    assert {
        (rule["IpProtocol"], rule["FromPort"], rule["ToPort"])
        for rule in rules
        if "10.4.0.128/25" in {each["CidrIp"] for each in rule["IpRanges"]}
    } == {("udp", 50000, 50099)}


def test_desktops_under_a_network_security_group_of_their_own_change_nothing(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AZURE_", "ARM_"):
        for key, value in trial.stack.workspace.env_vars.items():
            if key.startswith(name):
                monkeypatch.setenv(key, value)
    client = ArmClient(trial.endpoints["azure"])
    place = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{SITE}/providers/Microsoft.Network"
    group = client.get(f"{place}/networkSecurityGroups/{SITE}.es-desktops-nsg")
    assert group is not None
    assert group["tags"]["swyx:network"] == "es-desktops"
    (network,) = client.get(f"{place}/virtualNetworks")["value"]
    subnet = network["properties"]["subnets"][0]["id"]
    configuration = {
        "privateIPAddress": "10.4.0.201",
        "privateIPAllocationMethod": "Static",
        "subnet": {"id": subnet},
        "primary": True,
    }
    desktop = {
        "networkSecurityGroup": {"id": group["id"]},
        "ipConfigurations": [{"name": "primary", "properties": configuration}],
    }
    client.put(
        f"{place}/networkInterfaces/desktop-1", {"location": "westeurope", "properties": desktop}
    )
    compared = verify("azure")
    assert (compared.changes, compared.faults) == ((), ())
    assert compared.proof.holds
    assert trial.preview() == []
