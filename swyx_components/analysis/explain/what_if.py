"""What would allow a packet: every single change is tried and planned."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from swyx_components.analysis.explain.explain import Packet, carries
from swyx_components.analysis.explain.places import Host, owners_of, short
from swyx_components.catalogue import Catalogue, Transport
from swyx_components.installation.check import find_dcom_ports, find_public_part
from swyx_components.installation.model import Installation, Link, LinkMode, Provider, Site
from swyx_components.planner.flows import derive_flows
from swyx_components.planner.model import Protocol
from swyx_components.planner.topology import Topology
from swyx_components.sets.ports import PortRange, PortSet

# One change, in words that a person can follow, and the installation or the site that has it.
_Variant = tuple[str, Installation]
_SiteVariant = tuple[str, Site]


def find_remedies(
    installation: Installation, source: Host, destination: Host, packet: Packet
) -> tuple[str, ...]:
    """Every single change of a switch, decision or declaration that would allow the packet.

    Where none would: the roles of which one more would; none makes a LinkManager take transit.
    """
    hosts = (source, destination)
    if not {p.version for p in source.prefixes} & {p.version for p in destination.prefixes}:
        return (f"give {source.label} and {destination.label} addresses of the same IP version",)
    variants = _variants(installation, *hosts, packet)
    remedies = [text for text, changed in variants if _passes(changed, *hosts, packet)]
    if remedies or find_detour(installation, *hosts, packet) == TRANSIT:
        return tuple(dict.fromkeys(remedies))
    found: list[str] = []
    for own, peer in (hosts, hosts[::-1]):
        sites = _with_roles(installation, own, peer)
        roles = [role for role, site in sites if _passes(_with(installation, site), *hosts, packet)]
        if roles:
            found.append(f"give {own.label} the role {' or '.join(roles)}")
    return tuple(found)


DCOM, LINK, TRANSIT = "dcom", "link", "transit"


def find_detour(installation: Installation, source: Host, destination: Host, packet: Packet) -> str:
    """Why no extra rule is to open it, if so.

    DCOM: to or from another site or a public address. LINK: for a role at another site, which calls reach
    through a LinkManager (kb2308 L112). TRANSIT: from one LinkManager of a site to another.
    """
    if _is_dcom_apart(installation, source, destination, packet):
        return DCOM
    if not (source.roles and destination.roles) or packet.port is None:
        return ""
    endpoint = Topology(installation).view(destination.site).endpoint_of[destination.label]
    port, transport = PortRange(packet.port, packet.port), Transport(packet.protocol.value)
    roles = installation.catalogue.roles
    listening = {
        roles[role].serves_links
        for (role, key), ports in endpoint.kind.ports.items()
        if ports.covers(port) and transport in roles[role].listeners[key].transports
    }
    if listening and source.site != destination.site:
        return LINK
    managers = True in listening and all(roles[role].serves_links for role in source.roles)
    return TRANSIT if managers else ""


def _passes(installation: Installation, source: Host, destination: Host, packet: Packet) -> bool:
    site = source.site if source.managed else destination.site or source.site
    outside = not source.managed and not destination.managed
    flows = derive_flows(Topology(installation), site, outside).flows if site else ()
    return any(carries(flow, source, destination, packet) for flow in flows)


def _variants(
    installation: Installation, source: Host, destination: Host, packet: Packet
) -> Iterator[_Variant]:
    catalogue = installation.catalogue
    names = dict.fromkeys(host.site for host in (source, destination) if host.site)
    sites = [installation.sites[name] for name in names]
    for site in sites:
        for text, changed in _with_switches(site, catalogue, packet):
            yield text, _with(installation, changed)
    if packet.protocol is Protocol.TCP and packet.port is not None:
        for text, *decided in _with_decisions(sites, catalogue, packet.port):
            places = " and ".join(f"sites.{site.name}" for site in decided)
            yield f"{text} at {places}", _with(installation, *decided)
    yield from _with_declarations(installation, source, destination, packet)


def _with(installation: Installation, *sites: Site) -> Installation:
    """The installation with these instead of its sites of the same names."""
    return replace(installation, sites={**installation.sites, **{s.name: s for s in sites}})


# ---- switches and decisions


def _with_switches(site: Site, catalogue: Catalogue, packet: Packet) -> Iterator[_SiteVariant]:
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
        if decisions != own and packet.protocol.has_ports:
            yield f"set the decision `{label}: both` at {place}", replace(site, decisions=decisions)


def _with_decisions(
    sites: Sequence[Site], catalogue: Catalogue, port: int
) -> Iterator[tuple[str, *tuple[Site, ...]]]:
    """Other TCP ports for what the article leaves open, where nobody else listens on them."""
    single = PortRange(port, port)
    for site in sites:
        own = site.decisions
        if catalogue.cornet.covers(single) and not own.cornet.covers(single):
            ports = (str(each) for part in catalogue.cornet for each in range(part[0], part[1] + 1))
            text = f"set the decision `cornet: [{', '.join(ports)}]`"
            yield text, replace(site, decisions=replace(own, cornet=catalogue.cornet))
        if _is_free(catalogue, single):
            dcom = replace(own, dcom_server=single, dcom_client=single)
            yield f"set the decision `dcom` to a range with {port}", replace(site, decisions=dcom)
            # Tunnelled at one end of a link only is an error, so there both decide anew.
            deciding = (site,) if own.h245 else sites
            h245 = PortSet((single,))
            changed = (replace(s, decisions=replace(s.decisions, h245=h245)) for s in deciding)
            yield f"set the decision `h245` to a range with {port}", *changed


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


# ---- declarations and roles


def _with_declarations(
    installation: Installation, source: Host, destination: Host, packet: Packet
) -> Iterator[_Variant]:
    """SIP devices, SIP providers and links that the file might declare."""
    hosts = (source, destination)
    is_outside = not source.is_machine and not source.roles
    outside, inside = hosts if is_outside else hosts[::-1]
    if not outside.roles and inside.is_machine:
        site = installation.sites[inside.site]
        listed = ", ".join(map(short, outside.prefixes))
        devices = tuple(sorted({*site.sip_devices, *outside.prefixes}))
        text = f"add {listed} to the `sip_devices` of sites.{site.name}"
        yield text, _with(installation, replace(site, sip_devices=devices))
        if _serves_links(installation.catalogue, inside) and packet.port is not None:
            media = packet.source_port or packet.port
            provider = Provider(
                name="supposed",
                cidrs=outside.prefixes,
                link_manager=inside.label,
                site=inside.site,
                media_ports=PortRange(media, media),
                sip_port=packet.port,
            )
            text = f"declare a SIP provider with CIDRs {listed} and `link_manager: {inside.label}`"
            yield text, replace(installation, providers=(*installation.providers, provider))
    sites = {source.site, destination.site}
    linked = any({link.near, link.far} == sites for link in installation.links)
    serving = [_serves_links(installation.catalogue, host) for host in hosts]
    if all(sites) and len(sites) == 2:
        for manages, ends in zip(serving, (hosts, hosts[::-1]), strict=True):
            if manages and not linked:
                yield _with_link(installation, LinkMode.SHARED, *ends)
        if all(serving):
            yield _with_link(installation, LinkMode.CHAINED, *sorted(hosts))


def _with_link(installation: Installation, mode: LinkMode, near: Host, far: Host) -> _Variant:
    """One more link through the machine at the near end or, chained, through both."""
    ends = near.site, far.site
    named, far_manager = f"`link_manager: {near.label}`", ""
    if mode is LinkMode.CHAINED:
        managers = f"{{{near.site}: {near.label}, {far.site}: {far.label}}}"
        named, far_manager = f"`mode: chained` and `link_managers: {managers}`", far.label
    link = Link(
        name="supposed",
        mode=mode,
        near=near.site,
        far=far.site,
        near_manager=near.label,
        far_manager=far_manager,
    )
    text = f"declare a link of {' and '.join(ends)} with {named}"
    return text, replace(installation, links=(*installation.links, link))


def _serves_links(catalogue: Catalogue, host: Host) -> bool:
    return host.is_machine and any(catalogue.roles[r].serves_links for r in host.roles)


def _with_roles(installation: Installation, own: Host, peer: Host) -> Iterator[_SiteVariant]:
    """One more role at one end, where the other end has some."""
    if not own.site or not peer.roles:
        return
    catalogue, site = installation.catalogue, installation.sites[own.site]
    present = {role for owner in owners_of(site) for role in owner.roles}
    for role in catalogue.roles.values():
        fits = own.is_machine or role.on_networks
        taken = role.name in own.roles or (role.once_per_site and role.name in present)
        if fits and not taken:
            roles = tuple(sorted((*own.roles, role.name), key=catalogue.role_order))
            yield role.name, _with_roles_of(site, own, roles)


def _with_roles_of(site: Site, own: Host, roles: tuple[str, ...]) -> Site:
    machines = (replace(m, roles=roles) if m.name == own.label else m for m in site.machines)
    networks = (replace(n, roles=roles) if n.name == own.label else n for n in site.networks)
    return replace(site, machines=tuple(machines), networks=tuple(networks))


# ---- extra rules


def write_extra_rule(
    host: Host, peer: Host, packet: Packet, direction: str
) -> Mapping[str, object]:
    """The extra rule that would allow the packet at one end, as the file has it."""
    own_key, peer_key = {"in": ("to", "from"), "out": ("from", "to")}[direction]
    return {
        "direction": direction,
        own_key: host.label,
        peer_key: [short(prefix) for prefix in peer.prefixes],
        "protocol": "icmp" if packet.protocol is Protocol.ICMPV6 else packet.protocol.value,
        **({} if packet.port is None else {"ports": packet.port}),
        "reason": "...",
    }


def _is_dcom_apart(
    installation: Installation, source: Host, destination: Host, packet: Packet
) -> bool:
    if packet.port is None or source.site == destination.site:
        return False
    hosts = (source, destination)
    if any(not host.site and not find_public_part(host.prefixes, ()) for host in hosts):
        return False
    port, protocol = PortRange(packet.port, packet.port), packet.protocol.value
    decided = [installation.sites[host.site].decisions for host in hosts if host.site]
    return any(
        find_dcom_ports(decisions, protocol, installation.catalogue).covers(port)
        for decisions in decided
    )
