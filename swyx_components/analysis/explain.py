"""Whether a packet may pass: what the rules of each end say, and for which flows; for explain and call."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from functools import cache, partial
from itertools import chain
from operator import itemgetter
from typing import NamedTuple

from swyx_components.analysis.places import Host
from swyx_components.catalogue.model import Catalogue
from swyx_components.installation.model import Egress
from swyx_components.planner.endpoints import Endpoint, Flow
from swyx_components.planner.flows import SiteFlows, derive_flows
from swyx_components.planner.model import PROTOCOL_OF, Direction, Protocol, RenderedSite, Rule
from swyx_components.planner.requirements import extra_flow
from swyx_components.planner.topology import Topology
from swyx_components.sets.ports import PortRange, PortSet
from swyx_components.sets.prefixes import WIDTH, Prefix, collapse_prefixes


class Packet(NamedTuple):
    """What is sent: `port` None for ICMP, `source_port` None where any will do."""

    protocol: Protocol
    port: int | None
    source_port: int | None = None

    def __str__(self) -> str:
        source = f" from source port {self.source_port}" if self.source_port else ""
        return f"{self.protocol.value}{f' {self.port}' if self.port else ''}{source}"


class End(NamedTuple):
    """One end's answer. `group` is empty where no rule of the plan stands: a network, the outside.

    `rules` are the rules that allow it; without any it is closed, unless `left_to_others`. `peers` are
    the machines of the group of this site that rules allow by name.
    """

    host: Host
    direction: Direction
    group: str = ""
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
    """One packet between two hosts.

    `ends` is empty where no rule was asked: on the same machine, and where the hosts have no IP version in
    common. `backwards`: an answer, from a call's receiver to its sender.
    """

    source: Host
    destination: Host
    packet: Packet
    ends: tuple[End, ...] = ()
    backwards: bool = False

    @property
    def passage(self) -> Passage:
        """What becomes of it."""
        if _is_one(self.source, self.destination):
            return Passage.SAME_MACHINE
        if not self.ends or not all(end.allows for end in self.ends):
            return Passage.DENIED
        return Passage.ALLOWED if any(end.group for end in self.ends) else Passage.OUTSIDE


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
    if not host.managed:
        return host.site, host.label, host.prefixes
    group = site_of(host.site).plan.groups_by_machine()[host.label]
    return host.site, group.name, frozenset(prefix.version for prefix in host.prefixes)


def _is_one(source: Host, destination: Host) -> bool:
    """Whether both are the same machine; of a network they are two of its hosts."""
    return source.is_machine and source.owner == destination.owner


def cross(source: Host, destination: Host, packet: Packet, site_of: SiteOf) -> Crossing:
    """A packet over the first IP version that allows it, or that both hosts have.

    The hosts have their addresses of that version.
    """
    found = Crossing(source, destination, packet)
    for version in WIDTH if found.passage is Passage.DENIED else ():
        one, other = (
            host._replace(prefixes=tuple(p for p in host.prefixes if p.version == version))
            for host in (source, destination)
        )
        if one.prefixes and other.prefixes:
            sending = _evaluate_end(one, other, Direction.OUT, packet, site_of)
            receiving = _evaluate_end(other, one, Direction.IN, packet, site_of)
            crossing = Crossing(one, other, packet, (sending, receiving))
            if crossing.passage is not Passage.DENIED:
                return crossing
            found = found if found.ends else crossing
    return found


def _evaluate_end(
    own: Host, peer: Host, direction: Direction, packet: Packet, site_of: SiteOf
) -> End:
    if not own.managed:
        return End(own, direction)
    rendered = site_of(own.site)
    entry = next(e for e in rendered.groups if own.owner in e.group.members)
    is_near = peer.managed and peer.site == own.site
    group = rendered.plan.groups_by_machine()[peer.label] if is_near else None
    rules = [
        rule
        for rule in entry.rules
        if rule.allow
        and rule.direction is direction
        and (
            rule.protocol is Protocol.ANY
            or _takes(rule.protocol, rule.ports, rule.source_ports, packet)
        )
    ]
    passing = [rule for rule in rules if group is not None and group.name in rule.groups]
    by_address = [
        rule
        for rule in rules
        if any(p.overlaps(its) for p in rule.prefixes for its in peer.prefixes)
    ]
    # Addresses of the peer that no rule holds would be stopped: all of them together, or it does not pass.
    if _is_covered(peer.prefixes, (prefix for rule in by_address for prefix in rule.prefixes)):
        passing += by_address
    allowing = tuple([rule for rule in passing if rule.source_ports is None] or passing)
    peers = tuple(member.name for member in group.members) if group else ()
    left_to_others = rendered.plan.egress is Egress.OPEN and direction is Direction.OUT
    return End(own, direction, entry.group.name, allowing, peers, left_to_others)


def _takes(
    protocol: Protocol, ports: PortSet | None, source_ports: PortSet | None, packet: Packet
) -> bool:
    """Whether a rule or flow is for such packets, None being any port."""
    own = ((ports, packet.port), (source_ports, packet.source_port))
    return protocol is packet.protocol and all(
        some is None or port is None or some.covers(PortRange(port, port)) for some, port in own
    )


def _is_covered(wanted: Iterable[Prefix], holders: Iterable[Prefix]) -> bool:
    """Whether every address is in some of the prefixes."""
    joined = collapse_prefixes(holders)
    return all(any(own.contains(prefix) for own in joined) for prefix in wanted)


class Explanation(NamedTuple):
    """The answer for one pair of hosts.

    `flows` are those that the packet belongs to; `nearest` the one that comes closest where the
    packet may not pass. `by_summary`: flows whose rules allow it only because a site stands as its
    summary in the rules of the other. `reasons`: of the extra rules that allow it, by id. `remedies` would
    allow it, None where they were not looked for; `detour`: see `what_if`.
    """

    crossing: Crossing
    flows: tuple[Flow, ...] = ()
    reasons: Mapping[str, str] = {}
    nearest: Flow | None = None
    by_summary: tuple[Flow, ...] = ()
    remedies: tuple[str, ...] | None = None
    detour: str = ""

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

    def cited(self, catalogue: Catalogue) -> set[int]:
        """The lines that its rules and flows cite."""
        flows = (*self.flows, *self.by_summary, *filter(None, (self.nearest,)))
        rules = (rule.lines for end in self.crossing.ends for rule in end.rules)
        return set(chain(*rules, *(catalogue.flows[flow.flow].lines for flow in flows)))


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
    return [_explain_pair(cross(*pair, packet, site_of), site_of, all_flows) for pair in pairs]


def _explain_pair(
    crossing: Crossing, site_of: SiteOf, all_flows: Callable[[str], SiteFlows]
) -> Explanation:
    """The answer for one pair; `all_flows` of a site, with those outside the cloud, which no plan has."""
    if not crossing.ends:
        return Explanation(crossing)
    sites = dict.fromkeys(host.site for host in crossing[:2] if host.site)
    outside = crossing.passage is Passage.OUTSIDE
    plans = [] if outside else [site_of(name).plan for name in sites]
    # Flows between the two sites are in both plans.
    known = [*map(all_flows, sites)] if outside else plans
    flows = {flow.content(): flow for plan in known for flow in plan.flows}.values()
    own = [flow for flow in flows if carries(flow, crossing)]
    used = {flow for end in crossing.ends for rule in end.rules for flow in rule.flows}
    extra = {extra_flow(plan.site, one): one.reason for plan in plans for one in plan.extra_rules}
    others = [flow for flow in flows if crossing.passage is not Passage.DENIED and flow not in own]
    by_summary = tuple(flow for flow in others if carries(flow, crossing, by_summary=True))
    near = [(far, flow) for flow in flows if (far := _distance(flow, crossing)) is not None]
    nearest = min(near, key=itemgetter(0), default=(None, None))[1]
    reasons = {id: extra[id] for id in sorted(used & extra.keys())}
    return Explanation(crossing, tuple(own), reasons, nearest, by_summary)


def carries(flow: Flow, crossing: Crossing, by_summary: bool = False) -> bool:
    """Whether the packet is one of the flow's; `by_summary`: a site stands as its summary at others."""
    source, destination, packet = crossing[:3]
    source_ports = PortSet((flow.source_ports,)) if flow.source_ports else None
    return (
        _takes(PROTOCOL_OF[flow.transport], flow.ports, source_ports, packet)
        and _is_end(flow.initiator, source, destination.site if by_summary else None)
        and _is_end(flow.responder, destination, source.site if by_summary else None)
    )


