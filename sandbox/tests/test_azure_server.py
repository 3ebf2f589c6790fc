"""The emulator over HTTP: the official client, long-running operations, ETags, restarts and faults."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.network import NetworkManagementClient

from sandbox.azure.client import ArmClient, Refused
from sandbox.azure.operations import Operations
from sandbox.azure.server import AzureServer, serve_in_thread

GROUP = "/subscriptions/s/resourceGroups/rg"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
WEST = {"location": "westeurope"}


class AnyToken(SansIOHTTPPolicy):  # type: ignore[type-arg]
    """The official client refuses to send its own tokens over plain http."""

    def on_request(self, request: Any) -> None:
        request.http_request.headers["Authorization"] = "Bearer sandbox"


class NoCredential:
    def get_token(self, *scopes: str, **options: Any) -> Any:
        raise AssertionError("no token is asked for")


def official(server: AzureServer) -> NetworkManagementClient:
    return NetworkManagementClient(
        NoCredential(),  # type: ignore[arg-type]
        "s",
        base_url=server.endpoint,
        authentication_policy=AnyToken(),
        credential_scopes=["sandbox"],
    )


@pytest.fixture
def server() -> Iterator[AzureServer]:
    with serve_in_thread() as running:
        ArmClient(running.endpoint).put(GROUP, WEST)
        yield running


def make_all(client: NetworkManagementClient) -> Any:
    """A network, a group, and an interface in it; the interface is returned."""
    space = {"addressPrefixes": ["10.0.0.0/16"]}
    subnets = [{"name": "a", "properties": {"addressPrefix": "10.0.1.0/24"}}]
    body = {**WEST, "properties": {"addressSpace": space, "subnets": subnets}}
    made_network = client.virtual_networks.begin_create_or_update("rg", "net", body).result()
    group = client.network_security_groups.begin_create_or_update(
        "rg", "nsg", make_group()
    ).result()
    properties = {
        "networkSecurityGroup": {"id": group.id},
        "ipConfigurations": [
            {
                "name": "c",
                "properties": {"subnet": {"id": made_network.subnets[0].id}},
            }
        ],
    }
    return client.network_interfaces.begin_create_or_update(
        "rg", "nic", {**WEST, "properties": properties}
    ).result()


def make_group() -> dict[str, Any]:
    rule = {
        "protocol": "Tcp",
        "access": "Allow",
        "direction": "Inbound",
        "priority": 100,
        "sourcePortRange": "*",
        "destinationPortRange": "5060",
        "sourceAddressPrefix": "10.9.0.0/24",
        "destinationAddressPrefix": "*",
    }
    return {**WEST, "properties": {"securityRules": [{"name": "sip", "properties": rule}]}}


def raw(
    server: AzureServer, method: str, path: str, body: Any = None, token: str = "Bearer any"
) -> Any:
    """One request without a client's help: status, headers and body."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    headers = {"Authorization": token} if token else {}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    response = connection.getresponse()
    payload = response.read()
    connection.close()
    return response.status, dict(response.getheaders()), json.loads(payload) if payload else None


def test_the_official_client_makes_reads_lists_and_deletes(server: AzureServer) -> None:
    client = official(server)
    nic = make_all(client)
    assert nic.provisioning_state == "Succeeded"
    assert nic.ip_configurations[0].private_ip_address == "10.0.1.4"
    group = client.network_security_groups.get("RG", "NSG")
    assert [each.id for each in group.network_interfaces] == [nic.id]
    assert group.security_rules[0].source_address_prefix == "10.9.0.0/24"
    subnet = client.subnets.get("rg", "net", "a")
    assert [each.id for each in subnet.ip_configurations] == [f"{nic.id}/ipConfigurations/c"]
    for operations in (
        client.virtual_networks,
        client.network_security_groups,
        client.network_interfaces,
    ):
        assert len(list(operations.list("rg"))) == len(list(operations.list_all())) == 1
    for operations, name in (
        (client.network_interfaces, "nic"),
        (client.network_security_groups, "nsg"),
        (client.virtual_networks, "net"),
    ):
        operations.begin_delete("rg", name).result()
        operations.begin_delete("rg", name).result()  # what is gone already is no error
        with pytest.raises(ResourceNotFoundError):
            operations.get("rg", name)


