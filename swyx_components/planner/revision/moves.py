"""Addresses that another machine has after an edit: a machine with a new name, or at another site."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from swyx_components.installation.model import Installation, Machine
from swyx_components.sets.prefixes import Prefix


class Holder(NamedTuple):
    """A machine and its site."""

    site: str
    machine: str


class Move(NamedTuple):
    """Addresses that one machine had and another has. `whole`: all of both, so it is a new name."""

    source: Holder
    target: Holder
    addresses: tuple[Prefix, ...]
    whole: bool

    @property
    def stays_at_its_site(self) -> bool:
        """Whether one stack makes the move, in one update; otherwise two do, one after the other."""
        return self.source.site == self.target.site


def find_moves(old: Installation, new: Installation) -> tuple[Move, ...]:
    """Every pair of machines of which the second has addresses that the first had."""
    before, after = dict(_machines(old)), dict(_machines(new))
    held = {address: holder for holder, own in before.items() for address in own.addresses}
    taken: dict[tuple[Holder, Holder], list[Prefix]] = {}
    for target, machine in after.items():
        for address in machine.addresses:
            source = held.get(address, target)
            if source != target:
                taken.setdefault((source, target), []).append(address)
    return tuple(
        Move(
            source,
            target,
            tuple(addresses),
            sorted(before[source].addresses) == sorted(after[target].addresses),
        )
        for (source, target), addresses in sorted(taken.items())
    )


def find_new_names(moves: Iterable[Move], site: str) -> Mapping[str, str]:
    """Machines of a site that are called otherwise now: what each was called, by its name."""
    return {
        move.target.machine: move.source.machine
        for move in moves
        if move.whole and move.stays_at_its_site and move.target.site == site
    }


def find_taken(moves: Iterable[Move], new: Installation, site: str) -> tuple[Move, ...]:
    """Moves within a site that a cloud can't make whose interfaces have a machine's name.

    Such an interface can keep its addresses under its old name, but it can't hand over one of them, and
    no other machine can have its name.
    """
    own = [move for move in moves if move.stays_at_its_site and move.target.site == site]
    names = find_new_names(own, site)
    machines = new.sites[site].machines if site in new.sites else ()
    others = {machine.name for machine in machines if machine.name not in names}
    return tuple(move for move in own if not move.whole or names[move.target.machine] in others)


def _machines(installation: Installation) -> Iterator[tuple[Holder, Machine]]:
    for site in installation.sites.values():
        for machine in site.machines:
            yield Holder(site.name, machine.name), machine
