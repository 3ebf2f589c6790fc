"""Hostile text in every string of a cloud's answers: `verify` and `prune` show it escaped or refuse it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.network.models import NetworkInterface, NetworkSecurityGroup
from botocore.exceptions import ClientError

from swyx_components.clouds.azure import client as azure_client
from tests.cli.test_hostile import assert_inert, holder_of, places
from tests.cli.test_prune import project, write_state
from tests.tools.command import swyx, write_file
from tests.tools.fuzz.hostile import HOSTILE_TEXTS

__all__ = ["project"]  # a fixture

SHOWN = ("ansi title", "ansi clear", "c1 control", "right to left", "line feed", "html", "path")
TEXTS = pytest.mark.parametrize("text", [HOSTILE_TEXTS[title] for title in SHOWN], ids=SHOWN)

AWS_TAGS = [
    {"Key": "swyx:site", "Value": "aachen"},
    {"Key": "swyx:group", "Value": "swyxserver"},
    {"Key": "swyx:stack", "Value": "swyx/dev"},
]
RULE = {"GroupId": "sg-1", "IsEgress": False, "FromPort": 1, "ToPort": 2, "Tags": AWS_TAGS}
AWS: dict[str, Any] = {
    "SecurityGroups": [
        {"GroupId": "sg-1", "GroupName": "g", "VpcId": "vpc-1", "Tags": AWS_TAGS},
        {"GroupId": "sg-2", "GroupName": "stray", "VpcId": "vpc-1", "Tags": AWS_TAGS[::2]},
    ],
    "SecurityGroupRules": [
        {**RULE, "SecurityGroupRuleId": "sgr-1", "IpProtocol": "tcp", "CidrIpv4": "10.0.0.0/8"},
        {**RULE, "SecurityGroupRuleId": "sgr-2", "IpProtocol": "47", "CidrIpv4": "10.0.0.0/8"},
        {
            **RULE,
            "SecurityGroupRuleId": "sgr-3",
            "IpProtocol": "udp",
            "ReferencedGroupInfo": {"GroupId": "sg-9"},
            "Description": "d",
        },
        {**RULE, "SecurityGroupRuleId": "sgr-4", "IpProtocol": "tcp", "PrefixListId": "pl-1"},
    ],
    "NetworkInterfaces": [
        {
            "NetworkInterfaceId": "eni-1",
            "VpcId": "vpc-1",
            "SubnetId": "subnet-1",
            "Groups": [{"GroupId": "sg-1"}, {"GroupId": "sg-8"}],
            "PrivateIpAddresses": [{"PrivateIpAddress": "10.1.0.10"}],
        },
        {
            "NetworkInterfaceId": "eni-2",
            "VpcId": "vpc-1",
            "SubnetId": "subnet-1",
            "Groups": [{"GroupId": "sg-1"}],
        },
    ],
    "NetworkAcls": [
        {
            "NetworkAclId": "acl-1",
            "VpcId": "vpc-1",
            "IsDefault": False,
            "Associations": [{"SubnetId": "subnet-1"}],
            "Entries": [
                {
                    "RuleNumber": 1,
                    "Egress": False,
                    "Protocol": "6",
                    "RuleAction": "deny",
                    "CidrBlock": "10.0.0.0/8",
                }
            ],
        }
    ],
    "Entries": [{"Cidr": "192.0.2.0/24"}],
}


def poisoned(answers: Any) -> Iterator[Any]:
    """The answers once for each of their strings, with a hostile text there instead; they take turns."""
    texts = cycle(HOSTILE_TEXTS[title] for title in SHOWN)
    for path in places(answers):
        if isinstance(holder_of(answers, path)[path[-1]], str):
            changed = copy.deepcopy(answers)
            holder_of(changed, path)[path[-1]] = next(texts)
            yield changed


class FakeEc2:
    def __init__(self, answers: Any) -> None:
        self.answers = answers

    def get_paginator(self, _call: str) -> Any:
        return SimpleNamespace(paginate=lambda **_: [self.answers])


def ask(cloud: str, *more: str) -> None:
    """`verify` and `prune`: an exit code, and nothing raw."""
    for command in ("verify", "prune"):
        outcome = swyx(command, "plan.yaml", "--site", "aachen", "--cloud", cloud, *more)
        assert_inert(outcome)
        assert outcome.code in (0, 1, 3)
        assert outcome.out or outcome.err
        if more and outcome.out:
            json.loads(outcome.out)


def test_no_string_of_ec2_reaches_the_terminal_raw(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, answers in enumerate(poisoned(AWS)):
        monkeypatch.setattr(boto3, "client", lambda *_, **__: FakeEc2(answers))  # noqa: B023
        ask("aws", *(["--json"] if number % 5 == 0 else []))


def nsg(name: str, group: str) -> dict[str, Any]:
    rule = {
        "priority": 100,
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "Tcp",
        "sourceAddressPrefix": "10.0.0.0/8",
        "sourcePortRange": "*",
        "destinationPortRange": "80",
        "destinationApplicationSecurityGroups": [{"id": "/s/x/asg/somebodys"}],
        "description": "d",
    }
    tags = {"swyx:site": "aachen", "swyx:group": group, "swyx:stack": "swyx/dev"}
    properties = {"securityRules": [{"name": "r", "properties": rule}]}
    return {"id": f"/s/x/nsg/{name}", "name": name, "tags": tags, "properties": properties}


AZURE: dict[str, Any] = {
    "network_security_groups": [nsg("a-nsg", "swyxserver"), nsg("stray", "strayed")],
    "network_interfaces": [
        {
            "id": "/s/x/nic/n",
            "name": "n",
            "tags": nsg("", "")["tags"],
            "properties": {
                "networkSecurityGroup": {"id": "/s/x/nsg/a-nsg"},
                "virtualMachine": {"id": "/s/x/vm/v"},
                "ipConfigurations": [
                    {
                        "properties": {
                            "privateIPAddress": "10.1.0.10",
                            "subnet": {"id": "/s/x/vn/subnets/s"},
                            "applicationSecurityGroups": [{"id": "/s/x/asg/other"}],
                        }
                    }
                ],
            },
        }
    ],
}
MODELS = {
    "network_security_groups": NetworkSecurityGroup,
    "network_interfaces": NetworkInterface,
}


def test_no_string_of_arm_reaches_the_terminal_raw(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, answers in enumerate(poisoned(AZURE)):
        client = SimpleNamespace(
            **{
                kind: SimpleNamespace(list_all=[MODELS[kind](each) for each in found].copy)
                for kind, found in answers.items()
            }
        )
        monkeypatch.setattr(azure_client, "_connect", lambda: client)  # noqa: B023
        ask("azure", *(["--json"] if number % 5 == 0 else []))


@TEXTS
def test_what_a_cloud_or_the_engine_says_of_a_failure_is_inert(
    text: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse_aws(*_: Any, **__: Any) -> Any:
        raise ClientError({"Error": {"Code": text, "Message": text}}, "DescribeSecurityGroups")

    def refuse_azure(*_: Any) -> Any:
        raise HttpResponseError(message=text)

    monkeypatch.setattr(boto3, "client", refuse_aws)
    monkeypatch.setattr(azure_client, "_connect", refuse_azure)
    for cloud in ("aws", "azure"):
        outcome = swyx("verify", "plan.yaml", "--site", "aachen", "--cloud", cloud)
        assert outcome.code == 3
        assert_inert(outcome)
    if "\n" not in text and "'" not in text:
        (project / "bin" / "pulumi").write_text(f"#!/bin/sh\necho '{text}' >&2\nexit 1\n")
        outcome = swyx("prune", "plan.yaml", "--site", "aachen", "--cloud", "aws")
        assert outcome.code == 3
        assert_inert(outcome)


def test_an_answer_that_is_none_is_a_sentence_about_the_cloud(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = copy.deepcopy(AWS)
    answers["SecurityGroupRules"][0]["CidrIpv4"] = "nowhere"
    monkeypatch.setattr(boto3, "client", lambda *_, **__: FakeEc2(answers))
    outcome = swyx("verify", "plan.yaml", "--site", "aachen", "--cloud", "aws")
    assert outcome.code == 3
    assert outcome.err.startswith("swyx: unexpected answer from the API of AWS (ValueError")


def test_a_state_with_hostile_ids_is_only_compared(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_state(project, *HOSTILE_TEXTS.values())
    monkeypatch.setattr(boto3, "client", lambda *_, **__: FakeEc2(AWS))
    assert_inert(swyx("prune", write_file(project), "--site", "aachen", "--cloud", "aws"))
