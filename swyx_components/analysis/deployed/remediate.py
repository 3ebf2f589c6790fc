"""What a standing firewall would have to change to become the plan: rules to add, rules to take away."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from swyx_components.analysis.deployed.findings import Audit, MissingAccess, UnneededAccess
from swyx_components.analysis.deployed.reachability import Packets
from swyx_components.planner.model import HostGroup, Rule, SitePlan
from swyx_components.sets.prefixes import Prefix


class Step(Enum):
    """What to do about a rule; the value is its mark in a list."""

    KEEP = "="
    ADD = "+"
    REMOVE = "-"
    NARROW = "~"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remediation:
    """One group of the plan: its rules, each there or to be added, and what to do about those that stand."""

    group: HostGroup
    rules: tuple[tuple[Step, Rule], ...]
    standing: tuple[tuple[Step, UnneededAccess], ...]


def remediate(plan: SitePlan, audit: Audit) -> Iterator[Remediation]:
    """The plan's groups, of which at least one machine was judged, in their order."""
    addresses = {
        group.name: tuple(a for m in group.machines for a in m.addresses) for group in plan.groups
    }
    for group in plan.groups:
        names = {machine.name for machine in group.machines}
        if names & set(audit.machines):
            lacks = [lack for lack in audit.lacks if lack.machine in names]
            yield Remediation(
                group=group,
                rules=tuple(
                    (Step.ADD if _is_lacking(rule, addresses, lacks) else Step.KEEP, rule)
                    for rule in group.rules
                ),
                standing=tuple(
                    (_step_for(opening), opening)
                    for opening in audit.openings
                    if names & set(opening.machines)
                ),
            )


def _step_for(opening: UnneededAccess) -> Step:
    return Step.NARROW if opening.needed_by or opening.needed_elsewhere else Step.REMOVE


def _is_lacking(
    rule: Rule, addresses: dict[str, tuple[Prefix, ...]], lacks: Iterable[MissingAccess]
) -> bool:
    """Whether any packet of a rule is among those that do not pass."""
    peers = rule.cidrs or addresses.get(rule.group, ())
    return any(
        lack.demand.direction is rule.direction
        and lack.demand.protocol is rule.protocol
        and not lack.demand.reply
        and any(_meets(rule, peers, packets) for packets in lack.packets)
        for lack in lacks
    )


def _meets(rule: Rule, peers: Iterable[Prefix], packets: Packets) -> bool:
    first, last = packets.peers
    ports = rule.ports is None or any(part.overlaps(rule.ports) for part in packets.ports)
    return ports and any(
        peer.version == packets.version and peer.first <= last and first <= peer.last
        for peer in peers
    )
