"""What the real provider does with EC2 where that is unkind: its calls, their order, what it tolerates."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import grpc
import pytest

from sandbox.tests.test_aws_provider import (
    ATTACHMENT,
    GROUP,
    INTERFACE,
    Engine,
    Held,
    allow,
    ec2,
    endpoint,
    engine,
    group,
    subnet,
    vpc,
)

__all__ = ["ec2", "endpoint", "engine", "group", "subnet", "vpc"]  # fixtures


@pytest.fixture
def refuse(endpoint: str) -> Any:
    """Let EC2 refuse its write with this number, counted from now."""

    def plan(number: int) -> None:
        faults = [{"at": number, "kind": "error", "status": 403}]
        body = json.dumps(faults).encode()
        url = f"{endpoint}/_sandbox/faults"
        urllib.request.urlopen(urllib.request.Request(url, body, method="PUT")).close()

    return plan


def rules_of(ec2: Any, group: str) -> list[dict[str, Any]]:
    filters = [{"Name": "group-id", "Values": [group]}]
    return list(ec2.describe_security_group_rules(Filters=filters)["SecurityGroupRules"])


def open_egress(ec2: Any, group: str) -> list[str]:
    rules = rules_of(ec2, group)
    return [each.get("CidrIpv4") or each["CidrIpv6"] for each in rules if each["IsEgress"]]


def groups_of(ec2: Any, interface: str) -> list[str]:
    found = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"][0]
    return [each["GroupId"] for each in found["Groups"]]


def test_a_rule_is_made_by_one_call_and_tagged_by_another(
    engine: Engine, group: Held, ec2: Any, refuse: Any
) -> None:
    """So a rule whose tagging fails is there, untagged, in no state, and in the way of the next attempt."""
    refuse(2)
    with pytest.raises(grpc.RpcError) as refused:
        allow(engine, group, description="why", tags={"flows": "M2"})
    assert refused.value.details().startswith("CreateTags: ")
    (left,) = rules_of(ec2, group.id)
    assert (left["Description"], left["Tags"]) == ("why", [])
    with pytest.raises(grpc.RpcError, match=r"InvalidPermission\.Duplicate"):
        allow(engine, group, description="why", tags={"flows": "M2"})
    made = allow(engine, group, toPort=81, tags={"flows": "M2"})
    assert made.outputs["tags"] == {"flows": "M2"}


@pytest.mark.parametrize(
    ("refused", "left"), [(2, ["0.0.0.0/0", "::/0"]), (3, ["::/0"])], ids=["IPv4", "IPv6"]
)
def test_egress_that_a_creation_did_not_close_is_not_closed_by_an_update(
    engine: Engine, vpc: Held, ec2: Any, refuse: Any, refused: int, left: list[str]
) -> None:
    """Two calls close what EC2 opens in a new group; the state holds the group, whichever of them fails."""
    ec2.associate_vpc_cidr_block(VpcId=vpc.id, AmazonProvidedIpv6CidrBlock=True)
    refuse(refused)
    with pytest.raises(grpc.RpcError) as failed:
        engine.create(GROUP, vpcId=vpc.id)
    assert "RevokeSecurityGroupEgress: " in failed.value.details()
    assert "grpc-status-details-bin" in dict(
        failed.value.trailing_metadata()
    )  # with the group's id
    found = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc.id]}])
    (id,) = [each["GroupId"] for each in found["SecurityGroups"] if each["GroupName"] != "default"]
    assert open_egress(ec2, id) == left
    held = engine.read(GROUP, id)
    assert held is not None
    engine.update(held, vpcId=vpc.id, tags={"a": "b"})
    assert open_egress(ec2, id) == left


def test_a_new_group_without_ipv6_is_closed_though_one_of_the_two_calls_finds_nothing(
    engine: Engine, group: Held, ec2: Any
) -> None:
    assert rules_of(ec2, group.id) == []


def test_a_rules_tags_are_changed_before_the_rule(
    engine: Engine, group: Held, ec2: Any, refuse: Any
) -> None:
    same: dict[str, Any] = {"securityGroupId": group.id, "ipProtocol": "tcp", "fromPort": 80}
    rule = allow(engine, group, tags={"flows": "M2"})
    refuse(2)
    with pytest.raises(grpc.RpcError) as refused:
        engine.update(rule, **same, toPort=90, cidrIpv4="10.0.0.0/8", tags={"flows": "M3"})
    assert refused.value.details().startswith("ModifySecurityGroupRules: ")
    (found,) = rules_of(ec2, group.id)
    assert (found["ToPort"], found["Tags"]) == (80, [{"Key": "flows", "Value": "M3"}])


def test_a_rule_that_was_removed_by_hand_is_not_deleted_without_an_error(
    engine: Engine, group: Held, ec2: Any
) -> None:
    """No look before the revocation: only a refresh takes it out of the state."""
    rule, other = allow(engine, group), allow(engine, group, toPort=81)
    ec2.revoke_security_group_ingress(GroupId=group.id, SecurityGroupRuleIds=[rule.id])
    with pytest.raises(grpc.RpcError, match=r"InvalidPermission\.NotFound"):
        engine.delete(rule)
    assert engine.refresh(rule) is None
    engine.delete(group)
    engine.delete(other)  # a group that is gone took its rules along


def test_an_attachment_puts_its_group_first(
    engine: Engine, vpc: Held, group: Held, subnet: Held, ec2: Any
) -> None:
    own = engine.create(GROUP, vpcId=vpc.id, name="own")
    nic = engine.create(INTERFACE, subnetId=subnet.id, securityGroups=[own.id])
    engine.create(ATTACHMENT, networkInterfaceId=nic.id, securityGroupId=group.id)
    assert groups_of(ec2, nic.id) == [group.id, own.id]


def test_an_interfaces_last_group_is_not_detached(
    engine: Engine, vpc: Held, group: Held, subnet: Held, ec2: Any
) -> None:
    own = engine.create(GROUP, vpcId=vpc.id, name="own")
    nic = engine.create(INTERFACE, subnetId=subnet.id, securityGroups=[own.id])
    attached = engine.create(ATTACHMENT, networkInterfaceId=nic.id, securityGroupId=group.id)
    ec2.modify_network_interface_attribute(NetworkInterfaceId=nic.id, Groups=[group.id])
    with pytest.raises(grpc.RpcError, match="InvalidParameterCombination"):
        engine.delete(attached)
    ec2.modify_network_interface_attribute(NetworkInterfaceId=nic.id, Groups=[group.id, own.id])
    engine.delete(attached)
    assert groups_of(ec2, nic.id) == [own.id]


def test_interfaces_that_a_function_left_are_deleted_with_the_group(
    engine: Engine, vpc: Held, group: Held, subnet: Held, ec2: Any
) -> None:
    made = [
        ec2.create_network_interface(
            SubnetId=subnet.id, Groups=[group.id], Description=f"AWS Lambda VPC ENI-{n}"
        )["NetworkInterface"]["NetworkInterfaceId"]
        for n in range(2)
    ]
    engine.delete(group)
    found = ec2.describe_network_interfaces(Filters=[{"Name": "vpc-id", "Values": [vpc.id]}])
    assert not {each["NetworkInterfaceId"] for each in found["NetworkInterfaces"]} & {*made}
