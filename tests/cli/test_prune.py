"""`swyx prune` against both offline clouds, with a `pulumi` that hands out a state and takes one back."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.azure.client import ArmClient
from sandbox.azure.server import AzureServer, serve_in_thread
from swyx_components.planner.model import Direction, Rule
from tests.cli.test_verify import aws_endpoint, ec2, rendered
from tests.tools.by_hand import WEST, aws_permission, make_in_aws
from tests.tools.command import Outcome, swyx, write_file

__all__ = ["aws_endpoint", "ec2"]  # fixtures

PULUMI = """#!/bin/sh
case "$*" in
  "stack --show-name"*) echo organization/swyx/dev;;
  "stack export"*) cat state.json;;
  "stack import"*)
    test ! -e locked || { echo "error: the stack is currently locked" >&2; exit 255; }
    cat > given.json;;
esac
"""
STACK = [{"Key": "swyx:stack", "Value": "swyx/dev"}]
SITE = {"Key": "swyx:site", "Value": "aachen"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project's folder with the small installation, and `pulumi` on PATH."""
    program = tmp_path / "bin" / "pulumi"
    program.parent.mkdir()
    program.write_text(PULUMI)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    write_file(tmp_path)
    write_state(tmp_path)
    return tmp_path


def write_state(project: Path, *ids: str, **inputs: Any) -> None:
    """The state: these ids, in a site whose component has these inputs."""
    urn = "urn:pulumi:dev::swyx"
    site = {
        "type": "swyx:index:SwyxSite",
        "urn": f"{urn}::s::s",
        "inputs": {"network": {}, **inputs},
    }
    held = [{"type": "aws:x:Y", "urn": f"{urn}::x::{id}", "custom": True, "id": id} for id in ids]
    state = {"version": 3, "deployment": {"resources": [site, *held]}}
    (project / "state.json").write_text(json.dumps(state))


def prune(cloud: str, *words: str) -> Outcome:
    return swyx("prune", "plan.yaml", "--site", "aachen", "--cloud", cloud, *words)


# ---- AWS


@pytest.fixture
def groups(ec2: Any, project: Path) -> dict[str, str]:
    """The site as deployed by the stack, its groups with the stack's tag; ids by name."""
    made = make_in_aws(ec2, rendered(project / "plan.yaml", "aachen", "aws"), "10.1.0.0/16")
    ec2.create_tags(Resources=list(made.values()), Tags=STACK)
    return made


def attachments(ec2: Any, groups: dict[str, str]) -> list[str]:
    return [
        f"{group['GroupId']}_{interface['NetworkInterfaceId']}"
        for interface in ec2.describe_network_interfaces()["NetworkInterfaces"]
        for group in interface["Groups"]
        if group["GroupId"] in groups.values()
    ]


def test_where_the_state_holds_everything_there_is_nothing_to_do(
    ec2: Any, project: Path, groups: dict[str, str]
) -> None:
    write_state(project, *groups.values(), *attachments(ec2, groups))
    outcome = prune("aws", "--yes")
    assert (outcome.code, outcome.err) == (0, "")
    assert (
        outcome.out.splitlines()[0]
        == "No orphans: the state of swyx/dev has every resource with its tags."
    )
    assert not (project / "given.json").exists()


