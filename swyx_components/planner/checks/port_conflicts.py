"""Roles on one machine that need the same port."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, combinations
from typing import NamedTuple

from swyx_components.catalogue.model import Catalogue, Transport
from swyx_components.installation.model import Decisions
from swyx_components.messages import Message
from swyx_components.planner.endpoints import Endpoint
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


# What the listeners of a kind of host both want: messages without a place, and the ports of these by role.
_Conflicts = tuple[Sequence[Message], Mapping[str, PortSet]]


class _Ranges(NamedTuple):
    """Of the ranges that flows may open at a kind of host, `overlapping` are those with a port of another one
    or of a service of administration, `repeated` those that are there twice.

    `fixed`: the ports by role that a machine does not take one by one from a range; none of a phone.
    """

    overlapping: frozenset[PortRange]
    repeated: frozenset[PortRange]
    fixed: frozenset[tuple[str, PortSet]]


def find_port_conflicts(site: SiteRules) -> Iterator[Message]:
    """A fixed port of two roles is an error; a range that overlaps another port or range a warning."""
    view = site.flows.site
    for place, (messages, _) in find_by_place(site):
        yield from [message.of(view.file, place) for message in messages]
    kinds = [view.endpoint_of[machine.name].kind for machine in view.site.machines]
    fixed = frozenset().union(*[find_ranges(kind, view.catalogue).fixed for kind in kinds])
    for message in _find_ephemeral(fixed, view.catalogue):
        yield message.of(view.file, f"sites.{view.name}")


@lru_cache(maxsize=1)
def find_by_place(site: SiteRules) -> Sequence[tuple[str, _Conflicts]]:
    """What two listeners of a host both want, with its place."""
    view, made = site.flows.site, site.flows.site.site.decisions
    of_decisions, places = {made.dcom_server, made.dcom_client, *(made.h245 or ())}, []
    for owner in view.site.owners:
        endpoint = view.endpoint_of[owner.name]
        kind = endpoint.kind
        # A host of a network carries one of its roles.
        for one in (kind,) if kind.is_machine else (kind.by_role or (kind,)):
            ranges = find_ranges(one, view.catalogue)
            if crowded := ranges.overlapping | ranges.repeated:
                claims: tuple[Claim, ...] = ()
                if not crowded.isdisjoint(of_decisions):
                    tokens = [_find_decided(site).get((endpoint, role), ()) for role in one.roles]
                    claims = _claims_of_decisions(made, set(chain(*tokens)), view.catalogue)
                place = f"sites.{view.name}.{'machines' if kind.is_machine else 'networks'}"
                found = _find_conflicts(one, claims, view.catalogue)
                places.append((f"{place}.{owner.name}", found))
    return places


@lru_cache(maxsize=1024)
def find_ranges(kind: EndpointKind, catalogue: Catalogue) -> _Ranges:
    """Which ranges of a kind of host have ports in common, and which ports are fixed."""
    made, roles = kind.decisions, catalogue.roles
    listening = [*chain(*kind.ports.values()), *catalogue.endpoint_mapper]
    others = {made.dcom_server, made.dcom_client, *(made.h245 or ())} - {None}
    others |= _find_borrowed(catalogue).union(made.cornet).difference(listening)
    services = frozenset(catalogue.administration_ports.values())
    ranges = sorted([*listening, *others, *services])
    overlapping, repeated, widest = set[PortRange](), set[PortRange](), ranges[0]
    for own in ranges[1:]:
        if own == widest:
            (overlapping if own in services else repeated).add(own)
        elif own.first <= widest.last:
            overlapping |= {own, widest}
        if own.last > widest.last:
            widest = own
    fixed = [
        (role, made.cornet if roles[role].listeners[key].decided_by else ports)
        for (role, key), ports in (kind.ports.items() if kind.is_machine else ())
        if not roles[role].listeners[key].allocated and roles[role].kind != "phone"
    ]
    return _Ranges(frozenset(overlapping), frozenset(repeated), frozenset(fixed))


@lru_cache(maxsize=64)
def _find_borrowed(catalogue: Catalogue) -> frozenset[PortRange]:
    """The ports of one role that flows open at another one (`SwyxFaxServer.registration` at SwyxServer)."""
    roles, legs = catalogue.roles, [leg for row in catalogue.flows.values() for leg in row.legs]
    named = [token.rsplit(".", 1) for leg in legs for token in leg.ports if "." in token]
    return frozenset(chain(*[roles[role].listeners[key].ports for role, key in named]))


@lru_cache(maxsize=1)
def _find_decided(site: SiteRules) -> Mapping[tuple[Endpoint, str], set[str]]:
    """The ranges of the decisions that each endpoint of a site listens on, in which of its roles."""
    view = site.flows.site
    found: dict[tuple[Endpoint, str], set[str]] = {}
    machines = [(end, end.kind) for end in view.endpoints if end.kind.is_machine]
    # Roles of one machine talk too, without a rule.
    within = [(e, e, find_exchange(view.catalogue, "site", k, k, True)) for e, k in machines]
    for first, second, exchange in (*site.flows.flows.pairs, *within):
        for forward, role, token in exchange.decided:
            found.setdefault((second if forward else first, role), set()).add(token)
    return found


def _claims_of_decisions(
    made: Decisions, tokens: Collection[str], catalogue: Catalogue
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
    kind: EndpointKind, of_decisions: tuple[Claim, ...], catalogue: Catalogue
) -> _Conflicts:
    mapper, ranges = catalogue.endpoint_mapper, find_ranges(kind, catalogue)
    crowded = ranges.overlapping | ranges.repeated
    claims = [Claim("Windows", "", (Transport.TCP,), mapper, False)]  # on every machine
    for (role, key), ports in kind.ports.items():
        own = catalogue.roles[role].listeners[key]
        wanted = kind.decisions.cornet if own.decided_by else ports
        if not crowded.isdisjoint(wanted):
            written = f"ports.{role}.{_written_key(role, key, kind.ports)}"
            setting = written if own.overridable else ""
            claims.append(Claim(role, setting, own.transports, wanted, own.allocated))
    clashes: list[_Clash] = []
    taken: dict[Claim, PortSet] = defaultdict(PortSet)  # all that others want, to clear at once
    told: dict[str, PortSet] = defaultdict(PortSet)
    for one, other in combinations((*claims, *of_decisions), 2):
        shared = one.ports & other.ports
        if shared and (transports := [own for own in one.transports if own in other.transports]):
            clashes.append((one, other, transports, shared))
            for claim in (one, other):
                taken[claim] |= shared
                told[claim.role] |= shared
    return [_collision(clash, taken, catalogue) for clash in clashes], told


def _collision(clash: _Clash, taken: Mapping[Claim, PortSet], catalogue: Catalogue) -> Message:
    one, other, transports, shared = clash
    # A range that clashes with several is the one thing to change.
    common = [own for own in (one, other) if own.allocated and own.setting and taken[own] != shared]
    remedies = [*filter(None, [_remedy(own, taken[own]) for own in common or (one, other)])]
    if one.role != other.role and {one.role, other.role} <= catalogue.roles.keys():
        remedies.append("put the roles on different machines")
    id = "port-overlap" if one.allocated or other.allocated else "port-clash"
    words = " and ".join(name.value.upper() for name in transports)
    values = {"transports": words, "ports": shared, "remedy": ", or ".join(remedies)}
    return Message.about(id, "", one=one.role, other=other.role, **values)


def _remedy(claim: Claim, shared: PortSet) -> str:
    """What to write so that the claim leaves the shared ports; empty where nothing can be written."""
    if not claim.setting:
        return ""
    if not claim.allocated:
        return f"set {claim.setting} to another port"
    if claim.setting.startswith("decisions."):
        return f"set {claim.setting} to another range"
    # RTP uses an even port and the odd one above it, so a range begins on an even port.
    even = [PortRange(first + first % 2, last) for first, last in claim.ports - shared]
    free = [part for part in even if part.first <= part.last]
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
            inside[role] |= ports & PortSet((preset,))
        told = [f"{role} {ports}" for role, ports in sorted(inside.items()) if ports]
        if told:
            values = {"system": system, "range": preset, "inside": told}
            found.append(Message.about("fixed-port-ephemeral", "", **values))
    return found
