"""``aws.vpc.SecurityGroupIngressRule`` and ``SecurityGroupEgressRule``: one source each."""

import ipaddress
from typing import Any

from sandbox.aws.handler import AwsHandler, ec2_errors, update_tags
from sandbox.aws.tables import RULE
from sandbox.provider import Failure, Props, State, is_unknown

# Of each source: the list in a permission that names it, its key there, and its key in a request.
SOURCES = {
    "cidrIpv4": ("IpRanges", "CidrIp", "CidrIpv4"),
    "cidrIpv6": ("Ipv6Ranges", "CidrIpv6", "CidrIpv6"),
    "prefixListId": ("PrefixListIds", "PrefixListId", "PrefixListId"),
    "referencedSecurityGroupId": ("UserIdGroupPairs", "GroupId", "ReferencedGroupId"),
}
PORTS = {"fromPort": "FromPort", "toPort": "ToPort"}
PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}


class SecurityGroupRuleHandler(AwsHandler):
    """Everything but the group and the kind of source is changed in place, and the rule keeps its id."""

    kind = RULE
    direction: str
    supported = frozenset({"securityGroupId", "ipProtocol", "description", *PORTS, *SOURCES})
    replace_on = frozenset({"securityGroupId", "region"})
    drifting = frozenset({"tags", "description", *PORTS, *SOURCES})

    def check(self, inputs: Props) -> list[Failure]:
        return [*super().check(inputs), *_check_source(inputs), *_check_ports(inputs)]

    def canonical(self, inputs: Props) -> Props:
        return {**inputs, "ipProtocol": _canonical_protocol(inputs.get("ipProtocol", ""))}

    def replaces(self, old: Props, new: Props) -> frozenset[str]:
        return self.replace_on | ((SOURCES.keys() & old) ^ (SOURCES.keys() & new))

    def create(self, inputs: Props) -> State:
        """Two calls, as really: if the second fails, the rule is there, untagged, in no state."""
        client = self.ec2(inputs)
        authorize = getattr(client, f"authorize_security_group_{self.direction}")
        described = {"Description": inputs["description"]} if "description" in inputs else {}
        listed = {
            field: [{key: inputs[name], **described}]
            for name, (field, key, _) in SOURCES.items()
            if name in inputs
        }
        with ec2_errors():
            made = authorize(
                GroupId=inputs["securityGroupId"],
                IpPermissions=[{**_write_ports(inputs), **listed}],
            )
            id = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
            update_tags(client, id, {}, inputs)
        return self.settle(id, inputs)

    def describe(self, id: str, inputs: Props) -> Props | None:
        live = super().describe(id, inputs)
        return live if live and live["isEgress"] is (self.direction == "egress") else None

    def complete(self, id: str, inputs: Props, found: Props, properties: Props) -> Props:
        """In the program's spelling of the protocol and of an IPv6 block, where EC2's means the same."""
        live = super().complete(id, inputs, found, properties)
        if _canonical_protocol(inputs.get("ipProtocol", "")) == live["ipProtocol"]:
            live["ipProtocol"] = inputs["ipProtocol"]
        if found["IpProtocol"] not in ("tcp", "udp", "icmp", "icmpv6"):
            live |= {name: inputs.get(name) for name in PORTS}
        given, block = inputs.get("cidrIpv6"), live.get("cidrIpv6")
        if given and block and ipaddress.ip_network(given) == ipaddress.ip_network(block):
            live["cidrIpv6"] = given
        return {name: value for name, value in live.items() if value is not None}

    def update(self, id: str, new: Props, old: Props, outputs: Props) -> State:
        client = self.ec2(new)
        with ec2_errors():
            update_tags(client, id, old, new)
            identity = self.supported - {"securityGroupId"}
            if any(old.get(name) != new.get(name) for name in identity):
                named = {name: key for name, (_, _, key) in SOURCES.items()}
                named["description"] = "Description"
                wanted = {key: new[name] for name, key in named.items() if name in new}
                request = {**_write_ports(new), **wanted}
                client.modify_security_group_rules(
                    GroupId=new["securityGroupId"],
                    SecurityGroupRules=[{"SecurityGroupRuleId": id, "SecurityGroupRule": request}],
                )
        return self.settle(id, new)

    def delete(self, id: str, inputs: Props, outputs: Props) -> None:
        """Without a look beforehand: a rule that was removed by hand is `InvalidPermission.NotFound`."""
        inputs = {**outputs, **inputs}
        revoke = getattr(self.ec2(inputs), f"revoke_security_group_{self.direction}")
        with ec2_errors("InvalidGroup.NotFound", "InvalidSecurityGroupRuleId.NotFound"):
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
        return [Failure(given[-1] if given else "cidrIpv4", reason)]
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
    if ipaddress.ip_interface(text).ip == network.network_address:
        return []
    wrong = f"{text!r} is not a network address: host bits are set"
    return [Failure(name, f"{wrong}; did you mean {str(network)!r}?")]


def _check_ports(inputs: Props) -> list[Failure]:
    protocol = _canonical_protocol(inputs.get("ipProtocol", ""))
    ports = {name: inputs[name] for name in PORTS if name in inputs}
    if protocol == "-1":
        return [
            Failure(name, f"{name} must not be given with protocol -1, which means every port")
            for name in ports
        ]
    if protocol not in ("tcp", "udp"):
        return []
    missing = [name for name in PORTS if name not in ports]
    wrong = [
        name for name, value in ports.items() if not is_unknown(value) and not -1 <= value <= 65535
    ]
    return [Failure(name, f"{name} is required with protocol {protocol}") for name in missing] + [
        Failure(name, f"{name} is {ports[name]}; a port is at most 65535") for name in wrong
    ]


def _canonical_protocol(text: Any) -> str:
    return PROTOCOLS.get(str(text).lower(), str(text).lower())


def _write_ports(inputs: Props) -> dict[str, Any]:
    given = {key: inputs[name] for name, key in PORTS.items() if name in inputs}
    return {"IpProtocol": inputs["ipProtocol"], **given}
