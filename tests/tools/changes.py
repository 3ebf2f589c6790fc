"""Two installations compared in whole, as `swyx diff` compares them."""

from __future__ import annotations

from swyx_components.analysis.diff.changes import Changes, compare_sites
from swyx_components.analysis.diff.edits import find_edits
from swyx_components.installation.model import Installation


def compare_installations(old: Installation, new: Installation) -> Changes:
    edits = find_edits(old, new)
    return Changes(edits, tuple(compare_sites(old, new, edits)))
