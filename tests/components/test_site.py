"""`SwyxSite` under mocks: what it registers, under whom, after what, and what it hands out."""

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from swyx_components import SwyxGate, SwyxSite
from swyx_components.testing import nic_id
from tests.tools.components.estate import AWS, EXAMPLE, aachen, bochum, small
from tests.tools.components.recorder import Cloud, Recording, failure, record
from tests.tools.golden import compare

HERE = Path(__file__).parent
GROUP = "aws:ec2/securityGroup:SecurityGroup"
IN = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
OUT = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
ATTACHMENT = (
    "aws:ec2/networkInterfaceSecurityGroupAttachment:NetworkInterfaceSecurityGroupAttachment"
)
NSG = "azure-native:network:NetworkSecurityGroup"
NIC = "azure-native:network:NetworkInterface"
_KIND = "etworkInterfaceSecurityGroupAssociation"
ASSOCIATION = f"azure:network/n{_KIND}:N{_KIND}"


@pytest.fixture(scope="module")
def on_aws() -> Recording:
    return record(aachen, EXAMPLE)


@pytest.fixture(scope="module")
def on_azure() -> Recording:
    return record(bochum, EXAMPLE)


ACME = {"cloud": "azure", "network": {"resource_group": "acme", "virtual_network": "acme"}}


def acme_on_azure(installation: dict[str, Any], **subnets: list[str]) -> Recording:
    """The site with an interface made for each of its machines."""
    machines = {name: {"interface": {}} for name in installation["sites"]["acme"]["machines"]}
    args: Any = {"installation": installation, "site": "acme", "machines": machines, **ACME}
    return record(lambda: SwyxSite("acme", args), Cloud(subnets={"acme": subnets}))


def listing(recording: Recording) -> list[str]:
    """Every registration, whole, one a line."""
    return [
        json.dumps(
            [each.type, each.name, each.parent, each.inputs, sorted(each.after)], sort_keys=True
        )
        for each in sorted(recording.resources, key=lambda each: (each.type, each.name))
    ]


def test_every_registration_on_aws_is_as_reviewed(on_aws: Recording, refresh: bool) -> None:
    compare(HERE / "golden" / "aachen.jsonl", listing(on_aws), refresh)


def test_every_registration_on_azure_is_as_reviewed(on_azure: Recording, refresh: bool) -> None:
    compare(HERE / "golden" / "bochum.jsonl", listing(on_azure), refresh)


@pytest.mark.parametrize("program", [aachen, bochum])
def test_no_two_resources_of_a_type_have_the_same_name(program: Any) -> None:
    counted = Counter((each.type, each.name) for each in record(program, EXAMPLE).resources)
    assert [key for key, count in counted.items() if count > 1] == []


def test_a_group_of_one_role_is_that_roles_class_and_any_other_a_host_group(
    on_aws: Recording, on_azure: Recording
) -> None:
    def components(recording: Recording) -> list[tuple[str, str, str]]:
        return [row for row in recording.tree() if row[0].startswith("swyx:")]

    assert components(on_aws) == [
        ("swyx:index:HostGroup", "aachen.swyxgate-conferencemanager", "aachen"),
        ("swyx:index:HostGroup", "aachen.swyxserver-phonemanager-itspmanager", "aachen"),
        ("swyx:index:LinkManager", "aachen.linkmanager", "aachen"),
        ("swyx:index:SwyxFaxServer", "aachen.swyxfaxserver", "aachen"),
        ("swyx:index:SwyxSite", "aachen", ""),
    ]
    assert components(on_azure) == [
        ("swyx:index:HostGroup", "bochum.bo-gate", "bochum"),
        ("swyx:index:HostGroup", "bochum.bo-managers", "bochum"),
        ("swyx:index:SwyxFaxServer", "bochum.bo-fax", "bochum"),
        ("swyx:index:SwyxIt", "bochum.bo-terminal", "bochum"),
        ("swyx:index:SwyxServer", "bochum.bo-server", "bochum"),
        ("swyx:index:SwyxSite", "bochum", ""),
    ]


def test_a_role_class_by_hand_says_to_create_a_site() -> None:
    args = {"cloud": "aws", "network": {"vpc_id": "vpc-1"}, "peers": []}
    assert failure(lambda: SwyxGate("gate", args), EXAMPLE) == [
        "swyx_components:",
        "  gate: SwyxGate can't plan rules: they follow from a whole installation, which only a "
        "SwyxSite knows; create a SwyxSite, with the installation as a file or as plain data; it creates "
        "this component.",
    ]


