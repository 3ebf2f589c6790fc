"""The calls of an update made again one by one on a model of the clouds, and what they cut in between.

A model begins with what a cloud holds before the update; each call of the journal is applied to it as the
provider documents the call, and `tests.oracle.clouds` says what is enforced. Nothing of the product is used.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any
from xml.etree import ElementTree

from sandbox.azure.client import ArmClient
from sandbox.environment import SUBSCRIPTION
from tests.oracle.clouds import Aws, Azure
from tests.oracle.domain import Direction
from tests.oracle.regions import Region
from tests.tools.offline import connect_ec2

Plain = dict[str, Any]
Regions = dict[tuple[str, Direction], Region]  # by address of an interface and direction

_KEYS = {  # of a rule in EC2's XML, and as boto3 names them
    "securityGroupRuleId": "SecurityGroupRuleId",
    "groupId": "GroupId",
    "ipProtocol": "IpProtocol",
    "cidrIpv4": "CidrIpv4",
    "cidrIpv6": "CidrIpv6",
}


class AwsModel:
    """Rules and interfaces of one VPC."""

    def __init__(self, endpoint: str, network: str) -> None:
        ec2 = connect_ec2(endpoint)
        named = [{"Name": "tag:Name", "Values": [network]}]
        (vpc,) = ec2.describe_vpcs(Filters=named)["Vpcs"]
        inside = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
        groups = ec2.describe_security_groups(Filters=inside)["SecurityGroups"]
        pages = ec2.get_paginator("describe_security_group_rules").paginate()
        rules = [rule for page in pages for rule in page["SecurityGroupRules"]]
        own = {group["GroupId"] for group in groups}
        self.rules: dict[str, Plain] = {
            rule["SecurityGroupRuleId"]: rule for rule in rules if rule["GroupId"] in own
        }
        self.interfaces: dict[str, Plain] = {
            each["NetworkInterfaceId"]: each
            for each in ec2.describe_network_interfaces(Filters=inside)["NetworkInterfaces"]
        }

    def cloud(self) -> Aws:
        return Aws((), self.interfaces.values(), self.rules.values())

    def apply(self, call: Plain) -> str:
        """One call of EC2's: `+` where it adds to what is there, `-` where it takes away.

        Raises:
            ValueError: nobody has said what this call does.
        """
        action, given = call["action"], call["parameters"]
        match action:
            case _ if call["status"] != 200:
                return ""
            case "AuthorizeSecurityGroupIngress" | "AuthorizeSecurityGroupEgress":
                for rule in rules_of(call["response"]):
                    self.rules[rule["SecurityGroupRuleId"]] = rule
                return "+"
            case "RevokeSecurityGroupIngress" | "RevokeSecurityGroupEgress":
                ids = numbered(given, "SecurityGroupRuleId")
                if not ids:  # the rule that every group is born with; the model never had it
                    assert given["IpPermissions.1.IpProtocol"] == "-1", given
                for id in ids:
                    del self.rules[id]
                return "-" if ids else ""
            case "ModifyNetworkInterfaceAttribute":
                interface = self.interfaces[given["NetworkInterfaceId"]]
                was, now = len(interface["Groups"]), numbered(given, "SecurityGroupId")
                interface["Groups"] = [{"GroupId": id} for id in now]
                return "+" if len(now) > was else "-" if len(now) < was else ""
            case "CreateSecurityGroup" | "DeleteSecurityGroup":
                return "+" if action.startswith("Create") else "-"
            case "CreateTags" | "DeleteTags":
                pass
            case "ModifySecurityGroupRules":
                told = {k: v for k, v in given.items() if k.endswith(("Description", "RuleId"))}
                kept = {k for k in given if k.startswith("SecurityGroupRule.1.SecurityGroupRule.")}
                assert told, f"{kept} of a rule that stays"
            case _:
                raise ValueError(f"the model does not know {action}")
        return ""


def numbered(given: Mapping[str, str], name: str) -> list[str]:
    return [value for key, value in given.items() if re.fullmatch(rf"{name}\.\d+", key)]


def rules_of(xml: str) -> Iterator[Plain]:
    """The rules that an answer of EC2's tells."""
    root = ElementTree.fromstring(xml)
    space = root.tag.rpartition("}")[0] + "}"
    for item in root.iterfind(f"{space}securityGroupRuleSet/{space}item"):
        texts = {each.tag.removeprefix(space): each.text or "" for each in item}
        rule: Plain = {_KEYS[key]: text for key, text in texts.items() if key in _KEYS}
        rule["IsEgress"] = texts["isEgress"] == "true"
        rule["FromPort"], rule["ToPort"] = (int(texts.get(k, -1)) for k in ("fromPort", "toPort"))
        referenced = item.find(f"{space}referencedGroupInfo/{space}groupId")
        if referenced is not None:
            rule["ReferencedGroupInfo"] = {"GroupId": referenced.text}
        yield rule


