"""The catalogue's legs by scope, and what their port tokens (`h225`, `dcom_server`, ...) mean."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import NamedTuple

from swyx_components.catalogue.model import Catalogue, FlowRow, Leg, Transport
from swyx_components.installation.model import Decisions
from swyx_components.sets.ports import PortRange, PortSet

ListenerKey = tuple[str, str]  # the role, and the listener's key


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EndpointKind:
    """Everything that determines an endpoint's flows: all but its name and addresses.

    Compared by identity: the flows between two kinds are found once. `decisions` may differ in what
    no flow depends on, like the word that was written for a preset.
    """

    roles: tuple[str, ...]
    is_machine: bool = False
    ports: Mapping[ListenerKey, PortSet] = field(default_factory=dict)
    decisions: Decisions = field(default_factory=Decisions)
    control_path: str = ""  # the way of its role, if it has one role and that several ways
    enabled: frozenset[str] = frozenset()
    disabled: frozenset[str] = frozenset()
    uses: tuple[bool, ...] = (False, True)  # whether its addresses carry media, control, or both
    by_role: tuple["EndpointKind", ...] = ()  # one role each; none: itself, or no flow asks for it
    usual: "EndpointKind | None" = None  # the same with the catalogue's ports, if it has others
    changed: frozenset[ListenerKey] = frozenset()  # the listeners that have others


@lru_cache(maxsize=1024)
def provider_kind(sip: int, media: PortRange, uses: tuple[bool, ...]) -> EndpointKind:
    """A SIP provider, which carries no role: its listeners are those of its declaration."""
    ports = {("", "provider_sip"): PortSet.of((sip, sip)), ("", "media"): PortSet((media,))}
    return EndpointKind(roles=("",), ports=ports, uses=uses)


# The SIP devices of a site, which carry no role and listen on nothing.
DEVICES = EndpointKind(roles=("",))


class LegRow(NamedTuple):
    """One leg of a flow. `roles`: initiator and responder of all pairs that it may join.

    `is_conditional`: not every pair of endpoints with these roles, but those that meet its conditions.
    """

    flow: FlowRow
    leg: Leg
    roles: tuple[tuple[str, str], ...]
    is_conditional: bool


class Legs(NamedTuple):
    """The legs of one scope, those that need or follow other flows after those.

    `by_roles`: the places among `rows` of those that join an initiator and a responder of such roles;
    `following`: of those that join whom other flows joined.
    """

    rows: tuple[LegRow, ...]
    by_roles: Mapping[tuple[str, str], Sequence[int]]
    following: tuple[int, ...]


@lru_cache(maxsize=64)
def legs_of(catalogue: Catalogue, scope: str) -> Legs:
    """The legs of one scope."""
    rows = [
        LegRow(
            row,
            leg,
            tuple(_role_pairs(leg)),
            bool(leg.control_path or leg.machines_only or leg.needs or leg.fax_tcp_at)
            or scope == "provider",
        )
        for row in catalogue.flows.values()
        for leg in row.legs
        if leg.scope == scope
    ]
    rows.sort(key=lambda row: (bool(row.leg.follows), bool(row.leg.needs)))
    by_roles: dict[tuple[str, str], list[int]] = {}
    for place, row in enumerate(rows):
        for roles in () if row.leg.follows else row.roles:
            by_roles.setdefault(roles, []).append(place)
    following = tuple(place for place, row in enumerate(rows) if row.leg.follows)
    return Legs(tuple(rows), by_roles, following)


def _role_pairs(leg: Leg) -> Iterator[tuple[str, str]]:
    if leg.among:
        for first, second in product(leg.among, repeat=2):
            if first != second or first not in leg.but_not:
                yield first, second
    else:
        yield from product(leg.initiators or ("",), leg.responders or ("",))


# ---- port tokens

DCOM = frozenset({"dcom_server", "dcom_client"})
DECIDED = DCOM | {"h245", "cornet"}


def find_undecided(token: str, decisions: Decisions) -> str:
    """The missing decision that the token needs, or empty."""
    if token in DCOM and _dynamic(token, decisions) is None:
        return "dcom"
    return "h245" if token == "h245" and decisions.h245 is None else ""


def listener_meant(token: str, role: str) -> ListenerKey:
    """The listener of a token that names one: the responder's own (`h225`), or another role's."""
    owner, _, key = token.rpartition(".")
    return owner or role, key


def resolve_port(
    token: str, role: str, responder: EndpointKind, catalogue: Catalogue
) -> Sequence[tuple[Transport, PortSet]]:
    """The ports by transport at a responder in this role; empty if the decision for them is missing."""
    decisions = responder.decisions
    if token in DCOM:
        dynamic = _dynamic(token, decisions)
        if dynamic is None:
            return ()
        ports = catalogue.endpoint_mapper | (dynamic,)
        return [(transport, ports) for transport in decisions.dcom_transports]
    if token in ("h245", "cornet"):
        decided = decisions.h245 if token == "h245" else decisions.cornet
        return () if decided is None else ((Transport.TCP, decided),)
    if token == "provider_sip":
        return [(transport, responder.ports["", token]) for transport in Transport]
    owner, key = listener_meant(token, role)
    listener = catalogue.roles[owner].listeners[key]
    ports = responder.ports.get((owner, key), listener.ports)
    return [(transport, ports) for transport in listener.transports]


def _dynamic(token: str, decisions: Decisions) -> tuple[int, int] | None:
    return decisions.dcom_server if token == "dcom_server" else decisions.dcom_client
