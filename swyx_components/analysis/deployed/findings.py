"""What the audit of an existing ruleset can find, how grave each finding is, and what to change."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from swyx_components.analysis.deployed.reachability import Packets, Requirement
from swyx_components.analysis.deployed.ruleset import AclEntry, Firewall
from swyx_components.catalogue import Evidence, FlowRow, Phase
from swyx_components.planner.model import Direction, HostGroup, Rule

_CERTAINTY = (Evidence.STATED, Evidence.INFERRED, Evidence.OPTIONAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingAccess:
    """One end of a flow that the firewall stops, in whole or in part.

    `row` is None for an extra rule, whose `reason` the installation gives. `stopped_by` are the layers
    that stop it, `unless` entries with unresolved peers that may yet let it pass.
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
        direction, protocol, ports, _, _, flow, peer, reply = self.requirement
        return reply, certainty, flow, self.machine, direction, peer, protocol, ports


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
    """The findings at one site, the worst first.

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
