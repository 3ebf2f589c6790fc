"""Every way to attach a machine on Azure, through the real engine; what stays the interface's owner's."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi import automation as auto
from pulumi_azure_native import network as azure

from sandbox.azure.client import ArmClient
from sandbox.environment import SUBSCRIPTION
from sandbox.paths import Sandbox
from sandbox.servers import running_endpoints
from sandbox.stacks import Pulumi
from swyx_components import SwyxSite
from tests.tools.engine.in_process import QuickStack
from tests.tools.engine.trial import IN_PROCESS

pytestmark = pytest.mark.usefixtures("standing")

Plain = dict[str, Any]

SUBSCRIPTIONS = f"/subscriptions/{SUBSCRIPTION}/resourceGroups"
ASSOCIATION = "NetworkInterfaceSecurityGroupAssociation"


def installation(*machines: str, **site: Any) -> Plain:
    """An installation of one site `acme`: `server 10.8.0.10 SwyxServer` is a machine."""
    entries = {}
    for line in machines:
        name, addresses, *roles = line.split()
        entries[name] = {"addresses": addresses.split(","), "roles": roles}
    return {
        "swyxware": "6.01",
        "decisions": {"dcom": "restricted", "h245": "tunnelled"},
        "sites": {"acme": {"machines": entries, **site}},
    }


@dataclass
class Customer:
    """A customer's network and interfaces in the offline Azure, and a stack of theirs with one site."""

    client: ArmClient
    stack: QuickStack
    args: Plain = field(default_factory=dict)
    own: list[Any] = field(default_factory=list)  # what else the program makes, given the site

    def plan(self, whole: Plain, **more: Any) -> None:
        """What the next command deploys."""
        network = {"resource_group": "acme", "virtual_network": "net"}
        network["virtual_network_resource_group"] = "hub"
        given = {"installation": whole, "site": "acme", "cloud": "azure", "network": network}
        self.args.clear()
        self.args.update(given | more)

    def up(self, whole: Plain | None = None, **more: Any) -> dict[str, int]:
        """Preview and update; operation and number of resources."""
        if whole is not None:
            self.plan(whole, **more)
        self.stack.preview()
        return self.stack.update()

    def preview(self, whole: Plain, **more: Any) -> str:
        """What a preview says that is refused."""
        self.plan(whole, **more)
        with pytest.raises(auto.CommandError) as refused:
            self.stack.preview()
        return " ".join(str(refused.value).split())

    def steps(self, kind: str) -> set[str]:
        """What a preview would do to resources of a kind."""
        events: list[auto.EngineEvent] = []
        self.stack.preview(on_event=events.append)
        steps = [event.resource_pre_event.metadata for event in events if event.resource_pre_event]
        return {str(step.op.value) for step in steps if step.type.endswith(kind)} - {"same", "read"}

    def put(self, path: str, **properties: Any) -> str:
        """Make or change something beside the engine; its id."""
        group, _, rest = path.partition("/")
        id = f"{SUBSCRIPTIONS}/{group}/providers/Microsoft.Network/{rest}"
        body = {"location": "westeurope", "tags": properties.pop("tags", {})}
        self.client.put(id, {**body, "properties": properties})
        return id

    def interface(self, name: str, *addresses: str, each: Plain | None = None, **more: Any) -> str:
        """An interface of the customer's in the group `vms`; its id. `each` is in every configuration."""
        configurations = [
            {
                "name": f"config{place}",
                "properties": {
                    "primary": place == 0,
                    "privateIPAddress": address,
                    "privateIPAllocationMethod": "Static",
                    "subnet": {"id": subnet_of(address)},
                    **(each or {}),
                },
            }
            for place, address in enumerate(addresses)
        ]
        return self.put(f"vms/networkInterfaces/{name}", ipConfigurations=configurations, **more)

    def group_of(self, interface: str) -> str:
        """The name of the group that an interface has; empty for none."""
        properties = (self.client.get(interface) or {})["properties"]
        group: str = (properties.get("networkSecurityGroup") or {}).get("id", "")
        return group.rpartition("/")[2]

    def rest_of(self, interface: str) -> Plain:
        """All of an interface but its group and what every write changes."""
        found = copy.deepcopy(self.client.get(interface) or {})
        found["properties"].pop("networkSecurityGroup", None)
        for each in (found, found["properties"], *found["properties"]["ipConfigurations"]):
            each.pop("etag", None)
        return found


