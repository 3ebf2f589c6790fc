"""Whether a packet may pass: what the rules of each end say, and for which flows; for explain and call."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache, partial
from typing import NamedTuple

from swyx_components.analysis.explain.places import Host
from swyx_components.catalogue import Catalogue
from swyx_components.installation.model import Egress
from swyx_components.planner.endpoints import Endpoint, Flow
from swyx_components.planner.flows import SiteFlows, derive_flows
from swyx_components.planner.model import (
    Direction,
    HostGroup,
    Protocol,
    RenderedSite,
    Rule,
    SitePlan,
)
from swyx_components.planner.topology import Topology
from swyx_components.sets.ports import PortRange, PortSet
from swyx_components.sets.prefixes import WIDTH, Prefix, join_intervals


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

    `rules` are the rules that allow it; without any it is closed, unless `left_to_others`. `peers` are
    the machines of the group of this site that rules allow by name.
    """

    host: Host
    direction: Direction
    group: str
    rules: tuple[Rule, ...] = ()
    peers: tuple[str, ...] = ()
    left_to_others: bool = False

    @property
    def allows(self) -> bool:
        """Whether it allows the packet; without any group, everything is allowed."""
        return bool(self.rules) or self.left_to_others or not self.group


class Passage(Enum):
    """What becomes of a packet. OUTSIDE: no rules are generated at either end."""

    ALLOWED = "allowed"
    DENIED = "denied"
    SAME_MACHINE = "same machine"
    OUTSIDE = "outside"


class Crossing(NamedTuple):
    """One packet between two hosts, and what becomes of it.

    `ends` is empty where no rule was asked: on the same machine, and where the hosts have no IP version in
    common. `backwards`: an answer, from a call's receiver to its sender.
    """

    source: Host
    destination: Host
    packet: Packet
    passage: Passage
    ends: tuple[End, ...] = ()
    backwards: bool = False


SiteOf = Callable[[str], RenderedSite]


def pick_pairs(
    sources: Sequence[Host], destinations: Sequence[Host], site_of: SiteOf
) -> list[tuple[Host, Host]]:
    """One pair of hosts for all that the rules treat the same.

    Machines of one group with the same IP versions have the same rules, so one pair speaks for all of
    them. A pair of the same machine is left out if there are others.
    """
    pairs = [(one, other) for one in sources for other in destinations]
    apart = [pair for pair in pairs if not _is_one(*pair)] or pairs
    by_kind = {tuple(_kind(host, site_of) for host in pair): pair for pair in reversed(apart)}
    return list(reversed(by_kind.values()))


def _kind(host: Host, site_of: SiteOf) -> tuple[object, ...]:
    """What hosts with the same rules have in common."""
    group = _group_of(site_of(host.site).plan, host) if host.managed else None
    if group is None:
        return host.site, host.label, host.prefixes
    return host.site, group.name, frozenset(prefix.version for prefix in host.prefixes)


def _is_one(source: Host, destination: Host) -> bool:
    """Whether both are the same machine; of a network they are two of its hosts."""
    return source.is_machine and source.owner == destination.owner


def cross(source: Host, destination: Host, packet: Packet, site_of: SiteOf) -> Crossing:
    """What becomes of a packet, over the first IP version that allows it, or that both hosts have.

    The hosts have their addresses of that version.
    """
    denied = Crossing(source, destination, packet, Passage.DENIED)
    if _is_one(source, destination):
        return denied._replace(passage=Passage.SAME_MACHINE)
    for version in WIDTH:
        one, other = (
            host._replace(prefixes=tuple(p for p in host.prefixes if p.version == version))
            for host in (source, destination)
        )
        if one.prefixes and other.prefixes:
            sending = _evaluate_end(one, other, Direction.OUT, packet, site_of)
            receiving = _evaluate_end(other, one, Direction.IN, packet, site_of)
            crossing = Crossing(one, other, packet, Passage.DENIED, (sending, receiving))
            if not sending.group and not receiving.group:
                return crossing._replace(passage=Passage.OUTSIDE)
            if sending.allows and receiving.allows:
                return crossing._replace(passage=Passage.ALLOWED)
            denied = denied if denied.ends else crossing
    return denied


