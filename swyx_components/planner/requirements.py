"""Both ends of every flow: the only place where inbound and outbound requirements are made."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from swyx_components.installation.model import Egress, ExtraRule
from swyx_components.planner.endpoints import Endpoint, Flow, Peer, PeerKind, versions_of
from swyx_components.planner.exchange import Exchange
from swyx_components.planner.flows import SiteFlows
from swyx_components.planner.model import (
    PROTOCOL_OF,
    Access,
    AccessSet,
    Direction,
    Protocol,
    Requirements,
)
from swyx_components.planner.topology import SiteTopology
from swyx_components.sets.ports import NO_PORTS
from swyx_components.sets.prefixes import Prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRequirements:
    """The requirements of each group of a site, by name."""

    flows: SiteFlows
    by_group: Mapping[str, Requirements]


_FIRST, _SECOND, _BOTH = (True,), (False,), (True, False)  # which endpoints of an exchange


def derive_requirements(flows: SiteFlows) -> SiteRequirements:
    """What each flow needs at those ends of it that are groups of the site.

    A site whose egress is open gets no outbound requirements.
    """
    view, site = flows.site, flows.site.name
    outbound = view.site.egress is Egress.CLOSED
    needs: dict[Endpoint, list[tuple[Peer, AccessSet]]] = {
        own: [] for own in view.endpoints if own.group is not None
    }
    parties: dict[tuple[Endpoint, frozenset[int]], Peer | None] = {}
    for first, second, exchange in flows.flows.pairs:
        sides = ((first, second, _FIRST), (second, first, _SECOND))
        for own, peer, ends in sides if first is not second else ((first, first, _BOTH),):
            if own in needs and (access := find_access(exchange, ends, outbound)):
                if (key := (peer, own.versions)) not in parties:
                    parties[key] = _restrict(peer.peer_for(site), peer.versions, own.versions)
                if party := parties[key]:
                    needs[own].append((party, access))
    for own, party, opening in _extra_needs(view):
        needs[own].append((party, AccessSet((opening,))))
    by_group = {own.label: Requirements(some) for own, some in needs.items()}
    return SiteRequirements(flows=flows, by_group=by_group)


@lru_cache(maxsize=8192)
def find_access(exchange: Exchange, ends: tuple[bool, ...], outbound: bool) -> AccessSet:
    """What the first (True) or the second endpoint of an exchange opens for the other, or both do."""
    directions = Direction.IN, Direction.OUT
    return AccessSet(
        [
            (directions[forward is end], PROTOCOL_OF[transport], ports, source, flow)
            for _, _, forward, flow, _, _, transport, ports, source in exchange.exchanged
            for end in ends
            if outbound or forward is not end
        ]
    )


def find_requirements(
    network: Endpoint, roles: Collection[str], flows: Iterable[Flow]
) -> Requirements:
    """What must pass at those hosts of a network that carry the roles; the plan has no rules for them."""
    found: dict[Peer, list[Access]] = {}
    for flow, initiator, role, responder, its_role, transport, ports, source in flows:
        protocol = PROTOCOL_OF[transport]
        for own, own_role, peer, direction in (
            (initiator, role, responder, Direction.OUT),
            (responder, its_role, initiator, Direction.IN),
        ):
            if own is network and own_role in roles and own.versions & peer.versions:
                access = direction, protocol, ports, source, flow
                found.setdefault(peer.peer_for(network.site), []).append(access)
    return Requirements([(party, AccessSet(access)) for party, access in found.items()])


def _restrict(party: Peer, its: frozenset[int], own: frozenset[int]) -> Peer | None:
    """The peer with its addresses of an endpoint's own IP versions; None: without any, as notices tell."""
    if not its & own:
        return None
    if its <= own:
        return party
    return party._replace(prefixes=tuple([one for one in party.prefixes if one.version in own]))


def _extra_needs(view: SiteTopology) -> Iterator[tuple[Endpoint, Peer, Access]]:
    for rule in view.site.extra_rules:
        own = view.endpoint_of[rule.machine]
        for protocol, peers in extra_protocols(rule):
            peer = Peer(PeerKind.CIDRS, f"extra rule {rule.index}", peers)
            party = _restrict(peer, versions_of(peers), own.versions)
            if party is not None:
                direction, ports = Direction(rule.direction), rule.ports or NO_PORTS
                flow = extra_flow(view.name, rule)
                yield own, party, (direction, protocol, ports, None, flow)


def extra_flow(site: str, rule: ExtraRule) -> str:
    """The id under which an extra rule appears among the flows of a rule."""
    return f"extra:{site}:{rule.index}"


def extra_protocols(rule: ExtraRule) -> Iterator[tuple[Protocol, tuple[Prefix, ...]]]:
    """ICMP is another protocol for each IP version; TCP and UDP serve both."""
    if rule.protocol != "icmp":
        yield Protocol(rule.protocol), rule.peers
        return
    for version, protocol in ((4, Protocol.ICMP), (6, Protocol.ICMPV6)):
        peers = tuple(peer for peer in rule.peers if peer.version == version)
        if peers:
            yield protocol, peers
