"""Roles on one machine that need the same port."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, combinations, pairwise, product
from typing import NamedTuple

from swyx_components.catalogue.model import Catalogue, Transport
from swyx_components.installation.model import Decisions
from swyx_components.messages import Message
from swyx_components.planner.endpoints import Endpoint
from swyx_components.planner.exchange import find_exchange
from swyx_components.planner.minimise import SiteRules
from swyx_components.planner.port_references import DECIDED, EndpointKind, resolve_port
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


_Claims = tuple[Claim, ...]
_Clash = tuple[Claim, Claim, list[Transport], PortSet]
_Fixed = frozenset[tuple[str, PortSet]]
_Opened = tuple[Transport, bool, PortRange]
# What the listeners of a kind of host both want: messages without a place, and the ports of these by role.
_Conflicts = tuple[Sequence[Message], Mapping[str, PortSet]]


class _Ranges(NamedTuple):
    """`shares_ports`: two ranges of a kind of host may share some. `reaches`: flows may reach a listener or
    service that they are not about; `is_inside`: in a range that is decided, or a listener's of another role.
    `fixed`: the ports by role that a machine does not take one by one from a range; none of a phone.
    """

    shares_ports: bool
    reaches: bool
    is_inside: bool
    fixed: _Fixed


def find_port_conflicts(site: SiteRules) -> Iterator[Message]:
    """A fixed port of two roles is an error; a range that overlaps another port or range a warning."""
    view = site.flows.site
    for place, (messages, _) in find_by_place(site):
        yield from [message.of(view.file, place) for message in messages]
    kinds = [end.kind for end in view.endpoints if end.kind.is_machine]
    fixed = frozenset().union(*[find_ranges(kind, view.catalogue).fixed for kind in kinds])
    for message in _find_ephemeral(fixed, view.catalogue):
        yield message.of(view.file, f"sites.{view.name}")


@lru_cache(maxsize=1)
def find_by_place(site: SiteRules) -> Sequence[tuple[str, _Conflicts]]:
    """What two listeners of a host both want, with its place."""
    view, made, places = site.flows.site, site.flows.site.site.decisions, []
    for endpoint in view.endpoints:
        kind = endpoint.kind
        # A host of a network carries one of its roles.
        for one in (kind,) if kind.is_machine else (kind.by_role or (kind,)):
            if not (ranges := find_ranges(one, view.catalogue)).shares_ports:
                continue
            decided = _find_decided(site) if ranges.is_inside else {}
            tokens = {token for role in one.roles for token in decided.get((endpoint, role), ())}
            claims = _find_claims(made, tokens, view.catalogue) if tokens else ()
            if (found := _find_conflicts(one, claims, view.catalogue))[0]:
                place = f"sites.{view.name}.{'machines' if kind.is_machine else 'networks'}"
                places += [(f"{place}.{name}", found) for name in endpoint.members]
    return places


@lru_cache(maxsize=1024)
def find_ranges(kind: EndpointKind, catalogue: Catalogue) -> _Ranges:
    """Whether ranges of a kind of host have ports in common, and which ports are fixed."""
    roles, listening = catalogue.roles, [*chain(*kind.ports.values()), *catalogue.endpoint_mapper]
    ordered = sorted([*{*listening}, *catalogue.administration_ports.values()])
    overlaps = any(after.first <= own.last for own, after in pairwise(ordered))
    is_shared, opened = _find_opened(kind.usual or kind, catalogue)
    is_inside = is_shared or any(
        # Most of what lies in an ephemeral range is media, over another transport.
        transport in roles[role].listeners[key].transports
        for transport, is_listener, (first, last) in opened
        for (role, key), ports in kind.ports.items()
        for own in ports
        if own[0] <= last and first <= own[1]
        if not (is_listener and (own == (first, last) or roles[role].listeners[key].decided_by))
    )
    fixed = [
        (role, kind.decisions.cornet if roles[role].listeners[key].decided_by else ports)
        for (role, key), ports in (kind.ports.items() if kind.is_machine else ())
        if not roles[role].listeners[key].allocated and roles[role].kind != "phone"
    ]
    reaches, is_twice = is_inside or overlaps, len({*listening}) < len(listening)
    return _Ranges(reaches or is_twice, reaches, is_inside, frozenset(fixed))


@lru_cache(maxsize=1024)
def _find_opened(kind: EndpointKind, catalogue: Catalogue) -> tuple[bool, Sequence[_Opened]]:
    """What flows open at a kind of host besides its own listeners, each with whether it is CorNet's or one of
    another role; first whether some of it meets a service or the endpoint mapper, or H.245 meets DCOM.
    """
    made, mapper = kind.decisions, catalogue.endpoint_mapper
    opened = {
        (transport, token not in DECIDED or token == "cornet", part)
        for role in kind.roles
        for token in _find_tokens(role, catalogue)
        for transport, ports in resolve_port(token, role, kind, catalogue)
        for part in ports
        if part not in mapper
    }
    dcom = [own for own in (made.dcom_server, made.dcom_client) if own]
    on_all = *mapper, *catalogue.administration_ports.values()
    met = chain(product([own[-1] for own in opened], on_all), product(made.h245 or (), dcom))
    return any(own.overlaps(other) for own, other in met), [*opened]


@lru_cache(maxsize=64)
def _find_tokens(role: str, catalogue: Catalogue) -> Collection[str]:
    """The port tokens of flows to a role, but for those that name one of its own listeners."""
    return {
        token
        for leg in chain(*[row.legs for row in catalogue.flows.values()])
        if leg.follows or role in (*leg.among, *leg.responders, *leg.initiators * leg.both_ways)
        for token in leg.ports
        if token in DECIDED or token not in catalogue.roles[role].listeners
    }


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


def _find_claims(made: Decisions, tokens: Collection[str], catalogue: Catalogue) -> _Claims:
    """What DCOM and H.245 take from the decided ranges; ephemeral presets are reported separately."""
    ephemeral = set(catalogue.ephemeral.values())
    halves = {"dcom_server": made.dcom_server, "dcom_client": made.dcom_client}
    dcom = PortSet.union_of(part for key, part in halves.items() if key in tokens and part)
    h245 = made.h245 if made.h245 and "h245" in tokens else NO_PORTS
    claims = (
        (made.dcom_preset, Claim("DCOM", "decisions.dcom", made.dcom_transports, dcom, True)),
        (made.h245_preset, Claim("H.245", "decisions.h245", (Transport.TCP,), h245, True)),
    )
    kept = [own for preset, own in claims if not (preset and ephemeral.issuperset(own.ports))]
    return tuple([claim for claim in kept if claim.ports])


@lru_cache(maxsize=1024)
def _find_conflicts(kind: EndpointKind, decided: _Claims, catalogue: Catalogue) -> _Conflicts:
    claims = [Claim("Windows", "", (Transport.TCP,), catalogue.endpoint_mapper, False)]  # on each
    for (role, key), ports in kind.ports.items():
        own = catalogue.roles[role].listeners[key]
        wanted = kind.decisions.cornet if own.decided_by else ports
        written = f"ports.{role}.{_written_key(role, key, kind.ports)}"
        setting = written if own.overridable else ""
        claims.append(Claim(role, setting, own.transports, wanted, own.allocated))
    clashes: list[_Clash] = []
    taken: dict[Claim, PortSet] = defaultdict(PortSet)  # all that others want, to clear at once
    told: dict[str, PortSet] = defaultdict(PortSet)
    for one, other in combinations((*claims, *decided), 2):
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
def _find_ephemeral(fixed: _Fixed, catalogue: Catalogue) -> Sequence[Message]:
    """Without a place: fixed ports that an operating system may give another program before the role."""
    found = []
    for system, preset in catalogue.ephemeral.items():
        inside: dict[str, PortSet] = defaultdict(PortSet)
        for role, ports in fixed:
            inside[role] |= ports & PortSet((preset,))
        if told := [f"{role} {ports}" for role, ports in sorted(inside.items()) if ports]:
            values = {"system": system, "range": preset, "inside": told}
            found.append(Message.about("fixed-port-ephemeral", "", **values))
    return found
