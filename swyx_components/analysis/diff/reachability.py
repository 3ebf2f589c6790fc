"""Which packets a change lets pass or stops: exact differences, between whom, at which end."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from swyx_components.analysis.explain.places import short
from swyx_components.installation.model import Egress, Installation
from swyx_components.planner.model import Direction, Protocol, SitePlan
from swyx_components.sets.packets import NO_PORT, Difference, PacketSet, Product, cut_ports
from swyx_components.sets.ports import ALL_PORTS, NO_PORTS, PortSet
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


class Owners:
    """Who has an address, before or after: machines before networks, small networks before large ones.

    A name whose addresses are others now is told with the address that is meant.
    """

    def __init__(self, old: Installation, new: Installation) -> None:
        before, after = _named_prefixes(old), _named_prefixes(new)
        ends_before, ends_after = _ends_by_name(before), _ends_by_name(after)
        moved = {
            name
            for name in ends_before.keys() & ends_after.keys()
            if ends_before[name] != ends_after[name]
        }
        self._named = {
            prefix: f"{name} ({short(prefix)})" if name in moved else name
            for prefix, name in {**before, **after}.items()
        }
        ordered = sorted(self._named, key=lambda prefix: (prefix.first, prefix.length))
        self._places = {
            version: _innermost((p for p in ordered if p.version == version), self._named)
            for version in (4, 6)
        }
        self._starts = {v: [place[0] for place in own] for v, own in self._places.items()}

    def name(self, address: Prefix) -> str:
        """The name of the machine that has the address."""
        return self._named[address]

    def split(self, version: int, first: int, last: int) -> Iterator[tuple[int, int, str]]:
        """The addresses by whom they belong to; the name is empty where nobody has them."""
        places, starts = self._places[version], self._starts[version]
        at = first
        begin = max(bisect_right(starts, first) - 1, 0)
        for low, high, name in places[begin : bisect_right(starts, last)]:
            if high < at:
                continue
            if low > at:
                yield at, low - 1, ""
            yield max(low, at), min(high, last), name
            at = high + 1
        if at <= last:
            yield at, last, ""


def _named_prefixes(installation: Installation) -> dict[Prefix, str]:
    named = {
        prefix: f"provider {provider.name}"
        for provider in installation.providers
        for prefix in provider.cidrs
    }
    for site in installation.sites.values():
        named |= dict.fromkeys(site.sip_devices, f"sip_devices of {site.name}")
        for network in site.networks:
            named |= dict.fromkeys(network.cidrs, network.name)
        for machine in site.machines:
            named |= dict.fromkeys(machine.addresses, machine.name)
    return named


def _ends_by_name(named: Mapping[Prefix, str]) -> dict[str, set[Prefix]]:
    ends: dict[str, set[Prefix]] = {}
    for prefix, name in named.items():
        ends.setdefault(name, set()).add(prefix)
    return ends


def _innermost(
    prefixes: Iterable[Prefix], named: Mapping[Prefix, str]
) -> list[tuple[int, int, str]]:
    """Sorted prefixes, which nest or are apart, as disjoint intervals named after the smallest."""
    found: list[tuple[int, int, str]] = []
    around: list[Prefix] = []
    at = 0
    for prefix in (*prefixes, None):
        while around and (prefix is None or around[-1].last < prefix.first):
            ended = around.pop()
            if at <= ended.last:
                found.append((at, ended.last, named[ended]))
                at = ended.last + 1
        if prefix is not None:
            if around and at < prefix.first:
                found.append((at, prefix.first - 1, named[around[-1]]))
            at = prefix.first
            around.append(prefix)
    return found


_Products = dict[tuple[Direction, Protocol], list[Product]]


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
            sides = PacketSet(one.get(key, ())), PacketSet(other.get(key, ()))
            for opened, packets in _compare(address, key, *sides, owners):
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


def _by_address(plan: SitePlan | None) -> dict[Prefix, tuple[str, _Products]]:
    """What the rules let pass at each address, with the machine that has it."""
    found: dict[Prefix, tuple[str, _Products]] = {}
    groups = plan.groups if plan else ()
    addresses = {
        group.name: [address for machine in group.machines for address in machine.addresses]
        for group in groups
    }
    for group in groups:
        for machine in group.machines:
            for own in machine.addresses:
                products = found.setdefault(own, (machine.name, {}))[1]
                for rule in group.rules:
                    peers = [
                        peer
                        for peer in (addresses[rule.group] if rule.group else rule.cidrs)
                        if peer.version == own.version and peer not in machine.addresses
                    ]
                    if peers:
                        source = PortSet((rule.source_ports,)) if rule.source_ports else ALL_PORTS
                        ports = PortSet((rule.ports,)) if rule.ports else NO_PORT
                        key = rule.direction, rule.protocol
                        products.setdefault(key, []).append((peers, source, ports))
    return found


def _compare(
    address: Prefix,
    key: tuple[Direction, Protocol],
    before: PacketSet,
    after: PacketSet,
    owners: Owners,
) -> Iterator[tuple[bool, Packets]]:
    direction, protocol = key
    machine = owners.name(address)
    differences = before.differences(after)
    for (first, last), own in groupby(differences, key=lambda found: found.peers):
        changed = _by_port(own)
        for begin, end, name in owners.split(address.version, first, last):
            peer = name or _addresses(address.version, begin, end)
            ends = (peer, machine) if direction is Direction.IN else (machine, peer)
            for is_open, ports, source in changed:
                known = ports if protocol.has_ports else None
                limited = None if source == ALL_PORTS else source
                yield is_open, Packets(*ends, protocol, known, limited)


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


def _addresses(version: int, first: int, last: int) -> str:
    low, high = (Prefix(version, end, 0).address for end in (first, last))
    return low if first == last else f"{low}-{high}"
