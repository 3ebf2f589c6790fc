"""Unit tests of the program: no cloud, no engine, no credentials."""

import pulumi
import pytest
import telephony

from swyx_components.testing import MockClouds


@pytest.fixture
def clouds() -> MockClouds:
    clouds = MockClouds(
        vpcs={"aachen": "vpc-1"}, interfaces={"10.1.0.10": "eni-10", "10.1.0.12": "eni-12"}
    )
    pulumi.runtime.set_mocks(clouds, project="telephony", stack="aachen")
    return clouds


@pulumi.runtime.test
def run() -> "pulumi.Output[dict[str, list[str]]]":
    return telephony.deploy()["aachen"].component.interface_ids


def test_the_groups_are_attached_to_the_machines_found_by_address(clouds: MockClouds) -> None:
    run()
    attached = {
        each.inputs["networkInterfaceId"]
        for each in clouds.resources
        if each.typ
        == "aws:ec2/networkInterfaceSecurityGroupAttachment:NetworkInterfaceSecurityGroupAttachment"
    }
    assert attached == {"eni-10", "eni-12"}


def test_nothing_is_open_to_the_world(clouds: MockClouds) -> None:
    run()
    rules = [each.inputs for each in clouds.resources if each.typ.endswith("Rule")]
    assert rules
    assert not [rule for rule in rules if rule.get("cidrIpv4") == "0.0.0.0/0"]


def test_a_machine_that_is_not_there_is_a_sentence(clouds: MockClouds) -> None:
    del clouds.interfaces["10.1.0.12"]
    with pytest.raises(pulumi.RunError, match=r"10\.1\.0\.12"):
        run()
