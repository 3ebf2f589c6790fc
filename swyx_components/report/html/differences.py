"""What one of two sides has and the other has not: two installations, or a plan and what a cloud holds."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from swyx_components.analysis.deployed.verify import Change, Comparison
from swyx_components.analysis.diff.changes import Changes, GroupChange, RuleChange
from swyx_components.analysis.diff.edits import Edit
from swyx_components.analysis.diff.reachability import ReachabilityChange
from swyx_components.planner.model import Spec
from swyx_components.report.diff import describe_packets, tell_reasons
from swyx_components.report.tables import rule_row, write_proof, write_rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that only one of two sides has; `kind` says what: an edit, packets, a group, a rule.

    `because` says which flows and which edits are behind it, where that is known.
    """

    side: str  # "plan": only this plan has it; "other": only the other side; "fault": the two do not fit
    kind: str
    place: str
    words: tuple[str, ...]
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """All differences from one other side; `other` says in words what that is."""

    other: str
    rows: tuple[Difference, ...]
    remarks: tuple[str, ...] = ()

    def count(self, side: str) -> int:
        """How many rows are of this `side`: "plan", "other" or "fault"."""
        return sum(row.side == side for row in self.rows)


def tell_changes(changes: Changes, other: str) -> Differences:
    """What `swyx diff` finds from another file to this one, in its order."""
    rows = (
        *(row for edit in changes.edits for row in _edit(edit)),
        *map(_passing, changes.passings),
        *(row for site in changes.sites for group in site.groups for row in _group(group)),
        *(row for rule in changes.rules for row in _rule(rule)),
    )
    return Differences(other=other, rows=rows)


def _sides(kind: str, place: str, new: str, old: str, because: str = "") -> Iterator[Difference]:
    for side, words in (("plan", new), ("other", old)):
        if words:
            yield Difference(side=side, kind=kind, place=place, words=(words,), because=because)


def _edit(edit: Edit) -> Iterable[Difference]:
    return _sides("in the file", edit.place, edit.new, edit.old)


def _passing(passing: ReachabilityChange) -> Difference:
    packets = passing.packets
    return Difference(
        side="plan" if passing.opened else "other",
        kind="packets pass",
        place=f"{packets.source} to {packets.destination}",
        words=(describe_packets(packets),),
        because=f"by the rules at {', '.join(passing.at)}",
    )


def _group(group: GroupChange) -> Iterable[Difference]:
    new, old = ", ".join(group.new), ", ".join(group.old)
    return _sides("group", f"{group.site}/{group.group}", new, old)


def _rule(change: RuleChange) -> Iterable[Difference]:
    new, old = (write_rule(rule) if rule else "" for rule in (change.new, change.old))
    return _sides("rule", f"{change.site}/{change.group}", new, old, tell_reasons(change))


def tell_deployed(comparison: Comparison, cloud: str) -> Differences:
    """What a cloud holds for a site, against the plan."""
    rows = [row for change in comparison.changes for row in _change(comparison.site, change)]
    rows += (
        Difference(side="fault", kind="group or interface", place=comparison.site, words=(fault,))
        for fault in comparison.faults
    )
    proof = comparison.proof
    remarks = (
        f"Proof on what the cloud holds: {write_proof(proof)}",
        *comparison.remarks,
    )
    other = f"{comparison.site} as {cloud} has it"
    return Differences(other=other, rows=tuple(rows), remarks=remarks)


def _change(site: str, change: Change) -> Iterator[Difference]:
    for side, spec in (("plan", change.planned), ("other", change.found)):
        if spec is not None:
            yield _spec(side, f"{site}/{change.group}", spec)


def _spec(side: str, place: str, spec: Spec) -> Difference:
    words = tuple(filter(None, rule_row(spec)))
    return Difference(side=side, kind="rule", place=place, words=words)
