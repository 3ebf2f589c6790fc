"""An existing firewall against what a site's calls need: what is missing, what is open without need.

Demands come straight from the flows and extra rules, as in the proof; no rule of the plan takes part.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from swyx_components.catalogue import Catalogue, Evidence, FlowRow, Phase
from swyx_components.installation.check import NEVER_PUBLIC
from swyx_components.installation.model import Egress, Installation
from swyx_components.planner.deployed.demands import demands_of
from swyx_components.planner.deployed.measure import (
    Demand,
    Measured,
    Packets,
    join_packets,
    measure,
)
from swyx_components.planner.deployed.standing import Entry, Firewall, Seat
from swyx_components.planner.model import Direction, Protocol, SitePlan
from swyx_components.planner.rules import extra_flow
from swyx_components.sets.ports import PortRange, PortSet
from swyx_components.sets.prefixes import join_intervals

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
_MOST_ADDRESSES = (
    1 << 32
)  # of an IPv6 range that count, so that one such range does not outweigh all


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """One end of a flow that the firewall stops, in whole or in part.

    `row` is None for an extra rule, whose `reason` the installation gives. `stopped_by` are the layers
    that stop it, `unless` entries with unresolved peers that may yet let it pass.
    """

    machine: str
    demand: Demand
    packets: tuple[Packets, ...]
    stopped_by: tuple[str, ...]
    unless: tuple[Entry, ...] = ()
    row: FlowRow | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What one rule lets pass and nothing needs: `packets` at any machine, and those of each machine.

    `needed_by` are flows that need another part of it there, `needed_elsewhere` those that need it at other
    machines behind the same rule.
    """

    entry: Entry
    by_machine: Mapping[str, tuple[Packets, ...]]
    packets: tuple[Packets, ...]
    needed_by: tuple[str, ...]
    needed_elsewhere: tuple[str, ...]
    public: bool
    administration: tuple[str, ...]

    @property
    def machines(self) -> tuple[str, ...]:
        return tuple(self.by_machine)

    @property
    def size(self) -> int:
        """Addresses times ports."""
        return sum(each.size for each in self.packets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standstill:
    """A phase of which no packet passes at a machine."""

    machine: str
    phase: Phase
    flows: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """The judgement of one site; lists are ranked, the worst first.

    `unsure` are entries whose other side, or protocol, can't be compared with any flow, with the machines.
    """

    site: str
    firewall: Firewall
    judged: tuple[str, ...]
    standstills: tuple[Standstill, ...]
    lacks: tuple[Lack, ...]
    openings: tuple[Opening, ...]
    unsure: tuple[tuple[Entry, tuple[str, ...]], ...] = field(default=())

    @property
    def clean(self) -> bool:
        """Whether nothing is missing, nothing open without need and nothing left unjudged."""
        return not (self.lacks or self.openings or self.unsure or self.firewall.is_partial)


def audit_site(plan: SitePlan, firewall: Firewall, installation: Installation) -> Audit:
    """Judge a site's standing firewall."""
    machines = {
        machine.name: (group, machine) for group in plan.groups for machine in group.machines
    }
    wanted = {
        name: demands_of(plan, *machines[name])
        for name in {seat.machine for seat in firewall.seats}
    }
    measured = [
        (seat, measure(seat, wanted[seat.machine], machines[seat.machine][1].addresses))
        for seat in firewall.seats
    ]
    catalogue = installation.catalogue
    reasons = {extra_flow(plan.site, rule): rule.reason for rule in plan.extra_rules}
    lacks = _find_lacks(measured, catalogue, reasons)
    openings = _find_openings(measured, wanted, plan.egress, _Look(installation, firewall))
    return Audit(
        site=plan.site,
        firewall=firewall,
        judged=tuple(sorted(wanted)),
        standstills=tuple(sorted(_find_standstills(measured, wanted, catalogue), key=_by_place)),
        lacks=tuple(sorted(lacks, key=_gravity_of_lack)),
        openings=tuple(sorted(openings, key=_gravity_of_opening)),
        unsure=tuple(_find_unsure(firewall.seats, plan.egress)),
    )


# ---- findings

_Measures = Sequence[tuple[Seat, Measured]]
_Wanted = Mapping[str, Sequence[Demand]]


def _find_lacks(
    measured: _Measures, catalogue: Catalogue, reasons: Mapping[str, str]
) -> Iterator[Lack]:
    """One for each machine and demand, whatever the number of its addresses."""
    merged: dict[tuple[str, Demand], list[Measured]] = {}
    for seat, found in measured:
        for demand in found.missing:
            merged.setdefault((seat.machine, demand), []).append(found)
    for (machine, demand), members in merged.items():
        yield Lack(
            machine=machine,
            demand=demand,
            packets=join_packets(
                (p for found in members for p in found.missing[demand]), by_source=True
            ),
            stopped_by=tuple(sorted({n for f in members for n in f.stopped_by[demand]})),
            unless=tuple(dict.fromkeys(e for f in members for e in f.unless.get(demand, ()))),
            row=catalogue.flows.get(demand.flow),
            reason=reasons.get(demand.flow, ""),
        )


def _find_openings(
    measured: _Measures, wanted: _Wanted, egress: Egress, look: "_Look"
) -> Iterator[Opening]:
    """One for each rule, over all machines at which some of it is open without need."""
    merged: dict[Entry, dict[str, list[Packets]]] = {}
    for seat, found in measured:
        for entry, packets in found.open.items():
            if entry.direction is Direction.IN or egress is Egress.CLOSED:
                merged.setdefault(entry, {}).setdefault(seat.machine, []).extend(packets)
    needs = _Needs([seat for seat, _ in measured], wanted)
    for entry, machines in merged.items():
        joined = join_packets(each for own in machines.values() for each in own)
        yield Opening(
            entry=entry,
            by_machine={name: join_packets(machines[name]) for name in sorted(machines)},
            packets=joined,
            needed_by=needs.of(entry, machines),
            needed_elsewhere=needs.of(entry, needs.behind(entry) - set(machines)),
            public=any(look.is_public(p) for p in joined),
            administration=look.administration_in(entry, joined),
        )


class _Needs:
    """Which flows need a part of a rule at the machines before which it stands."""

    def __init__(self, seats: Iterable[Seat], wanted: _Wanted) -> None:
        self._wanted = wanted
        self._standing: dict[Entry, dict[str, bool]] = {}
        for seat in seats:
            stateless = all(layer.stateless for layer in seat.layers)
            for layer in seat.layers[:1]:
                for entry in layer.entries:
                    self._standing.setdefault(entry, {})[seat.machine] = stateless

    def behind(self, entry: Entry) -> set[str]:
        """The machines before which a rule stands."""
        return set(self._standing[entry])

    def of(self, entry: Entry, machines: Iterable[str]) -> tuple[str, ...]:
        return tuple(
            sorted(
                {
                    demand.flow
                    for machine in machines
                    for demand in self._wanted[machine]
                    if _concerns(entry, demand)
                    and (self._standing[entry][machine] or not demand.reply)
                }
            )
        )


def _concerns(entry: Entry, demand: Demand) -> bool:
    return (
        demand.direction is entry.direction
        and demand.protocol in entry.protocols
        and bool(demand.ports & entry.ports)
        and any(one.overlaps(other) for one in demand.peers for other in entry.peers)
    )


class _Look:
    """What makes an opening grave: who can reach it, and what is behind it."""

    def __init__(self, installation: Installation, firewall: Firewall) -> None:
        # Not the public's: private by definition, a site's own, or the platform's.
        prefixes = [*NEVER_PUBLIC, *firewall.platform]
        for site in installation.sites.values():
            prefixes += [address for machine in site.machines for address in machine.addresses]
            prefixes += [cidr for network in site.networks for cidr in network.cidrs]
        self._known = {
            version: join_intervals(p.interval for p in prefixes if p.version == version)
            for version in (4, 6)
        }
        self._services = {**installation.catalogue.administration_ports, **_ADMINISTRATION}

    def is_public(self, packets: Packets) -> bool:
        first, last = packets.peers
        known = self._known[packets.version]
        return not any(low <= first and last <= high for low, high in known)

    def administration_in(self, entry: Entry, packets: Iterable[Packets]) -> tuple[str, ...]:
        if entry.direction is Direction.OUT:
            return ()
        ports = PortSet.union_of(
            part for each in packets if each.protocol is Protocol.TCP for part in each.ports
        )
        return tuple(
            f"{name} {own}" for name, own in self._services.items() if ports & PortSet((own,))
        )


def _find_standstills(
    measured: _Measures, wanted: _Wanted, catalogue: Catalogue
) -> Iterator[Standstill]:
    passing: dict[str, set[Demand]] = {}
    lost: dict[str, set[Demand]] = {}
    for seat, found in measured:
        passing.setdefault(seat.machine, set()).update(found.passing)
        lost.setdefault(seat.machine, set()).update(found.missing)
    for machine, demands in wanted.items():
        for phase in Phase:
            of_phase = {
                demand
                for demand in demands
                if not demand.reply
                and demand.flow in catalogue.flows
                and catalogue.flows[demand.flow].phase is phase
                and demand in lost.get(machine, set()) | passing.get(machine, set())
            }
            if of_phase and not of_phase & passing[machine]:
                flows = tuple(sorted({demand.flow for demand in of_phase}))
                yield Standstill(machine=machine, phase=phase, flows=flows)


def _find_unsure(seats: Iterable[Seat], egress: Egress) -> Iterator[tuple[Entry, tuple[str, ...]]]:
    """Rules whose other side the files do not tell, and allowed protocols that no flow has."""
    found: dict[Entry, set[str]] = {}
    for seat in seats:
        for layer in seat.layers:
            for entry in layer.entries:
                judged = entry.direction is Direction.IN or egress is Egress.CLOSED
                strange = entry.allow and not entry.protocols and layer is seat.layers[0]
                if (entry.unresolved and (judged or not entry.allow)) or (strange and judged):
                    found.setdefault(entry, set()).add(seat.machine)
    for entry, machines in sorted(found.items(), key=lambda item: (item[0].owner, item[0].label)):
        yield entry, tuple(sorted(machines))


# ---- ranking

_CERTAINTY = (Evidence.STATED, Evidence.INFERRED, Evidence.OPTIONAL)


def _by_place(found: Standstill) -> tuple[str, str]:
    return found.machine, found.phase.value


def _gravity_of_lack(lack: Lack) -> tuple[object, ...]:
    """What the article states comes first, then what it implies, then the site's own rules."""
    certainty = _CERTAINTY.index(lack.row.evidence) if lack.row else len(_CERTAINTY)
    demand = lack.demand
    return (
        demand.reply,
        certainty,
        demand.flow,
        lack.machine,
        demand.direction,
        demand.peer,
        demand.protocol,
        demand.ports,
    )


def _gravity_of_opening(opening: Opening) -> tuple[object, ...]:
    """Who may come in from outside, then administration, then many packets; inbound before outbound."""
    inbound = opening.entry.direction is Direction.IN
    return (
        not (inbound and opening.public),
        not inbound,
        not opening.public,
        not opening.administration,
        -opening.size,
        opening.entry.owner,
        opening.entry.label,
    )
