"""What would allow a packet: every single change is tried and planned."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from swyx_components.analysis.explain import Crossing, carries
from swyx_components.analysis.places import Host
from swyx_components.catalogue.model import Catalogue, Transport
from swyx_components.installation.check import find_dcom_ports, find_public_peers
from swyx_components.installation.model import Installation, Link, Provider, Site
from swyx_components.planner.flows import derive_flows
from swyx_components.planner.model import Direction, Protocol
from swyx_components.planner.topology import Topology
from swyx_components.sets.ports import PortRange, PortSet

# One change, in words that a person can follow, and the installation that has it.
_Variant = tuple[str, Installation]
DCOM, LINK, TRANSIT = "dcom", "link", "transit"
_MOST_TRIED = 5  # packets of a command for which every change is planned


def find_remedies(
    installation: Installation, crossing: Crossing, place: int
) -> tuple[tuple[str, ...] | None, str]:
    """Every single change of a switch, decision or declaration that would allow the packet, and the detour.

    Where none would: the roles of which one more would; none makes a LinkManager take transit. None for a
    packet whose `place` among those that a command finds denied is not one of the first.
    """
    hosts = source, destination = crossing[:2]
    detour = _find_detour(installation, crossing)
    if place > _MOST_TRIED:
        return None, detour
    if not {p.version for p in source.prefixes} & {p.version for p in destination.prefixes}:
        said = f"give {source.label} and {destination.label} addresses of the same IP version"
        return (said,), detour
    variants = _variants(installation, crossing)
    remedies = dict.fromkeys(text for text, changed in variants if _passes(changed, crossing))
    for own, peer in () if remedies or detour == TRANSIT else (hosts, hosts[::-1]):
        variants = _with_roles(installation, own, peer)
        if roles := [role for role, changed in variants if _passes(changed, crossing)]:
            remedies[f"give {own.label} the role {' or '.join(roles)}"] = None
    return tuple(remedies), detour


def _find_detour(installation: Installation, crossing: Crossing) -> str:
    """Why no extra rule is to open it, if so.

    DCOM: to or from another site or a public address. LINK: for a role at another site, which calls reach
    through a LinkManager (kb2308 L112). TRANSIT: from one LinkManager of a site to another.
    """
    source, destination, packet = crossing[:3]
    if packet.port is None:
        return ""
    catalogue, port = installation.catalogue, PortRange(packet.port, packet.port)
    apart, sites = source.site != destination.site, installation.sites
    decided = [sites[host.site].decisions for host in crossing[:2] if host.site]
    ranges = (find_dcom_ports(own, packet.protocol.value, catalogue) for own in decided)
    known = all(host.site or any(find_public_peers(host.prefixes)) for host in crossing[:2])
    if apart and known and any(ports.covers(port) for ports in ranges):
        return DCOM
    if not (source.roles and destination.roles):
        return ""
    kind = Topology(installation).view(destination.site).endpoint_of[destination.label].kind
    roles, transport = catalogue.roles, Transport(packet.protocol.value)
    listening = {
        roles[role].serves_links
        for (role, key), ports in kind.ports.items()
        if ports.covers(port) and transport in roles[role].listeners[key].transports
    }
    if listening and apart:
        return LINK
    managers = True in listening and all(roles[role].serves_links for role in source.roles)
    return TRANSIT if managers else ""


def _passes(installation: Installation, crossing: Crossing) -> bool:
    source, destination = crossing[:2]
    site = source.site if source.managed else destination.site or source.site
    outside = not source.managed and not destination.managed
    flows = derive_flows(Topology(installation), site, outside).flows if site else ()
    return any(carries(flow, crossing) for flow in flows)


def _variants(installation: Installation, crossing: Crossing) -> Iterator[_Variant]:
    catalogue, packet = installation.catalogue, crossing.packet
    names = dict.fromkeys(host.site for host in crossing[:2] if host.site)
    sites = [installation.sites[name] for name in names]
    for text, changed in chain(*(_with_switches(site, catalogue) for site in sites)):
        yield text, _with(installation, changed)
    if packet.protocol is Protocol.TCP and packet.port is not None:
        for text, *decided in _with_decisions(sites, catalogue, packet.port):
            places = " and ".join(f"sites.{site.name}" for site in decided)
            yield f"{text} at {places}", _with(installation, *decided)
    yield from _with_declarations(installation, crossing)


def _with(installation: Installation, *sites: Site) -> Installation:
    """The installation with these instead of its sites of the same names."""
    return replace(installation, sites={**installation.sites, **{s.name: s for s in sites}})


# ---- switches and decisions


def _with_switches(site: Site, catalogue: Catalogue) -> Iterator[tuple[str, Site]]:
    """Optional flows on, disabled ones back, other control paths, other transports."""
    place = f"sites.{site.name}"
    for row in catalogue.flows.values():
        if row.may_be_enabled and row.id not in site.enabled:
            text = f"enable the optional flow {row.id}: `flows: {{enable: [{row.id}]}}` at {place}"
            yield text, replace(site, enabled=site.enabled | {row.id})
    for id in sorted(site.disabled):
        text = f"enable the inferred flow {id}: remove it from {place}.flows.disable"
        yield text, replace(site, disabled=site.disabled - {id})
    written = dict(site.control_path)
    for role in catalogue.roles.values():
        for path in role.control_paths:
            if path != written.get(role.name, role.control_paths[0]):
                text = f"choose the other control path: `control_path: {{{role.name}: {path}}}` at {place}"
                changed = tuple(sorted({**written, role.name: path}.items()))
                yield text, replace(site, control_path=changed)
    own, both = site.decisions, (Transport.TCP, Transport.UDP)
    for label, decisions in (
        ("fax_transport", replace(own, fax_transports=both)),
        ("dcom_transport", replace(own, dcom_transports=both)),
    ):
        if decisions != own:
            yield f"set the decision `{label}: both` at {place}", replace(site, decisions=decisions)


def _with_decisions(
    sites: Sequence[Site], catalogue: Catalogue, port: int
) -> Iterator[tuple[str, *tuple[Site, ...]]]:
    """Other TCP ports for what the article leaves open, where nobody else listens on them."""
    single = PortRange(port, port)
    known = [PortSet((service,)) for service in catalogue.administration_ports.values()]
    for role in catalogue.roles.values():
        listening = role.listeners.values()
        known += [own.ports for own in listening if Transport.TCP in own.transports]
    is_free = port > 1023 and not any(ports.covers(single) for ports in known)
    for site in sites:
        own = site.decisions
        if catalogue.cornet.covers(single) and not own.cornet.covers(single):
            ports = (str(each) for part in catalogue.cornet for each in range(part[0], part[1] + 1))
            text = f"set the decision `cornet: [{', '.join(ports)}]`"
            yield text, replace(site, decisions=replace(own, cornet=catalogue.cornet))
        if is_free:
            dcom = replace(own, dcom_server=single, dcom_client=single)
            yield f"set the decision `dcom` to a range with {port}", replace(site, decisions=dcom)
            # Tunnelled at one end of a link only is an error, so there both decide anew.
            deciding = (site,) if own.h245 else sites
            h245 = PortSet((single,))
            changed = (replace(s, decisions=replace(s.decisions, h245=h245)) for s in deciding)
            yield f"set the decision `h245` to a range with {port}", *changed


# ---- declarations and roles


def _with_declarations(installation: Installation, crossing: Crossing) -> Iterator[_Variant]:
    """SIP devices, SIP providers and links that the file might declare."""
    hosts = source, destination = crossing[:2]
    is_outside = not source.is_machine and not source.roles
    outside, inside = hosts if is_outside else hosts[::-1]
    if not outside.roles and inside.is_machine:
        site = installation.sites[inside.site]
        listed = ", ".join(prefix.short for prefix in outside.prefixes)
        devices = tuple(sorted({*site.sip_devices, *outside.prefixes}))
        text = f"add {listed} to the `sip_devices` of sites.{site.name}"
        yield text, _with(installation, replace(site, sip_devices=devices))
        if _serves_links(installation.catalogue, inside) and crossing.packet.port is not None:
            media = crossing.packet.source_port or crossing.packet.port
            provider = Provider(
                name="supposed",
                cidrs=outside.prefixes,
                link_manager=inside.label,
                site=inside.site,
                media_ports=PortRange(media, media),
                sip_port=crossing.packet.port,
            )
            text = f"declare a SIP provider with CIDRs {listed} and `link_manager: {inside.label}`"
            yield text, replace(installation, providers=(*installation.providers, provider))
    sites = {source.site, destination.site}
    if len(sites - {""}) < 2:
        return
    linked = any({link.near, link.far} == sites for link in installation.links)
    serving = [_serves_links(installation.catalogue, host) for host in hosts]
    for manages, ends in zip(serving, (hosts, hosts[::-1]), strict=True):
        if manages and not linked:
            yield _with_link(installation, ends, chained=False)
    if all(serving):
        yield _with_link(installation, sorted(hosts), chained=True)


def _with_link(installation: Installation, ends: Sequence[Host], chained: bool) -> _Variant:
    """One more link through the machine at the near end or, chained, through both."""
    near, far = ends
    named = f"`link_manager: {near.label}`"
    if chained:
        managers = f"{{{near.site}: {near.label}, {far.site}: {far.label}}}"
        named = f"`mode: chained` and `link_managers: {managers}`"
    far_manager = far.label if chained else ""
    sites = {"near": near.site, "far": far.site}
    link = Link(name="supposed", **sites, near_manager=near.label, far_manager=far_manager)
    text = f"declare a link of {near.site} and {far.site} with {named}"
    return text, replace(installation, links=(*installation.links, link))


def _serves_links(catalogue: Catalogue, host: Host) -> bool:
    return host.is_machine and any(catalogue.roles[r].serves_links for r in host.roles)


def _with_roles(installation: Installation, own: Host, peer: Host) -> Iterator[_Variant]:
    """One more role at one end, by its name, where the other end has some."""
    if not own.site or not peer.roles:
        return
    catalogue, site = installation.catalogue, installation.sites[own.site]
    present = {role for owner in site.owners for role in owner.roles}
    for role in catalogue.roles.values():
        fits = own.is_machine or role.on_networks
        taken = role.name in own.roles or (role.once_per_site and role.name in present)
        if fits and not taken:
            roles = catalogue.in_order({*own.roles, role.name})
            machines = (replace(m, roles=roles) if m is own.owner else m for m in site.machines)
            networks = (replace(n, roles=roles) if n is own.owner else n for n in site.networks)
            changed = replace(site, machines=tuple(machines), networks=tuple(networks))
            yield role.name, _with(installation, changed)


# ---- extra rules


def write_extra_rules(crossing: Crossing) -> Iterator[Mapping[str, object]]:
    """The extra rules that would allow the packet at the machines that deny it, as the file has them."""
    packet = crossing.packet
    for end in (end for end in crossing.ends if not end.allows and end.host.is_machine):
        inward = end.direction is Direction.IN
        peer = crossing.source if inward else crossing.destination
        yield {
            "direction": end.direction.value,
            "to" if inward else "from": end.host.label,
            "from" if inward else "to": [prefix.short for prefix in peer.prefixes],
            "protocol": "icmp" if packet.protocol is Protocol.ICMPV6 else packet.protocol.value,
            **({} if packet.port is None else {"ports": packet.port}),
            "reason": "...",
        }