@pytest.mark.parametrize("program", [aachen, bochum])
def test_outputs_are_registered_once_and_nothing_is_made_after_them(program: Any) -> None:
    recording = record(program, EXAMPLE)
    components = sorted(each.name for each in recording.resources if each.type.startswith("swyx:"))
    assert sorted(name for name in recording.output_calls if name) == components


def test_security_groups_exist_before_any_rule_and_rules_before_the_attachment(
    on_aws: Recording,
) -> None:
    for rule in [*on_aws.of(IN), *on_aws.of(OUT)]:
        groups = {name for name in rule.after if name.endswith("-sg")}
        assert f"{rule.parent}-sg" in groups
        assert groups == rule.after
    for attachment in on_aws.of(ATTACHMENT):
        own = {
            each.name
            for kind in (IN, OUT)
            for each in on_aws.of(kind)
            if each.parent == attachment.parent
        }
        assert own and own <= attachment.after


def test_a_security_group_has_no_inline_rules_and_a_constant_description(on_aws: Recording) -> None:
    for each in on_aws.of(GROUP):
        assert sorted(each.inputs) == ["description", "tags", "vpcId"]
        assert each.inputs["description"] == "SwyxWare host group, generated by swyx-components"


def test_a_rule_has_exactly_one_peer_and_both_ports(on_aws: Recording) -> None:
    for rule in [*on_aws.of(IN), *on_aws.of(OUT)]:
        peers = {"cidrIpv4", "cidrIpv6", "referencedSecurityGroupId"} & rule.inputs.keys()
        assert len(peers) == 1
        assert {"fromPort", "toPort", "ipProtocol"} <= rule.inputs.keys()
        assert {"swyx:flows", "swyx:site", "swyx:group"} <= rule.inputs["tags"].keys()


def test_machines_are_found_by_address_and_attached_by_interface(on_aws: Recording) -> None:
    found = sorted((e.name, e.inputs["networkInterfaceId"]) for e in on_aws.of(ATTACHMENT))
    assert found == [
        ("aachen.linkmanager-eni-11", "eni-11"),
        ("aachen.swyxfaxserver-eni-13", "eni-13"),
        ("aachen.swyxgate-conferencemanager-eni-12", "eni-12"),
        ("aachen.swyxserver-phonemanager-itspmanager-eni-10", "eni-10"),
    ]


def test_the_caller_gets_ids_by_group_and_machine_and_a_summary(on_aws: Recording) -> None:
    outputs = on_aws.outputs["aachen"]
    assert sorted(outputs) == [
        "group_ids",
        "interface_ids",
        "security_group_ids",
        "summary",
    ]
    assert outputs["group_ids"]["linkmanager"] == "id-of-aachen.linkmanager-sg"
    assert outputs["security_group_ids"]["ac-link"] == ["id-of-aachen.linkmanager-sg"]
    assert outputs["interface_ids"]["ac-link"] == ["eni-11"]
    summary = outputs["summary"]
    assert {key: summary[key] for key in ("cloud", "site", "groups", "machines")} == {
        "cloud": "aws",
        "site": "aachen",
        "groups": 4,
        "machines": 4,
    }
    assert summary["proof"].endswith("0 missing, 0 excess")
    assert summary["rules"] == len(on_aws.of(IN)) + len(on_aws.of(OUT))


def test_the_summary_tells_what_is_decided_and_what_was_acknowledged_to_be_public() -> None:
    rule: dict[str, Any] = {"direction": "in", "to": "server", "from": ["0.0.0.0/0"]}
    rule |= {"protocol": "tcp", "ports": [443], "reason": "portal", "acknowledge_public": True}
    installation = small("server 10.8.0.10 SwyxServer", extra_rules=[rule])
    installation["sites"]["acme"]["decisions"] = {
        "dcom": {"server": "40000-40199", "client": "41000-41199"},
        "dcom_transport": "both",
        "h245": "42000-42099",
    }
    args: Any = {"installation": installation, "site": "acme", **AWS, "attach": False}
    on_aws = record(lambda: SwyxSite("aws", args), EXAMPLE)
    assert on_aws.outputs["aws"]["summary"]["decisions"] == {
        "dcom": "{server: 40000-40199, client: 41000-41199}",
        "dcom_transport": "both",
        "h245": "42000-42099",
        "fax_transport": "udp",
        "cornet": "4060-4061",
    }
    assert on_aws.outputs["aws"]["summary"]["public"] == ["swyxserver/in-tcp-443-0.0.0.0_0"]
    on_azure = acme_on_azure(installation, desks=["10.8.0.0/24"])
    assert on_azure.outputs["acme"]["summary"]["public"] == ["server/in-tcp-443-ipv4"]
    assert on_azure.outputs["acme"]["summary"]["decisions"]["h245"] == "42000-42099"


