"""The stand-in for the bridged azurerm: the association of an interface with its group."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from sandbox.azure.association import AzureClassicProvider
from sandbox.provider import UNKNOWN, ProviderError
from sandbox.tests.engine_calls import NETWORK, Engine, Props, serving

KIND = "network/networkInterfaceSecurityGroupAssociation:NetworkInterfaceSecurityGroupAssociation"
NIC = f"{NETWORK}/networkInterfaces/nic"
NSG, OTHER = f"{NETWORK}/networkSecurityGroups/nsg", f"{NETWORK}/networkSecurityGroups/other"
INPUTS = {"networkInterfaceId": NIC, "networkSecurityGroupId": NSG}
WEST = {"location": "westeurope"}


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    with serving(AzureClassicProvider(), monkeypatch) as running:
        for name in ("nsg", "other"):
            running.arm.put(f"{NETWORK}/networkSecurityGroups/{name}", WEST)
        space = {"addressPrefixes": ["10.0.0.0/16"]}
        subnets = [{"name": "a", "properties": {"addressPrefix": "10.0.1.0/24"}}]
        running.arm.put(
            f"{NETWORK}/virtualNetworks/net",
            {**WEST, "properties": {"addressSpace": space, "subnets": subnets}},
        )
        put_interface(running)
        yield running


def put_interface(engine: Engine, group: str | None = None) -> None:
    properties = {
        "enableAcceleratedNetworking": True,
        "dnsSettings": {"dnsServers": ["10.0.0.53"]},
        "ipConfigurations": [
            {
                "name": "ipconfig1",
                "properties": {"subnet": {"id": f"{NETWORK}/virtualNetworks/net/subnets/a"}},
            }
        ],
        **({"networkSecurityGroup": {"id": group}} if group else {}),
    }
    engine.arm.put(NIC, {**WEST, "tags": {"owner": "them"}, "properties": properties})


def group_of(engine: Engine) -> str | None:
    found = engine.arm.get(NIC)
    assert found is not None
    return found["properties"].get("networkSecurityGroup", {}).get("id")


def rest_of(engine: Engine) -> Props:
    """The interface without its group, and without what every write changes."""
    found = engine.arm.get(NIC)
    assert found is not None
    properties = {k: v for k, v in found["properties"].items() if k != "networkSecurityGroup"}
    for each in properties["ipConfigurations"]:
        del each["etag"]
    return {**found, "properties": properties, "etag": ""}


def test_it_sets_reads_and_takes_off_the_group_and_keeps_the_rest(engine: Engine) -> None:
    before = rest_of(engine)
    id, inputs, outputs = engine.create(KIND, INPUTS)
    assert id == f"{NIC}|{NSG}" and outputs == INPUTS
    assert group_of(engine) == NSG and rest_of(engine) == before
    assert engine.read(KIND, id, inputs, outputs)[1:] == (inputs, INPUTS)
    engine.delete(KIND, id, inputs)
    assert group_of(engine) is None and rest_of(engine) == before
    assert engine.read(KIND, id, inputs, outputs)[0] == ""


@pytest.mark.parametrize("group", [NSG, OTHER])
def test_an_interface_with_any_group_is_refused(engine: Engine, group: str) -> None:
    put_interface(engine, group)
    with pytest.raises(grpc.RpcError, match="already exists - to be managed via Terraform"):
        engine.create(KIND, INPUTS)
    assert group_of(engine) == group


def test_either_id_replaces_and_the_new_one_is_made_first(engine: Engine) -> None:
    for name, other in (("networkInterfaceId", f"{NIC}2"), ("networkSecurityGroupId", OTHER)):
        reply = engine.diff(KIND, INPUTS, {**INPUTS, name: other})
        assert (list(reply.replaces), reply.deleteBeforeReplace) == ([name], False)


def test_a_refresh_does_not_notice_that_the_group_was_exchanged(engine: Engine) -> None:
    id, inputs, outputs = engine.create(KIND, INPUTS)
    put_interface(engine, OTHER)
    assert engine.read(KIND, id, inputs, outputs)[1] == inputs
    engine.delete(KIND, id, inputs)
    assert group_of(engine) is None


def test_an_interface_that_is_gone_is_gone_for_a_read_and_refuses_a_delete(engine: Engine) -> None:
    id, inputs, outputs = engine.create(KIND, INPUTS)
    engine.arm.delete(NIC)
    assert engine.read(KIND, id, inputs, outputs)[0] == ""
    with pytest.raises(grpc.RpcError, match="was not found"):
        engine.delete(KIND, id, inputs)


def test_an_import_reads_both_ids(engine: Engine) -> None:
    put_interface(engine, NSG)
    assert engine.read(KIND, f"{NIC}|{NSG}", {}, {}) == (f"{NIC}|{NSG}", INPUTS, INPUTS)


def test_ids_are_checked_before_anything_is_made(engine: Engine) -> None:
    lower = NIC.replace("resourceGroups", "resourcegroups")
    for given in (NSG, "nic", lower):
        _, failures = engine.check(KIND, {**INPUTS, "networkInterfaceId": given})
        assert [name for name, _ in failures] == ["networkInterfaceId"]
    assert engine.check(KIND, {**INPUTS, "networkInterfaceId": UNKNOWN})[1] == []


def test_operations_on_one_interface_wait_for_each_other(engine: Engine) -> None:
    """Of several creations at once exactly one finds the interface without a group."""
    start = threading.Barrier(4)

    def create(group: str) -> bool:
        start.wait()
        try:
            engine.create(KIND, {**INPUTS, "networkSecurityGroupId": group})
        except grpc.RpcError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(create, [NSG, OTHER] * 2)) == [False, False, False, True]


def test_it_wants_a_subscription(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_RESOURCE_MANAGER_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.delenv("ARM_SUBSCRIPTION_ID", raising=False)
    with pytest.raises(ProviderError, match="subscription_id"):
        AzureClassicProvider().configure({})
    AzureClassicProvider().configure({"subscriptionId": "s"})