def subnet_of(address: str) -> str:
    name = "back" if address.startswith("10.8.1.") else "front"
    return f"{SUBSCRIPTIONS}/hub/providers/Microsoft.Network/virtualNetworks/net/subnets/{name}"


@pytest.fixture
def customer(
    engine: Pulumi, own_sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Customer]:
    for name in IN_PROCESS:
        monkeypatch.setenv(name, engine.environment[name])
    client = ArmClient(running_endpoints(own_sandbox)["azure"])
    for group in ("acme", "hub", "vms"):
        client.put(f"{SUBSCRIPTIONS}/{group}", {"location": "westeurope"})
    made = Customer(client, None)  # type: ignore[arg-type]
    made.put(
        "hub/virtualNetworks/net",
        addressSpace={"addressPrefixes": ["10.8.0.0/16"]},
        subnets=[
            {"name": "front", "properties": {"addressPrefix": "10.8.0.0/24"}},
            {"name": "back", "properties": {"addressPrefix": "10.8.1.0/24"}},
        ],
    )

    def program() -> None:
        site = SwyxSite("stack", made.args)  # type: ignore[arg-type]
        for make in made.own:
            make(site)

    project, environment = f"attach-{tmp_path.name}", engine.environment
    made.stack = QuickStack.open("dev", project, program, tmp_path, environment)
    made.stack.set_config("azure-native:location", auto.ConfigValue("westeurope"))
    yield made
    made.stack.destroy()
    for group in ("acme", "vms", "hub"):
        client.delete(f"{SUBSCRIPTIONS}/{group}")


def test_every_way_to_attach_puts_a_machines_group_on_its_interface(customer: Customer) -> None:
    server = customer.interface("vm-server", "10.8.0.10")
    gate = customer.interface("vm-gate", "10.8.0.11")
    fronts = customer.interface("vm-fax", "10.8.0.12")
    back = customer.interface("vm-fax-back", "10.8.1.12")

    def own_interface(site: SwyxSite) -> None:
        made = azure.NetworkInterface(
            "mine",
            resource_group_name="vms",
            ip_configurations=[
                {
                    "name": "c",
                    "primary": True,
                    "private_ip_address": "10.8.0.14",
                    "private_ip_allocation_method": "Static",
                    "subnet": {"id": subnet_of("10.8.0.14")},
                }
            ],
            network_security_group={"id": site.security_group_ids["link"][0]},
        )
        pulumi.export("mine", made.id)
        pulumi.export("ids", site.interface_ids)

    customer.own.append(own_interface)
    whole = installation(
        "server 10.8.0.10 SwyxServer",
        "gate 10.8.0.11 SwyxGate",
        "fax 10.8.0.12,10.8.1.12 SwyxFaxServer",
        "conf 10.8.0.13,10.8.0.23 ConferenceManager",
        "link 10.8.0.14 LinkManager",
    )
    machines = {
        "gate": {"interface_id": gate},
        "fax": {"interface_ids": [pulumi.Output.from_input(fronts), back]},
        "conf": {"interface": {"enable_accelerated_networking": True, "tags": {"Cost": "9"}}},
        "link": {"attach": False},
    }
    changes = customer.up(whole, machines=machines)
    assert changes == {"create": 18}, (
        "a stack, a site, 5 roles and groups, 4 associations, 2 interfaces"
    )
    outputs = customer.stack.read_outputs()
    made = f"{SUBSCRIPTIONS}/acme/providers/Microsoft.Network/networkInterfaces/acme.conf-nic"
    assert {id: customer.group_of(id) for id in (server, gate, fronts, back, made)} == {
        server: "acme.server-nsg",
        gate: "acme.gate-nsg",
        fronts: "acme.fax-nsg",
        back: "acme.fax-nsg",
        made: "acme.conf-nsg",
    }
    assert customer.group_of(outputs["mine"].value) == "acme.link-nsg"
    assert outputs["ids"].value == {
        "server": [server],
        "gate": [gate],
        "fax": [fronts, back],
        "conf": [made],
        "link": [],
    }
    interface = customer.client.get(made) or {}
    assert interface["properties"]["enableAcceleratedNetworking"] is True
    assert interface["tags"]["Cost"] == "9"
    assert [each["name"] for each in interface["properties"]["ipConfigurations"]] == [
        "primary",
        "secondary-1",
    ]
    assert set(customer.up()) == {"same"}
    customer.stack.refresh(expect_no_changes=True)


