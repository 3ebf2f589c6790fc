"""Which packets a change allows or blocks: exact differences, between whom, at which end."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, product
from typing import NamedTuple

from swyx_components.analysis.explain.places import owners_of, short
from swyx_components.installation.model import Egress, Installation
from swyx_components.planner.model import Direction, Protocol, SitePlan
from swyx_components.sets.packets import (
    NO_PORT,
    Difference,
    PacketSet,
    Product,
    cut_addresses,
    cut_ports,
)
from swyx_components.sets.ports import ALL_PORTS, NO_PORTS, PortSet
from swyx_components.sets.prefixes import (
    WIDTH,
    Interval,
    Prefix,
    interval_text,
    join_intervals,
    split_interval,
)


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


class Owners:
    """Who has an address, before or after: machines before networks, small networks before large ones.

    Packets no longer allowed have the old names, newly allowed ones the new names. A name whose
    addresses changed is shown with the addresses in question.
    """

    def __init__(self, old: Installation, new: Installation) -> None:
        named = _named_prefixes(old), _named_prefixes(new)
        moved = {name for _, name in named[0].items() ^ named[1].items()}
        self._moved = moved.intersection(named[0].values(), named[1].values())
        self._places: dict[tuple[bool, int], list[tuple[Interval, str]]] = {}
        for after, own in enumerate(named):
            for version, peers, around in cut_addresses({prefix: [prefix] for prefix in own}):
                innermost = max(around, key=lambda prefix: prefix.length)
                places = self._places.setdefault((bool(after), version), [])
                places.append((peers, own[innermost]))

    def split(self, version: int, peers: Interval, after: bool) -> Iterator[tuple[Interval, str]]:
        """The addresses by whom they belong to; where nobody has them, the name is empty."""
        places = self._places.get((after, version), [])
        begin, end = (bisect_right(places, at, key=lambda own: own[0].first) for at in peers)
        at, last = peers
        for (low, high), name in places[max(begin - 1, 0) : end]:
            if high < at:
                continue
            if low > at:
                yield Interval(at, low - 1), ""
            yield Interval(max(low, at), min(high, last)), name
            at = high + 1
        if at <= last:
            yield Interval(at, last), ""

    def tell(self, name: str, version: int, addresses: Iterable[Interval]) -> str:
        """`ac-office`; with the addresses where it has others now: `ac-office (10.1.21.0/24)`; without a name
        the addresses alone.
        """
        if not name:
            return ", ".join(interval_text(version, own) for own in addresses)
        if name not in self._moved:
            return name
        return f"{name} ({', '.join(_write_addresses(version, own) for own in addresses)})"


def _write_addresses(version: int, addresses: Interval) -> str:
    prefixes = split_interval(version, addresses)
    return short(prefixes[0]) if len(prefixes) == 1 else interval_text(version, addresses)


def _named_prefixes(installation: Installation) -> dict[Prefix, str]:
    named = {
        prefix: f"provider {provider.name}"
        for provider in installation.providers
        for prefix in provider.addresses
    }
    for site in installation.sites.values():
        named |= dict.fromkeys(site.sip_devices, f"sip_devices of {site.name}")
        for own in reversed(owners_of(site)):
            named |= dict.fromkeys(own.addresses, own.name)
    return named


class _End(NamedTuple):
    """Addresses of a machine or managed network of the plan; its rules are those of `own`."""

    machine: str
    label: str
    own: Prefix


_Allowed = Mapping[tuple[Prefix, Direction, Protocol], list[Product]]


def find_passing(
    old: SitePlan | None, new: SitePlan | None, owners: Owners
) -> Iterator[ReachabilityChange]:
    """What passes at each machine of a site before and not after, or after and not before.

    An end whose egress is unmanaged has no rules out, so nothing is said about it; that it is
    left or taken back is one entry.
    """
    was, now = (plan is not None and plan.egress is Egress.OPEN for plan in (old, new))
    before, after = _allowed(old), _allowed(new)
    directions = (Direction.IN,) if was or now else Direction
    for version, ends in _pair_ends(old, new, owners):
        for direction, protocol in product(directions, Protocol):
            one, other = (
                allowed.get((end.own, direction, protocol), []) if end else []
                for allowed, end in zip((before, after), ends, strict=True)
            )
            if one == other:
                continue
            sets = PacketSet(one), PacketSet(other)
            for opened, peer, ports, source in _describe(version, *sets, owners):
                end = ends[opened]
                assert end is not None  # something passes there
                if peer == end.label and end.own.length == WIDTH[version]:
                    continue  # a machine's own address in a network that holds it
                hosts = (peer, end.label) if direction is Direction.IN else (end.label, peer)
                known = ports if protocol.has_ports else None
                packets = Packets(*hosts, protocol, known, source)
                yield ReachabilityChange(opened=opened, packets=packets, at=(end.machine,))
    plan = new or old
    if was != now and plan is not None:
        label = f"every machine of {plan.site}"
        packets = Packets(label, "anywhere", Protocol.ANY, None, None)
        yield ReachabilityChange(opened=now, packets=packets, at=(label,))


def _pair_ends(
    old: SitePlan | None, new: SitePlan | None, owners: Owners
) -> Iterator[tuple[int, list[_End | None]]]:
    """Who has rules at each address before and after; cut where a managed network grew or shrank."""
    names = [
        {
            address: member.name
            for group in (plan.groups if plan else ())
            for member in group.members
            for address in member.addresses
        }
        for plan in (old, new)
    ]
    held: dict[Prefix, list[tuple[int, Prefix]]] = {}
    for side, members in enumerate(names):
        for prefix in members:
            held.setdefault(prefix, []).append((side, prefix))
    for version, addresses, around in cut_addresses(held):
        ends: list[_End | None] = [None, None]
        for side, own in sorted(around, key=lambda each: each[1].length):  # the innermost last
            name = names[side][own]
            ends[side] = _End(name, owners.tell(name, version, [addresses]), own)
        yield version, ends


def join_ends(passings: Iterable[ReachabilityChange]) -> tuple[ReachabilityChange, ...]:
    """The same packets at several machines as one, sorted: what opens first."""
    joined: dict[tuple[bool, Packets], set[str]] = {}
    for passing in passings:
        joined.setdefault((passing.opened, passing.packets), set()).update(passing.at)
    return tuple(
        ReachabilityChange(opened=opened, packets=packets, at=tuple(sorted(ends)))
        for (opened, packets), ends in sorted(joined.items(), key=_order)
    )


def _order(entry: tuple[tuple[bool, Packets], set[str]]) -> tuple[object, ...]:
    (opened, (source, destination, protocol, ports, source_ports)), _ = entry
    return not opened, source, destination, protocol, ports or (), source_ports or ()


def _allowed(plan: SitePlan | None) -> _Allowed:
    """What the rules allow at each address."""
    found: dict[tuple[Prefix, Direction, Protocol], list[Product]] = {}
    groups = plan.groups if plan else ()
    addresses = {group.name: group.addresses for group in groups}
    for group in groups:
        for member in group.members:
            alone = () if group.network else member.addresses
            for own, rule in product(member.addresses, group.rules):
                peers = [
                    peer
                    for peer in (addresses[rule.groups[0]] if rule.groups else rule.prefixes)
                    if peer.version == own.version and peer not in alone
                ]
                end = own, rule.direction, rule.protocol
                allowed = peers, rule.source_ports or ALL_PORTS, rule.ports or NO_PORT
                found.setdefault(end, []).append(allowed)
    return found


def _describe(
    version: int, before: PacketSet, after: PacketSet, owners: Owners
) -> Iterator[tuple[bool, str, PortSet, PortSet | None]]:
    """What differs: whether it opens, the peer, ports, source ports where they matter."""
    found: dict[tuple[bool, str, PortSet, PortSet], list[Interval]] = {}
    differences = before.differences(after)
    for peers, own in groupby(differences, key=lambda each: each.peers):
        for is_open, ports, source in _by_port(own):
            for addresses, name in owners.split(version, peers, is_open):
                found.setdefault((is_open, name, ports, source), []).append(addresses)
    for (is_open, name, ports, source), intervals in found.items():
        peer = owners.tell(name, version, join_intervals(intervals))
        yield is_open, peer, ports, None if source == ALL_PORTS else source


def _by_port(differences: Iterable[Difference]) -> list[tuple[bool, PortSet, PortSet]]:
    """Whether it opens, ports, all source ports they are reached from: as people think of them."""
    own = list(differences)
    found: dict[tuple[bool, PortSet], PortSet] = {}
    for atom in cut_ports(part for each in own for part in (*each.lost, *each.gained)):
        for is_open in (False, True):
            sources = PortSet.union_of(
                part
                for each in own
                if (each.gained if is_open else each.lost).covers(atom)
                for part in each.source_ports
            )
            if sources:
                known = found.get((is_open, sources), NO_PORTS)
                found[is_open, sources] = known | PortSet((atom,))
    return [(is_open, ports, sources) for (is_open, sources), ports in found.items()]
