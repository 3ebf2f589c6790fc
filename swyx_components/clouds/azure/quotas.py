"""How much of Azure's quotas a rendered site uses."""

from collections.abc import Iterator

from swyx_components.planner.model import Direction, RenderedGroup, RenderedSite
from swyx_components.planner.quota import Usage

_SIDES = {Direction.IN: "source", Direction.OUT: "destination"}


def count_quotas(rendered: RenderedSite) -> tuple[Usage, ...]:
    """Every quota that the site touches, whether exceeded or not."""
    quotas = rendered.capabilities.limits
    return (
        *(
            Usage(
                quota=quota,
                where=entry.group.name,
                used=used,
                limit=quotas[quota],
                note=note,
                by_peers=True,
            )
            for entry in rendered.groups
            for quota, used, note in _of_group(entry)
        ),
        Usage(
            quota="groups_per_region",
            where="",
            used=len(rendered.groups),
            limit=quotas["groups_per_region"],
            note="; one for each machine of this site",
        ),
    )


def _of_group(entry: RenderedGroup) -> Iterator[tuple[str, int, str]]:
    yield "rules_per_group", len(entry.rules), "; both directions and their denies"
    for direction, side in _SIDES.items():
        prefixes = (
            len(rule.prefixes) for rule in entry.rules if rule.allow and rule.direction is direction
        )
        yield "prefixes_per_group", sum(prefixes), f"; {side} side"
