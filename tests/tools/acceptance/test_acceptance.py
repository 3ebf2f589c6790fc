"""The comparison on journals typed by hand, and the command against the stand-in itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sandbox.engine.launcher import write_launcher
from tests.tools.acceptance.__main__ import NOT_RUN, RECORDED
from tests.tools.acceptance.calls import Reader
from tests.tools.acceptance.compare import differences

Plain = dict[str, Any]
GROUP, SIGNAL, MEDIA = "sg-0123456789abcdef0", "sgr-0000000000000000a", "sgr-0000000000000000b"
INTERFACE, ESTATE = "eni-0123456789abcdef0", "sg-fedcba98765432100"


class Held:
    """What EC2 holds at first: a group of ours, one of the customer's, an interface in the latter."""

    def describe_security_groups(self) -> Plain:
        ours = {"GroupId": GROUP, "GroupName": "aachen-gate-sg-1a2b3c4"}
        return {"SecurityGroups": [ours, {"GroupId": ESTATE, "GroupName": "estate"}]}

    def describe_network_interfaces(self) -> Plain:
        one = {"NetworkInterfaceId": INTERFACE, "PrivateIpAddress": "10.1.0.12"}
        return {"NetworkInterfaces": [{**one, "Groups": [{"GroupId": ESTATE}]}]}

    def describe_vpcs(self) -> Plain:
        return {"Vpcs": []}

    def get_paginator(self, _: str) -> Any:
        return self

    def paginate(self) -> list[Plain]:
        return [{"SecurityGroupRules": []}]


def made(action: str, answer: str = "", **parameters: str) -> Plain:
    given = {name.replace("_", "."): value for name, value in parameters.items()}
    return {"action": action, "parameters": given, "status": 200, "response": answer}


def authorize(id: str, port: int) -> Plain:
    answer = f"""<r xmlns="x"><securityGroupRuleSet><item><securityGroupRuleId>{id}</securityGroupRuleId>
        <groupId>{GROUP}</groupId><isEgress>false</isEgress><ipProtocol>tcp</ipProtocol>
        <fromPort>{port}</fromPort><toPort>{port}</toPort><cidrIpv4>10.1.20.0/24</cidrIpv4>
        </item></securityGroupRuleSet></r>"""
    return made("AuthorizeSecurityGroupIngress", answer, GroupId=GROUP)


def tag(id: str, key: str = "Name") -> Plain:
    return made("CreateTags", ResourceId_1=id, Tag_1_Key=key, Tag_1_Value="x")


def revoke(id: str) -> Plain:
    return made("RevokeSecurityGroupIngress", GroupId=GROUP, SecurityGroupRuleId_1=id)


