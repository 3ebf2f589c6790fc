"""How much of Azure's quotas a rendered site uses."""

from collections.abc import Iterator

from swyx_components.planner.model import (
    Direction,
    Identity,
    RenderedGroup,
    RenderedSite,
    Usage,
)

_SIDES = {Direction.IN: "source", Direction.OUT: "destination"}

_BY_PEERS = {"rules_per_group", "prefixes_per_group"}


def count_quotas(rendered: RenderedSite) -> tuple[Usage, ...]:
    """Every quota that the site touches, whether exceeded or not."""
    quotas = rendered.abilities.limits
    members = _members(rendered)
    return (
        *(
            Usage(
                quota=quota,
                where=entry.group.name,
                used=used,
                limit=quotas[quota],
                note=note,
                by_peers=quota in _BY_PEERS,
            )
            for entry in rendered.groups
            for quota, used, note in _of_group(entry)
        ),
        *(
            Usage(
                quota="ip_configurations_per_asg",
                where="",
                used=count,
                limit=quotas["ip_configurations_per_asg"],
                note=f"; addresses of the machines with {identity.name}",
            )
            for identity, count in sorted(members.items())
        ),
        Usage(
            quota="asgs_per_region",
            where="",
            used=len(members),
            limit=quotas["asgs_per_region"],
            note="; one for each role of this site and variant of it",
        ),
    )


def _of_group(entry: RenderedGroup) -> Iterator[tuple[str, int, str]]:
    yield "rules_per_group", len(entry.specs), "; both directions and their denies"
    for direction, side in _SIDES.items():
        prefixes = (
            len(spec.prefixes) for spec in entry.specs if spec.allow and spec.direction is direction
        )
        yield "prefixes_per_group", sum(prefixes), f"; {side} side"
    named = {
        identity
        for spec in entry.specs
        for identity in (*spec.identities, *((spec.own_identity,) if spec.own_identity else ()))
    }
    yield "asgs_per_group", len(named), ""
    yield "asgs_per_interface", len(entry.group.identities), "; one for each role"


def _members(rendered: RenderedSite) -> dict[Identity, int]:
    members: dict[Identity, int] = {}
    for entry in rendered.groups:
        count = sum(len(machine.addresses) for machine in entry.group.machines)
        for identity in entry.group.identities:
            members[identity] = members.get(identity, 0) + count
    return members