def test_warnings_and_notes_appear_among_the_diagnostics(on_aws: Recording) -> None:
    summary = on_aws.outputs["aachen"]["summary"]
    for level, key in (("warning", "warnings"), ("info", "notes")):
        shown = [
            re.sub(r"\.yaml:\d+:\d+:", ".yaml:", text) for own, text in on_aws.log if own == level
        ]
        assert shown and sorted(shown) == sorted(summary[key])


def test_a_diagnostic_has_the_line_and_column_of_the_file(on_aws: Recording) -> None:
    assert any("installation.yaml:14:3: sites.aachen.egress" in text for _, text in on_aws.log)


def test_what_the_installation_says_of_other_sites_is_left_to_them() -> None:
    """An audio range of bochum's, from an odd port on, is noted at bochum alone."""
    installation = small("server 10.8.0.10 SwyxServer")
    bochum = {"machines": {"bo-server": {"addresses": ["10.9.0.10"], "roles": ["SwyxServer"]}}}
    bochum["ports"] = {"SwyxServer": {"media": "51001-51099"}}
    installation["sites"]["bochum"] = bochum
    said = {}
    for site in ("acme", "bochum"):
        args: Any = {"installation": installation, "site": site, **AWS, "attach": False}
        made = record(lambda args=args, site=site: SwyxSite(site, args), EXAMPLE)
        said[site] = [one for one in made.outputs[site]["summary"]["notes"] if "for RTP" in one]
    assert said == {
        "acme": [],
        "bochum": [
            "sites.bochum.ports.SwyxServer.media: SwyxServer has 51001-51099 for RTP, which takes ports in "
            "pairs of an even and the next odd one; begin the range at an even port and end it at an odd one."
        ],
    }


def test_a_network_security_group_owns_all_its_rules_and_ends_in_denies(
    on_azure: Recording,
) -> None:
    for group in on_azure.of(NSG):
        rules = group.inputs["securityRules"]
        last = {
            rule["direction"]: rule["access"]
            for rule in sorted(rules, key=lambda rule: rule["priority"])
        }
        assert last == {"Inbound": "Deny", "Outbound": "Deny"}
    assert on_azure.of("azure-native:network:SecurityRule") == []


def test_the_peers_of_an_allowing_rule_are_never_everything(on_azure: Recording) -> None:
    for group in on_azure.of(NSG):
        for rule in group.inputs["securityRules"]:
            if rule["access"] == "Allow":
                own, peer = "destination", "source"
                if rule["direction"] == "Outbound":
                    own, peer = peer, own
                assert rule[f"{own}AddressPrefix"] == "*"
                sides = [rule.get(f"{peer}AddressPrefix"), rule.get(f"{peer}AddressPrefixes")]
                (given,) = [side for side in sides if side is not None]
                texts = {given} if isinstance(given, str) else {*given}
                assert not {"*", "0.0.0.0/0", "::/0"} & texts


def test_groups_and_interfaces_belong_to_the_site_so_that_a_changed_role_keeps_them(
    on_azure: Recording,
) -> None:
    assert {each.parent for each in (*on_azure.of(NSG), *on_azure.of(ASSOCIATION))} == {"bochum"}
    gate = on_azure.one(ASSOCIATION, "bochum.bo-gate-association")
    assert gate.inputs == {
        "networkInterfaceId": nic_id("vm-gate"),
        "networkSecurityGroupId": "id-of-bochum.bo-gate-nsg",
    }


def test_machines_with_the_same_roles_have_a_group_each_that_names_the_others() -> None:
    installation = small(
        "server 10.8.0.10 SwyxServer",
        "pc1 10.8.0.11 SwyxIt",
        "pc2 10.8.0.12 SwyxIt",
    )
    recording = acme_on_azure(installation, servers=["10.8.0.0/24"])
    media = {
        each.name: [
            rule["sourceAddressPrefix"]
            for rule in each.inputs["securityRules"]
            if rule["name"] == "in-udp-50000-50099-from-50000-50099-ipv4"
        ]
        for each in recording.of(NSG)
    }
    assert media == {
        "acme.pc1-nsg": ["10.8.0.12/32"],
        "acme.pc2-nsg": ["10.8.0.11/32"],
        "acme.server-nsg": [],
    }


