"""An existing firewall against what a site's calls need: what is missing, what is open without need, how
grave each finding is, and what to change.

Requirements come straight from the flows and extra rules, as in the proof; no rule of the plan takes part.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import chain

from swyx_components.analysis.deployed.reachability import (
    Packets,
    ReachabilityDiff,
    Requirement,
    diff_reachability,
    find_requirements,
    join_packets,
)
from swyx_components.analysis.deployed.ruleset import AclEntry, AttachmentPoint, Firewall
from swyx_components.analysis.explain.places import hosts_of
from swyx_components.catalogue import Evidence, FlowRow, Phase
from swyx_components.installation.check import NEVER_PUBLIC
from swyx_components.installation.model import Egress, Installation
from swyx_components.planner.model import Direction, HostGroup, Protocol, Rule, SitePlan
from swyx_components.planner.requirements import extra_flow
from swyx_components.sets.ports import PortRange, PortSet
from swyx_components.sets.prefixes import WIDTH, Interval, Prefix, join_intervals

# What a search from outside tries first, beside what the catalogue names.
_ADMINISTRATION = {
    "SSH": PortRange(22, 22),
    "Telnet": PortRange(23, 23),
    "RPC": PortRange(135, 135),
    "NetBIOS": PortRange(137, 139),
    "SMB": PortRange(445, 445),
    "SQL Server": PortRange(1433, 1434),
    "VNC": PortRange(5900, 5900),
}
_CERTAINTY = (Evidence.STATED, Evidence.INFERRED, Evidence.OPTIONAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingAccess:
    """One end of a flow that the firewall stops, in whole or in part.

    `row` is None for an extra rule, whose `reason` the installation gives. `stopped_by` are the layers
    that stop it, `unless` entries with unresolved peers that may yet allow it.
    """

    machine: str
    requirement: Requirement
    packets: tuple[Packets, ...]
    stopped_by: tuple[str, ...]
    unless: tuple[AclEntry, ...] = ()
    row: FlowRow | None = None
    reason: str = ""

    @property
    def rank(self) -> tuple[object, ...]:
        """What the article states comes first, then what it implies, then the site's own rules."""
        certainty = _CERTAINTY.index(self.row.evidence) if self.row else len(_CERTAINTY)
        direction, protocol, ports, _, _, flow, peer, reply, _ = self.requirement
        return reply, certainty, flow, self.machine, direction, peer, protocol, ports


