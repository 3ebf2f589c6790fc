"""A rendered site made in an offline cloud with the official clients, without Pulumi: something to verify."""

from __future__ import annotations

from typing import Any

from swyx_components.clouds.azure.names import physical_name
from swyx_components.planner.model import (
    Direction,
    Protocol,
    RenderedGroup,
    RenderedSite,
    Rule,
)
from swyx_components.sets.prefixes import Prefix

WEST = {"location": "westeurope"}


def make_in_aws(ec2: Any, rendered: RenderedSite, cidr: str) -> dict[str, str]:
    """The VPC, an interface a machine, the groups, their rules and attachments; group ids by name."""
    vpc = ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=cidr)["Subnet"]["SubnetId"]
    ec2.associate_vpc_cidr_block(VpcId=vpc, Ipv6CidrBlock="fd00:1::/48", Ipv6Pool="test")
    ec2.associate_subnet_cidr_block(SubnetId=subnet, Ipv6CidrBlock="fd00:1::/48")
    site = rendered.plan.site
    ids: dict[str, str] = {}
    for entry in rendered.groups:
        name = entry.group.name
        made = ec2.create_security_group(GroupName=f"{site}-{name}", Description="d", VpcId=vpc)
        ids[name] = made["GroupId"]
        tags = [{"Key": "swyx:site", "Value": site}, {"Key": "swyx:group", "Value": name}]
        ec2.create_tags(Resources=[ids[name]], Tags=tags)
        (group,) = ec2.describe_security_groups(GroupIds=[ids[name]])["SecurityGroups"]
        ec2.revoke_security_group_egress(
            GroupId=ids[name], IpPermissions=group["IpPermissionsEgress"]
        )
    for entry in rendered.groups:
        for spec in entry.rules:
            out = spec.direction is Direction.OUT
            call = (
                ec2.authorize_security_group_egress if out else ec2.authorize_security_group_ingress
            )
            call(GroupId=ids[entry.group.name], IpPermissions=[aws_permission(spec, ids)])
        for machine in entry.group.machines:
            more: dict[str, Any] = {}
            for address in machine.addresses:
                if address.version == 4:
                    more["PrivateIpAddress"] = address.address
                else:
                    more["Ipv6Addresses"] = [{"Ipv6Address": address.address}]
            ec2.create_network_interface(SubnetId=subnet, Groups=[ids[entry.group.name]], **more)
    return ids


def aws_permission(spec: Rule, ids: dict[str, str]) -> dict[str, Any]:
    first, last = spec.ports[0] if spec.ports else (-1, -1)
    permission: dict[str, Any] = {
        "IpProtocol": "-1" if spec.protocol is Protocol.ANY else spec.protocol.value
    }
    if spec.protocol is not Protocol.ANY:
        permission |= {"FromPort": first, "ToPort": last}
    if spec.groups:
        return permission | {"UserIdGroupPairs": [{"GroupId": ids[spec.groups[0]]}]}
    if spec.prefixes[0].version == 4:
        return permission | {"IpRanges": [{"CidrIp": str(spec.prefixes[0])}]}
    return permission | {"Ipv6Ranges": [{"CidrIpv6": str(spec.prefixes[0])}]}


def make_in_azure(client: Any, rendered: RenderedSite, cidr: str) -> None:
    """The virtual network, the groups with their rules, and an interface a machine, in `rg`."""
    subnet = _make_subnet(client, cidr)
    for entry in rendered.groups:
        group = _make_group(client, rendered.plan.site, entry)
        for machine in entry.group.machines:
            configurations = [
                _configuration(place, address, subnet)
                for place, address in enumerate(machine.addresses)
            ]
            properties = {
                "networkSecurityGroup": {"id": group},
                "ipConfigurations": configurations,
            }
            nic = {**WEST, "properties": properties}
            client.network_interfaces.begin_create_or_update(
                "rg", f"{machine.name}-nic", nic
            ).result()


def _make_subnet(client: Any, cidr: str) -> str:
    spaces = [cidr, "fd00::/16"]
    subnet = {"name": "a", "properties": {"addressPrefixes": [cidr, "fd00:1::/64"]}}
    properties = {"addressSpace": {"addressPrefixes": spaces}, "subnets": [subnet]}
    body = {**WEST, "properties": properties}
    network = client.virtual_networks.begin_create_or_update("rg", "net", body).result()
    return str(network.subnets[0].id)


def _make_group(client: Any, site: str, entry: RenderedGroup) -> str:
    name = physical_name(site, entry.group.name, kind="nsg")
    rules = [{"name": s.name, "properties": azure_rule(s)} for s in entry.rules]
    tags = {"swyx:site": site, "swyx:group": entry.group.name}
    body = {**WEST, "tags": tags, "properties": {"securityRules": rules}}
    group = client.network_security_groups.begin_create_or_update("rg", name, body).result()
    return str(group.id)


def _configuration(place: int, address: Prefix, subnet: str) -> dict[str, Any]:
    properties = {
        "subnet": {"id": subnet},
        "primary": place == 0,
        "privateIPAddress": address.address,
        "privateIPAddressVersion": f"IPv{address.version}",
        "privateIPAllocationMethod": "Static",
    }
    return {"name": f"c{place}", "properties": properties}


def azure_rule(spec: Rule) -> dict[str, Any]:
    own, peer = (
        ("destination", "source") if spec.direction is Direction.IN else ("source", "destination")
    )
    protocols = {Protocol.ANY: "*", Protocol.ICMPV6: "Icmp"}
    rule: dict[str, Any] = {
        "priority": spec.priority,
        "direction": "Inbound" if spec.direction is Direction.IN else "Outbound",
        "access": "Allow" if spec.allow else "Deny",
        "protocol": protocols.get(spec.protocol, spec.protocol.value.capitalize()),
    }
    for side, ports in (("source", spec.source_ports), ("destination", spec.ports)):
        if ports is None:
            rule[f"{side}PortRange"] = "*"
        else:
            rule[f"{side}PortRanges"] = [str(part) for part in ports]
    rule[f"{own}AddressPrefix"] = "*"
    if not spec.allow:
        rule[f"{peer}AddressPrefix"] = "*"
    else:
        rule[f"{peer}AddressPrefixes"] = [str(prefix) for prefix in spec.prefixes]
    return rule
