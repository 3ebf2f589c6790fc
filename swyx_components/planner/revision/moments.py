"""When the packets of a change begin or cease to pass, where each site is updated at a moment of its own."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from swyx_components.planner.answers.places import short
from swyx_components.planner.model import Protocol, SitePlan
from swyx_components.planner.revision.changes import SiteChange
from swyx_components.planner.revision.passing import Packets, Passing
from swyx_components.sets.ports import ALL_PORTS, NO_PORTS, PortSet


class Part(NamedTuple):
    """Packets that pass once every one of the sites is updated, or no more once any of them is."""

    opened: bool
    packets: Packets
    sites: tuple[str, ...]
    receiver: str  # the one of two sites that they come to, empty where only one changes
    at: tuple[str, ...]  # the machines whose rules change for it
    leaving: tuple[
        str, ...
    ] = ()  # sites whose own end has the address no more: nothing keeps it there


class Conversation(NamedTuple):
    """A flow that two sites (or a site and a provider) have only after, or only before."""

    flow: str
    source: str
    destination: str


class _Between(NamedTuple):
    opened: bool
    source: str
    destination: str
    protocol: Protocol


class _End(NamedTuple):
    """What changes at one site for packets between two named ends."""

    site: str
    ports: PortSet | None
    sources: PortSet
    at: tuple[str, ...]
    receiver: str  # the site, if the packets come to it
    leaving: tuple[str, ...] = ()


def split_by_sites(changes: Iterable[SiteChange]) -> tuple[Part, ...]:
    """Every packet that changes, cut where the two ends of it change for different ports."""
    ends: dict[_Between, list[_End]] = {}
    for change in changes:
        gone = _names_of_leaving(change)
        for passing in change.passings:
            packets = passing.packets
            comes = packets.destination.partition(" (")[0] in passing.at  # "(10.1.0.9)": it moved
            end = _End(
                change.site,
                packets.ports,
                packets.source_ports or ALL_PORTS,
                passing.at,
                change.site if comes else "",
                (change.site,) if gone & {packets.source, packets.destination} else (),
            )
            between = _Between(
                passing.opened, packets.source, packets.destination, packets.protocol
            )
            ends.setdefault(between, []).append(end)
    parts = (
        _part(between, end, sites) for between, own in ends.items() for end, sites in _cut(own)
    )
    return tuple(sorted(parts, key=_order))


def _part(between: _Between, end: _End, sites: tuple[str, ...]) -> Part:
    limited = None if end.sources == ALL_PORTS else end.sources
    packets = Packets(between.source, between.destination, between.protocol, end.ports, limited)
    receiver = end.receiver if len(sites) > 1 else ""
    return Part(between.opened, packets, sites, receiver, end.at, end.leaving)


def _names_of_leaving(change: SiteChange) -> frozenset[str]:
    """What the ends are called (`owners.Owners`) whose machines a site has no more, at this address."""
    held, kept = (
        {
            (machine.name, address)
            for group in (plan.groups if plan else ())
            for machine in group.machines
            for address in machine.addresses
        }
        for plan in (change.old, change.new)
    )
    names = {name for name, _ in kept}
    addresses = {address for _, address in kept}
    left = [(name, address) for name, address in held if address not in addresses]
    return frozenset(
        {f"{name} ({short(address)})" for name, address in left}
        | {name for name, _ in left if name not in names}
    )


def _cut(ends: Sequence[_End]) -> Iterator[tuple[_End, tuple[str, ...]]]:
    """What several sites have in common, then what is left of each."""
    sites = sorted({end.site for end in ends})
    if len(sites) == 1:
        yield from ((end, (end.site,)) for end in ends)
        return
    near, *far = ([end for end in ends if end.site == site] for site in sites)
    others = [end for own in far for end in own]
    for one in near:
        for other in others:
            common = _meet(one, other)
            if common is not None:
                yield common, tuple(sorted((one.site, other.site)))
    for mine, theirs in ((near, others), (others, near)):
        for end in mine:
            yield from ((rest, (end.site,)) for rest in _without(end, theirs))


def _meet(one: _End, other: _End) -> _End | None:
    sources = one.sources & other.sources
    both = one._replace(
        sources=sources,
        at=tuple(sorted({*one.at, *other.at})),
        receiver=one.receiver or other.receiver,
        leaving=(*one.leaving, *other.leaving),
    )
    if one.ports is None or other.ports is None:
        return both if sources else None
    ports = one.ports & other.ports
    return both._replace(ports=ports) if ports and sources else None


def _without(end: _End, others: Iterable[_End]) -> Iterator[_End]:
    """The packets of one end that none of the others has."""
    left = [end]
    for other in others:
        left = [rest for each in left for rest in _subtract(each, other)]
    yield from left


def _subtract(end: _End, other: _End) -> Iterator[_End]:
    sources = end.sources - other.sources
    if end.ports is None or other.ports is None:
        if sources:
            yield end._replace(sources=sources)
        return
    if end.ports - other.ports:
        yield end._replace(ports=end.ports - other.ports)
    if sources and end.ports & other.ports:
        yield end._replace(ports=end.ports & other.ports, sources=sources)


def _order(part: Part) -> tuple[object, ...]:
    packets = part.packets
    names = packets.source, packets.destination, packets.protocol.value
    return *names, packets.ports or NO_PORTS, packets.source_ports or NO_PORTS, part.sites


def pass_at(part: Part, opening: Mapping[str, int], closing: Mapping[str, int]) -> int:
    """The number of the step after which the part's packets pass, or pass no more."""
    if part.opened:
        return max(opening[site] for site in part.sites)
    return min((opening if site in part.leaving else closing)[site] for site in part.sites)


def as_passing(part: Part) -> Passing:
    """The part as `swyx diff` tells it."""
    return Passing(opened=part.opened, packets=part.packets, at=part.at)


def find_replaced(parts: Iterable[Part]) -> Mapping[tuple[str, str], frozenset[str]]:
    """Pairs of sites between which some packets begin to pass and others cease to.

    With those of the two that could keep the old for a time: all of its own ends stay where they are.
    """
    opened: set[tuple[str, ...]] = set()
    leaving: dict[tuple[str, ...], set[str]] = {}
    for part in parts:
        if len(part.sites) > 1 and part.opened:
            opened.add(part.sites)
        elif len(part.sites) > 1:
            leaving.setdefault(part.sites, set()).update(part.leaving)
    return {
        (one, other): frozenset({one, other}) - leaving[one, other]
        for one, other in sorted(opened & leaving.keys())
    }


def find_conversations(
    changes: Iterable[SiteChange],
) -> tuple[frozenset[Conversation], frozenset[Conversation]]:
    """Flows between sites, or within one, that only the old plans have, and that only the new ones have."""
    old: set[Conversation] = set()
    new: set[Conversation] = set()
    for change in changes:
        old |= _held(change.old)
        new |= _held(change.new)
    return frozenset(old - new), frozenset(new - old)


def _held(plan: SitePlan | None) -> set[Conversation]:
    return {
        Conversation(
            flow.flow, *(end.site or end.label for end in (flow.initiator, flow.responder))
        )
        for flow in (plan.flows if plan else ())
    }
