"""Role classes in a customer's program: rules from roles and peers alone, no installation file."""

from typing import Any

import pulumi
import pytest

from swyx_components import HostGroup, LinkManager, SwyxGate, SwyxIt, SwyxServer, declare_groups
from swyx_components.components.alone import plan_alone
from swyx_components.planner.model import HostGroup as PlannedGroup
from swyx_components.planner.model import Rule
from tests.components.recorder import Cloud, Recording, record

AWS = {"cloud": "aws", "network": {"vpc_id": "vpc-1"}}
AZURE = {"cloud": "azure", "network": {"resource_group": "acme", "location": "westeurope"}}
DECIDED = {"decisions": {"dcom": "restricted", "h245": "tunnelled"}}
OFFICE = {"roles": ["SwyxIt"], "cidrs": ["10.9.20.0/24"]}
SERVER = {"roles": ["SwyxServer"], "ids": {"SwyxServer": "id-of-server"}}
GATE = {"roles": ["SwyxGate"], "ids": {"SwyxGate": "id-of-gate"}}
ATTACHMENT = (
    "aws:ec2/networkInterfaceSecurityGroupAttachment:NetworkInterfaceSecurityGroupAttachment"
)
NSG = "azure-native:network:NetworkSecurityGroup"
ASG = "azure-native:network:ApplicationSecurityGroup"


def told(group: PlannedGroup) -> list[str]:
    """The group's rules as lines."""
    return [_told(rule) for rule in group.rules]


def _told(rule: Rule) -> str:
    source = f" source {rule.source_ports}" if rule.source_ports else ""
    towards = "from" if rule.direction.value == "in" else "to"
    peer = rule.group or ",".join(map(str, rule.cidrs))
    return f"{rule.direction.value} {rule.protocol.value} {rule.ports} {towards} {peer}{source}"


def rules(*roles: str, **args: Any) -> list[str]:
    return told(plan_alone("acme", roles, {**AWS, **DECIDED, **args}).group)


def test_a_gate_that_knows_its_server_has_the_rules_for_it_and_no_others() -> None:
    assert rules("SwyxGate", peers=[SERVER]) == [
        "in tcp 2000 from peer-swyxserver",
        "in udp 2001 from peer-swyxserver",
        "in udp 51500-51999 from peer-swyxserver source 51000-51499",
        "out tcp 1720 to peer-swyxserver",
        "out udp 1719 to peer-swyxserver",
        "out udp 51000-51499 to peer-swyxserver source 51500-51999",
    ]


def test_a_peer_by_address_is_in_the_rules_by_address() -> None:
    server = {"roles": ["SwyxServer"], "cidrs": ["10.9.0.5/32", "2001:db8::5"]}
    assert rules("SwyxGate", peers=[server])[:1] == ["in tcp 2000 from 10.9.0.5/32,2001:db8::5/128"]


def test_clients_are_a_network() -> None:
    assert rules("SwyxServer", peers=[OFFICE]) == [
        "in tcp 135 from 10.9.20.0/24",
        "in tcp 40000-40199 from 10.9.20.0/24",
        "in udp 51000-51499 from 10.9.20.0/24 source 50000-50099",
        "out tcp 135 to 10.9.20.0/24",
        "out tcp 40000-40199 to 10.9.20.0/24",
        "out udp 50000-50099 to 10.9.20.0/24 source 51000-51499",
    ]


def test_a_group_without_peers_has_no_rules() -> None:
    assert rules("SwyxGate") == []


def test_what_peers_need_from_each_other_is_not_this_groups_matter() -> None:
    """The conference manager and the server need DCOM between them, which nobody decided here."""
    conference = {"roles": ["ConferenceManager"], "ids": {"ConferenceManager": "id-of-conference"}}
    args = {**AWS, "decisions": {"h245": "tunnelled"}, "peers": [SERVER, conference]}
    assert "in udp 51500-51999 from peer-conferencemanager source 56000-57000" in told(
        plan_alone("acme", ["SwyxGate"], args).group
    )


def test_a_peer_of_the_same_role_is_not_the_group_itself() -> None:
    other = {"roles": ["SwyxIt"], "ids": {"SwyxIt": "id-of-other"}}
    assert rules("SwyxIt", peers=[other]) == [
        "in udp 50000-50099 from peer-swyxit source 50000-50099",
        "out udp 50000-50099 to peer-swyxit source 50000-50099",
    ]


