"""Two installations compared in whole, as `swyx diff` compares them."""

from __future__ import annotations

from swyx_components.analysis.diff.changes import Changes, RuleChange, compare_sites
from swyx_components.analysis.diff.edits import find_affected, find_edits
from swyx_components.installation.model import Installation


def compare_installations(old: Installation, new: Installation) -> Changes:
    edits = find_edits(old, new)
    affected = find_affected(old, new)
    return Changes(edits, tuple(compare_sites(old, new, edits, affected)))


def rules_of(changes: Changes, *sites: str) -> list[RuleChange]:
    """The changed rules of these sites, or of all."""
    return [rule for one in changes.sites if not sites or one.site in sites for rule in one.rules]