def test_addresses_in_two_subnets_are_two_interfaces_with_the_same_groups() -> None:
    installation = small("server 10.8.0.10,10.8.1.10,2001:db8:8::10 SwyxServer")
    recording = acme_on_azure(
        installation, one=["10.8.0.0/24", "2001:db8:8::/64"], two=["10.8.1.0/24"]
    )
    found = {
        each.name: [
            (row.get("privateIPAddress"), row["primary"], row["subnet"]["id"])
            for row in each.inputs["ipConfigurations"]
        ]
        for each in recording.of(NIC)
    }
    assert found == {
        "acme.server-nic": [
            ("10.8.0.10", True, "/subnets/one"),
            ("2001:db8:8::10", False, "/subnets/one"),
        ],
        "acme.server.two-nic": [("10.8.1.10", True, "/subnets/two")],
    }
    assert len({str(each.inputs["networkSecurityGroup"]) for each in recording.of(NIC)}) == 1


def test_a_machine_with_ipv6_alone_gets_a_dynamic_ipv4_address_and_a_warning() -> None:
    installation = small("server 2001:db8:8::10 SwyxServer")
    recording = acme_on_azure(installation, one=["10.8.0.0/24", "2001:db8:8::/64"])
    rows = recording.one(NIC, "acme.server-nic").inputs["ipConfigurations"]
    assert [
        (r["primary"], r["privateIPAllocationMethod"], r["privateIPAddressVersion"]) for r in rows
    ] == [
        (True, "Dynamic", "IPv4"),
        (False, "Static", "IPv6"),
    ]
    warnings = [text for level, text in recording.log if level == "warning"]
    assert any("machines.server: server has no IPv4 address" in text for text in warnings)


def test_a_dynamic_address_is_taken_when_the_fixed_ones_of_every_group_are() -> None:
    """Azure hands out the lowest free address, and that may be the server's."""
    installation = small(
        "conference 10.8.0.4,2001:db8:8::4 ConferenceManager",
        "gate1 2001:db8:8::5 SwyxGate",
        "gate2 10.8.0.5 SwyxGate",
        "server 10.8.0.6,2001:db8:8::6 SwyxServer",
    )
    recording = acme_on_azure(installation, one=["10.8.0.0/24", "2001:db8:8::/64"])
    nics = {each.name: each.after for each in recording.of(NIC)}
    fixed = {"acme.conference-nic", "acme.gate2-nic", "acme.server-nic"}
    assert nics.keys() == {*fixed, "acme.gate1-nic"}
    assert fixed <= nics["acme.gate1-nic"]
    assert all(nics[name].isdisjoint(nics) for name in fixed)
    assert all("acme.server-nsg" in after for after in nics.values())


def test_nothing_is_attached_where_the_caller_says_so() -> None:
    recording = record(lambda: aachen(attach=False), EXAMPLE)
    assert recording.of(ATTACHMENT) == []
    assert recording.outputs["aachen"]["interface_ids"]["ac-link"] == []
    assert recording.outputs["aachen"]["security_group_ids"]["ac-link"] == [
        "id-of-aachen.linkmanager-sg"
    ]
    assert record(lambda: bochum(attach=False), EXAMPLE).of(ASSOCIATION) == []


def test_one_machine_is_left_alone_where_the_caller_says_so() -> None:
    recording = record(lambda: aachen(machines={"ac-fax": {"attach": False}}), EXAMPLE)
    assert "aachen.swyxfaxserver-eni-13" not in {each.name for each in recording.of(ATTACHMENT)}
    assert len(recording.of(ATTACHMENT)) == 3


def test_the_callers_tags_are_on_everything_beside_our_own() -> None:
    tags = {"team": "voice"}
    for recording in (
        record(lambda: aachen(tags=tags), EXAMPLE),
        record(lambda: bochum(tags=tags), EXAMPLE),
    ):
        for each in recording.resources:
            if not each.type.startswith("swyx:") and each.type not in (ATTACHMENT, ASSOCIATION):
                assert each.inputs["tags"]["team"] == "voice", each.name
                assert "swyx:site" in each.inputs["tags"], each.name