def _evaluate_end(
    own: Host, peer: Host, direction: Direction, packet: Packet, site_of: SiteOf
) -> End:
    if not own.managed:
        return End(host=own, direction=direction, group="")
    rendered = site_of(own.site)
    entry = next(e for e in rendered.groups if own.owner in e.group.members)
    rules = tuple(
        rule
        for rule in entry.rules
        if rule.allow and rule.direction is direction and _fits(rule, packet)
    )
    group = _group_of(rendered.plan, peer)
    by_name = (rule for rule in rules if group is not None and group.name in rule.groups)
    by_address = tuple(
        rule
        for rule in rules
        if any(prefix.overlaps(its) for prefix in rule.prefixes for its in peer.prefixes)
    )
    # Addresses of the peer that no rule holds would be stopped: all of them together, or it does not pass.
    holders = [prefix for rule in by_address for prefix in rule.prefixes]
    passing = (*by_name, *(by_address if _is_covered(peer.prefixes, holders) else ()))
    return End(
        host=own,
        direction=direction,
        group=entry.group.name,
        rules=tuple(rule for rule in passing if rule.source_ports is None) or passing,
        peers=tuple(member.name for member in group.members) if group else (),
        left_to_others=rendered.plan.egress is Egress.OPEN and direction is Direction.OUT,
    )


def _group_of(plan: SitePlan, host: Host) -> HostGroup | None:
    if not host.managed or host.site != plan.site:
        return None
    return next(group for group in plan.groups if host.owner in group.members)


def _fits(rule: Rule, packet: Packet) -> bool:
    return rule.protocol is Protocol.ANY or (
        rule.protocol is packet.protocol
        and _has_port(rule.ports, packet.port)
        and _has_port(rule.source_ports, packet.source_port)
    )


def _has_port(ports: PortSet | None, port: int | None) -> bool:
    """Whether a port is among those of a rule or flow, None being any of them."""
    return ports is None or port is None or ports.covers(PortRange(port, port))


def _is_covered(wanted: Iterable[Prefix], holders: Sequence[Prefix]) -> bool:
    """Whether every address is in some of the prefixes."""
    for prefix in wanted:
        joined = join_intervals(p.interval for p in holders if p.version == prefix.version)
        if not any(first <= prefix.first and prefix.last <= last for first, last in joined):
            return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The answer for one pair of hosts.

    `flows` are those that the packet belongs to; `nearest` the one that comes closest where the
    packet may not pass. `by_summary`: flows whose rules allow it only because a site stands as its
    summary in the rules of the other.
    """

    crossing: Crossing
    flows: tuple[Flow, ...] = ()
    extra_rules: tuple[str, ...] = ()
    nearest: Flow | None = None
    by_summary: tuple[Flow, ...] = ()

    @property
    def outside(self) -> bool:
        """Whether neither end is in a cloud: a firewall of the customer's own carries the packet."""
        return self.crossing.passage is Passage.OUTSIDE

    @property
    def allowed(self) -> bool:
        """Whether it may pass: by the rules of both ends; outside the cloud, by a flow of the article."""
        if self.outside:
            return bool(self.flows)
        return self.crossing.passage in (Passage.ALLOWED, Passage.SAME_MACHINE)


def explain(
    sources: Sequence[Host],
    destinations: Sequence[Host],
    packet: Packet,
    site_of: SiteOf,
    topology: Topology,
) -> list[Explanation]:
    """The answer for every pair of the hosts that two words mean, like pairs once."""
    pairs = pick_pairs(sources, destinations, site_of)
    all_flows = cache(partial(derive_flows, topology, hosts_of_networks=True))
    return [explain_pair(*pair, packet, site_of, all_flows) for pair in pairs]


