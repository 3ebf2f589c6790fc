"""A managed network in both clouds, through the real engine: its group, and desktops that come into it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.azure.client import ArmClient
from sandbox.environment import SUBSCRIPTION
from swyx_components.analysis.deployed.stack_state import Resource, StackState
from swyx_components.analysis.deployed.verify import Comparison
from swyx_components.clouds import PLATFORMS
from swyx_components.installation import load_installation
from swyx_components.planner import plan_site
from swyx_components.planner.assess import assess_site
from swyx_components.planner.model import RenderedSite
from tests.engine.conftest import Trials
from tests.tools.command import swyx
from tests.tools.engine.trial import Trial
from tests.tools.offline import connect_ec2

SITE = "essen"
ADDRESSES = {"es-server": ["10.4.0.10"], "es-gate": ["10.4.0.11"]}
GROUP = {"aws": "sg", "azure": "nsg"}
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


def reach(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process ask the trial's clouds, as `swyx` would."""
    for name, value in trial.stack.workspace.env_vars.items():
        if name.startswith(("AWS_", "AZURE_", "ARM_")):
            monkeypatch.setenv(name, value)


def rendered(cloud: str) -> RenderedSite:
    installation = load_installation(INSTALLATION)
    return assess_site(plan_site(installation, SITE), installation, PLATFORMS[cloud]).rendered


def verify(cloud: str) -> Comparison:
    planned = rendered(cloud)
    return Comparison(planned, PLATFORMS[cloud].read_deployed(planned))


def state_of(trial: Trial, cloud: str) -> list[dict[str, Any]]:
    """What the state holds of the site in one cloud."""
    resources: list[dict[str, Any]] = trial.stack.export_stack().deployment["resources"]
    return [each for each in resources if f"::{cloud}" in each["urn"]]


@pytest.mark.parametrize("cloud", ["aws", "azure"])
def test_the_state_shows_a_managed_networks_group(trial: Trial, cloud: str, tmp_path: Path) -> None:
    installation, path = tmp_path / "installation.yaml", tmp_path / "state.json"
    installation.write_text(yaml.safe_dump(INSTALLATION))
    state = {"version": 3, "deployment": {"resources": state_of(trial, cloud)}}
    path.write_text(json.dumps(state))
    exact = swyx("verify", installation, "--state", path)
    assert exact.code == 0, exact
    path.write_text(json.dumps(state).replace("10.4.0.128/25", "10.4.0.0/24"))
    wider = swyx("verify", installation, "--state", path)
    assert wider.code == 1, wider
    assert "10.4.0.0/24" in wider.out


@pytest.mark.parametrize("cloud", ["aws", "azure"])
def test_what_is_left_of_a_managed_network_is_an_orphan(
    trial: Trial, cloud: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rules of its security group, and an NSG whole, that the cloud has and the state has not."""
    reach(trial, monkeypatch)
    resources = [each for each in state_of(trial, cloud) if each.get("id")]
    name = f"{cloud}.es-desktops-{GROUP[cloud]}"
    (group,) = (each for each in resources if each["urn"].endswith(name))
    lost = {r["id"] for r in resources if r["inputs"].get("securityGroupId") == group["id"]}
    lost = {id.lower() for id in lost or {group["id"]}}
    known = (each["id"] for each in resources if each["id"].lower() not in lost)
    held = [Resource(type="", name="", id=id, values={}) for id in known]
    stack = group["inputs"]["tags"]["swyx:stack"]
    found = PLATFORMS[cloud].find_orphans(rendered(cloud), stack, StackState(resources=(*held,)))
    assert {(each.id.lower(), each.users) for each in found} == {(id, ()) for id in lost}


def test_desktops_in_a_security_group_of_their_own_change_nothing(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    reach(trial, monkeypatch)
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
    assert (compared.changes, compared.faults) == ([], [])
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
    reach(trial, monkeypatch)
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
    assert (compared.changes, compared.faults) == ([], [])
    assert compared.proof.holds
    assert trial.preview() == []
