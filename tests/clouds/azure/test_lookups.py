"""What a site finds of its machines in Azure, and what it refuses to attach to."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from swyx_components.clouds.azure.lookups import AzureSite, NewInterface, look_up
from swyx_components.clouds.deployment import Deployment
from swyx_components.installation.model import Machine
from swyx_components.messages import SwyxError
from swyx_components.sets.prefixes import Prefix

GROUP = "/subscriptions/s/resourceGroups/acme"
NIC = f"{GROUP}/providers/Microsoft.Network/networkInterfaces/"
NSG = f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/"
ELSEWHERE = NIC.replace("acme", "machines")
NETWORK = {"resource_group": "acme", "virtual_network": "net"}


class Azure:
    """Answers of ARM: interfaces with their addresses and group, and the subnets that these lie in.

    `others` are configurations that are not those of an interface, by address. `expands`: whether ARM
    tells addresses with the network.
    """

    def __init__(self, *, expands: bool = True, subnet_group: str = "") -> None:
        self.interfaces: dict[str, tuple[list[str], str]] = {}
        self.others: dict[str, str] = {}
        self.expands = expands
        self.subnet_group = subnet_group
        self.asked: list[str] = []

    def has(self, id: str, *addresses: str, group: str = "") -> "Azure":
        self.interfaces[id] = ([*addresses], group)
        return self

    def __call__(self, token: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        self.asked.append(str(arguments.get("networkInterfaceName", "network")))
        if token.endswith("getVirtualNetwork"):
            return self._network(arguments)
        names = arguments["resourceGroupName"], arguments["networkInterfaceName"]
        for id, (addresses, group) in self.interfaces.items():
            if id.lower().endswith(
                "/{}/providers/microsoft.network/networkinterfaces/{}".format(*names)
            ):
                configurations = [{"privateIPAddress": address} for address in addresses]
                more = {"networkSecurityGroup": {"id": group}} if group else {}
                return {"ipConfigurations": configurations, "location": "westeurope", **more}
        raise Exception(f"ResourceNotFound: {names}")

    def _network(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        if arguments.get("expand") and not self.expands:
            raise Exception("Code=InvalidExpandQueryOptionValue: $expand is invalid")
        held = {
            address: f"{id}/ipConfigurations/{number}"
            for id, (addresses, _) in self.interfaces.items()
            for number, address in enumerate(addresses)
        }
        expand = arguments.get("expand")
        inside: dict[str, list[Mapping[str, str]]] = {"a": [], "b": []}
        for address, id in {**held, **self.others}.items():
            own = {"id": id, **({"privateIPAddress": address} if expand else {})}
            inside["b" if address.startswith(("10.8.1.", "fd00")) else "a"].append(own)
        subnet: dict[str, Any] = {"id": "/a", "name": "a", "addressPrefix": "10.8.0.0/24"}
        subnet |= {"networkSecurityGroup": {"id": self.subnet_group}} if self.subnet_group else {}
        return {
            "location": "westeurope",
            "subnets": [
                {**subnet, "ipConfigurations": inside["a"]},
                {"id": "/b", "name": "b", "addressPrefixes": ["10.8.1.0/24", "fd00::/64"]}
                | {"ipConfigurations": inside["b"]},
            ],
        }

    def known(self, given: Any, place: str) -> str | None:
        return given if isinstance(given, str) else None

    def together(self, token: str, arguments: Sequence[Mapping[str, Any]]) -> list[Any]:
        answers: list[Any] = []
        for each in arguments:
            try:
                answers.append(self(token, each))
            except Exception as problem:
                answers.append(problem)
        return answers


def machine(name: str, *addresses: str) -> Machine:
    return Machine(name=name, addresses=tuple(map(Prefix.parse, addresses)), roles=("SwyxServer",))


SERVER, GATE = machine("server", "10.8.0.10"), machine("gate", "10.8.0.11")


def find(
    azure: Azure, machines: Sequence[Machine] = (SERVER,), network: Any = None, **bound: Any
) -> AzureSite:
    wanted = Deployment(
        site="acme", network=network or NETWORK, attached=machines, bindings=bound, tags={}
    )
    return look_up(wanted, azure)  # type: ignore[arg-type]


def refusal(
    azure: Azure, machines: Sequence[Machine] = (SERVER,), network: Any = None, **bound: Any
) -> str:
    with pytest.raises(SwyxError) as refused:
        find(azure, machines, network, **bound)
    return str(refused.value)


def test_an_interface_is_found_by_its_machines_address_wherever_its_resource_group_is() -> None:
    azure = Azure().has(f"{ELSEWHERE}vm1", "10.8.0.10").has(f"{NIC}other", "10.8.0.99")
    assert find(azure).existing == {"server": (f"{ELSEWHERE}vm1",)}
    assert azure.asked == ["network", "vm1"], "the others are not asked"


def test_addresses_are_compared_as_numbers() -> None:
    azure = Azure().has(f"{NIC}v6", "fd00:0:0:0::A")
    assert find(azure, [machine("server", "fd00::a")]).existing == {"server": (f"{NIC}v6",)}


def test_where_arm_refuses_to_tell_addresses_with_the_network_its_interfaces_are_asked() -> None:
    azure = Azure(expands=False).has(f"{NIC}one", "10.8.0.10").has(f"{NIC}two", "10.8.0.11")
    azure.others["10.8.0.20"] = (
        f"{GROUP}/providers/Microsoft.Network/bastionHosts/b/ipConfigurations/c"
    )
    found = find(azure, [GATE])
    assert found.existing == {"gate": (f"{NIC}two",)}


def test_only_interfaces_in_the_subnet_of_the_address_are_asked() -> None:
    azure = Azure(expands=False).has(f"{NIC}one", "10.8.0.10").has(f"{NIC}other", "10.8.1.10")
    assert find(azure, [SERVER]).existing == {"server": (f"{NIC}one",)}
    assert sorted(azure.asked) == ["network", "network", "one"]


def test_an_address_that_no_interface_has_is_refused_with_the_ways_to_bind() -> None:
    text = refusal(Azure().has(f"{NIC}other", "10.8.0.99"))
    assert "no network interface in net has the address 10.8.0.10 of server" in text
    for way in ("interface_id", "interface: {}", "attach: false"):
        assert f"machines.server.{way}" in text


@pytest.mark.parametrize(
    "holder",
    [
        "/providers/Microsoft.Compute/virtualMachineScaleSets/set/virtualMachines/0"
        "/networkInterfaces/n/ipConfigurations/c",
        "/providers/Microsoft.Network/virtualNetworkGateways/gw/ipConfigurations/c",
        "/providers/Microsoft.Network/loadBalancers/lb/frontendIPConfigurations/c",
    ],
)
def test_what_has_an_address_and_is_not_an_interface_of_its_own_is_named(holder: str) -> None:
    azure = Azure()
    azure.others["10.8.0.10"] = GROUP + holder
    assert f"10.8.0.10 of server belongs to {GROUP}{holder}" in refusal(azure)


def test_an_interface_with_a_group_of_somebody_else_is_refused_with_the_command() -> None:
    azure = Azure().has(f"{NIC}vm1", "10.8.0.10", group=f"{NSG}vm1-nsg")
    text = refusal(azure)
    assert f"{NIC}vm1 of server already has the network security group vm1-nsg" in text
    assert f"az network nic update --ids {NIC}vm1 --remove networkSecurityGroup" in text
    assert "attach: false" in text


def test_an_interface_with_its_machines_own_group_is_taken() -> None:
    """Its association exists; Azure's ids are without regard to case."""
    own = f"{NSG}ACME.server-nsg".replace("resourceGroups", "resourcegroups")
    azure = Azure().has(f"{NIC}vm1", "10.8.0.10", group=own)
    assert find(azure).existing == {"server": (f"{NIC}vm1",)}


