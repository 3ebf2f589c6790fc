"""Hand-made firewalls in a short form, written out as the commands of the two clouds would write them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

_RULE = re.compile(
    r"(?:(?P<number>\d+) )?(?P<way>in|out) (?:(?P<access>allow|deny) )?(?P<protocol>\S+)"
    r"(?: (?P<ports>[\d,-]+))?(?: source (?P<sources>[\d,-]+))?"
    r" (?:from|to) (?P<peer>\S+)(?: at (?P<own>\S+))?"
)
_NUMBERS = {"any": "-1", "tcp": "6", "udp": "17", "icmp": "1"}
_PLACE = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network"


def read_rule(text: str) -> dict[str, str]:
    """`100 in deny tcp 80,443 source 1024-65535 from 10.0.0.0/8 at web` in its parts."""
    match = _RULE.fullmatch(text)
    assert match, f"{text!r} is no rule"
    return {key: value or "" for key, value in match.groupdict().items()}


# ---- AWS


def write_aws(firewall: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`groups`, `interfaces` (address: groups) and `acls`, those that are there, as documents."""
    documents: list[dict[str, Any]] = []
    groups = firewall.get("groups")
    if groups is not None:
        named = [
            {"GroupId": id, "GroupName": f"the-{id}", "VpcId": "vpc-1", "Tags": []} for id in groups
        ]
        rules = [
            _aws_rule(id, place, text)
            for id, texts in groups.items()
            for place, text in enumerate(texts)
        ]
        documents += [{"SecurityGroups": named}, {"SecurityGroupRules": rules}]
    if "interfaces" in firewall:
        documents.append(
            {
                "NetworkInterfaces": [
                    _aws_interface(address, own) for address, own in firewall["interfaces"].items()
                ]
            }
        )
    if "acls" in firewall:
        documents.append({"NetworkAcls": [_acl(*each) for each in firewall["acls"].items()]})
    return documents


def _aws_rule(group: str, place: int, text: str) -> dict[str, Any]:
    rule = read_rule(text)
    first, _, last = rule["ports"].partition("-")
    record: dict[str, Any] = {
        "SecurityGroupRuleId": f"sgr-{group[3:]}{place}",
        "GroupId": group,
        "IsEgress": rule["way"] == "out",
        "IpProtocol": "-1" if rule["protocol"] == "any" else rule["protocol"],
        "FromPort": int(first or -1),
        "ToPort": int(last or first or -1),
    }
    peer = rule["peer"]
    if peer.startswith("sg-"):
        return record | {"ReferencedGroupInfo": {"GroupId": peer}}
    if peer.startswith("pl-"):
        return record | {"PrefixListId": peer}
    return record | {"CidrIpv6" if ":" in peer else "CidrIpv4": peer}


def _aws_interface(address: str, groups: Sequence[str]) -> dict[str, Any]:
    record: dict[str, Any] = {
        "NetworkInterfaceId": f"eni-{address}",
        "VpcId": "vpc-1",
        "SubnetId": "subnet-1",
        "Groups": [{"GroupId": group, "GroupName": f"the-{group}"} for group in groups],
        "PrivateIpAddresses": [],
        "Ipv6Addresses": [],
    }
    if ":" in address:
        record["Ipv6Addresses"] = [{"Ipv6Address": address}]
    else:
        record["PrivateIpAddresses"] = [{"PrivateIpAddress": address, "Primary": True}]
    return record


def _acl(id: str, texts: Sequence[str]) -> dict[str, Any]:
    end = ("32767 in deny any from 0.0.0.0/0", "32767 out deny any to 0.0.0.0/0")
    return {
        "NetworkAclId": id,
        "VpcId": "vpc-1",
        "IsDefault": False,
        "Associations": [{"NetworkAclId": id, "SubnetId": "subnet-1"}],
        "Entries": [_acl_entry(text) for text in (*texts, *end)],
    }


