"""Which packets a change lets pass or stops: exact differences, between whom, at which end."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, product
from operator import itemgetter
from typing import NamedTuple

from swyx_components.analysis.explain.places import short
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
from swyx_components.sets.prefixes import Interval, Prefix, interval_text


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

    `names` are those of the prefixes in either file. A name whose addresses are others now is told with
    the address that is meant.
    """

    def __init__(self, old: Installation, new: Installation) -> None:
        before, after = _named_prefixes(old), _named_prefixes(new)
        moved = {name for _, name in before.items() ^ after.items()}
        moved &= {*before.values()} & {*after.values()}
        self.names = {
            prefix: f"{name} ({short(prefix)})" if name in moved else name
            for prefix, name in {**before, **after}.items()
        }
        self._places: dict[int, list[tuple[int, int, str]]] = {4: [], 6: []}
        for version, peers, around in cut_addresses({own: [own] for own in self.names}):
            innermost = max(around, key=lambda prefix: prefix.length)
            self._places[version].append((*peers, self.names[innermost]))

    def split(self, version: int, first: int, last: int) -> Iterator[tuple[int, int, str]]:
        """The addresses by whom they belong to; the name is empty where nobody has them."""
        places = self._places[version]
        begin, end = (bisect_right(places, at, key=itemgetter(0)) for at in (first, last))
        at = first
        for low, high, name in places[max(begin - 1, 0) : end]:
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
        for prefix in provider.addresses
    }
    for site in installation.sites.values():
        named |= dict.fromkeys(site.sip_devices, f"sip_devices of {site.name}")
        for network in site.networks:
            named |= dict.fromkeys(network.cidrs, network.name)
        for machine in site.machines:
            named |= dict.fromkeys(machine.addresses, machine.name)
    return named


_End = tuple[Prefix, Direction, Protocol]


def find_passing(
    old: SitePlan | None, new: SitePlan | None, owners: Owners
) -> Iterator[ReachabilityChange]:
    """What passes at each machine of a site before and not after, or after and not before.

    An end whose egress is left to others has no rules out, so nothing is said about it; that it is
    left or taken back is one entry.
    """
    before, after = _by_end(old), _by_end(new)
    members = {
        address: member.name
        for plan in (old, new)
        for group in (plan.groups if plan else ())
        for member in group.members
        for address in member.addresses
    }
    was, now = (plan is not None and plan.egress is Egress.OPEN for plan in (old, new))
    for end in sorted({*before, *after}):
        one, other = before.get(end, []), after.get(end, [])
        if one != other and (end[1] is Direction.IN or not (was or now)):
            for opened, packets in _describe(end, PacketSet(one), PacketSet(other), owners):
                yield ReachabilityChange(opened=opened, packets=packets, at=(members[end[0]],))
    plan = new or old
    if was != now and plan is not None:
        label = f"every machine of {plan.site}"
        packets = Packets(label, "anywhere", Protocol.ANY, None, None)
        yield ReachabilityChange(opened=now, packets=packets, at=(label,))


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


def _by_end(plan: SitePlan | None) -> dict[_End, list[Product]]:
    """What the rules let pass at each address."""
    found: dict[_End, list[Product]] = {}
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
    end: _End, before: PacketSet, after: PacketSet, owners: Owners
) -> Iterator[tuple[bool, Packets]]:
    address, direction, protocol = end
    machine = owners.names[address]
    differences = before.differences(after)
    for (first, last), own in groupby(differences, key=lambda found: found.peers):
        changed = _by_port(own)
        for low, high, name in owners.split(address.version, first, last):
            peer = name or interval_text(address.version, Interval(low, high))
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
