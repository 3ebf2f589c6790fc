"""What Azure, or a file, holds for a site, as the specs that the plan was rendered to."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from swyx_components.azure.client import key_of, open_network
from swyx_components.azure.names import clean_tag, physical_name
from swyx_components.azure.others import Others
from swyx_components.azure.saved import (
    COMMANDS,
    SavedNetwork,
    describe_state,
    records_of,
)
from swyx_components.azure.standing import EVERYWHERE, addresses_of, last_of, word
from swyx_components.planner.deployed.compare import Deployed, DeployedGroup, DeployedInterface
from swyx_components.planner.deployed.exported import Exported
from swyx_components.planner.model import Direction, Identity, Protocol, RenderedSite, Spec
from swyx_components.sets.ports import PortRange, PortSet
from swyx_components.sets.prefixes import Prefix

_PROTOCOLS = {"tcp": Protocol.TCP, "udp": Protocol.UDP, "icmp": Protocol.ICMP, "*": Protocol.ANY}


class _Unreadable(ValueError):
    """A rule for which a plan has no words."""


def read_deployed(rendered: RenderedSite) -> Deployed:
    """The network security groups tagged with the site, their rules, and its machines' interfaces.

    Raises:
        CloudError: ARM can't be reached or refuses, or its SDK or a setting is missing.
    """
    with open_network() as client:
        return _read(client, rendered)


def read_saved(rendered: RenderedSite, contents: Iterable[Any]) -> Deployed:
    """The same from files that `az network ... list` wrote.

    Raises:
        ValueError: a record in them is not what it should be.
    """
    saved = SavedNetwork(records_of(contents))
    deployed = _read(saved, rendered)
    if saved.has_interfaces:
        return deployed
    lacking = (
        "the files have no interfaces, so which groups stand before which machine is not judged; "
        f"`{COMMANDS['networkinterfaces']}` tells",
    )
    return replace(deployed, interfaces=None, lacking=lacking)


def read_state(rendered: RenderedSite, state: Exported) -> Deployed:
    """The same from the state of a stack.

    Raises:
        ValueError: a resource in it is not what it should be.
    """
    saved = SavedNetwork(describe_state(state))
    lacking = (
        "a state has the stack's own resources only, so a group before the subnets is not judged; the live "
        "cloud, or saved lists, tell",
    )
    deployed = _read(saved, rendered)
    if saved.has_interfaces:
        return replace(deployed, lacking=lacking)
    unplaced = (
        "the stack makes no interfaces, so which groups stand before which machine is not judged"
    )
    return replace(deployed, interfaces=None, lacking=(unplaced, *lacking))


def _read(client: Any, rendered: RenderedSite) -> Deployed:
    site = clean_tag(rendered.plan.site)
    by_tag = {clean_tag(entry.group.name): entry.group.name for entry in rendered.groups}
    identities = _Identities(rendered)
    found = [
        group
        for group in client.network_security_groups.list_all()
        if (group.tags or {}).get("swyx:site") == site
    ]
    names = {
        key_of(group.id): by_tag.get((group.tags or {}).get("swyx:group", ""), "")
        for group in found
    }
    strays = [last_of(group.id) for group in found if not names[key_of(group.id)]]
    groups: dict[str, DeployedGroup] = {}
    for group in found:
        name = names[key_of(group.id)]
        if name:
            specs, unreadable = _specs(group, identities)
            other = groups.get(name)
            groups[name] = DeployedGroup(
                ids=(*(other.ids if other else ()), group.id),
                specs=(*(other.specs if other else ()), *specs),
                unreadable=(*(other.unreadable if other else ()), *unreadable),
            )
    others = Others(client, rendered)
    interfaces = tuple(_interfaces(client, rendered, names, identities, others))
    return Deployed(groups=groups, interfaces=interfaces, strays=tuple(sorted(strays)))


class _Identities:
    """Which identity an ASG stands for, by the name that the writer gives it."""

    def __init__(self, rendered: RenderedSite) -> None:
        site = rendered.plan.site
        self._by_name = {
            physical_name(site, identity.name, "asg").lower(): identity
            for entry in rendered.groups
            for identity in entry.group.identities
        }

    def of(self, asg: Any) -> Identity:
        """The identity; an ASG that is none of the site's gets one that no plan has."""
        name = last_of(asg.id)
        return self._by_name.get(name.lower(), Identity(name, "-"))

    def knows(self, asg: Any) -> bool:
        return last_of(asg.id).lower() in self._by_name


def _specs(group: Any, identities: _Identities) -> tuple[list[Spec], list[str]]:
    specs: list[Spec] = []
    unreadable: list[str] = []
    for rule in group.security_rules or ():
        try:
            specs.append(_spec(rule, identities))
        except (_Unreadable, ValueError) as problem:
            unreadable.append(f"{rule.name} at priority {rule.priority} ({problem})")
    return specs, unreadable


