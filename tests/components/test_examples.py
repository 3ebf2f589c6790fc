"""The programs of `examples/` under mocks: what each makes, and with which provider it does so."""

import runpy
from collections.abc import Callable
from pathlib import Path

import pulumi
import pytest

from tests.tools.components.recorder import Cloud, Recording, record

EXAMPLES = Path(__file__).parents[2] / "examples"
GROUPS = {"aws:ec2/securityGroup:SecurityGroup", "azure-native:network:NetworkSecurityGroup"}
ATTACHMENTS = {
    "aws:ec2/networkInterfaceSecurityGroupAttachment:NetworkInterfaceSecurityGroupAttachment",
    "azure:network/networkInterfaceSecurityGroupAssociation:"
    "NetworkInterfaceSecurityGroupAssociation",
}


def program(name: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The program of an example, as the engine runs it: in its folder, which is where it imports from."""
    folder = EXAMPLES / name
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    return lambda: runpy.run_path(str(folder / "__main__.py"), run_name="__main__") and None


def made(recording: Recording, types: set[str]) -> list[tuple[str, str]]:
    """Name and provider of all resources of these types."""
    return sorted((each.name, each.provider) for each in recording.resources if each.type in types)


def test_each_site_has_the_provider_of_its_account_or_subscription(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cloud = Cloud(
        vpcs={"munich": "vpc-1", "vienna": "vpc-2"},
        interfaces={"10.11.0.10": "eni-11", "10.12.0.10": "eni-12"},
        subnets={
            "zurich": {"machines": ["10.13.0.0/24"]},
            "geneva": {"machines": ["10.14.0.0/24"]},
        },
        nics={"zurich-nic": ["10.13.0.10"], "geneva-nic": ["10.14.0.10"]},
    )
    recording = record(program("several-accounts", monkeypatch), cloud)
    assert made(recording, GROUPS) == [
        ("geneva.geneva-swyxserver-nsg", "geneva"),
        ("munich.swyxserver-linkmanager-sg", "munich"),
        ("vienna.swyxserver-sg", "vienna"),
        ("zurich.zurich-swyxserver-nsg", "zurich"),
    ]
    assert {provider for _, provider in made(recording, ATTACHMENTS)} == {
        *("munich", "vienna"),
        *("zurich-attaching", "geneva-attaching"),
    }
    assert set(recording.asked) == {"munich", "vienna", "zurich", "geneva"}


def test_a_firewall_is_adopted_in_two_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """The interfaces keep the group that they have; ours come beside it, once they are to be attached."""
    cloud = Cloud(
        vpcs={"kiel": "vpc-1"},
        interfaces={"10.7.0.10": "eni-10", "10.7.0.12": "eni-12"},
        members={"eni-10": ["sg-hand-made"], "eni-12": ["sg-hand-made"]},
    )
    groups = [("kiel.swyxgate-sg", ""), ("kiel.swyxserver-phonemanager-sg", "")]
    for attach, attached in (("false", 0), ("true", 2)):
        pulumi.runtime.set_all_config({"swyx:attach": attach})
        recording = record(program("adopt-a-firewall", monkeypatch), cloud)
        assert made(recording, GROUPS) == groups
        assert len(made(recording, ATTACHMENTS)) == attached
    pulumi.runtime.set_all_config({})
