"""What a standing firewall lets pass and nothing needs, by rule, with the flows that need the rest of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from swyx_components.analysis.deployed.exposure import Exposure
from swyx_components.analysis.deployed.findings import UnneededAccess
from swyx_components.analysis.deployed.reachability import (
    Packets,
    ReachabilityDiff,
    Requirement,
    join_packets,
)
from swyx_components.analysis.deployed.ruleset import AclEntry, AttachmentPoint
from swyx_components.installation.model import Egress
from swyx_components.planner.model import Direction

Measures = Sequence[tuple[AttachmentPoint, ReachabilityDiff]]
Wanted = Mapping[str, Sequence[Requirement]]


def find_openings(
    measured: Measures, wanted: Wanted, egress: Egress, exposure: Exposure
) -> Iterator[UnneededAccess]:
    """One for each rule, over all machines at which some of it is open without need."""
    merged: dict[AclEntry, dict[str, list[Packets]]] = {}
    for seat, found in measured:
        for entry, packets in found.open.items():
            if entry.direction is Direction.IN or egress is Egress.CLOSED:
                merged.setdefault(entry, {}).setdefault(seat.machine, []).extend(packets)
    needs = _Needs([seat for seat, _ in measured], wanted)
    for entry, machines in merged.items():
        joined = join_packets(each for own in machines.values() for each in own)
        yield UnneededAccess(
            entry=entry,
            by_machine={name: join_packets(machines[name]) for name in sorted(machines)},
            packets=joined,
            needed_by=needs.of(entry, machines),
            needed_elsewhere=needs.of(entry, needs.behind(entry) - set(machines)),
            public=any(exposure.is_public(p) for p in joined),
            administration=exposure.administration_in(entry, joined),
        )


class _Needs:
    """Which flows need a part of a rule at the machines before which it stands."""

    def __init__(self, seats: Iterable[AttachmentPoint], wanted: Wanted) -> None:
        self._wanted = wanted
        self._standing: dict[AclEntry, dict[str, bool]] = {}
        for seat in seats:
            stateless = all(layer.stateless for layer in seat.layers)
            for layer in seat.layers[:1]:
                for entry in layer.entries:
                    self._standing.setdefault(entry, {})[seat.machine] = stateless

    def behind(self, entry: AclEntry) -> set[str]:
        """The machines before which a rule stands."""
        return set(self._standing[entry])

    def of(self, entry: AclEntry, machines: Iterable[str]) -> tuple[str, ...]:
        """The flows that need a part of it at any of these machines."""
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


def _concerns(entry: AclEntry, demand: Requirement) -> bool:
    return (
        demand.direction is entry.direction
        and demand.protocol in entry.protocols
        and bool(demand.ports & entry.ports)
        and any(one.overlaps(other) for one in demand.peers for other in entry.peers)
    )
