"""What a cloud holds under a site's tags, and what a stack's state holds: sets of the clouds' ids.

Nothing of the product is used here.
"""

from __future__ import annotations

from typing import Any

from sandbox.azure.client import ArmClient
from sandbox.environment import SUBSCRIPTION
from tests.tools.offline import connect_ec2


def ids_in_state(exported: dict[str, Any]) -> set[str]:
    """The ids of all resources of a stack that a cloud holds."""
    resources = exported["deployment"].get("resources") or []
    return {
        r["id"].lower()
        for r in resources
        if r.get("custom") and not r["type"].startswith("pulumi:") and "id" in r
    }


def ids_in_cloud(cloud: str, endpoint: str, site: str) -> set[str]:
    return _aws(endpoint, site) if cloud == "aws" else _azure(endpoint, site)


def _aws(endpoint: str, site: str) -> set[str]:
    """Groups with the site's tag, every rule in them, and each as attached to an interface."""
    ec2 = connect_ec2(endpoint)
    tagged = [{"Name": "tag:swyx:site", "Values": [site]}]
    groups = {g["GroupId"] for g in ec2.describe_security_groups(Filters=tagged)["SecurityGroups"]}
    pages = ec2.get_paginator("describe_security_group_rules").paginate()
    rules = {
        rule["SecurityGroupRuleId"]
        for page in pages
        for rule in page["SecurityGroupRules"]
        if rule["GroupId"] in groups
    }
    attached = {
        f"{group['GroupId']}_{interface['NetworkInterfaceId']}"
        for interface in ec2.describe_network_interfaces()["NetworkInterfaces"]
        for group in interface["Groups"]
        if group["GroupId"] in groups
    }
    return groups | rules | attached


def _azure(endpoint: str, site: str) -> set[str]:
    """Groups and interfaces in the site's resource group with its tag, and each such group at an interface
    that has it not: an association.
    """
    client = ArmClient(endpoint)
    place = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{site}/providers/Microsoft.Network"
    groups, interfaces = (
        (client.get(f"{place}/{kind}") or {"value": []})["value"]
        for kind in ("networkSecurityGroups", "networkInterfaces")
    )
    tagged = {
        found["id"].lower()
        for found in (*groups, *interfaces)
        if (found.get("tags") or {}).get("swyx:site") == site
    }
    associations = {
        f"{each['id']}|{group['id']}".lower()
        for each in interfaces
        if (group := each["properties"].get("networkSecurityGroup"))
        and group["id"].lower() in tagged
        and each["id"].lower() not in tagged
    }
    return tagged | associations
