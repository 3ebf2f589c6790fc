"""How much of AWS's quotas a rendered site uses."""

from collections.abc import Iterator

from swyx_components.planner.model import Direction, RenderedGroup, RenderedSite, Spec, Usage

_WORDS = {Direction.IN: "inbound", Direction.OUT: "outbound"}


def count_quotas(rendered: RenderedSite) -> tuple[Usage, ...]:
    """Every quota that the site touches, whether exceeded or not."""
    quotas = rendered.abilities.limits
    return (
        *(usage for entry in rendered.groups for usage in _rules(entry, quotas["rules_per_group"])),
        Usage(
            quota="rules_times_groups",
            where="",
            used=quotas["rules_per_group"] * quotas["groups_per_interface"],
            limit=quotas["rules_times_groups"],
            note="; rules_per_group times groups_per_interface, as AWS grants them together",
        ),
        Usage(
            quota="groups_per_region",
            where="",
            used=len(rendered.groups),
            limit=quotas["groups_per_region"],
            note="; security groups of this site",
        ),
    )


def _rules(entry: RenderedGroup, limit: int) -> Iterator[Usage]:
    for direction, word in _WORDS.items():
        for version in (4, 6):
            counted = [spec for spec in entry.specs if _counts(spec, direction, version)]
            if counted:
                yield Usage(
                    quota="rules_per_group",
                    where=entry.group.name,
                    used=len(counted),
                    limit=limit,
                    note=f"; {word} IPv{version} rules, references to groups among them",
                )


def _counts(spec: Spec, direction: Direction, version: int) -> bool:
    """Whether EC2 counts the rule for a direction and an IP version; a group reference is in both."""
    families = {prefix.version for prefix in spec.prefixes}
    return spec.direction is direction and (bool(spec.groups) or version in families)
