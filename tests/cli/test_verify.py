"""`swyx verify` against both offline clouds: equal, and each way in which it may not be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.network import NetworkManagementClient

from sandbox.azure.client import ArmClient
from sandbox.azure.server import serve_in_thread
from swyx_components.clouds import PLATFORMS
from swyx_components.installation import load_installation
from swyx_components.planner import plan_site
from swyx_components.planner.model import RenderedSite
from swyx_components.planner.render import render_site
from tests.tools.by_hand import WEST, make_in_aws, make_in_azure
from tests.tools.command import SMALL, Outcome, swyx, write_file
from tests.tools.offline import aws_environment, running_ec2


def rendered(file: Path, site: str, cloud: str) -> RenderedSite:
    installation = load_installation(file)
    return render_site(plan_site(installation, site), installation, PLATFORMS[cloud])


# ---- AWS


@pytest.fixture(scope="module")
def aws_endpoint() -> Iterator[str]:
    with running_ec2() as endpoint:
        yield endpoint


@pytest.fixture
def ec2(aws_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An empty offline EC2, which this process and `swyx` in it speak to."""
    for name, value in aws_environment(aws_endpoint).items():
        monkeypatch.setenv(name, value)
    urlopen(Request(f"{aws_endpoint}/moto-api/reset", method="POST")).close()
    return boto3.client("ec2")


@pytest.fixture
def on_aws(ec2: Any, tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """The small installation, deployed: its file and the ids of the groups."""
    file = write_file(tmp_path)
    return file, make_in_aws(ec2, rendered(file, "aachen", "aws"), "10.1.0.0/16")


def verify_aws(file: Path) -> Outcome:
    return swyx("verify", file, "--site", "aachen", "--cloud", "aws")


def test_what_was_deployed_as_planned_verifies(on_aws: tuple[Path, dict[str, str]]) -> None:
    outcome = verify_aws(on_aws[0])
    assert outcome.err == ""
    assert outcome.out == "aachen (aws): 3 groups, 54 rules; proof: 0 missing, 0 excess\n"
    assert outcome.code == 0


def test_a_rule_removed_by_hand_is_missing_and_so_are_its_packets(
    ec2: Any, on_aws: tuple[Path, dict[str, str]]
) -> None:
    file, ids = on_aws
    rule = {
        "IpProtocol": "tcp",
        "FromPort": 3389,
        "ToPort": 3389,
        "IpRanges": [{"CidrIp": "10.1.99.0/24"}],
    }
    ec2.revoke_security_group_ingress(GroupId=ids["swyxserver"], IpPermissions=[rule])
    outcome = verify_aws(file)
    assert outcome.code == 1
    assert outcome.out.splitlines() == [
        "aachen (aws): 3 groups, 53 rules; proof: 1 missing, 0 excess",
        "  ac-server: missing rule in tcp 3389 from 10.1.99.0/24 [extra:aachen:0]",
        "  missing packets: ac-server in tcp 3389 from 10.1.99.0-10.1.99.255",
    ]


def test_a_rule_added_by_hand_is_not_planned_and_so_are_its_packets(
    ec2: Any, on_aws: tuple[Path, dict[str, str]]
) -> None:
    file, ids = on_aws
    rule = {
        "IpProtocol": "tcp",
        "FromPort": 22,
        "ToPort": 22,
        "IpRanges": [{"CidrIp": "192.0.2.0/24"}],
    }
    ec2.authorize_security_group_ingress(GroupId=ids["swyxserver"], IpPermissions=[rule])
    outcome = verify_aws(file)
    assert outcome.code == 1
    assert outcome.out.splitlines()[1:] == [
        "  ac-server: unplanned rule in tcp 22 from 192.0.2.0/24",
        "  excess packets: ac-server in tcp 22 from 192.0.2.0-192.0.2.255",
    ]


def test_a_protocol_that_no_plan_uses_is_reported(
    ec2: Any, on_aws: tuple[Path, dict[str, str]]
) -> None:
    file, ids = on_aws
    rule = {
        "IpProtocol": "50",
        "FromPort": -1,
        "ToPort": -1,
        "IpRanges": [{"CidrIp": "192.0.2.0/24"}],
    }
    ec2.authorize_security_group_ingress(GroupId=ids["swyxserver"], IpPermissions=[rule])
    outcome = verify_aws(file)
    assert outcome.code == 1
    assert "swyxserver: unplanned rule in protocol 50" in outcome.out


def test_a_machine_taken_out_of_its_group_is_reported(
    ec2: Any, on_aws: tuple[Path, dict[str, str]]
) -> None:
    file, _ = on_aws
    interface = find_interface(ec2, "10.1.0.10")
    foreign = ec2.create_security_group(
        GroupName="hand-made", Description="d", VpcId=interface["VpcId"]
    )
    ec2.modify_network_interface_attribute(
        NetworkInterfaceId=interface["NetworkInterfaceId"], Groups=[foreign["GroupId"]]
    )
    close_egress(ec2, foreign["GroupId"])
    outcome = verify_aws(file)
    assert outcome.code == 1
    name = interface["NetworkInterfaceId"]
    assert outcome.out.splitlines()[1:] == [
        f"  ac-server ({name}): its interface is not in swyxserver",
    ]


def add_group(ec2: Any, ids: dict[str, str], name: str, *inbound: dict[str, Any]) -> str:
    """A group of somebody else's on the server's interface beside ours, with these rules and no egress."""
    interface = find_interface(ec2, "10.1.0.10")
    foreign = ec2.create_security_group(GroupName=name, Description="d", VpcId=interface["VpcId"])
    close_egress(ec2, foreign["GroupId"])
    for rule in inbound:
        ec2.authorize_security_group_ingress(GroupId=foreign["GroupId"], IpPermissions=[rule])
    ec2.modify_network_interface_attribute(
        NetworkInterfaceId=interface["NetworkInterfaceId"],
        Groups=[*(group["GroupId"] for group in interface["Groups"]), foreign["GroupId"]],
    )
    return str(foreign["GroupId"])


def close_egress(ec2: Any, group: str) -> None:
    (made,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=made["IpPermissionsEgress"])


def tcp(port: int, **source: Any) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **source}


