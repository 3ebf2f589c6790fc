"""A call simulated step by step: signalling to the servers and between them, then media.

Which steps there are comes from the catalogue's `calls.yaml`, regardless of the flows enabled at a site; so a
flow that is off is a step that fails. Whether a packet passes is read from the rendered rules alone.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from swyx_components.analysis.calls.parties import Actor, Pair, find_links, joins, role_at
from swyx_components.analysis.explain.explain import (
    Crossing,
    Packet,
    Passage,
    SiteOf,
    cross,
    pick_pairs,
)
from swyx_components.analysis.explain.places import Host, hosts_of, hosts_with
from swyx_components.catalogue import Catalogue, FlowRow, Phase, Transport
from swyx_components.catalogue.model import PARTY, CallBook, CallStep, Way
from swyx_components.installation.model import Link, LinkMode
from swyx_components.planner.endpoints import Endpoint
from swyx_components.planner.model import PROTOCOL_OF
from swyx_components.planner.port_references import find_undecided, resolve_port
from swyx_components.planner.topology import Topology
from swyx_components.sets.ports import PortRange, PortSet

_PORTS_EACH = 2  # of a media range for each conversation: RTP and its control channel
_FEW = 2  # ports that are all tried; of a larger range the first speaks for all

_Acting = tuple[Actor, Host]  # one end of a packet: on which of its hosts an actor acts


class Step(NamedTuple):
    """One step of a call; `flow` is empty where the article defines no flow between the two.

    `crossings` holds every packet of it, between each pair of hosts that the rules tell apart. It is
    empty where somebody is missing, or no link joins the sites of the two: then the step fails.
    """

    phase: Phase
    does: str
    flow: str
    sender: Actor
    receiver: Actor
    crossings: tuple[Crossing, ...] = ()
    number: int = 0

    @property
    def missing(self) -> tuple[Actor, ...]:
        """Who would take part and is not there: a site without the role."""
        return tuple(actor for actor in (self.sender, self.receiver) if not actor.hosts)

    @property
    def passes(self) -> bool:
        """Whether every packet of it passes, and there is one."""
        return bool(self.crossings) and self.failure is None

    @property
    def failure(self) -> Crossing | None:
        """The first packet that does not pass."""
        return next((each for each in self.crossings if each.passage is Passage.DENIED), None)

    @property
    def both_ways(self) -> bool:
        """Whether packets go back too."""
        return any(crossing.backwards for crossing in self.crossings)


class Call(NamedTuple):
    """A simulated call with all its steps, those after a failing one too; `over` which of several links.

    `others` are those that it does not take.
    """

    caller: Actor
    called: Actor
    steps: tuple[Step, ...]
    over: Link | None = None
    others: tuple[str, ...] = ()

    @property
    def failed(self) -> Step | None:
        """The first step that fails."""
        return next((step for step in self.steps if not step.passes), None)


def simulate_call(topology: Topology, book: CallBook, parties: Pair, site_of: SiteOf) -> Call:
    """The call from the first party to the second, every step judged by the rules of its ends.

    Of several links of their sites it takes the first over which it works, else the first.
    """
    links, calls = find_links(topology, parties), list[Call]()
    for link in links or (None,):
        steps = enumerate(_Script(topology, book, parties, site_of).steps(link), 1)
        numbered = tuple(step._replace(number=number) for number, step in steps)
        others = tuple(other.name for other in links if other is not link)
        calls.append(Call(*parties, numbered, link if others else None, others))
    return next((call for call in calls if call.failed is None), calls[0])


class _MediaLeg(NamedTuple):
    """Media between two neighbours on the way; `flow` is empty where the article joins them by none."""

    transport: Transport
    flow: str
    one: Actor
    other: Actor


class _Script:
    """One call while it is written."""

    def __init__(self, topology: Topology, book: CallBook, parties: Pair, site_of: SiteOf) -> None:
        self._topology = topology
        self._book = book
        self._caller, self._called = parties
        self._site_of = site_of
        self._conversations: Counter[tuple[object, ...]] = Counter()

    def steps(self, link: Link | None) -> Iterator[Step]:
        near, far = self._caller.server_site, self._called.server_site
        for step in self._way(self._caller).calling:
            yield from self._control(step, partial(self._serving, self._caller))
        if link is not None:
            who = "near_calls" if near == link.near else "far_calls"
            for step in self._book.links[link.mode.value, who]:
                yield from self._control(step, self._ends_over(link).__getitem__)
        elif near != far:
            one, other = (
                self._serving(party, self._book.server) for party in (self._caller, self._called)
            )
            yield Step(Phase.CONTROL, self._book.without_link, "", one, other)
        for step in self._way(self._called).called:
            yield from self._control(step, partial(self._serving, self._called))
        if link is not None or near == far:
            yield from map(self._media, _find_media_legs(self._topology, self._relays(link)))

    # ---- who takes part

    def _way(self, party: Actor) -> Way:
        """How a party calls and is called, on the control path that its role takes at its site."""
        paths = self._topology.view(party.server_site).control_paths
        return self._book.way_of(party.role, paths.get(party.role, ""))

    def _serving(self, party: Actor, role: str) -> Actor:
        """Who serves a party in a role: of LinkManagers the one that its declaration names."""
        if role == PARTY:
            return party
        if party.provider is not None and self._topology.catalogue.roles[role].serves_links:
            return self._manager(party.provider.site, party.provider.link_manager)
        return role_at(self._topology.installation, role, party.server_site)

    def _ends_over(self, link: Link) -> Mapping[str, Actor]:
        """Who takes part in the steps between two sites, by what those steps call them."""
        caller_link, called_link = self._managers(link)
        return {
            "caller server": self._serving(self._caller, self._book.server),
            "called server": self._serving(self._called, self._book.server),
            "link": caller_link,
            "caller link": caller_link,
            "called link": called_link,
        }

    def _manager(self, site: str, machine: str) -> Actor:
        """The LinkManager on a machine; named after it where its site has several."""
        roles, known = self._topology.catalogue.roles, self._topology.installation.sites[site]
        host = next(h for h in hosts_of(known) if h.label == machine)
        role = next(role for role in host.roles if roles[role].serves_links)
        alone = hosts_with(known, role) == (host,)
        return Actor(role=role, site=site, hosts=(host,), machine="" if alone else machine)

    def _managers(self, link: Link) -> tuple[Actor, Actor]:
        """The LinkManagers at the caller's end and at the other; one and the same where it is shared."""
        near = self._manager(link.near, link.near_manager)
        if link.mode is LinkMode.SHARED:
            return near, near
        far = self._manager(link.far, link.far_manager)
        return (near, far) if self._caller.server_site == link.near else (far, near)

    def _relays(self, link: Link | None) -> list[Actor]:
        """The parties with the LinkManagers between them, in order."""
        providers = (party.provider for party in (self._caller, self._called))
        own, peer = ([self._manager(p.site, p.link_manager)] if p else [] for p in providers)
        between = self._managers(link) if link is not None else ()
        relays = {relay.key: relay for relay in (*own, *between, *peer)}
        return [self._caller, *relays.values(), self._called]

    # ---- the steps

    def _control(self, step: CallStep, find: Callable[[str], Actor]) -> Iterator[Step]:
        """The step; none where it has no packets, as H.245 has none where it is tunnelled."""
        topology, sender, receiver = self._topology, find(step.sender), find(step.receiver)
        row = _pick_flow(topology.catalogue, step, sender, receiver)
        crossings: list[Crossing] = []
        sending, receiving = sender.hosts_for(False), receiver.hosts_for(False)
        for source, destination in pick_pairs(sending, receiving, self._site_of):
            one, other = (sender, source), (receiver, destination)
            for packet in _control_packets(topology, row, step, one, other):
                crossings.append(self._cross(source, destination, packet))
            back = _control_packets(topology, row, step, other, one) if step.both_ways else ()
            for packet in back:
                crossings.append(self._cross(destination, source, packet, True))
        if crossings or not (sender.hosts and receiver.hosts):
            yield Step(Phase.CONTROL, step.does, row.id, sender, receiver, tuple(crossings))

    def _media(self, leg: _MediaLeg) -> Step:
        """Both directions, with source and destination ports from the ranges of the two."""
        protocol = PROTOCOL_OF[leg.transport]
        turns = []
        for actor in (leg.one, leg.other):
            key = (*actor.key[:-1], leg.transport)
            turns.append(self._conversations[key])  # how many its hosts have in this call already
            self._conversations[key] += 1
        crossings: list[Crossing] = []
        ends = leg.one.hosts_for(True), leg.other.hosts_for(True)
        for source, destination in pick_pairs(*ends, self._site_of):
            acting = ((leg.one, source), (leg.other, destination))
            own, peer = (
                _media_port(self._topology, each, leg.transport, turn)
                for each, turn in zip(acting, turns, strict=True)
            )
            crossings.append(self._cross(source, destination, Packet(protocol, peer, own)))
            crossings.append(self._cross(destination, source, Packet(protocol, own, peer), True))
        does = self._book.media.get(leg.transport, f"media ({leg.transport.value.upper()})")
        return Step(Phase.MEDIA, does, leg.flow, leg.one, leg.other, tuple(crossings))

    def _cross(
        self, source: Host, destination: Host, packet: Packet, backwards: bool = False
    ) -> Crossing:
        """With all addresses of the two hosts, of either IP version."""
        crossing = cross(source, destination, packet, self._site_of)
        return crossing._replace(source=source, destination=destination, backwards=backwards)


