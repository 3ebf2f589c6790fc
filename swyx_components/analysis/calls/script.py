"""Writes the steps of a call: signalling to the servers and between them, then media.

Which steps there are comes from the catalogue's `calls.yaml`, whatever flows a site has turned on; so a
flow that is off is a step that fails. Whether a packet passes is read from the rendered rules alone.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from swyx_components.analysis.calls.call import Call, Crossing, Step, cross
from swyx_components.analysis.calls.media import MediaLeg, find_media_legs
from swyx_components.analysis.calls.packets import PacketMaker
from swyx_components.analysis.calls.parties import Actor, Party, manager_at, role_at
from swyx_components.analysis.explain.ends import Packet, SiteOf, pick_pairs
from swyx_components.analysis.explain.places import Host
from swyx_components.catalogue import Phase, Transport
from swyx_components.catalogue.calls import PARTY, CallBook, CallStep
from swyx_components.installation.model import Link, LinkMode
from swyx_components.planner.model import PROTOCOL_OF
from swyx_components.planner.topology import Topology
from swyx_components.sets.ports import PortRange

_PORTS_EACH = 2  # of a media range for each conversation: RTP and its control channel


def simulate_call(
    topology: Topology, book: CallBook, parties: tuple[Party, Party], site_of: SiteOf
) -> Call:
    """The call from the first party to the second, every step judged by the rules of its ends."""
    caller, called = parties
    steps = tuple(_Script(topology, book, parties, site_of).steps())
    return Call(caller=caller, called=called, steps=steps)


class _Script:
    """One call while it is written; steps are numbered as they come."""

    def __init__(
        self, topology: Topology, book: CallBook, parties: tuple[Party, Party], site_of: SiteOf
    ) -> None:
        self._survey = topology
        self._book = book
        self._caller, self._called = parties
        self._site_of = site_of
        self._packets = PacketMaker(topology)
        self._conversations: Counter[tuple[object, ...]] = Counter()
        self._number = 0

    def steps(self) -> Iterator[Step]:
        crosses = self._caller.site != self._called.site
        link = self._find_link() if crosses else None
        for step in self._book.way_of(self._caller.actor.role, self._path(self._caller)).calling:
            yield from self._control(step, self._ends_at(self._caller, step))
        if link is not None:
            for step in self._steps_over(link):
                yield from self._control(step, self._ends_over(link, step))
        elif crosses:
            yield self._without_link()
        for step in self._book.way_of(self._called.actor.role, self._path(self._called)).called:
            yield from self._control(step, self._ends_at(self._called, step))
        if link is not None or not crosses:
            for leg in find_media_legs(self._survey, self._media_way(link)):
                yield self._media(leg)

    # ---- who takes part

    def _path(self, party: Party) -> str:
        """The control path that the party's role takes at its site."""
        return self._survey.view(party.site).control_paths.get(party.actor.role, "")

    def _ends_at(self, party: Party, step: CallStep) -> tuple[Actor, Actor]:
        words = (step.sender, step.receiver)
        one, other = (
            party.actor if word == PARTY else self._serving(party, word) for word in words
        )
        return one, other

    def _serving(self, party: Party, role: str) -> Actor:
        """Who serves a party in a role: of LinkManagers the one that its declaration names."""
        if party.provider is not None and self._survey.catalogue.roles[role].serves_links:
            return manager_at(self._survey.installation, party.site, party.provider.link_manager)
        return role_at(self._survey.installation, role, party.site).actor

    def _ends_over(self, link: Link, step: CallStep) -> tuple[Actor, Actor]:
        caller_link, called_link = self._managers(link)
        server = self._book.server
        ends: Mapping[str, Actor] = {
            "caller server": self._serving(self._caller, server),
            "called server": self._serving(self._called, server),
            "link": caller_link,
            "caller link": caller_link,
            "called link": called_link,
        }
        return ends[step.sender], ends[step.receiver]

    def _managers(self, link: Link) -> tuple[Actor, Actor]:
        """The LinkManagers at the caller's end and at the other; one and the same where it is shared."""
        installation = self._survey.installation
        near = manager_at(installation, link.near, link.near_manager)
        if link.mode is LinkMode.SHARED:
            return near, near
        far = manager_at(installation, link.far, link.far_manager)
        return (near, far) if self._caller.site == link.near else (far, near)

    def _find_link(self) -> Link | None:
        """The link of the two sites, of several the first by name."""
        sites = {self._caller.site, self._called.site}
        links = self._survey.links_of(self._caller.site)
        return next((link for link in links if {link.near, link.far} == sites), None)

    def _steps_over(self, link: Link) -> tuple[CallStep, ...]:
        who = "near_calls" if self._caller.site == link.near else "far_calls"
        return self._book.links[link.mode.value, who]

    def _media_way(self, link: Link | None) -> list[Actor]:
        """The parties with the LinkManagers between them, in order."""
        relays = list(self._managers(link)) if link is not None else []
        for party, place in ((self._caller, 0), (self._called, len(relays) + 1)):
            if party.provider is not None:
                manager = party.provider.link_manager
                relays.insert(place, manager_at(self._survey.installation, party.site, manager))
        once = {relay.key: relay for relay in relays}
        return [self._caller.actor, *once.values(), self._called.actor]

    # ---- the steps

    def _control(self, step: CallStep, ends: tuple[Actor, Actor]) -> Iterator[Step]:
        """The step; none where it has no packets, as H.245 has none where it is tunnelled."""
        sender, receiver = ends
        row = self._packets.pick_flow(step, sender, receiver)
        crossings: list[Crossing] = []
        for source, destination in pick_pairs(sender.place, receiver.place, self._site_of):
            one, other = (sender.role, source), (receiver.role, destination)
            for packet in self._packets.control(row, step, one, other):
                crossings.append(self._cross(source, destination, packet))
            for packet in self._packets.control(row, step, other, one) if step.both_ways else ():
                crossings.append(self._cross(destination, source, packet, backwards=True))
        if crossings or not (sender.place.hosts and receiver.place.hosts):
            yield self._write(Phase.CONTROL, step.does, row.id, ends, crossings)

    def _media(self, leg: MediaLeg) -> Step:
        """Both directions, with source and destination ports from the ranges of the two."""
        protocol = PROTOCOL_OF[leg.transport]
        turns = [self._turn(actor, leg.transport) for actor in (leg.one, leg.other)]
        crossings: list[Crossing] = []
        for source, destination in pick_pairs(leg.one.place, leg.other.place, self._site_of):
            acting = ((leg.one.role, source), (leg.other.role, destination))
            own, peer = (
                _port_of(self._packets.media_range(each, leg.transport), turn)
                for each, turn in zip(acting, turns, strict=True)
            )
            crossings += (
                self._cross(source, destination, Packet(protocol, peer, own)),
                self._cross(destination, source, Packet(protocol, own, peer), backwards=True),
            )
        does = self._book.media[leg.transport]
        return self._write(Phase.MEDIA, does, leg.flow, (leg.one, leg.other), crossings)

    def _turn(self, actor: Actor, transport: Transport) -> int:
        """How many conversations of this call the hosts of an actor have already."""
        key = (*actor.key[:-1], transport)
        self._conversations[key] += 1
        return self._conversations[key] - 1

    def _without_link(self) -> Step:
        ends = (
            self._serving(self._caller, self._book.server),
            self._serving(self._called, self._book.server),
        )
        return self._write(Phase.CONTROL, self._book.without_link, "", ends, [])

    def _cross(
        self, source: Host, destination: Host, packet: Packet, backwards: bool = False
    ) -> Crossing:
        return cross(source, destination, packet, self._site_of, backwards)

    def _write(
        self,
        phase: Phase,
        does: str,
        flow: str,
        ends: tuple[Actor, Actor],
        crossings: list[Crossing],
    ) -> Step:
        self._number += 1
        return Step(
            number=self._number,
            phase=phase,
            does=does,
            flow=flow,
            sender=ends[0],
            receiver=ends[1],
            crossings=tuple(crossings),
        )


def _port_of(ports: PortRange, turn: int) -> int:
    """The port of a host's first, second, ... conversation; the first where the range has no more."""
    port = ports.first + turn * _PORTS_EACH
    return port if port <= ports.last else ports.first
