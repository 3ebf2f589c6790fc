"""One row a fact of Azure: the offending call is refused with ARM's status and code, its neighbour
is accepted.

The rows follow clouds.md, "Azure network security groups"; the limits of the costly ones are lowered.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from sandbox.azure.arm import Arm, Response
from sandbox.azure.limits import Limits
from sandbox.azure.store import Store
from sandbox.server import Request

Json = dict[str, Any]
GROUP = "/subscriptions/s/resourceGroups/rg"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
AZURES = Limits()
SMALL = Limits(
    groups_per_region=2,
    rules_per_group=3,
    prefixes_per_group=4,
)


class Cloud:
    """An emulator without sockets, holding one resource group and two networks."""

    def __init__(self, limits: Limits) -> None:
        self.arm = Arm(Store(None), limits)
        self.put("", {"location": "westeurope"}, root=GROUP)
        for name, prefix in (("one", "10.1.0.0/16"), ("two", "10.2.0.0/16")):
            subnets = [
                _subnet("a", prefix.replace("0.0/16", "1.0/24")),
                _subnet("b", prefix.replace("0.0/16", "2.0/24")),
            ]
            subnets[0]["properties"] = {
                "addressPrefixes": [
                    subnets[0]["properties"]["addressPrefix"],
                    f"fd00:{name == 'two':x}::/64",
                ]
            }
            space = {"addressPrefixes": [prefix, "fd00::/16"]}
            self.must_put(f"/virtualNetworks/{name}", {"addressSpace": space, "subnets": subnets})

    def call(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        root: str = NETWORK,
        expand: str = "",
    ) -> Response:
        request = Request(
            method=method,
            path=root + path,
            query={"api-version": "2024-05-01", "$expand": expand},
            headers={"authorization": "Bearer any"},
            body=b"" if body is None else json.dumps(body).encode(),
        )
        return self.arm.answer(request)

    def put(self, path: str, body: Json, root: str = NETWORK) -> Response:
        return self.call("PUT", path, body, root)

    def read(self, path: str) -> Json:
        response = self.call("GET", path)
        assert response.status == 200 and response.body is not None, response.body
        return response.body

    def must_put(self, path: str, properties: Json, location: str = "westeurope") -> None:
        response = self.put(path, {"location": location, "properties": properties})
        assert response.status in (200, 201), response.body


def rule(name: str = "r", **changes: Any) -> Json:
    """A good rule, with some properties replaced; None removes one."""
    properties: Json = {
        "protocol": "Udp",
        "access": "Allow",
        "direction": "Inbound",
        "priority": 200,
        "sourcePortRange": "50000-50099",
        "destinationPortRange": "51000-51499",
        "sourceAddressPrefix": "10.9.0.0/24",
        "destinationAddressPrefix": "*",
        **changes,
    }
    return {
        "name": name,
        "properties": {field: value for field, value in properties.items() if value is not None},
    }


def from_list(*prefixes: str, **changes: Any) -> Json:
    return rule(sourceAddressPrefix=None, sourceAddressPrefixes=list(prefixes), **changes)


def configuration(name: str = "c", **changes: Any) -> Json:
    subnet = {
        "id": f"{NETWORK}/virtualNetworks/{changes.pop('net', 'one')}/subnets/{changes.pop('subnet', 'a')}"
    }
    return {"name": name, "properties": {"subnet": subnet, **changes}}


def static(address: str, **changes: Any) -> Json:
    version = "IPv6" if ":" in address else "IPv4"
    given = {
        "privateIPAllocationMethod": "Static",
        "privateIPAddress": address,
        "privateIPAddressVersion": version,
    }
    return configuration(**{**given, **changes})


def group(
    *rules: Json, name: str = "g", location: str = "westeurope"
) -> Callable[[Cloud], Response]:
    body = {"location": location, "properties": {"securityRules": list(rules)}}
    return lambda cloud: cloud.put(f"/networkSecurityGroups/{name}", body)


def interface(
    *configurations: Json, name: str = "n", location: str = "westeurope", **more: Any
) -> Callable[[Cloud], Response]:
    body = {"location": location, "properties": {"ipConfigurations": list(configurations), **more}}
    return lambda cloud: cloud.put(f"/networkInterfaces/{name}", body)


def network(space: list[str], *subnets: Json) -> Callable[[Cloud], Response]:
    body = {
        "location": "westeurope",
        "properties": {"addressSpace": {"addressPrefixes": space}, "subnets": list(subnets)},
    }
    return lambda cloud: cloud.put("/virtualNetworks/three", body)


def machine(*interfaces: str) -> Callable[[Cloud], Response]:
    """A virtual machine with interfaces, the first of them its primary one."""
    given = [
        {
            "id": f"{NETWORK}/networkInterfaces/{name}",
            "properties": {"primary": name == interfaces[0]},
        }
        for name in interfaces
    ]
    body = {
        "location": "westeurope",
        "properties": {"networkProfile": {"networkInterfaces": given}},
    }
    root = f"{GROUP}/providers/Microsoft.Compute"
    return lambda cloud: cloud.put("/virtualMachines/vm", body, root)


def running(step: Callable[[Cloud], Response]) -> Callable[[Cloud], Response]:
    """A write that ARM has taken, and is still working on."""

    def start(cloud: Cloud) -> Response:
        cloud.arm.operations.takes = 3600.0
        response = step(cloud)
        cloud.arm.operations.takes = 0.0
        return response

    return start


def delete(path: str, root: str = NETWORK) -> Callable[[Cloud], Response]:
    return lambda cloud: cloud.call("DELETE", path, root=root)


def _subnet(name: str, prefix: str) -> Json:
    return {"name": name, "properties": {"addressPrefix": prefix}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    title: str
    code: str
    refused: Callable[[Cloud], Response]
    accepted: Callable[[Cloud], Response]
    status: int = 400
    before: tuple[Callable[[Cloud], Response], ...] = ()
    limits: Limits = AZURES


PRIORITY = "SecurityRuleInvalidPriority"
PORT = "SecurityRuleInvalidPortRange"
PREFIX = "SecurityRuleInvalidAddressPrefix"
UNSUPPORTED = "SecurityRuleParameterContainsUnsupportedValue"
OVERLAP = "OverlappingSubnetsNotPermittedInSecurityRule"
MISSING = "SecurityRuleParametersMissing"
CLASH = "SecurityRuleParametersConflict"
MIXED = "SecurityRuleAddressFamiliesMixed"

IN_ONE = interface(configuration(), name="in-one")
GUARDED = (
    group(),
    interface(configuration(), networkSecurityGroup={"id": f"{NETWORK}/networkSecurityGroups/g"}),
)

FACTS = [
    # 1. Priorities
    Fact(
        title="a priority is at least 100",
        code=PRIORITY,
        refused=group(rule(priority=99)),
        accepted=group(rule(priority=100)),
    ),
    Fact(
        title="a priority is at most 4096",
        code=PRIORITY,
        refused=group(rule(priority=4097)),
        accepted=group(rule(priority=4096)),
    ),
    Fact(
        title="a priority is an integer",
        code=PRIORITY,
        refused=group(rule(priority="200")),
        accepted=group(rule(priority=200)),
    ),
    Fact(
        title="a priority is required",
        code=PRIORITY,
        refused=group(rule(priority=None)),
        accepted=group(rule()),
    ),
    Fact(
        title="a priority is unique for each direction",
        code="SecurityRuleConflict",
        refused=group(rule("a"), rule("b")),
        accepted=group(rule("a"), rule("b", direction="Outbound")),
    ),
    # 2. Words, names and descriptions
    Fact(
        title="a protocol is one of Azure's",
        code="SecurityRuleInvalidProtocol",
        refused=group(rule(protocol="Sctp")),
        accepted=group(rule(protocol="tcp")),
    ),
    Fact(
        title="an access is Allow or Deny",
        code="SecurityRuleInvalidAccessType",
        refused=group(rule(access="Drop")),
        accepted=group(rule(access="Deny")),
    ),
    Fact(
        title="a direction is Inbound or Outbound",
        code="SecurityRuleInvalidDirection",
        refused=group(rule(direction="in")),
        accepted=group(rule(direction="Outbound")),
    ),
    Fact(
        title="a rule name has at most 80 characters",
        code="InvalidResourceName",
        refused=group(rule("a" * 81)),
        accepted=group(rule("a" * 80)),
    ),
    Fact(
        title="a rule name starts alphanumeric",
        code="InvalidResourceName",
        refused=group(rule("_a")),
        accepted=group(rule("1a")),
    ),
    Fact(
        title="a rule name ends alphanumeric or with _",
        code="InvalidResourceName",
        refused=group(rule("a.")),
        accepted=group(rule("a_")),
    ),
    Fact(
        title="a rule name has no blank or slash",
        code="InvalidResourceName",
        refused=group(rule("a b")),
        accepted=group(rule("a.b-c_d")),
    ),
    Fact(
        title="a rule name is ASCII",
        code="InvalidResourceName",
        refused=group(rule("anschlüsse")),
        accepted=group(rule("anschluesse")),
    ),
    Fact(
        title="rule names are unique without regard to case",
        code="DuplicateResourceName",
        refused=group(rule("a"), rule("A", priority=201)),
        accepted=group(rule("a"), rule("b", priority=201)),
    ),
    Fact(
        title="a description has at most 140 characters",
        code="SecurityRuleInvalidDescription",
        refused=group(rule(description="d" * 141)),
        accepted=group(rule(description="d" * 140)),
    ),
    # 3. Ports
    Fact(
        title="a port is at most 65535",
        code=PORT,
        refused=group(rule(destinationPortRange="65536")),
        accepted=group(rule(destinationPortRange="65535")),
    ),
    Fact(
        title="a port range is in order",
        code=PORT,
        refused=group(rule(destinationPortRange="20-10")),
        accepted=group(rule(destinationPortRange="10-20")),
    ),
    Fact(
        title="a port is an integer or a-b",
        code=PORT,
        refused=group(rule(destinationPortRange="80,443")),
        accepted=group(rule(destinationPortRange=None, destinationPortRanges=["80", "443"])),
    ),
    Fact(
        title="a port range has no blanks",
        code=PORT,
        refused=group(rule(sourcePortRange="1 - 2")),
        accepted=group(rule(sourcePortRange="1-2")),
    ),
    Fact(
        title="a list of ports does not hold *",
        code=PORT,
        refused=group(rule(sourcePortRange=None, sourcePortRanges=["*"])),
        accepted=group(rule(sourcePortRange="*")),
    ),
    Fact(
        title="ports are given once, singular or plural",
        code=CLASH,
        refused=group(rule(destinationPortRanges=["1"])),
        accepted=group(rule(destinationPortRanges=[])),
    ),
    Fact(
        title="source ports are required",
        code=MISSING,
        refused=group(rule(sourcePortRange=None)),
        accepted=group(rule(sourcePortRange="*")),
    ),
    Fact(
        title="destination ports are required",
        code=MISSING,
        refused=group(rule(destinationPortRange="")),
        accepted=group(rule(destinationPortRange="*")),
    ),
    # 4. Sides
    Fact(
        title="a side is required",
        code=MISSING,
        refused=group(rule(sourceAddressPrefix=None)),
        accepted=group(rule(sourceAddressPrefix="*")),
    ),
    Fact(
        title="a side is not both a prefix and prefixes",
        code=CLASH,
        refused=group(rule(sourceAddressPrefixes=["10.8.0.0/24"])),
        accepted=group(from_list("10.8.0.0/24", "10.9.0.0/24")),
    ),
    Fact(
        title="a list of prefixes does not hold *",
        code=UNSUPPORTED,
        refused=group(from_list("*")),
        accepted=group(rule(sourceAddressPrefix="*")),
    ),
    Fact(
        title="a list of prefixes does not hold a service tag",
        code=UNSUPPORTED,
        refused=group(from_list("10.8.0.0/24", "VirtualNetwork")),
        accepted=group(rule(sourceAddressPrefix="VirtualNetwork")),
    ),
    Fact(
        title="a service tag is one of Azure's",
        code=PREFIX,
        refused=group(rule(sourceAddressPrefix="Intranet")),
        accepted=group(rule(sourceAddressPrefix="Storage.WestEurope")),
    ),
    Fact(
        title="the platform's tags are only denied",
        code="SecurityRuleInvalidAccessType",
        refused=group(rule(destinationAddressPrefix="AzurePlatformDNS")),
        accepted=group(rule(destinationAddressPrefix="AzurePlatformDNS", access="Deny")),
    ),
    # 5. Prefixes
    Fact(
        title="prefixes of a rule do not overlap",
        code=OVERLAP,
        refused=group(from_list("10.8.0.0/16", "10.7.0.0/24", "10.8.4.0/24")),
        accepted=group(from_list("10.8.0.0/16", "10.7.0.0/24", "10.9.4.0/24")),
    ),
    Fact(
        title="a prefix is listed once",
        code=OVERLAP,
        refused=group(from_list("10.8.0.1", "10.8.0.1/32")),
        accepted=group(from_list("10.8.0.1", "10.8.0.2/32")),
    ),
    Fact(
        title="a prefix has no host bits",
        code=PREFIX,
        refused=group(rule(sourceAddressPrefix="100.68.0.18/18")),
        accepted=group(rule(sourceAddressPrefix="100.68.0.0/18")),
    ),
    Fact(
        title="a prefix in a list has no host bits",
        code=PREFIX,
        refused=group(from_list("10.8.0.1/24")),
        accepted=group(from_list("10.8.0.0/24")),
    ),
    Fact(
        title="a list of prefixes is of one family",
        code=MIXED,
        refused=group(from_list("10.8.0.0/24", "fd00::/64")),
        accepted=group(from_list("fd00::/64", "fd01::/64")),
    ),
    Fact(
        title="both sides are of one family",
        code=MIXED,
        refused=group(rule(destinationAddressPrefix="fd00::/64")),
        accepted=group(rule(sourceAddressPrefix="fd01::/64", destinationAddressPrefix="fd00::/64")),
    ),
    # 6. Limits
    Fact(
        title="a group has at most 1,000 rules",
        code="SecurityRuleCountLimitReached",
        limits=SMALL,
        refused=group(*(rule(f"r{n}", priority=100 + n) for n in range(4))),
        accepted=group(*(rule(f"r{n}", priority=100 + n) for n in range(3))),
    ),
    Fact(
        title="a region has at most 5,000 groups",
        code="NetworkSecurityGroupCountLimitReached",
        limits=SMALL,
        before=(group(name="a"), group(name="b")),
        refused=group(name="c"),
        accepted=group(name="c", location="northeurope"),
    ),
    Fact(
        title="a group has at most 4,000 source addresses, destinations apart",
        code="NumberOfAddressPrefixesInNetworkSecurityGroupLimitReached",
        limits=SMALL,
        refused=group(
            from_list("10.1.0.1", "10.1.0.3", "10.1.0.5"),
            rule(
                "b",
                sourceAddressPrefix=None,
                sourceAddressPrefixes=["10.1.0.7", "10.1.0.9"],
                priority=201,
            ),
        ),
        accepted=group(
            from_list(
                "10.1.0.1",
                "10.1.0.3",
                "10.1.0.5",
                "10.1.0.7",
                destinationAddressPrefix="10.4.0.0/24",
            )
        ),
    ),
    # 11. Interfaces
    Fact(
        title="an interface's group exists",
        code="InvalidResourceReference",
        before=(group(),),
        refused=interface(
            configuration(), networkSecurityGroup={"id": f"{NETWORK}/networkSecurityGroups/h"}
        ),
        accepted=GUARDED[1],
    ),
    Fact(
        title="an interface's subnet exists",
        code="InvalidResourceReference",
        refused=interface(configuration(subnet="c")),
        accepted=interface(configuration()),
    ),
    Fact(
        title="an interface has an IP configuration",
        code="InvalidRequestFormat",
        refused=interface(),
        accepted=interface(configuration()),
    ),
    Fact(
        title="an interface lies in one subnet",
        code="IpConfigurationsOnSameNicCannotUseDifferentSubnets",
        refused=interface(configuration(primary=True), configuration("d", subnet="b")),
        accepted=interface(configuration(primary=True), configuration("d")),
    ),
    Fact(
        title="an interface lies in the region of its network",
        code="InvalidResourceReference",
        refused=interface(configuration(), location="northeurope"),
        accepted=interface(configuration(), location="West Europe"),
    ),
    Fact(
        title="a static address lies in its subnet",
        code="PrivateIPAddressNotInSubnet",
        refused=interface(static("10.1.2.10")),
        accepted=interface(static("10.1.1.10")),
    ),
    Fact(
        title="a static address is not one of the first four",
        code="PrivateIPAddressInReservedRange",
        refused=interface(static("10.1.1.3")),
        accepted=interface(static("10.1.1.4")),
    ),
    Fact(
        title="a static address is not the last",
        code="PrivateIPAddressInReservedRange",
        refused=interface(static("10.1.1.255")),
        accepted=interface(static("10.1.1.254")),
    ),
    Fact(
        title="a static address is free in the network",
        code="PrivateIPAddressIsAllocated",
        before=(interface(static("10.1.1.10"), name="m"),),
        refused=interface(static("10.1.1.10")),
        accepted=interface(static("10.1.1.10"), name="m"),
    ),
    Fact(
        title="a static address is given",
        code="PrivateIPAddressNotProvided",
        refused=interface(configuration(privateIPAllocationMethod="Static")),
        accepted=interface(configuration(privateIPAllocationMethod="Dynamic")),
    ),
    Fact(
        title="an address is of its version",
        code="PrivateIPAddressVersionMismatch",
        refused=interface(
            static("10.1.1.10", privateIPAddressVersion="IPv6"),
            static("10.1.1.11", name="d", primary=True),
        ),
        accepted=interface(static("fd00::10"), static("10.1.1.11", name="d", primary=True)),
    ),
    Fact(
        title="the primary IP configuration is IPv4",
        code="IPv6IpConfigurationCannotBePrimary",
        refused=interface(static("fd00::10")),
        accepted=interface(static("10.1.1.10", primary=True), static("fd00::10", name="d")),
    ),
    Fact(
        title="one of several IP configurations is primary",
        code="NetworkInterfaceMustHaveOnePrimaryIpConfiguration",
        refused=interface(configuration(), configuration("d")),
        accepted=interface(configuration(), configuration("d", primary=True)),
    ),
    # 14. What stays with an interface
    Fact(
        title="the primary IP configuration is not renamed",
        code="IpConfigDeleteNotSupported",
        before=(interface(static("10.1.1.10", name="primary")),),
        refused=interface(static("10.1.1.10", name="other")),
        accepted=interface(static("10.1.1.11", name="primary")),
    ),
    Fact(
        title="the primary IP configuration is not removed",
        code="IpConfigDeleteNotSupported",
        before=(
            interface(
                static("10.1.1.10", name="primary", primary=True),
                static("10.1.1.11", name="secondary-1"),
            ),
        ),
        refused=interface(static("10.1.1.11", name="secondary-1")),
        accepted=interface(static("10.1.1.10", name="primary")),
    ),
    Fact(
        title="an interface does not move to another region",
        code="InvalidResourceLocation",
        status=409,
        before=(interface(configuration()),),
        refused=interface(configuration(), location="northeurope"),
        accepted=interface(configuration(), location="West Europe"),
    ),
    Fact(
        title="an interface that a machine has is not deleted",
        code="NicInUse",
        before=(
            interface(configuration()),
            interface(configuration(), name="free"),
            machine("n"),
        ),
        refused=delete("/networkInterfaces/N"),
        accepted=delete("/networkInterfaces/free"),
    ),
    Fact(
        title="a machine's interface exists",
        code="InvalidResourceReference",
        before=(interface(configuration()),),
        refused=machine("m"),
        accepted=machine("n"),
    ),
    # 16. One operation at a time
    Fact(
        title="an interface is not written while another write goes on",
        code="AnotherOperationInProgress",
        status=409,
        before=(interface(configuration(), name="m"), running(interface(configuration()))),
        refused=interface(configuration()),
        accepted=interface(configuration(), name="m"),
    ),
    Fact(
        title="an interface is not written while its group is",
        code="ReferencedResourceNotProvisioned",
        status=429,
        before=(group(name="h"), running(group())),
        refused=GUARDED[1],
        accepted=interface(
            configuration(), networkSecurityGroup={"id": f"{NETWORK}/networkSecurityGroups/h"}
        ),
    ),
    # 12. What is in use stays
    Fact(
        title="a group on an interface is not deleted",
        code="InUseNetworkSecurityGroupCannotBeDeleted",
        before=(*GUARDED, group(name="free")),
        refused=delete("/networkSecurityGroups/g"),
        accepted=delete("/networkSecurityGroups/free"),
    ),
    Fact(
        title="a group on a subnet is not deleted",
        code="InUseNetworkSecurityGroupCannotBeDeleted",
        before=(
            group(),
            group(name="free"),
            network(
                ["10.3.0.0/16"],
                {
                    "name": "a",
                    "properties": {
                        "addressPrefix": "10.3.0.0/24",
                        "networkSecurityGroup": {"id": f"{NETWORK}/networkSecurityGroups/G"},
                    },
                },
            ),
        ),
        refused=delete("/networkSecurityGroups/g"),
        accepted=delete("/networkSecurityGroups/free"),
    ),
    Fact(
        title="a subnet with interfaces is not deleted",
        code="InUseSubnetCannotBeDeleted",
        before=(IN_ONE,),
        refused=delete("/virtualNetworks/one/subnets/a"),
        accepted=delete("/virtualNetworks/one/subnets/b"),
    ),
    Fact(
        title="a network with interfaces is not deleted",
        code="InUseSubnetCannotBeDeleted",
        before=(IN_ONE,),
        refused=delete("/virtualNetworks/one"),
        accepted=delete("/virtualNetworks/two"),
    ),
    # Networks
    Fact(
        title="a subnet lies in its network",
        code="NetcfgSubnetRangeOutsideVnet",
        refused=network(["10.3.0.0/16"], _subnet("a", "10.4.0.0/24")),
        accepted=network(["10.3.0.0/16"], _subnet("a", "10.3.0.0/24")),
    ),
    Fact(
        title="subnets do not overlap",
        code="NetcfgSubnetRangesOverlap",
        refused=network(
            ["10.3.0.0/16"], _subnet("a", "10.3.0.0/24"), _subnet("b", "10.3.0.128/25")
        ),
        accepted=network(
            ["10.3.0.0/16"], _subnet("a", "10.3.0.0/25"), _subnet("b", "10.3.0.128/25")
        ),
    ),
    Fact(
        title="a network's prefix has no host bits",
        code="InvalidCIDRNotation",
        refused=network(["10.3.0.1/16"]),
        accepted=network(["10.3.0.0/16"]),
    ),
    Fact(
        title="an IPv6 subnet is a /64, beside an IPv4 prefix",
        code="InvalidIPv6SubnetPrefixLength",
        refused=network(
            ["10.3.0.0/16", "fd00::/48"],
            {"name": "a", "properties": {"addressPrefixes": ["10.3.0.0/24", "fd00::/56"]}},
        ),
        accepted=network(
            ["10.3.0.0/16", "fd00::/48"],
            {"name": "a", "properties": {"addressPrefixes": ["10.3.0.0/24", "fd00::/64"]}},
        ),
    ),
    Fact(
        title="a subnet has an IPv4 prefix",
        code="SubnetMustHaveIPv4AddressPrefix",
        refused=network(["10.3.0.0/16", "fd00::/48"], _subnet("a", "fd00::/64")),
        accepted=network(["10.3.0.0/16", "fd00::/48"], _subnet("a", "10.3.0.0/24")),
    ),
    # ARM itself
    Fact(
        title="a resource has a location",
        code="LocationRequired",
        refused=lambda cloud: cloud.put("/networkSecurityGroups/q", {}),
        accepted=group(name="q"),
    ),
    Fact(
        title="a resource does not move to another region",
        code="InvalidResourceLocation",
        status=409,
        before=(group(),),
        refused=group(location="northeurope"),
        accepted=group(location="West Europe"),
    ),
    Fact(
        title="a resource group must exist",
        code="ResourceGroupNotFound",
        status=404,
        refused=lambda cloud: cloud.put(
            "/networkSecurityGroups/g",
            {"location": "westeurope"},
            root=NETWORK.replace("/rg/", "/other/"),
        ),
        accepted=group(),
    ),
    Fact(
        title="a resource that is not there is not found",
        code="ResourceNotFound",
        status=404,
        refused=lambda cloud: cloud.call("GET", "/networkSecurityGroups/g"),
        accepted=lambda cloud: cloud.call("GET", "/virtualNetworks/ONE"),
    ),
    Fact(
        title="a subnet that is not there is not found",
        code="NotFound",
        status=404,
        refused=lambda cloud: cloud.call("GET", "/virtualNetworks/one/subnets/z"),
        accepted=lambda cloud: cloud.call("GET", "/virtualNetworks/One/subnets/A"),
    ),
    Fact(
        title="what is expanded are references",
        code="InvalidExpandQueryOptionValue",
        refused=lambda cloud: cloud.call("GET", "/virtualNetworks/one", expand="subnets/name"),
        accepted=lambda cloud: cloud.call(
            "GET", "/virtualNetworks/one", expand="subnets/ipConfigurations"
        ),
    ),
    Fact(
        title="a tag name has none of ARM's reserved characters",
        code="InvalidTagNameCharacters",
        refused=lambda cloud: cloud.put(
            "/networkSecurityGroups/q", {"location": "westeurope", "tags": {"a/b": "c"}}
        ),
        accepted=lambda cloud: cloud.put(
            "/networkSecurityGroups/q", {"location": "westeurope", "tags": {"a:b": "c"}}
        ),
    ),
]


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.title)
def test_azure_refuses_the_offender_and_takes_its_neighbour(fact: Fact) -> None:
    cloud = Cloud(fact.limits)
    for step in fact.before:
        prepared = step(cloud)
        assert prepared.status < 300, prepared.body
    held = {document["id"]: document["etag"] for document in cloud.arm.store.under(GROUP)}
    refused = fact.refused(cloud)
    assert (refused.status, code_of(refused)) == (fact.status, fact.code)
    assert {document["id"]: document["etag"] for document in cloud.arm.store.under(GROUP)} == held
    accepted = fact.accepted(cloud)
    assert accepted.status < 300, accepted.body


def code_of(response: Response) -> str | None:
    """The reason of a refusal; that of a retryable one is in its details."""
    error = (response.body or {}).get("error", {})
    return error["details"][0]["code"] if error.get("details") else error.get("code")


REFERENCE = {"id": "/subscriptions/s/elsewhere/a"}
RESET = {
    "accelerated networking": ({"enableAcceleratedNetworking": True}, {}),
    "IP forwarding": ({"enableIPForwarding": True}, {}),
    "DNS servers": ({"dnsSettings": {"dnsServers": ["10.0.0.53"]}}, {}),
    "the group": ({"networkSecurityGroup": {"id": f"{NETWORK}/networkSecurityGroups/g"}}, {}),
    "a public IP": ({}, {"publicIPAddress": REFERENCE}),
    "load balancer pools": ({}, {"loadBalancerBackendAddressPools": [REFERENCE]}),
    "NAT rules": ({}, {"loadBalancerInboundNatRules": [REFERENCE]}),
    "application gateway pools": ({}, {"applicationGatewayBackendAddressPools": [REFERENCE]}),
}


@pytest.mark.parametrize(("of_interface", "of_configuration"), RESET.values(), ids=RESET)
def test_a_put_of_an_interface_resets_what_it_leaves_out(
    of_interface: Json, of_configuration: Json
) -> None:
    """Whoever writes all that was read keeps it."""
    cloud = Cloud(Limits())
    group()(cloud)
    interface(configuration(**of_configuration), **of_interface)(cloud)
    given = cloud.read("/networkInterfaces/n")
    cloud.must_put("/networkInterfaces/n", given["properties"])
    assert settings_of(cloud) == settings_of(cloud, given)
    bare = Cloud(Limits())
    interface(configuration())(bare)
    assert settings_of(cloud) != settings_of(bare)
    interface(configuration())(cloud)
    assert settings_of(cloud) == settings_of(bare)


def settings_of(cloud: Cloud, interface: Json | None = None) -> tuple[Json, Json]:
    """What anybody has set on the interface and on its IP configuration."""
    properties = dict((interface or cloud.read("/networkInterfaces/n"))["properties"])
    del properties["resourceGuid"]
    (only,) = properties.pop("ipConfigurations")
    return properties, only["properties"]


def test_a_put_of_an_interface_keeps_what_its_machine_and_arm_gave_it() -> None:
    cloud = Cloud(Limits())
    for name in ("n", "m"):
        interface(configuration(), name=name)(cloud)
    assert "virtualMachine" not in cloud.read("/networkInterfaces/n")["properties"]
    machine("n", "m")(cloud)
    before = cloud.read("/networkInterfaces/n")["properties"]
    vm = {"id": f"{GROUP}/providers/Microsoft.Compute/virtualMachines/vm"}
    assert (before["virtualMachine"], before["primary"]) == (vm, True)
    assert cloud.read("/networkInterfaces/m")["properties"]["primary"] is False
    interface(configuration(), enableIPForwarding=True)(cloud)
    after = cloud.read("/networkInterfaces/n")["properties"]
    for field in ("virtualMachine", "primary", "macAddress", "resourceGuid"):
        assert after[field] == before[field]
    address = "privateIPAddress"
    assert (
        after["ipConfigurations"][0]["properties"][address]
        == before["ipConfigurations"][0]["properties"][address]
    )


def test_each_fact_has_its_own_title() -> None:
    assert len({fact.title for fact in FACTS}) == len(FACTS)


def test_the_default_limits_are_azures() -> None:
    figures = Limits()
    assert (figures.rules_per_group, figures.prefixes_per_group) == (1000, 4000)
    assert figures.groups_per_region == 5000


def test_a_group_has_azures_default_rules() -> None:
    cloud = Cloud(Limits())
    group()(cloud)
    found = cloud.read("/networkSecurityGroups/g")["properties"]["defaultSecurityRules"]
    shown = [
        (each["name"], each["properties"]["priority"], each["properties"]["access"])
        for each in found
    ]
    assert shown == [
        ("AllowVnetInBound", 65000, "Allow"),
        ("AllowAzureLoadBalancerInBound", 65001, "Allow"),
        ("DenyAllInBound", 65500, "Deny"),
        ("AllowVnetOutBound", 65000, "Allow"),
        ("AllowInternetOutBound", 65001, "Allow"),
        ("DenyAllOutBound", 65500, "Deny"),
    ]


def test_a_put_replaces_all_rules_at_once() -> None:
    """Priorities may be exchanged in one PUT, as nothing is judged in between; without a list no
    rule remains.
    """
    cloud = Cloud(Limits())
    group(rule("a", priority=100), rule("b", priority=101))(cloud)
    assert group(rule("a", priority=101), rule("b", priority=100))(cloud).status == 200
    cloud.put("/networkSecurityGroups/g", {"location": "westeurope"})
    response = cloud.call("GET", "/networkSecurityGroups/g")
    assert response.body is not None and response.body["properties"]["securityRules"] == []