def test_tags_never_exceed_what_a_resource_takes(on_aws: Recording, on_azure: Recording) -> None:
    for each in (*on_aws.resources, *on_azure.resources):
        tags = each.inputs.get("tags", {})
        assert len(tags) <= 50
        assert all(len(value) <= 256 for value in tags.values())


def test_machines_that_are_not_there_are_all_named_before_anything_is_made() -> None:
    cloud = Cloud(vpcs={"aachen": "vpc-1"}, interfaces={"10.1.0.10": "eni-10"})
    lines = failure(aachen, cloud)
    assert lines == [
        "swyx_components:",
        *(
            f"  machines.{name}: no network interface in vpc-1 has the address {address} of {name}; "
            "start the machine with this address, correct the address, or write "
            f"machines.{name}.interface_ids (attach: false leaves the machine alone)."
            for name, address in (
                ("ac-fax", "10.1.0.13"),
                ("ac-gate", "10.1.0.12"),
                ("ac-link", "10.1.0.11"),
            )
        ),
    ]


def test_a_vpc_that_is_not_there_is_named() -> None:
    lines = failure(aachen, Cloud())
    assert lines == [
        "swyx_components:",
        "  network.vpc_tags: AWS has no VPC with the tags Name=aachen; correct the tags or the region, "
        "or write network.vpc_id.",
    ]


def test_addresses_outside_every_subnet_are_all_named() -> None:
    machines = {name: {"interface": {}} for name in ("bo-terminal", "bo-fax")}
    cloud = replace(EXAMPLE, subnets={"bochum": {"servers": ["10.2.0.0/24"]}})
    lines = failure(lambda: bochum(machines=machines), cloud)
    assert lines == [
        "swyx_components:",
        "  machines.bo-terminal: no subnet of bochum contains the address 10.2.1.10 of bo-terminal; "
        "its subnets are 10.2.0.0/24; correct the address, add the subnet, or write "
        "machines.bo-terminal.subnet_id.",
    ]


def test_a_virtual_network_that_is_not_there_is_named() -> None:
    lines = failure(bochum, Cloud())
    assert len(lines) == 2
    assert lines[1].startswith(
        "  network.virtual_network: Azure has no virtual network in resource group bochum called bochum ("
    )


def test_a_site_that_the_installation_does_not_have_is_named() -> None:
    full = {"installation": "stacks/installation.yaml", "site": "essen", **AWS}
    lines = failure(lambda: SwyxSite("essen", full), EXAMPLE)
    assert lines[1:] == ["  site: unknown site essen; the installation has aachen, bochum."]


def test_an_installation_with_errors_makes_nothing() -> None:
    full = {"installation": small("server 10.8.0.10 SwyxServre"), "site": "acme", **AWS}
    lines = failure(lambda: SwyxSite("acme", full), EXAMPLE)
    assert "SwyxServre" in lines[1]


def test_a_quota_that_is_exceeded_makes_nothing() -> None:
    installation = {
        **small("server 10.8.0.10 SwyxServer"),
        "quotas": {"aws": {"rules_per_group": 2, "groups_per_interface": 1}},
    }
    installation["sites"]["acme"]["networks"] = {
        "office": {"cidrs": ["10.9.0.0/24"], "roles": ["SwyxIt"]}
    }
    full = {"installation": installation, "site": "acme", **AWS}
    lines = failure(lambda: SwyxSite("acme", full), EXAMPLE)
    assert any("rules_per_group" in line for line in lines)


def test_what_would_not_fit_beside_what_is_deployed_is_refused_before_anything_is_made() -> None:
    """60 rules that the stack has and the plan has no more are in the way of the first new one."""
    tags = {"swyx:site": "aachen", "swyx:group": "linkmanager", "swyx:stack": "swyx/test"}
    old = [{**tags, "swyx:rule": f"0 in4 tcp {n} 10.9.0.0/24"} for n in range(1, 61)]
    (said,) = failure(aachen, replace(EXAMPLE, rules=old))[1:]
    assert "sites.aachen.groups.linkmanager: 72 inbound IPv4 rules where AWS allows 60" in said
    assert "during this update (now 60; it creates 12, then deletes 60)" in said


def test_rules_of_another_stack_are_in_nobodys_way() -> None:
    tags = {"swyx:site": "aachen", "swyx:group": "linkmanager", "swyx:stack": "swyx/other"}
    old = [{**tags, "swyx:rule": f"0 in4 tcp {n} 10.9.0.0/24"} for n in range(1, 61)]
    assert record(aachen, replace(EXAMPLE, rules=old)).of(GROUP)


