"""A site's network and machines: every machine's addresses in one subnet, where Azure lets them be used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.azure.client import ArmClient, find_subscription
from sandbox.azure.estate import EstateError, seed_site
from sandbox.azure.server import AzureServer, serve_in_thread

SITE = "essen"


@pytest.fixture
def server() -> Iterator[AzureServer]:
    with serve_in_thread() as running:
        yield running


def group_id() -> str:
    return f"/subscriptions/{find_subscription()}/resourceGroups/{SITE}"


def read_subnets(server: AzureServer) -> dict[str, list[str]]:
    found = ArmClient(server.endpoint).get(
        f"{group_id()}/providers/Microsoft.Network/virtualNetworks/{SITE}"
    )
    assert found is not None
    return {
        each["name"]: each["properties"]["addressPrefixes"]
        for each in found["properties"]["subnets"]
    }


def read_interfaces(server: AzureServer) -> dict[str, dict[str, Any]]:
    """The interfaces of the site, by name."""
    found = ArmClient(server.endpoint).get(
        f"{group_id()}/providers/Microsoft.Network/networkInterfaces"
    )
    assert found is not None
    return {each["name"]: each["properties"] for each in found["value"]}


def addresses_of(interface: dict[str, Any]) -> list[str]:
    """Its addresses, `any` for one that Azure has chosen."""
    given = [each["properties"] for each in interface["ipConfigurations"]]
    return [
        each["privateIPAddress"] if each["privateIPAllocationMethod"] == "Static" else "any"
        for each in given
    ]


CASES: dict[str, tuple[dict[str, list[str]], list[str]]] = {
    "neighbours share a prefix": ({"a": ["10.1.0.10"], "b": ["10.1.0.11"]}, ["10.1.0.0/24"]),
    "scattered machines have prefixes of their own": (
        {"a": ["10.1.0.10"], "b": ["10.1.9.10"], "c": ["192.168.0.10"]},
        ["10.1.0.0/24", "10.1.9.0/24", "192.168.0.0/24"],
    ),
    "a machine has addresses of both families": (
        {"a": ["10.1.0.10", "fd00::10"]},
        ["10.1.0.0/24", "fd00::/64"],
    ),
    "a site without IPv4 machines gets an IPv4 prefix": (
        {"a": ["fd00::10"]},
        ["100.127.0.0/24", "fd00::/64"],
    ),
    "the first addresses of a block are usable in a wider one": (
        {"a": ["10.1.1.1"], "b": ["10.1.1.255"]},
        ["10.1.0.0/22"],
    ),
    "the first address of a second octet is usable": ({"a": ["10.2.0.1"]}, ["10.0.0.0/14"]),
    "a site without machines has a network all the same": ({}, ["100.127.0.0/24"]),
}


@pytest.mark.parametrize(("machines", "prefixes"), CASES.values(), ids=CASES)
def test_every_machine_has_its_interface(
    server: AzureServer, machines: dict[str, list[str]], prefixes: list[str]
) -> None:
    seed_site(SITE, machines, server.endpoint)
    assert read_subnets(server) == {"machines": prefixes}
    found = read_interfaces(server)
    assert set(found) == {f"vm-{name}-nic" for name in machines}
    for name, addresses in machines.items():
        interface = found[f"vm-{name}-nic"]
        assert set(addresses_of(interface)) - {"any"} == set(addresses)
        assert interface["virtualMachine"]["id"].endswith(f"/virtualMachines/vm-{name}")
        assert "networkSecurityGroup" not in interface


def test_seeding_twice_changes_nothing(server: AzureServer) -> None:
    machines = {"a": ["10.1.0.10", "fd00::10"], "b": ["10.9.0.10"]}
    seed_site(SITE, machines, server.endpoint)
    before = {each["id"]: each for each in server.arm.store.under("/subscriptions")}
    seed_site(SITE, dict(reversed(machines.items())), server.endpoint)
    assert {each["id"]: each for each in server.arm.store.under("/subscriptions")} == before


def test_a_site_grows_around_its_interfaces_and_the_subnets_of_others(server: AzureServer) -> None:
    seed_site(SITE, {"a": ["10.1.0.10"]}, server.endpoint)
    client = ArmClient(server.endpoint)
    place = f"{group_id()}/providers/Microsoft.Network/virtualNetworks/{SITE}"
    network = client.get(place)
    assert network is not None
    network["properties"]["addressSpace"]["addressPrefixes"].append("10.7.0.0/16")
    client.put(place, network)
    client.put(f"{place}/subnets/theirs", {"properties": {"addressPrefixes": ["10.7.1.0/24"]}})
    machines = {"a": ["10.1.0.10"], "c": ["10.1.0.11", "fd00::11"], "e": ["10.1.1.1"]}
    seed_site(SITE, machines, server.endpoint)
    assert read_subnets(server) == {
        "machines": ["10.1.0.0/23", "fd00::/64"],
        "theirs": ["10.7.1.0/24"],
    }


def test_a_machine_called_otherwise_keeps_its_interface(server: AzureServer) -> None:
    seed_site(SITE, {"a": ["10.1.0.10"]}, server.endpoint)
    before = read_interfaces(server)
    seed_site(SITE, {"b": ["10.1.0.10"]}, server.endpoint)
    assert read_interfaces(server) == before


def test_a_machine_with_another_address_is_moved_and_keeps_the_rest(server: AzureServer) -> None:
    seed_site(SITE, {"a": ["10.1.0.10"], "b": ["10.1.0.11"]}, server.endpoint)
    client, place = ArmClient(server.endpoint), f"{group_id()}/providers/Microsoft.Network"
    guard = client.put(f"{place}/networkSecurityGroups/g", {"location": "westeurope"})["id"]
    document = client.get(f"{place}/networkInterfaces/vm-a-nic")
    assert document is not None
    document["properties"]["networkSecurityGroup"] = {"id": guard}
    client.put(document["id"], document)
    seed_site(SITE, {"a": ["10.1.0.11", "10.1.0.12"], "c": ["10.1.0.10"]}, server.endpoint)
    found = read_interfaces(server)
    assert {name: addresses_of(each) for name, each in found.items()} == {
        "vm-a-nic": ["10.1.0.10"],
        "vm-b-nic": ["10.1.0.11", "10.1.0.12"],
    }
    seed_site(SITE, {"c": ["10.1.0.20"]}, server.endpoint)
    assert addresses_of(read_interfaces(server)["vm-c-nic"]) == ["10.1.0.20"]
    seed_site(SITE, {"a": ["10.1.0.30"]}, server.endpoint)
    found = read_interfaces(server)
    assert addresses_of(found["vm-a-nic"]) == ["10.1.0.30"]
    assert found["vm-a-nic"]["networkSecurityGroup"] == {"id": guard}


def test_a_machine_that_left_makes_room_for_another(server: AzureServer) -> None:
    seed_site(SITE, {"a": ["10.1.0.10"], "b": ["10.1.0.11"]}, server.endpoint)
    seed_site(SITE, {"a": ["10.1.0.10", "10.1.0.11"]}, server.endpoint)
    (only,) = read_interfaces(server).values()
    assert addresses_of(only) == ["10.1.0.10", "10.1.0.11"]


def test_an_address_that_azure_keeps_is_refused(server: AzureServer) -> None:
    with pytest.raises(EstateError, match=r"a: Azure reserves .* fd00::1 is one of them"):
        seed_site(SITE, {"a": ["fd00::1"]}, server.endpoint)