def test_a_rule_and_a_group_that_the_state_does_not_hold_go_and_one_made_by_hand_stays(
    ec2: Any, project: Path, groups: dict[str, str]
) -> None:
    write_state(project, *groups.values(), *attachments(ec2, groups))
    vpc = ec2.describe_security_groups(GroupIds=list(groups.values()))["SecurityGroups"][0]["VpcId"]
    tags = [{"ResourceType": "security-group", "Tags": [*STACK, SITE]}]
    lost = ec2.create_security_group(
        GroupName="lost", Description="d", VpcId=vpc, TagSpecifications=tags
    )["GroupId"]
    ruled = groups["linkmanager"]
    ours = allow(ec2, ruled, 7001, [*STACK, SITE])
    by_hand = allow(ec2, ruled, 7002, [])

    told = prune("aws")  # nobody at a terminal to ask
    assert told.code == 1
    assert "Nothing was removed; pass --yes to remove it." in told.out
    outcome = prune("aws", "--yes", "--json")
    assert outcome.code == 0
    assert [each["id"] for each in outcome.json()["removed"]] == [ours, lost]
    assert json.loads((project / "given.json").read_text()) == json.loads(
        (project / "state.json").read_text()
    )
    rules = {
        rule["SecurityGroupRuleId"]
        for rule in ec2.describe_security_group_rules()["SecurityGroupRules"]
    }
    assert by_hand in rules and ours not in rules
    names = {g["GroupName"] for g in ec2.describe_security_groups()["SecurityGroups"]}
    assert "lost" not in names


