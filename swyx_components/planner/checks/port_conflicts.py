"""Roles on one machine that need the same port."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

from swyx_components.catalogue.model import Catalogue, Transport
from swyx_components.installation.model import Decisions
from swyx_components.messages import Message
from swyx_components.planner.endpoints import Endpoint, EndpointPair
from swyx_components.planner.exchange import find_exchange
from swyx_components.planner.minimise import SiteRules
from swyx_components.planner.port_references import EndpointKind
from swyx_components.sets.ports import NO_PORTS, PortRange, PortSet


class Claim(NamedTuple):
    """Ports that one listener of a machine holds; `allocated`: taken one by one from a range.

    `setting` is where the file may change them, empty where it can't.
    """

    role: str
    setting: str
    transports: tuple[Transport, ...]
    ports: PortSet
    allocated: bool


_Clash = tuple[Claim, Claim, list[Transport], PortSet]


class _Conflicts(NamedTuple):
    """What the listeners of one kind of host both want: the messages, without a place, and the ports by
    role that these are about; and the fixed ports by role of a machine.
    """

    messages: Sequence[Message]
    told: Mapping[str, PortSet]
    fixed: frozenset[tuple[str, PortSet]]


def find_port_conflicts(site: SiteRules) -> Iterator[Message]:
    """A fixed port of two roles is an error; a range that overlaps another port or range a warning."""
    view = site.flows.site
    fixed: frozenset[tuple[str, PortSet]] = frozenset()
    for place, found in _find_by_place(site):
        fixed |= found.fixed
        yield from (message._replace(place=place) for message in found.messages)
    for message in _find_ephemeral(fixed, view.catalogue):
        yield message._replace(place=f"sites.{view.name}")


def find_told(site: SiteRules) -> Mapping[tuple[str, str], PortSet]:
    """The ports that a message tells to be wanted twice, by place and role."""
    return {
        (place, role): ports
        for place, found in _find_by_place(site)
        for role, ports in found.told.items()
    }


@lru_cache(maxsize=1)
def _find_by_place(site: SiteRules) -> Sequence[tuple[str, _Conflicts]]:
    """What two listeners of a host both want, with its place."""
    view = site.flows.site
    decided, places = _find_decided(site), []
    for owner in view.site.owners:
        endpoint = view.endpoint_of[owner.name]
        kind = endpoint.kind
        place = f"sites.{view.name}.{'machines' if kind.is_machine else 'networks'}.{owner.name}"
        # A host of a network carries one of its roles.
        for one in (kind,) if kind.is_machine else (kind.by_role or (kind,)):
            own = frozenset().union(*[decided.get((endpoint, role), ()) for role in one.roles])
            found = _find_conflicts(one, own, view.site.decisions, view.catalogue)
            places.append((place, found))
    return places


def _find_decided(site: SiteRules) -> Mapping[tuple[Endpoint, str], set[str]]:
    """The ranges of the decisions that each endpoint of a site listens on, in which of its roles."""
    view = site.flows.site
    found: dict[tuple[Endpoint, str], set[str]] = {}
    alone = (  # roles of one machine talk too, without a rule
        EndpointPair(end, end, find_exchange(view.catalogue, "site", end.kind, end.kind, True))
        for end in view.endpoints
        if end.kind.is_machine
    )
    for first, second, exchange in (*site.flows.flows.pairs, *alone):
        for forward, role, token in exchange.decided:
            found.setdefault((second if forward else first, role), set()).add(token)
    return found


def _claims_of_decisions(
    made: Decisions, tokens: frozenset[str], catalogue: Catalogue
) -> tuple[Claim, ...]:
    """What DCOM and H.245 take from the decided ranges; ephemeral presets are reported separately."""
    ephemeral = set(catalogue.ephemeral.values())
    halves = {"dcom_server": made.dcom_server, "dcom_client": made.dcom_client}
    dcom = PortSet.union_of(part for key, part in halves.items() if key in tokens and part)
    h245 = made.h245 if made.h245 and "h245" in tokens else NO_PORTS
    claims = (
        (made.dcom_preset, Claim("DCOM", "decisions.dcom", made.dcom_transports, dcom, True)),
        (made.h245_preset, Claim("H.245", "decisions.h245", (Transport.TCP,), h245, True)),
    )
    return tuple(
        claim
        for preset, claim in claims
        if claim.ports and not (preset and ephemeral.issuperset(claim.ports))
    )


@lru_cache(maxsize=1024)
def _find_conflicts(
    kind: EndpointKind, decided: frozenset[str], made: Decisions, catalogue: Catalogue
) -> _Conflicts:
    mapper = catalogue.endpoint_mapper
    windows = Claim("Windows", "", (Transport.TCP,), mapper, False)  # on every machine
    claims = [
        Claim(
            role,
            f"ports.{role}.{_written_key(role, key, kind.ports)}" if own.overridable else "",
            own.transports,
            kind.decisions.cornet if own.decided_by else kind.ports[role, key],
            own.allocated,
        )
        for role in kind.roles
        for key, own in catalogue.roles[role].listeners.items()
    ]
    clashes: list[_Clash] = []
    taken: dict[Claim, PortSet] = defaultdict(PortSet)  # all that others want, to clear at once
    told: dict[str, PortSet] = defaultdict(PortSet)
    of_decisions = _claims_of_decisions(made, decided, catalogue)
    for one, other in combinations((windows, *claims, *of_decisions), 2):
        shared = one.ports & other.ports
        if shared and (transports := [own for own in one.transports if own in other.transports]):
            clashes.append((one, other, transports, shared))
            for claim in (one, other):
                taken[claim] |= shared
                told[claim.role] |= shared
    fixed = [(own.role, own.ports) for own in claims if kind.is_machine and not own.allocated]
    messages = [_collision(clash, taken, catalogue) for clash in clashes]
    return _Conflicts(messages, told, frozenset(fixed))


def _collision(clash: _Clash, taken: Mapping[Claim, PortSet], catalogue: Catalogue) -> Message:
    one, other, transports, shared = clash
    # A range that clashes with several is the one thing to change.
    common = [own for own in (one, other) if own.allocated and own.setting and taken[own] != shared]
    told = (_remedy(claim, taken[claim]) for claim in common or (one, other))
    remedies = list(filter(None, told))
    if one.role != other.role and {one.role, other.role} <= catalogue.roles.keys():
        remedies.append("put the roles on different machines")
    return Message.about(
        "port-overlap" if one.allocated or other.allocated else "port-clash",
        "",
        one=one.role,
        other=other.role,
        transports=" and ".join(name.value.upper() for name in transports),
        ports=shared,
        remedy=", or ".join(remedies),
    )


def _remedy(claim: Claim, shared: PortSet) -> str:
    """What to write so that the claim leaves the shared ports; empty where nothing can be written."""
    if not claim.setting:
        return ""
    if not claim.allocated:
        return f"set {claim.setting} to another port"
    if claim.setting.startswith("decisions."):
        return f"set {claim.setting} to another range"
    # RTP uses an even port and the odd one above it, so a range begins on an even port.
    free = [
        PortRange(first + first % 2, last)
        for first, last in claim.ports - shared
        if first + first % 2 <= last
    ]
    widest = max(free, key=lambda part: (part.last - part.first, part), default="other ports")
    return f"set {claim.setting} to {widest}"


def _written_key(role: str, key: str, ports: Mapping[tuple[str, str], PortSet]) -> str:
    """`media` sets both transports of a role that has one range for each, while the two are the same."""
    if not key.startswith("media_"):
        return key
    parts = {own for (name, part), own in ports.items() if (name, part[:6]) == (role, "media_")}
    return "media" if len(parts) == 1 else key


@lru_cache(maxsize=1024)
def _find_ephemeral(
    fixed: frozenset[tuple[str, PortSet]], catalogue: Catalogue
) -> Sequence[Message]:
    """Without a place: fixed ports that an operating system may give another program before the role."""
    found = []
    for system, preset in catalogue.ephemeral.items():
        inside: dict[str, PortSet] = defaultdict(PortSet)
        for role, ports in fixed:
            if catalogue.roles[role].kind != "phone":
                inside[role] |= ports & PortSet((preset,))
        told = [f"{role} {ports}" for role, ports in sorted(inside.items()) if ports]
        if told:
            values = {"system": system, "range": preset, "inside": told}
            found.append(Message.about("fixed-port-ephemeral", "", **values))
    return found
