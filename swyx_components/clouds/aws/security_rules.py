"""From specs to security group rules, each a resource of its own."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from swyx_components.clouds.aws.lookups import AwsSite
from swyx_components.clouds.aws.names import clean_tag, spread_tag
from swyx_components.clouds.aws.peak import RULE_TAG, rule_tag
from swyx_components.planner.model import Direction, HostGroup, Protocol, Spec
from swyx_components.sets.prefixes import Prefix

_PROTOCOLS = {Protocol.ANY: "-1"}

Ids = Mapping[str, pulumi.Input[str]]  # of what rules name: security groups by host group


def make_rule(
    name: str,
    group: HostGroup,
    spec: Spec,
    own: pulumi.Input[str],
    ids: Ids,
    site: AwsSite,
    parent: pulumi.Resource,
) -> pulumi.Resource:
    """One rule of a security group, with its one peer.

    `name` is the component's, in front of what the spec is called after its group; `own` is the security
    group that holds the rule, the spec's shard of `group`; `ids` has those that a peer may name. Ports are
    inclusive. Source: AuthorizeSecurityGroupIngress and -Egress of the EC2 API reference (a rule has exactly
    one CIDR, prefix list or group; a duplicate is refused, so its logical name follows from its content).

    Raises:
        KeyError: the spec names a group that `ids` has not: groups are made before any rule.
    """
    inbound = spec.direction is Direction.IN
    kind: Any = aws.vpc.SecurityGroupIngressRule if inbound else aws.vpc.SecurityGroupEgressRule
    rule: pulumi.Resource = kind(
        f"{name}{spec.name.removeprefix(group.name)}",
        security_group_id=own,
        ip_protocol=_PROTOCOLS.get(spec.protocol, spec.protocol.value),
        description=spec.description,
        tags={**site.tags, **_rule_tags(group, spec)},
        opts=pulumi.ResourceOptions(
            parent=parent, protect=False
        ),  # what guards groups stops no edit
        **_ports(spec),
        **_peer(spec, ids),
    )
    return rule


def _rule_tags(group: HostGroup, spec: Spec) -> Mapping[str, str]:
    """All flows and lines, which a description may have had to cut."""
    return {
        "swyx:site": clean_tag(group.site),
        "swyx:group": clean_tag(group.name),
        RULE_TAG: rule_tag(spec),
        **spread_tag("swyx:flows", spec.flows),
        **spread_tag("swyx:lines", map(str, spec.lines)),
    }


def _ports(spec: Spec) -> dict[str, int]:
    """TCP and UDP need both ports, ICMP is any type and code (-1), everything at once has none.

    Source: IpPermission of the EC2 API reference, FromPort and ToPort.
    """
    if spec.protocol is Protocol.ANY:
        return {}
    first, last = spec.ports[0] if spec.ports else (-1, -1)
    return {"from_port": first, "to_port": last}


def _peer(spec: Spec, ids: Ids) -> dict[str, Any]:
    if spec.groups:
        return {"referenced_security_group_id": ids[spec.groups[0]]}
    prefix: Prefix = spec.prefixes[0]
    return {"cidr_ipv4" if prefix.version == 4 else "cidr_ipv6": str(prefix)}