def test_an_interface_that_would_be_in_too_many_groups_for_a_time_is_refused() -> None:
    """Its machine leaves a group that was spread over five: the new one comes before they go."""
    tags = {"swyx:site": "aachen", "swyx:group": "another", "swyx:stack": "swyx/test"}
    groups = {f"sg-{n}": {**tags, **({"swyx:shard": str(n)} if n else {})} for n in range(5)}
    cloud = replace(EXAMPLE, groups=groups, members={"eni-11": list(groups)})
    assert failure(aachen, cloud)[1:] == [
        "  sites.aachen.machines.ac-link: eni-11 would be in 6 security groups where AWS allows 5 "
        "(groups_per_interface) during this update (now 5; it joins 1, then leaves 5); request a higher "
        "quota and set quotas.aws.groups_per_interface, or first remove it from groups that it does not "
        "need."
    ]
    assert record(aachen, replace(cloud, members={"eni-11": [*groups][:4]})).of(GROUP)


def test_an_interface_that_others_have_put_in_all_groups_it_may_have_is_refused() -> None:
    """The update would make every group and rule and then fail at the attachment."""
    others = [f"sg-other{n}" for n in range(5)]
    assert failure(aachen, replace(EXAMPLE, members={"eni-11": others}))[1:] == [
        "  sites.aachen.machines.ac-link: eni-11 would be in 6 security groups where AWS allows 5 "
        "(groups_per_interface): 1 of this plan and 5 of others; remove it from groups that it does not "
        "need, or request a higher quota and set quotas.aws.groups_per_interface."
    ]
    assert record(aachen, replace(EXAMPLE, members={"eni-11": others[:4]})).of(GROUP)


def with_desktops(**machines: dict[str, Any]) -> dict[str, Any]:
    """A server, a managed network of desktops, and whatever machines are added."""
    desktops = {"cidrs": ["10.8.40.0/24"], "roles": ["SwyxIt"], "managed": True}
    installation = small("server 10.8.0.10 SwyxServer", networks={"desktops": desktops})
    installation["sites"]["acme"]["machines"] |= machines
    return installation


def test_a_managed_network_has_a_group_that_is_handed_out_and_attached_to_nothing() -> None:
    aws: Any = {"installation": with_desktops(), "site": "acme", "cloud": "aws"}
    aws |= {"network": {"vpc_id": "vpc-1"}, "machines": {"server": {"interface_id": "eni-1"}}}
    made = record(lambda: SwyxSite("acme", aws), Cloud(interfaces={"10.8.0.10": "eni-1"}))
    assert {each.name for each in made.resources if each.type == GROUP} == {
        "acme.swyxserver-sg",
        "acme.desktops-sg",
    }
    assert [each.name for each in made.resources if each.type == ATTACHMENT] == [
        "acme.swyxserver-eni-1"
    ]


def test_a_managed_network_has_an_nsg_on_azure() -> None:
    made = acme_on_azure(with_desktops(), servers=["10.8.0.0/24"])
    nsgs = {each.name: each.inputs for each in made.resources if each.type == NSG}
    assert {*nsgs} == {"acme.server-nsg", "acme.desktops-nsg"}
    assert nsgs["acme.desktops-nsg"]["networkSecurityGroupName"] == "acme.desktops-nsg"
    assert [each.name for each in made.resources if each.type == NIC] == ["acme.server-nic"]


def test_a_machine_outside_the_cloud_has_no_group_and_can_not_be_bound() -> None:
    gate = {"addresses": ["192.168.7.12"], "roles": ["SwyxGate"], "outside": True}
    args: Any = {"installation": with_desktops(gate=gate), "site": "acme", **ACME}
    bound = {**args, "machines": {"gate": {"interface": {}}}}
    said = failure(lambda: SwyxSite("acme", bound), Cloud(subnets={"acme": {}}))
    assert (
        "  machines.gate: gate is outside the cloud (`outside: true` at sites.acme.machines.gate), "
        "so nothing "
        "can be attached to it; remove it here, or remove `outside` there." in said
    )
    written = record(
        lambda: SwyxSite("acme", {**args, "machines": {"server": {"interface": {}}}}),
        Cloud(subnets={"acme": {"servers": ["10.8.0.0/24"]}}),
    )
    assert not [each.name for each in written.resources if "gate" in each.name]
