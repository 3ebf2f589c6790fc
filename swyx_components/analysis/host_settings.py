"""What a machine must be set to, as values: made by `hosts`, written by the report."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from swyx_components.catalogue import Listener, Transport
from swyx_components.planner.model import Direction, Protocol
from swyx_components.sets.ports import PortRange, PortSet
from swyx_components.sets.prefixes import Prefix, collapse_prefixes


@dataclass(frozen=True, slots=True, kw_only=True)
class DcomRange:
    """The ports that DCOM must listen on; `decision` is the word written, or the ranges."""

    ports: PortSet
    decision: str
    flows: tuple[str, ...]
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PortSetting:
    """A listener that the plan has on other ports than the article."""

    listener: Listener
    ports: PortSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Packets that the host's own firewall must let pass; `ports` None: ICMP, `source_ports` None: any."""

    direction: Direction
    protocol: Protocol
    ports: PortRange | None
    source_ports: PortRange | None
    peers: tuple[Prefix, ...]
    flows: tuple[str, ...]
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gatekeeper:
    """Whom a role registers at: `discovery` finds nobody across networks, so it must be told."""

    role: str
    machine: str
    addresses: tuple[Prefix, ...]
    port: PortSet
    flows: tuple[str, ...]
    discovery: Listener


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """Listening ports inside the range from which a system hands out ports; `keys` are the listeners."""

    system: str  # the catalogue's preset: windows-2003, windows-2008
    transport: Transport
    ports: PortRange
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSettings:
    """One machine, or the clients of one network, and what they must be set to.

    `roles` are those that run on Windows; where there are none only `gatekeepers` may be set.
    """

    site: str
    name: str
    network: bool
    roles: tuple[str, ...]
    prefixes: tuple[Prefix, ...]
    dcom: DcomRange | None = None
    settings: tuple[PortSetting, ...] = ()
    openings: tuple[Opening, ...] = ()
    gatekeepers: tuple[Gatekeeper, ...] = ()
    reservations: tuple[Reservation, ...] = ()


def cut_by_port(openings: Iterable[Opening]) -> tuple[Opening, ...]:
    """The inbound openings as disjoint port ranges, each with all of its peers; IPv4 only."""
    found: list[Opening] = []
    inbound = [o for o in openings if o.direction is Direction.IN and o.ports is not None]
    for protocol in sorted({opening.protocol for opening in inbound}):
        own = [opening for opening in inbound if opening.protocol is protocol]
        cuts = sorted({cut for o in own if o.ports for cut in (o.ports[0], o.ports[1] + 1)})
        for first, after in pairwise(cuts):
            part = PortRange(first, after - 1)
            there = [o for o in own if o.ports is not None and o.ports.contains(part)]
            peers = collapse_prefixes(p for o in there for p in o.peers if p.version == 4)
            if peers:
                found.append(
                    Opening(
                        direction=Direction.IN,
                        protocol=protocol,
                        ports=part,
                        source_ports=None,
                        peers=peers,
                        flows=tuple(dict.fromkeys(f for o in there for f in o.flows)),
                        lines=tuple(sorted({line for o in there for line in o.lines})),
                    )
                )
    return tuple(found)