def groups(*ids: str) -> Plain:
    listed = {f"SecurityGroupId_{number}": id for number, id in enumerate(ids, 1)}
    return made("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=INTERFACE, **listed)


def compared(recorded: list[Plain], official: list[Plain]) -> list[str]:
    runs = []
    for journal in (recorded, official):
        calls, late = Reader(Held()).read(journal)
        runs.append({"edit": {"steps": [], "calls": calls, "late": late}})
    return differences(*runs)


ONE, OTHER = [authorize(SIGNAL, 1720), tag(SIGNAL)], [authorize(MEDIA, 2000), tag(MEDIA)]
RULE = "aachen-gate-sg tcp/1720-1720 in from 10.1.20.0/24"


def test_calls_about_different_rules_may_come_in_any_order_and_with_other_ids() -> None:
    renamed = json.loads(json.dumps([*OTHER, *ONE]).replace(SIGNAL, "sgr-00000000deadbeef0"))
    assert compared([*ONE, *OTHER], renamed) == []


def test_a_missing_call_is_a_difference() -> None:
    assert compared([*ONE, *OTHER], [ONE[0], *OTHER]) == [
        f"edit, call - {RULE}: CreateTags ResourceId.1={RULE} Tag Name=x"
    ]


def test_an_extra_call_is_a_difference() -> None:
    assert compared(ONE, [*ONE, tag(SIGNAL, "Owner")]) == [
        f"edit, call + {RULE}: CreateTags ResourceId.1={RULE} Tag Owner=x"
    ]


def test_another_order_of_the_calls_about_one_rule_is_a_difference() -> None:
    first, second = tag(SIGNAL, "Name"), tag(SIGNAL, "Owner")
    was, now = compared([ONE[0], first, second], [ONE[0], second, first])
    assert was.startswith(f"edit, call - {RULE}: AuthorizeSecurityGroupIngress")
    assert now.startswith(f"edit, call + {RULE}, in another order: AuthorizeSecurityGroupIngress")


def test_what_is_taken_away_before_something_is_added_is_a_difference() -> None:
    assert compared([*ONE, *OTHER, revoke(SIGNAL)], [*ONE, revoke(SIGNAL), *OTHER]) == [
        "edit, order + AuthorizeSecurityGroupIngress (aachen-gate-sg tcp/2000-2000 in from "
        f"10.1.20.0/24) after RevokeSecurityGroupIngress ({RULE})"
    ]


def test_the_place_of_an_attached_group_is_compared() -> None:
    assert compared([groups(ESTATE, GROUP)], [groups(GROUP, ESTATE)]) == [
        "edit, call - 10.1.0.12 and aachen-gate-sg: attach as the last",
        "edit, call + 10.1.0.12 and aachen-gate-sg: attach as the first",
    ]


def test_a_group_put_in_place_of_another_one_is_a_difference() -> None:
    assert compared([groups(ESTATE, GROUP)], [groups(GROUP)]) == [
        "edit, call + 10.1.0.12: set groups to aachen-gate-sg",
        "edit, call - 10.1.0.12 and aachen-gate-sg: attach as the last",
    ]


def test_a_refused_call_that_is_tried_again_stands_there_once() -> None:
    refused = made("DeleteSecurityGroup", "<Code>DependencyViolation</Code>", GroupId=GROUP)
    tried = [{**refused, "status": 400}] * 3
    gone = made("DeleteSecurityGroup", GroupId=GROUP)
    assert compared([gone], [*tried, gone]) == [
        "edit, call + aachen-gate-sg: DeleteSecurityGroup GroupId=aachen-gate-sg "
        "REFUSED DependencyViolation"
    ]


def test_another_step_is_a_difference() -> None:
    was, now = {"up": {"steps": ["update Rule a: ports"]}}, {"up": {"steps": ["replace Rule a"]}}
    assert differences(was, now) == [
        "up, step - update Rule a: ports",
        "up, step + replace Rule a",
    ]


@pytest.mark.parametrize("site", ["aachen", "hub"])
def test_recorded_updates_add_before_they_take_away_and_find_nothing_to_do_afterwards(
    site: str,
) -> None:
    recorded = json.loads((RECORDED / f"{site}.json").read_text(encoding="utf-8"))
    assert list(recorded) == ["up", "up again", "edit", "refresh", "destroy"]
    assert [each["late"] for each in recorded.values()] == [[]] * 5
    assert recorded["up again"]["steps"] == recorded["refresh"]["steps"] == []
    assert recorded["up again"]["calls"] == recorded["refresh"]["calls"] == {}


def run(**settings: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.tools.acceptance"],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=550,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_stand_in_still_does_what_is_recorded_of_it(tmp_path: Path) -> None:
    """Else: `python -m tests.tools.acceptance --record`, and review the diff."""
    plugin = tmp_path / "pulumi-resource-aws"
    write_launcher(plugin, "sandbox.aws.provider")
    code, said = run(AWS_PLUGIN=str(plugin))
    assert (code, said.splitlines()[-1]) == (0, "aws, offline: no difference"), said


def test_a_plugin_that_cant_be_had_is_no_success(tmp_path: Path) -> None:
    code, said = run(AWS_PLUGIN=str(tmp_path / "missing"))
    assert code == NOT_RUN
    assert "aws, offline: not run: `pulumi plugin install resource aws" in said


def test_an_account_other_than_that_of_the_credentials_is_left_alone(tmp_path: Path) -> None:
    settings = {"AWS_PLUGIN": str(tmp_path / "missing"), "AZURE_SUBSCRIPTION": "a"}
    code, said = run(**settings, ARM_SUBSCRIPTION_ID="b")
    assert code == NOT_RUN
    assert "not run: AZURE_SUBSCRIPTION is a, but the credentials are of b" in said
