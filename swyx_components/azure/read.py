"""What Azure holds for a site, as the specs that the plan was rendered to."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from swyx_components.azure.client import key_of, open_network
from swyx_components.azure.names import clean_tag, physical_name
from swyx_components.planner.compare import Deployed, DeployedGroup, DeployedInterface
from swyx_components.planner.model import Direction, Identity, Protocol, RenderedSite, Spec
from swyx_components.sets.ports import PortRange, PortSet
from swyx_components.sets.prefixes import Prefix

_PROTOCOLS = {"tcp": Protocol.TCP, "udp": Protocol.UDP, "icmp": Protocol.ICMP, "*": Protocol.ANY}
_EVERYWHERE = (Prefix(4, 0, 0), Prefix(6, 0, 0))


class _Unreadable(ValueError):
    """A rule for which a plan has no words."""


def read_deployed(rendered: RenderedSite) -> Deployed:
    """The network security groups tagged with the site, their rules, and its machines' interfaces.

    Raises:
        CloudError: ARM can't be reached or refuses, or its SDK or a setting is missing.
    """
    with open_network() as client:
        return _read(client, rendered)


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
    strays = [_last(group.id) for group in found if not names[key_of(group.id)]]
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
    interfaces = tuple(_interfaces(client, rendered, names, identities))
    return Deployed(groups=groups, interfaces=interfaces, strays=tuple(sorted(strays)))


def _last(id: str) -> str:
    return id.rstrip("/").rpartition("/")[2]


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
        name = _last(asg.id)
        return self._by_name.get(name.lower(), Identity(name, "-"))

    def knows(self, asg: Any) -> bool:
        return _last(asg.id).lower() in self._by_name


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
    inbound = _word(rule.direction) == "inbound"
    protocol = _PROTOCOLS.get(_word(rule.protocol))
    if protocol is None:
        raise _Unreadable(f"protocol {_word(rule.protocol)}")
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
        allow=_word(rule.access) == "allow",
        priority=int(rule.priority),
        name=str(rule.name),
        description=rule.description or "",
    )


def _word(value: Any) -> str:
    """A word of ARM's, which the SDK gives as an enum where it knows it and as text where not."""
    return str(getattr(value, "value", value)).lower()


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
            return _EVERYWHERE
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
    if asgs or _prefixes(rule, side) != _EVERYWHERE:
        raise _Unreadable(f"{side} is not one application security group")
    return None


def _interfaces(
    client: Any, rendered: RenderedSite, names: Mapping[str, str], identities: _Identities
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
        own = {owners[address] for address in _addresses(interface) if address in owners}
        if own or ours or any(identities.knows(asg) for asg in asgs):
            for machine in sorted(own) or [""]:
                yield DeployedInterface(
                    id=_last(interface.id),
                    machine=machine,
                    groups=(ours,) if ours else (),
                    identities=frozenset(map(identities.of, asgs)),
                    others=(f"network security group {_last(group.id)}",)
                    if id and not ours
                    else (),
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


def _addresses(interface: Any) -> Iterator[Prefix]:
    for configuration in interface.ip_configurations or ():
        if configuration.private_ip_address:
            yield Prefix.parse(configuration.private_ip_address)