_AllFlows = Callable[[str], SiteFlows]  # of a site, with those outside the cloud, which no plan has


def explain_pair(
    source: Host, destination: Host, packet: Packet, site_of: SiteOf, all_flows: _AllFlows
) -> Explanation:
    """The answer for one pair; allowed over any IP version that both have is allowed."""
    crossing = cross(source, destination, packet, site_of)
    if not crossing.ends:
        return Explanation(crossing=crossing)
    hosts = (crossing.source, crossing.destination)
    sites = dict.fromkeys(host.site for host in hosts if host.site)
    plans = [
        all_flows(name) if crossing.passage is Passage.OUTSIDE else site_of(name).plan
        for name in sites
    ]
    # Flows between the two sites are in both plans.
    flows = list({flow.content(): flow for plan in plans for flow in plan.flows}.values())
    own = [flow for flow in flows if carries(flow, *hosts, packet)]
    rules = [rule for end in crossing.ends for rule in end.rules]
    open_ends = all(end.allows for end in crossing.ends)
    others = [flow for flow in flows if flow not in own] if open_ends else ()
    return Explanation(
        crossing=crossing,
        flows=tuple(own),
        extra_rules=tuple(sorted({f for rule in rules for f in rule.flows if ":" in f})),
        nearest=_find_nearest(flows, *hosts, packet),
        by_summary=tuple(f for f in others if carries(f, *hosts, packet, by_summary=True)),
    )


def carries(
    flow: Flow, source: Host, destination: Host, packet: Packet, by_summary: bool = False
) -> bool:
    """Whether the packet is one of the flow's; `by_summary`: a site stands as its summary at others."""
    source_ports = PortSet((flow.source_ports,)) if flow.source_ports else None
    return (
        flow.transport.value == packet.protocol.value
        and packet.port is not None
        and _has_port(flow.ports, packet.port)
        and _has_port(source_ports, packet.source_port)
        and _is_end(flow.initiator, source, destination.site if by_summary else None)
        and _is_end(flow.responder, destination, source.site if by_summary else None)
    )


def _is_end(endpoint: Endpoint, host: Host, seen_from: str | None = None) -> bool:
    """Whether the host is (part of) the endpoint, by name or by address; from a site by its summary there."""
    summary = endpoint.summary if seen_from not in (None, endpoint.site) else ()
    if endpoint.group is not None and not summary:
        return host.managed and endpoint.site == host.site and host.label in endpoint.members
    return bool(host.prefixes) and _is_covered(host.prefixes, summary or endpoint.prefixes)


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
    other_protocol, port = int(flow.transport.value != packet.protocol.value), packet.port
    away = 0
    if port is not None:
        away = min(max(part.first - port, port - part.last, 0) for part in flow.ports)
    to_destination = _is_end(flow.responder, destination)
    if to_destination and _is_end(flow.initiator, source):
        return (0, other_protocol, away)
    if to_destination and not other_protocol and not away:
        return (1, 0, 0)
    backward = _is_end(flow.initiator, destination) and _is_end(flow.responder, source)
    return (2, other_protocol, away) if backward else None


def describe_flow(flow: Flow, catalogue: Catalogue) -> str:
    """`C1 SwyxIt to SwyxServer, tcp 135, 40000-40199: why (stated, kb2308 L115 L72)`."""
    row = catalogue.flows[flow.flow]
    source = f" from source ports {flow.source_ports}" if flow.source_ports else ""
    ends = (
        f"{flow.initiator_role or flow.initiator.label} to "
        f"{flow.responder_role or flow.responder.label}"
    )
    return (
        f"{flow.flow} {ends}, {flow.transport.value} {flow.ports}{source}: {row.purpose} "
        f"({row.evidence.value}, {row.citation})"
    )
