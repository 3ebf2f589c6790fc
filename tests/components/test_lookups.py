"""What a component asks its cloud, how often, and of which provider."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws
import pulumi_azure_native
import pytest

from swyx_components import SwyxSite
from swyx_components.testing import nic_id
from tests.tools.components.estate import AWS, AZURE, EXAMPLE, INSTALLATION, aachen, bochum, small
from tests.tools.components.recorder import Cloud, record

NETWORK = "azure-native:network:getVirtualNetwork"
INTERFACE = "azure-native:network:getNetworkInterface"
VPCS = "aws:ec2/getVpcs:getVpcs"
ATTACHMENT = (
    "aws:ec2/networkInterfaceSecurityGroupAttachment:NetworkInterfaceSecurityGroupAttachment"
)
WAYS = ("provider", "providers", "parent")
ACME = Cloud(
    subnets={"acme": {"a": ["10.8.0.0/24"]}}, nics={"one": ["10.8.0.10"], "two": ["10.8.0.11"]}
)
MACHINES = small("one 10.8.0.10 SwyxServer", "two 10.8.0.11 SwyxGate")


def acme(network: dict[str, Any] | None = None, **more: Any) -> SwyxSite:
    own = {"resource_group": "acme", "virtual_network": "acme", **(network or {})}
    args: Any = {"installation": MACHINES, "site": "acme", "cloud": "azure", "network": own, **more}
    return SwyxSite("acme", args)


def at(*machines: str) -> dict[str, Any]:
    return {name: {"subnet_id": f"/subnets/{name}"} for name in machines}


def test_the_network_is_looked_up_once_and_each_interface_too() -> None:
    made = record(bochum, EXAMPLE)
    assert made.calls == [NETWORK, *[INTERFACE] * 5]
    assert set(made.asked) == {""}
    assert record(aachen, EXAMPLE).calls.count(VPCS) == 1


def test_no_lookup_where_every_subnet_and_the_location_are_given() -> None:
    made = record(lambda: acme({"location": "westeurope"}, machines=at("one", "two")), ACME)
    assert made.calls == []
    assert len(made.of("azure-native:network:NetworkInterface")) == 2


@pytest.mark.parametrize(
    ("network", "machines", "interfaces"),
    [
        ({}, at("one", "two"), 0),  # the location is that of the network
        ({"location": "westeurope"}, at("one"), 1),  # the other machine is found by its address
        ({"location": "westeurope"}, {"one": {"interface": {}}}, 1),
        ({"location": "westeurope"}, {}, 2),
    ],
)
def test_the_network_is_looked_up_where_anything_of_it_is_needed(
    network: dict[str, Any], machines: dict[str, Any], interfaces: int
) -> None:
    made = record(lambda: acme(network, machines=machines), ACME)
    assert made.calls == [NETWORK, *[INTERFACE] * interfaces]
    assert len(made.of("azure-native:network:NetworkInterface")) == 2 - interfaces


def test_of_interfaces_by_id_in_a_known_place_only_these_are_looked_up() -> None:
    machines = {
        "one": {"interface_id": nic_id("one")},
        "two": {"interface_ids": [pulumi.Output.from_input(nic_id("two"))]},
    }
    made = record(lambda: acme({"location": "westeurope"}, machines=machines), ACME)
    assert made.calls == [INTERFACE, INTERFACE]


def test_an_id_in_another_case_reaches_pulumi_azure_as_it_takes_it() -> None:
    lower = (
        nic_id("one").replace("resourceGroups", "resourcegroups").replace("Network/", "network/")
    )
    machines = {"one": {"interface_id": lower}, "two": {"attach": False}}
    made = record(lambda: acme({"location": "westeurope"}, machines=machines), ACME)
    (association,) = made.of(
        "azure:network/networkInterfaceSecurityGroupAssociation:"
        "NetworkInterfaceSecurityGroupAssociation"
    )
    assert association.inputs["networkInterfaceId"] == nic_id("one")


def test_an_output_with_a_group_of_somebody_else_ends_the_program_with_a_sentence() -> None:
    machines = {"one": {"interface_id": pulumi.Output.from_input(nic_id("one"))}}
    taken = replace(ACME, nsgs={"one": "/resourceGroups/vms/networkSecurityGroups/theirs"})
    with pytest.raises(pulumi.RunError, match="one already has the network security group theirs"):
        record(lambda: acme(machines=machines), taken)


def with_provider(own: pulumi.ProviderResource, how: str) -> pulumi.ResourceOptions:
    """Options of a component that give it the program's own provider, in one of three ways."""
    above = pulumi.ResourceOptions(providers=[own])
    if how == "parent":
        parent = pulumi.ComponentResource("test:index:Above", "above", {}, above)
        return pulumi.ResourceOptions(parent=parent)
    return above if how == "providers" else pulumi.ResourceOptions(provider=own)


@pytest.mark.parametrize("how", WAYS)
def test_a_provider_of_the_program_is_the_one_that_is_asked(how: str) -> None:
    def program() -> None:
        own = pulumi_azure_native.Provider("own", subscription_id="s")
        args: Any = {"installation": INSTALLATION, "site": "bochum", **AZURE}
        SwyxSite("bochum", args, with_provider(own, how))

    made = record(program, EXAMPLE)
    assert made.calls == [NETWORK, *[INTERFACE] * 5]
    assert set(made.asked) == {"own"}


@pytest.mark.parametrize("how", WAYS)
def test_an_instance_made_by_the_program_is_found_by_its_own_provider(how: str) -> None:
    """What is asked about an id that is known only later goes to another account otherwise."""

    def program() -> None:
        own = pulumi_aws.Provider("own", region="eu-central-1")
        bound = {"ac-link": {"instance_id": pulumi.Output.from_input("i-7")}}
        args: Any = {"installation": INSTALLATION, "site": "aachen", "machines": bound, **AWS}
        SwyxSite("aachen", args, with_provider(own, how))

    cloud = replace(EXAMPLE, interfaces={**EXAMPLE.interfaces, "i-7": "eni-of-instance"})
    made = record(program, cloud)
    attached = made.one(ATTACHMENT, "aachen.linkmanager-eni-of-instance")
    assert attached.inputs["networkInterfaceId"] == "eni-of-instance"
    assert set(made.asked) == {"own"}


def test_a_wrong_file_is_what_the_person_reads_whatever_the_lookup_says(tmp_path: Path) -> None:
    missing: Any = {"installation": str(tmp_path / "none.yaml"), "site": "bochum", **AZURE}
    with pytest.raises(pulumi.RunError, match=r"none\.yaml"):
        record(lambda: SwyxSite("bochum", missing), Cloud())
