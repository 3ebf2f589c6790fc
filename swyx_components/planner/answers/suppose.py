"""What it would take: an installation changed in one place, planned again, and asked again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from swyx_components.catalogue import Catalogue, Evidence, Leg, Transport
from swyx_components.installation.check import find_dcom_ports, find_public_part
from swyx_components.installation.model import (
    Installation,
    Link,
    LinkMode,
    Provider,
    Site,
)
from swyx_components.planner.answers.ends import Packet
from swyx_components.planner.answers.explain import carries
from swyx_components.planner.answers.places import Host, owners_of, short
from swyx_components.planner.expand import expand_site
from swyx_components.planner.model import Protocol
from swyx_components.planner.view import Survey
from swyx_components.sets.ports import PortRange, PortSet


class Supposition(NamedTuple):
    """One change, in words that a person can follow, and the installation that has it."""

    text: str
    installation: Installation


def find_remedies(
    installation: Installation, source: Host, destination: Host, packet: Packet
) -> tuple[str, ...]:
    """Every single change of a switch, decision or declaration that would let the packet pass.

    Where none would: the roles of which one more would.
    """
    question = (source, destination, packet)
    remedies = [
        supposed.text
        for supposed in _suppose_settings(installation, *question)
        if _passes(supposed.installation, *question)
    ]
    return tuple(dict.fromkeys(remedies)) or tuple(_missing_roles(installation, *question))


def _missing_roles(
    installation: Installation, source: Host, destination: Host, packet: Packet
) -> Iterator[str]:
    for own, peer in ((source, destination), (destination, source)):
        roles = [
            supposed.text
            for supposed in _suppose_roles(installation, own, peer)
            if _passes(supposed.installation, source, destination, packet)
        ]
        if roles:
            yield f"the role {' or '.join(roles)} at {own.label}"


def _passes(installation: Installation, source: Host, destination: Host, packet: Packet) -> bool:
    one, other = (_again(installation, host) for host in (source, destination))
    site = source.site if source.machine is not None else destination.site or source.site
    if not site:
        return False
    expansion = expand_site(Survey(installation), site)
    return any(carries(flow, one, other, packet) for flow in expansion.flows)


def _again(installation: Installation, host: Host) -> Host:
    """The same host in the changed installation, where its roles may be others."""
    if host.machine is None:
        return host
    machines = installation.sites[host.site].machines
    return host._replace(machine=next(m for m in machines if m.name == host.label))


def _suppose_settings(
    installation: Installation, source: Host, destination: Host, packet: Packet
) -> Iterator[Supposition]:
    names = tuple(dict.fromkeys(host.site for host in (source, destination) if host.site))
    for name in names:
        yield from _suppose_switches(installation, installation.sites[name], packet)
    yield from _suppose_ranges(installation, names, packet)
    yield from _suppose_declarations(installation, source, destination, packet)


def _with_site(installation: Installation, text: str, site: Site) -> Supposition:
    return Supposition(text, replace(installation, sites={**installation.sites, site.name: site}))


def _suppose_switches(
    installation: Installation, site: Site, packet: Packet
) -> Iterator[Supposition]:
    """Optional flows on, disabled ones back, other control paths, other transports."""
    catalogue, place = installation.catalogue, f"sites.{site.name}"
    for row in catalogue.flows.values():
        if row.may_be_enabled and row.id not in site.enabled:
            text = f"the optional flow {row.id}: `flows: {{enable: [{row.id}]}}` at {place}"
            yield _with_site(installation, text, replace(site, enabled=site.enabled | {row.id}))
    for id in sorted(site.disabled):
        text = f"the inferred flow {id}, which {place}.flows.disable turns off"
        yield _with_site(installation, text, replace(site, disabled=site.disabled - {id}))
    written = dict(site.control_path)
    for role in catalogue.roles.values():
        for path in role.control_paths:
            if path != written.get(role.name, role.control_paths[0]):
                text = f"the other control path: `control_path: {{{role.name}: {path}}}` at {place}"
                changed = tuple(sorted({**written, role.name: path}.items()))
                yield _with_site(installation, text, replace(site, control_path=changed))
    both = (Transport.TCP, Transport.UDP)
    for label, decisions in (
        ("fax_transport", replace(site.decisions, fax_transports=both)),
        ("dcom_transport", replace(site.decisions, dcom_transports=both)),
    ):
        if decisions != site.decisions and packet.protocol.has_ports:
            text = f"the decision `{label}: both` at {place}"
            yield _with_site(installation, text, replace(site, decisions=decisions))


def _suppose_ranges(
    installation: Installation, names: Sequence[str], packet: Packet
) -> Iterator[Supposition]:
    """Other ports for what the article leaves open, where nobody else listens on them."""
    catalogue, port = installation.catalogue, packet.port
    if packet.protocol is not Protocol.TCP or port is None:
        return
    single = PortRange(port, port)
    for name in names:
        decisions = installation.sites[name].decisions
        if catalogue.cornet.covers(single) and not decisions.cornet.covers(single):
            listed = ", ".join(str(each) for own in catalogue.cornet for each in _each(own))
            text = f"the decision `cornet: [{listed}]`"
            yield _with_decisions(installation, text, [name], cornet=catalogue.cornet)
        if _is_free(catalogue, single):
            text = f"the decision `dcom` with {port} in its range"
            changes = {"dcom_server": single, "dcom_client": single}
            yield _with_decisions(installation, text, [name], **changes)
            # Tunnelled at one end of a link only is an error, so there both decide anew.
            sites = [name] if decisions.h245 else names
            text = f"the decision `h245` with {port} in its range"
            yield _with_decisions(installation, text, sites, h245=PortSet((single,)))


def _with_decisions(
    installation: Installation, text: str, names: Sequence[str], **changes: Any
) -> Supposition:
    sites = dict(installation.sites)
    for name in names:
        decisions = replace(sites[name].decisions, **changes)
        sites[name] = replace(sites[name], decisions=decisions)
    places = " and ".join(f"sites.{name}" for name in names)
    return Supposition(f"{text} at {places}", replace(installation, sites=sites))


def _each(ports: PortRange) -> range:
    return range(ports.first, ports.last + 1)


def _is_free(catalogue: Catalogue, ports: PortRange) -> bool:
    """Whether a TCP range of the user's own may sensibly have a port: nobody else listens there."""
    taken = [
        own
        for role in catalogue.roles.values()
        for listener in role.listeners.values()
        for own in listener.ports
        if Transport.TCP in listener.transports
    ]
    taken += [*catalogue.administration_ports.values(), PortRange(1, 1023)]
    return not any(own.overlaps(ports) for own in taken)


