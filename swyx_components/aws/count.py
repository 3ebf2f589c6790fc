"""How much of AWS's quotas a rendered site uses."""

from collections.abc import Iterator, Mapping

from swyx_components.aws.shard import is_tight, load_of
from swyx_components.planner.model import (
    Direction,
    RenderedGroup,
    RenderedSite,
    Spec,
    Usage,
    shard_label,
)

_WORDS = {Direction.IN: "inbound", Direction.OUT: "outbound"}


def count_quotas(rendered: RenderedSite) -> tuple[Usage, ...]:
    """Every quota that the site touches, whether exceeded or not."""
    quotas = rendered.abilities.limits
    return (
        *(usage for entry in rendered.groups for usage in _rules(entry, quotas["rules_per_group"])),
        *(usage for entry in rendered.groups for usage in _groups(entry, quotas)),
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
            used=sum(len(entry.shards) for entry in rendered.groups),
            limit=quotas["groups_per_region"],
            note="; security groups of this site",
        ),
    )


def _rules(entry: RenderedGroup, limit: int) -> Iterator[Usage]:
    by_shard: dict[int, list[Spec]] = {}
    for spec in entry.specs:
        by_shard.setdefault(spec.shard, []).append(spec)
    for shard, specs in sorted(by_shard.items()):
        load = load_of(specs)
        for direction, word in _WORDS.items():
            for version in (4, 6):
                if used := load[direction, version]:
                    yield Usage(
                        quota="rules_per_group",
                        where=shard_label(entry.group.name, shard),
                        used=used,
                        limit=limit,
                        note=f"; {word} IPv{version} rules, references to groups among them",
                        by_peers=True,
                    )


def _groups(entry: RenderedGroup, quotas: Mapping[str, int]) -> Iterator[Usage]:
    """The groups on an interface where there are several of ours; others that it has are not known."""
    shards = len(entry.shards)
    if shards > 1:
        (direction, version), rules = load_of(entry.specs).most_common(1)[0]
        yield Usage(
            quota="groups_per_interface",
            where=entry.group.name,
            used=shards,
            limit=quotas["groups_per_interface"],
            note=(
                f"; {rules} {_WORDS[direction]} IPv{version} rules, {quotas['rules_per_group']} a security"
                f" group (rules_per_group), not counting other groups that an interface has"
            ),
            tight=shards <= quotas["groups_per_interface"] and is_tight(entry, quotas),
            by_peers=True,
        )
