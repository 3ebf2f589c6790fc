"""Whether a packet may pass, at each end, by which rules and for which flows."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from swyx_components.catalogue import Catalogue, Transport
from swyx_components.installation.model import Egress
from swyx_components.planner.minimise import NEUTRAL
from swyx_components.planner.model import (
    Direction,
    Endpoint,
    HostGroup,
    Protocol,
    RenderedGroup,
    RenderedSite,
    Required,
    Rule,
    SitePlan,
    Spec,
)
from swyx_components.planner.places import Host, Place
from swyx_components.sets.ports import PortRange, PortSet
from swyx_components.sets.prefixes import Prefix, join_intervals


class Packet(NamedTuple):
    """What is sent: `port` None for ICMP, `source_port` None where any will do."""

    protocol: Protocol
    port: int | None
    source_port: int | None = None

    def __str__(self) -> str:
        source = f" from source port {self.source_port}" if self.source_port else ""
        return f"{self.protocol.value}{f' {self.port}' if self.port else ''}{source}"


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """One end's answer. `group` is empty where no rule of the plan stands: a network, the outside.

    `specs` are the rules that let it pass; without any it is closed, unless `left_to_others`.
    """

    host: Host
    direction: Direction
    group: str
    specs: tuple[Spec, ...] = ()
    left_to_others: bool = False

    @property
    def allows(self) -> bool:
        return bool(self.specs) or self.left_to_others or not self.group


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The answer for one pair of hosts.

    `flows` are those that the packet belongs to; `nearest` the one that comes closest where the
    packet may not pass. `by_summary`: flows whose rules let it pass only because a site stands as its
    summary in the rules of the other. `same_machine`: it never leaves the machine and meets no rule.
    `ends` is empty then, and where the hosts have no IP version in common.
    """

    source: Host
    destination: Host
    packet: Packet
    ends: tuple[End, ...] = ()
    flows: tuple[Required, ...] = ()
    extra_rules: tuple[str, ...] = ()
    nearest: Required | None = None
    by_summary: tuple[Required, ...] = ()
    same_machine: bool = False

    @property
    def allowed(self) -> bool:
        if self.same_machine:
            return True
        return any(end.group for end in self.ends) and all(end.allows for end in self.ends)


SiteOf = Callable[[str], RenderedSite]


def explain(
    source: Place, destination: Place, packet: Packet, site_of: SiteOf
) -> list[Explanation]:
    """The answer for every pair of the hosts that two words mean.

    Machines of one group have the same rules, so one pair speaks for all of them. A pair of the same
    machine, or one where no rules stand, is left out if there are others.
    """
    pairs = [(one, other) for one in source.hosts for other in destination.hosts]
    judged = [pair for pair in pairs if _is_judged(*pair)] or pairs
    alike = {tuple(_kind(host, site_of) for host in pair): pair for pair in reversed(judged)}
    return [explain_pair(*pair, packet, site_of) for pair in reversed(alike.values())]


def _is_judged(one: Host, other: Host) -> bool:
    return one != other and (one.machine is not None or other.machine is not None)


def _kind(host: Host, site_of: SiteOf) -> tuple[str, str]:
    """What hosts with the same rules have in common."""
    group = _group_of(site_of(host.site).plan, host) if host.machine is not None else None
    return host.site, host.label if group is None else f"group {group.name}"


def explain_pair(source: Host, destination: Host, packet: Packet, site_of: SiteOf) -> Explanation:
    """The answer for one pair; allowed over any IP version that both have is allowed."""
    if source.machine is not None and source.machine == destination.machine:
        return Explanation(source=source, destination=destination, packet=packet, same_machine=True)
    answers = [
        _explain_version(version, source, destination, packet, site_of)
        for version in sorted(_versions(source) & _versions(destination))
    ]
    none = Explanation(source=source, destination=destination, packet=packet)
    return next((answer for answer in answers if answer.allowed), (*answers, none)[0])


def _versions(host: Host) -> set[int]:
    return {prefix.version for prefix in host.prefixes}


def _explain_version(
    version: int, source: Host, destination: Host, packet: Packet, site_of: SiteOf
) -> Explanation:
    one, other = (_only(version, host) for host in (source, destination))
    plans = [site_of(name).plan for name in dict.fromkeys((one.site, other.site)) if name]
    flows = list(_flows_of(plans))
    ends = (
        _judge_end(one, other, Direction.OUT, packet, site_of),
        _judge_end(other, one, Direction.IN, packet, site_of),
    )
    return Explanation(
        source=one,
        destination=other,
        packet=packet,
        ends=ends,
        flows=tuple(flow for flow in flows if carries(flow, one, other, packet)),
        extra_rules=tuple(
            sorted({f for end in ends for s in end.specs for f in s.flows if ":" in f})
        ),
        nearest=find_nearest(flows, one, other, packet),
        by_summary=tuple(
            flow
            for flow in flows
            if all(end.allows for end in ends)
            and not carries(flow, one, other, packet)
            and carries(_as_summaries(flow, one, other), one, other, packet)
        ),
    )


def _only(version: int, host: Host) -> Host:
    return host._replace(prefixes=tuple(p for p in host.prefixes if p.version == version))


def _flows_of(plans: Iterable[SitePlan]) -> Iterator[Required]:
    """The flows of one or two sites; those between them are in both plans."""
    seen = set()
    for plan in plans:
        for flow in plan.flows:
            key = (_named(flow.initiator), _named(flow.responder), flow.flow, flow[2], flow[4:])
            if key not in seen:
                seen.add(key)
                yield flow