def _suppose_declarations(
    installation: Installation, source: Host, destination: Host, packet: Packet
) -> Iterator[Supposition]:
    """SIP devices, SIP providers and links that the file might declare."""
    outside, inside = (
        (source, destination)
        if source.machine is None and not source.roles
        else (destination, source)
    )
    if not outside.roles and inside.machine is not None:
        site = installation.sites[inside.site]
        listed = ", ".join(map(short, outside.prefixes))
        devices = replace(site, sip_devices=tuple(sorted({*site.sip_devices, *outside.prefixes})))
        text = f"{listed} among the `sip_devices` of sites.{site.name}"
        yield _with_site(installation, text, devices)
        yield from _suppose_provider(installation, outside, inside, packet)
    if source.site and destination.site and source.site != destination.site:
        yield from _suppose_link(installation, source, destination)


def _serving(catalogue: Catalogue, host: Host) -> bool:
    return host.machine is not None and any(
        catalogue.roles[role].serves_links for role in host.roles
    )


def _suppose_provider(
    installation: Installation, outside: Host, inside: Host, packet: Packet
) -> Iterator[Supposition]:
    if not _serving(installation.catalogue, inside) or packet.port is None:
        return
    provider = Provider(
        name="supposed",
        cidrs=outside.prefixes,
        link_manager=inside.label,
        site=inside.site,
        media_ports=PortRange(packet.source_port or packet.port, packet.source_port or packet.port),
        sip_port=packet.port,
    )
    listed = ", ".join(map(short, outside.prefixes))
    text = f"a SIP provider with the CIDRs {listed} and `link_manager: {inside.label}`"
    yield Supposition(text, replace(installation, providers=(*installation.providers, provider)))


