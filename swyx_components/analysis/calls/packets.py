"""The packets of a call: from a flow's port tokens, or two media ranges, to single ports."""

from collections.abc import Iterator, Mapping

from swyx_components.analysis.calls.parties import Actor, provider_label
from swyx_components.analysis.explain.ends import Packet
from swyx_components.analysis.explain.places import Host
from swyx_components.catalogue import FlowRow, Leg, Transport
from swyx_components.catalogue.calls import CallStep
from swyx_components.installation.model import Provider
from swyx_components.planner.model import PROTOCOL_OF, Endpoint
from swyx_components.planner.tokens import find_undecided, resolve_port
from swyx_components.planner.topology import Topology
from swyx_components.sets.ports import PortRange, PortSet

_FEW = 2  # ports that are all tried; of a larger range the first speaks for all

# One end of a packet: in which role, on which host.
Acting = tuple[str, Host]


class PacketMaker:
    """Packets between the hosts of one installation, with the ports in effect there."""

    def __init__(self, topology: Topology) -> None:
        self._survey = topology
        self._providers: Mapping[str, Provider] = {
            provider_label(provider): provider for provider in topology.installation.providers
        }

    def pick_flow(self, step: CallStep, sender: Actor, receiver: Actor) -> FlowRow:
        """Of the flows of a step the first that joins the two roles."""
        rows = [self._survey.catalogue.flows[flow] for flow in step.flows]
        fitting = (row for row in rows if any(_joins(leg, sender, receiver) for leg in row.legs))
        return next(fitting, rows[0])

    def control(
        self, row: FlowRow, step: CallStep, sender: Acting, receiver: Acting
    ) -> tuple[Packet, ...]:
        """The packets of a step in one direction, each once."""
        legs = [leg for leg in row.legs if receiver[0] not in leg.not_towards]
        found = (
            packet
            for leg in legs
            for token in leg.ports
            if not step.ports or token in step.ports
            for packet in self._of_token(leg, token, sender, receiver)
        )
        return tuple(dict.fromkeys(found))

    def _of_token(self, leg: Leg, token: str, sender: Acting, receiver: Acting) -> Iterator[Packet]:
        source = self._source_port(leg, sender)
        for transport, ports in self._ports(token, receiver):
            if leg.transport in (None, transport):
                for port in _single_ports(ports):
                    yield Packet(PROTOCOL_OF[transport], port, source)

    def _ports(self, token: str, receiver: Acting) -> Iterator[tuple[Transport, PortSet]]:
        role, host = receiver
        provider = self._providers.get(host.label)
        if provider is not None:
            for transport in Transport:
                yield transport, PortSet.of((provider.sip_port, provider.sip_port))
            return
        catalogue = self._survey.catalogue
        decisions = self._survey.view(host.site).decisions
        if find_undecided(token, decisions) == "dcom":
            # Nothing in the plan needs the range, so nothing opens it; the mapper is asked first anyway.
            yield Transport.TCP, PortSet.of((catalogue.endpoint_mapper,) * 2)
            return
        responder = (role, self._endpoint(host).ports)
        yield from resolve_port(token, responder, decisions, catalogue)

    def _source_port(self, leg: Leg, sender: Acting) -> int | None:
        if not leg.source:
            return None
        role, host = sender
        return self._endpoint(host).ports[role, leg.source][0].first

    def media_range(self, acting: Acting, transport: Transport) -> PortRange:
        """The range from which a role sends and receives media on a host."""
        role, host = acting
        provider = self._providers.get(host.label)
        if provider is not None:
            return provider.media_ports
        key = self._survey.catalogue.roles[role].media[transport]
        return self._endpoint(host).ports[role, key][0]

    def _endpoint(self, host: Host) -> Endpoint:
        view = self._survey.view(host.site)
        if host.machine is not None:
            return view.endpoint_of(host.machine.name)
        return next(e for e in view.endpoints if e.group is None and e.label == host.label)


def _joins(leg: Leg, sender: Actor, receiver: Actor) -> bool:
    """Whether a leg is between the two roles; a leg that follows others names none."""
    return not leg.initiators or sender.role in leg.initiators or receiver.role in leg.initiators


def _single_ports(ports: PortSet) -> Iterator[int]:
    for first, last in ports:
        yield from range(first, last + 1) if last - first < _FEW else (first,)