def _acl_entry(text: str) -> dict[str, Any]:
    rule = read_rule(text)
    entry: dict[str, Any] = {
        "RuleNumber": int(rule["number"]),
        "Egress": rule["way"] == "out",
        "RuleAction": rule["access"],
        "Protocol": _NUMBERS[rule["protocol"]],
        "Ipv6CidrBlock" if ":" in rule["peer"] else "CidrBlock": rule["peer"],
    }
    if rule["ports"]:
        first, _, last = rule["ports"].partition("-")
        entry["PortRange"] = {"From": int(first), "To": int(last or first)}
    return entry


# ---- Azure


def write_azure(firewall: Mapping[str, Any]) -> list[Any]:
    """`groups`, `subnets` (name: group) and `interfaces` (address: {group, asgs, subnet}), as documents."""
    subnets: Mapping[str, str] = firewall.get("subnets", {})
    documents: list[Any] = [
        [
            {
                "id": _id("networkSecurityGroups", name),
                "name": name,
                "securityRules": [_azure_rule(text) for text in texts],
                "defaultSecurityRules": [],
                "subnets": [
                    {"id": _subnet(subnet)} for subnet, own in subnets.items() if own == name
                ],
            }
            for name, texts in firewall.get("groups", {}).items()
        ]
    ]
    if "interfaces" in firewall:
        interfaces = firewall["interfaces"].items()
        documents.append([_azure_interface(*each) for each in interfaces])
    return [document for document in documents if document]


def _id(kind: str, name: str) -> str:
    return f"{_PLACE}/{kind}/{name}"


def _subnet(name: str) -> str:
    return f"{_PLACE}/virtualNetworks/net/subnets/{name}"


def _azure_rule(text: str) -> dict[str, Any]:
    rule = read_rule(text)
    inbound = rule["way"] == "in"
    own, peer = ("destination", "source") if inbound else ("source", "destination")
    protocols = {"any": "*", "tcp": "Tcp", "udp": "Udp", "icmp": "Icmp"}
    return {
        "name": f"rule-{rule['number']}",
        "priority": int(rule["number"]),
        "direction": "Inbound" if inbound else "Outbound",
        "access": rule["access"].capitalize(),
        "protocol": protocols.get(rule["protocol"], rule["protocol"]),
        **_side(peer, rule["peer"]),
        **_side(own, rule["own"] or "*"),
        **_port_side("source", rule["sources"]),
        **_port_side("destination", rule["ports"]),
    }


def _side(side: str, text: str) -> dict[str, Any]:
    words = text.split(",")
    if text.startswith("asg-"):
        asgs = [{"id": _id("applicationSecurityGroups", word)} for word in words]
        return {f"{side}ApplicationSecurityGroups": asgs, f"{side}AddressPrefixes": []}
    if len(words) > 1:
        return {f"{side}AddressPrefixes": words, f"{side}AddressPrefix": None}
    return {f"{side}AddressPrefix": text, f"{side}AddressPrefixes": []}


def _port_side(side: str, text: str) -> dict[str, Any]:
    words = text.split(",") if text else ["*"]
    if len(words) > 1:
        return {f"{side}PortRanges": words, f"{side}PortRange": None}
    return {f"{side}PortRange": words[0], f"{side}PortRanges": []}


def _azure_interface(address: str, own: Mapping[str, Any]) -> dict[str, Any]:
    group = own.get("group")
    asgs = [{"id": _id("applicationSecurityGroups", asg)} for asg in own.get("asgs", ())]
    return {
        "id": _id("networkInterfaces", f"nic-{address}"),
        "name": f"nic-{address}",
        "networkSecurityGroup": {"id": _id("networkSecurityGroups", group)} if group else None,
        "ipConfigurations": [
            {
                "privateIPAddress": address,
                "applicationSecurityGroups": asgs or None,
                "subnet": {"id": _subnet(own.get("subnet", "machines"))},
            }
        ],
    }