def test_what_the_component_does_not_declare_is_never_reset(customer: Customer) -> None:
    server = customer.interface("vm-server", "10.8.0.10", "10.8.0.20")
    customer.up(installation("server 10.8.0.10,10.8.0.20 SwyxServer"))
    theirs = {
        "enableAcceleratedNetworking": True,
        "enableIPForwarding": True,
        "dnsSettings": {"dnsServers": ["10.8.0.4"], "internalDnsNameLabel": "vm"},
        "networkSecurityGroup": (customer.client.get(server) or {})["properties"][
            "networkSecurityGroup"
        ],
    }
    network = f"{SUBSCRIPTIONS}/vms/providers/Microsoft.Network"
    pool = f"{network}/loadBalancers/front/backendAddressPools/servers"
    gateway = f"{network}/applicationGateways/front/backendAddressPools/servers"
    each = {
        "publicIPAddress": {"id": f"{network}/publicIPAddresses/server"},
        "loadBalancerBackendAddressPools": [{"id": pool}],
        "applicationGatewayBackendAddressPools": [{"id": gateway}],
    }
    addresses = ("10.8.0.10", "10.8.0.20")
    customer.interface("vm-server", *addresses, each=each, tags={"owner": "them"}, **theirs)
    kept = customer.rest_of(server)
    assert kept["properties"]["enableAcceleratedNetworking"] is True
    for configuration in kept["properties"]["ipConfigurations"]:
        assert each.items() <= configuration["properties"].items()
    edits = [
        installation("server 10.8.0.10,10.8.0.20 SwyxServer PhoneManager"),
        installation("server 10.8.0.10 SwyxServer"),
        installation(
            "server 10.8.0.10 SwyxServer",
            networks={"office": {"cidrs": ["10.9.0.0/24"], "roles": ["SwyxIt"]}},
        ),
    ]
    for edit in edits:
        assert "update" in customer.up(edit)
        assert customer.steps(ASSOCIATION) == set()
        customer.stack.refresh()
        assert set(customer.up()) == {"same"}
        assert customer.rest_of(server) == kept
        assert customer.group_of(server) == "acme.server-nsg"
    customer.up(edits[-1], attach=False)
    assert (customer.group_of(server), customer.rest_of(server)) == ("", kept)


def test_an_interface_with_a_group_is_refused_before_anything_is_made(customer: Customer) -> None:
    other = customer.put("vms/networkSecurityGroups/vm-nsg", securityRules=[])
    id = customer.interface("vm-server", "10.8.0.10", networkSecurityGroup={"id": other})
    whole = installation("server 10.8.0.10 SwyxServer")
    said = customer.preview(whole)
    assert "already has the network security group vm-nsg" in said
    for given in (id, pulumi.Output.from_input(id)):
        bound = {"server": {"interface_id": given}}
        assert f"az network nic update --ids {id}" in customer.preview(whole, machines=bound)
    assert customer.group_of(id) == "vm-nsg"
    customer.interface("vm-server", "10.8.0.10", networkSecurityGroup=None)
    assert customer.up(whole) == {"create": 5}
    assert customer.group_of(id) == "acme.server-nsg"


def test_a_binding_may_change_its_form_and_an_association_stays(customer: Customer) -> None:
    id = customer.interface("vm-server", "10.8.0.10")
    whole = installation("server 10.8.0.10 SwyxServer")
    customer.up(whole)
    for form in ({"interface_id": id}, {"interface_ids": [pulumi.Output.from_input(id)]}):
        customer.plan(whole, machines={"server": form})
        assert customer.steps(ASSOCIATION) == set()
        customer.up()


def test_an_association_is_replaced_when_the_interface_is_another_one(customer: Customer) -> None:
    old = customer.interface("vm-old", "10.8.0.10")
    new = customer.interface("vm-new", "10.8.0.11")
    customer.up(installation("server 10.8.0.10 SwyxServer"))
    customer.up(installation("server 10.8.0.11 SwyxServer"))
    assert (customer.group_of(old), customer.group_of(new)) == ("", "acme.server-nsg")


def test_a_renamed_machine_takes_its_interface_over_in_two_updates(customer: Customer) -> None:
    id = customer.interface("vm-server", "10.8.0.10")
    customer.up(installation("server 10.8.0.10 SwyxServer"))
    renamed = installation("main 10.8.0.10 SwyxServer")
    assert "machines.main.attach: false" in customer.preview(renamed)
    customer.up(renamed, machines={"main": {"attach": False}})
    assert customer.group_of(id) == ""
    customer.up(renamed)
    assert customer.group_of(id) == "acme.main-nsg"
    assert set(customer.up()) == {"same"}
