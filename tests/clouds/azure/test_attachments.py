"""What is registered for a machine's interfaces, under which names, before and after what."""

import sys
from collections.abc import Mapping
from typing import Any
from unittest.mock import patch

import pulumi
import pytest

from swyx_components.clouds.azure import Azure, resources
from swyx_components.clouds.azure.lookups import AzureSite, NewInterface, configure
from swyx_components.clouds.deployment import Deployment
from swyx_components.messages import SwyxError
from swyx_components.planner.render import render_site
from swyx_components.sets.prefixes import Prefix
from tests.tools.components.recorder import Recording, record
from tests.tools.golden import planned

_NAME = "etworkInterfaceSecurityGroupAssociation"
ASSOCIATION = f"azure:network/n{_NAME}:N{_NAME}"
NIC = "azure-native:network:NetworkInterface"
EXAMPLE = "stacks/installation.yaml"
GROUPS = {"server": "/nsg/server", "gate": "/nsg/gate"}


def attach(**site: Any) -> Recording:
    wanted = Deployment("acme", {"resource_group": "rg"}, (), {}, {"owner": "it"})
    found = AzureSite(location="westeurope", **site)

    def program() -> None:
        owner = pulumi.ComponentResource("test:index:Site", "stack")
        with patch.object(resources, "look_up", return_value=found):
            writer = resources.Writer(
                wanted, render_site(*planned(EXAMPLE, "bochum"), Azure()), owner
            )
        writer.attach(GROUPS, pulumi.ResourceOptions())

    return record(program)


def new(
    machine: str, *addresses: str, suffix: str = "", configurations: Any = (), **properties: Any
) -> NewInterface:
    prefixes = tuple(map(Prefix.parse, addresses))
    made = [*configure(f"/subnets/{suffix}", prefixes, iter(configurations))]
    return NewInterface(
        machine=machine,
        suffix=suffix,
        is_fixed=any(prefix.version == 4 for prefix in prefixes),
        properties={**properties, "ip_configurations": made},
    )


def one(interface: NewInterface) -> Mapping[str, Any]:
    return attach(new=(interface,)).one(NIC, "stack.server-nic").inputs


def test_an_association_is_named_after_the_machine_and_a_further_one_after_its_place() -> None:
    made = attach(existing={"server": ("/nic/1", "/nic/2"), "gate": ("/nic/3",)})
    assert {
        each.name: (each.inputs["networkInterfaceId"], each.inputs["networkSecurityGroupId"])
        for each in made.of(ASSOCIATION)
    } == {
        "stack.server-association": ("/nic/1", "/nsg/server"),
        "stack.server.2-association": ("/nic/2", "/nsg/server"),
        "stack.gate-association": ("/nic/3", "/nsg/gate"),
    }
    assert made.of(NIC) == []


def test_without_pulumi_azure_an_interface_that_exists_is_refused_with_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pulumi_azure.network", None)
    with pytest.raises(SwyxError, match=r"pip install 'swyx-components\[azure-attach\]'"):
        attach(existing={"server": ("/nic/1",)})
    assert attach(new=(new("server", "10.8.0.10"),)).of(NIC)


def test_pulumi_azure_is_loaded_only_for_an_interface_that_exists(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "pulumi_azure.network", raising=False)
    attach(new=(new("server", "10.8.0.10"),))
    assert "pulumi_azure.network" not in sys.modules


def test_a_made_interface_has_its_group_and_configurations_by_place() -> None:
    inputs = one(new("server", "10.8.0.10", "10.8.0.20", "fd00::10"))
    assert inputs["networkSecurityGroup"] == {"id": "/nsg/server"}
    assert inputs["networkInterfaceName"] == "acme.server-nic"
    assert inputs["resourceGroupName"] == "rg"
    assert [
        (each["name"], each["primary"], each["privateIPAddress"], each["privateIPAddressVersion"])
        for each in inputs["ipConfigurations"]
    ] == [
        ("primary", True, "10.8.0.10", "IPv4"),
        ("secondary-1", False, "10.8.0.20", "IPv4"),
        ("secondary-2", False, "fd00::10", "IPv6"),
    ]
    assert {each["privateIPAllocationMethod"] for each in inputs["ipConfigurations"]} == {"Static"}


def test_an_interface_in_a_second_subnet_is_named_after_it() -> None:
    interfaces = new("server", "10.8.0.10"), new("server", "10.8.1.10", suffix="back")
    made = attach(new=interfaces)
    assert [(each.name, each.inputs["networkInterfaceName"]) for each in made.of(NIC)] == [
        ("stack.server-nic", "acme.server-nic"),
        ("stack.server.back-nic", "acme.server.back-nic"),
    ]


def test_every_argument_of_the_provider_is_handed_through() -> None:
    inputs = one(
        new(
            "server",
            "10.8.0.10",
            "10.8.0.20",
            enable_accelerated_networking=True,
            dns_settings={"dns_servers": ["10.8.0.4"]},
            tags={"Cost": "9", "swyx:site": "mine"},
            configurations=(
                {"public_ip_address": {"id": "/ip"}},
                {"load_balancer_backend_address_pools": [{"id": "/pool"}]},
            ),
        )
    )
    assert inputs["enableAcceleratedNetworking"] is True
    assert inputs["dnsSettings"] == {"dnsServers": ["10.8.0.4"]}
    assert inputs["tags"] == {
        "owner": "it",
        "Cost": "9",
        "swyx:site": "acme",
        "swyx:machine": "server",
    }
    first, second = inputs["ipConfigurations"]
    assert (first["publicIPAddress"], first["privateIPAddress"]) == ({"id": "/ip"}, "10.8.0.10")
    assert second["loadBalancerBackendAddressPools"] == [{"id": "/pool"}]


def test_an_interface_of_ipv6_alone_has_a_dynamic_ipv4_address_and_is_made_last() -> None:
    """Azure gives the lowest that is free, which may be one that another machine is to have."""
    made = attach(new=(new("gate", "fd00::11"), new("server", "10.8.0.10")))
    gate = made.one(NIC, "stack.gate-nic")
    first, second = gate.inputs["ipConfigurations"]
    assert (first["name"], first["privateIPAllocationMethod"]) == ("primary", "Dynamic")
    assert "privateIPAddress" not in first
    assert (second["name"], second["privateIPAddress"]) == ("secondary-1", "fd00::11")
    assert gate.after == {"stack.server-nic"}
