"""Two plans held at once: what an update that must cut nothing lands on, before the next one ends it.

Every interface has the application security groups of both plans, every network security group the rules
of both. To come from the old plan only adds, to go on to the new one only takes away: neither cuts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from swyx_components.azure.names import assign_priorities, shorten
from swyx_components.installation.model import Machine
from swyx_components.planner.deployed.compare import enforced
from swyx_components.planner.model import (
    Direction,
    HostGroup,
    Identity,
    RenderedGroup,
    RenderedSite,
    Spec,
)
from swyx_components.sets.prefixes import Prefix

_WAS = "was"  # in the names of what is there only for the old plan


def land_site(before: RenderedSite, after: RenderedSite) -> RenderedSite:
    """The site with the rules and identities of both plans; its machines are those of the new one.

    Machines of one new group that come from several old ones are in groups of their own, so that none
    gets what only another one had.
    """
    entries = {entry.group.name: entry for entry in before.groups}
    came_from = {
        machine.addresses: entry.group.name
        for entry in before.groups
        for machine in entry.group.machines
    }
    groups = tuple(
        sorted(
            (landed for entry in after.groups for landed in _land_group(entry, entries, came_from)),
            key=lambda landed: landed.group.name,
        )
    )
    known = {identity for entry in groups for identity in entry.group.identities}
    groups = tuple(replace(each, specs=tuple(_known(each.specs, known))) for each in groups)
    plan = replace(after.plan, groups=tuple(entry.group for entry in groups))
    return replace(after, plan=plan, groups=groups)


def _land_group(
    entry: RenderedGroup,
    old: Mapping[str, RenderedGroup],
    came_from: Mapping[tuple[Prefix, ...], str],
) -> Iterator[RenderedGroup]:
    name = entry.group.name
    parts: dict[str, list[Machine]] = {}
    for machine in entry.group.machines:
        parts.setdefault(came_from.get(machine.addresses, name), []).append(machine)
    # The machines that were in the group stay in it; of others, only one part can have its name.
    home = name if name in parts else min(parts, default=name)
    for origin, machines in parts.items():
        sources = [
            old[one]
            for one in dict.fromkeys((origin, *([name] if origin == home else [])))
            if one in old
        ]
        own = name if origin == home else f"{name}.{_WAS}-{origin}"
        specs = _unite(entry.specs, [source.specs for source in sources])
        was = old[origin].group.identities if origin in old else ()
        yield RenderedGroup(group=_renamed(entry.group, own, machines, was), specs=specs)


def _renamed(
    group: HostGroup, name: str, machines: Iterable[Machine], was: Sequence[Identity]
) -> HostGroup:
    """The group with the identities of both plans, the new ones last: they stand for their roles."""
    former = (identity for identity in was if identity not in group.identities)
    return replace(
        group, name=name, machines=tuple(machines), identities=(*former, *group.identities)
    )


def _unite(new: Sequence[Spec], olds: Iterable[Sequence[Spec]]) -> tuple[Spec, ...]:
    """The rules of all; a direction is closed at its end only if all close it."""
    every = [new, *olds]
    allowed: dict[Spec, Spec] = {}
    names: set[tuple[Direction, str]] = set()
    for spec in (spec for specs in every for spec in specs if spec.allow):
        content = enforced(spec)._replace(priority=0)
        if content not in allowed:
            name = spec.name
            while (spec.direction, name) in names:
                name = shorten(f"{name}-{_WAS}")
            names.add((spec.direction, name))
            allowed[content] = spec._replace(name=name)
    united: list[Spec] = []
    for direction in Direction:
        own = [spec for spec in allowed.values() if spec.direction is direction]
        priorities = assign_priorities(spec.name for spec in own)
        united += (spec._replace(priority=priorities[spec.name]) for spec in own)
        denials = [
            [s for s in specs if s.direction is direction and not s.allow] for specs in every
        ]
        united += denials[0] if all(denials) else []
    return tuple(sorted(united, key=lambda spec: (spec.direction, spec.priority)))


def _known(specs: Iterable[Spec], known: set[Identity]) -> Iterator[Spec]:
    """Without identities that no machine has any more; a rule that names none other is left out."""
    for spec in specs:
        named = tuple(identity for identity in spec.identities if identity in known)
        if spec.own_identity in (None, *known) and (named or not spec.identities):
            yield spec._replace(identities=named)
