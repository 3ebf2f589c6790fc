"""One record in every spelling that a cloud, its command or a person takes: verify and audit agree."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_saved import AWS, AZURE, SMALL, load, save
from tests.tools.command import swyx

VERIFIED = {
    "aws": "acme (aws): 1 group, 6 rules; proof: 0 missing, 0 excess",
    "azure": "acme (azure): 1 group, 6 rules; proof: 0 missing, 0 excess",
}
AUDITED = "1 machine audited; 0 requirements not met, 0 rules open beyond need"


def assert_as_planned(cloud: str, words: list[str]) -> None:
    """Neither command finds anything to complain of."""
    verified = swyx("verify", SMALL, *words)
    assert (verified.err, verified.code) == ("", 0)
    assert verified.out.splitlines()[0] == VERIFIED[cloud]
    audited = swyx("audit", SMALL, "--site", "acme", *words)
    assert (audited.err, audited.code) == ("", 0)
    assert audited.out.splitlines()[0] == f"acme ({cloud}): {AUDITED}"


def respell(value: Any, spell: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """Every object of a document, written in another way."""
    if isinstance(value, dict):
        return spell({key: respell(each, spell) for key, each in value.items()})
    return [respell(each, spell) for each in value] if isinstance(value, list) else value


# ---- AWS


@pytest.mark.parametrize(
    "names", [("TCP", "UDP"), ("Tcp", "Udp"), ("6", "17")], ids=["upper", "title", "number"]
)
def test_a_protocol_of_ec2_in_any_spelling(tmp_path: Path, names: tuple[str, str]) -> None:
    spelled = dict(zip(("tcp", "udp"), names, strict=True))
    groups = respell(
        load(AWS[0]),
        lambda o: {**o, "IpProtocol": spelled[o["IpProtocol"]]} if "IpProtocol" in o else o,
    )
    assert_as_planned("aws", save(tmp_path, groups=groups, interfaces=load(AWS[1])))


@pytest.mark.parametrize("name", ["-1", "all", "ALL"])
def test_every_protocol_of_ec2_in_any_spelling(tmp_path: Path, name: str) -> None:
    groups = load(AWS[0])
    rule = {"IpProtocol": name, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]}
    groups["SecurityGroups"][0]["IpPermissions"].append(rule)
    words = save(tmp_path, groups=groups, interfaces=load(AWS[1]))
    verified = swyx("verify", SMALL, *words)
    assert verified.code == 1
    assert "unplanned rule in any from 192.0.2.0/24" in verified.out
    audited = swyx("audit", SMALL, "--site", "acme", *words)
    assert audited.code == 1
    assert "sg-0a (acme-swyxserver-sg-1): in any protocol from 192.0.2.0/24" in audited.out


@pytest.mark.parametrize("absent", [{}, {"FromPort": None, "ToPort": None}], ids=["none", "null"])
@pytest.mark.parametrize("name", ["tcp", "TCP"])
def test_ports_that_ec2_leaves_out_are_all_of_them(
    tmp_path: Path, name: str, absent: dict[str, Any]
) -> None:
    groups = load(AWS[0])
    rule = {"IpProtocol": name, **absent, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]}
    groups["SecurityGroups"][0]["IpPermissions"].append(rule)
    words = save(tmp_path, groups=groups, interfaces=load(AWS[1]))
    assert "unplanned rule in tcp 0-65535 from 192.0.2.0/24" in swyx("verify", SMALL, *words).out
    assert (
        "in tcp every port from 192.0.2.0/24" in swyx("audit", SMALL, "--site", "acme", *words).out
    )


def test_permissions_of_groups_and_rules_of_their_own_are_the_same(tmp_path: Path) -> None:
    groups, rules = load(AWS[0]), []
    for group in groups["SecurityGroups"]:
        for key, egress in (("IpPermissions", False), ("IpPermissionsEgress", True)):
            for permission in group.pop(key):
                for source in permission.pop("IpRanges", ()):
                    peer = {"CidrIpv4": source["CidrIp"], "GroupId": group["GroupId"]}
                    rules.append({**permission, **peer, "IsEgress": egress})
    documents = {"groups": groups, "rules": {"SecurityGroupRules": rules}}
    assert_as_planned("aws", save(tmp_path, **documents, interfaces=load(AWS[1])))


@pytest.mark.parametrize("names", [("TCP", "UDP"), ("6", "17")], ids=["upper", "number"])
def test_a_protocol_of_a_state_in_any_spelling(tmp_path: Path, names: tuple[str, str]) -> None:
    spelled = dict(zip(("tcp", "udp"), names, strict=True))
    state = respell(
        load("aws-state"),
        lambda o: {**o, "ipProtocol": spelled[o["ipProtocol"]]} if "ipProtocol" in o else o,
    )
    path = tmp_path / "state.json"
    path.write_text(json.dumps(state), encoding="utf-8")
    verified = swyx("verify", SMALL, "--state", path)
    assert (verified.code, verified.out.splitlines()[0]) == (0, VERIFIED["aws"])


def test_a_network_acl_names_its_protocols_in_any_spelling(tmp_path: Path) -> None:
    def acl(*protocols: str) -> dict[str, Any]:
        entries = [
            {
                "RuleNumber": 100 + number,
                "Egress": egress,
                "RuleAction": action,
                "Protocol": protocol,
                "CidrBlock": "0.0.0.0/0",
            }
            for egress in (False, True)
            for number, (protocol, action) in enumerate(
                zip(protocols, ("Deny", "ALLOW"), strict=True)
            )
        ]
        own = {"Associations": [{"SubnetId": "subnet-1"}], "Entries": entries}
        return {"NetworkAcls": [{"NetworkAclId": "acl-1", "VpcId": "vpc-1", **own}]}

    found = set()
    for protocols in (("6", "-1"), ("tcp", "all"), ("TCP", "ALL")):
        documents = {"groups": load(AWS[0]), "interfaces": load(AWS[1]), "acls": acl(*protocols)}
        words = save(tmp_path, **documents)
        verified, audited = (
            swyx("verify", SMALL, *words),
            swyx("audit", SMALL, "--site", "acme", *words),
        )
        assert (verified.code, audited.code) == (1, 1)
        assert "    in tcp 135, 1024-65535 from 10.1.20.0/24" in verified.out
        assert "    server in tcp 135, 40000-40199 from 10.1.20.0/24 (office)" in audited.out
        found.add((verified.out, audited.out))
    assert len(found) == 1


# ---- Azure


def snake(text: str) -> str:
    return re.sub("[A-Z]+", lambda match: f"_{match[0].lower()}", text)


def nest(values: dict[str, Any]) -> dict[str, Any]:
    """As ARM writes it: everything but names below `properties`."""
    outside = ("id", "name", "type", "location", "tags")
    inside = {key: each for key, each in values.items() if key not in outside}
    if not inside or not {"id", "name"} & values.keys():
        return values
    return {**{k: v for k, v in values.items() if k in outside}, "properties": inside}


def several(values: dict[str, Any]) -> dict[str, Any]:
    """Each address and port in the field for several."""
    fields = {"AddressPrefix": "AddressPrefixes", "PortRange": "PortRanges"}
    spelled = dict(values)
    for side in ("source", "destination"):
        for one, more in fields.items():
            text = spelled.get(side + one)
            if text:
                spelled |= {side + one: None, side + more: [text]}
    return spelled


def protocols(name: Callable[[str], str], anything: str) -> Callable[[dict[str, Any]], Any]:
    def spell(values: dict[str, Any]) -> dict[str, Any]:
        if "protocol" not in values:
            return values
        given = values["protocol"]
        return {**values, "protocol": anything if given == "*" else name(given)}

    return spell


def anything(values: dict[str, Any]) -> dict[str, Any]:
    """`Any` as the portal shows it, instead of `*`."""
    return {key: "Any" if each == "*" else each for key, each in values.items()}


def as_range(values: dict[str, Any]) -> dict[str, Any]:
    """A CIDR as the range that it is."""
    return {k: "10.1.20.0-10.1.20.255" if v == "10.1.20.0/24" else v for k, v in values.items()}


SPELLINGS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "upper case protocols": protocols(str.upper, "*"),
    "lower case protocols": protocols(str.lower, "any"),
    "any": anything,
    "snake case": lambda o: {snake(k) if not k.startswith("swyx:") else k: v for k, v in o.items()},
    "nested": nest,
    "fields for several": several,
    "a range": as_range,
    "lower case words": lambda o: {
        k: v.lower() if k in ("direction", "access", "protocol") else v for k, v in o.items()
    },
}


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
def test_a_group_of_arm_in_any_spelling(
    tmp_path: Path, spell: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    documents = {name: respell(load(name), spell) for name in AZURE}
    assert_as_planned("azure", save(tmp_path, **documents))


@pytest.mark.parametrize("tag", ["Internet", "INTERNET"])
def test_a_service_tag_is_no_plan_s_and_audit_knows_its_addresses(tmp_path: Path, tag: str) -> None:
    groups = load(AZURE[0])[:1]
    opened = {
        "name": "by-hand",
        "priority": 100,
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "TCP",
        "sourceAddressPrefix": tag,
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "3389",
    }
    groups[0]["securityRules"].append(opened)
    words = save(tmp_path, groups=groups, interfaces=load(AZURE[1]))
    assert f"by-hand at priority 100 (source {tag})" in swyx("verify", SMALL, *words).out
    audited = swyx("audit", SMALL, "--site", "acme", *words)
    assert f"100 by-hand: in tcp 3389 from {tag}: open from the internet" in audited.out