# ---- the packets of a step


def _pick_flow(catalogue: Catalogue, step: CallStep, sender: Actor, receiver: Actor) -> FlowRow:
    """Of the flows of a step the first that joins the two roles; a leg that follows others names none."""
    rows = [catalogue.flows[flow] for flow in step.flows]
    roles = {sender.role, receiver.role}
    fitting = (
        row
        for row in rows
        if any(not leg.initiators or roles.intersection(leg.initiators) for leg in row.legs)
    )
    return next(fitting, rows[0])


def _control_packets(
    topology: Topology, row: FlowRow, step: CallStep, sender: _Acting, receiver: _Acting
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
        for first, last in ports
        for port in (range(first, last + 1) if last - first < _FEW else (first,))
    )
    return tuple(dict.fromkeys(found))


def _resolve(
    topology: Topology, token: str, receiver: _Acting
) -> Sequence[tuple[Transport, PortSet]]:
    """What a port token means at a receiver; a SIP provider listens on the port of its declaration."""
    actor, host = receiver
    if actor.provider is not None:
        sip_port = PortSet.of((actor.provider.sip_port,) * 2)
        return [(transport, sip_port) for transport in Transport]
    decisions = topology.view(host.site).site.decisions
    if find_undecided(token, decisions) == "dcom":
        # Nothing in the plan needs the range, so nothing opens it; the mapper is asked first anyway.
        return [(Transport.TCP, PortSet.of((topology.catalogue.endpoint_mapper,) * 2))]
    responder = (actor.role, _endpoint(topology, host).kind.ports)
    return resolve_port(token, responder, decisions, topology.catalogue)