def test_the_official_client_sees_arms_refusals(server: AzureServer) -> None:
    client = official(server)
    make_all(client)
    with pytest.raises(HttpResponseError) as refused:
        client.network_security_groups.begin_delete("rg", "nsg").result()
    assert refused.value.status_code == 400
    assert refused.value.error is not None
    assert refused.value.error.code == "InUseNetworkSecurityGroupCannotBeDeleted"


def test_subnets_are_resources_of_their_own_too(server: AzureServer) -> None:
    client = official(server)
    make_all(client)
    body = {"properties": {"addressPrefix": "10.0.2.0/24"}}
    client.subnets.begin_create_or_update("rg", "net", "b", body).result()
    client.subnets.begin_delete("rg", "net", "b").result()
    assert [each.name for each in client.virtual_networks.get("rg", "net").subnets] == ["a"]


def test_a_write_is_a_long_running_operation() -> None:
    now = [0.0]
    with serve_in_thread(operations=Operations(4.0, lambda: now[0])) as server:
        raw(server, "PUT", f"{GROUP}?api-version=2024-03-01", WEST)
        path = f"{NETWORK}/networkSecurityGroups/nsg?api-version=2024-05-01"
        status, headers, body = raw(server, "PUT", path, WEST)
        assert (status, body["properties"]["provisioningState"]) == (201, "Updating")
        url = headers["Azure-AsyncOperation"].removeprefix(server.endpoint)
        for now[0], answer in ((3.9, "InProgress"), (4.0, "Succeeded")):
            assert raw(server, "GET", url)[2]["status"] == answer
        assert raw(server, "PUT", path, WEST)[0] == 200
        status, headers, body = raw(server, "DELETE", path)
        assert (status, body) == (202, None)
        url = headers["Location"].removeprefix(server.endpoint)
        for now[0], answer in ((7.9, 202), (8.0, 204)):
            assert raw(server, "GET", url)[0] == answer
        assert raw(server, "DELETE", path)[0] == 204


def test_the_official_client_waits_for_a_slow_operation() -> None:
    with serve_in_thread(operations=Operations(0.03)) as server:
        ArmClient(server.endpoint).put(GROUP, WEST)
        assert make_all(official(server)).provisioning_state == "Succeeded"


@pytest.mark.parametrize(
    ("path", "token", "status", "code"),
    [
        (GROUP, "Bearer any", 400, "MissingApiVersionParameter"),
        (f"{GROUP}?api-version=latest", "Bearer any", 400, "InvalidApiVersionParameter"),
        (f"{GROUP}?api-version=2024-03-01", "", 401, "AuthenticationFailed"),
        (
            f"{NETWORK}/loadBalancers/a?api-version=2024-05-01",
            "Bearer any",
            404,
            "InvalidResourceType",
        ),
    ],
)
def test_a_request_is_well_formed(
    server: AzureServer, path: str, token: str, status: int, code: str
) -> None:
    answer = raw(server, "GET", path, token=token)
    assert (answer[0], answer[2]["error"]["code"]) == (status, code)


def test_a_resource_group_takes_everything_with_it(server: AzureServer) -> None:
    make_all(official(server))
    ArmClient(server.endpoint).delete(GROUP)
    assert raw(server, "GET", f"{GROUP}?api-version=2024-03-01")[0] == 404
    assert server.arm.store.under("/subscriptions/s") == []