def test_another_group_without_rules_is_not_worth_a_word(
    ec2: Any, on_aws: tuple[Path, dict[str, str]]
) -> None:
    file, ids = on_aws
    add_group(ec2, ids, "estate")
    outcome = verify_aws(file)
    assert (outcome.code, len(outcome.out.splitlines())) == (0, 1)


def test_other_groups_that_let_pass_what_flows_need_anyway_are_said_once(
    ec2: Any, on_aws: tuple[Path, dict[str, str]]
) -> None:
    file, ids = on_aws
    rule = tcp(3389, IpRanges=[{"CidrIp": "10.1.99.0/28"}])
    first, second = (add_group(ec2, ids, name, rule) for name in ("desk", "desk2"))
    outcome = verify_aws(file)
    assert outcome.code == 0
    both = sorted((f"security group {first} (desk)", f"security group {second} (desk2)"))
    assert outcome.out.splitlines()[1:] == [
        f"  note: also applied to its interfaces, without effect on the proof: {', '.join(both)}"
    ]


def test_what_another_group_adds_makes_the_site_unequal(
    ec2: Any, on_aws: tuple[Path, dict[str, str]]
) -> None:
    file, ids = on_aws
    id = add_group(ec2, ids, "backup", tcp(10000, IpRanges=[{"CidrIp": "192.0.2.0/24"}]))
    name = find_interface(ec2, "10.1.0.10")["NetworkInterfaceId"]
    outcome = verify_aws(file)
    assert outcome.code == 1
    assert outcome.out.splitlines()[1:] == [
        f"  ac-server ({name}): security group {id} (backup) also applies to its interface and "
        "allows what no flow needs:",
        "    in tcp 10000 from 192.0.2.0/24",
    ]
    (site,) = swyx("verify", file, "--cloud", "aachen=aws", "--json").json()["sites"]
    assert site["equal"] is False
    assert site["effects"][0]["added"] == ["in tcp 10000 from 192.0.2.0/24"]


def put_acl(ec2: Any, deny: dict[str, Any]) -> str:
    """A network ACL of somebody else's at the machines' subnet that denies one thing inbound, no other."""
    subnet = find_interface(ec2, "10.1.0.10")["SubnetId"]
    at_subnet = [{"Name": "association.subnet-id", "Values": [subnet]}]
    (old,) = ec2.describe_network_acls(Filters=at_subnet)["NetworkAcls"]
    id = str(ec2.create_network_acl(VpcId=old["VpcId"])["NetworkAcl"]["NetworkAclId"])
    common = {"NetworkAclId": id, "Protocol": "-1", "RuleAction": "allow", "Egress": False}
    rules = [
        {"RuleNumber": 50, "CidrBlock": "0.0.0.0/0", **deny, "RuleAction": "deny"},
        {"RuleNumber": 100, "CidrBlock": "0.0.0.0/0"},
        {"RuleNumber": 101, "Ipv6CidrBlock": "::/0"},
        {"RuleNumber": 100, "CidrBlock": "0.0.0.0/0", "Egress": True},
        {"RuleNumber": 101, "Ipv6CidrBlock": "::/0", "Egress": True},
    ]
    for rule in rules:
        ec2.create_network_acl_entry(**{**common, **rule})
    (own,) = (each for each in old["Associations"] if each["SubnetId"] == subnet)
    ec2.replace_network_acl_association(
        AssociationId=own["NetworkAclAssociationId"], NetworkAclId=id
    )
    return id


