"""What the rules of each end say to one packet: the answer behind `explain` and `call`."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from swyx_components.analysis.explain.places import Host
from swyx_components.installation.model import Egress
from swyx_components.planner.model import (
    Direction,
    HostGroup,
    Protocol,
    RenderedSite,
    Rule,
    SitePlan,
)
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

    `rules` are the rules that let it pass; without any it is closed, unless `left_to_others`.
    """

    host: Host
    direction: Direction
    group: str
    rules: tuple[Rule, ...] = ()
    left_to_others: bool = False

    @property
    def allows(self) -> bool:
        """Whether it lets the packet pass; where no group stands, everything does."""
        return bool(self.rules) or self.left_to_others or not self.group


class Passage(Enum):
    """What becomes of a packet. OUTSIDE: no rule of the plan stands at either end."""

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

    Machines of one group have the same rules, so one pair speaks for all of them. A pair of the same
    machine, or one where no rules stand, is left out if there are others.
    """
    pairs = [(one, other) for one in sources for other in destinations]
    ruled = [pair for pair in pairs if pair[0] != pair[1] and any(host.machine for host in pair)]
    by_kind = {
        tuple(_kind(host, site_of) for host in pair): pair for pair in reversed(ruled or pairs)
    }
    return list(reversed(by_kind.values()))


def _kind(host: Host, site_of: SiteOf) -> tuple[object, ...]:
    """What hosts with the same rules have in common."""
    group = _group_of(site_of(host.site).plan, host) if host.machine is not None else None
    return (host.site, host.label, host.prefixes) if group is None else (host.site, group.name)


def cross(source: Host, destination: Host, packet: Packet, site_of: SiteOf) -> Crossing:
    """What becomes of a packet, over the first IP version that lets it pass, or that both hosts have.

    The hosts are told with their addresses of that version.
    """
    denied = Crossing(source, destination, packet, Passage.DENIED)
    if source.machine is not None and source.machine == destination.machine:
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
    if own.machine is None:
        return End(host=own, direction=direction, group="")
    rendered = site_of(own.site)
    entry = next(e for e in rendered.groups if own.machine in e.group.machines)
    rules = tuple(
        rule
        for rule in entry.rules
        if rule.allow and rule.direction is direction and _fits(rule, packet)
    )
    passing = _towards(rules, peer, _group_of(rendered.plan, peer))
    return End(
        host=own,
        direction=direction,
        group=entry.group.name,
        rules=tuple(rule for rule in passing if rule.source_ports is None) or passing,
        left_to_others=rendered.plan.egress is Egress.OPEN and direction is Direction.OUT,
    )


def _group_of(plan: SitePlan, host: Host) -> HostGroup | None:
    if host.machine is None or host.site != plan.site:
        return None
    return next(group for group in plan.groups if host.machine in group.machines)


def _towards(rules: Iterable[Rule], peer: Host, group: HostGroup | None) -> tuple[Rule, ...]:
    """The rules that name the peer's group, and those that hold all of its addresses together."""
    by_name = [rule for rule in rules if group is not None and group.name in rule.groups]
    by_address = [
        rule
        for rule in rules
        if any(prefix.overlaps(own) for prefix in rule.prefixes for own in peer.prefixes)
    ]
    holders = [prefix for rule in by_address for prefix in rule.prefixes]
    return (*by_name, *(by_address if is_covered(peer.prefixes, holders) else ()))


def _fits(rule: Rule, packet: Packet) -> bool:
    return rule.protocol is Protocol.ANY or (
        rule.protocol is packet.protocol
        and has_port(rule.ports, packet.port)
        and has_port(rule.source_ports, packet.source_port)
    )


def has_port(ports: PortSet | None, port: int | None) -> bool:
    """Whether a port is among those of a rule or flow, None being any of them."""
    return ports is None or port is None or ports.covers(PortRange(port, port))


def is_covered(wanted: Iterable[Prefix], holders: Sequence[Prefix]) -> bool:
    """Whether every address is in some of the prefixes."""
    for prefix in wanted:
        joined = join_intervals(p.interval for p in holders if p.version == prefix.version)
        if not any(first <= prefix.first and prefix.last <= last for first, last in joined):
            return False
    return True
