"""The packets of a call: from a flow's port tokens, or two media ranges, to single ports; and the way of
audio and fax: directly within a site, through each relay across sites.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from swyx_components.analysis.calls.parties import Actor
from swyx_components.analysis.explain.ends import Packet
from swyx_components.analysis.explain.places import Host
from swyx_components.catalogue import Catalogue, FlowRow, Leg, Transport
from swyx_components.catalogue.calls import CallStep
from swyx_components.planner.model import PROTOCOL_OF, Endpoint
from swyx_components.planner.port_references import find_undecided, resolve_port
from swyx_components.planner.topology import Topology
from swyx_components.sets.ports import PortRange, PortSet

_FEW = 2  # ports that are all tried; of a larger range the first speaks for all

Acting = tuple[Actor, Host]  # one end of a packet: on which of its hosts an actor acts


# ---- control


def pick_flow(catalogue: Catalogue, step: CallStep, sender: Actor, receiver: Actor) -> FlowRow:
    """Of the flows of a step the first that joins the two roles; a leg that follows others names none."""
    rows = [catalogue.flows[flow] for flow in step.flows]
    roles = {sender.role, receiver.role}
    fitting = (
        row
        for row in rows
        if any(not leg.initiators or roles.intersection(leg.initiators) for leg in row.legs)
    )
    return next(fitting, rows[0])


def control_packets(
    topology: Topology, row: FlowRow, step: CallStep, sender: Acting, receiver: Acting
) -> tuple[Packet, ...]:
    """The packets of a step in one direction, each once."""
    found = (
        Packet(PROTOCOL_OF[transport], port, source)
        for leg in row.legs
        if receiver[0].role not in leg.not_towards
        for source in [_ports(topology, sender, leg.source).first if leg.source else None]
        for token in leg.ports
        if not step.ports or token in step.ports
        for transport, ports in _resolve(topology, token, receiver)
        if leg.transport in (None, transport)
        for port in _single_ports(ports)
    )
    return tuple(dict.fromkeys(found))


def _resolve(
    topology: Topology, token: str, receiver: Acting
) -> Sequence[tuple[Transport, PortSet]]:
    """What a port token means at a receiver; a SIP provider listens on the port of its declaration."""
    actor, host = receiver
    if actor.provider is not None:
        sip_port = PortSet.of((actor.provider.sip_port,) * 2)
        return [(transport, sip_port) for transport in Transport]
    decisions = topology.view(host.site).decisions
    if find_undecided(token, decisions) == "dcom":
        # Nothing in the plan needs the range, so nothing opens it; the mapper is asked first anyway.
        return [(Transport.TCP, PortSet.of((topology.catalogue.endpoint_mapper,) * 2))]
    responder = (actor.role, _endpoint(topology, host).ports)
    return resolve_port(token, responder, decisions, topology.catalogue)


def _ports(topology: Topology, acting: Acting, key: str) -> PortRange:
    """The range in effect for a listener of a role on a host."""
    actor, host = acting
    return _endpoint(topology, host).ports[actor.role, key][0]


def _endpoint(topology: Topology, host: Host) -> Endpoint:
    view = topology.view(host.site)
    if host.machine is not None:
        return view.endpoint_of(host.machine.name)
    return next(e for e in view.endpoints if e.group is None and e.label == host.label)


def _single_ports(ports: PortSet) -> Iterator[int]:
    for first, last in ports:
        yield from range(first, last + 1) if last - first < _FEW else (first,)


# ---- media


class MediaLeg(NamedTuple):
    """Media between two neighbours on the way; `flow` is empty where the article joins them by none."""

    transport: Transport
    flow: str
    one: Actor
    other: Actor


def media_range(topology: Topology, acting: Acting, transport: Transport) -> PortRange:
    """The range from which a role sends and receives media on a host."""
    actor, _ = acting
    if actor.provider is not None:
        return actor.provider.media_ports
    return _ports(topology, acting, topology.catalogue.roles[actor.role].media[transport])


def find_media_legs(topology: Topology, way: Sequence[Actor]) -> Iterator[MediaLeg]:
    """The legs of a way from caller to called party: over UDP always, over TCP where all of it may be.

    A fax call begins as audio, so TCP comes beside UDP and never in its place.
    """
    udp, tcp = (
        [
            MediaLeg(transport, _find_flow(topology, transport, one, other), one, other)
            for one, other in pairwise(way)
        ]
        for transport in (Transport.UDP, Transport.TCP)
    )
    yield from udp
    if all(leg.flow for leg in tcp):
        yield from tcp


def _find_flow(topology: Topology, transport: Transport, one: Actor, other: Actor) -> str:
    """The first flow with a leg for this media between the two, whose sites chose it for fax over TCP."""
    scopes = _scopes(topology.catalogue, one, other)
    flows = (
        row.id
        for row in topology.catalogue.flows.values()
        for leg in row.legs
        if leg.media is transport and leg.scope in scopes
        for ends in ({"from": one, "to": other}, {"from": other, "to": one})
        if _joins(leg, ends["from"], ends["to"])
        and all(topology.view(ends[end].site).carries_tcp_fax() for end in leg.fax_tcp_at)
    )
    return next(flows, "")


def _scopes(catalogue: Catalogue, one: Actor, other: Actor) -> tuple[str, ...]:
    """Which legs of the catalogue may be between the two."""
    if not one.role or not other.role:
        return ("provider",)
    relays = [catalogue.roles[actor.role].serves_links for actor in (one, other)]
    if all(relays):
        return ("chained",)
    return ("served", "across") if any(relays) else ("site",)


def _joins(leg: Leg, one: Actor, other: Actor) -> bool:
    if leg.among:
        both = one.role in leg.among and other.role in leg.among
        return both and not (one.role == other.role and one.role in leg.but_not)
    receiver = other.role in leg.responders if leg.responders else not other.role
    return one.role in leg.initiators and receiver
