"""The stand-in for azure-native over gRPC: every call of the protocol against the emulator."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from sandbox.azure.operations import SCALE, Operations
from sandbox.azure.provider import AzureProvider
from sandbox.provider import UNKNOWN, start_server
from sandbox.provider.values import DEFAULTED, encode
from sandbox.tests.engine_calls import NETWORK, SUBSCRIPTION, Engine, Props, serving

NSG, NIC = "network:NetworkSecurityGroup", "network:NetworkInterface"
VNET, SUBNET = "network:VirtualNetwork", "network:Subnet"
RG = "resources:ResourceGroup"


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    with serving(AzureProvider(), monkeypatch) as running:
        yield running


def rule(name: str = "sip", **changes: Any) -> Props:
    return {
        "name": name,
        "protocol": "Tcp",
        "access": "Allow",
        "direction": "Inbound",
        "priority": 100,
        "sourcePortRange": "*",
        "destinationPortRange": "5060",
        "sourceAddressPrefixes": ["10.0.0.0/24", "10.0.2.0/24"],
        "destinationAddressPrefix": "*",
        **changes,
    }


NETWORK_INPUTS = {
    "resourceGroupName": "rg",
    "virtualNetworkName": "net",
    "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
    "subnets": [{"name": "a", "addressPrefix": "10.0.1.0/24"}],
}
GROUP_INPUTS = {
    "resourceGroupName": "rg",
    "networkSecurityGroupName": "nsg",
    "securityRules": [rule()],
}
INTERFACE_INPUTS = {
    "resourceGroupName": "rg",
    "networkInterfaceName": "nic",
    "networkSecurityGroup": {"id": f"{NETWORK}/networkSecurityGroups/nsg"},
    "ipConfigurations": [
        {
            "name": "primary",
            "primary": True,
            "privateIPAddress": "10.0.1.10",
            "privateIPAllocationMethod": "Static",
            "subnet": {"id": f"{NETWORK}/virtualNetworks/net/subnets/a"},
        }
    ],
}
BARE_INPUTS = {"resourceGroupName": "rg", "networkSecurityGroupName": "nsg"}
SUBNET_INPUTS = {
    "resourceGroupName": "rg",
    "virtualNetworkName": "net",
    "subnetName": "b",
    "addressPrefix": "10.0.2.0/24",
}
KINDS = [
    (VNET, NETWORK_INPUTS, "/virtualNetworks/net"),
    (NSG, GROUP_INPUTS, "/networkSecurityGroups/nsg"),
    (NIC, INTERFACE_INPUTS, "/networkInterfaces/nic"),
    (SUBNET, SUBNET_INPUTS, "/virtualNetworks/net/subnets/b"),
]


def test_every_type_is_made_read_back_unchanged_and_deleted(engine: Engine) -> None:
    made = []
    for kind, news, place in KINDS:
        arm_id, inputs, outputs = engine.create(kind, news)
        assert arm_id == outputs["id"] == NETWORK + place
        assert (
            outputs["provisioningState"] == "Succeeded"
            and outputs["azureApiVersion"] == "2024-05-01"
        )
        made.append((kind, arm_id, inputs))
        found, refreshed, _ = engine.read(kind, arm_id, inputs, outputs)
        assert (found, refreshed) == (arm_id, inputs), kind
        assert engine.diff(kind, inputs, refreshed).changes == provider_pb2.DiffResponse.DIFF_NONE
    for kind, arm_id, inputs in reversed(made):
        engine.delete(kind, arm_id, inputs)
        engine.delete(kind, arm_id, inputs)
        assert engine.read(kind, arm_id, inputs, {}) == ("", {}, {})


def test_a_resource_group_is_made_and_deleted(engine: Engine) -> None:
    arm_id, inputs, outputs = engine.create(
        RG, {"resourceGroupName": "mine", "location": "westeurope"}
    )
    assert arm_id == f"/subscriptions/{SUBSCRIPTION}/resourceGroups/mine"
    assert outputs["properties"] == {"provisioningState": "Succeeded"}
    assert (
        engine.invoke("resources:getResourceGroup", {"resourceGroupName": "mine"})["location"]
        == "westeurope"
    )
    engine.delete(RG, arm_id, inputs)
    assert engine.read(RG, arm_id, inputs, outputs)[0] == ""


def test_a_name_is_invented_and_kept(engine: Engine) -> None:
    inputs, _ = engine.check(NSG, {"resourceGroupName": "rg"})
    assert inputs["networkSecurityGroupName"].startswith("web")
    assert len(inputs["networkSecurityGroupName"]) > len("web")
    again, _ = engine.check(NSG, {"resourceGroupName": "rg", "tags": {"a": "b"}}, inputs)
    assert again["networkSecurityGroupName"] == inputs["networkSecurityGroupName"]


@pytest.mark.parametrize(
    ("news", "location"),
    [
        ({"resourceGroupName": "rg"}, "westeurope"),
        ({"resourceGroupName": "rg", "location": "North Europe"}, "North Europe"),
        ({"resourceGroupName": UNKNOWN}, UNKNOWN),
        ({"resourceGroupName": "not-yet"}, None),
    ],
)
def test_the_region_is_the_programs_else_the_resource_groups(
    engine: Engine, news: Props, location: str | None
) -> None:
    assert engine.check(NSG, news)[0].get("location") == location


@pytest.mark.parametrize(
    ("kind", "news", "place"),
    [
        (NSG, {**GROUP_INPUTS, "rules": []}, "rules"),
        (NSG, {**GROUP_INPUTS, "securityRules": [rule(ports="1")]}, "securityRules[0].ports"),
        (
            NIC,
            {**INTERFACE_INPUTS, "ipConfigurations": [{"name": "c", "address": "x"}]},
            "ipConfigurations[0].address",
        ),
        (NIC, {**BARE_INPUTS, "securityRules": []}, "securityRules"),
        (NSG, {}, "resourceGroupName"),
        (NSG, {**GROUP_INPUTS, "securityRules": [{"name": "a"}]}, "securityRules[0].access"),
    ],
)
def test_what_the_sdk_class_does_not_have_is_refused(
    engine: Engine, kind: str, news: Props, place: str
) -> None:
    _, failures = engine.check(kind, news)
    assert place in [property for property, _ in failures]


@pytest.mark.parametrize(
    ("kind", "old", "change", "replaces"),
    [
        (NSG, GROUP_INPUTS, {"securityRules": []}, []),
        (NSG, GROUP_INPUTS, {"tags": {"a": "b"}}, []),
        (NSG, GROUP_INPUTS, {"networkSecurityGroupName": "other"}, ["networkSecurityGroupName"]),
        (NSG, GROUP_INPUTS, {"resourceGroupName": "other"}, ["resourceGroupName"]),
        (
            NSG,
            {**GROUP_INPUTS, "location": "westeurope"},
            {"location": "northeurope"},
            [],
        ),
        (NIC, INTERFACE_INPUTS, {"networkSecurityGroup": {"id": "other"}}, []),
        (RG, {"resourceGroupName": "rg"}, {"location": "northeurope"}, ["location"]),
        (SUBNET, SUBNET_INPUTS, {"virtualNetworkName": "other"}, ["virtualNetworkName"]),
    ],
)
def test_names_replace_and_the_rest_updates(
    engine: Engine, kind: str, old: Props, change: Props, replaces: list[str]
) -> None:
    reply = engine.diff(kind, old, {**old, **change})
    assert reply.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert list(reply.replaces) == replaces


def test_two_spellings_of_a_region_are_one(engine: Engine) -> None:
    reply = engine.diff(
        NSG, {**BARE_INPUTS, "location": "West Europe"}, {**BARE_INPUTS, "location": "westeurope"}
    )
    assert reply.changes == provider_pb2.DiffResponse.DIFF_NONE


def test_a_preview_calls_nothing_and_knows_what_it_can(engine: Engine) -> None:
    engine.cloud.faults.plan([])
    unknown = {**INTERFACE_INPUTS, "networkSecurityGroup": {"id": UNKNOWN}}
    arm_id, _, outputs = engine.create(NIC, unknown, preview=True)
    assert arm_id == ""
    assert outputs["networkSecurityGroup"] == {"id": UNKNOWN}
    assert outputs["etag"] == outputs["macAddress"] == UNKNOWN
    assert outputs["ipConfigurations"][0]["privateIPAddress"] == "10.0.1.10"
    dynamic = {**unknown, "ipConfigurations": [{"name": "c", "subnet": {"id": UNKNOWN}}]}
    assert (
        engine.create(NIC, dynamic, preview=True)[2]["ipConfigurations"][0]["privateIPAddress"]
        == UNKNOWN
    )
    assert engine.create(SUBNET, SUBNET_INPUTS, preview=True)[2]["name"] == UNKNOWN
    assert engine.cloud.arm.store.under(NETWORK) == []


def test_a_preview_of_an_update_keeps_what_stays(engine: Engine) -> None:
    arm_id, inputs, outputs = engine.create(NSG, GROUP_INPUTS)
    planned = engine.update(
        NSG, arm_id, inputs, {**inputs, "securityRules": []}, outputs, preview=True
    )
    assert planned["id"] == arm_id and planned["securityRules"] == [] and planned["etag"] == UNKNOWN
    assert len(engine.arm.get(arm_id)["properties"]["securityRules"]) == 1  # type: ignore[index]


def test_an_update_is_one_put_of_the_whole(engine: Engine) -> None:
    arm_id, inputs, outputs = engine.create(NSG, GROUP_INPUTS)
    new = {**inputs, "securityRules": [rule("sip", priority=101), rule("more")], "tags": {"a": "b"}}
    after = engine.update(NSG, arm_id, inputs, new, outputs)
    assert [(each["name"], each["priority"]) for each in after["securityRules"]] == [
        ("sip", 101),
        ("more", 100),
    ]
    assert after["tags"] == {"a": "b"} and after["etag"] != outputs["etag"]
    after = engine.update(NSG, arm_id, new, {**inputs, "securityRules": []}, after)
    assert after["securityRules"] == [] and "tags" not in after


def test_subnets_that_the_program_leaves_out_are_left_alone(engine: Engine) -> None:
    """They are resources of their own."""
    bare = {field: value for field, value in NETWORK_INPUTS.items() if field != "subnets"}
    network_id, inputs, outputs = engine.create(VNET, bare)
    engine.create(SUBNET, SUBNET_INPUTS)
    _, refreshed, live = engine.read(VNET, network_id, inputs, outputs)
    assert refreshed == inputs and len(live["subnets"]) == 1
    after = engine.update(VNET, network_id, inputs, {**inputs, "tags": {"a": "b"}}, outputs)
    assert [each["name"] for each in after["subnets"]] == ["b"]


def test_a_refresh_shows_what_was_changed_by_hand(engine: Engine) -> None:
    arm_id, inputs, outputs = engine.create(
        NSG, {**GROUP_INPUTS, "securityRules": [rule(), rule("b", priority=101)]}
    )
    document = engine.arm.get(arm_id)
    assert document is not None
    first = document["properties"]["securityRules"][0]
    first["properties"]["destinationPortRange"] = "5061"
    engine.arm.put(
        arm_id, {**document, "properties": {"securityRules": [first]}, "tags": {"by": "hand"}}
    )
    _, refreshed, _ = engine.read(NSG, arm_id, inputs, outputs)
    assert refreshed["securityRules"] == [rule(destinationPortRange="5061")]
    assert refreshed["tags"] == {"by": "hand"}
    paths = set(engine.diff(NSG, refreshed, inputs).detailedDiff)
    assert {"securityRules[0].destinationPortRange", "securityRules[1]", "tags"} == paths


def test_a_refresh_compares_lists_by_index(engine: Engine) -> None:
    """azure-native has no identifiers for rules: one put in front by hand moves all the others."""
    arm_id, inputs, outputs = engine.create(NSG, GROUP_INPUTS)
    document = engine.arm.get(arm_id)
    assert document is not None
    (ours,) = document["properties"]["securityRules"]
    theirs = {"name": "theirs", "properties": {**ours["properties"], "priority": 200}}
    engine.arm.put(arm_id, {**document, "properties": {"securityRules": [theirs, ours]}})
    _, refreshed, _ = engine.read(NSG, arm_id, inputs, outputs)
    assert [each["name"] for each in refreshed["securityRules"]] == ["theirs", "sip"]
    changed = set(engine.diff(NSG, refreshed, inputs).detailedDiff)
    assert changed >= {
        "securityRules[0].name",
        "securityRules[0].priority",
        "securityRules[1]",
    }


def test_an_empty_list_is_not_the_same_as_none(engine: Engine) -> None:
    bare = {field: value for field, value in GROUP_INPUTS.items() if field != "securityRules"}
    reply = engine.diff(NSG, bare, {**bare, "securityRules": []})
    assert set(reply.detailedDiff) == {"securityRules"}
    assert engine.diff(NSG, bare, bare).changes == provider_pb2.DiffResponse.DIFF_NONE


def test_an_update_of_an_interface_resets_what_is_not_among_its_inputs(engine: Engine) -> None:
    for kind, news, _ in KINDS[:2]:
        engine.create(kind, news)
    arm_id, inputs, outputs = engine.create(NIC, INTERFACE_INPUTS)
    document = engine.arm.get(arm_id)
    assert document is not None
    document["properties"]["enableAcceleratedNetworking"] = True
    engine.arm.put(arm_id, document)
    _, refreshed, live = engine.read(NIC, arm_id, inputs, outputs)
    assert refreshed == {**inputs, "enableAcceleratedNetworking": True}
    engine.update(NIC, arm_id, refreshed, inputs, live)
    found = engine.arm.get(arm_id)
    assert found is not None and found["properties"]["enableAcceleratedNetworking"] is False


def test_it_polls_a_put_at_azures_interval_and_a_delete_at_three_times_that(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, slept = [0.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    monkeypatch.setattr("sandbox.azure.client.time.sleep", sleep)
    engine.cloud.arm.operations = Operations(15 * SCALE, lambda: now[0])
    arm_id, inputs, _ = engine.create(VNET, NETWORK_INPUTS)
    assert slept == [10 * SCALE, 10 * SCALE]
    engine.delete(VNET, arm_id, inputs)
    assert slept[2:] == [30 * SCALE]


def test_a_refresh_does_not_mistake_users_for_drift(engine: Engine) -> None:
    network_id, inputs, outputs = engine.create(VNET, NETWORK_INPUTS)
    group_id, group_inputs, group_outputs = engine.create(NSG, GROUP_INPUTS)
    engine.create(NIC, INTERFACE_INPUTS)
    assert engine.read(VNET, network_id, inputs, outputs)[1] == inputs
    _, refreshed, live = engine.read(NSG, group_id, group_inputs, group_outputs)
    assert refreshed == group_inputs and len(live["networkInterfaces"]) == 1


def test_an_import_finds_inputs_that_change_nothing(engine: Engine) -> None:
    for kind, news, _ in KINDS[:3]:
        arm_id, _, _ = engine.create(kind, news)
        _, imported, _ = engine.read(kind, arm_id, {}, {})
        checked, failures = engine.check(kind, imported)
        assert failures == []
        for field, value in news.items():
            assert checked[field] == value or isinstance(value, list)
        engine.update(kind, arm_id, checked, checked, {})


def test_what_exists_already_is_not_made_again(engine: Engine) -> None:
    engine.create(NSG, BARE_INPUTS)
    with pytest.raises(grpc.RpcError, match="cannot create already existing resource"):
        engine.create(NSG, BARE_INPUTS)


def test_arms_refusal_reaches_the_user_with_its_code(engine: Engine) -> None:
    with pytest.raises(
        grpc.RpcError, match="SecurityRuleConflict: Security rule b conflicts with rule sip"
    ):
        engine.create(NSG, {**GROUP_INPUTS, "securityRules": [rule(), rule("b")]})
    assert engine.arm.get(f"{NETWORK}/networkSecurityGroups/nsg") is None


def test_a_resource_that_arm_took_is_kept_when_the_wait_fails(engine: Engine) -> None:
    """Request 1 looks for an existing one, 2 is the PUT, and 3 to 6 are four tries to poll it."""
    inputs, _ = engine.check(NSG, {**BARE_INPUTS, "location": "westeurope"})
    engine.cloud.faults.plan([{"at": 3, "kind": "error", "times": 4, "of": "calls"}])
    with pytest.raises(grpc.RpcError) as failed:
        engine.stub.Create(
            provider_pb2.CreateRequest(urn=engine.urn(NSG), properties=encode(inputs))
        )
    trailers = {each.key: each.value for each in failed.value.trailing_metadata()}  # type: ignore[attr-defined]
    status = status_pb2.Status.FromString(trailers["grpc-status-details-bin"])
    detail = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(detail)
    assert detail.id == f"{NETWORK}/networkSecurityGroups/nsg"


def test_functions_find_what_they_name(engine: Engine) -> None:
    for kind, news, _ in KINDS[:3]:
        engine.create(kind, news)
    names = {"resourceGroupName": "rg"}
    found = engine.invoke("network:getVirtualNetwork", {**names, "virtualNetworkName": "net"})
    assert found["subnets"][0]["addressPrefix"] == "10.0.1.0/24"
    assert found["subnets"][0]["id"] == f"{NETWORK}/virtualNetworks/net/subnets/a"
    nic = f"{NETWORK}/networkInterfaces/nic"
    assert found["subnets"][0]["ipConfigurations"] == [{"id": f"{nic}/ipConfigurations/primary"}]
    found = engine.invoke(
        "network:getVirtualNetwork",
        {**names, "virtualNetworkName": "net", "expand": "subnets/ipConfigurations"},
    )
    (configuration,) = found["subnets"][0]["ipConfigurations"]
    assert configuration["id"] == f"{nic}/ipConfigurations/primary"
    assert configuration["privateIPAddress"] == "10.0.1.10"
    found = engine.invoke(
        "network:getSubnet", {**names, "virtualNetworkName": "net", "subnetName": "a"}
    )
    assert found["addressPrefix"] == "10.0.1.0/24"
    found = engine.invoke(
        "network:getNetworkSecurityGroup", {**names, "networkSecurityGroupName": "nsg"}
    )
    assert found["securityRules"][0]["priority"] == 100
    found = engine.invoke("network:getNetworkInterface", {**names, "networkInterfaceName": "nic"})
    assert found["ipConfigurations"][0]["privateIPAddress"] == "10.0.1.10"
    assert found["networkSecurityGroup"] == {"id": f"{NETWORK}/networkSecurityGroups/nsg"}


def test_a_function_that_finds_nothing_fails(engine: Engine) -> None:
    with pytest.raises(grpc.RpcError, match="ResourceNotFound"):
        engine.invoke(
            "network:getVirtualNetwork", {"resourceGroupName": "rg", "virtualNetworkName": "none"}
        )


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        ("", "AZURE_RESOURCE_MANAGER_ENDPOINT is not set"),
        ("https://management.azure.com", "never speaks to a real Azure"),
        ("http://10.0.0.1:80", "never speaks to a real Azure"),
        ("http://127.0.0.1.example.com", "never speaks to a real Azure"),
    ],
)
def test_it_speaks_to_this_machine_only(
    monkeypatch: pytest.MonkeyPatch, endpoint: str, said: str
) -> None:
    monkeypatch.setenv("AZURE_RESOURCE_MANAGER_ENDPOINT", endpoint)
    server, port = start_server(AzureProvider())
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        with pytest.raises(grpc.RpcError, match=said):
            stub.Configure(provider_pb2.ConfigureRequest(args=encode({})))
    server.stop(0)


def test_the_plugin_process_prints_its_port() -> None:
    command = [sys.executable, "-m", "sandbox.azure.provider"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert int(process.stdout.readline()) > 0
        process.terminate()


def test_defaulted_names_are_noted(engine: Engine) -> None:
    """The base marks what it invented, so that a replacement of an unnamed resource need not delete first."""
    inputs, _ = engine.check(NSG, {"resourceGroupName": "rg"})
    assert inputs[DEFAULTED] == ["networkSecurityGroupName"]