def test_a_network_acl_that_stops_what_flows_need_is_named_with_the_packets(
    ec2: Any, on_aws: tuple[Path, dict[str, str]]
) -> None:
    file, _ = on_aws
    ports = {"From": 51400, "To": 52000}
    id = put_acl(ec2, {"Protocol": "17", "PortRange": ports, "CidrBlock": "10.1.20.0/24"})
    names = {
        machine: find_interface(ec2, address)["NetworkInterfaceId"]
        for machine, address in (("ac-server", "10.1.0.10"), ("ac-gates", "10.1.0.12"))
    }
    outcome = verify_aws(file)
    assert outcome.code == 1
    assert outcome.err == ""
    stops = f"network ACL {id} also applies to its interface and blocks what flows need:"
    headline, *lines = outcome.out.splitlines()
    assert headline == "aachen (aws): 3 groups, 54 rules; proof: 0 missing, 0 excess"
    assert sorted(zip(lines[::2], lines[1::2], strict=True)) == [
        (f"  ac-gates ({names['ac-gates']}): {stops}", "    in udp 51500-51999 from 10.1.20.0/24"),
        (
            f"  ac-server ({names['ac-server']}): {stops}",
            "    in udp 51400-51499 from 10.1.20.0/24",
        ),
    ]


def test_a_network_acl_that_denies_what_no_flow_needs_is_said_once(
    ec2: Any, on_aws: tuple[Path, dict[str, str]]
) -> None:
    file, _ = on_aws
    id = put_acl(ec2, {"Protocol": "6", "PortRange": {"From": 23, "To": 23}})
    outcome = verify_aws(file)
    assert outcome.code == 0
    assert outcome.out.splitlines()[1:] == [
        f"  note: also applied to its interfaces, without effect on the proof: network ACL {id}"
    ]


def test_a_network_acl_that_forgets_ipv6_stops_it_and_the_default_one_does_not(
    ec2: Any, tmp_path: Path
) -> None:
    over_ipv6 = "{direction: in, to: ac-gates, from: ['fd00:9::/64'], protocol: tcp, ports: 443, reason: web}"
    text = SMALL.replace("extra_rules:\n", f"extra_rules:\n      - {over_ipv6}\n")
    file = write_file(tmp_path, text)
    make_in_aws(ec2, rendered(file, "aachen", "aws"), "10.1.0.0/16")
    outcome = verify_aws(file)
    assert (outcome.code, len(outcome.out.splitlines())) == (0, 1)
    id = put_acl(ec2, {"Protocol": "6", "PortRange": {"From": 23, "To": 23}})
    for egress in (True, False):
        ec2.delete_network_acl_entry(NetworkAclId=id, RuleNumber=101, Egress=egress)
    outcome = verify_aws(file)
    assert outcome.code == 1
    name = find_interface(ec2, "10.1.0.12")["NetworkInterfaceId"]
    assert outcome.out.splitlines()[1:] == [
        f"  ac-gates ({name}): network ACL {id} also applies to its interface and blocks what flows need:",
        "    in tcp 443 from fd00:9::/64",
        "    out tcp 1024-65535 to fd00:9::/64",
    ]


def test_a_stranger_in_a_group_that_rules_refer_to_is_reported(
    ec2: Any, on_aws: tuple[Path, dict[str, str]]
) -> None:
    file, ids = on_aws
    subnet = find_interface(ec2, "10.1.0.10")["SubnetId"]
    ec2.create_network_interface(
        SubnetId=subnet, PrivateIpAddress="10.1.0.77", Groups=[ids["swyxgate"]]
    )
    outcome = verify_aws(file)
    assert outcome.code == 1
    assert "is in swyxgate but has no address of a machine of this site" in outcome.out


