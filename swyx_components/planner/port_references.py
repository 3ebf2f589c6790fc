"""The catalogue's legs by scope, and what their port tokens (`h225`, `dcom_server`, ...) mean."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import NamedTuple

from swyx_components.catalogue.model import Catalogue, FlowRow, Leg, Transport
from swyx_components.installation.model import Decisions
from swyx_components.sets.ports import PortRange, PortSet


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EndpointKind:
    """Everything that determines an endpoint's flows: all but its name and addresses.

    Compared by identity: the flows between two kinds are found once. `decisions` may differ in what
    no flow depends on, like the word that was written for a preset.
    """

    roles: tuple[str, ...]
    is_machine: bool = False
    ports: Mapping[tuple[str, str], PortSet] = field(default_factory=dict)
    decisions: Decisions = field(default_factory=Decisions)
    control_path: str = ""  # the way of its role, if it has one role and that several ways
    enabled: frozenset[str] = frozenset()
    disabled: frozenset[str] = frozenset()
    uses: tuple[bool, ...] = (False, True)  # whether its addresses carry media, control, or both
    by_role: tuple["EndpointKind", ...] = ()  # the same with one role each; of one role: itself


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

# A responder: its role, and the ports in effect at its place by (role, listener key).
Responder = tuple[str, Mapping[tuple[str, str], PortSet]]


def find_undecided(token: str, decisions: Decisions) -> str:
    """The missing decision that the token needs, or empty."""
    if token in DCOM and _dynamic(token, decisions) is None:
        return "dcom"
    return "h245" if token == "h245" and decisions.h245 is None else ""


def resolve_port(
    token: str, responder: Responder, decisions: Decisions, catalogue: Catalogue
) -> Sequence[tuple[Transport, PortSet]]:
    """The ports by transport; empty if the decision for them is missing.

    `decisions` are those of the responder's site.
    """
    if token in DCOM:
        dynamic = _dynamic(token, decisions)
        if dynamic is None:
            return ()
        ports = catalogue.endpoint_mapper | (dynamic,)
        return [(transport, ports) for transport in decisions.dcom_transports]
    if token == "h245":
        return () if decisions.h245 is None else ((Transport.TCP, decisions.h245),)
    if token == "cornet":
        return ((Transport.TCP, decisions.cornet),)
    if token == "provider_sip":
        return [(transport, responder[1]["", token]) for transport in Transport]
    owner, _, key = token.rpartition(".")
    role = owner or responder[0]
    listener = catalogue.roles[role].listeners[key]
    ports = responder[1].get((role, key), listener.ports)
    return [(transport, ports) for transport in listener.transports]


def _dynamic(token: str, decisions: Decisions) -> tuple[int, int] | None:
    return decisions.dcom_server if token == "dcom_server" else decisions.dcom_client