def test_a_group_of_the_same_name_in_another_resource_group_is_somebody_elses() -> None:
    other = f"{NSG}acme.server-nsg".replace("/acme/", "/other/")
    text = refusal(Azure().has(f"{NIC}vm1", "10.8.0.10", group=other))
    assert "--remove networkSecurityGroup" in text


def test_an_interface_in_the_group_of_another_machine_of_the_site_needs_two_updates() -> None:
    """Its association would take the new group off when it is deleted, after the new one was made."""
    text = refusal(Azure().has(f"{NIC}vm1", "10.8.0.10", group=f"{NSG}acme.old-name-nsg"))
    assert "acme.old-name-nsg, the group of another machine of this site" in text
    assert "machines.server.attach: false" in text and "az network" not in text


def test_interfaces_are_taken_by_id_without_the_network() -> None:
    azure = Azure().has(f"{NIC}one", "10.8.0.10").has(f"{NIC}two", "10.8.1.10")
    both = machine("server", "10.8.0.10", "10.8.1.10")
    bound = {"interface_ids": [f"{NIC}two", f"{NIC}one", f"{NIC}TWO"]}
    found = find(azure, [both], {"resource_group": "acme"}, server=bound)
    assert found.existing == {"server": (f"{NIC}two", f"{NIC}one")}
    assert found.location == "westeurope", "where the interfaces are"
    assert sorted(azure.asked) == ["one", "two"]


