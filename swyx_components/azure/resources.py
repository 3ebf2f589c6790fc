"""From rendered groups to Azure resources: ASGs, network security groups, network interfaces."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_azure_native import network as azure

from swyx_components.azure.abilities import limits
from swyx_components.azure.hold import Planned
from swyx_components.azure.hooks import Holder, Place
from swyx_components.azure.interfaces import Members, make_interfaces, plan_interfaces
from swyx_components.azure.lookups import Ask, AzureSite, find_lonely_ipv6, look_up
from swyx_components.azure.names import clean_tag, physical_name, spread_tag
from swyx_components.azure.security_rules import Ids, write_rules
from swyx_components.installation.model import Machine
from swyx_components.planner.model import HostGroup, Identity, RenderedGroup, RenderedSite
from swyx_components.planner.texts import fit_words

_MOST_TAGS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenGroup:
    """What was made for one group; `interfaces` are those made for each machine."""

    group_id: pulumi.Input[str]
    group_ids: tuple[pulumi.Input[str], ...]
    interfaces: Mapping[str, tuple[pulumi.Input[str], ...]]


class Writer:
    """Writes the host groups of one site to a virtual network; made once every lookup has succeeded.

    `ids` of its methods are the ASGs by name of the identity that rules name.
    """

    def __init__(self, site: AzureSite) -> None:
        self.site = site
        self.messages = tuple(find_lonely_ipv6(site.interfaces))
        self._planned: Mapping[str, Planned] = {}
        self._holder: Holder | None = None
        self._identities: list[azure.ApplicationSecurityGroup] = []
        self._written: list[tuple[HostGroup, azure.NetworkSecurityGroup]] = []
        self._interfaces: Mapping[str, tuple[azure.NetworkInterface, ...]] | None = None

    @classmethod
    def open(
        cls,
        network: Mapping[str, Any],
        attached: Sequence[Machine],
        bindings: Mapping[str, Mapping[str, Any]],
        tags: Mapping[str, str],
        ask: Ask,
    ) -> "Writer":
        """Look up what the site needs.

        Raises:
            SwyxError: something is not there; all of it.
        """
        return cls(look_up(network, attached, bindings, tags, ask))

    def check_update(self, rendered: RenderedSite) -> None:
        """Nothing to compare: one request replaces all rules of a network security group. From now on it is
        known what each interface will be in, which an update keeps in what it was until all rules are there.
        """
        self._planned = plan_interfaces(self.site, rendered)

    def declare(self, group: HostGroup, own: Place, owner: Place, known: Ids) -> Ids:
        """The identities of a group, made unless they are known: groups of a site share them."""
        made = {
            identity.name: make_identity(owner[0], group.site, identity, self.site, owner[1])
            for identity in group.identities
            if identity.name not in known
        }
        self._identities += made.values()
        self._hold(owner)
        return {name: identity.id for name, identity in made.items()}

    def write(self, rendered: RenderedGroup, ids: Ids, own: Place) -> azure.NetworkSecurityGroup:
        """The network security group with its rules, made after every identity that an interface may join."""
        options = pulumi.ResourceOptions(
            parent=own[1], depends_on=self._identities, hooks=self._hold(own).rules
        )
        made = make_group(own[0], rendered, ids, self.site, options)
        self._written.append((rendered.group, made))
        return made

    def attach(
        self,
        rendered: RenderedGroup,
        made: azure.NetworkSecurityGroup,
        ids: Ids,
        own: Place,
        owner: Place,
    ) -> WrittenGroup:
        """The interfaces of a group's machines, once the rules of every group are there.

        Rules before interfaces, so that peers know a role before a machine takes it on: `steps.py`
        counts on this order. The interfaces are the owner's children: a machine that moves to another
        group keeps its own.
        """
        if self._interfaces is None:  # all at once, since some wait for those of other groups
            self._interfaces = make_interfaces(owner[0], self._members(owner), ids, self.site)
        found = {
            machine.name: self._interfaces.get(machine.name, ())
            for machine in rendered.group.machines
        }
        interfaces = {name: tuple(nic.id for nic in own) for name, own in found.items() if own}
        group_id = made.id
        return WrittenGroup(group_id=group_id, group_ids=(group_id,), interfaces=interfaces)

    def _members(self, owner: Place) -> Iterator[Members]:
        options = pulumi.ResourceOptions(
            parent=owner[1],
            depends_on=self._await_rules(owner),
            hooks=self._hold(owner).interfaces,
        )
        for group, made in self._written:
            yield Members(group, made.id, options)

    def _hold(self, owner: Place) -> Holder:
        if self._holder is None:
            group = self.site.resource_group
            where = group if isinstance(group, str) else ""
            self._holder = Holder(self._planned, where, owner)
        return self._holder

    def _await_rules(self, owner: Place) -> Any:
        """The groups, all written, and what was held for them let go. A preview writes none."""
        written = [made for _, made in self._written]
        if pulumi.runtime.is_dry_run() or not self._planned:
            return written
        holder = self._hold(owner)

        async def settle(_: object) -> list[azure.NetworkSecurityGroup]:
            await holder.settle()
            return written

        return pulumi.Output.all(*(made.id for made in written)).apply(settle)

    def memberships(self, group: HostGroup, ids: Ids) -> list[pulumi.Input[str]]:
        """What an interface belongs to beside its security group: the ASGs of its roles."""
        return [ids[identity.name] for identity in group.identities]


# ---- resources


def make_identity(
    name: str, site_name: str, identity: Identity, site: AzureSite, parent: pulumi.Resource | None
) -> azure.ApplicationSecurityGroup:
    """The ASG of one role of the site: what rules name instead of addresses."""
    return azure.ApplicationSecurityGroup(
        f"{name}-{identity.name}-asg",
        application_security_group_name=physical_name(site_name, identity.name, "asg"),
        resource_group_name=site.resource_group,
        location=site.location,
        tags={
            **site.tags,
            "swyx:site": clean_tag(site_name),
            "swyx:role": clean_tag(identity.role),
        },
        opts=pulumi.ResourceOptions(parent=parent),
    )


def make_group(
    name: str,
    rendered: RenderedGroup,
    asgs: Ids,
    site: AzureSite,
    options: pulumi.ResourceOptions,
) -> azure.NetworkSecurityGroup:
    """The network security group with all its rules: one request, so no state between two sets of rules."""
    group = rendered.group
    return azure.NetworkSecurityGroup(
        f"{name}-nsg",
        network_security_group_name=physical_name(group.site, group.name, "nsg"),
        resource_group_name=site.resource_group,
        location=site.location,
        security_rules=write_rules(rendered, asgs),
        tags={**site.tags, **_group_tags(rendered)},
        opts=options,
    )


def _group_tags(rendered: RenderedGroup) -> dict[str, str]:
    """What the group is, and all flows of those rules whose description had to leave some out."""
    group = rendered.group
    cut = [
        f"{spec.direction.value}-{spec.priority}={'+'.join(spec.flows)}"
        for spec in rendered.specs
        if spec.flows
        and fit_words(spec.flows, limits()["texts"]["description"] // 3) != " ".join(spec.flows)
    ]
    return {
        "swyx:site": clean_tag(group.site),
        "swyx:group": clean_tag(group.name),
        **spread_tag("swyx:roles", group.roles),
        **spread_tag("swyx:flows", cut, _MOST_TAGS),
    }