def test_the_egress_that_ec2_opens_in_a_new_group_goes_where_an_update_left_it(
    ec2: Any, project: Path, groups: dict[str, str]
) -> None:
    """EC2 creates a group with all egress open; the provider's next call, which closes it, was refused."""
    write_state(project, *groups.values(), *attachments(ec2, groups))
    opened = ec2.authorize_security_group_egress(
        GroupId=groups["linkmanager"],
        IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
    )["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    before = egress_of(ec2, groups["linkmanager"])
    outcome = prune("aws", "--yes", "--json")
    assert outcome.code == 0
    (removed,) = outcome.json()["removed"]
    assert removed["id"] == opened
    assert removed["what"].endswith(", the default of every new group")
    assert egress_of(ec2, groups["linkmanager"]) == before - {opened}


def test_egress_that_is_open_by_plan_stays(ec2: Any, project: Path, groups: dict[str, str]) -> None:
    """`egress: open` makes the same rule as a resource, which the state holds and which has tags."""
    opened = ec2.authorize_security_group_egress(
        GroupId=groups["linkmanager"],
        IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
    )["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    write_state(project, *groups.values(), *attachments(ec2, groups), opened)
    outcome = prune("aws", "--yes", "--json")
    assert (outcome.code, outcome.json()["removed"]) == (0, [])
    assert opened in egress_of(ec2, groups["linkmanager"])


@pytest.mark.parametrize("way", ["in by CIDR", "out by CIDR", "in by group", "out by group"])
def test_an_untagged_rule_as_planned_goes_and_others_stay(
    ec2: Any, project: Path, groups: dict[str, str], way: str
) -> None:
    """The provider makes a rule by one call and tags it by another: what lies between the two has only its
    description to tell it from a rule made by hand. The next update would be refused as a duplicate.
    """
    write_state(project, *groups.values(), *attachments(ec2, groups))
    direction, _, peer = way.split()
    group, spec = next(
        (entry.group.name, spec)
        for entry in rendered(project / "plan.yaml", "aachen", "aws").groups
        for spec in entry.rules
        if (spec.direction.value, bool(spec.groups)) == (direction, peer == "group")
    )
    remake(ec2, groups, group, spec, "made by hand")
    assert prune("aws", "--yes", "--json").json()["removed"] == []
    made = remake(ec2, groups, group, spec, spec.description)
    write_state(project, *groups.values(), *attachments(ec2, groups), made)
    assert prune("aws", "--yes", "--json").json()["removed"] == []
    write_state(project, *groups.values(), *attachments(ec2, groups))
    outcome = prune("aws", "--yes", "--json")
    assert outcome.code == 0
    (removed,) = outcome.json()["removed"]
    assert removed["id"] == made
    assert removed["what"].endswith(", planned but untagged")
    left = ec2.describe_security_group_rules()["SecurityGroupRules"]
    assert made not in {each["SecurityGroupRuleId"] for each in left}


def test_an_untagged_rule_stays_in_a_group_for_which_it_is_not_planned(
    ec2: Any, project: Path, groups: dict[str, str]
) -> None:
    write_state(project, *groups.values(), *attachments(ec2, groups))
    planned = {
        e.group.name: e.rules for e in rendered(project / "plan.yaml", "aachen", "aws").groups
    }
    ours = planned["linkmanager"]
    spec = next(
        spec
        for name, specs in planned.items()
        for spec in specs
        if name != "linkmanager" and as_made(spec) not in map(as_made, ours)
    )
    permission = described(aws_permission(spec, groups), spec.description)
    out = spec.direction is Direction.OUT
    allow = ec2.authorize_security_group_egress if out else ec2.authorize_security_group_ingress
    allow(GroupId=groups["linkmanager"], IpPermissions=[permission])
    assert prune("aws", "--yes", "--json").json()["removed"] == []


def as_made(spec: Rule) -> tuple[Any, ...]:
    return spec.direction, spec.protocol, spec.ports, spec.groups, spec.prefixes


def described(permission: dict[str, Any], text: str) -> dict[str, Any]:
    """The permission with a description at its one source."""
    (field,) = [key for key, value in permission.items() if isinstance(value, list)]
    (source,) = permission[field]
    return {**permission, field: [{**source, "Description": text}]}


def remake(ec2: Any, groups: dict[str, str], group: str, spec: Rule, text: str) -> str:
    """Make a rule anew, untagged and with this description."""
    permission = aws_permission(spec, groups)
    out = spec.direction is Direction.OUT
    revoke = ec2.revoke_security_group_egress if out else ec2.revoke_security_group_ingress
    allow = ec2.authorize_security_group_egress if out else ec2.authorize_security_group_ingress
    revoke(GroupId=groups[group], IpPermissions=[permission])
    made = allow(GroupId=groups[group], IpPermissions=[described(permission, text)])
    return str(made["SecurityGroupRules"][0]["SecurityGroupRuleId"])


def egress_of(ec2: Any, group: str) -> set[str]:
    found = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
    return {r["SecurityGroupRuleId"] for r in found["SecurityGroupRules"] if r["IsEgress"]}


def allow(ec2: Any, group: str, port: int, tags: list[dict[str, str]]) -> str:
    permission = {
        "IpProtocol": "tcp",
        "FromPort": port,
        "ToPort": port,
        "IpRanges": [{"CidrIp": "10.9.0.0/24"}],
    }
    more = {"TagSpecifications": [{"ResourceType": "security-group-rule", "Tags": tags}]}
    made = ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[permission], **(more if tags else {})
    )
    return str(made["SecurityGroupRules"][0]["SecurityGroupRuleId"])


def test_groups_in_use_are_kept_for_they_are_another_backends(
    ec2: Any, project: Path, groups: dict[str, str]
) -> None:
    outcome = prune("aws", "--yes")
    assert outcome.code == 1
    assert "check that this is the stack's backend" in outcome.out
    assert "removed" not in outcome.out
    assert len(ec2.describe_security_groups(GroupIds=list(groups.values()))["SecurityGroups"]) == 3


def test_nothing_of_another_stack_is_seen(ec2: Any, project: Path, groups: dict[str, str]) -> None:
    other = [{"Key": "swyx:stack", "Value": "swyx/production"}]
    ec2.create_tags(Resources=list(groups.values()), Tags=other)
    assert prune("aws", "--yes").code == 0


@pytest.mark.parametrize(
    ("inputs", "found"),
    [
        ({}, 3),
        ({"attach": False}, 0),
        ({"machines": {"ac-link": {"attach": False}}}, 2),
    ],
    ids=["all attached", "none attached", "one not attached"],
)
def test_attachments_are_ours_where_the_program_attaches(
    ec2: Any, project: Path, groups: dict[str, str], inputs: dict[str, Any], found: int
) -> None:
    write_state(project, *groups.values(), **inputs)
    outcome = prune("aws", "--json")
    assert {each["kind"] for each in outcome.json()["left"]} <= {"attachment"}
    assert len(outcome.json()["left"]) == found


def test_a_lock_stops_it_before_anything_is_removed(
    ec2: Any, project: Path, groups: dict[str, str]
) -> None:
    write_state(project, *groups.values(), *attachments(ec2, groups))
    rule = allow(ec2, groups["linkmanager"], 7001, [*STACK, SITE])
    (project / "locked").touch()
    outcome = prune("aws", "--yes")
    assert outcome.code == 3
    assert outcome.err == (
        "swyx: `pulumi stack import` failed (the stack is currently locked); run it yourself in the "
        "project's folder; if an interrupted update left a lock, `pulumi cancel` removes it.\n"
    )
    assert ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule])["SecurityGroupRules"]