class AzureModel:
    """Network security groups and interfaces of one resource group, by path."""

    def __init__(self, endpoint: str, network: str) -> None:
        client = ArmClient(endpoint)
        group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{network}"
        place = f"{group}/providers/Microsoft.Network"
        self.resources: dict[str, Plain] = {
            each["id"].lower(): each
            for kind in ("networkSecurityGroups", "networkInterfaces")
            for each in (client.get(f"{place}/{kind}") or {})["value"]
        }

    def cloud(self) -> Azure:
        kinds: dict[str, list[Plain]] = {"networksecuritygroups": [], "networkinterfaces": []}
        for path, body in self.resources.items():
            kinds[path.split("/")[-2]].append(body)
        # Every network of the tests: where a direction is left open, the default rules let them pass.
        return Azure(*kinds.values(), ["10.0.0.0/8"])

    def apply(self, call: Plain) -> str:
        """One call of ARM's. None only adds or only takes away: a PUT does both at once."""
        path = call["path"].lower()
        kind = path.split("/")[-2]
        if call["status"] >= 300 or kind not in ("networksecuritygroups", "networkinterfaces"):
            return ""
        if call["method"] == "PUT":
            self.resources[path] = {**deepcopy(call["body"]), "id": path}
        elif call["method"] == "DELETE":
            self.resources.pop(path, None)
        else:
            raise ValueError(f"the model does not know {call['method']} of {path}")
        return ""


MODELS = {"aws": AwsModel, "azure": AzureModel}


def enforced(cloud: Aws | Azure) -> Regions:
    """What may pass at every interface that is under a group."""
    found: Regions = {}
    for interface in cloud.interfaces:
        if interface.nsg or isinstance(cloud, Aws):
            for direction in ("in", "out"):
                for net in interface.addresses:
                    address = str(net.network_address)
                    found[address, direction] = cloud.region(interface, direction)
    return found


def common(one: Region, other: Region) -> Region:
    """The packets of both."""
    return one.minus(one.minus(other))


def find_faults(
    model: AwsModel | AzureModel, calls: Iterable[Plain], kept: Mapping[Any, Region]
) -> list[str]:
    """After which calls packets are denied that should be kept, or something is added after something
    else was taken away; the model is at the end afterwards.
    """
    faults, taken = [], ""
    for number, call in enumerate(calls, 1):
        effect = model.apply(call)
        name = call.get("action") or f"{call['method']} {call['path'].split('/')[-1]}"
        if effect == "+" and taken:
            faults.append(f"call {number}, {name}: it adds, but {taken} took away before")
        taken = taken or (f"call {number}, {name}," if effect == "-" else "")
        now = enforced(model.cloud())
        for (address, direction), packets in kept.items():
            lost = packets.minus(now.get((address, direction), Region()))
            if not lost.empty():
                faults.append(f"call {number}, {name}: {address} {direction} {lost.lines(1)[0]}")
    return faults


def find_needless_writes(
    before: AzureModel, after: AzureModel, calls: Iterable[Plain]
) -> list[str]:
    """Security groups written twice, and interfaces that are written though they keep their group."""
    written = Counter(
        call["path"].lower() for call in calls if call["method"] == "PUT" and call["status"] < 300
    )
    groups = [each.nsg for each in after.cloud().interfaces if each.nsg]
    was = {(each.id.lower(), each.nsg) for each in before.cloud().interfaces if each.nsg}
    now = ((each.id.lower(), each.nsg) for each in after.cloud().interfaces)
    keeping = [path for path, group in now if (path, group) in was]
    return [
        *(f"{path} is written {written[path]} times" for path in groups if written[path] > 1),
        *(f"{path} keeps its group and is written" for path in keeping if written[path]),
    ]


def keep_both(before: Regions, after: Regions) -> Regions:
    """What is allowed before and after, at interfaces that are there both times."""
    return {key: common(before[key], after[key]) for key in before.keys() & after.keys()}