@dataclass(frozen=True, slots=True, kw_only=True)
class UnneededAccess:
    """What one rule allows and nothing needs: `packets` at any machine, and those of each machine.

    `needed_by` are flows that need another part of it there, `needed_elsewhere` those that need it at other
    machines behind the same rule.
    """

    entry: AclEntry
    by_machine: Mapping[str, tuple[Packets, ...]]
    packets: tuple[Packets, ...]
    needed_by: tuple[str, ...]
    needed_elsewhere: tuple[str, ...]
    public: bool
    administration: tuple[str, ...]

    @property
    def machines(self) -> tuple[str, ...]:
        """The machines at which it is open."""
        return tuple(self.by_machine)

    @property
    def rank(self) -> tuple[object, ...]:
        """Who may come in from outside, then administration, then many packets; inbound before outbound."""
        inbound = self.entry.direction is Direction.IN
        return (
            not (inbound and self.public),
            not inbound,
            not self.public,
            not self.administration,
            -sum(each.size for each in self.packets),
            self.entry.owner,
            self.entry.label,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockedService:
    """A phase of which no packet passes at a machine."""

    machine: str
    phase: Phase
    flows: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """The findings at one site, worst first.

    `unsure` are entries whose other side, or protocol, can't be compared with any flow, with the machines.
    """

    site: str
    firewall: Firewall
    machines: tuple[str, ...]
    blocked: tuple[BlockedService, ...]
    missing: tuple[MissingAccess, ...]
    unneeded: tuple[UnneededAccess, ...]
    unsure: tuple[tuple[AclEntry, tuple[str, ...]], ...] = ()

    @property
    def clean(self) -> bool:
        """Whether nothing is missing, nothing open without need and nothing left unjudged."""
        return not (self.missing or self.unneeded or self.unsure or self.firewall.is_partial)


class Step(Enum):
    """What to do about a rule; the value is its mark in a list."""

    KEEP = "="
    ADD = "+"
    REMOVE = "-"
    NARROW = "~"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remediation:
    """One group of the plan: its rules, each there or to be added, and what to do about existing ones."""

    group: HostGroup
    rules: tuple[tuple[Step, Rule], ...]
    existing: tuple[tuple[Step, UnneededAccess], ...]


def audit_site(plan: SitePlan, firewall: Firewall, installation: Installation) -> Audit:
    """Compare a site's existing firewall with its flows and extra rules."""
    auditor = _Auditor(plan, firewall, installation)
    return Audit(
        site=plan.site,
        firewall=firewall,
        machines=tuple(sorted(auditor.requirements)),
        blocked=tuple(auditor.find_blocked()),
        missing=tuple(sorted(auditor.find_missing(), key=lambda each: each.rank)),
        unneeded=tuple(sorted(auditor.find_unneeded(), key=lambda each: each.rank)),
        unsure=tuple(auditor.find_unsure()),
    )


class _Auditor:
    """One site: `requirements` and what was `found` by machine, over all of its addresses.

    `holders` are the machines before which a rule stands, each with whether replies need it too.
    """

    def __init__(self, plan: SitePlan, firewall: Firewall, installation: Installation) -> None:
        self.plan = plan
        self.firewall = firewall
        self.installation = installation
        self.holders: dict[AclEntry, dict[str, bool]] = {}
        by_machine: dict[str, list[AttachmentPoint]] = {}
        for seat in firewall.seats:
            by_machine.setdefault(seat.machine, []).append(seat)
            stateless = all(layer.stateless for layer in seat.layers)
            for entry in seat.layers[0].entries:
                self.holders.setdefault(entry, {})[seat.machine] = stateless
        self.requirements = {name: find_requirements(plan, name) for name in by_machine}
        self.found: dict[str, ReachabilityDiff] = {
            name: diff_reachability(seats, self.requirements[name], plan.machine(name).addresses)
            for name, seats in by_machine.items()
        }

    def find_missing(self) -> Iterator[MissingAccess]:
        """One for each machine and requirement, regardless of the number of its addresses."""
        rows = self.installation.catalogue.flows
        reasons = {extra_flow(self.plan.site, rule): rule.reason for rule in self.plan.extra_rules}
        for machine, found in self.found.items():
            for requirement, packets in found.missing.items():
                yield MissingAccess(
                    machine=machine,
                    requirement=requirement,
                    packets=join_packets(packets, by_source=True),
                    stopped_by=tuple(sorted(found.stopped_by[requirement])),
                    unless=tuple(sorted(found.unless[requirement], key=_by_label)),
                    row=rows.get(requirement.flow),
                    reason=reasons.get(requirement.flow, ""),
                )

    def find_blocked(self) -> Iterator[BlockedService]:
        """Each phase of which there are requirements and none of them passes, by machine."""
        rows = self.installation.catalogue.flows
        for machine, found in sorted(self.found.items()):
            own = [r for r in self.requirements[machine] if not r.reply and r.flow in rows]
            for phase in sorted(Phase, key=lambda phase: phase.value):
                of_phase = {each for each in own if rows[each.flow].phase is phase}
                lost = of_phase & found.missing.keys()
                if lost and not of_phase & found.passing:
                    flows = tuple(sorted({requirement.flow for requirement in lost}))
                    yield BlockedService(machine=machine, phase=phase, flows=flows)

    def find_unneeded(self) -> Iterator[UnneededAccess]:
        """One for each rule, over all machines at which some of it is open without need."""
        merged: dict[AclEntry, dict[str, list[Packets]]] = {}
        for machine, found in self.found.items():
            for entry, packets in found.open.items():
                if self._is_planned(entry):
                    merged.setdefault(entry, {})[machine] = packets
        known = self._find_known()
        for entry, machines in merged.items():
            own = {name: join_packets(machines[name]) for name in sorted(machines)}
            (joined, *others) = own.values()
            if others:
                joined = join_packets(chain(*machines.values()))
            elsewhere = [name for name in self.holders[entry] if name not in machines]
            yield UnneededAccess(
                entry=entry,
                by_machine=own,
                packets=joined,
                needed_by=self._flows_using(entry, machines),
                needed_elsewhere=self._flows_using(entry, elsewhere),
                public=any(not _is_known(each, known) for each in joined),
                administration=self._find_administration(entry, joined),
            )

    def _is_planned(self, entry: AclEntry) -> bool:
        """Whether the plan covers its direction: not outbound where egress is unmanaged."""
        return entry.direction is Direction.IN or self.plan.egress is Egress.CLOSED

    def _flows_using(self, entry: AclEntry, machines: Iterable[str]) -> tuple[str, ...]:
        """The flows that need a part of a rule at any of these machines."""
        flows = {
            requirement.flow
            for machine in machines
            for requirement in self.requirements[machine]
            if requirement.direction is entry.direction
            and requirement.protocol in entry.protocols
            and requirement.ports & entry.ports
            and (self.holders[entry][machine] or not requirement.reply)
            and any(one.overlaps(other) for one in requirement.peers for other in entry.peers)
        }
        return tuple(sorted(flows))

    def _find_known(self) -> Mapping[int, Sequence[Interval]]:
        """Not the public's addresses: private by definition, a site's own, or the platform's."""
        prefixes = [*NEVER_PUBLIC, *self.firewall.platform]
        for site in self.installation.sites.values():
            prefixes += [prefix for host in hosts_of(site) for prefix in host.prefixes]
        return {
            version: join_intervals(p.interval for p in prefixes if p.version == version)
            for version in WIDTH
        }

    def _find_administration(self, entry: AclEntry, packets: Iterable[Packets]) -> tuple[str, ...]:
        """The services of administration (`SSH 22`) that some of the packets reach; none outbound."""
        services = {**self.installation.catalogue.administration_ports, **_ADMINISTRATION}
        ports = PortSet.union_of(
            part for each in packets if each.protocol is Protocol.TCP for part in each.ports
        )
        return tuple(
            f"{name} {own}"
            for name, own in services.items()
            if entry.direction is Direction.IN and ports & PortSet((own,))
        )

    def find_unsure(self) -> Iterator[tuple[AclEntry, tuple[str, ...]]]:
        """Rules whose other side the files do not tell, and allowed protocols that no flow has."""
        found: dict[AclEntry, set[str]] = {}
        for seat in self.firewall.seats:
            for layer in seat.layers:
                for entry in layer.entries:
                    planned = self._is_planned(entry)
                    strange = entry.allow and not entry.protocols and layer is seat.layers[0]
                    if (entry.unresolved and (planned or not entry.allow)) or (strange and planned):
                        found.setdefault(entry, set()).add(seat.machine)
        for entry in sorted(found, key=_by_label):
            yield entry, tuple(sorted(found[entry]))


def _by_label(entry: AclEntry) -> tuple[str, str]:
    return entry.owner, entry.label


def _is_known(packets: Packets, known: Mapping[int, Sequence[Interval]]) -> bool:
    """Whether all of their peers are among addresses that are not the public's."""
    first, last = packets.peers
    return any(low <= first and last <= high for low, high in known[packets.version])


# ---- what to change


def remediate(plan: SitePlan, audit: Audit) -> Iterator[Remediation]:
    """The plan's groups, of which at least one machine was audited, in their order."""
    for group in plan.groups:
        names = {machine.name for machine in group.machines}
        if names & set(audit.machines):
            missing = [each for each in audit.missing if each.machine in names]
            yield Remediation(
                group=group,
                rules=tuple(
                    (Step.ADD if _is_missing(rule, plan, missing) else Step.KEEP, rule)
                    for rule in group.rules
                ),
                existing=tuple(
                    (Step.NARROW if each.needed_by or each.needed_elsewhere else Step.REMOVE, each)
                    for each in audit.unneeded
                    if names & set(each.machines)
                ),
            )


def _is_missing(rule: Rule, plan: SitePlan, missing: Iterable[MissingAccess]) -> bool:
    """Whether any packet of a rule is among those that do not pass."""
    machines = [machine for name in rule.groups for machine in plan.group(name).machines]
    peers = rule.prefixes or [address for machine in machines for address in machine.addresses]
    return any(
        each.requirement.direction is rule.direction
        and each.requirement.protocol is rule.protocol
        and not each.requirement.reply
        and any(_meets(rule, peers, packets) for packets in each.packets)
        for each in missing
    )


def _meets(rule: Rule, peers: Iterable[Prefix], packets: Packets) -> bool:
    first, last = packets.peers
    return (rule.ports is None or bool(packets.ports & rule.ports)) and any(
        peer.version == packets.version and peer.first <= last and first <= peer.last
        for peer in peers
    )
