"""The flows between two kinds of endpoint: found once per pair, regardless of addresses."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple, Self

from swyx_components.catalogue.model import Catalogue, Evidence, Leg, Transport
from swyx_components.planner.port_references import (
    DECIDED,
    EndpointKind,
    LegRow,
    ListenerKey,
    find_undecided,
    legs_of,
    listener_meant,
    resolve_port,
)
from swyx_components.sets.ports import NO_PORTS, PortRange, PortSet


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


# Where the ports of a flow come from: those that a decision or another role gives, and listeners of the first
# (True) or the second endpoint: the responder's, and the one of the initiator that gives the source ports.
_Origin = tuple[PortSet, tuple[tuple[bool, ListenerKey], ...]]
_Kinds = tuple[EndpointKind, EndpointKind]  # of the second endpoint, then of the first: `True`


def _find_ports(origin: _Origin, kinds: _Kinds, forward: bool) -> tuple[PortSet, PortRange | None]:
    """The ports and source ports of a flow."""
    (ports, listeners), source = origin, None
    for is_first, key in listeners:
        own = kinds[is_first].ports[key]
        if is_first is forward:
            source = own[0]
        else:
            ports = ports | own if ports else own
    return ports, source


@dataclass(slots=True, eq=False)
class Exchange:
    """All flows between two endpoints, with their origins. Compared by identity, since many pairs share it.

    `undecided_ports`: whether the first endpoint initiates a flow, the flow, and the decision for it that the
    site of its responder has not made (`dcom`, `h245`). `tunnels` are the flows whose two sites must agree on
    H.245. `decided`: whether the second endpoint listens on the range of a decision, in which role, and the
    range's token (`dcom_server`, `h245`, ...).
    """

    exchanged: list[ExchangedFlow] = field(default_factory=list)
    origins: list[_Origin] = field(default_factory=list)
    undecided_ports: list[tuple[bool, str, str]] = field(default_factory=list)
    tunnels: list[str] = field(default_factory=list)
    decided: list[tuple[bool, str, str]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.exchanged or self.undecided_ports or self.tunnels)

    @classmethod
    def of(cls, parts: Iterable[Self]) -> Self:
        """All that is in some of them."""
        joined = cls()
        for part in parts:
            joined.exchanged += part.exchanged
            joined.origins += part.origins
            joined.undecided_ports += part.undecided_ports
            joined.tunnels += part.tunnels
            joined.decided += part.decided
        return joined

    def with_ports_of(self, first: EndpointKind, second: EndpointKind) -> "Exchange":
        """The same between endpoints with changed ports; itself, if none of its flows is about these."""
        exchanged, kinds = [*self.exchanged], (second, first)
        for place, origin in enumerate(self.origins):
            for is_first, key in origin[1]:
                if key in kinds[is_first].changed:
                    ports = _find_ports(origin, kinds, exchanged[place].forward)
                    exchanged[place] = ExchangedFlow._make(exchanged[place][:-2] + ports)
                    break
        if exchanged == self.exchanged:
            return self
        return Exchange(exchanged, self.origins, self.undecided_ports, self.tunnels, self.decided)


NO_EXCHANGE = Exchange()  # between any two without flows


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
    if first.usual or second.usual:
        usual = first.usual or first, second.usual or second
        return find_exchange(catalogue, scope, *usual, within).with_ports_of(first, second)
    parts = [
        part
        for one in first.by_role or (first,)
        for other in second.by_role or (second,)
        if (part := _find_in_one_role(catalogue, scope, one, other, within)) is not NO_EXCHANGE
    ]
    return (parts[0] if len(parts) == 1 else Exchange.of(parts)) or NO_EXCHANGE


_MOST_PAIRS = 1_000  # of roles that one leg joins
_MOST_JOINED = 1_000_000  # of pairs of roles that all legs of one flow join
_MOST_OF_A_LEG = 100 * _MOST_JOINED  # of those that a leg joins, by the flows that it follows
_SERVING: Mapping[str, int] = {"site": 0, "devices": 0, "chained": 2}  # ends with links; else one


@lru_cache(maxsize=8192)
def _find_in_one_role(
    catalogue: Catalogue, scope: str, one: EndpointKind, other: EndpointKind, within: bool
) -> Exchange:
    """The same for two kinds with one role each."""
    first, second = one.roles[0], other.roles[0]
    serving = (first, second)[: _SERVING.get(scope, 1)]
    if not all(catalogue.roles[role].serves_links for role in serving):
        return NO_EXCHANGE
    legs, collector = legs_of(catalogue, scope), _Collector(catalogue, one, other)
    both_ways = not within if scope == "site" else first != second
    # By its place a leg that may join the two: whether the first is its initiator, and the number of that
    # pair of roles among the leg's.
    ways: dict[int, dict[bool, int]] = {}
    for forward, roles in ((True, (first, second)), (False, (second, first)))[: 1 + both_ways]:
        for place in legs.by_roles.get(roles, ()):
            ways.setdefault(place, {})[forward] = legs.rows[place].roles.index(roles)
    if not ways:
        return NO_EXCHANGE
    for place in sorted({*ways, *legs.following}):
        collector.add_leg(scope, place, legs.rows[place], ways.get(place, {}))
    return collector.found


class _Collector:
    """Collects the flows between two kinds of endpoint with one role each; True means the first of them."""

    def __init__(self, catalogue: Catalogue, first: EndpointKind, second: EndpointKind) -> None:
        self.found = Exchange()
        self._catalogue = catalogue
        self._kinds = second, first
        self._joined: dict[str, dict[bool, int]] = {}

    def add_leg(self, scope: str, place: int, leg_row: LegRow, ways: Mapping[bool, int]) -> None:
        """One leg of a scope, after those that it depends on; without ways, it may follow other flows."""
        (row, leg, _, is_conditional), (second, first) = leg_row, self._kinds
        is_off = row.id in first.disabled or row.id in second.disabled
        is_optional = row.evidence is Evidence.OPTIONAL and scope == "site"
        if is_off or (is_optional and row.id not in first.enabled):
            return
        own: dict[bool, int] = {}
        for index, flow in enumerate(leg.follows):
            for forward, order in self._joined.get(flow, {}).items():
                own.setdefault(forward, _MOST_JOINED * index + order)
        if own:
            self.found.tunnels.append(row.id)
        for forward, order in ways.items():
            if not is_conditional or self._applies(leg, forward):
                own[forward] = order
        of_flow = self._joined.setdefault(row.id, {})
        for forward, order in own.items():
            of_flow.setdefault(forward, _MOST_PAIRS * place + order)
            self._add_flows(row.id, leg, order + _MOST_OF_A_LEG * place, forward)

    def _applies(self, leg: Leg, forward: bool) -> bool:
        ends = {"from": self._kinds[forward], "to": self._kinds[not forward]}
        paths = {kind.control_path for kind in self._kinds}
        return (
            (not leg.control_path or paths <= {leg.control_path, ""})
            and (not leg.machines_only or all(kind.is_machine for kind in self._kinds))
            and (not leg.needs or any(map(self._joined.get, leg.needs)))
            and all(Transport.TCP in ends[end].decisions.fax_transports for end in leg.fax_tcp_at)
            and all(bool(leg.media) in kind.uses for kind in self._kinds)
        )

    def _add_flows(self, flow: str, leg: Leg, order: int, from_first: bool) -> None:
        """The flows of a leg whose initiator is the first endpoint (`from_first`) or the second."""
        is_mutual = leg.both_ways or leg.follows or (leg.media and not leg.among)
        for forward in (from_first, not from_first)[: 2 if is_mutual else 1]:
            roles = self._kinds[forward].roles[0], self._kinds[not forward].roles[0]
            for transport, origin in self._find_origins(flow, leg, forward, roles):
                ports, source = _find_ports(origin, self._kinds, forward)
                if ports:
                    fields = order, from_first, forward, flow, *roles, transport, ports, source
                    self.found.exchanged.append(ExchangedFlow(*fields))
                    self.found.origins.append(origin)

    def _find_origins(
        self, flow: str, leg: Leg, forward: bool, roles: tuple[str, str]
    ) -> Iterator[tuple[Transport, _Origin]]:
        """Where the ports of a leg come from, by transport. `roles`: of the initiator and the responder."""
        if leg.media:
            # Source and destination ports from the two roles' own ranges (kb2308 L38).
            known = self._catalogue.roles
            keys = [(own, known[own].media[leg.media] if own else "media") for own in roles]
            yield leg.media, (NO_PORTS, ((forward, keys[0]), (not forward, keys[1])))
            return
        role, its_role = roles
        responder, origins = self._kinds[not forward], dict[Transport, _Origin]()
        source = ((forward, (role, leg.source)),) if leg.source else ()
        for token in leg.ports if its_role not in leg.not_towards else ():
            if undecided := find_undecided(token, responder.decisions):
                self.found.undecided_ports.append((forward, flow, undecided))
                continue
            if token in DECIDED:
                self.found.decided.append((forward, its_role, token))
            key = listener_meant(token, its_role)
            is_own = key in responder.ports and token not in DECIDED
            own = [(not forward, key)] if is_own else []
            for transport, ports in resolve_port(token, its_role, responder, self._catalogue):
                given, listeners = origins.get(transport, (NO_PORTS, source))
                origins[transport] = given if own else given | ports, (*listeners, *own)
        yield from [own for own in origins.items() if leg.transport in (None, own[0])]
