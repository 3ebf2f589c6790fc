"""What must pass at one machine: both ends of every flow, extra rules, and the ways back."""

from collections.abc import Iterable, Iterator, Sequence

from swyx_components.analysis.deployed.reachability import Requirement
from swyx_components.analysis.deployed.ruleset import ICMP_TYPES
from swyx_components.installation.model import Machine
from swyx_components.planner.model import (
    PROTOCOL_OF,
    Direction,
    Endpoint,
    HostGroup,
    Protocol,
    SitePlan,
)
from swyx_components.planner.requirements import extra_flow
from swyx_components.sets.ports import ALL_PORTS, PortSet
from swyx_components.sets.prefixes import Prefix

# Where an answer goes whose question came from a port that nobody fixed: what AWS advises for network ACLs.
_EPHEMERAL = PortSet.of((1024, 65535))


def demands_of(plan: SitePlan, group: HostGroup, machine: Machine) -> tuple[Requirement, ...]:
    """Every end of a flow or extra rule at a machine, and the ways back."""
    found: list[Requirement] = []
    for flow in plan.flows:
        source = PortSet((flow.source_ports,)) if flow.source_ports else ALL_PORTS
        for direction, own, peer in (
            (Direction.OUT, flow.initiator, flow.responder),
            (Direction.IN, flow.responder, flow.initiator),
        ):
            if own.group is not None and (own.site, own.label) == (plan.site, group.name):
                found += _both_ways(
                    Requirement(
                        direction,
                        PROTOCOL_OF[flow.transport],
                        flow.ports,
                        source,
                        _without(peer.prefixes, machine),
                        flow.flow,
                        _called(peer, plan.site),
                    )
                )
    for rule in plan.extra_rules:
        if rule.machine == machine.name:
            for protocol, peers in _by_protocol(rule.protocol, rule.peers):
                ports = rule.ports if protocol.has_ports else ICMP_TYPES
                flow_id = extra_flow(plan.site, rule)
                direction = Direction(rule.direction)
                found += _both_ways(
                    Requirement(
                        direction, protocol, ports, ALL_PORTS, peers, flow_id, "the peers it names"
                    )
                )
    return tuple(dict.fromkeys(demand for demand in found if demand.peers))


def _without(prefixes: Iterable[Prefix], machine: Machine) -> tuple[Prefix, ...]:
    return tuple(prefix for prefix in prefixes if prefix not in machine.addresses)


def _called(peer: Endpoint, site: str) -> str:
    return peer.label if peer.site in ("", site) else f"{peer.site}/{peer.label}"


def _by_protocol(
    name: str, peers: Sequence[Prefix]
) -> Iterator[tuple[Protocol, tuple[Prefix, ...]]]:
    if name != "icmp":
        yield Protocol(name), tuple(peers)
        return
    for version, protocol in ((4, Protocol.ICMP), (6, Protocol.ICMPV6)):
        yield protocol, tuple(peer for peer in peers if peer.version == version)


def _both_ways(demand: Requirement) -> Iterator[Requirement]:
    """The demand, and its answers for whoever keeps no connections in mind."""
    yield demand
    back = Direction.IN if demand.direction is Direction.OUT else Direction.OUT
    if demand.protocol.has_ports:
        ports = _EPHEMERAL if demand.source_ports == ALL_PORTS else demand.source_ports
        yield demand._replace(direction=back, ports=ports, source_ports=demand.ports, reply=True)
    else:
        yield demand._replace(direction=back, reply=True)
