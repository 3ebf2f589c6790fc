"""From rendered groups to Azure resources: ASGs, network security groups, network interfaces."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi_azure_native import network as azure

from swyx_components.azure.abilities import limits
from swyx_components.azure.names import clean_tag, physical_name, spread_tag
from swyx_components.installation.model import Machine
from swyx_components.messages import Message, SwyxError
from swyx_components.planner.describe import fit_words
from swyx_components.planner.model import (
    Direction,
    HostGroup,
    Identity,
    Protocol,
    RenderedGroup,
    RenderedSite,
    Spec,
)
from swyx_components.sets.ports import PortSet
from swyx_components.sets.prefixes import Prefix

_ANYTHING = "*"
_PROTOCOLS = {
    Protocol.TCP: "Tcp",
    Protocol.UDP: "Udp",
    Protocol.ICMP: "Icmp",
    Protocol.ICMPV6: "Icmp",  # the prefixes of the rule tell which of the two is meant
    Protocol.ANY: _ANYTHING,
}
_DIRECTIONS = {Direction.IN: "Inbound", Direction.OUT: "Outbound"}
_MOST_TAGS = 10


Place = tuple[str, pulumi.Resource | None]  # a component's name and the component
Ids = Mapping[str, pulumi.Input[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """A subnet of the site's virtual network; without prefixes where only its id is known."""

    id: pulumi.Input[str]
    name: str = ""
    prefixes: tuple[Prefix, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One interface to be made: a machine's addresses in one subnet. `suffix` is empty for its first.

    `called` is what its name says: the machine, or what the machine was called when it was made.
    """

    machine: str
    called: str
    suffix: str
    subnet: Subnet
    addresses: tuple[Prefix, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureSite:
    """Where a site's resources go, and the interfaces to make for each machine that is attached."""

    resource_group: pulumi.Input[str]
    location: pulumi.Input[str] | None
    interfaces: Mapping[str, tuple[Attachment, ...]] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureNetwork:
    """A virtual network as looked up, or an empty one where the program makes it itself."""

    name: str = ""
    location: str | None = None
    subnets: tuple[Subnet, ...] = ()


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
        self._written: list[azure.NetworkSecurityGroup] = []

    @classmethod
    def open(
        cls,
        network: Mapping[str, Any],
        attached: Sequence[Machine],
        bindings: Mapping[str, Mapping[str, Any]],
        tags: Mapping[str, str],
        options: pulumi.InvokeOptions,
    ) -> "Writer":
        """Look up what the site needs: its virtual network, and the subnets of the machines to attach.

        Raises:
            SwyxError: something is not there; all of it.
        """
        found = find_network(network, options)
        return cls(
            AzureSite(
                resource_group=network["resource_group"],
                location=network.get("location", found.location),
                interfaces=place_machines(attached, bindings, found),
                tags=tags,
            )
        )

    def check_update(self, rendered: RenderedSite) -> None:
        """Nothing to compare: a network security group's rules are replaced by one request, all at once."""

    def adopt(self, group: HostGroup, by_role: Ids) -> Ids:
        """The identities of a group that exist already."""
        named = {identity.role: identity.name for identity in group.identities}
        return {named[role]: asg for role, asg in by_role.items() if role in named}

    def declare(self, group: HostGroup, own: Place, owner: Place, known: Ids) -> Ids:
        """The identities of a group, made unless they are known: groups of a site share them."""
        return {
            identity.name: make_identity(owner[0], group.site, identity, self.site, owner[1]).id
            for identity in group.identities
            if identity.name not in known
        }

    def identify(self, group: HostGroup, ids: Ids) -> Ids:
        """A group's identities by role."""
        return {identity.role: ids[identity.name] for identity in group.identities}

    def write(self, rendered: RenderedGroup, ids: Ids, own: Place) -> azure.NetworkSecurityGroup:
        """The network security group with its rules."""
        made = make_group(own[0], rendered, ids, self.site, own[1])
        self._written.append(made)
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
        options = pulumi.ResourceOptions(parent=owner[1], depends_on=self._written)
        nics = make_interfaces(owner[0], rendered.group, made.id, ids, self.site, options)
        interfaces = {name: tuple(nic.id for nic in own) for name, own in nics.items() if own}
        group_id = made.id
        return WrittenGroup(group_id=group_id, group_ids=(group_id,), interfaces=interfaces)

    def memberships(self, group: HostGroup, ids: Ids) -> list[pulumi.Input[str]]:
        """What an interface belongs to beside its security group: the ASGs of its roles."""
        return [ids[identity.name] for identity in group.identities]


# ---- lookups: all of them before anything is created


def find_network(network: Mapping[str, Any], options: pulumi.InvokeOptions) -> AzureNetwork:
    """The virtual network with its subnets, where its names are known.

    Raises:
        SwyxError: there is no such network.
    """
    names = network.get("resource_group"), network.get("virtual_network")
    if not all(isinstance(name, str) for name in names):
        return AzureNetwork()
    try:
        found = azure.get_virtual_network(
            resource_group_name=names[0], virtual_network_name=names[1], opts=options
        )
    except Exception as problem:  # the SDK raises a bare Exception with the provider's text
        reason = " ".join(str(problem).split())[:300]
        raise SwyxError(
            [
                Message.about(
                    "network-not-found",
                    "network.virtual_network",
                    cloud="Azure",
                    kind=f"virtual network in resource group {names[0]} called",
                    name=f"{names[1]} ({reason})",
                    remedy="correct the names or the subscription",
                )
            ]
        ) from problem
    subnets = tuple(
        Subnet(id=str(subnet.id), name=str(subnet.name), prefixes=tuple(_prefixes_of(subnet)))
        for subnet in found.subnets or ()
    )
    return AzureNetwork(name=str(names[1]), location=found.location, subnets=subnets)


def _prefixes_of(subnet: Any) -> Iterator[Prefix]:
    texts = {subnet.address_prefix, *(subnet.address_prefixes or ())} - {None}
    yield from (Prefix.parse(text) for text in sorted(texts))


def place_machines(
    machines: Sequence[Machine], bindings: Mapping[str, Mapping[str, Any]], network: AzureNetwork
) -> Mapping[str, tuple[Attachment, ...]]:
    """The interfaces to make for each machine: one for every subnet in which its addresses lie.

    Raises:
        SwyxError: with one message for every address that no subnet contains.
    """
    placed: dict[str, tuple[Attachment, ...]] = {}
    problems: list[Message] = []
    for machine in machines:
        binding = bindings.get(machine.name, {})
        called = binding.get("formerly", machine.name)
        given = binding.get("subnet_id")
        if given is not None:
            only = Attachment(
                machine=machine.name,
                called=called,
                suffix="",
                subnet=Subnet(id=given),
                addresses=machine.addresses,
            )
            placed[machine.name] = (only,)
        elif network.name:
            placed[machine.name] = _by_subnet(machine, called, network, problems)
        else:
            place = f"machines.{machine.name}"
            problems.append(
                Message.about("machine-unbound", place, machine=machine.name, key="subnet_id")
            )
    if problems:
        raise SwyxError(problems)
    return placed


def _by_subnet(
    machine: Machine, called: str, network: AzureNetwork, problems: list[Message]
) -> tuple[Attachment, ...]:
    members: dict[int, list[Prefix]] = {}
    for address in machine.addresses:
        inside = (
            place
            for place, subnet in enumerate(network.subnets)
            if any(prefix.contains(address) for prefix in subnet.prefixes)
        )
        place = next(inside, None)
        if place is None:
            problems.append(
                Message.about(
                    "subnet-not-found",
                    f"machines.{machine.name}",
                    network=network.name,
                    address=address.address,
                    machine=machine.name,
                    known=[str(p) for subnet in network.subnets for p in subnet.prefixes] or "none",
                )
            )
        else:
            members.setdefault(place, []).append(address)
    return tuple(
        Attachment(
            machine=machine.name,
            called=called,
            suffix=network.subnets[place].name if order else "",
            subnet=network.subnets[place],
            addresses=tuple(addresses),
        )
        for order, (place, addresses) in enumerate(members.items())
    )


def find_lonely_ipv6(placed: Mapping[str, tuple[Attachment, ...]]) -> Iterator[Message]:
    """A warning for every machine that gets a dynamic IPv4 address, as an interface must have one."""
    for machine, interfaces in sorted(placed.items()):
        if any(not _has_ipv4(interface.addresses) for interface in interfaces):
            yield Message.about("extra-ipv4", f"machines.{machine}", machine=machine)


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
    parent: pulumi.Resource | None,
) -> azure.NetworkSecurityGroup:
    """The network security group with all its rules: one request, so no state between two sets of rules."""
    group = rendered.group
    return azure.NetworkSecurityGroup(
        f"{name}-nsg",
        network_security_group_name=physical_name(group.site, group.name, "nsg"),
        resource_group_name=site.resource_group,
        location=site.location,
        security_rules=_rules(rendered, asgs),
        tags={**site.tags, **_group_tags(rendered)},
        opts=pulumi.ResourceOptions(parent=parent),
    )


