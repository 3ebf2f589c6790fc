"""What the audit of a standing firewall can find, and its order: the worst first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from swyx_components.analysis.deployed.reachability import Packets, Requirement
from swyx_components.analysis.deployed.ruleset import AclEntry, Firewall
from swyx_components.catalogue import Evidence, FlowRow, Phase
from swyx_components.planner.model import Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingAccess:
    """One end of a flow that the firewall stops, in whole or in part.

    `row` is None for an extra rule, whose `reason` the installation gives. `stopped_by` are the layers
    that stop it, `unless` entries with unresolved peers that may yet let it pass.
    """

    machine: str
    demand: Requirement
    packets: tuple[Packets, ...]
    stopped_by: tuple[str, ...]
    unless: tuple[AclEntry, ...] = ()
    row: FlowRow | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnneededAccess:
    """What one rule lets pass and nothing needs: `packets` at any machine, and those of each machine.

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
    def size(self) -> int:
        """Addresses times ports."""
        return sum(each.size for each in self.packets)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockedService:
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
    machines: tuple[str, ...]
    standstills: tuple[BlockedService, ...]
    lacks: tuple[MissingAccess, ...]
    openings: tuple[UnneededAccess, ...]
    unsure: tuple[tuple[AclEntry, tuple[str, ...]], ...] = field(default=())

    @property
    def clean(self) -> bool:
        """Whether nothing is missing, nothing open without need and nothing left unjudged."""
        return not (self.lacks or self.openings or self.unsure or self.firewall.is_partial)


# ---- ranking

_CERTAINTY = (Evidence.STATED, Evidence.INFERRED, Evidence.OPTIONAL)


def rank_blocked_services(found: Iterable[BlockedService]) -> tuple[BlockedService, ...]:
    """By machine, then by phase."""
    return tuple(sorted(found, key=lambda each: (each.machine, each.phase.value)))


def rank_lacks(found: Iterable[MissingAccess]) -> tuple[MissingAccess, ...]:
    """What the article states comes first, then what it implies, then the site's own rules."""
    return tuple(sorted(found, key=_gravity_of_lack))


def rank_openings(found: Iterable[UnneededAccess]) -> tuple[UnneededAccess, ...]:
    """Who may come in from outside, then administration, then many packets; inbound before outbound."""
    return tuple(sorted(found, key=_gravity_of_opening))


def _gravity_of_lack(lack: MissingAccess) -> tuple[object, ...]:
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


def _gravity_of_opening(opening: UnneededAccess) -> tuple[object, ...]:
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
