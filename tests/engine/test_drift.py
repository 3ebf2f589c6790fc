"""What is changed by hand in a cloud: `swyx verify` finds it, `pulumi up --refresh` mends it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.azure.client import ArmClient
from sandbox.environment import SUBSCRIPTION
from sandbox.paths import Sandbox
from sandbox.stacks import Pulumi
from tests.tools.faults.site import BrokenSite
from tests.tools.offline import connect_ec2

pytestmark = pytest.mark.usefixtures("standing")


@pytest.fixture
def site(
    engine: Pulumi, own_sandbox: Sandbox, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[BrokenSite]:
    """A site of the example, deployed."""
    name, cloud = request.param
    made = BrokenSite.open(own_sandbox, engine, name, cloud, tmp_path)
    try:
        outcome = made.run("up")
        assert outcome.code == 0, outcome.said
        assert made.verify() == ""
        yield made
    finally:
        assert made.run("destroy").code == 0
        made.forget()


def mend(site: BrokenSite) -> dict[str, int]:
    """`pulumi up --refresh`, and what it did."""
    outcome = site.run("up", None, "--refresh")
    assert outcome.code == 0, outcome.said
    return site.project.engine.last_changes(site.project.stack)


@pytest.mark.parametrize("site", [("aachen", "aws")], indirect=True)
def test_rules_edited_deleted_and_added_by_hand_on_aws(site: BrokenSite) -> None:
    ec2 = connect_ec2(site.endpoint)
    edited, deleted = _rule(ec2, egress=False), _rule(ec2, egress=True)
    wider = {key: edited[key] for key in ("IpProtocol", "FromPort", "CidrIpv4")} | {"ToPort": 65001}
    change = {"SecurityGroupRuleId": edited["SecurityGroupRuleId"], "SecurityGroupRule": wider}
    ec2.modify_security_group_rules(GroupId=edited["GroupId"], SecurityGroupRules=[change])
    ec2.revoke_security_group_egress(
        GroupId=deleted["GroupId"], SecurityGroupRuleIds=[deleted["SecurityGroupRuleId"]]
    )
    said = site.verify()
    assert f"{edited['FromPort']}-65001" in said
    assert "proof: 0 missing, 0 excess" not in said
    changes = mend(site)
    assert (changes["update"], changes["create"]) == (1, 1)
    assert site.verify() == ""
    assert site.orphans() == []

    # A rule that nobody but the person who made it knows: found, and left to them.
    permission = {
        "IpProtocol": "tcp",
        "FromPort": 22,
        "ToPort": 22,
        "IpRanges": [{"CidrIp": "10.9.0.0/24"}],
    }
    ec2.authorize_security_group_ingress(GroupId=edited["GroupId"], IpPermissions=[permission])
    assert "10.9.0.0/24" in site.verify()
    assert set(mend(site)) == {"same"}
    assert "10.9.0.0/24" in site.verify()
    pruned, said = site.swyx("prune", str(site.planned), "--stack", site.site, "--yes")
    assert pruned == 0 and "removed" not in said, said
    ec2.revoke_security_group_ingress(GroupId=edited["GroupId"], IpPermissions=[permission])
    assert site.verify() == ""


def _rule(ec2: Any, *, egress: bool) -> dict[str, Any]:
    """One of the TCP rules to or from a CIDR, in any order; not one that ends with 65001 already."""
    pages = ec2.get_paginator("describe_security_group_rules").paginate()
    return next(
        rule
        for page in pages
        for rule in page["SecurityGroupRules"]
        if rule["IpProtocol"] == "tcp"
        and rule["IsEgress"] is egress
        and "CidrIpv4" in rule
        and rule["ToPort"] < 65001
    )


@pytest.mark.parametrize("site", [("bochum", "azure")], indirect=True)
def test_rules_edited_deleted_and_added_by_hand_on_azure(site: BrokenSite) -> None:
    client = ArmClient(site.endpoint)
    place = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/bochum/providers/Microsoft.Network"
    group = client.get(f"{place}/networkSecurityGroups/bochum.bo-server-nsg")
    assert group is not None
    rules = group["properties"]["securityRules"]
    first, second, *_ = [rule for rule in rules if rule["properties"]["access"] == "Allow"]
    first["properties"] |= {"destinationPortRange": "1-65535", "destinationPortRanges": []}
    rules.remove(second)
    added = {
        "priority": 4001,
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "Tcp",
        "sourcePortRange": "*",
        "destinationPortRange": "22",
        "sourceAddressPrefix": "10.9.0.0/24",
        "destinationAddressPrefix": "*",
    }
    rules.append({"name": "by-hand", "properties": added})
    client.put(group["id"], group)
    said = site.verify()
    for word in ("1-65535", "10.9.0.0/24"):
        assert word in said
    assert mend(site)["update"] == 1
    assert site.verify() == ""
    assert site.orphans() == []
