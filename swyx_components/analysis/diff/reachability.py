"""Which packets a change lets pass or stops: exact differences, between whom, at which end."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from swyx_components.analysis.diff.owners import Owners
from swyx_components.installation.model import Egress
from swyx_components.planner.boxes import NO_PORT, Box, cut_pieces, find_port_differences
from swyx_components.planner.model import Direction, Protocol, SitePlan
from swyx_components.sets.ports import ALL_PORTS, NO_PORTS, PortRange, PortSet
from swyx_components.sets.prefixes import Prefix

ANYWHERE = "anywhere"


class Packets(NamedTuple):
    """From whom to whom, over what. A name is a machine's or network's, else the addresses.

    `ports` None: the protocol has none, or all of them where the protocol is ANY.
    """

    source: str
    destination: str
    protocol: Protocol
    ports: PortSet | None
    source_ports: PortSet | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachabilityChange:
    """Packets that pass now and did not before (`opened`), or the other way round.

    `at`: the machines whose rules changed for it; both ends where both are machines of the plan.
    """

    opened: bool
    packets: Packets
    at: tuple[str, ...]


_Space = dict[tuple[Direction, Protocol], list[Box]]


def find_passing(
    old: SitePlan | None, new: SitePlan | None, owners: Owners
) -> tuple[ReachabilityChange, ...]:
    """What passes at the machines of a site before and not after, or after and not before.

    An end whose egress is left to others has no rules out, so nothing is said about it; that it is
    left or taken back is one entry.
    """
    found: dict[tuple[bool, Packets], set[str]] = {}
    before, after = (_by_address(plan) for plan in (old, new))
    for address in sorted({*before, *after}):
        (was, one), (now, other) = (held.get(address, ("", {})) for held in (before, after))
        machine = now or was
        if one == other:
            continue
        for key in sorted({*one, *other}):
            if key[0] is Direction.OUT and _leaves_freely(old, new):
                continue
            for opened, packets in _compare(
                owners.name(address), address, key, (one.get(key, []), other.get(key, [])), owners
            ):
                found.setdefault((opened, packets), set()).add(machine)
    for opened, packets in _egress(old, new):
        found[opened, packets] = {packets.source}
    return tuple(
        ReachabilityChange(opened=opened, packets=packets, at=tuple(sorted(ends)))
        for (opened, packets), ends in found.items()
    )


def join_ends(passings: Iterable[ReachabilityChange]) -> tuple[ReachabilityChange, ...]:
    """The same packets at several sites as one, sorted: what opens first."""
    joined: dict[tuple[bool, Packets], set[str]] = {}
    for passing in passings:
        joined.setdefault((passing.opened, passing.packets), set()).update(passing.at)
    return tuple(
        ReachabilityChange(opened=opened, packets=packets, at=tuple(sorted(ends)))
        for (opened, packets), ends in sorted(joined.items(), key=_order)
    )


def _order(entry: tuple[tuple[bool, Packets], set[str]]) -> tuple[object, ...]:
    (opened, packets), _ = entry
    return (
        not opened,
        packets.source,
        packets.destination,
        packets.protocol.value,
        packets.ports or (),
        packets.source_ports or (),
    )


def _leaves_freely(*plans: SitePlan | None) -> bool:
    return any(plan is not None and plan.egress is Egress.OPEN for plan in plans)


def _egress(old: SitePlan | None, new: SitePlan | None) -> Iterator[tuple[bool, Packets]]:
    was, now = _leaves_freely(old), _leaves_freely(new)
    plan = new or old
    if was != now and plan is not None:
        label = f"every machine of {plan.site}"
        yield now, Packets(label, ANYWHERE, Protocol.ANY, None, None)


def _by_address(plan: SitePlan | None) -> dict[Prefix, tuple[str, _Space]]:
    """What the rules let pass at each address, with the machine that has it."""
    spaces: dict[Prefix, tuple[str, _Space]] = {}
    if plan is None:
        return spaces
    addresses = {
        group.name: tuple(address for machine in group.machines for address in machine.addresses)
        for group in plan.groups
    }
    for group in plan.groups:
        for machine in group.machines:
            for own in machine.addresses:
                space = spaces.setdefault(own, (machine.name, {}))[1]
                for rule in group.rules:
                    named = addresses[rule.group] if rule.group else rule.cidrs
                    peers = tuple(
                        p for p in named if p.version == own.version and p not in machine.addresses
                    )
                    if peers:
                        box = Box(
                            peers,
                            PortSet((rule.source_ports,)) if rule.source_ports else ALL_PORTS,
                            PortSet((rule.ports,)) if rule.ports else NO_PORT,
                        )
                        space.setdefault((rule.direction, rule.protocol), []).append(box)
    return spaces


def _compare(
    machine: str,
    address: Prefix,
    key: tuple[Direction, Protocol],
    sides: tuple[list[Box], list[Box]],
    owners: Owners,
) -> Iterator[tuple[bool, Packets]]:
    direction, protocol = key
    for first, last, before, after in cut_pieces(address.version, *sides):
        if before == after:
            continue
        differences = list(find_port_differences(before, after))
        joined = [
            (is_open, *entry)
            for is_open, place in ((False, 1), (True, 2))
            for entry in _by_port((own[0], own[place]) for own in differences)
        ]
        for begin, end, name in owners.split(address.version, first, last):
            peer = name or _addresses(address.version, begin, end)
            ends = (peer, machine) if direction is Direction.IN else (machine, peer)
            for is_open, ports, source in joined:
                known = ports if protocol.has_ports else None
                limited = None if source == ALL_PORTS else source
                yield is_open, Packets(*ends, protocol, known, limited)


def _by_port(slices: Iterable[tuple[PortSet, PortSet]]) -> Iterator[tuple[PortSet, PortSet]]:
    """(source ports, ports) as (ports, all source ports they are reached from), as people think of them."""
    own = [(source, part) for source, ports in slices for part in ports]
    cuts = sorted({cut for _, part in own for cut in (part.first, part.last + 1)})
    by_source: dict[PortSet, PortSet] = {}
    for first, after in pairwise(cuts):
        atom = PortRange(first, after - 1)
        sources = PortSet.union_of(
            part for source, ports in own if ports.contains(atom) for part in source
        )
        if sources:
            by_source[sources] = by_source.get(sources, NO_PORTS) | PortSet((atom,))
    return ((ports, sources) for sources, ports in by_source.items())


def _addresses(version: int, first: int, last: int) -> str:
    low, high = (Prefix(version, end, 0).address for end in (first, last))
    return low if first == last else f"{low}-{high}"
