"""Unit tests of programs that have a `SwyxSite`: mocks that answer its lookups without a cloud.

clouds = MockClouds(vpcs={"aachen": "vpc-1"}, interfaces={"10.1.0.10": "eni-10"})
pulumi.runtime.set_mocks(clouds)
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from swyx_components.sets.prefixes import Prefix

_GROUP = "/subscriptions/s/resourceGroups/machines"


def nic_id(name: str) -> str:
    """The id of an interface of `MockClouds.nics`."""
    return f"{_GROUP}/providers/Microsoft.Network/networkInterfaces/{name}"


@dataclass
class MockClouds(pulumi.runtime.Mocks):
    """Both clouds as the program's lookups find them, and every resource that it registers."""

    vpcs: dict[str, str] = field(default_factory=dict)
    """AWS: the VPCs' ids by their tag `Name`."""
    interfaces: dict[str, str] = field(default_factory=dict)
    """AWS: interface ids by address or instance id; those of one instance are separated by spaces."""
    members: dict[str, list[str]] = field(default_factory=dict)
    """AWS: the security groups of an interface; by default `sg-default`."""
    subnets: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """Azure: by virtual network, the prefixes of each subnet."""
    nics: dict[str, list[str]] = field(default_factory=dict)
    """Azure: the addresses of the interfaces that exist, by name."""
    nsgs: dict[str, str] = field(default_factory=dict)
    """Azure: the ids of the NSGs that some of these interfaces have."""
    resources: list[pulumi.runtime.MockResourceArgs] = field(default_factory=list)
    """What the program registered: `typ`, `name` and `inputs` of each."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Record a resource; its id is `id-of-NAME`, its outputs are its inputs."""
        self.resources.append(args)
        return f"id-of-{args.name}" if args.custom else "", dict(args.inputs)

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        """Answer a lookup."""
        given, token = args.args, args.token.rpartition(":")[2]
        match token:
            case "getVpcs":
                (name,) = (f["values"][0] for f in given["filters"] if f["name"] == "tag:Name")
                return _found(self.vpcs.get(name, "").split())
            case "getNetworkInterfaces":
                (wanted,) = (f["values"] for f in given["filters"] if f["name"] != "vpc-id")
                return _found([id for e in wanted for id in self.interfaces.get(e, "").split()])
            case "getInstance":
                first = self.interfaces[given["instanceId"]].split()[0]
                return {"networkInterfaceId": first, "id": given["instanceId"]}
            case "getSecurityGroups" | "getSecurityGroupRules":
                return _found([])  # nothing is deployed yet
            case "getNetworkInterface" if args.token.startswith("aws:"):
                return self._describe(given["id"])
            case "getNetworkInterface":
                return self._describe_nic(given["networkInterfaceName"])
            case "getVirtualNetwork":
                return self._describe_network(given["virtualNetworkName"])
        raise AssertionError(f"unexpected call of {args.token}")

    def _describe(self, id: str) -> Any:
        own = [key for key, ids in self.interfaces.items() if id in ids.split()]
        if not own:
            return {}, [("id", f"no interface {id}")]
        return {
            "privateIps": [key for key in own if "." in key],
            "ipv6Addresses": [key for key in own if ":" in key],
            "securityGroups": self.members.get(id, ["sg-default"]),
            "id": id,
        }

    def _describe_nic(self, name: str) -> Any:
        if name not in self.nics:
            return {}, [("networkInterfaceName", f"ResourceNotFound: {name}")]
        found = [{"privateIPAddress": address} for address in self.nics[name]]
        group = {"networkSecurityGroup": {"id": self.nsgs.get(name, "")}}
        return {"ipConfigurations": found, "location": "westeurope", "id": "x", **group}

    def _describe_network(self, name: str) -> Any:
        if name not in self.subnets:
            return {}, [("virtualNetworkName", f"ResourceNotFound: {name}")]
        subnets = [
            {
                "id": f"/subnets/{key}",
                "name": key,
                "addressPrefixes": prefixes,
                "ipConfigurations": [
                    {"id": f"{nic_id(nic)}/ipConfigurations/c", "privateIPAddress": address}
                    for nic, addresses in self.nics.items()
                    for address in addresses
                    if any(Prefix.parse(p).contains(Prefix.parse(address)) for p in prefixes)
                ],
            }
            for key, prefixes in self.subnets[name].items()
        ]
        return {"subnets": subnets, "location": "westeurope", "id": f"/vnets/{name}", "name": name}


def _found(ids: Sequence[str]) -> dict[str, Any]:
    return {"ids": [*ids], "id": "x"}
