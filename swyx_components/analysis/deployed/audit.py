"""An existing firewall against what a site's calls need: what is missing, what is open without need.

Demands come straight from the flows and extra rules, as in the proof; no rule of the plan takes part.
"""

from collections.abc import Iterable, Iterator, Mapping

from swyx_components.analysis.deployed.exposure import Exposure
from swyx_components.analysis.deployed.findings import (
    Audit,
    BlockedService,
    MissingAccess,
    rank_blocked_services,
    rank_lacks,
    rank_openings,
)
from swyx_components.analysis.deployed.openings import Measures, Wanted, find_openings
from swyx_components.analysis.deployed.reachability import (
    ReachabilityDiff,
    Requirement,
    demands_of,
    diff_reachability,
    join_packets,
)
from swyx_components.analysis.deployed.ruleset import AclEntry, AttachmentPoint, Firewall
from swyx_components.catalogue import Catalogue, Phase
from swyx_components.installation.model import Egress, Installation
from swyx_components.planner.model import Direction, SitePlan
from swyx_components.planner.requirements import extra_flow


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
        (seat, diff_reachability(seat, wanted[seat.machine], machines[seat.machine][1].addresses))
        for seat in firewall.seats
    ]
    catalogue = installation.catalogue
    reasons = {extra_flow(plan.site, rule): rule.reason for rule in plan.extra_rules}
    lacks = _find_lacks(measured, catalogue, reasons)
    openings = find_openings(measured, wanted, plan.egress, Exposure(installation, firewall))
    return Audit(
        site=plan.site,
        firewall=firewall,
        machines=tuple(sorted(wanted)),
        standstills=rank_blocked_services(_find_standstills(measured, wanted, catalogue)),
        lacks=rank_lacks(lacks),
        openings=rank_openings(openings),
        unsure=tuple(_find_unsure(firewall.seats, plan.egress)),
    )


def _find_lacks(
    measured: Measures, catalogue: Catalogue, reasons: Mapping[str, str]
) -> Iterator[MissingAccess]:
    """One for each machine and demand, whatever the number of its addresses."""
    merged: dict[tuple[str, Requirement], list[ReachabilityDiff]] = {}
    for seat, found in measured:
        for demand in found.missing:
            merged.setdefault((seat.machine, demand), []).append(found)
    for (machine, demand), members in merged.items():
        yield MissingAccess(
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


def _find_standstills(
    measured: Measures, wanted: Wanted, catalogue: Catalogue
) -> Iterator[BlockedService]:
    passing: dict[str, set[Requirement]] = {}
    lost: dict[str, set[Requirement]] = {}
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
                yield BlockedService(machine=machine, phase=phase, flows=flows)


def _find_unsure(
    seats: Iterable[AttachmentPoint], egress: Egress
) -> Iterator[tuple[AclEntry, tuple[str, ...]]]:
    """Rules whose other side the files do not tell, and allowed protocols that no flow has."""
    found: dict[AclEntry, set[str]] = {}
    for seat in seats:
        for layer in seat.layers:
            for entry in layer.entries:
                result = entry.direction is Direction.IN or egress is Egress.CLOSED
                strange = entry.allow and not entry.protocols and layer is seat.layers[0]
                if (entry.unresolved and (result or not entry.allow)) or (strange and result):
                    found.setdefault(entry, set()).add(seat.machine)
    for entry, machines in sorted(found.items(), key=lambda item: (item[0].owner, item[0].label)):
        yield entry, tuple(sorted(machines))
