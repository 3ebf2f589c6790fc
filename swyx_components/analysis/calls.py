"""A call simulated step by step: signalling to the servers and between them, then media.

Which steps there are comes from the catalogue's `calls.yaml`, regardless of the flows enabled at a site; so a
flow that is off is a step that fails. Whether a packet passes is read from the rendered rules alone.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from swyx_components.analysis.explain import Crossing, Packet, Passage, SiteOf, cross, pick_pairs
from swyx_components.analysis.places import Actor, Host, Pair, hosts_of, hosts_with, role_at
from swyx_components.catalogue.model import (
    PARTY,
    CallBook,
    CallStep,
    FlowRow,
    Phase,
    Transport,
    Way,
)
from swyx_components.installation.model import Link, Provider
from swyx_components.planner.model import PROTOCOL_OF
from swyx_components.planner.port_references import (
    EndpointKind,
    find_undecided,
    legs_of,
    provider_kind,
    resolve_port,
)
from swyx_components.planner.topology import Topology, find_control_path
from swyx_components.sets.ports import PortSet

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

    `others` are those that it does not take. Where it fails `remedies` would allow the failing packet;
    `detour`: why no extra rule is to, see `what_if`.
    """

    caller: Actor
    called: Actor
    steps: tuple[Step, ...]
    over: Link | None = None
    others: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()
    detour: str = ""

    @property
    def failed(self) -> Step | None:
        """The first step that fails."""
        return next((step for step in self.steps if not step.passes), None)


def simulate_call(topology: Topology, book: CallBook, parties: Pair, site_of: SiteOf) -> Call:
    """The call from the first party to the second, every step judged by the rules of its ends.

    Of several links of their sites it takes the first over which it works, else the first.
    """
    near, far = (party.server_site for party in parties)
    links = [link for link in topology.links_of[near] if {link.near, link.far} == {near, far}]
    # A provider's LinkManager passes no call to another.
    own = {party.provider.link_manager for party in parties if party.provider}
    links = [link for link in links if own & {*link.managers}] or links
    calls: list[Call] = []
    for link in links or (None,):
        steps = enumerate(_Script(topology, book, *parties, site_of, link).steps(), 1)
        numbered = tuple(step._replace(number=number) for number, step in steps)
        others = tuple(other.name for other in links if other is not link)
        calls.append(Call(*parties, numbered, link if others else None, others))
    return next((call for call in calls if call.failed is None), calls[0])


