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
    """One thing that only one of two sides has, or that has changed; `part` says what (`_PARTS`).

    `because` says which flows and which edits are behind it, or which machines' rules, where that is known.
    `number` edits are one row.
    """

    side: str  # "plan": only this plan has it; "other": only the other side; "": it is another now
    part: str
    place: str
    words: str
    because: str = ""
    number: int = 1


class Differences(NamedTuple):
    """All differences from one other side; `other` says in words what that is."""

    other: str
    rows: tuple[Difference, ...]
    remarks: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[tuple[str, tuple[Difference, ...]], ...]:
        """The rows apart: what is newly allowed, what is not any longer, then edits, groups and rules."""
        titles = dict.fromkeys(part for part, _ in _PARTS)
        parts = ((title, tuple(row for row in self.rows if row.part == title)) for title in titles)
        return tuple(part for part in parts if part[1])

    @property
    def counts(self) -> tuple[str, ...]:
        """How many there are of each kind, in words."""
        counted = (
            (sum(row.number for row in self.rows if (row.part, row.side) == kind), *words)
            for kind, words in _PARTS.items()
        )
        return tuple(f"{plural(count, noun)} {words}" for count, noun, words in counted if count)


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
    rows: list[Difference] = []
    for opened, packets, at in changes.passings:
        part, place = OPENED if opened else CLOSED, f"{packets.source} to {packets.destination}"
        rows.append(Difference("", part, place, write_packets(packets), ", ".join(at)))
    for places, change, count in edit_rows(changes.edits):
        rows.append(Difference("", EDITS, places, change, number=count))
    for site in changes.sites:
        for group in site.groups:
            change = write_change(", ".join(group.old), ", ".join(group.new))
            rows.append(Difference("", GROUPS, f"{site.site}/{group.label}", change))
        old, new = name_planned(site.old), name_planned(site.new)
        for rule in site.rules:
            sides = ("plan", rule.new, old | new), ("other", rule.old, new | old)
            rows += _rules(RULES, site.site, rule.group, sides, describe_reasons(rule))
    return Differences(other, tuple(rows))


_Sides = Iterable[tuple[str, Rule | str | None, Mapping[str, str]]]


def _rules(part: str, site: str, group: str, sides: _Sides, why: str = "") -> Iterator[Difference]:
    """The rule of each side that has one, in a cloud's words where it is a text; groups as named."""
    for side, rule, named in sides:
        if rule:
            shard = 0 if isinstance(rule, str) else rule.shard
            words = rule if isinstance(rule, str) else write_rule(rule, named)
            place = f"{site}/{name_machines(named, group, shard)}"
            yield Difference(side, part, place, words, why)


def describe_drift(comparison: Comparison, site: RenderedSite, cloud: str) -> Differences:
    """What a cloud holds for a site, against the plan."""
    name, named = comparison.site, name_groups(entry.group for entry in site.groups)
    rows = [Difference("", FAULTS, name, fault) for fault in comparison.faults]
    for change in comparison.changes:
        found = change.found or change.unreadable
        sides = ("plan", change.planned, named), ("other", found, named)
        rows += _rules(STORED, name, change.group, sides)
    proof = f"Proof of the deployed rules: {write_proof(comparison.proof)}"
    return Differences(f"{name} as deployed on {cloud}", tuple(rows), (proof, *comparison.remarks))
