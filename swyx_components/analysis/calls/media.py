"""The way that audio and fax take: directly within a site, through each relay across sites."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from swyx_components.analysis.calls.parties import Actor
from swyx_components.catalogue import Catalogue, Leg, Transport
from swyx_components.planner.topology import Topology


class MediaLeg(NamedTuple):
    """Media between two neighbours on the way; `flow` is empty where the article joins them by none."""

    transport: Transport
    flow: str
    one: Actor
    other: Actor


def find_media_legs(topology: Topology, way: Sequence[Actor]) -> Iterator[MediaLeg]:
    """The legs of a way from caller to called party: over UDP always, over TCP where all of it may be.

    A fax call begins as audio, so TCP comes beside UDP and never in its place.
    """
    for one, other in pairwise(way):
        flow = _find_flow(topology, Transport.UDP, one, other)
        yield MediaLeg(Transport.UDP, flow, one, other)
    over_tcp = [
        MediaLeg(Transport.TCP, _find_flow(topology, Transport.TCP, one, other), one, other)
        for one, other in pairwise(way)
    ]
    if all(leg.flow for leg in over_tcp):
        yield from over_tcp


def _find_flow(topology: Topology, transport: Transport, one: Actor, other: Actor) -> str:
    scopes = _scopes(topology.catalogue, one, other)
    for row in topology.catalogue.flows.values():
        for leg in row.legs:
            if leg.media is transport and leg.scope in scopes:
                for ends in ((one, other), (other, one)):
                    if _joins(leg, *ends) and _is_chosen(topology, leg, *ends):
                        return row.id
    return ""


def _scopes(catalogue: Catalogue, one: Actor, other: Actor) -> tuple[str, ...]:
    """Which legs of the catalogue may be between the two."""
    if not one.role or not other.role:
        return ("provider",)
    relays = [catalogue.roles[actor.role].serves_links for actor in (one, other)]
    if all(relays):
        return ("chained",)
    return ("served", "across") if any(relays) else ("site",)


def _joins(leg: Leg, one: Actor, other: Actor) -> bool:
    if leg.among:
        both = one.role in leg.among and other.role in leg.among
        return both and not (one.role == other.role and one.role in leg.but_not)
    receiver = other.role in leg.responders if leg.responders else not other.role
    return one.role in leg.initiators and receiver


def _is_chosen(topology: Topology, leg: Leg, one: Actor, other: Actor) -> bool:
    """Whether the sites of a leg for fax over TCP have chosen it."""
    ends = {"from": one, "to": other}
    return all(topology.view(ends[end].site).carries_tcp_fax() for end in leg.fax_tcp_at)
