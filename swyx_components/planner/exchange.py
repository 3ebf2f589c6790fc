"""The flows between two kinds of endpoint: found once per pair, regardless of addresses."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from swyx_components.catalogue import Catalogue, Evidence, Leg, Transport
from swyx_components.installation.model import Provider
from swyx_components.planner.port_references import (
    EndpointKind,
    LegRow,
    find_undecided,
    legs_of,
    resolve_port,
)
from swyx_components.sets.ports import PortRange, PortSet


class ExchangedFlow(NamedTuple):
    """One flow of an exchange; `forward`: the first of the two endpoints initiates it.

    `order`: a number that sorts those of one scope in the catalogue's order, between any endpoints;
    `from_first`: the leg's own initiator is at the first endpoint.
    """

    order: int
    from_first: bool
    forward: bool
    flow: str
    initiator_role: str
    responder_role: str
    transport: Transport
    ports: PortSet
    source_ports: PortRange | None


class OpenDecision(NamedTuple):
    """A flow of an exchange that needs a decision which the site of its responder has not made."""

    forward: bool
    flow: str
    decision: str  # "dcom" or "h245"


@dataclass(frozen=True, slots=True, eq=False)
class Exchange:
    """All flows between two endpoints in one role each. Compared by identity, since many share it.

    `tunnels` are the flows whose two sites must agree on H.245.
    """

    exchanged: Sequence[ExchangedFlow]
    undecided_ports: Sequence[OpenDecision]
    tunnels: Sequence[str]


@lru_cache(maxsize=8192)
def find_exchange(
    catalogue: Catalogue, scope: str, first: EndpointKind, second: EndpointKind, within: bool
) -> tuple[Exchange, ...]:
    """What the legs of one scope join, for each pair of their roles. `first` serves the link in every scope
    but that of a site.

    `within`: both are the same endpoint, several machines that talk among themselves.
    """
    if first.by_role or second.by_role:
        return tuple(
            [
                exchange
                for one in first.by_role or (first,)
                for other in second.by_role or (second,)
                for exchange in find_exchange(catalogue, scope, one, other, within)
            ]
        )
    pairs = _find_pairs(catalogue, scope, first.roles[0], second.roles[0], within)
    if not pairs:
        return ()
    collector = _Collector(catalogue, first, second)
    collector.scope(scope, pairs)
    return collector.exchange()


def find_provider_exchange(
    catalogue: Catalogue, manager: EndpointKind, provider: Provider, uses: Sequence[bool]
) -> tuple[Exchange, ...]:
    """A LinkManager with a provider, whose only listeners are those of its declaration.

    `uses`: whether with its addresses that carry media, or with those that don't, or both.
    """
    collector = _Collector(catalogue, manager, OUTSIDE)
    sip = PortSet.of((provider.sip_port, provider.sip_port))
    for role in (role for role in manager.roles if catalogue.roles[role].serves_links):
        for row in legs_of(catalogue, "provider").rows:
            if bool(row.leg.media) in uses:
                collector.provider(row, role, sip, provider.media_ports)
    return collector.exchange()


def find_device_exchange(catalogue: Catalogue, responder: EndpointKind) -> tuple[Exchange, ...]:
    """SIP devices with an endpoint of their site."""
    collector = _Collector(catalogue, OUTSIDE, responder)
    for place, row in enumerate(legs_of(catalogue, "devices").rows):
        for index, role in enumerate(row.leg.responders):
            if role in responder.roles:
                collector.order = _MOST_PAIRS * place + index, True
                collector.control(row.flow.id, row.leg, _End(True, ""), _End(False, role))
    return collector.exchange()


_MOST_PAIRS = 1_000  # of roles that one leg joins
_MOST_JOINED = 1_000_000  # of pairs of roles that all legs of one flow join
_MOST_OF_A_LEG = 100 * _MOST_JOINED  # of those that a leg joins, by the flows that it follows
OUTSIDE = EndpointKind(roles=())  # what carries no role


class _End(NamedTuple):
    """One of the two endpoints in one of its roles."""

    first: bool
    role: str


_Pair = tuple[_End, _End]
_Pairs = Mapping[int, list[_Pair]]  # by the place of the leg that joins them


@lru_cache(maxsize=8192)
def _find_pairs(catalogue: Catalogue, scope: str, first: str, second: str, within: bool) -> _Pairs:
    """Whom the legs of a scope join, of two endpoints with one role each."""
    one, two = _End(True, first), _End(False, second)
    serving = {"site": (), "chained": (one, two)}.get(scope, (one,))
    if not all(catalogue.roles[end.role].serves_links for end in serving):
        return {}
    by_roles = legs_of(catalogue, scope).by_roles
    both_ways = not within if scope == "site" else one.role != two.role
    pairs: dict[int, list[_Pair]] = {}
    for pair in ((one, two), (two, one)) if both_ways else ((one, two),):
        for place in by_roles.get((pair[0].role, pair[1].role), ()):
            pairs.setdefault(place, []).append(pair)
    return pairs


class _Collector:
    """Collects the flows between two kinds of endpoint."""

    def __init__(self, catalogue: Catalogue, first: EndpointKind, second: EndpointKind) -> None:
        self.catalogue = catalogue
        self.kinds = {True: first, False: second}
        self.order = 0, True
        self.exchanged: list[ExchangedFlow] = []
        self.undecided_ports: list[OpenDecision] = []
        self.tunnels: list[str] = []

    def exchange(self) -> tuple[Exchange, ...]:
        """All that they said, if anything."""
        found = self.exchanged, self.undecided_ports, self.tunnels
        return (Exchange(*found),) if any(found) else ()

    def scope(self, scope: str, pairs_of: _Pairs) -> None:
        """All legs of one scope; those that depend on other flows come after them."""
        legs = legs_of(self.catalogue, scope)
        joined: dict[str, dict[_Pair, int]] = {}
        disabled = self.kinds[True].disabled | self.kinds[False].disabled
        enabled = self.kinds[True].enabled
        for place in sorted({*pairs_of, *legs.following}):
            row, leg, roles, is_conditional = legs.rows[place]
            if row.id in disabled or (
                row.evidence is Evidence.OPTIONAL and scope == "site" and row.id not in enabled
            ):
                continue
            if leg.follows:
                pairs: dict[_Pair, int] = {}
                for index, flow in enumerate(leg.follows):
                    for pair, order in joined.get(flow, {}).items():
                        pairs.setdefault(pair, _MOST_JOINED * index + order)
                if pairs:
                    self.tunnels.append(row.id)
            else:
                pairs = {
                    pair: roles.index((pair[0].role, pair[1].role))
                    for pair in pairs_of[place]
                    if not is_conditional or self._applies(leg, pair, joined)
                }
            of_flow = joined.setdefault(row.id, {})
            for pair, order in pairs.items():
                of_flow.setdefault(pair, _MOST_PAIRS * place + order)
                self.order = _MOST_OF_A_LEG * place + order, pair[0].first
                self._leg(row.id, leg, pair)

    def _applies(self, leg: Leg, pair: _Pair, joined: Mapping[str, Mapping[_Pair, int]]) -> bool:
        if leg.control_path and any(
            self._kind(end).control_paths.get(end.role, leg.control_path) != leg.control_path
            for end in pair
        ):
            return False
        if leg.machines_only and not all(self._kind(end).is_machine for end in pair):
            return False
        if leg.needs:
            both = pair, (pair[1], pair[0])
            if not any(one in joined.get(flow, ()) for flow in leg.needs for one in both):
                return False
        ends = {"from": pair[0], "to": pair[1]}
        return all(
            Transport.TCP in self._kind(ends[end]).decisions.fax_transports
            for end in leg.fax_tcp_at
        )

    def _kind(self, end: _End) -> EndpointKind:
        return self.kinds[end.first]

    def _leg(self, flow: str, leg: Leg, pair: _Pair) -> None:
        initiator, responder = pair
        if leg.media:
            self._media(flow, leg.media, initiator, responder, both_ways=not leg.among)
            return
        self.control(flow, leg, initiator, responder)
        if leg.both_ways or leg.follows:
            self.control(flow, leg, responder, initiator)

    def _media(
        self, flow: str, transport: Transport, sender: _End, receiver: _End, both_ways: bool
    ) -> None:
        """Source and destination ports from the two roles' own ranges (kb2308 L38)."""
        source = self._media_ports(sender, transport)
        ports = self._media_ports(receiver, transport)
        self._add(flow, sender, receiver, transport, ports, source[0] if source else None)
        if both_ways:
            self._add(flow, receiver, sender, transport, source, ports[0] if ports else None)

    def _media_ports(self, end: _End, transport: Transport) -> PortSet:
        return self._kind(end).ports[end.role, self.catalogue.roles[end.role].media[transport]]

    def _add(
        self,
        flow: str,
        initiator: _End,
        responder: _End,
        transport: Transport,
        ports: PortSet,
        source: PortRange | None,
    ) -> None:
        order, from_first = self.order
        one, two = initiator.role, responder.role
        self.exchanged.append(
            ExchangedFlow(
                order, from_first, initiator.first, flow, one, two, transport, ports, source
            )
        )

    def control(self, flow: str, leg: Leg, initiator: _End, responder: _End) -> None:
        """A leg to the listeners of its responder."""
        if responder.role in leg.not_towards:
            return
        by_transport: dict[Transport, PortSet] = {}
        for token in leg.ports:
            for transport, ports in self._ports(flow, token, initiator, responder):
                known = by_transport.get(transport)
                by_transport[transport] = ports if known is None else known | ports
        source = self._source(leg, initiator)
        for transport, ports in by_transport.items():
            if ports and leg.transport in (None, transport):
                self._add(flow, initiator, responder, transport, ports, source)

    def _source(self, leg: Leg, initiator: _End) -> PortRange | None:
        return self._kind(initiator).ports[initiator.role, leg.source][0] if leg.source else None

    def _ports(
        self, flow: str, token: str, initiator: _End, responder: _End
    ) -> Iterable[tuple[Transport, PortSet]]:
        """What a port token of a leg means at this responder, by transport."""
        kind = self._kind(responder)
        undecided = find_undecided(token, kind.decisions)
        if undecided:
            self.undecided_ports.append(OpenDecision(initiator.first, flow, undecided))
            return ()
        return resolve_port(token, (responder.role, kind.ports), kind.decisions, self.catalogue)

    def provider(self, row: LegRow, role: str, sip: PortSet, media_ports: PortRange) -> None:
        """One leg between a role of the first endpoint and a provider with these listeners."""
        flow, leg, *_ = row
        manager, outside = _End(True, role), _End(False, "")
        if leg.media:
            own = self._media_ports(manager, leg.media)
            self._add(flow.id, manager, outside, leg.media, PortSet((media_ports,)), own[0])
            self._add(flow.id, outside, manager, leg.media, own, media_ports)
        elif leg.initiators:
            assert leg.transport is not None  # the loader's rule for a provider's SIP port
            self._add(flow.id, manager, outside, leg.transport, sip, self._source(leg, manager))
        else:
            self.control(flow.id, leg, outside, manager)