def make_interfaces(
    name: str,
    group: HostGroup,
    group_id: pulumi.Input[str],
    asgs: Ids,
    site: AzureSite,
    options: pulumi.ResourceOptions,
) -> Mapping[str, tuple[azure.NetworkInterface, ...]]:
    """The interfaces of a group's machines, named after site and machine: a changed role set updates them."""
    return {
        machine.name: tuple(
            _make_interface(name, group, group_id, asgs, site, attachment, options)
            for attachment in site.interfaces.get(machine.name, ())
        )
        for machine in group.machines
    }


def _make_interface(
    name: str,
    group: HostGroup,
    group_id: pulumi.Input[str],
    asgs: Ids,
    site: AzureSite,
    attachment: Attachment,
    options: pulumi.ResourceOptions,
) -> azure.NetworkInterface:
    words = [attachment.called, *([attachment.suffix] if attachment.suffix else []), "nic"]
    return azure.NetworkInterface(
        "-".join([name, *words]),
        network_interface_name=physical_name(group.site, *words),
        resource_group_name=site.resource_group,
        location=site.location,
        network_security_group=azure.NetworkSecurityGroupArgs(id=group_id),
        ip_configurations=_ip_configurations(
            attachment, [asgs[identity.name] for identity in group.identities]
        ),
        tags={
            **site.tags,
            "swyx:site": clean_tag(group.site),
            "swyx:machine": clean_tag(attachment.machine),
            **spread_tag("swyx:roles", group.roles),
        },
        opts=options,
    )


