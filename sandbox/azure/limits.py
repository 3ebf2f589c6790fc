"""Azure's limits, as figures that a test may lower (clouds.md, Azure 1, 2 and 6)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Counts are inclusive: the figure itself is still accepted."""

    lowest_priority: int = 100
    highest_priority: int = 4096
    rule_name: int = 80
    description: int = 140
    rules_per_group: int = 1000
    prefixes_per_group: int = 4000
    """Addresses and ranges of all rules of a group, source and destination counted apart."""
    groups_per_region: int = 5000