def _is_end(endpoint: Endpoint, host: Host, seen_from: str | None = None) -> bool:
    """Whether the host is (part of) the endpoint, by name or by address; from a site by its summary there."""
    summary = endpoint.summary if seen_from not in (None, endpoint.site) else ()
    if endpoint.group is not None and not summary:
        return host.managed and endpoint.site == host.site and host.label in endpoint.members
    return bool(host.prefixes) and _is_covered(host.prefixes, summary or endpoint.prefixes)


def _distance(flow: Flow, crossing: Crossing) -> tuple[int, int, int] | None:
    """How far a flow is from the packet; None where they have nothing in common.

    The nearest are those between the same two, then those to the same port of the destination.
    """
    source, destination, packet = crossing[:3]
    other_protocol, port = int(PROTOCOL_OF[flow.transport] is not packet.protocol), packet.port
    gaps = [max(part.first - port, port - part.last, 0) for part in flow.ports if port is not None]
    away = min(gaps, default=0)
    to_destination = _is_end(flow.responder, destination)
    if to_destination and _is_end(flow.initiator, source):
        return (0, other_protocol, away)
    if to_destination and not other_protocol and not away:
        return (1, 0, 0)
    backward = _is_end(flow.initiator, destination) and _is_end(flow.responder, source)
    return (2, other_protocol, away) if backward else None
