"""Which interfaces of EC2 a machine's groups are attached to, and what the attachments are called."""

from dataclasses import replace
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from swyx_components import SwyxSite
from tests.tools.components.estate import EXAMPLE, aachen, bochum, small
from tests.tools.components.recorder import Cloud, Recording, failure, record

ATTACHMENT = (
    "aws:ec2/networkInterfaceSecurityGroupAttachment:NetworkInterfaceSecurityGroupAttachment"
)
NSG = "azure-native:network:NetworkSecurityGroup"
ASSOCIATION = (
    "azure:network/networkInterfaceSecurityGroupAssociation:"
    "NetworkInterfaceSecurityGroupAssociation"
)
GROUP = "aws:ec2/securityGroup:SecurityGroup"
RULES = (
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
)
LINK = "10.1.0.11"  # ac-link's address, of eni-11
CLOUD = replace(
    EXAMPLE,
    interfaces={
        **EXAMPLE.interfaces,
        "i-link": "eni-50 eni-11",  # its second interface has the machine's address
        "i-other": "eni-50 eni-51",
        "10.1.9.50": "eni-50",
        "10.1.9.51": "eni-51",
    },
)


def bound(**link: Any) -> Any:
    return lambda: aachen(machines={"ac-link": link})


def of_link(recording: Recording) -> list[tuple[str, str]]:
    return sorted(
        (each.name, each.inputs["networkInterfaceId"])
        for each in recording.of(ATTACHMENT)
        if each.parent == "aachen.linkmanager"
    )


@pytest.mark.parametrize(
    "link",
    [
        {},
        {"interface_id": "eni-11"},
        {"interface_ids": ["eni-11"]},
        {"interface_ids": ["eni-11", "eni-11"]},
        {"interface_id": "eni-11", "interface_ids": ["eni-11"]},
        {"interface_id": pulumi.Output.from_input("eni-11")},
        {"interface_ids": [pulumi.Output.from_input("eni-11"), "eni-11"]},
        {"instance_id": "i-link"},
        {"instance_id": pulumi.Output.from_input("i-link")},
    ],
    ids=[
        *("nothing", "an interface", "a list", "a list with one twice", "an interface and a list"),
        *("an output", "a list with an output", "an instance", "an instance as an output"),
    ],
)
def test_an_attachment_is_called_the_same_however_its_interface_is_given(
    link: dict[str, Any],
) -> None:
    """One that only changed its name would be made again while the old one is there, and be refused."""
    made = record(bound(**link), CLOUD)
    assert of_link(made) == [("aachen.linkmanager-eni-11", "eni-11")]
    assert made.outputs["aachen"]["interface_ids"]["ac-link"] == ["eni-11"]


def test_several_interfaces_of_a_machine_are_attached_in_any_order_by_the_same_names() -> None:
    both = [("aachen.linkmanager-eni-11", "eni-11"), ("aachen.linkmanager-eni-50", "eni-50")]
    for ids in (["eni-50", "eni-11"], ["eni-11", pulumi.Output.from_input("eni-50")]):
        assert of_link(record(bound(interface_ids=ids), CLOUD)) == both


def test_two_machines_on_one_interface_are_one_attachment() -> None:
    cloud = replace(EXAMPLE, interfaces={"10.8.0.10": "eni-1", "10.8.0.11": "eni-1 eni-2"})
    installation = small(
        "a 10.8.0.10 SwyxGate", "b 10.8.0.11 SwyxGate", "server 10.8.0.12 SwyxServer"
    )
    args: Any = {
        "installation": installation,
        "site": "acme",
        "cloud": "aws",
        "network": {"vpc_id": "vpc-1"},
        "machines": {"server": {"attach": False}},
    }
    made = record(lambda: SwyxSite("acme", args), cloud)
    names = sorted(each.name for each in made.of(ATTACHMENT))
    assert names == ["acme.swyxgate-eni-1", "acme.swyxgate-eni-2"]


def test_a_preview_of_an_interface_that_is_still_to_be_made_names_its_machine() -> None:
    def program() -> None:
        new = aws.ec2.NetworkInterface("new", subnet_id="subnet-1")
        aachen(machines={"ac-link": {"interface_ids": [new.id, "eni-50"]}})

    made = record(program, CLOUD, preview=True)
    names = {each.name for each in made.of(ATTACHMENT) if "linkmanager" in each.name}
    assert names == {"aachen.linkmanager-ac-link", "aachen.linkmanager-eni-50"}


# ---- instances


def test_an_instance_made_by_the_program_without_the_address_has_its_primary_interface() -> None:
    made = record(bound(instance_id=pulumi.Output.from_input("i-other")), CLOUD)
    assert of_link(made) == [("aachen.linkmanager-eni-50", "eni-50")]


def test_an_instance_without_the_machines_address_is_refused() -> None:
    assert failure(bound(instance_id="i-other"), CLOUD) == [
        "swyx_components:",
        "  machines.ac-link.instance_id: no network interface of i-other has an address of ac-link "
        "(10.1.0.11); they have 10.1.9.50, 10.1.9.51; correct the address or the instance's id, or write "
        "machines.ac-link.interface_ids.",
    ]


def test_an_instance_and_an_interface_that_are_not_there_are_refused_together() -> None:
    machines = {"ac-link": {"instance_id": "i-0"}, "ac-fax": {"interface_id": "eni-0"}}
    fax, link = failure(lambda: aachen(machines=machines), CLOUD)[1:]
    assert fax.startswith("  machines.ac-fax.interface_id: AWS has no network interface eni-0 (")
    assert link == (
        "  machines.ac-link.instance_id: AWS has no instance with network interfaces i-0; correct the id "
        "or the region."
    )