def test_without_pulumi_it_says_so(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    outcome = prune("aws")
    assert outcome.code == 3
    assert "not installed or not on PATH" in outcome.err


def test_a_backend_without_projects_says_so(project: Path) -> None:
    (project / "bin" / "pulumi").write_text("#!/bin/sh\necho dev\n")
    outcome = prune("aws")
    assert outcome.code == 3
    assert "the stack name dev has no project" in outcome.err


# ---- Azure

RG = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg"
NETWORK = f"{RG}/providers/Microsoft.Network"


@pytest.fixture
def azure(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AzureServer]:
    with serve_in_thread() as server:
        monkeypatch.setenv("AZURE_RESOURCE_MANAGER_ENDPOINT", server.endpoint)
        monkeypatch.setenv("AZURE_SUBSCRIPTION_ID", RG.split("/")[2])
        ArmClient(server.endpoint).put(RG, WEST)
        yield server


def test_on_azure_what_nothing_uses_goes_and_what_something_names_stays(
    azure: AzureServer, project: Path
) -> None:
    client = ArmClient(azure.endpoint)
    tags = {"swyx:stack": "swyx/dev", "swyx:site": "aachen"}
    groups = {
        name: client.put(f"{NETWORK}/networkSecurityGroups/{name}", {**WEST, "tags": tags})["id"]
        for name in ("held", "used", "lost")
    }
    client.put(f"{NETWORK}/networkSecurityGroups/by-hand", WEST)
    subnet = {"addressPrefix": "10.1.0.0/24", "networkSecurityGroup": {"id": groups["used"]}}
    network = {
        "addressSpace": {"addressPrefixes": ["10.1.0.0/16"]},
        "subnets": [{"name": "servers", "properties": subnet}],
    }
    client.put(f"{NETWORK}/virtualNetworks/net", {**WEST, "properties": network})
    write_state(project, groups["held"].upper())
    outcome = prune("azure", "--yes", "--json")
    assert outcome.err == ""
    assert [each["id"] for each in outcome.json()["removed"]] == [groups["lost"]]
    (left,) = outcome.json()["left"]
    assert left["id"] == groups["used"]
    assert left["used_by"] == [f"{NETWORK}/virtualNetworks/net/subnets/servers"]
    assert outcome.code == 1
    remaining = (client.get(f"{NETWORK}/networkSecurityGroups") or {})["value"]
    assert {each["name"] for each in remaining} == {"held", "used", "by-hand"}


def test_on_azure_a_group_that_the_state_associates_with_no_interface_comes_off_it(
    azure: AzureServer, project: Path
) -> None:
    """What a killed update leaves between the write of the interface and that of the state."""
    client = ArmClient(azure.endpoint)
    tags = {"swyx:stack": "swyx/dev", "swyx:site": "aachen", "swyx:group": "ac-server"}
    group = client.put(f"{NETWORK}/networkSecurityGroups/g", {**WEST, "tags": tags})["id"]
    network = {
        "addressSpace": {"addressPrefixes": ["10.1.0.0/16"]},
        "subnets": [{"name": "servers", "properties": {"addressPrefix": "10.1.0.0/24"}}],
    }
    client.put(f"{NETWORK}/virtualNetworks/net", {**WEST, "properties": network})
    at = {"subnet": {"id": f"{NETWORK}/virtualNetworks/net/subnets/servers"}}
    ids = {}
    for name in ("known", "lost"):
        properties = {
            "enableAcceleratedNetworking": True,
            "networkSecurityGroup": {"id": group},
            "ipConfigurations": [{"name": "mine", "properties": at}],
        }
        body = {**WEST, "tags": {"team": "voice"}, "properties": properties}
        ids[name] = client.put(f"{NETWORK}/networkInterfaces/{name}", body)["id"]
    write_state(project, group, f"{ids['known']}|{group}")
    outcome = prune("azure", "--yes", "--json")
    assert outcome.err == ""
    assert [each["id"] for each in outcome.json()["removed"]] == [f"{ids['lost']}|{group}"]
    known, lost = (client.get(ids[name]) for name in ("known", "lost"))
    assert known is not None and lost is not None
    assert known["properties"]["networkSecurityGroup"] == {"id": group}
    assert "networkSecurityGroup" not in lost["properties"]
    assert lost["properties"]["enableAcceleratedNetworking"] is True
    assert lost["tags"] == {"team": "voice"}


@pytest.fixture
def interface(azure: AzureServer) -> dict[str, Any]:
    """One that a customer made, under a group of the stack."""
    client = ArmClient(azure.endpoint)
    tags = {"swyx:stack": "swyx/dev", "swyx:site": "aachen", "swyx:group": "server"}
    group = client.put(f"{NETWORK}/networkSecurityGroups/aachen.server-nsg", {**WEST, "tags": tags})
    network = {
        "addressSpace": {"addressPrefixes": ["10.1.0.0/16"]},
        "subnets": [{"name": "servers", "properties": {"addressPrefix": "10.1.0.0/24"}}],
    }
    made = client.put(f"{NETWORK}/virtualNetworks/net", {**WEST, "properties": network})
    subnet = {"id": made["properties"]["subnets"][0]["id"]}
    properties = {
        "ipConfigurations": [{"name": "own", "properties": {"subnet": subnet}}],
        "networkSecurityGroup": {"id": group["id"]},
        "enableAcceleratedNetworking": True,
        "dnsSettings": {"dnsServers": ["10.1.0.53"]},
    }
    found: dict[str, Any] = client.put(
        f"{NETWORK}/networkInterfaces/srv-nic", {**WEST, "properties": properties}
    )
    return found


@pytest.mark.parametrize(
    ("held", "inputs"),
    [
        (("nic|nsg",), {}),
        (("nic",), {}),
        ((), {"attach": False}),
        ((), {"machines": {"server": {"attach": False}}}),
    ],
    ids=["association held", "interface held", "none attached", "this one not attached"],
)
def test_an_association_that_is_held_or_the_callers_own_stays(
    azure: AzureServer,
    project: Path,
    interface: dict[str, Any],
    held: tuple[str, ...],
    inputs: dict[str, Any],
) -> None:
    group = interface["properties"]["networkSecurityGroup"]["id"]
    ids = {"nic": interface["id"], "nic|nsg": f"{interface['id']}|{group}"}
    write_state(project, group, *(ids[each].upper() for each in held), **inputs)
    outcome = prune("azure", "--yes", "--json")
    assert (outcome.code, outcome.json()["removed"], outcome.json()["left"]) == (0, [], [])


def test_a_group_at_an_interface_stays_where_the_state_holds_neither(
    azure: AzureServer, project: Path, interface: dict[str, Any]
) -> None:
    """The state holds a group before anything is put under it: this is not the backend that made them."""
    outcome = prune("azure", "--yes", "--json")
    assert (outcome.code, outcome.json()["removed"]) == (1, [])
    (left,) = outcome.json()["left"]
    assert left["used_by"] == [interface["id"]]


def test_the_site_must_be_named_and_its_cloud_be_known(tmp_path: Path) -> None:
    file = write_file(tmp_path)
    outcome = swyx("prune", file)
    assert (outcome.code, outcome.err) == (
        2,
        "swyx: Missing option '--site'; `swyx prune --help` lists what is available.\n",
    )
    outcome = swyx("prune", file, "--site", "aachen")
    assert (outcome.code, outcome.err[:69]) == (
        2,
        "swyx: --cloud: the cloud of the site aachen is not given; write `--cl",
    )
