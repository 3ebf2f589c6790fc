"""A call simulated step by step: signalling to the servers and between them, then media.

Which steps there are comes from the catalogue's `calls.yaml`, whatever flows a site has turned on; so a
flow that is off is a step that fails. Whether a packet passes is read from the rendered rules alone.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from swyx_components.analysis.calls.packets import (
    MediaLeg,
    control_packets,
    find_media_legs,
    media_range,
    pick_flow,
)
from swyx_components.analysis.calls.parties import Actor, Pair, manager_at, role_at
from swyx_components.analysis.explain.ends import (
    Crossing,
    Packet,
    Passage,
    SiteOf,
    cross,
    pick_pairs,
)
from swyx_components.analysis.explain.places import Host
from swyx_components.catalogue import Phase, Transport
from swyx_components.catalogue.calls import PARTY, CallBook, CallStep, Way
from swyx_components.installation.model import Link, LinkMode
from swyx_components.planner.model import PROTOCOL_OF
from swyx_components.planner.topology import Topology
from swyx_components.sets.ports import PortRange

_PORTS_EACH = 2  # of a media range for each conversation: RTP and its control channel


class Step(NamedTuple):
    """One step of a call; `flow` is empty where no flow of the article joins the two.

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
        denied = (each for each in self.crossings if each.passage is Passage.DENIED)
        return next(denied, None)

    @property
    def both_ways(self) -> bool:
        """Whether packets go back too."""
        return any(crossing.backwards for crossing in self.crossings)


class Call(NamedTuple):
    """A simulated call with all its steps, those after a failing one too."""

    caller: Actor
    called: Actor
    steps: tuple[Step, ...]

    @property
    def failed(self) -> Step | None:
        """The first step that fails."""
        return next((step for step in self.steps if not step.passes), None)


def simulate_call(topology: Topology, book: CallBook, parties: Pair, site_of: SiteOf) -> Call:
    """The call from the first party to the second, every step judged by the rules of its ends."""
    steps = _Script(topology, book, parties, site_of).steps()
    numbered = tuple(step._replace(number=number) for number, step in enumerate(steps, 1))
    return Call(*parties, numbered)


