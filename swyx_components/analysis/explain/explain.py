"""Whether a packet may pass, at each end, by which rules and for which flows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from swyx_components.analysis.explain.ends import (
    Crossing,
    Packet,
    Passage,
    SiteOf,
    cross,
    has_port,
    is_covered,
    pick_pairs,
)
from swyx_components.analysis.explain.places import Host
from swyx_components.catalogue import Catalogue
from swyx_components.planner.model import Endpoint, Flow, SitePlan
from swyx_components.sets.ports import PortSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The answer for one pair of hosts.

    `flows` are those that the packet belongs to; `nearest` the one that comes closest where the
    packet may not pass. `by_summary`: flows whose rules let it pass only because a site stands as its
    summary in the rules of the other.
    """

    crossing: Crossing
    flows: tuple[Flow, ...] = ()
    extra_rules: tuple[str, ...] = ()
    nearest: Flow | None = None
    by_summary: tuple[Flow, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether it may pass: at both ends, of which one at least is under a group."""
        return self.crossing.passage in (Passage.ALLOWED, Passage.SAME_MACHINE)


def explain(
    sources: Sequence[Host], destinations: Sequence[Host], packet: Packet, site_of: SiteOf
) -> list[Explanation]:
    """The answer for every pair of the hosts that two words mean, like pairs once."""
    pairs = pick_pairs(sources, destinations, site_of)
    return [explain_pair(*pair, packet, site_of) for pair in pairs]


def explain_pair(source: Host, destination: Host, packet: Packet, site_of: SiteOf) -> Explanation:
    """The answer for one pair; allowed over any IP version that both have is allowed."""
    crossing = cross(source, destination, packet, site_of)
    if not crossing.ends:
        return Explanation(crossing=crossing)
    hosts = (crossing.source, crossing.destination)
    sites = dict.fromkeys(host.site for host in hosts if host.site)
    flows = _flows_of(site_of(name).plan for name in sites)
    own = [flow for flow in flows if carries(flow, *hosts, packet)]
    rules = [rule for end in crossing.ends for rule in end.rules]
    open_ends = all(end.allows for end in crossing.ends)
    others = [flow for flow in flows if flow not in own] if open_ends else ()
    return Explanation(
        crossing=crossing,
        flows=tuple(own),
        extra_rules=tuple(sorted({f for rule in rules for f in rule.flows if ":" in f})),
        nearest=_find_nearest(flows, *hosts, packet),
        by_summary=tuple(f for f in others if carries(_as_summaries(f, *hosts), *hosts, packet)),
    )


def _flows_of(plans: Iterable[SitePlan]) -> list[Flow]:
    """The flows of one or two sites; those between them are in both plans."""
    found: dict[tuple[object, ...], Flow] = {}
    for plan in plans:
        for flow in plan.flows:
            key = (((e.site, e.label) if isinstance(e, Endpoint) else e) for e in flow)
            found.setdefault(tuple(key), flow)
    return list(found.values())


def carries(flow: Flow, source: Host, destination: Host, packet: Packet) -> bool:
    """Whether the packet is one of the flow's."""
    source_ports = PortSet((flow.source_ports,)) if flow.source_ports else None
    return (
        flow.transport.value == packet.protocol.value
        and packet.port is not None
        and has_port(flow.ports, packet.port)
        and has_port(source_ports, packet.source_port)
        and _is_end(flow.initiator, source)
        and _is_end(flow.responder, destination)
    )


def _as_summaries(flow: Flow, source: Host, destination: Host) -> Flow:
    """The flow between all addresses that stand for its two ends at each other's sites."""
    return flow._replace(
        initiator=_as_summary(flow.initiator, destination.site),
        responder=_as_summary(flow.responder, source.site),
    )


def _as_summary(endpoint: Endpoint, site: str) -> Endpoint:
    if not endpoint.summary or endpoint.site == site:
        return endpoint
    return replace(endpoint, prefixes=endpoint.summary, group=None)


def _is_end(endpoint: Endpoint, host: Host) -> bool:
    """Whether the host is (part of) the endpoint, by name or by address."""
    if endpoint.group is not None:
        names = {machine.name for machine in endpoint.group.machines}
        return host.machine is not None and endpoint.site == host.site and host.label in names
    return bool(host.prefixes) and is_covered(host.prefixes, endpoint.prefixes)


def _find_nearest(
    flows: Sequence[Flow], source: Host, destination: Host, packet: Packet
) -> Flow | None:
    """The flow that comes closest: between the same two, else to the same port of the destination."""
    scored = [
        (score, place)
        for place, flow in enumerate(flows)
        if (score := _distance(flow, source, destination, packet)) is not None
    ]
    return flows[min(scored)[1]] if scored else None


def _distance(
    flow: Flow, source: Host, destination: Host, packet: Packet
) -> tuple[int, int, int] | None:
    """How far a flow is from the packet; None where they have nothing in common."""
    forward = _is_end(flow.initiator, source) and _is_end(flow.responder, destination)
    backward = _is_end(flow.initiator, destination) and _is_end(flow.responder, source)
    other_protocol = int(flow.transport.value != packet.protocol.value)
    away = _ports_away(flow.ports, packet.port)
    if forward:
        return (0, other_protocol, away)
    if _is_end(flow.responder, destination) and not other_protocol and not away:
        return (1, 0, 0)
    return (2, other_protocol, away) if backward else None


def _ports_away(ports: PortSet, port: int | None) -> int:
    if port is None:
        return 0
    return min(max(part.first - port, port - part.last, 0) for part in ports)


def describe_flow(flow: Flow, catalogue: Catalogue) -> str:
    """`C1 SwyxIt to SwyxServer, tcp 135, 40000-40199: why (stated, kb2308 L115 L72)`."""
    row = catalogue.flows[flow.flow]
    lines = " ".join(f"L{line}" for line in row.lines)
    source = f" from source ports {flow.source_ports}" if flow.source_ports else ""
    ends = (
        f"{flow.initiator_role or flow.initiator.label} to "
        f"{flow.responder_role or flow.responder.label}"
    )
    return (
        f"{flow.flow} {ends}, {flow.transport.value} {flow.ports}{source}: {row.purpose} "
        f"({row.evidence.value}, kb2308 {lines})"
    )
