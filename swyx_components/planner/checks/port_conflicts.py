"""Roles on one machine that want the same port."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

from swyx_components.catalogue import Catalogue, Transport
from swyx_components.messages import Message
from swyx_components.planner.minimise import SiteRules
from swyx_components.planner.port_references import EndpointKind
from swyx_components.sets.ports import NO_PORTS, PortRange, PortSet

OPERATING_SYSTEM = "Windows"  # holds the RPC endpoint mapper on every machine


class Claim(NamedTuple):
    """Ports that one listener of a machine holds; `allocated`: taken one by one from a range.

    `key` is what an override of them is called.
    """

    role: str
    key: str
    transports: tuple[Transport, ...]
    ports: PortSet
    allocated: bool
    overridable: bool


def find_port_conflicts(site: SiteRules) -> Iterator[Message]:
    """A fixed port wanted twice is an error; a range that meets another port or range a warning."""
    view = site.flows.site
    catalogue = view.catalogue
    fixed: frozenset[tuple[str, PortSet]] = frozenset()
    for machine in view.site.machines:
        clashes, own = _find_clashes(view.endpoint_of(machine.name).kind, catalogue)
        fixed |= own
        taken: dict[Claim, PortSet] = {}
        for one, other, _, shared in clashes:
            for claim in (one, other):
                taken[claim] = taken.get(claim, NO_PORTS) | shared
        for clash in clashes:
            yield _collision(f"sites.{view.name}.machines.{machine.name}", clash, taken)
    for system, preset, inside in _find_ephemeral(fixed, catalogue):
        yield Message.about(
            "fixed-port-ephemeral",
            f"sites.{view.name}",
            system=system,
            range=preset,
            inside=inside,
        )


_Clash = tuple[Claim, Claim, list[Transport], PortSet]


@lru_cache(maxsize=1024)
def _find_clashes(
    kind: EndpointKind, catalogue: Catalogue
) -> tuple[Sequence[_Clash], frozenset[tuple[str, PortSet]]]:
    """What two listeners of a kind of machine both want, and its fixed ports by role."""
    mapper = catalogue.endpoint_mapper
    windows = Claim(
        OPERATING_SYSTEM, "", (Transport.TCP,), PortSet.of((mapper, mapper)), False, False
    )
    claims = list(_claims(kind, catalogue))
    clashes: list[_Clash] = []
    for one, other in combinations((windows, *claims), 2):
        shared = one.ports & other.ports
        transports = [name for name in one.transports if name in other.transports]
        if shared and transports:
            clashes.append((one, other, transports, shared))
    return clashes, frozenset((c.role, c.ports) for c in claims if not c.allocated)


def _claims(kind: EndpointKind, catalogue: Catalogue) -> Iterator[Claim]:
    for role in kind.roles:
        for listener in catalogue.roles[role].listeners.values():
            yield Claim(
                role,
                _written_key(role, listener.key, kind.ports),
                listener.transports,
                kind.decisions.cornet if listener.decided_by else kind.ports[role, listener.key],
                listener.allocated,
                listener.overridable,
            )


def _collision(place: str, clash: _Clash, taken: Mapping[Claim, PortSet]) -> Message:
    """`taken`: all ports of a claim that others want, so that one range clears all of them."""
    one, other, transports, shared = clash
    certain = not one.allocated and not other.allocated
    remedies = [remedy for claim in (one, other) if (remedy := _remedy(claim, taken[claim]))]
    apart = [*remedies, "put the roles on different machines"]
    return Message.about(
        "port-clash" if certain else "port-overlap",
        place,
        one=one.role,
        other=other.role,
        transports=" and ".join(name.value.upper() for name in transports),
        ports=shared,
        remedy=", or ".join(remedies if one.role in (other.role, OPERATING_SYSTEM) else apart),
    )


def _remedy(claim: Claim, shared: PortSet) -> str:
    """What to write so that the claim leaves the shared ports; empty where nothing can be written."""
    if not claim.overridable:
        return ""
    if not claim.allocated:
        return f"set ports.{claim.role}.{claim.key} to another port"
    # RTP uses an even port and the odd one above it, so a range begins on an even port.
    free = [
        PortRange(first + first % 2, last)
        for first, last in claim.ports - shared
        if first + first % 2 <= last
    ]
    if not free:
        return f"set ports.{claim.role}.{claim.key} to other ports"
    widest = max(free, key=lambda part: (part.last - part.first, part))
    return f"set ports.{claim.role}.{claim.key} to {widest}"


def _written_key(role: str, key: str, ports: Mapping[tuple[str, str], PortSet]) -> str:
    """`media` sets both transports of a role that has one range for each, while the two are the same."""
    if not key.startswith("media_"):
        return key
    parts = {own for (name, part), own in ports.items() if (name, part[:6]) == (role, "media_")}
    return "media" if len(parts) == 1 else key


@lru_cache(maxsize=1024)
def _find_ephemeral(
    fixed: frozenset[tuple[str, PortSet]], catalogue: Catalogue
) -> Sequence[tuple[str, PortRange, Sequence[str]]]:
    """Fixed ports that an operating system may hand to another program before the role starts."""
    found = []
    for system, preset in catalogue.ephemeral.items():
        handed_out = PortSet((preset,))
        inside: dict[str, PortSet] = {}
        for role, ports in fixed:
            shared = ports & handed_out
            if shared and catalogue.roles[role].kind != "phone":
                inside[role] = inside.get(role, NO_PORTS) | shared
        if inside:
            found.append(
                (system, preset, [f"{role} {own}" for role, own in sorted(inside.items())])
            )
    return found
