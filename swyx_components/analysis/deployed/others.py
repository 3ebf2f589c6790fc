"""Groups that are not the site's and stand before its machines too: what they make of the proof."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from swyx_components.analysis.deployed.reachability import (
    Packets,
    diff_reachability,
    find_requirements,
    join_packets,
)
from swyx_components.analysis.deployed.ruleset import AttachmentPoint
from swyx_components.installation.model import Egress
from swyx_components.planner.model import Direction, SitePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignGroup:
    """A group that is not the site's and stands before an interface as well.

    `adds`: what it allows passes whatever ours say. `takes`: what it does not allow is stopped. `seats`
    are the addresses of the interface with its rules alone; None where those are not known.
    """

    label: str
    adds: bool = False
    takes: bool = False
    seats: tuple[AttachmentPoint, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a group that is not the site's makes of the proof at one machine.

    `added` are packets that it lets pass and no flow needs, `stopped` those that flows need and it stops.
    """

    machine: str
    interface: str
    other: str
    added: tuple[tuple[Direction, Packets], ...] = ()
    stopped: tuple[tuple[Direction, Packets], ...] = ()


def find_effect(plan: SitePlan, machine: str, interface: str, other: ForeignGroup) -> Effect:
    """What the other group adds to, or takes from, what the flows of a machine need."""
    effect = Effect(machine=machine, interface=interface, other=other.label)
    if other.seats is None:
        return effect
    group, own = next(
        (group, own) for group in plan.groups for own in group.machines if own.name == machine
    )
    demands = find_requirements(plan, group, own)
    added: dict[Direction, list[Packets]] = {direction: [] for direction in Direction}
    stopped: dict[Direction, list[Packets]] = {direction: [] for direction in Direction}
    for seat in other.seats:
        found = diff_reachability(seat, demands, own.addresses)
        for entry, packets in found.open.items() if other.adds else ():
            if entry.direction is Direction.IN or plan.egress is Egress.CLOSED:
                added[entry.direction] += packets
        for demand, packets in found.missing.items() if other.takes else ():
            stopped[demand.direction] += packets
    return Effect(
        machine=machine,
        interface=interface,
        other=other.label,
        added=tuple((way, p) for way, all in added.items() for p in join_packets(all)),
        stopped=tuple((way, p) for way, all in stopped.items() for p in join_packets(all)),
    )


def remark_on_others(result: Iterable[tuple[ForeignGroup, Effect]]) -> Iterator[str]:
    """Each group whose rules are unknown, with its place; those without any effect once, all together."""
    idle: set[str] = set()
    acting: set[str] = set()
    for other, effect in result:
        if other.seats is None:
            could = "stops" if other.takes else "lets pass"
            yield (
                f"{effect.machine} ({effect.interface}): {other.label} also stands before its interface; "
                f"its rules are not known here, so what it {could} is not part of the proof"
            )
        elif effect.added or effect.stopped:
            acting.add(other.label)
        elif _has_rules(other.seats):
            idle.add(other.label)
    if idle - acting:
        named = ", ".join(sorted(idle - acting))
        yield f"without effect on the proof, also before its interfaces: {named}"


def _has_rules(seats: Iterable[AttachmentPoint]) -> bool:
    return any(layer.entries for seat in seats for layer in seat.layers)