def test_an_interface_by_id_without_an_address_of_the_machine_is_refused() -> None:
    text = refusal(Azure().has(f"{NIC}vm1", "10.8.0.99"), server={"interface_id": f"{NIC}vm1"})
    assert f"{NIC}vm1 has the addresses 10.8.0.99" in text and "server has 10.8.0.10" in text


def test_an_interface_that_is_not_there_is_refused_with_the_providers_words() -> None:
    text = refusal(Azure(), server={"interface_id": f"{NIC}vm1"})
    assert f"machines.server: the network interface {NIC}vm1 can't be read" in text
    assert "ResourceNotFound" in text


@pytest.mark.parametrize("id", ["vm1", f"{NSG}vm1", f"{NIC}vm1/ipConfigurations/c"])
def test_a_text_that_is_not_the_id_of_an_interface_is_refused(id: str) -> None:
    assert "is not the id of a network interface" in refusal(Azure(), server={"interface_id": id})


def test_two_machines_on_one_interface_are_refused() -> None:
    azure = Azure().has(f"{NIC}vm1", "10.8.0.10", "10.8.0.11")
    assert "is bound to server and to gate" in refusal(azure, [SERVER, GATE])
    one = {"interface_id": f"{NIC}VM1"}
    assert "is bound to gate and to server" in refusal(azure, [GATE, SERVER], server=one)


def test_all_that_is_wrong_is_said_at_once() -> None:
    azure = Azure().has(f"{NIC}vm1", "10.8.0.10", group=f"{NSG}vm1-nsg")
    text = refusal(azure, [SERVER, GATE])
    assert (
        "already has the network security group vm1-nsg" in text
        and "the address 10.8.0.11 of gate" in text
    )