class _Script:
    """One call while it is written."""

    def __init__(self, topology: Topology, book: CallBook, parties: Pair, site_of: SiteOf) -> None:
        self._survey = topology
        self._book = book
        self._caller, self._called = parties
        self._site_of = site_of
        self._conversations: Counter[tuple[object, ...]] = Counter()

    def steps(self) -> Iterator[Step]:
        near, far = self._caller.server_site, self._called.server_site
        link = self._find_link(near, far)
        for step in self._way(self._caller).calling:
            yield from self._control(step, *self._ends_at(self._caller, step))
        if link is not None:
            who = "near_calls" if near == link.near else "far_calls"
            for step in self._book.links[link.mode.value, who]:
                yield from self._control(step, *self._ends_over(link, step))
        elif near != far:
            one, other = (
                self._serving(party, self._book.server) for party in (self._caller, self._called)
            )
            yield Step(Phase.CONTROL, self._book.without_link, "", one, other)
        for step in self._way(self._called).called:
            yield from self._control(step, *self._ends_at(self._called, step))
        if link is not None or near == far:
            yield from map(self._media, find_media_legs(self._survey, self._relays(link)))

    # ---- who takes part

    def _way(self, party: Actor) -> Way:
        """How a party calls and is called, on the control path that its role takes at its site."""
        paths = self._survey.view(party.server_site).control_paths
        return self._book.way_of(party.role, paths.get(party.role, ""))

    def _ends_at(self, party: Actor, step: CallStep) -> tuple[Actor, Actor]:
        one, other = (
            party if word == PARTY else self._serving(party, word)
            for word in (step.sender, step.receiver)
        )
        return one, other

    def _serving(self, party: Actor, role: str) -> Actor:
        """Who serves a party in a role: of LinkManagers the one that its declaration names."""
        if party.provider is not None and self._survey.catalogue.roles[role].serves_links:
            return self._manager(party.provider.site, party.provider.link_manager)
        return role_at(self._survey.installation, role, party.server_site)

    def _manager(self, site: str, machine: str) -> Actor:
        return manager_at(self._survey.installation, site, machine)

    def _find_link(self, near: str, far: str) -> Link | None:
        """The link of two different sites, of several the first by name."""
        links = self._survey.links_of(near)
        ends = {near, far}
        return next((link for link in links if {link.near, link.far} == ends), None)

    def _ends_over(self, link: Link, step: CallStep) -> tuple[Actor, Actor]:
        caller_link, called_link = self._managers(link)
        ends = {
            "caller server": self._serving(self._caller, self._book.server),
            "called server": self._serving(self._called, self._book.server),
            "link": caller_link,
            "caller link": caller_link,
            "called link": called_link,
        }
        return ends[step.sender], ends[step.receiver]

    def _managers(self, link: Link) -> tuple[Actor, Actor]:
        """The LinkManagers at the caller's end and at the other; one and the same where it is shared."""
        near = self._manager(link.near, link.near_manager)
        if link.mode is LinkMode.SHARED:
            return near, near
        far = self._manager(link.far, link.far_manager)
        return (near, far) if self._caller.server_site == link.near else (far, near)

    def _relays(self, link: Link | None) -> list[Actor]:
        """The parties with the LinkManagers between them, in order."""
        own, peer = (
            [self._manager(party.provider.site, party.provider.link_manager)]
            if party.provider is not None
            else []
            for party in (self._caller, self._called)
        )
        between = self._managers(link) if link is not None else ()
        relays = {relay.key: relay for relay in (*own, *between, *peer)}
        return [self._caller, *relays.values(), self._called]

    # ---- the steps

    def _control(self, step: CallStep, sender: Actor, receiver: Actor) -> Iterator[Step]:
        """The step; none where it has no packets, as H.245 has none where it is tunnelled."""
        row = pick_flow(self._survey.catalogue, step, sender, receiver)
        crossings: list[Crossing] = []
        sending, receiving = sender.hosts_for(False), receiver.hosts_for(False)
        for source, destination in pick_pairs(sending, receiving, self._site_of):
            one, other = (sender, source), (receiver, destination)
            for packet in control_packets(self._survey, row, step, one, other):
                crossings.append(self._cross(source, destination, packet))
            if step.both_ways:
                for packet in control_packets(self._survey, row, step, other, one):
                    crossings.append(self._cross(destination, source, packet, True))
        if crossings or not (sender.hosts and receiver.hosts):
            yield Step(Phase.CONTROL, step.does, row.id, sender, receiver, tuple(crossings))

    def _media(self, leg: MediaLeg) -> Step:
        """Both directions, with source and destination ports from the ranges of the two."""
        protocol = PROTOCOL_OF[leg.transport]
        turns = [self._turn(actor, leg.transport) for actor in (leg.one, leg.other)]
        crossings: list[Crossing] = []
        ends = leg.one.hosts_for(True), leg.other.hosts_for(True)
        for source, destination in pick_pairs(*ends, self._site_of):
            acting = ((leg.one, source), (leg.other, destination))
            own, peer = (
                _port_of(media_range(self._survey, each, leg.transport), turn)
                for each, turn in zip(acting, turns, strict=True)
            )
            there, back = Packet(protocol, peer, own), Packet(protocol, own, peer)
            crossings.append(self._cross(source, destination, there))
            crossings.append(self._cross(destination, source, back, True))
        does = self._book.media[leg.transport]
        return Step(Phase.MEDIA, does, leg.flow, leg.one, leg.other, tuple(crossings))

    def _cross(
        self, source: Host, destination: Host, packet: Packet, backwards: bool = False
    ) -> Crossing:
        """With all addresses of the two hosts, whatever the IP version."""
        crossing = cross(source, destination, packet, self._site_of)
        return crossing._replace(source=source, destination=destination, backwards=backwards)

    def _turn(self, actor: Actor, transport: Transport) -> int:
        """How many conversations of this call the hosts of an actor have already."""
        key = (*actor.key[:-1], transport)
        self._conversations[key] += 1
        return self._conversations[key] - 1


def _port_of(ports: PortRange, turn: int) -> int:
    """The port of a host's first, second, ... conversation; the first where the range has no more."""
    port = ports.first + turn * _PORTS_EACH
    return port if port <= ports.last else ports.first
