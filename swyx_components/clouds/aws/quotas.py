"""How much of AWS's quotas a site uses."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from swyx_components.clouds.aws.limits import room_on_interface
from swyx_components.clouds.aws.shard import Load, is_tight, load_of
from swyx_components.planner.model import (
    Direction,
    RenderedGroup,
    RenderedSite,
    Spec,
    Usage,
    shard_label,
)

_WORDS = {Direction.IN: "inbound", Direction.OUT: "outbound"}


class Counted(NamedTuple):
    """The rules of one host group: all of them, and those of each of its security groups."""

    group: str
    load: Load
    shards: Mapping[int, Load]
    tight: bool = False


def count_quotas(rendered: RenderedSite) -> tuple[Usage, ...]:
    """Every quota that the site touches, whether exceeded or not."""
    quotas = rendered.capabilities.limits
    return tell_usages([count_rules(entry, quotas) for entry in rendered.groups], quotas)


def count_rules(entry: RenderedGroup, quotas: Mapping[str, int]) -> Counted:
    """The rules of one rendered group."""
    by_shard: dict[int, list[Spec]] = {0: []}
    for spec in entry.specs:
        by_shard.setdefault(spec.shard, []).append(spec)
    tight = 1 < len(by_shard) <= room_on_interface(quotas) and is_tight(entry, quotas)
    loads = {shard: load_of(specs) for shard, specs in by_shard.items()}
    return Counted(entry.group.name, load_of(entry.specs), loads, tight)


def tell_usages(counted: Sequence[Counted], quotas: Mapping[str, int]) -> tuple[Usage, ...]:
    """What the rules of a site's groups use of each quota."""
    return (
        *(usage for group in counted for usage in _rules(group, quotas["rules_per_group"])),
        *(_groups(group, quotas) for group in counted),
        Usage(
            quota="rules_times_groups",
            where="",
            used=quotas["rules_per_group"] * quotas["groups_per_interface"],
            limit=quotas["rules_times_groups"],
            note="; rules_per_group times groups_per_interface, as AWS grants them together",
            by_quotas=True,
        ),
        Usage(
            quota="groups_per_region",
            where="",
            used=sum(len(group.shards) for group in counted),
            limit=quotas["groups_per_region"],
            note="; security groups of this site",
        ),
    )


def _rules(counted: Counted, limit: int) -> Iterator[Usage]:
    for shard, load in sorted(counted.shards.items()):
        for direction, word in _WORDS.items():
            for version in (4, 6):
                if used := load[direction, version]:
                    yield Usage(
                        quota="rules_per_group",
                        where=shard_label(counted.group, shard),
                        used=used,
                        limit=limit,
                        note=f"; {word} IPv{version} rules, references to groups among them",
                        by_peers=True,
                    )


def _groups(counted: Counted, quotas: Mapping[str, int]) -> Usage:
    """The groups on each interface of a host group: its own, and those that the interface keeps."""
    shards, kept, limit = len(counted.shards), quotas["groups_kept"], quotas["groups_per_interface"]
    note = f"; {kept} that its interfaces have already (groups_kept)"
    if shards > 1:
        (direction, version), rules = counted.load.most_common(1)[0]
        note += (
            f", and {shards} for {rules} {_WORDS[direction]} IPv{version} rules, "
            f"{quotas['rules_per_group']} per security group (rules_per_group)"
        )
    alone = shards <= limit < shards + kept
    return Usage(
        quota="groups_per_interface",
        where=counted.group,
        used=shards + kept,
        limit=limit,
        note=note,
        remedy=_ALONE if alone else "",
        tight=counted.tight,
        by_peers=True,
    )


_ALONE = ", or write `groups_kept: 0` there if its interfaces are in no other group"
