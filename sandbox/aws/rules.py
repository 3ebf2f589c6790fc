"""``aws.vpc.SecurityGroupIngressRule`` and ``SecurityGroupEgressRule``: one source each."""

from __future__ import annotations

import ipaddress
from typing import Any, ClassVar

from sandbox.aws.calls import (
    ec2_errors,
    find_one,
    prune,
    read_tags,
    tolerating,
    update_tags,
)
from sandbox.aws.handler import AwsHandler
from sandbox.provider import Failure, Props, State, is_unknown

SOURCES = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")
PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}
WITHOUT_PORTS = "-1"


class SecurityGroupRuleHandler(AwsHandler):
    """Everything but the group and the kind of source is changed in place, and the rule keeps its id."""

    direction: ClassVar[str]
    replace_on = frozenset({"securityGroupId", "region"})
    drifting = frozenset({"tags", "description", "fromPort", "toPort", *SOURCES})

    def check(self, inputs: Props) -> list[Failure]:
        return [*_check_source(inputs), *_check_ports(inputs)]

    def canonical(self, inputs: Props) -> Props:
        return {**inputs, "ipProtocol": _canonical_protocol(inputs.get("ipProtocol", ""))}

    def replaces(self, old: Props, new: Props) -> frozenset[str]:
        before = {name for name in SOURCES if name in old}
        after = {name for name in SOURCES if name in new}
        return self.replace_on | (before ^ after)

    def create(self, inputs: Props) -> State:
        """Two calls, as really: where the second one fails, the rule is there, without tags and in no
        state.
        """
        client = self.ec2(inputs)
        authorize = getattr(client, f"authorize_security_group_{self.direction}")
        with ec2_errors():
            made = authorize(
                GroupId=inputs["securityGroupId"], IpPermissions=[_write_permission(inputs)]
            )
            id = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
            update_tags(client, id, {}, inputs)
        return self.settle(id, inputs)

    def describe(self, id: str, inputs: Props) -> Props | None:
        rule = find_one(
            self.ec2(inputs),
            "describe_security_group_rules",
            "SecurityGroupRules",
            SecurityGroupRuleIds=[id],
        )
        if rule is None or rule["IsEgress"] is not (self.direction == "egress"):
            return None
        has_ports = rule["IpProtocol"] in ("tcp", "udp", "icmp", "icmpv6")
        given = inputs.get("ipProtocol", "")
        same = _canonical_protocol(given) == rule["IpProtocol"]
        return self.with_region_and_tags(
            inputs,
            read_tags(rule),
            arn=self.arn(inputs, rule["GroupOwnerId"], f"security-group-rule/{id}"),
            securityGroupRuleId=id,
            securityGroupId=rule["GroupId"],
            ipProtocol=given if same else rule["IpProtocol"],
            fromPort=rule["FromPort"] if has_ports else inputs.get("fromPort"),
            toPort=rule["ToPort"] if has_ports else inputs.get("toPort"),
            cidrIpv4=rule.get("CidrIpv4"),
            cidrIpv6=_keep_spelling(inputs.get("cidrIpv6"), rule.get("CidrIpv6")),
            prefixListId=rule.get("PrefixListId"),
            referencedSecurityGroupId=rule.get("ReferencedGroupInfo", {}).get("GroupId"),
            description=rule.get("Description") or None,
        )

    def update(self, id: str, new: Props, old: Props, outputs: Props) -> State:
        client = self.ec2(new)
        identity = ("ipProtocol", "fromPort", "toPort", "description", *SOURCES)
        with ec2_errors():
            update_tags(client, id, old, new)
            if any(old.get(name) != new.get(name) for name in identity):
                request = [{"SecurityGroupRuleId": id, "SecurityGroupRule": _write_request(new)}]
                client.modify_security_group_rules(
                    GroupId=new["securityGroupId"], SecurityGroupRules=request
                )
        return self.settle(id, new)

    def delete(self, id: str, inputs: Props, outputs: Props) -> None:
        """Without a look beforehand: a rule that was removed by hand is `InvalidPermission.NotFound`."""
        inputs = {**outputs, **inputs}
        revoke = getattr(self.ec2(inputs), f"revoke_security_group_{self.direction}")
        with tolerating("InvalidGroup.NotFound", "InvalidSecurityGroupRuleId.NotFound"):
            revoke(GroupId=inputs["securityGroupId"], SecurityGroupRuleIds=[id])


