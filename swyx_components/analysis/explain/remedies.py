"""What it would take to let a packet pass: every single change is supposed, planned and asked again."""

from collections.abc import Iterator

from swyx_components.analysis.explain.declare import suppose_declarations, suppose_roles
from swyx_components.analysis.explain.ends import Packet
from swyx_components.analysis.explain.explain import carries
from swyx_components.analysis.explain.places import Host
from swyx_components.analysis.explain.suppose import Supposition, suppose_ranges, suppose_switches
from swyx_components.installation.model import Installation
from swyx_components.planner.flows import derive_flows
from swyx_components.planner.topology import Topology


def find_remedies(
    installation: Installation, source: Host, destination: Host, packet: Packet
) -> tuple[str, ...]:
    """Every single change of a switch, decision or declaration that would let the packet pass.

    Where none would: the roles of which one more would.
    """
    question = (source, destination, packet)
    remedies = [
        supposed.text
        for supposed in _suppose(installation, *question)
        if _passes(supposed.installation, *question)
    ]
    return tuple(dict.fromkeys(remedies)) or tuple(_missing_roles(installation, *question))


def _missing_roles(
    installation: Installation, source: Host, destination: Host, packet: Packet
) -> Iterator[str]:
    for own, peer in ((source, destination), (destination, source)):
        roles = [
            supposed.text
            for supposed in suppose_roles(installation, own, peer)
            if _passes(supposed.installation, source, destination, packet)
        ]
        if roles:
            yield f"the role {' or '.join(roles)} at {own.label}"


def _passes(installation: Installation, source: Host, destination: Host, packet: Packet) -> bool:
    one, other = (_again(installation, host) for host in (source, destination))
    site = source.site if source.machine is not None else destination.site or source.site
    if not site:
        return False
    expansion = derive_flows(Topology(installation), site)
    return any(carries(flow, one, other, packet) for flow in expansion.flows)


def _again(installation: Installation, host: Host) -> Host:
    """The same host in the changed installation, where its roles may be others."""
    if host.machine is None:
        return host
    machines = installation.sites[host.site].machines
    return host._replace(machine=next(m for m in machines if m.name == host.label))


def _suppose(
    installation: Installation, source: Host, destination: Host, packet: Packet
) -> Iterator[Supposition]:
    names = tuple(dict.fromkeys(host.site for host in (source, destination) if host.site))
    for name in names:
        yield from suppose_switches(installation, installation.sites[name], packet)
    yield from suppose_ranges(installation, names, packet)
    yield from suppose_declarations(installation, source, destination, packet)