def _ip_configurations(attachment: Attachment, asgs: Sequence[pulumi.Input[str]]) -> Any:
    """One configuration an address, all with the same ASGs; the first IPv4 one is primary."""
    addresses = sorted(attachment.addresses)
    fixed = [
        {
            "name": address.address if address.version == 4 else f"{address.first:032x}",
            "private_ip_address": address.address,
            "private_ip_address_version": f"IPv{address.version}",
            "private_ip_allocation_method": "Static",
        }
        for address in addresses
    ]
    if not _has_ipv4(addresses):
        fixed.insert(
            0,
            {
                "name": "dynamic",
                "private_ip_address_version": "IPv4",
                "private_ip_allocation_method": "Dynamic",
            },
        )
    return [
        {
            **configuration,
            "primary": place == 0,
            "subnet": {"id": attachment.subnet.id},
            "application_security_groups": [{"id": asg} for asg in asgs],
        }
        for place, configuration in enumerate(fixed)
    ]


def _has_ipv4(addresses: Iterable[Prefix]) -> bool:
    return any(address.version == 4 for address in addresses)


# ---- rules


def _rules(rendered: RenderedGroup, asgs: Ids) -> pulumi.Input[Any]:
    """All rules of a group. A preview shows each with what it knows of it; an update resolves the ids once.

    The SDK makes an `Output` of every id in every rule, which takes most of a small site's program.
    """
    if pulumi.runtime.is_dry_run():
        return [_rule(spec, asgs) for spec in rendered.specs]
    named = {identity.name for spec in rendered.specs for identity in _named(spec)}
    known = pulumi.Output.all(**{name: asgs[name] for name in sorted(named)})
    return known.apply(lambda ids: [_rule(spec, ids) for spec in rendered.specs])


def _named(spec: Spec) -> tuple[Identity, ...]:
    return (*spec.identities, *((spec.own_identity,) if spec.own_identity else ()))


def _rule(spec: Spec, asgs: Ids) -> Any:
    own, peer = (
        ("destination", "source") if spec.direction is Direction.IN else ("source", "destination")
    )
    return {
        "name": spec.name,
        "priority": spec.priority,
        "direction": _DIRECTIONS[spec.direction],
        "access": "Allow" if spec.allow else "Deny",
        "protocol": _PROTOCOLS[spec.protocol],
        "description": spec.description,
        **_port_side("source", spec.source_ports),
        **_port_side("destination", spec.ports),
        **_own_side(own, spec, asgs),
        **_peer_side(peer, spec, asgs),
    }


def _port_side(side: str, ports: PortSet | None) -> dict[str, Any]:
    """The singular field or the plural one, never both."""
    if ports is None:
        return {f"{side}_port_range": _ANYTHING}
    if len(ports) == 1:
        return {f"{side}_port_range": str(ports[0])}
    return {f"{side}_port_ranges": [str(part) for part in ports]}


def _own_side(side: str, spec: Spec, asgs: Ids) -> dict[str, Any]:
    if spec.own_identity is None:
        return {f"{side}_address_prefix": _ANYTHING}
    return {f"{side}_application_security_groups": [{"id": asgs[spec.own_identity.name]}]}


def _peer_side(side: str, spec: Spec, asgs: Ids) -> dict[str, Any]:
    if not spec.allow:
        return {f"{side}_address_prefix": _ANYTHING}
    if spec.identities:
        ids = [{"id": asgs[identity.name]} for identity in spec.identities]
        return {f"{side}_application_security_groups": ids}
    if len(spec.prefixes) == 1:
        return {f"{side}_address_prefix": str(spec.prefixes[0])}
    return {f"{side}_address_prefixes": [str(prefix) for prefix in spec.prefixes]}


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
