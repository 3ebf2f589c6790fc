"""An installation with one of its switches, decisions or ranges changed."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from swyx_components.analysis.explain.ends import Packet
from swyx_components.catalogue import Catalogue, Transport
from swyx_components.installation.model import Installation, Site
from swyx_components.planner.model import Protocol
from swyx_components.sets.ports import PortRange, PortSet


class Supposition(NamedTuple):
    """One change, in words that a person can follow, and the installation that has it."""

    text: str
    installation: Installation


def with_site(installation: Installation, text: str, site: Site) -> Supposition:
    """The installation with this in place of its site of the same name."""
    return Supposition(text, replace(installation, sites={**installation.sites, site.name: site}))


def suppose_switches(
    installation: Installation, site: Site, packet: Packet
) -> Iterator[Supposition]:
    """Optional flows on, disabled ones back, other control paths, other transports."""
    catalogue, place = installation.catalogue, f"sites.{site.name}"
    for row in catalogue.flows.values():
        if row.may_be_enabled and row.id not in site.enabled:
            text = f"the optional flow {row.id}: `flows: {{enable: [{row.id}]}}` at {place}"
            yield with_site(installation, text, replace(site, enabled=site.enabled | {row.id}))
    for id in sorted(site.disabled):
        text = f"the inferred flow {id}, which {place}.flows.disable turns off"
        yield with_site(installation, text, replace(site, disabled=site.disabled - {id}))
    written = dict(site.control_path)
    for role in catalogue.roles.values():
        for path in role.control_paths:
            if path != written.get(role.name, role.control_paths[0]):
                text = f"the other control path: `control_path: {{{role.name}: {path}}}` at {place}"
                changed = tuple(sorted({**written, role.name: path}.items()))
                yield with_site(installation, text, replace(site, control_path=changed))
    both = (Transport.TCP, Transport.UDP)
    for label, decisions in (
        ("fax_transport", replace(site.decisions, fax_transports=both)),
        ("dcom_transport", replace(site.decisions, dcom_transports=both)),
    ):
        if decisions != site.decisions and packet.protocol.has_ports:
            text = f"the decision `{label}: both` at {place}"
            yield with_site(installation, text, replace(site, decisions=decisions))


def suppose_ranges(
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
