"""A sample of `make faults`: broken at a call, the example recovers; and `swyx prune` by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.paths import Sandbox
from sandbox.stacks import Pulumi
from tests.tools.faults.cases import KILLS, KINDS, Case, list_cases, run_case
from tests.tools.faults.site import BrokenSite
from tests.tools.offline import connect_ec2


def test_every_call_of_every_operation_is_tried_once_and_the_kinds_take_turns() -> None:
    writes = {"up": 17, "edit": 8, "destroy": 17}
    cases = list_cases("bochum", writes)
    assert sorted((case.operation, case.at) for case in cases) == sorted(
        (operation, at) for operation, most in writes.items() for at in range(1, most + 1)
    )
    assert {case.kind for case in cases} == set(KINDS)
    assert sum(case.kind in KILLS for case in cases) >= len(cases) // 4


@pytest.fixture
def azure(engine: Pulumi, own_sandbox: Sandbox, tmp_path: Path) -> Iterator[BrokenSite]:
    yield from open_site(BrokenSite.open(own_sandbox, engine, "bochum", "azure", tmp_path))


@pytest.fixture
def aws(engine: Pulumi, own_sandbox: Sandbox, tmp_path: Path) -> Iterator[BrokenSite]:
    yield from open_site(BrokenSite.open(own_sandbox, engine, "aachen", "aws", tmp_path))


def open_site(site: BrokenSite) -> Iterator[BrokenSite]:
    try:
        yield site
    finally:
        site.project.run("cancel", "--yes")
        assert site.run("destroy", None, "--refresh").code == 0
        assert site.ids_in_cloud() == set()
        site.forget()


def test_azure_recovers(azure: BrokenSite) -> None:
    for operation, at, kind in (("up", 9, "hold_after"), ("edit", 3, "hold_after")):
        assert run_case(azure, Case("bochum", operation, at, kind)) == []


def test_aws_recovers_from_a_kill_while_attachments_are_made_and_nothing_is_removed_unasked(
    aws: BrokenSite,
) -> None:
    """At call 235 of 236 rules and attachments are under way: the engine would make them a second time."""
    killed = aws.run("up", [{"at": 235, "kind": "hold_after"}])
    assert killed.code is None
    left = aws.orphans()
    assert left

    code, said = aws.swyx("prune", str(aws.planned), "--stack", aws.site, "--json")
    assert code == 1
    assert {f"in the cloud only: {each['id']}" for each in json.loads(said)["left"]} == set(left)
    assert aws.orphans() == left  # it was only told

    code, said = aws.swyx("prune", str(aws.planned), "--stack", aws.site, "--yes")
    assert code == 3  # the killed command's lock is still there
    assert "pulumi cancel" in said
    assert aws.orphans() == left

    recovered = aws.recover()
    assert recovered.code == 0, recovered.said
    assert aws.verify() == ""
    assert aws.orphans() == []


def test_aws_recovers_from_rules_that_were_made_and_not_tagged(aws: BrokenSite) -> None:
    """The connection is lost after each of forty calls took effect: a rule's second call is never made."""
    broken = aws.run("up", [{"at": 40, "kind": "drop_after", "times": 40}])
    assert broken.code == 1
    rules = connect_ec2(aws.endpoint).describe_security_group_rules(MaxResults=1000)
    untagged = [
        each for each in rules["SecurityGroupRules"] if each.get("Description") and not each["Tags"]
    ]
    assert untagged
    again = aws.run("up")
    assert again.code == 1
    assert "InvalidPermission.Duplicate" in again.said
    recovered = aws.recover()
    assert recovered.code == 0, recovered.said
    assert aws.verify() == ""
    assert aws.orphans() == []


def test_aws_goes_on_only_when_the_egress_of_new_groups_is_closed(aws: BrokenSite) -> None:
    """EC2 opens it in every new group, and the provider closes it once: here those calls are refused."""
    broken = aws.run("up", [{"at": 2, "kind": "error", "times": 40}])
    assert broken.code == 1
    again = aws.run("up")
    assert again.code != 0
    assert "sites.aachen: egress to 0.0.0.0/0 is open in sg-" in again.said
    assert "`swyx prune FILE --site aachen --cloud aws --stack aachen`" in again.said
    recovered = aws.recover()
    assert recovered.code == 0, recovered.said
    assert aws.verify() == ""
    assert aws.orphans() == []


def test_aws_recovers_from_a_group_that_the_state_never_learnt_of(aws: BrokenSite) -> None:
    """The client tries again after the lost answer, and meets the group that it has made."""
    broken = aws.run("up", [{"at": 1, "kind": "drop_after"}])
    assert broken.code == 1
    assert "already exists" in broken.said
    assert len(aws.orphans()) == 2  # the group and the rule that EC2 gives each new one
    again = aws.run("up")
    assert again.code != 0  # its egress is open
    assert "egress to 0.0.0.0/0 is open in sg-" in again.said
    recovered = aws.recover()
    assert recovered.code == 0, recovered.said
    assert aws.verify() == ""
    assert aws.orphans() == []