def test_an_instance_beside_an_interface_is_refused() -> None:
    machines = {"ac-link": {"instance_id": "i-7", "interface_ids": ["eni-11"]}}
    assert failure(lambda: aachen(machines=machines), CLOUD)[1:] == [
        "  machines.ac-link: ac-link is bound by instance_id, interface_ids, and only one binding is "
        "allowed; keep "
        "one of these keys."
    ]


# ---- what EC2 leaves no interface without


def warnings(*groups: str) -> list[str]:
    """What a program says whose ac-link has an interface in these groups."""
    ours = {"swyx:site": "aachen", "swyx:stack": "swyx/test"}
    cloud = replace(EXAMPLE, groups={"sg-ours": ours}, members={"eni-11": [*groups]})
    return [
        text for level, text in record(bound(), cloud).log if level == "warning" and "eni-" in text
    ]


def test_an_interface_that_is_in_groups_of_the_stack_alone_is_named() -> None:
    """Taking it out of its last one is refused, so a destroy would end half done."""
    (said,) = warnings("sg-ours")
    assert said.startswith(
        "sites.aachen.machines.ac-link: eni-11 of ac-link is in no other security groups than those of "
        "this stack, and EC2 requires at least one: `pulumi destroy`, or an update that removes the "
        "machine, would fail (InvalidParameterCombination); add another group to the interface, for "
        "example the default group of its VPC"
    )


@pytest.mark.parametrize("groups", [("sg-1",), ("sg-ours", "sg-1")], ids=["before", "after"])
def test_an_interface_with_a_group_of_its_own_is_not(groups: tuple[str, ...]) -> None:
    assert warnings(*groups) == []


# ---- a VPC that is an output


ACME = small("server 10.8.0.10 SwyxServer", "gate 10.8.0.11 SwyxGate")
FOUND = Cloud(interfaces={"10.8.0.10": "eni-1", "10.8.0.11": "eni-2"})


def in_own_vpc(**machines: Any) -> Any:
    def program() -> None:
        vpc = aws.ec2.Vpc("acme", cidr_block="10.8.0.0/24")
        args: Any = {
            "installation": ACME,
            "site": "acme",
            "cloud": "aws",
            "network": {"vpc_id": vpc.id},
            "machines": machines,
        }
        SwyxSite("acme", args)

    return program


def test_lookups_wait_for_the_vpc_where_its_id_is_an_output() -> None:
    made = record(in_own_vpc(), FOUND)
    assert {each.inputs["vpcId"] for each in made.of(GROUP)} == {"id-of-acme"}
    names = sorted(each.name for each in made.of(ATTACHMENT))
    assert names == ["acme.swyxgate-eni-2", "acme.swyxserver-eni-1"]


def test_a_preview_that_can_not_know_the_vpc_asks_for_ids() -> None:
    """Nothing is in a VPC that is still to be made, so a lookup would only fail half-way."""
    given = {"server": {"interface_id": "eni-1"}}
    assert failure(in_own_vpc(**given), FOUND, preview=True)[1:] == [
        "  machines.gate: gate can't be looked up: the same program creates its network; set "
        "machines.gate.interface_id or instance_id, or attach: false."
    ]
    made = record(in_own_vpc(**given, gate={"attach": False}), FOUND, preview=True)
    assert [each.name for each in made.of(ATTACHMENT)] == ["acme.swyxserver-eni-1"]


# ---- names and protection


def test_two_sites_of_one_program_never_call_two_things_alike() -> None:
    """With a hyphen `aachen` with a SwyxServer's LinkManager and `aachen-swyxserver` would."""
    one = small("a 10.8.0.10 SwyxServer LinkManager PhoneManager")
    other = small("b 10.9.0.11 LinkManager PhoneManager", "c 10.9.0.12 SwyxServer")

    def program() -> None:
        common = {"site": "acme", "cloud": "aws", "network": {"vpc_id": "v"}, "attach": False}
        SwyxSite("aachen", {**common, "installation": one})  # type: ignore[typeddict-item]
        SwyxSite("aachen-swyxserver", {**common, "installation": other})  # type: ignore[typeddict-item]

    made = record(program, Cloud())
    names = [(each.type, each.name) for each in made.resources]
    assert len(names) == len({*names})


def guarded(program: Any) -> Any:
    """The program's site, given `protect` by a parent that has it."""

    def whole() -> None:
        options = pulumi.ResourceOptions(protect=True)
        pulumi.runtime.register_stack_transformation(
            lambda each: (
                pulumi.ResourceTransformationResult(
                    each.props, pulumi.ResourceOptions.merge(each.opts, options)
                )
                if each.type_ == "swyx:index:SwyxSite"
                else None
            )
        )
        program()

    return whole


def test_protection_is_for_groups_and_attachments_and_never_for_rules() -> None:
    made = record(guarded(aachen), CLOUD)
    assert {each.protect for each in (*made.of(GROUP), *made.of(ATTACHMENT))} == {True}
    assert {each.protect for kind in RULES for each in made.of(kind)} == {False}


def test_protection_is_for_network_security_groups_and_their_associations() -> None:
    made = record(guarded(bochum), EXAMPLE)
    assert len(made.of(ASSOCIATION)) == len(made.of(NSG)) == 5
    assert {each.protect for each in (*made.of(NSG), *made.of(ASSOCIATION))} == {True}