def test_a_resource_group_stays_while_another_uses_what_it_holds(server: AzureServer) -> None:
    client = official(server)
    nic = make_all(client)
    ArmClient(server.endpoint).put(GROUP.replace("/rg", "/other"), WEST)
    properties = {
        "ipConfigurations": [
            {"name": "c", "properties": {"subnet": {"id": nic.ip_configurations[0].subnet.id}}}
        ]
    }
    client.network_interfaces.begin_create_or_update(
        "other", "nic", {**WEST, "properties": properties}
    ).result()
    status, _, body = raw(server, "DELETE", f"{GROUP}?api-version=2024-03-01")
    assert (status, body["error"]["code"]) == (409, "ResourceGroupDeletionBlocked")


def test_state_survives_a_restart(tmp_path: Path) -> None:
    with serve_in_thread(state=tmp_path) as server:
        ArmClient(server.endpoint).put(GROUP, WEST)
        etag = make_all(official(server)).etag
    with serve_in_thread(state=tmp_path) as server:
        client = official(server)
        assert client.network_interfaces.get("rg", "nic").etag == etag
        assert len(client.network_security_groups.get("rg", "nsg").network_interfaces) == 1


def test_the_process_says_where_it_is_and_survives_being_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sandbox.azure.server", "--state", str(tmp_path)]
    for end in (signal.SIGKILL, signal.SIGTERM):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            client = ArmClient(json.loads(process.stdout.readline())["endpoint"])
            known = client.get(GROUP)
            assert (known is None) == (end is signal.SIGKILL)
            client.put(GROUP, WEST)
            process.send_signal(end)
        assert process.returncode == (-9 if end is signal.SIGKILL else 0)


@pytest.mark.parametrize(
    ("fault", "status", "has_effect"),
    [
        ({"at": 1, "kind": "throttle"}, 429, False),
        ({"at": 1, "kind": "error", "status": 500}, 500, False),
        ({"at": 1, "kind": "drop_before"}, None, False),
        ({"at": 1, "kind": "drop_after"}, None, True),
        ({"at": 1, "kind": "slow", "seconds": 0.01}, 201, True),
        ({"at": 2, "kind": "error"}, 201, True),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else None,
)
def test_a_fault_happens_at_its_request(
    server: AzureServer, fault: Any, status: int | None, has_effect: bool
) -> None:
    assert raw(server, "PUT", "/_sandbox/faults", [fault])[0] == 200
    path = f"{NETWORK}/networkSecurityGroups/nsg"
    try:
        answered = raw(server, "PUT", f"{path}?api-version=2024-05-01", WEST)[0]
    except http.client.RemoteDisconnected:
        answered = None
    assert answered == status
    assert (server.arm.store.get(path) is not None) == has_effect
    assert raw(server, "GET", "/_sandbox")[2]["writes"] == 1


@pytest.mark.parametrize("kind", ["throttle", "error", "drop_before", "drop_after"])
def test_a_client_that_tries_again_gets_over_one_fault(server: AzureServer, kind: str) -> None:
    client = ArmClient(server.endpoint)
    server.faults.plan([{"at": 1, "kind": kind}])
    assert client.put(f"{NETWORK}/networkSecurityGroups/nsg", WEST)["name"] == "nsg"


def test_an_unknown_fault_is_refused(server: AzureServer) -> None:
    assert raw(server, "PUT", "/_sandbox/faults", [{"at": 1, "kind": "flood"}])[0] == 400


def test_the_journal_holds_every_write(tmp_path: Path) -> None:
    with serve_in_thread(state=tmp_path) as server:
        client = ArmClient(server.endpoint)
        client.put(GROUP, WEST)
        with pytest.raises(Refused):
            client.put(f"{NETWORK}/networkSecurityGroups/-", WEST)
    lines = [json.loads(line) for line in (tmp_path / "journal.jsonl").read_text().splitlines()]
    assert [(line["method"], line["status"]) for line in lines] == [("PUT", 201), ("PUT", 400)]
    assert lines[0]["body"] == WEST