def test_several_machines_of_a_group_talk_to_each_other() -> None:
    machines = {"one": {"addresses": ["10.1.0.1"]}, "two": {"addresses": ["10.1.0.2"]}}
    assert rules("SwyxIt", machines=machines) == [
        "in udp 50000-50099 from swyxit source 50000-50099",
        "out udp 50000-50099 to swyxit source 50000-50099",
    ]


def test_the_order_of_peers_changes_nothing() -> None:
    peers = [SERVER, OFFICE, {"roles": ["SwyxPhoneL100"], "cidrs": ["10.9.21.0/24"]}]
    assert rules("SwyxGate", peers=peers) == rules("SwyxGate", peers=peers[::-1])


def test_a_link_manager_serves_the_other_sites_peers() -> None:
    far = {"roles": ["SwyxServer"], "cidrs": ["10.2.0.10"], "site": "bochum"}
    clients = {"roles": ["SwyxIt"], "cidrs": ["10.2.20.0/24"], "site": "bochum"}
    assert rules("LinkManager", peers=[SERVER, far, clients]) == [
        "in tcp 65000 from peer-swyxserver",
        "in tcp 65001 from 10.2.0.10/32",
        "in udp 55000-56000 from 10.2.20.0/24 source 50000-50099",
        "in udp 55000-56000 from 10.2.0.10/32 source 51000-51499",
        "in udp 55000-56000 from peer-swyxserver source 51000-51499",
        "out tcp 1720 to 10.2.0.10/32",
        "out tcp 1720 to peer-swyxserver",
        "out udp 1719 to 10.2.0.10/32",
        "out udp 1719 to peer-swyxserver",
        "out udp 50000-50099 to 10.2.20.0/24 source 55000-56000",
        "out udp 51000-51499 to 10.2.0.10/32 source 55000-56000",
        "out udp 51000-51499 to peer-swyxserver source 55000-56000",
    ]


def test_a_provider_is_served_by_the_link_manager() -> None:
    provider = {"carrier": {"cidrs": ["203.0.113.0/28"], "media_ports": "10000-20000"}}
    assert [line for line in rules("LinkManager", sip_providers=provider) if "tcp" in line] == [
        "in tcp 65002 from 203.0.113.0/28",
        "out tcp 5060 to 203.0.113.0/28",
    ]


def test_ports_and_extra_rules_are_as_in_an_installation() -> None:
    extra = {
        "direction": "in",
        "from": ["10.1.99.0/28"],
        "protocol": "tcp",
        "ports": 3389,
        "reason": "admin",
    }
    found = rules(
        "SwyxGate",
        peers=[OFFICE],
        ports={"SwyxGate": {"media": "52000-52099"}, "SwyxIt": {"media": "50000-50199"}},
        extra_rules=[extra],
    )
    assert found == [
        "in tcp 3389 from 10.1.99.0/28",
        "in udp 52000-52099 from 10.9.20.0/24 source 50000-50199",
        "out udp 50000-50199 to 10.9.20.0/24 source 52000-52099",
    ]


def failure(program: Any) -> list[str]:
    with pytest.raises(pulumi.RunError) as caught:
        record(program)
    return str(caught.value).splitlines()[1:]


WRONG = [
    (
        "A peer without ids or addresses",
        {"peers": [{"roles": ["SwyxGate"]}]},
        "  peers[0]: a peer with roles is not one with either ids or cidrs (at another site: cidrs); "
        "write {roles: [SwyxIt], cidrs: [10.1.20.0/24]}.",
    ),
    (
        "A peer whose identity lacks a role",
        {"peers": [{"roles": ["SwyxGate", "ConferenceManager"], "ids": {"SwyxGate": "x"}}]},
        "  peers[0].ids: the argument ConferenceManager is missing; write ConferenceManager: an id.",
    ),
    (
        "An address that is none",
        {"peers": [{"roles": ["SwyxIt"], "cidrs": ["10.9.20.1/24"]}]},
        "  peers[0].cidrs: '10.9.20.1/24' is not a CIDR ('10.9.20.1/24' has bits set right of the prefix; "
        "the network is 10.9.20.0/24); write cidrs: [10.1.20.0/24].",
    ),
    (
        "Another role for a role class",
        {"roles": ["SwyxGate"]},
        "  roles: SwyxGate is not for SwyxServer, which is one role; use HostGroup for several; write roles: "
        "[SwyxServer].",
    ),
]


@pytest.mark.parametrize(("title", "args", "sentence"), WRONG, ids=[case[0] for case in WRONG])
def test_wrong_arguments_are_sentences(title: str, args: dict[str, Any], sentence: str) -> None:
    assert failure(lambda: SwyxServer("server", {**AWS, **DECIDED, **args})) == [sentence]


