"""What an update from one plan to another would deny for a moment although both plans allow it.

An update writes each network security group (NSG) once, then each interface once (`resources.Writer`):
between two of those calls a machine is still as it was, or its peers are. An interface that leaves one
application security group (ASG) and joins another is cut off from every peer whose rules named the one
and now name the other, until its own call is made.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import NamedTuple

from swyx_components.installation.model import Machine
from swyx_components.planner.model import HostGroup, RenderedGroup, RenderedSite, Spec
from swyx_components.planner.prove import (
    Addresses,
    Box,
    Gap,
    Space,
    allowed_space,
    compare_boxes,
)
from swyx_components.sets.prefixes import Prefix

_Key = tuple[Prefix, ...]  # a machine is known by its addresses, whatever it is called


class _Held(NamedTuple):
    """A machine and the group that it is in."""

    machine: Machine
    entry: RenderedGroup


def find_cuts(before: RenderedSite, after: RenderedSite) -> tuple[Gap, ...]:
    """Packets that both plans allow and that are denied while the one is updated to the other.

    In each `Gap` the group is the machine at whose interface they are denied. Machines that only one
    of the plans has are left out.
    """
    old, new = _by_machine(before), _by_machine(after)
    peers = Addresses(e.group for e in before.groups), Addresses(e.group for e in after.groups)
    rules = {entry.group.name: entry.specs for entry in after.groups}
    cuts: list[Gap] = []
    for key in sorted(old.keys() & new.keys()):
        was, will = old[key], new[key]
        if was.entry.specs == will.entry.specs and _same_members(*peers, was.entry.specs):
            continue
        # An NSG that is no longer planned stays as it is until its machines have left it.
        under = rules.get(was.entry.group.name, was.entry.specs)
        at_first = _allowed(was, was.entry.specs, peers[0], before)
        at_last = _allowed(will, will.entry.specs, peers[1], after)
        kept = _common(at_first, at_last)
        for step in (
            _allowed(was, under, peers[0], after),  # the rules are written
            _allowed(was, under, peers[1], after),  # its peers' interfaces as well, its own not yet
            _allowed(will, will.entry.specs, peers[0], after),  # its own, its peers' not yet
        ):
            cuts += _missing(will.machine, will.entry.group, kept, step)
    return tuple(dict.fromkeys(cuts))


def _by_machine(rendered: RenderedSite) -> Mapping[_Key, _Held]:
    return {
        machine.addresses: _Held(machine, entry)
        for entry in rendered.groups
        for machine in entry.group.machines
    }


def _same_members(old: Addresses, new: Addresses, specs: Iterable[Spec]) -> bool:
    """Whether the rules' identities stand for the same machines before and after."""
    named = {
        identity
        for spec in specs
        for identity in (*spec.identities, *filter(None, (spec.own_identity,)))
    }
    return all(old.of_identity.get(one) == new.of_identity.get(one) for one in named)


def _allowed(
    held: _Held, specs: tuple[Spec, ...], peers: Addresses, rendered: RenderedSite
) -> Space:
    return allowed_space(held.entry.group.identities, specs, peers, rendered.abilities)


def _common(one: Space, other: Space) -> Space:
    """The packets of both."""
    return {
        key: list(dict.fromkeys(_boxes(one[key], other[key]))) for key in one.keys() & other.keys()
    }


def _boxes(one: Iterable[Box], other: Iterable[Box]) -> Iterator[Box]:
    for mine, yours in product(one, other):
        sources = mine.source_ports & yours.source_ports
        ports = mine.ports & yours.ports
        if sources and ports:
            prefixes = tuple(_shared(mine.prefixes, yours.prefixes))
            if prefixes:
                yield Box(prefixes, sources, ports)


def _shared(one: tuple[Prefix, ...], other: tuple[Prefix, ...]) -> Iterator[Prefix]:
    """Of two prefixes that overlap, the one inside the other."""
    if one == other:
        yield from one
        return
    for mine, yours in product(one, other):
        if mine.overlaps(yours):
            yield max(mine, yours, key=lambda prefix: prefix.length)


def _missing(machine: Machine, group: HostGroup, kept: Space, step: Space) -> Iterator[Gap]:
    alone = replace(group, name=machine.name, machines=(machine,))
    for key in sorted(kept, key=lambda key: (key[0].value, key[1].value)):
        for gap, is_missing in compare_boxes(alone, *key, kept[key], step.get(key, [])):
            if is_missing:
                yield gap
