"""Which packets a change allows or blocks: exact differences, between whom, at which end."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, product
from typing import NamedTuple, TypeVar

from swyx_components.installation.model import Egress, Installation
from swyx_components.planner.model import Direction, Protocol, SitePlan
from swyx_components.sets.packets import NO_PORT, Difference, PacketSet, Product, cut_addresses
from swyx_components.sets.ports import ALL_PORTS, NO_PORTS, PortSet, cut_ports
from swyx_components.sets.prefixes import (
    EVERYWHERE,
    WIDTH,
    Interval,
    Prefix,
    interval_text,
    join_intervals,
    range_text,
)

_Holder = TypeVar("_Holder")


class ReachabilityChange(NamedTuple):
    """Packets that pass now and did not before (`opened`), or the other way round.

    From whom to whom: a machine's or network's name, else the addresses. `ports` are empty where the
    protocol has none, or all of them where it is ANY; `source_ports` where all of them pass. `at`: the
    machines whose rules changed for it; both ends where both are machines of the plan.
    """

    opened: bool
    source: str
    destination: str
    protocol: Protocol
    ports: PortSet = NO_PORTS
    source_ports: PortSet = NO_PORTS
    at: tuple[str, ...] = ()


class Owners:
    """Who has an address, before or after: machines before networks, small networks before large ones.

    Packets no longer allowed have the old names, newly allowed ones the new names. A name whose
    addresses changed is shown with the addresses in question.
    """

    def __init__(self, old: Installation, new: Installation) -> None:
        named = _named_prefixes(old), _named_prefixes(new)
        moved = {name for _, name in named[0].items() ^ named[1].items()}
        self._moved = moved.intersection(named[0].values(), named[1].values())
        self._places: dict[int, list[tuple[Interval, list[str | None]]]] = {4: [], 6: []}
        for version, peers, names in _cut(dict.fromkeys(EVERYWHERE, ""), *named):
            self._places[version].append((peers, names[1:]))

    def split(self, version: int, peers: Interval, after: bool) -> Iterator[tuple[Interval, str]]:
        """The addresses by whom they belong to; where nobody has them, the name is empty."""
        places = self._places[version]
        begin, end = (bisect_right(places, at, key=lambda own: own[0].first) for at in peers)
        for (low, high), names in places[begin - 1 : end]:
            yield Interval(max(low, peers.first), min(high, peers.last)), names[after] or ""

    def tell(self, name: str, version: int, addresses: Iterable[Interval]) -> str:
        """`ac-office`; with the addresses where it has others now: `ac-office (10.1.21.0/24)`; without a name
        the addresses alone.
        """
        if name and name not in self._moved:
            return name
        write = range_text if name else interval_text
        told = ", ".join(write(version, own) for own in addresses)
        return f"{name} ({told})" if name else told


def _cut(*held: Mapping[Prefix, _Holder]) -> Iterator[tuple[int, Interval, list[_Holder | None]]]:
    """The addresses of some prefixes, cut wherever one begins or ends; who has each piece, in each mapping:
    the holder of the smallest prefix around it.
    """
    for version, addresses, around in cut_addresses({own: [own] for one in held for own in one}):
        nested = sorted(around, key=lambda prefix: -prefix.length)
        yield version, addresses, [next((one[p] for p in nested if p in one), None) for one in held]


def _named_prefixes(installation: Installation) -> dict[Prefix, str]:
    named: dict[Prefix, str] = {}
    for provider in installation.providers:
        named |= dict.fromkeys(provider.addresses, f"provider {provider.name}")
    for site in installation.sites.values():
        named |= dict.fromkeys(site.sip_devices, f"sip_devices of {site.name}")
        for own in reversed(site.owners):
            named |= dict.fromkeys(own.addresses, own.name)
    return named


class _End(NamedTuple):
    """Addresses of a machine or managed network of the plan, and what its rules allow there."""

    machine: str
    own: Prefix
    allowed: dict[tuple[Direction, Protocol], list[Product]]


def find_passing(
    old: SitePlan | None, new: SitePlan | None, owners: Owners
) -> Iterator[ReachabilityChange]:
    """What passes at each machine of a site before and not after, or after and not before.

    An end whose egress is unmanaged has no rules out, so nothing is said about it; that it is
    left or taken back is one entry.
    """
    was, now = (plan is not None and plan.egress is Egress.OPEN for plan in (old, new))
    directions = (Direction.IN,) if was or now else Direction
    for version, addresses, ends in _cut(_find_ends(old), _find_ends(new)):
        for key in product(directions, Protocol):
            one, other = (PacketSet(end.allowed.get(key, ()) if end else ()) for end in ends)
            for opened, peer, ports, source in _describe(version, one, other, owners):
                end = ends[opened]
                assert end is not None  # something passes there
                label = owners.tell(end.machine, version, [addresses])
                if peer == label and end.own.length == WIDTH[version]:
                    continue  # a machine's own address in a network that holds it
                direction, protocol = key
                hosts = (peer, label) if direction is Direction.IN else (label, peer)
                known = ports if protocol.has_ports else NO_PORTS
                yield ReachabilityChange(opened, *hosts, protocol, known, source, (end.machine,))
    plan = new or old
    if was != now and plan is not None:
        label = f"every machine of {plan.site}"
        yield ReachabilityChange(now, label, "anywhere", Protocol.ANY, at=(label,))


def _find_ends(plan: SitePlan | None) -> dict[Prefix, _End]:
    """Each address that has rules."""
    ends: dict[Prefix, _End] = {}
    groups = plan.groups if plan else ()
    addresses = {group.name: group.addresses for group in groups}
    for group in groups:
        for member in group.members:
            alone = () if group.network else member.addresses
            for own in member.addresses:
                end = ends.setdefault(own, _End(member.name, own, {}))
                for rule in group.rules:
                    peers = [
                        peer
                        for peer in (addresses[rule.groups[0]] if rule.groups else rule.prefixes)
                        if peer.version == own.version and peer not in alone
                    ]
                    allowed = peers, rule.source_ports or ALL_PORTS, rule.ports or NO_PORT
                    end.allowed.setdefault((rule.direction, rule.protocol), []).append(allowed)
    return ends


def _describe(
    version: int, before: PacketSet, after: PacketSet, owners: Owners
) -> Iterator[tuple[bool, str, PortSet, PortSet]]:
    """What differs: whether it opens, the peer, ports, source ports where they matter."""
    found: dict[tuple[bool, str, PortSet, PortSet], list[Interval]] = {}
    differences = before.differences(after)
    for peers, own in groupby(differences, key=lambda each: each.peers):
        for is_open, ports, source in _by_port(own):
            for addresses, name in owners.split(version, peers, is_open):
                found.setdefault((is_open, name, ports, source), []).append(addresses)
    for (is_open, name, ports, source), intervals in found.items():
        peer = owners.tell(name, version, join_intervals(intervals))
        yield is_open, peer, ports, NO_PORTS if source == ALL_PORTS else source


def _by_port(differences: Iterable[Difference]) -> list[tuple[bool, PortSet, PortSet]]:
    """Whether it opens, ports, all source ports they are reached from: as people think of them."""
    own = list(differences)
    found: dict[tuple[bool, PortSet], PortSet] = {}
    for is_open in (False, True):
        sides = [(each.gained if is_open else each.lost, each.source_ports) for each in own]
        for atom in cut_ports(part for ports, _ in sides for part in ports):
            held = (part for ports, source in sides if ports.covers(atom) for part in source)
            if sources := PortSet.union_of(held):
                found[is_open, sources] = found.get((is_open, sources), NO_PORTS) | (atom,)
    return [(is_open, ports, sources) for (is_open, sources), ports in found.items()]
