"""An installation that declares one thing more: SIP devices, a provider, a link, or a role of an end."""

from collections.abc import Iterator
from dataclasses import replace

from swyx_components.analysis.explain.ends import Packet
from swyx_components.analysis.explain.places import Host, owners_of, short
from swyx_components.analysis.explain.suppose import Supposition, with_site
from swyx_components.catalogue import Catalogue, Evidence, Leg
from swyx_components.installation.model import (
    Installation,
    Link,
    LinkMode,
    Provider,
    Site,
)
from swyx_components.sets.ports import PortRange


def suppose_declarations(
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
        yield with_site(installation, text, devices)
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


def suppose_roles(installation: Installation, own: Host, peer: Host) -> Iterator[Supposition]:
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
            yield with_site(installation, role.name, _with_roles(site, own, roles))


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
