"""An existing firewall against what a site's calls need: what is missing, what is open without need, how
grave each finding is, and what to change.

Requirements come straight from the flows and extra rules, as in the proof; no rule of the plan takes part.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from operator import attrgetter
from typing import NamedTuple

from swyx_components.analysis.deployed.reachability import (
    AclEntry,
    AttachmentPoint,
    Firewall,
    Packets,
    Requirement,
    diff_reachability,
    find_requirements,
    join_packets,
)
from swyx_components.catalogue.model import Evidence, FlowRow, Phase
from swyx_components.installation.check import NEVER_PUBLIC
from swyx_components.installation.model import Egress, Installation
from swyx_components.planner.model import Direction, HostGroup, Protocol, Rule, SitePlan
from swyx_components.planner.requirements import extra_flow
from swyx_components.sets.ports import PortRange, PortSet
from swyx_components.sets.prefixes import collapse_prefixes, split_interval

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

_by_label = attrgetter("owner", "label")  # of an entry


class MissingAccess(NamedTuple):
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
        certainty = [*Evidence, None].index(self.row and self.row.evidence)
        direction, protocol, ports, _, _, flow, peer, reply, _ = self.requirement
        return reply, certainty, flow, self.machine, direction, peer, protocol, ports


class UnneededAccess(NamedTuple):
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
    def needed_for(self) -> tuple[str, ...]:
        """The flows that need a part of it, wherever."""
        return tuple(sorted({*self.needed_by, *self.needed_elsewhere}))

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


class BlockedService(NamedTuple):
    """A phase of which no packet passes at a machine."""

    machine: str
    phase: Phase
    flows: tuple[str, ...]


class Audit:
    """A site's existing firewall against its flows and extra rules: the findings, worst first.

    `machines` are those that were audited, `unplaced` those of which no interface was found. `unsure` are
    entries whose other side, or protocol, can't be compared with any flow, with the machines.
    """

    def __init__(self, plan: SitePlan, firewall: Firewall, installation: Installation) -> None:
        self.plan, self.firewall, self._installation = plan, firewall, installation
        self._rows = installation.catalogue.flows
        points: dict[str, list[AttachmentPoint]] = defaultdict(list)
        for point in sorted(firewall.points, key=attrgetter("machine", "address")):
            if point.layers:
                points[point.machine].append(point)
        self._found = {
            name: diff_reachability(
                own, find_requirements(plan, name), plan.machine(name).addresses
            )
            for name, own in points.items()
        }
        self.machines = tuple(points)
        self.unplaced = sorted({*plan.owners.values()} - {*self.machines})
        self.blocked = tuple(self._find_blocked())
        self.missing = tuple(sorted(self._find_missing(), key=lambda each: each.rank))
        self.unneeded = tuple(sorted(self._find_unneeded(), key=lambda each: each.rank))
        self.unsure = tuple(self._find_unsure())

    @property
    def clean(self) -> bool:
        """Whether nothing is missing, nothing open without need and nothing left unjudged."""
        found = self.missing or self.unneeded or self.unsure
        return not (found or self.unplaced or self.firewall.unread)

    def _find_missing(self) -> Iterator[MissingAccess]:
        """One for each machine and requirement, regardless of the number of its addresses."""
        reasons = {extra_flow(self.plan.site, rule): rule.reason for rule in self.plan.extra_rules}
        for machine, found in self._found.items():
            for requirement, packets in found.missing.items():
                yield MissingAccess(
                    machine=machine,
                    requirement=requirement,
                    packets=join_packets(packets, by_source=True),
                    stopped_by=tuple(sorted(found.stopped_by[requirement])),
                    unless=tuple(sorted(found.unless[requirement], key=_by_label)),
                    row=self._rows.get(requirement.flow),
                    reason=reasons.get(requirement.flow, ""),
                )

    def _find_blocked(self) -> Iterator[BlockedService]:
        """Each phase of which there are requirements and none of them passes, by machine."""
        for machine, found in self._found.items():
            for phase in sorted(Phase, key=lambda phase: phase.value):
                of_phase = {id for id, row in self._rows.items() if row.phase is phase}
                lost, passing = (
                    of_phase.intersection(each.flow for each in some if not each.reply)
                    for some in (found.missing, found.passing)
                )
                if lost and not passing:
                    yield BlockedService(machine, phase, tuple(sorted(lost)))

    def _find_unneeded(self) -> Iterator[UnneededAccess]:
        """One for each rule, over all machines at which some of it is open without need."""
        merged: dict[AclEntry, dict[str, list[Packets]]] = defaultdict(dict)
        for machine, found in self._found.items():
            for entry, packets in found.open.items():
                if self._is_planned(entry):
                    merged[entry][machine] = packets
        sites = self._installation.sites.values()
        inside = (prefix for site in sites for own in site.owners for prefix in own.addresses)
        # Not the public's: private by definition, a site's own, or the platform's.
        known = collapse_prefixes((*NEVER_PUBLIC, *self.firewall.platform, *inside))
        for entry, machines in merged.items():
            joined = join_packets(chain(*machines.values()))
            peers = chain(*(split_interval(each.version, each.peers) for each in joined))
            yield UnneededAccess(
                entry=entry,
                by_machine={name: join_packets(own) for name, own in machines.items()},
                packets=joined,
                needed_by=self._flows_using(entry, machines),
                needed_elsewhere=self._flows_using(entry, self._found.keys() - machines.keys()),
                public=not all(any(own.contains(peer) for own in known) for peer in peers),
                administration=self._find_administration(joined),
            )

    def _is_planned(self, entry: AclEntry) -> bool:
        """Whether the plan covers its direction: not outbound where egress is unmanaged."""
        return entry.direction is Direction.IN or self.plan.egress is Egress.CLOSED

    def _flows_using(self, entry: AclEntry, machines: Iterable[str]) -> tuple[str, ...]:
        """The flows that need a part of a rule at any of these machines."""
        own = (self._found[machine].needed_by for machine in machines)
        return tuple(sorted(set().union(*(flows.get(entry, ()) for flows in own))))

    def _find_administration(self, packets: Iterable[Packets]) -> tuple[str, ...]:
        """The services of administration (`SSH 22`) that some of the packets reach; none outbound."""
        services = {**self._installation.catalogue.administration_ports, **_ADMINISTRATION}
        inbound = (Direction.IN, Protocol.TCP)
        tcp = (each.ports for each in packets if (each.direction, each.protocol) == inbound)
        ports = PortSet.union_of(chain(*tcp))
        return tuple(f"{name} {own}" for name, own in services.items() if ports & PortSet((own,)))

    def _find_unsure(self) -> Iterator[tuple[AclEntry, tuple[str, ...]]]:
        """Rules whose other side the files do not tell, and allowed protocols that no flow has."""
        found: dict[AclEntry, set[str]] = defaultdict(set)
        for point in self.firewall.points:
            for layer in point.layers:
                for entry in layer.entries:
                    planned = self._is_planned(entry)
                    strange = entry.allow and not entry.protocols and layer is point.layers[0]
                    if (entry.unresolved and (planned or not entry.allow)) or (strange and planned):
                        found[entry].add(point.machine)
        for entry in sorted(found, key=_by_label):
            yield entry, tuple(sorted(found[entry]))


# ---- what to change


class Remediation(NamedTuple):
    """One group of the plan, those of its rules that are to be added, and existing rules to be removed or,
    where a part of them is needed, narrowed.
    """

    group: HostGroup
    added: frozenset[Rule]
    existing: list[UnneededAccess]


def remediate(audit: Audit) -> Iterator[Remediation]:
    """The plan's groups, of which at least one machine was audited, in their order."""
    for group in audit.plan.groups:
        names = {machine.name for machine in group.machines}.intersection(audit.machines)
        own = (each for each in audit.missing if each.machine in names)
        lost = [one for each in own if not each.requirement.reply for one in each.packets]
        added = (rule for rule in group.rules if _is_missing(rule, audit.plan, lost))
        existing = [each for each in audit.unneeded if names & each.by_machine.keys()]
        if names:
            yield Remediation(group, frozenset(added), existing)


def _is_missing(rule: Rule, plan: SitePlan, lost: Iterable[Packets]) -> bool:
    """Whether any packet of a rule is among those that do not pass."""
    peers = [*rule.prefixes, *chain(*(plan.group(name).addresses for name in rule.groups))]
    what = rule.direction, rule.protocol
    return any(
        (direction, protocol, version) == (*what, peer.version)
        and (rule.ports is None or ports & rule.ports)
        and (peer.first <= run.last and run.first <= peer.last)
        for direction, protocol, version, run, ports, _ in lost
        for peer in peers
    )