@dataclass(frozen=True)
class _Script:
    """One call while it is written."""

    topology: Topology
    book: CallBook
    caller: Actor
    called: Actor
    site_of: SiteOf
    link: Link | None
    conversations: Counter[tuple[object, ...]] = field(default_factory=Counter)

    def steps(self) -> Iterator[Step]:
        near, far = self.caller.server_site, self.called.server_site
        for step in self._way(self.caller).calling:
            yield from self._control(step, partial(self._serving, self.caller))
        ends = {
            "caller server": self._serving(self.caller, self.book.server),
            "called server": self._serving(self.called, self.book.server),
        }
        if self.link is not None:
            managers = self._managers(self.link)
            ends |= {"link": managers[0], "caller link": managers[0], "called link": managers[-1]}
            way = self.book.links[self.link.mode]
            for step in way.near_calls if near == self.link.near else way.far_calls:
                yield from self._control(step, ends.__getitem__)
        elif near != far:
            one, other = ends.values()
            yield Step(Phase.CONTROL, self.book.without_link, "", one, other)
        for step in self._way(self.called).called:
            yield from self._control(step, partial(self._serving, self.called))
        if self.link is not None or near == far:
            yield from self._carry_media()

    # ---- who takes part

    def _way(self, party: Actor) -> Way:
        """How a party calls and is called, on the control path that its role takes at its site."""
        view = self.topology.view(party.server_site)
        path = find_control_path(view.catalogue, view.site, party.role) if party.role else ""
        return self.book.way_of(party.role, path)

    def _serving(self, party: Actor, role: str) -> Actor:
        """Who serves a party in a role: of LinkManagers the one that its declaration names."""
        if role == PARTY:
            return party
        if party.provider is not None and self.topology.catalogue.roles[role].serves_links:
            return self._manager(party.provider.site, party.provider.link_manager)
        return role_at(self.topology.installation, role, party.server_site)

    def _manager(self, site: str, machine: str) -> Actor:
        """The LinkManager on a machine; named after it where its site has several."""
        known = self.topology.installation.sites[site]
        host = next(h for h in hosts_of(known) if h.label == machine)
        role = next(role for role in host.roles if self.topology.catalogue.roles[role].serves_links)
        alone = hosts_with(known, role) == (host,)
        return Actor(role=role, site=site, hosts=(host,), machine="" if alone else machine)

    def _managers(self, link: Link) -> Sequence[Actor]:
        """The LinkManagers from the caller's end to the other; a shared one stands alone."""
        managers = [self._manager(*end) for end in link.ends if all(end)]
        return managers if self.caller.server_site == link.near else managers[::-1]

    def _kind(self, host: Host) -> EndpointKind:
        """What a host listens on: a SIP provider on the ports of its declaration."""
        if isinstance(host.owner, Provider):
            return provider_kind(host.owner.sip_port, host.owner.media_ports, ())
        return self.topology.view(host.site).endpoint_of[host.label].kind

    # ---- control

    def _control(self, step: CallStep, find: Callable[[str], Actor]) -> Iterator[Step]:
        """The step; none where it has no packets, as H.245 has none where it is tunnelled."""
        sender, receiver = find(step.sender), find(step.receiver)
        rows = [self.topology.catalogue.flows[flow] for flow in step.flows]
        roles = {sender.role, receiver.role}
        # The first flow that joins the two; a leg that follows other flows names no roles.
        joining = (r for r in rows if any(roles & {*(leg.initiators or roles)} for leg in r.legs))
        row = next(joining, rows[0])
        crossings: list[Crossing] = []
        sending, receiving = sender.hosts_for(False), receiver.hosts_for(False)
        for source, destination in pick_pairs(sending, receiving, self.site_of):
            ends = (sender, source), (receiver, destination)
            for one, other in (ends, ends[::-1]) if step.both_ways else (ends,):
                for packet in self._packets(row, step, one, other):
                    crossings.append(self._cross(one, other, packet, backwards=one is not ends[0]))
        if crossings or not (sender.hosts and receiver.hosts):
            yield Step(Phase.CONTROL, step.does, row.id, sender, receiver, tuple(crossings))

    def _packets(
        self, row: FlowRow, step: CallStep, sender: _Acting, receiver: _Acting
    ) -> Iterator[Packet]:
        """The packets of a step in one direction, each once."""
        own, role = self._kind(sender[1]).ports, sender[0].role
        found = (
            Packet(PROTOCOL_OF[transport], port, source)
            for leg in row.legs
            if receiver[0].role not in leg.not_towards
            for source in [own[role, leg.source][0].first if leg.source else None]
            for token in leg.ports
            if not step.ports or token in step.ports
            for transport, ports in self._resolve(token, receiver)
            if leg.transport in (None, transport)
            for first, last in ports
            for port in (range(first, last + 1) if last - first < _FEW else (first,))
        )
        return iter(dict.fromkeys(found))

    def _resolve(self, token: str, receiver: _Acting) -> Sequence[tuple[Transport, PortSet]]:
        """What a port token means at a receiver; a SIP provider has one port for all."""
        catalogue, role, kind = self.topology.catalogue, receiver[0].role, self._kind(receiver[1])
        if find_undecided(token, kind.decisions) == "dcom" and role:
            # Nothing in the plan needs the range, so nothing opens it; the mapper is asked first anyway.
            return [(Transport.TCP, catalogue.endpoint_mapper)]
        own = token if role else "provider_sip"
        return resolve_port(own, role, kind, catalogue)

    def _cross(
        self, one: _Acting, other: _Acting, packet: Packet, backwards: bool = False
    ) -> Crossing:
        """With all addresses of the two hosts, of either IP version."""
        (_, source), (_, destination) = one, other
        crossing = cross(source, destination, packet, self.site_of)
        return crossing._replace(source=source, destination=destination, backwards=backwards)

    # ---- audio and fax: directly within a site, through each LinkManager across sites

    def _carry_media(self) -> Iterator[Step]:
        """From the caller to the called party: over UDP always, over TCP where all of the way may be.

        A fax call begins as audio, so TCP comes beside UDP and never in its place.
        """
        providers = (party.provider for party in (self.caller, self.called))
        own, peer = ([self._manager(p.site, p.link_manager)] if p else [] for p in providers)
        between = self._managers(self.link) if self.link is not None else ()
        relays = {relay.key: relay for relay in (*own, *between, *peer)}
        way = [self.caller, *relays.values(), self.called]
        for transport in (Transport.UDP, Transport.TCP):
            flows = [self._find_flow(transport, *ends) for ends in pairwise(way)]
            if transport is Transport.UDP or all(flows):
                yield from map(partial(self._media, transport), flows, way, way[1:])

    def _find_flow(self, transport: Transport, one: Actor, other: Actor) -> str:
        """The first flow with a leg for this media between the two, whose sites chose it for fax over TCP."""
        known = self.topology.catalogue
        relays = [known.roles[each.role].serves_links for each in (one, other) if each.role]
        beside = "served" if one.site == other.site else "across"
        scope = ("site", beside, "chained")[sum(relays)] if len(relays) == 2 else "provider"
        flows = (
            row.flow.id
            for row in legs_of(known, scope).rows
            for ends in ({"from": one, "to": other}, {"from": other, "to": one})
            if row.leg.media is transport
            and (ends["from"].role, ends["to"].role) in row.roles
            and all(self.topology.view(ends[a].site).carries_tcp_fax() for a in row.leg.fax_tcp_at)
        )
        return next(flows, "")

    def _media(self, transport: Transport, flow: str, one: Actor, other: Actor) -> Step:
        """Both directions, with source and destination ports from the ranges of the two."""
        protocol, crossings, turns = PROTOCOL_OF[transport], list[Crossing](), []
        for actor in (one, other):
            key = (*actor.key[:-1], transport)
            turns.append(self.conversations[key])  # how many its hosts have in this call already
            self.conversations[key] += 1
        for source, destination in pick_pairs(
            one.hosts_for(True), other.hosts_for(True), self.site_of
        ):
            ends = (one, source), (other, destination)
            own, peer = map(partial(self._media_port, transport), ends, turns)
            crossings.append(self._cross(*ends, Packet(protocol, peer, own)))
            crossings.append(self._cross(*ends[::-1], Packet(protocol, own, peer), backwards=True))
        does = self.book.media.get(transport, f"media ({transport.value.upper()})")
        return Step(Phase.MEDIA, does, flow, one, other, tuple(crossings))

    def _media_port(self, transport: Transport, acting: _Acting, turn: int) -> int:
        """The port of a host's first, second, ... conversation; the first if its range is exhausted."""
        role, kind = acting[0].role, self._kind(acting[1])
        key = self.topology.catalogue.roles[role].media[transport] if role else "media"
        ports = kind.ports[role, key][0]
        port = ports.first + turn * _PORTS_EACH
        return port if port <= ports.last else ports.first
