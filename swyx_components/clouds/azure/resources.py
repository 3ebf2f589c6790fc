"""From rendered groups to Azure resources: network security groups, and what binds machines to them."""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_azure_native import network as azure

from swyx_components.clouds.azure.attachments import attach_machines
from swyx_components.clouds.azure.limits import limits
from swyx_components.clouds.azure.lookups import look_up
from swyx_components.clouds.azure.names import clean_tag, physical_name, spread_tag
from swyx_components.clouds.deployment import Deployment, Lookups, Place, WrittenGroup
from swyx_components.planner.describe import fit_words
from swyx_components.planner.model import (
    Direction,
    HostGroup,
    Protocol,
    RenderedGroup,
    RenderedSite,
    Rule,
)
from swyx_components.sets.ports import PortSet

_MOST_TAGS = 10
_ANYTHING = "*"
_PROTOCOLS = {
    Protocol.TCP: "Tcp",
    Protocol.UDP: "Udp",
    Protocol.ICMP: "Icmp",
    Protocol.ICMPV6: "Icmp",  # the prefixes of the rule tell which of the two is meant
    Protocol.ANY: _ANYTHING,
}
_DIRECTIONS = {Direction.IN: "Inbound", Direction.OUT: "Outbound"}


class Writer:
    """Writes the groups of one site to a virtual network; made once every lookup has succeeded.

    Everything is a child of the site's component, so that a machine whose roles change keeps its group and
    its interface: the update is one PUT of the group.
    """

    def __init__(self, wanted: Deployment, ask: Lookups) -> None:
        self._site = look_up(wanted, ask)
        self.messages = self._site.messages
        self._written: dict[str, azure.NetworkSecurityGroup] = {}
        self._interfaces: Mapping[str, tuple[pulumi.Input[str], ...]] | None = None

    def check_update(self, rendered: RenderedSite) -> None:
        """Nothing to compare: one request replaces all rules of a network security group."""

    def declare(self, group: HostGroup, own: Place) -> None:
        """Nothing: rules name every peer by address."""

    def write(self, rendered: RenderedGroup, own: Place, owner: Place) -> None:
        """The network security group of a machine with all its rules: one request, so that there is no state
        between two sets of rules.
        """
        group, site = rendered.group, self._site
        self._written[group.name] = azure.NetworkSecurityGroup(
            f"{owner[0]}.{group.name}-nsg",
            network_security_group_name=physical_name(group.site, group.name, kind="nsg"),
            resource_group_name=site.resource_group,
            location=site.location,
            security_rules=[_rule(rule) for rule in rendered.rules],
            tags={**site.tags, **_group_tags(rendered)},
            opts=pulumi.ResourceOptions(parent=owner[1]),
        )

    def attach(self, rendered: RenderedGroup, own: Place, owner: Place) -> WrittenGroup:
        """The interfaces of a machine, once the rules of every group are there: no machine comes under a
        group before its peers expect it.
        """
        if self._interfaces is None:  # all at once, since some wait for those of other machines
            groups = list(self._written.values())
            options = pulumi.ResourceOptions(parent=owner[1], depends_on=groups)
            ids = {machine: group.id for machine, group in self._written.items()}
            self._interfaces = attach_machines(owner[0], ids, self._site, options)
        machine = rendered.group.name
        made = self._written[machine]
        interfaces = {machine: self._interfaces.get(machine, ())}
        return WrittenGroup(group_id=made.id, group_ids=(made.id,), interfaces=interfaces)


def _group_tags(rendered: RenderedGroup) -> dict[str, str]:
    """What the group is, and all flows of those rules whose description had to leave some out."""
    group = rendered.group
    cut = [
        f"{rule.direction.value}-{rule.priority}={'+'.join(rule.flows)}"
        for rule in rendered.rules
        if rule.flows
        and fit_words(rule.flows, limits()["texts"]["description"] // 3) != " ".join(rule.flows)
    ]
    return {
        "swyx:site": clean_tag(group.site),
        "swyx:group": clean_tag(group.name),
        **spread_tag("swyx:roles", group.roles),
        **spread_tag("swyx:flows", cut, _MOST_TAGS),
    }


def _rule(rule: Rule) -> azure.SecurityRuleArgs:
    inbound = rule.direction is Direction.IN
    own, peer = ("destination", "source") if inbound else ("source", "destination")
    sides = {
        **_port_side("source", rule.source_ports),
        **_port_side("destination", rule.ports),
        f"{own}_address_prefix": _ANYTHING,
        **_peer_side(peer, rule),
    }
    return azure.SecurityRuleArgs(
        name=rule.name,
        priority=rule.priority,
        direction=_DIRECTIONS[rule.direction],
        access="Allow" if rule.allow else "Deny",
        protocol=_PROTOCOLS[rule.protocol],
        description=rule.description,
        **sides,
    )


def _port_side(side: str, ports: PortSet | None) -> dict[str, Any]:
    """The singular field or the plural one, never both."""
    if ports is None:
        return {f"{side}_port_range": _ANYTHING}
    if len(ports) == 1:
        return {f"{side}_port_range": str(ports[0])}
    return {f"{side}_port_ranges": [str(part) for part in ports]}


def _peer_side(side: str, rule: Rule) -> dict[str, Any]:
    if not rule.allow:
        return {f"{side}_address_prefix": _ANYTHING}
    if len(rule.prefixes) == 1:
        return {f"{side}_address_prefix": str(rule.prefixes[0])}
    return {f"{side}_address_prefixes": [str(prefix) for prefix in rule.prefixes]}