def _ports(topology: Topology, acting: _Acting, key: str) -> PortRange:
    """The range in effect for a listener of a role on a host."""
    actor, host = acting
    return _endpoint(topology, host).kind.ports[actor.role, key][0]


def _endpoint(topology: Topology, host: Host) -> Endpoint:
    return topology.view(host.site).endpoint_of[host.label]


# ---- the way of audio and fax: directly within a site, through each relay across sites


def _media_port(topology: Topology, acting: _Acting, transport: Transport, turn: int) -> int:
    """The port of a host's first, second, ... conversation; the first if its range is exhausted."""
    actor, _ = acting
    if actor.provider is not None:
        ports = actor.provider.media_ports
    else:
        ports = _ports(topology, acting, topology.catalogue.roles[actor.role].media[transport])
    port = ports.first + turn * _PORTS_EACH
    return port if port <= ports.last else ports.first


def _find_media_legs(topology: Topology, way: Sequence[Actor]) -> Iterator[_MediaLeg]:
    """The legs of a way from caller to called party: over UDP always, over TCP where all of it may be.

    A fax call begins as audio, so TCP comes beside UDP and never in its place.
    """
    for transport in (Transport.UDP, Transport.TCP):
        legs = [
            _MediaLeg(transport, _find_flow(topology, transport, one, other), one, other)
            for one, other in pairwise(way)
        ]
        if transport is Transport.UDP or all(leg.flow for leg in legs):
            yield from legs


def _find_flow(topology: Topology, transport: Transport, one: Actor, other: Actor) -> str:
    """The first flow with a leg for this media between the two, whose sites chose it for fax over TCP."""
    scopes = _scopes(topology.catalogue, one, other)
    flows = (
        row.id
        for row in topology.catalogue.flows.values()
        for leg in row.legs
        if leg.media is transport and leg.scope in scopes
        for ends in ({"from": one, "to": other}, {"from": other, "to": one})
        if joins(leg, ends["from"], ends["to"])
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
