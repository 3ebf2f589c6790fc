"""What one of two sides has and the other has not: two installations, or a plan and a cloud."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from swyx_components.analysis.deployed.verify import Comparison
from swyx_components.analysis.diff.changes import Changes
from swyx_components.planner.model import RenderedSite, Rule
from swyx_components.report.diff import (
    describe_reasons,
    edit_rows,
    name_planned,
    write_change,
    write_packets,
)
from swyx_components.report.tables import (
    name_groups,
    name_machines,
    plural,
    write_proof,
    write_rule,
)


class Difference(NamedTuple):
    """One thing that only one of two sides has, or that has changed.

    `because` says which flows and which edits are behind it, or which machines' rules, where that is known.
    `number` edits are one row.
    """

    side: str  # "plan": only this plan has it; "other": only the other side; "": it is another now
    place: str
    words: str
    because: str = ""
    number: int = 1


class Differences:
    """All differences from one other side; `other` says in words what that is.

    `parts` are the rows by title: what is newly allowed, what is not any longer, edits, groups and rules.
    """

    def __init__(self, other: str, remarks: Iterable[str] = ()) -> None:
        self.other, self.remarks = other, tuple(remarks)
        self.parts: dict[str, list[Difference]] = {title: [] for title, _ in _PARTS}

    @property
    def counts(self) -> list[str]:
        """How many there are of each kind, in words."""
        counted = (
            (sum(row.number for row in self.parts[title] if row.side == side), *words)
            for (title, side), words in _PARTS.items()
        )
        return [f"{plural(count, noun)} {words}" for count, noun, words in counted if count]


OPENED, CLOSED = "Newly allowed", "No longer allowed"
EDITS, GROUPS, RULES = "Edits of the file", "Groups", "Rules added and removed"
STORED, FAULTS = "Rules", "Groups and interfaces"
_PARTS = {  # with the sides that their rows are of; how one is counted
    (OPENED, ""): ("flow", "newly allowed"),
    (CLOSED, ""): ("flow", "no longer allowed"),
    (EDITS, ""): ("edit", "of the file"),
    (FAULTS, ""): ("fault", "of groups and interfaces"),
    (GROUPS, ""): ("group", "changed"),
    (RULES, "plan"): ("rule", "added"),
    (RULES, "other"): ("rule", "removed"),
    (STORED, "plan"): ("planned rule", "missing in the cloud"),
    (STORED, "other"): ("rule", "in the cloud only"),
}


def describe_changes(changes: Changes, other: str) -> Differences:
    """What `swyx diff` finds from another file to this one, in its order."""
    found = Differences(other)
    parts = found.parts
    for opened, packets, at in changes.passings:
        place, words = f"{packets.source} to {packets.destination}", write_packets(packets)
        row = Difference("", place, words, ", ".join(at))
        parts[OPENED if opened else CLOSED].append(row)
    for places, change, count in edit_rows(changes.edits):
        parts[EDITS].append(Difference("", places, change, number=count))
    for site in changes.sites:
        for group in site.groups:
            change = write_change(", ".join(group.old), ", ".join(group.new))
            parts[GROUPS].append(Difference("", f"{site.site}/{group.label}", change))
        old, new = name_planned(site.old), name_planned(site.new)
        for rule in site.rules:
            sides = ("plan", rule.new, old | new), ("other", rule.old, new | old)
            parts[RULES] += _rules(site.site, rule.group, sides, describe_reasons(rule))
    return found


_Sides = Iterable[tuple[str, Rule | str | None, Mapping[str, str]]]


def _rules(site: str, group: str, sides: _Sides, why: str = "") -> Iterator[Difference]:
    """The rule of each side that has one, in a cloud's words where it is a text; groups as named."""
    for side, rule, named in sides:
        if rule:
            shard = 0 if isinstance(rule, str) else rule.shard
            words = rule if isinstance(rule, str) else write_rule(rule, named)
            yield Difference(side, f"{site}/{name_machines(named, group, shard)}", words, why)


def describe_drift(comparison: Comparison, site: RenderedSite, cloud: str) -> Differences:
    """What a cloud holds for a site, against the plan."""
    name, named = comparison.site, name_groups(entry.group for entry in site.groups)
    proof = f"Proof of the deployed rules: {write_proof(comparison.proof)}"
    drift = Differences(f"{name} as deployed on {cloud}", (proof, *comparison.remarks))
    drift.parts[FAULTS] += (Difference("", name, fault) for fault in comparison.faults)
    for change in comparison.changes:
        sides = ("plan", change.planned, named), ("other", change.found or change.unreadable, named)
        drift.parts[STORED] += _rules(name, change.group, sides)
    return drift
