"""Host groups and needs by hand, for tests of one package: what a telephone engineer would write down."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from swyx_components.catalogue.load import load_catalogue
from swyx_components.installation.model import Installation, Machine
from swyx_components.planner.describe import Provenance
from swyx_components.planner.endpoints import Peer, PeerKind
from swyx_components.planner.model import (
    Access,
    AccessSet,
    Direction,
    HostGroup,
    Protocol,
    Requirements,
    Rule,
)
from swyx_components.sets.ports import NO_PORTS, PortRange, PortSet
from swyx_components.sets.prefixes import Prefix


class Requirement(NamedTuple):
    """One end of one flow, before all that a peer is allowed is put together."""

    direction: Direction
    protocol: Protocol
    ports: PortSet
    source_ports: PortRange | None
    peer: Peer
    flow: str


def gather(needs: Iterable[Requirement]) -> Requirements:
    """What each peer is allowed."""
    by_peer: dict[Peer, list[Access]] = {}
    for direction, protocol, ports, source, peer, flow in needs:
        by_peer.setdefault(peer, []).append((direction, protocol, ports, source, flow))
    return Requirements((peer, AccessSet(access)) for peer, access in by_peer.items())


def need(line: str, flow: str = "M2") -> Requirement:
    """`in udp 51000-51499 from 10.1.0.0/24,10.2.0.0/24 source 50000-50099`; a peer `@SwyxGate` is a group.

    Ports are separated by `+`; ICMP has `-` for them.
    """
    words = line.split()
    direction, protocol, ports, _, peer = words[:5]
    source = PortRange.parse(words[6]) if len(words) > 5 else None
    port_set = (
        NO_PORTS if ports == "-" else PortSet.union_of(map(PortRange.parse, ports.split("+")))
    )
    party = (
        Peer(PeerKind.GROUP, peer[1:].lower())
        if peer.startswith("@")
        else Peer(PeerKind.CIDRS, peer, tuple(map(Prefix.parse, peer.split(","))))
    )
    return Requirement(Direction(direction), Protocol(protocol), port_set, source, party, flow)


def bare_installation(**quotas: Mapping[str, int]) -> Installation:
    """Nothing but the article and some quotas by cloud, for plans that are made by hand."""
    return Installation(file="", catalogue=load_catalogue(), sites={}, quotas=quotas)


def group(
    *needs: Requirement, addresses: str = "10.1.0.10", roles: str = "SwyxServer"
) -> HostGroup:
    """A group of one machine with these needs."""
    names = tuple(roles.split())
    machine = Machine(
        name="box", addresses=tuple(map(Prefix.parse, addresses.split())), roles=names
    )
    return HostGroup(
        name="-".join(map(str.lower, names)),
        site="aachen",
        roles=names,
        machines=(machine,),
        requirements=gather(needs),
        rules=(),
    )


def provenance(**reasons: str) -> Provenance:
    """The article's flows, and extra rules `extra_0="reason"` of the site."""
    named = {f"extra:aachen:{key.removeprefix('extra_')}": text for key, text in reasons.items()}
    return Provenance(catalogue=load_catalogue(), reasons=named)


def told(spec: Rule) -> str:
    """A spec in the grammar of `need`, a deny as `deny ...`."""
    ports = "-" if spec.ports is None else "+".join(map(str, spec.ports))
    peers = [f"@@{name}" for name in spec.groups]
    peers += map(str, spec.prefixes)
    towards = "from" if spec.direction is Direction.IN else "to"
    source = f" source {'+'.join(map(str, spec.source_ports))}" if spec.source_ports else ""
    deny = "" if spec.allow else "deny "
    return f"{deny}{spec.direction.value} {spec.protocol.value} {ports} {towards} {','.join(peers)}{source}"