class IngressRuleHandler(SecurityGroupRuleHandler):
    token = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
    direction = "ingress"


class EgressRuleHandler(SecurityGroupRuleHandler):
    token = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
    direction = "egress"


def _check_source(inputs: Props) -> list[Failure]:
    given = [name for name in SOURCES if name in inputs]
    if len(given) != 1:
        found = f"it has {' and '.join(given)}" if given else "it has none"
        reason = f"a rule needs exactly one of {', '.join(SOURCES)}; {found}"
        return [Failure(given[-1] if given else SOURCES[0], reason)]
    name, value = given[0], inputs[given[0]]
    if name not in ("cidrIpv4", "cidrIpv6") or is_unknown(value):
        return []
    return _check_cidr(name, value)


def _check_cidr(name: str, text: str) -> list[Failure]:
    """The real provider refuses host bits, which EC2 would silently clear."""
    try:
        network = ipaddress.ip_network(text, strict=False)
        if "/" not in text or network.version != int(name[-1]):
            raise ValueError(text)
    except ValueError:
        return [Failure(name, f"{text!r} is not an IPv{name[-1]} CIDR block")]
    if ipaddress.ip_interface(text).ip != network.network_address:
        return [
            Failure(
                name,
                f"{text!r} is not a network address: host bits are set; did you mean {str(network)!r}?",
            )
        ]
    return []


def _check_ports(inputs: Props) -> list[Failure]:
    protocol = _canonical_protocol(inputs.get("ipProtocol", ""))
    ports = {name: inputs[name] for name in ("fromPort", "toPort") if name in inputs}
    if protocol == WITHOUT_PORTS:
        return [
            Failure(name, f"{name} must not be given with protocol -1, which means every port")
            for name in ports
        ]
    if protocol not in ("tcp", "udp"):
        return []
    missing = [name for name in ("fromPort", "toPort") if name not in ports]
    wrong = [
        name for name, value in ports.items() if not is_unknown(value) and not -1 <= value <= 65535
    ]
    return [Failure(name, f"{name} is required with protocol {protocol}") for name in missing] + [
        Failure(name, f"{name} is {ports[name]}; a port is at most 65535") for name in wrong
    ]


def _canonical_protocol(text: Any) -> str:
    return PROTOCOLS.get(str(text).lower(), str(text).lower())


def _keep_spelling(given: str | None, live: str | None) -> str | None:
    """The program's spelling of an IPv6 block where EC2's means the same."""
    if given and live and ipaddress.ip_network(given, strict=False) == ipaddress.ip_network(live):
        return given
    return live


def _write_ports(inputs: Props) -> dict[str, Any]:
    return {
        "IpProtocol": inputs["ipProtocol"],
        **prune(FromPort=inputs.get("fromPort"), ToPort=inputs.get("toPort")),
    }


def _write_permission(inputs: Props) -> dict[str, Any]:
    described = prune(Description=inputs.get("description"))
    fields = {
        "cidrIpv4": ("IpRanges", "CidrIp"),
        "cidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
        "prefixListId": ("PrefixListIds", "PrefixListId"),
        "referencedSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
    }
    listed = {
        field: [{key: inputs[name], **described}]
        for name, (field, key) in fields.items()
        if name in inputs
    }
    return {**_write_ports(inputs), **listed}


def _write_request(inputs: Props) -> dict[str, Any]:
    return {
        **_write_ports(inputs),
        **prune(
            CidrIpv4=inputs.get("cidrIpv4"),
            CidrIpv6=inputs.get("cidrIpv6"),
            PrefixListId=inputs.get("prefixListId"),
            ReferencedGroupId=inputs.get("referencedSecurityGroupId"),
            Description=inputs.get("description"),
        ),
    }