def _spec(rule: Any, identities: _Identities) -> Spec:
    """The rule as a spec.

    Raises:
        _Unreadable: a plan has no words for it.
    """
    inbound = word(rule.direction) == "inbound"
    protocol = _PROTOCOLS.get(word(rule.protocol))
    if protocol is None:
        raise _Unreadable(f"protocol {word(rule.protocol)}")
    own, peer = ("destination", "source") if inbound else ("source", "destination")
    prefixes = _prefixes(rule, peer)
    if protocol is Protocol.ICMP and prefixes and prefixes[0].version == 6:
        protocol = Protocol.ICMPV6  # to ARM both are Icmp
    return Spec(
        direction=Direction.IN if inbound else Direction.OUT,
        protocol=protocol,
        ports=_ports(rule, "destination"),
        source_ports=_ports(rule, "source"),
        identities=tuple(identities.of(asg) for asg in _asgs(rule, peer)),
        prefixes=prefixes,
        own_identity=_own(rule, own, identities),
        allow=word(rule.access) == "allow",
        priority=int(rule.priority),
        name=str(rule.name),
        description=rule.description or "",
    )


def _ports(rule: Any, side: str) -> PortSet | None:
    texts = _listed(rule, f"{side}_port_range")
    if "*" in texts or not texts:
        return None
    ranges = []
    for text in texts:
        first, _, last = text.partition("-")
        ranges.append(PortRange(int(first), int(last or first)))
    return PortSet.union_of(ranges)


def _listed(rule: Any, field: str) -> list[str]:
    single, several = getattr(rule, field, None), getattr(rule, f"{field}s", None)
    if single is None and field.endswith("prefix"):
        several = getattr(rule, f"{field}es", None)
    return [single] if single else list(several or ())


def _asgs(rule: Any, side: str) -> list[Any]:
    return list(getattr(rule, f"{side}_application_security_groups", None) or ())


def _prefixes(rule: Any, side: str) -> tuple[Prefix, ...]:
    """The CIDRs of a side.

    Raises:
        _Unreadable: a service tag.
    """
    prefixes: list[Prefix] = []
    for text in _listed(rule, f"{side}_address_prefix"):
        if text == "*":
            return EVERYWHERE
        try:
            prefixes.append(Prefix.parse(text))
        except ValueError:
            raise _Unreadable(f"{side} {text}") from None
    return tuple(sorted(prefixes))


def _own(rule: Any, side: str, identities: _Identities) -> Identity | None:
    """The ASG that stands for the machine itself; None where the rule is for whoever is in the group.

    Raises:
        _Unreadable: several ASGs, or addresses, of which a machine may have none.
    """
    asgs = _asgs(rule, side)
    if len(asgs) == 1:
        return identities.of(asgs[0])
    if asgs or _prefixes(rule, side) != EVERYWHERE:
        raise _Unreadable(f"{side} is not one application security group")
    return None


def _interfaces(
    client: Any,
    rendered: RenderedSite,
    names: Mapping[str, str],
    identities: _Identities,
    others: Others,
) -> Iterator[DeployedInterface]:
    """The interfaces with a machine's address, and all others in the site's groups or ASGs."""
    owners = {
        address: machine.name
        for entry in rendered.groups
        for machine in entry.group.machines
        for address in machine.addresses
    }
    everywhere = list(client.network_interfaces.list_all())
    for interface in _of_site(everywhere, names, identities):
        group = interface.network_security_group
        id = key_of(group.id) if group else ""
        ours = names.get(id, "")
        asgs = _asgs_of(interface)
        own = {owners[address] for address, _ in addresses_of(interface) if address in owners}
        if own or ours or any(identities.knows(asg) for asg in asgs):
            for machine in sorted(own) or [""]:
                yield DeployedInterface(
                    id=last_of(interface.id),
                    machine=machine,
                    groups=(ours,) if ours else (),
                    identities=frozenset(map(identities.of, asgs)),
                    others=tuple(others.of(interface, machine, "" if ours else id)),
                )


def _of_site(
    interfaces: Sequence[Any], names: Mapping[str, str], identities: _Identities
) -> Iterator[Any]:
    """The interfaces of the virtual networks that the site's groups are used in.

    Another network of the subscription may have the same addresses. While no interface has a group of
    the site yet, all are looked at.
    """
    networks = {
        network
        for interface in interfaces
        if interface.network_security_group
        and names.get(key_of(interface.network_security_group.id))
        for network in _networks_of(interface)
    }
    for interface in interfaces:
        if not networks or networks & _networks_of(interface):
            yield interface


def _networks_of(interface: Any) -> set[str]:
    return {
        key_of(configuration.subnet.id).rpartition("/subnets/")[0]
        for configuration in interface.ip_configurations or ()
        if configuration.subnet
    }


def _asgs_of(interface: Any) -> list[Any]:
    return [
        asg
        for configuration in interface.ip_configurations or ()
        for asg in configuration.application_security_groups or ()
    ]