def test_a_missing_decision_is_named() -> None:
    (sentence,) = failure(lambda: SwyxServer("server", {**AWS, "peers": [OFFICE]}))[:1]
    assert "needs the decision dcom" in sentence


def two_on_azure() -> None:
    known = declare_groups("acme", AZURE, {"server": ["SwyxServer"], "gate": ["SwyxGate"]})
    for kind, name, other in ((SwyxServer, "server", "gate"), (SwyxGate, "gate", "server")):
        kind(
            name,
            {**AZURE, **DECIDED, "identities": known[name]["ids"], "peers": [known[other], OFFICE]},
        )


def two_on_aws() -> None:
    known = declare_groups("acme", AWS, {"server": ["SwyxServer"], "gate": ["SwyxGate"]})
    for kind, name, other in ((SwyxServer, "server", "gate"), (SwyxGate, "gate", "server")):
        kind(
            name,
            {**AWS, **DECIDED, "identities": known[name]["ids"], "peers": [known[other], OFFICE]},
        )


def test_two_groups_name_each_other_on_azure() -> None:
    recording = record(two_on_azure)
    assert sorted(each.name for each in recording.of(ASG)) == [
        "acme-gate-swyxgate-asg",
        "acme-server-swyxserver-asg",
    ]
    for own, other in (("server", "gate"), ("gate", "server")):
        group = recording.one(NSG, f"{own}-nsg")
        assert group.parent == own
        peers = {
            rule["sourceApplicationSecurityGroups"][0]["id"]
            for rule in group.inputs["securityRules"]
            if rule["direction"] == "Inbound" and "sourceApplicationSecurityGroups" in rule
        }
        roles = {"server": "swyxserver", "gate": "swyxgate"}
        assert peers == {f"id-of-acme-{other}-{roles[other]}-asg"}
        assert recording.outputs[own]["identities"] == {
            {"server": "SwyxServer", "gate": "SwyxGate"}[own]: f"id-of-acme-{own}-{roles[own]}-asg"
        }


def test_two_groups_name_each_other_on_aws() -> None:
    recording = record(two_on_aws)
    assert [row for row in recording.tree() if row[0].endswith(":SecurityGroup")] == [
        ("aws:ec2/securityGroup:SecurityGroup", "acme-gate-sg", ""),
        ("aws:ec2/securityGroup:SecurityGroup", "acme-server-sg", ""),
    ]
    rule = recording.one(
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        "server-in-tcp-1720-peer-swyxgate",
    )
    assert rule.inputs["referencedSecurityGroupId"] == "id-of-acme-gate-sg"
    assert rule.inputs["securityGroupId"] == "id-of-acme-server-sg"


def test_a_group_made_first_is_another_ones_peer() -> None:
    def program() -> None:
        server = SwyxServer("server", {**AZURE, **DECIDED, "peers": [OFFICE]})
        SwyxGate("gate", {**AZURE, **DECIDED, "peers": [server.as_peer()]})

    recording = record(program)
    rules = recording.one(NSG, "gate-nsg").inputs["securityRules"]
    assert {
        rule["sourceApplicationSecurityGroups"][0]["id"]
        for rule in rules
        if "sourceApplicationSecurityGroups" in rule and rule["direction"] == "Inbound"
    } == {"id-of-server-swyxserver-asg"}


def test_machines_are_attached_when_they_are_named() -> None:
    def program() -> None:
        machines = {"box": {"addresses": ["10.1.0.10"]}}
        HostGroup(
            "acme",
            {**AWS, **DECIDED, "roles": ["SwyxServer", "PhoneManager"], "machines": machines},
        )

    recording = record(program, Cloud(interfaces={"10.1.0.10": "eni-1"}))
    assert [each.name for each in recording.of(ATTACHMENT)] == ["acme-eni-1"]
    assert recording.outputs["acme"]["interface_ids"] == {"box": ["eni-1"]}
    assert recording.outputs["acme"]["summary"]["proof"].endswith("0 missing, 0 excess")


@pytest.mark.parametrize("cloud", [AWS, AZURE])
@pytest.mark.parametrize("kind", [SwyxServer, SwyxGate, LinkManager, SwyxIt])
def test_open_egress_and_both_clouds_are_proven(
    kind: type[HostGroup], cloud: dict[str, Any]
) -> None:
    def program() -> Recording | None:
        kind(
            "acme",
            {
                **cloud,
                **DECIDED,
                "peers": [SERVER] if kind is not SwyxServer else [GATE],
                "egress": "open",
            },
        )

    summary = record(program).outputs["acme"]["summary"]
    assert summary["proof"].endswith("0 missing, 0 excess")
