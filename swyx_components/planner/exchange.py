"""The flows between two kinds of endpoint: found once per pair, regardless of addresses."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple, Self

from swyx_components.catalogue.model import Catalogue, Evidence, Leg, Transport
from swyx_components.planner.port_references import (
    DECIDED,
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


@dataclass(slots=True, eq=False)
class Exchange:
    """All flows between two endpoints. Compared by identity, since many pairs share it.

    `undecided_ports`: whether the first endpoint initiates a flow, the flow, and the decision for it that the
    site of its responder has not made (`dcom`, `h245`). `tunnels` are the flows whose two sites must agree on
    H.245. `decided`: whether the second endpoint listens on the range of a decision, in which role, and the
    range's token (`dcom_server`, `h245`, ...).
    """

    exchanged: list[ExchangedFlow] = field(default_factory=list)
    undecided_ports: list[tuple[bool, str, str]] = field(default_factory=list)
    tunnels: list[str] = field(default_factory=list)
    decided: list[tuple[bool, str, str]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.exchanged or self.undecided_ports or self.tunnels)

    def add(self, other: Self) -> None:
        """Take over all of another."""
        self.exchanged += other.exchanged
        self.undecided_ports += other.undecided_ports
        self.tunnels += other.tunnels
        self.decided += other.decided


NO_EXCHANGE = Exchange()


@lru_cache(maxsize=8192)
def find_exchange(
    catalogue: Catalogue,
    scope: str,
    first: EndpointKind,
    second: EndpointKind,
    within: bool = False,
) -> Exchange:
    """What the legs of one scope join in any of their roles. `first` is the LinkManager that serves the link
    or provider in every scope but that of a site and of its devices.

    `within`: both are the same endpoint, several machines that talk among themselves.
    """
    if first.by_role or second.by_role:
        joined = Exchange()
        for one in first.by_role or (first,):
            for other in second.by_role or (second,):
                joined.add(find_exchange(catalogue, scope, one, other, within))
        return joined
    ways = _find_ways(catalogue, scope, first.roles[0], second.roles[0], within)
    return _Collector(catalogue, first, second).collect(scope, ways) if ways else NO_EXCHANGE


_MOST_PAIRS = 1_000  # of roles that one leg joins
_MOST_JOINED = 1_000_000  # of pairs of roles that all legs of one flow join
_MOST_OF_A_LEG = 100 * _MOST_JOINED  # of those that a leg joins, by the flows that it follows
_SERVING: Mapping[str, int] = {"site": 0, "devices": 0, "chained": 2}  # ends with links; else one

# The legs by which two endpoints with one role each may talk, with their places: whether the first is its
# initiator, and the number of that pair of roles among the leg's. None for legs that follow other flows.
_Ways = Sequence[tuple[int, LegRow, Mapping[bool, int]]]
# Whether the first is the initiator of a flow; its transport, ports and source ports.
_Found = tuple[bool, tuple[Transport, PortSet, PortRange | None]]


@lru_cache(maxsize=8192)
def _find_ways(catalogue: Catalogue, scope: str, first: str, second: str, within: bool) -> _Ways:
    serving = (first, second)[: _SERVING.get(scope, 1)]
    if not all(catalogue.roles[role].serves_links for role in serving):
        return ()
    legs = legs_of(catalogue, scope)
    both_ways = not within if scope == "site" else first != second
    ways: dict[int, dict[bool, int]] = {}
    for forward, roles in ((True, (first, second)), (False, (second, first)))[: 1 + both_ways]:
        for place in legs.by_roles.get(roles, ()):
            ways.setdefault(place, {})[forward] = legs.rows[place].roles.index(roles)
    places = sorted({*ways, *legs.following}) if ways else ()
    return [(place, legs.rows[place], ways.get(place, {})) for place in places]


class _Collector:
    """Collects the flows between two kinds of endpoint with one role each; True means the first of them."""

    def __init__(self, catalogue: Catalogue, first: EndpointKind, second: EndpointKind) -> None:
        self._catalogue = catalogue
        self._kinds = {True: first, False: second}
        self._found = Exchange()

    def collect(self, scope: str, ways: _Ways) -> Exchange:
        """All legs of one scope; those that depend on other flows come after them."""
        joined: dict[str, dict[bool, int]] = {}
        first, second = self._kinds.values()
        for place, (row, leg, _, is_conditional), orders in ways:
            is_off = row.id in first.disabled or row.id in second.disabled
            is_optional = row.evidence is Evidence.OPTIONAL and scope == "site"
            if is_off or (is_optional and row.id not in first.enabled):
                continue
            own: dict[bool, int] = {}
            for index, flow in enumerate(leg.follows):
                for forward, order in joined.get(flow, {}).items():
                    own.setdefault(forward, _MOST_JOINED * index + order)
            if own:
                self._found.tunnels.append(row.id)
            for forward, order in orders.items():
                if not is_conditional or self._applies(leg, forward, joined):
                    own[forward] = order
            of_flow = joined.setdefault(row.id, {})
            for forward, order in own.items():
                of_flow.setdefault(forward, _MOST_PAIRS * place + order)
                order += _MOST_OF_A_LEG * place
                for towards, what in self._find_flows(row.id, leg, forward):
                    roles = self._kinds[towards].roles[0], self._kinds[not towards].roles[0]
                    fields = order, forward, towards, row.id, *roles, *what
                    self._found.exchanged.append(ExchangedFlow(*fields))
        return self._found

    def _applies(self, leg: Leg, forward: bool, joined: Mapping[str, Mapping[bool, int]]) -> bool:
        kinds = self._kinds.values()
        ends = {"from": forward, "to": not forward}
        return (
            (not leg.control_path or {k.control_path for k in kinds} <= {leg.control_path, ""})
            and (not leg.machines_only or all(kind.is_machine for kind in kinds))
            and (not leg.needs or any(joined.get(flow) for flow in leg.needs))
            and all(
                Transport.TCP in self._kinds[ends[end]].decisions.fax_transports
                for end in leg.fax_tcp_at
            )
            and all(bool(leg.media) in kind.uses for kind in kinds)
        )

    def _find_flows(self, flow: str, leg: Leg, forward: bool) -> Iterator[_Found]:
        """The flows of a leg whose initiator is the first endpoint (`forward`) or the second."""
        if not leg.media:
            for towards in (forward, not forward) if leg.both_ways or leg.follows else (forward,):
                yield from self._find_control(flow, leg, towards)
            return
        # Source and destination ports from the two roles' own ranges (kb2308 L38).
        for towards in (forward,) if leg.among else (forward, not forward):
            source, ports = (self._media_ports(end, leg.media) for end in (towards, not towards))
            yield towards, (leg.media, ports, source[0])

    def _media_ports(self, first: bool, transport: Transport) -> PortSet:
        role = self._kinds[first].roles[0]
        key = self._catalogue.roles[role].media[transport] if role else "media"
        return self._kinds[first].ports[role, key]

    def _find_control(self, flow: str, leg: Leg, forward: bool) -> Iterator[_Found]:
        """A leg to the listeners of its responder."""
        initiator, responder = self._kinds[forward], self._kinds[not forward]
        role = responder.roles[0]
        if role in leg.not_towards:
            return
        by_transport: dict[Transport, PortSet] = {}
        for token in leg.ports:
            undecided = find_undecided(token, responder.decisions)
            if undecided:
                self._found.undecided_ports.append((forward, flow, undecided))
                continue
            if token in DECIDED:
                self._found.decided.append((forward, role, token))
            listener = role, responder.ports
            for transport, ports in resolve_port(
                token, listener, responder.decisions, self._catalogue
            ):
                known = by_transport.get(transport)
                by_transport[transport] = ports if known is None else known | ports
        source = initiator.ports[initiator.roles[0], leg.source][0] if leg.source else None
        for transport, ports in by_transport.items():
            if ports and leg.transport in (None, transport):
                yield forward, (transport, ports, source)