def test_a_site_that_was_never_deployed_lacks_every_group(ec2: Any, tmp_path: Path) -> None:
    outcome = verify_aws(write_file(tmp_path))
    assert outcome.code == 1
    assert outcome.out.startswith("aachen (aws): 0 groups, 0 rules; proof: ")
    assert "  swyxserver: group missing in the cloud" in outcome.out
    assert "  ac-server: no interface in the cloud has its address" in outcome.out


def test_json_says_the_same(ec2: Any, on_aws: tuple[Path, dict[str, str]]) -> None:
    document = swyx(
        "verify", on_aws[0], "--site", "aachen", "--cloud", "aachen=aws", "--json"
    ).json()
    assert (document["version"], document["equal"]) == (1, True)
    (site,) = document["sites"]
    assert (site["site"], site["cloud"], site["groups"], site["rules"]) == ("aachen", "aws", 3, 54)
    assert site["proof"] == {
        "holds": True,
        "compared": site["proof"]["compared"],
        "missing": [],
        "excess": [],
    }


def test_a_cloud_that_cannot_be_reached_is_exit_code_3(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    outcome = verify_aws(write_file(tmp_path))
    assert outcome.code == 3
    assert outcome.out == ""
    assert outcome.err.startswith("swyx: AWS API error (Could not connect")
    assert "Traceback" not in outcome.err


def find_interface(ec2: Any, address: str) -> Any:
    filters = [{"Name": "addresses.private-ip-address", "Values": [address]}]
    (found,) = ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
    return found


# ---- Azure


class AnyToken(SansIOHTTPPolicy):  # type: ignore[type-arg]
    def on_request(self, request: Any) -> None:
        request.http_request.headers["Authorization"] = "Bearer test"


class NoCredential:
    def get_token(self, *scopes: str, **options: Any) -> Any:
        raise AssertionError("no token is asked for")


@pytest.fixture
def arm(monkeypatch: pytest.MonkeyPatch) -> Iterator[NetworkManagementClient]:
    with serve_in_thread() as server:
        monkeypatch.setenv("AZURE_RESOURCE_MANAGER_ENDPOINT", server.endpoint)
        monkeypatch.setenv("AZURE_SUBSCRIPTION_ID", "s")
        ArmClient(server.endpoint).put("/subscriptions/s/resourceGroups/rg", WEST)
        yield NetworkManagementClient(
            NoCredential(),  # type: ignore[arg-type]
            "s",
            base_url=server.endpoint,
            authentication_policy=AnyToken(),
            credential_scopes=["x"],
        )


@pytest.fixture
def on_azure(arm: Any, tmp_path: Path) -> Path:
    file = write_file(tmp_path)
    make_in_azure(arm, rendered(file, "aachen", "azure"), "10.1.0.0/16")
    return file


def verify_azure(file: Path) -> Outcome:
    return swyx("verify", file, "--site", "aachen", "--cloud", "azure")


def change_group(arm: Any, name: str, change: Any) -> None:
    group = arm.network_security_groups.get("rg", name)
    change(group)
    arm.network_security_groups.begin_create_or_update("rg", name, group).result()


UNREAD_ON_AZURE = (
    "  not checked: security admin rules of Azure Virtual Network Manager apply before every network "
    "security group and are not read; `az network manager list-effective-security-admin-rule` shows "
    "those of a virtual network"
)


def test_azure_as_planned_verifies(on_azure: Path) -> None:
    outcome = verify_azure(on_azure)
    assert outcome.err == ""
    assert outcome.out.splitlines() == [
        "aachen (azure): 3 groups, 40 rules; proof: 0 missing, 0 excess",
        UNREAD_ON_AZURE,
    ]
    assert outcome.code == 0


def test_azure_with_a_port_changed_by_hand_differs_in_that_rule(arm: Any, on_azure: Path) -> None:
    def widen(group: Any) -> None:
        for rule in group.security_rules:
            if rule.destination_port_ranges == ["3389"]:
                rule.destination_port_ranges = ["3389-3390"]

    change_group(arm, "aachen.ac-server-nsg", widen)
    outcome = verify_azure(on_azure)
    assert outcome.code == 1
    lines = outcome.out.splitlines()
    assert lines[0].endswith("proof: 0 missing, 1 excess")
    assert "ac-server: differs, planned" in lines[1] and "tcp 3389 from 10.1.99.0/24" in lines[1]
    assert "found" in lines[2] and "tcp 3389-3390 from 10.1.99.0/24" in lines[2]
    assert lines[3] == "  excess packets: ac-server in tcp 3390 from 10.1.99.0-10.1.99.255"


def test_azure_without_its_closing_deny_is_open(arm: Any, on_azure: Path) -> None:
    def open_up(group: Any) -> None:
        group.security_rules = [
            rule for rule in group.security_rules if rule.name != "in-deny-rest"
        ]

    change_group(arm, "aachen.ac-server-nsg", open_up)
    outcome = verify_azure(on_azure)
    assert outcome.code == 1
    assert "missing rule 4096 in deny any from 0.0.0.0/0, ::/0" in outcome.out


def test_azure_rule_with_a_service_tag_is_reported(arm: Any, on_azure: Path) -> None:
    def tag(group: Any) -> None:
        rule = {**group.security_rules[0].as_dict()}
        rule = {"name": "by-hand", "properties": {**rule["properties"]}}
        for key in [
            key for key in rule["properties"] if key.startswith("source") and "Port" not in key
        ]:
            del rule["properties"][key]
        rule["properties"] |= {"priority": 100, "sourceAddressPrefix": "Internet"}
        group.security_rules = [*group.security_rules, rule]

    change_group(arm, "aachen.ac-server-nsg", tag)
    outcome = verify_azure(on_azure)
    assert outcome.code == 1
    assert "unplanned rule by-hand at priority 100 (source Internet)" in outcome.out


def test_azure_interface_without_its_group_is_reported(arm: Any, on_azure: Path) -> None:
    nic = arm.network_interfaces.get("rg", "ac-server-nic")
    nic.network_security_group = None
    arm.network_interfaces.begin_create_or_update("rg", "ac-server-nic", nic).result()
    outcome = verify_azure(on_azure)
    assert outcome.code == 1
    assert outcome.out.splitlines()[1:] == [
        "  ac-server (ac-server-nic): its interface is not in ac-server",
        UNREAD_ON_AZURE,
    ]


def put_before_subnet(arm: Any, port: str) -> None:
    """A network security group at the subnet that lets nobody in on a port."""
    network = arm.virtual_networks.get("rg", "net")
    deny = {
        "name": "no-rdp",
        "properties": {
            "priority": 100,
            "direction": "Inbound",
            "access": "Deny",
            "protocol": "Tcp",
            "sourceAddressPrefix": "*",
            "sourcePortRange": "*",
            "destinationAddressPrefix": "*",
            "destinationPortRange": port,
        },
    }
    body = {**WEST, "properties": {"securityRules": [deny]}}
    made = arm.network_security_groups.begin_create_or_update("rg", "wall", body).result()
    network.subnets[0].network_security_group = {"id": made.id}
    arm.virtual_networks.begin_create_or_update("rg", "net", network).result()


def test_azure_group_of_the_subnet_that_stops_a_flow_makes_the_site_unequal(
    arm: Any, on_azure: Path
) -> None:
    put_before_subnet(arm, "3389")
    outcome = verify_azure(on_azure)
    assert outcome.code == 1
    assert outcome.out.splitlines()[1:3] == [
        "  ac-server (ac-server-nic): network security group wall of the subnet a also applies to its "
        "interface and blocks what flows need:",
        "    in tcp 3389 from 10.1.99.0/24",
    ]


def test_azure_group_of_the_subnet_is_compared_with_flows_too(arm: Any, on_azure: Path) -> None:
    put_before_subnet(arm, "135")
    outcome = verify_azure(on_azure)
    assert outcome.code == 1
    assert outcome.out.splitlines()[1:3] == [
        "  ac-server (ac-server-nic): network security group wall of the subnet a also applies to its "
        "interface and blocks what flows need:",
        "    in tcp 135 from 10.1.20.0/24",
    ]


def test_azure_without_a_subscription_says_what_to_set(
    arm: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AZURE_SUBSCRIPTION_ID", "ARM_SUBSCRIPTION_ID"):
        monkeypatch.delenv(name, raising=False)
    outcome = verify_azure(write_file(tmp_path))
    assert outcome.code == 3
    assert outcome.err == (
        "swyx: Azure needs AZURE_SUBSCRIPTION_ID, which is not set; set it to the id of the subscription.\n"
    )


# ---- words


def test_verify_asks_for_the_cloud_of_a_site(tmp_path: Path) -> None:
    outcome = swyx("verify", write_file(tmp_path), "--site", "bochum")
    assert outcome.code == 2
    assert outcome.err == (
        "swyx: --cloud: the cloud of the site bochum is not given; write `--cloud bochum=aws` or "
        "`--cloud bochum=azure`.\n"
    )