def _suppose_link(
    installation: Installation, source: Host, destination: Host
) -> Iterator[Supposition]:
    sites = {source.site, destination.site}
    if any({link.near, link.far} == sites for link in installation.links):
        return
    for manager, other in ((source, destination), (destination, source)):
        if _serving(installation.catalogue, manager):
            link = Link(
                name="supposed",
                mode=LinkMode.SHARED,
                near=manager.site,
                far=other.site,
                near_manager=manager.label,
            )
            text = f"a link of {manager.site} and {other.site} with `link_manager: {manager.label}`"
            yield Supposition(text, replace(installation, links=(*installation.links, link)))


def _suppose_roles(installation: Installation, own: Host, peer: Host) -> Iterator[Supposition]:
    """One more role at one end, if some flow joins it with a role of the other end."""
    if not own.site or not peer.roles:
        return
    catalogue, site = installation.catalogue, installation.sites[own.site]
    present = {role for owner in owners_of(site) for role in owner.roles}
    for role in catalogue.roles.values():
        fits = own.machine is not None or role.on_networks
        taken = role.name in own.roles or (role.once_per_site and role.name in present)
        if fits and not taken and _ever_joined(catalogue, role.name, peer.roles):
            roles = tuple(sorted((*own.roles, role.name), key=catalogue.role_order))
            yield _with_site(installation, role.name, _with_roles(site, own, roles))


def _with_roles(site: Site, own: Host, roles: tuple[str, ...]) -> Site:
    if own.machine is not None:
        machines = (replace(m, roles=roles) if m.name == own.label else m for m in site.machines)
        return replace(site, machines=tuple(machines))
    networks = (replace(n, roles=roles) if n.name == own.label else n for n in site.networks)
    return replace(site, networks=tuple(networks))


def _ever_joined(catalogue: Catalogue, role: str, others: tuple[str, ...]) -> bool:
    for row in catalogue.flows.values():
        if row.evidence is not Evidence.OPTIONAL:
            for leg in row.legs:
                if _joins(leg, role, others):
                    return True
    return False


def _joins(leg: Leg, role: str, others: tuple[str, ...]) -> bool:
    sides = ((leg.initiators, leg.responders), (leg.among, leg.among))
    return any(
        (role in one and not set(others).isdisjoint(two))
        or (role in two and not set(others).isdisjoint(one))
        for one, two in sides
    )


def write_extra_rule(
    host: Host, peer: Host, packet: Packet, direction: str
) -> Mapping[str, object]:
    """The extra rule that would let the packet pass at one end, as the file has it."""
    towards = {"in": ("to", "from"), "out": ("from", "to")}[direction]
    rule: dict[str, object] = {
        "direction": direction,
        towards[0]: host.label,
        towards[1]: [short(prefix) for prefix in peer.prefixes],
        "protocol": "icmp" if packet.protocol is Protocol.ICMPV6 else packet.protocol.value,
    }
    if packet.port is not None:
        rule["ports"] = packet.port
    return rule | {"reason": "..."}


def is_dcom_apart(
    installation: Installation, source: Host, destination: Host, packet: Packet
) -> bool:
    """Whether the packet is DCOM to or from another site or a public address: no rule may open that."""
    if packet.port is None or source.site == destination.site:
        return False
    hosts = (source, destination)
    if any(not host.site and not find_public_part(host.prefixes, ()) for host in hosts):
        return False
    port, protocol = PortRange(packet.port, packet.port), packet.protocol.value
    return any(
        find_dcom_ports(
            installation.sites[host.site].decisions, protocol, installation.catalogue
        ).covers(port)
        for host in hosts
        if host.site
    )