def test_the_network_may_be_in_another_resource_group_than_what_is_made() -> None:
    asked: list[Mapping[str, Any]] = []

    class Other(Azure):
        def _network(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
            asked.append(arguments)
            return super()._network(arguments)

    network = {**NETWORK, "virtual_network_resource_group": "hub"}
    find(Other().has(f"{NIC}vm1", "10.8.0.10"), network=network)
    assert asked[0]["resourceGroupName"] == "hub"


def placed(made: NewInterface) -> list[tuple[str, str]]:
    """The subnet and the address of each IP configuration."""
    configurations = made.properties["ip_configurations"]
    return [(each["subnet"]["id"], each["private_ip_address"]) for each in configurations]


def own(made: NewInterface) -> list[dict[str, Any]]:
    """What the caller asked of each IP configuration."""
    return [
        {key: each[key] for key in each.keys() & {"public_ip_address", "type"}}
        for each in made.properties["ip_configurations"]
    ]


def test_an_interface_is_made_where_one_is_asked_for() -> None:
    azure = Azure()
    two = machine("server", "10.8.0.10", "10.8.1.10")
    made = find(azure, [two], server={"interface": {}}).new
    assert [(each.suffix, *placed(each)) for each in made] == [
        ("", ("/a", "10.8.0.10")),
        ("b", ("/b", "10.8.1.10")),
    ]
    (only,) = find(azure, [two], server={"subnet_id": "/c"}).new
    assert placed(only) == [("/c", "10.8.0.10"), ("/c", "10.8.1.10")]


def test_properties_are_handed_through_under_either_spelling() -> None:
    given = {
        "enableAcceleratedNetworking": True,
        "dns_settings": {"dnsServers": ["10.8.0.4"]},
        "tags": {"Cost Center": "9"},
        "ip_configurations": [{"publicIPAddress": {"id": "/ip"}}, {}],
    }
    two = machine("server", "10.8.0.10", "10.8.0.20")
    (made,) = find(Azure(), [two], server={"interface": given}).new
    assert {**made.properties, "ip_configurations": own(made)} == {
        "enable_accelerated_networking": True,
        "dns_settings": {"dns_servers": ["10.8.0.4"]},
        "tags": {"Cost Center": "9"},
        "ip_configurations": [{"public_ip_address": {"id": "/ip"}}, {}],
    }


def test_configurations_follow_the_machines_addresses_over_all_its_interfaces() -> None:
    given = {"ip_configurations": [{"public_ip_address": {"id": "/1"}}, {"type": "x"}]}
    two = machine("server", "10.8.0.10", "10.8.1.10")
    first, second = find(Azure(), [two], server={"interface": given}).new
    assert (own(first), own(second)) == ([{"public_ip_address": {"id": "/1"}}], [{"type": "x"}])


@pytest.mark.parametrize(
    ("interface", "place", "sentence"),
    [
        (
            {"enable_accelarated_networking": True},
            "enable_accelarated_networking",
            "did you mean enable_accelerated_networking",
        ),
        ({"dns_settings": {"servers": []}}, "dns_settings.servers", "unknown argument `servers`"),
        ({"dns_settings": "10.8.0.4"}, "dns_settings", "str is not a mapping"),
        ({"networkSecurityGroup": {"id": "x"}}, "networkSecurityGroup", "can't be set here"),
        ({"location": "x"}, "location", "can't be set here"),
        ({"ip_configurations": {"x": {}}}, "ip_configurations", "dict is not a list"),
        (
            {"ip_configurations": [{"subnet": {"id": "/x"}}]},
            "ip_configurations[0].subnet",
            "can't be set here",
        ),
        (
            {"ip_configurations": [{}, {}]},
            "ip_configurations",
            "1 more than the IP configurations",
        ),
        ({"dns_settings": {"zzzz": 1}}, "dns_settings.zzzz", "unknown argument `zzzz`"),
    ],
)
def test_what_the_provider_does_not_take_or_the_component_sets_is_refused(
    interface: Any, place: str, sentence: str
) -> None:
    text = refusal(Azure(), server={"interface": interface})
    assert sentence in text
    assert text.startswith(".".join(filter(None, ("machines.server.interface", place))))


def test_a_machine_is_bound_in_one_way() -> None:
    both = {"interface_id": f"{NIC}vm1", "subnet_id": "/a"}
    assert "bound by interface_id, subnet_id" in refusal(Azure(), server=both)


def test_the_group_of_a_machines_subnet_is_told_of() -> None:
    azure = Azure(subnet_group=f"{NSG}desk-nsg").has(f"{NIC}vm1", "10.8.0.10")
    (message,) = find(azure).messages
    assert "desk-nsg of the subnet a also filters traffic of server" in str(message)
    assert find(azure, [machine("far", "10.8.1.10")], far={"interface": {}}).messages == ()