def _named(endpoint: Endpoint) -> tuple[str, str]:
    return endpoint.site, endpoint.label


def _judge_end(own: Host, peer: Host, direction: Direction, packet: Packet, site_of: SiteOf) -> End:
    if own.machine is None:
        return End(host=own, direction=direction, group="")
    rendered = site_of(own.site)
    entry = next(e for e in rendered.groups if own.machine in e.group.machines)
    open_egress = rendered.plan.egress is Egress.OPEN and direction is Direction.OUT
    peer_group = _group_of(rendered.plan, peer)
    passing = [
        spec
        for spec in entry.specs
        if spec.allow and spec.direction is direction and _fits(spec, packet)
    ]
    by_name = tuple(spec for spec in passing if _names(spec, peer_group))
    by_address = tuple(spec for spec in passing if any(map(_touches(peer), spec.prefixes)))
    holders = [prefix for spec in by_address for prefix in spec.prefixes]
    covering = by_address if _covered(peer.prefixes, holders) else ()
    return End(
        host=own,
        direction=direction,
        group=entry.group.name,
        specs=_unconditional((*by_name, *covering)),
        left_to_others=open_egress,
    )


def _group_of(plan: SitePlan, host: Host) -> HostGroup | None:
    if host.machine is None or host.site != plan.site:
        return None
    return next(group for group in plan.groups if host.machine in group.machines)


def _names(spec: Spec, group: HostGroup | None) -> bool:
    if group is None:
        return False
    return group.name in spec.groups or not set(group.identities).isdisjoint(spec.identities)


def _touches(host: Host) -> Callable[[Prefix], bool]:
    return lambda prefix: any(map(prefix.overlaps, host.prefixes))


def _fits(spec: Spec, packet: Packet) -> bool:
    if spec.protocol is Protocol.ANY:
        return True
    if spec.protocol is not packet.protocol:
        return False
    return _has(spec.ports, packet.port) and _has(spec.source_ports, packet.source_port)


def _has(ports: PortSet | None, port: int | None) -> bool:
    return ports is None or port is None or ports.covers(PortRange(port, port))


def _covered(wanted: Iterable[Prefix], holders: Sequence[Prefix]) -> bool:
    """Whether every address is in some of the prefixes."""
    for prefix in wanted:
        joined = join_intervals(p.interval for p in holders if p.version == prefix.version)
        if not any(first <= prefix.first and prefix.last <= last for first, last in joined):
            return False
    return True


def _unconditional(specs: tuple[Spec, ...]) -> tuple[Spec, ...]:
    """The rules for any source port where there are such, else all."""
    return tuple(spec for spec in specs if spec.source_ports is None) or specs


# ---- flows


def carries(flow: Required, source: Host, destination: Host, packet: Packet) -> bool:
    """Whether the packet is one of the flow's."""
    return (
        flow.transport.value == packet.protocol.value
        and packet.port is not None
        and flow.ports.covers(PortRange(packet.port, packet.port))
        and (
            packet.source_port is None
            or flow.source_ports is None
            or flow.source_ports.contains(PortRange(packet.source_port, packet.source_port))
        )
        and _is_end(flow.initiator, source)
        and _is_end(flow.responder, destination)
    )


def _as_summaries(flow: Required, source: Host, destination: Host) -> Required:
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
        return endpoint.site == host.site and host.machine in endpoint.group.machines
    return bool(host.prefixes) and _covered(host.prefixes, endpoint.prefixes)


def find_nearest(
    flows: Sequence[Required], source: Host, destination: Host, packet: Packet
) -> Required | None:
    """The flow that comes closest: between the same two, else to the same port of the destination."""
    scored = [
        (score, place)
        for place, flow in enumerate(flows)
        if (score := _distance(flow, source, destination, packet)) is not None
    ]
    return flows[min(scored)[1]] if scored else None


def _distance(
    flow: Required, source: Host, destination: Host, packet: Packet
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


# ---- the neutral plan in the form of a cloud's


def render_neutral(plan: SitePlan) -> RenderedSite:
    """The plan's own rules as specs, for a site that is bound to no cloud."""
    groups = tuple(
        RenderedGroup(group=group, specs=tuple(map(_neutral_spec, group.rules)))
        for group in plan.groups
    )
    return RenderedSite(plan=plan, abilities=NEUTRAL, groups=groups)


def _neutral_spec(rule: Rule) -> Spec:
    return Spec(
        direction=rule.direction,
        protocol=rule.protocol,
        ports=PortSet((rule.ports,)) if rule.ports else None,
        source_ports=PortSet((rule.source_ports,)) if rule.source_ports else None,
        groups=(rule.group,) if rule.group else (),
        prefixes=rule.cidrs,
        flows=rule.flows,
        lines=rule.lines,
    )


def describe_flow(flow: Required, catalogue: Catalogue) -> str:
    """`C1 SwyxIt to SwyxServer, tcp 135, 40000-40199: why (stated, kb2308 L115 L72)`."""
    row = catalogue.flows[flow.flow]
    lines = " ".join(f"L{line}" for line in row.lines)
    source = f" from source ports {flow.source_ports}" if flow.source_ports else ""
    ends = " to ".join(
        role or endpoint.label
        for endpoint, role in (
            (flow.initiator, flow.initiator_role),
            (flow.responder, flow.responder_role),
        )
    )
    transport: Transport = flow.transport
    return (
        f"{flow.flow} {ends}, {transport.value} {flow.ports}{source}: {row.purpose} "
        f"({row.evidence.value}, kb2308 {lines})"
    )
