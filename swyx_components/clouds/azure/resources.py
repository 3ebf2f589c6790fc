"""Rendered groups as Azure resources: network security groups, and what binds machines to them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pulumi
from pulumi_azure_native import _utilities
from pulumi_azure_native import network as azure

from swyx_components.analysis.deployed.stack_state import NETWORK_TAG
from swyx_components.clouds.azure.lookups import NewInterface, look_up
from swyx_components.clouds.azure.names import TEXTS, limits, physical_name
from swyx_components.clouds.deployment import Deployment, Lookups, WrittenGroup
from swyx_components.messages import SwyxError
from swyx_components.planner.describe import fit_words
from swyx_components.planner.model import Direction, Protocol, RenderedGroup, RenderedSite, Rule

_ANYTHING = "*"
_PROTOCOLS = {
    Protocol.TCP: "Tcp",
    Protocol.UDP: "Udp",
    Protocol.ICMP: "Icmp",
    Protocol.ICMPV6: "Icmp",  # the prefixes of the rule decide between the two
    Protocol.ANY: _ANYTHING,
}
_DIRECTIONS = {Direction.IN: "Inbound", Direction.OUT: "Outbound"}


class Writer:
    """Writes the groups of one site to a virtual network; created after all lookups.

    Everything is a child of the site's component, so that a machine whose roles change keeps its group and
    its interface: the update is one PUT of the group.
    """

    def __init__(self, wanted: Deployment, rendered: RenderedSite, owner: pulumi.Resource) -> None:
        self._wanted, self._owner, self._groups = wanted, owner, rendered.groups
        self._name = owner.pulumi_resource_name
        self._site = look_up(wanted, Lookups(_utilities.get_invoke_opts_defaults(), owner))
        self.messages = self._site.messages

    def write(self, components: Sequence[pulumi.Resource]) -> Sequence[WrittenGroup]:
        """The network security groups, then the interfaces: no machine comes under a group before its peers
        expect it.
        """
        made = {each.group.name: self._make_group(each) for each in self._groups}
        ids = {machine: group.id for machine, group in made.items()}
        options = pulumi.ResourceOptions(parent=self._owner, depends_on=[*made.values()])
        interfaces = self.attach(ids, options)
        return [
            WrittenGroup(
                each,
                ids=(ids[each.group.name],),
                interfaces={own.name: interfaces.get(own.name, ()) for own in each.group.machines},
            )
            for each in self._groups
        ]

    def _make_group(self, rendered: RenderedGroup) -> azure.NetworkSecurityGroup:
        """The network security group of a machine with all its rules: one request, so that there is no state
        between two sets of rules.
        """
        group = rendered.group
        return azure.NetworkSecurityGroup(
            f"{self._name}.{group.name}-nsg",
            network_security_group_name=physical_name(group.site, group.name, kind="nsg"),
            resource_group_name=self._wanted.network["resource_group"],
            location=self._site.location,
            security_rules=[_rule(rule) for rule in rendered.rules],
            tags={**self._wanted.tags, **_group_tags(rendered)},
            opts=pulumi.ResourceOptions(parent=self._owner),
        )

    # ---- a machine's group before its interfaces, whether they exist or are made

    def attach(
        self, groups: Mapping[str, pulumi.Input[str]], options: pulumi.ResourceOptions
    ) -> Mapping[str, tuple[pulumi.Input[str], ...]]:
        """The interfaces under the group of each machine: `groups` are the ids of the groups by machine.

        Interfaces to which Azure gives an IPv4 address are made last: it takes the lowest that is free, which
        may be one that another machine of the site is to have.

        Raises:
            SwyxError: pulumi-azure is required but not installed.
        """
        found = {
            machine: (*self._associate(machine, groups[machine], ids, options),)
            for machine, ids in self._site.existing.items()
        }
        made: dict[tuple[str, str], azure.NetworkInterface] = {}
        for is_fixed in (True, False):
            before = pulumi.ResourceOptions(depends_on=[*made.values()])
            own = pulumi.ResourceOptions.merge(options, before)
            for each in self._site.new:
                if each.is_fixed is is_fixed:
                    group = groups[each.machine]
                    made[each.machine, each.suffix] = self._make_interface(each, group, own)
        for each in self._site.new:
            ids = found.get(each.machine, ())
            found[each.machine] = (*ids, made[each.machine, each.suffix].id)
        return found

    def _associate(
        self,
        machine: str,
        group_id: pulumi.Input[str],
        interfaces: Sequence[pulumi.Input[str]],
        options: pulumi.ResourceOptions,
    ) -> Iterator[pulumi.Input[str]]:
        """One association per interface, named after the machine and its place there for as long as both are.

        The provider refuses an interface that has a group, its own old one too, and on deletion takes off
        whatever group is there by then: so an old one goes before the new one comes.

        Raises:
            SwyxError: pulumi-azure is not installed.
        """
        try:
            from pulumi_azure.network import NetworkInterfaceSecurityGroupAssociation
        except ImportError:
            raise SwyxError.about("attach-missing", "machines") from None
        replaced = pulumi.ResourceOptions(delete_before_replace=True)
        for place, interface in enumerate(interfaces, 1):
            number = f".{place}" if place > 1 else ""
            made = NetworkInterfaceSecurityGroupAssociation(
                f"{self._name}.{machine}{number}-association",
                network_interface_id=interface,
                network_security_group_id=group_id,
                opts=pulumi.ResourceOptions.merge(options, replaced),
            )
            yield made.network_interface_id

    def _make_interface(
        self, new: NewInterface, group_id: pulumi.Input[str], options: pulumi.ResourceOptions
    ) -> azure.NetworkInterface:
        """An interface in its machine's group, with the caller's own properties.

        Nothing of it depends on the machine's roles, so that a changed role set never writes it.
        """
        names = [word for word in (new.machine, new.suffix) if word]
        site, properties = self._wanted.site, dict(new.properties)
        return azure.NetworkInterface(
            f"{'.'.join((self._name, *names))}-nic",
            network_interface_name=physical_name(site, *names, kind="nic"),
            resource_group_name=self._wanted.network["resource_group"],
            location=self._site.location,
            network_security_group=azure.NetworkSecurityGroupArgs(id=group_id),
            tags={
                **self._wanted.tags,
                **properties.pop("tags", {}),
                "swyx:site": TEXTS.clean_tag(site),
                "swyx:machine": TEXTS.clean_tag(new.machine),
            },
            opts=options,
            **properties,
        )


def _group_tags(rendered: RenderedGroup) -> dict[str, str]:
    """What the group is, and all flows of those rules whose description had to leave some out."""
    group = rendered.group
    cut = [
        f"{rule.direction.value}-{rule.priority}={'+'.join(rule.flows)}"
        for rule in rendered.rules
        if fit_words(rule.flows, limits()["texts"]["description"] // 3) != " ".join(rule.flows)
    ]
    return {
        "swyx:site": TEXTS.clean_tag(group.site),
        "swyx:group": TEXTS.clean_tag(group.name),
        **({NETWORK_TAG: TEXTS.clean_tag(group.name)} if group.network else {}),
        **TEXTS.spread_tag("swyx:roles", group.roles),
        **TEXTS.spread_tag("swyx:flows", cut),
    }


def _rule(rule: Rule) -> azure.SecurityRuleArgs:
    sides = ("source", "destination")
    peer, own = sides if rule.direction is Direction.IN else reversed(sides)
    return azure.SecurityRuleArgs(
        name=rule.name,
        priority=rule.priority,
        direction=_DIRECTIONS[rule.direction],
        access="Allow" if rule.allow else "Deny",
        protocol=_PROTOCOLS[rule.protocol],
        description=rule.description,
        **_field("source_port_range", "s", rule.source_ports),
        **_field("destination_port_range", "s", rule.ports),
        **_field(f"{own}_address_prefix", "es", None),
        **_field(f"{peer}_address_prefix", "es", rule.prefixes if rule.allow else None),
    )


def _field(name: str, plural: str, values: Sequence[object] | None) -> dict[str, Any]:
    """The singular field or the plural one, never both; without values any."""
    texts = [_ANYTHING] if values is None else [*map(str, values)]
    return {name: texts[0]} if len(texts) == 1 else {f"{name}{plural}": texts}
