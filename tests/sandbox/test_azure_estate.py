"""A site's network: every machine's addresses in one subnet, where Azure lets them be used."""

from __future__ import annotations

import ipaddress
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


def attach(server: AzureServer, name: str, addresses: list[str]) -> str:
    """Make the interface that the product would make; the subnet's name."""
    subnets = read_subnets(server)
    inside = {
        subnet
        for subnet, prefixes in subnets.items()
        for prefix in map(ipaddress.ip_network, prefixes)
        for address in map(ipaddress.ip_address, addresses)
        if address in prefix
    }
    (subnet,) = inside
    ordered = sorted(addresses, key=lambda text: ":" in text)
    has_ipv4 = ":" not in ordered[0]
    given: list[dict[str, Any]] = [] if has_ipv4 else [{"privateIPAllocationMethod": "Dynamic"}]
    given += [
        {
            "privateIPAllocationMethod": "Static",
            "privateIPAddress": text,
            "privateIPAddressVersion": "IPv6" if ":" in text else "IPv4",
        }
        for text in ordered
    ]
    network_id = f"{group_id()}/providers/Microsoft.Network/virtualNetworks/{SITE}"
    configurations = [
        {
            "name": f"c{n}",
            "properties": {
                **each,
                "primary": n == 0,
                "subnet": {"id": f"{network_id}/subnets/{subnet}"},
            },
        }
        for n, each in enumerate(given)
    ]
    body = {"location": "westeurope", "properties": {"ipConfigurations": configurations}}
    ArmClient(server.endpoint).put(
        f"{group_id()}/providers/Microsoft.Network/networkInterfaces/{name}", body
    )
    return subnet


CASES = {
    "neighbours share a subnet": ({"a": ["10.1.0.10"], "b": ["10.1.0.11"]}, 1),
    "scattered machines have subnets of their own": (
        {"a": ["10.1.0.10"], "b": ["10.1.9.10"], "c": ["192.168.0.10"]},
        3,
    ),
    "both families of a machine are in one subnet": ({"a": ["10.1.0.10", "fd00::10"]}, 1),
    "machines of one /64 share a subnet with several IPv4 prefixes": (
        {"a": ["10.1.0.10", "fd00::10"], "b": ["10.1.1.10", "fd00::11"]},
        1,
    ),
    "a machine with scattered addresses has one subnet": (
        {"a": ["10.1.0.10", "172.16.5.5", "10.9.9.9"]},
        1,
    ),
    "a subnet without IPv4 machines gets an IPv4 prefix": (
        {"a": ["fd00::10"], "b": ["fd00:0:0:1::10"]},
        2,
    ),
    "the first addresses of a block are usable in a wider one": (
        {"a": ["10.1.1.1"], "b": ["10.1.1.255"]},
        1,
    ),
    "the first address of a second octet is usable": (
        {"a": ["10.2.0.1"], "b": ["10.1.7.7"], "c": ["192.168.0.1"]},
        2,
    ),
    "a site without machines has a network all the same": ({}, 1),
}


@pytest.mark.parametrize(("machines", "count"), CASES.values(), ids=CASES)
def test_every_machine_can_have_its_interface(
    server: AzureServer, machines: dict[str, list[str]], count: int
) -> None:
    seed_site(SITE, machines, server.endpoint)
    assert len(read_subnets(server)) == count
    for name, addresses in machines.items():
        attach(server, name, addresses)


def test_seeding_twice_changes_nothing(server: AzureServer) -> None:
    machines = {"a": ["10.1.0.10", "fd00::10"], "b": ["10.9.0.10"]}
    seed_site(SITE, machines, server.endpoint)
    before = {each["id"]: each for each in server.arm.store.under("/subscriptions")}
    seed_site(SITE, dict(reversed(machines.items())), server.endpoint)
    assert {each["id"]: each for each in server.arm.store.under("/subscriptions")} == before


def test_a_site_grows_around_its_interfaces(server: AzureServer) -> None:
    seed_site(SITE, {"a": ["10.1.0.10"], "b": ["10.9.0.10"]}, server.endpoint)
    home = attach(server, "a", ["10.1.0.10"])
    machines = {"c": ["10.1.0.11", "fd00::11"], "d": ["10.9.0.11", "fd00::12"], "e": ["10.1.1.1"]}
    seed_site(SITE, machines, server.endpoint)
    subnets = read_subnets(server)
    assert list(subnets) == [home]
    assert subnets[home] == ["10.1.0.0/23", "10.9.0.0/24", "fd00::/64"]
    for name, addresses in machines.items():
        assert attach(server, name, addresses) == home


def test_machines_that_left_take_no_subnet_with_them(server: AzureServer) -> None:
    seed_site(SITE, {"a": ["10.1.0.10"], "b": ["10.9.0.10"]}, server.endpoint)
    seed_site(SITE, {"a": ["10.1.0.10"]}, server.endpoint)
    assert len(read_subnets(server)) == 2


@pytest.mark.parametrize(
    ("used", "machines", "said"),
    [
        ({}, {"a": ["fd00::1"]}, "a: Azure reserves .* fd00::1 is one of them"),
        (
            {"u": ["10.1.0.9"], "v": ["10.9.0.9"]},
            {"a": ["10.1.0.10", "10.9.0.10"]},
            "a: .* both hold network interfaces",
        ),
    ],
    ids=["an address that Azure keeps", "two subnets in use"],
)
def test_what_cannot_be_is_said(
    server: AzureServer, used: dict[str, list[str]], machines: dict[str, list[str]], said: str
) -> None:
    seed_site(SITE, used, server.endpoint)
    for name, addresses in used.items():
        attach(server, name, addresses)
    with pytest.raises(EstateError, match=said):
        seed_site(SITE, machines, server.endpoint)
