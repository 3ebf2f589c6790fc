"""Both ends of every flow: the only place where inbound and outbound needs are made."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from swyx_components.installation.model import Egress, ExtraRule
from swyx_components.planner.model import (
    PROTOCOL_OF,
    Direction,
    Endpoint,
    Flow,
    HostGroup,
    Peer,
    PeerKind,
    Protocol,
    Requirement,
)
from swyx_components.planner.regions import Requirements
from swyx_components.planner.topology import SiteTopology
from swyx_components.sets.ports import NO_PORTS
from swyx_components.sets.prefixes import Prefix


def derive_requirements(view: SiteTopology, flows: Iterable[Flow]) -> tuple[HostGroup, ...]:
    """The site's groups, each with what must pass at it.

    A site whose egress is open gets no outbound needs.
    """
    needs: dict[str, list[Requirement]] = {group.name: [] for group in view.groups}
    parties = {
        endpoint: _Parties(endpoint, endpoint.versions)
        for endpoint in view.endpoints
        if endpoint.group is not None
    }
    outbound = view.site.egress is Egress.CLOSED
    for own, _, need in _both_ends(parties, flows):
        if outbound or need.direction is Direction.IN:
            needs[own.label].append(need)
    for group, need in _extra_needs(view):
        needs[group.name] += _reachable(need, group.versions)
    return tuple(replace(group, needs=Requirements(needs[group.name])) for group in view.groups)


def find_requirements(
    network: Endpoint, roles: Collection[str], flows: Iterable[Flow]
) -> tuple[Requirement, ...]:
    """What must pass at those hosts of a network that carry the roles; the plan has no rules for them."""
    ends = _both_ends({network: _Parties(network)}, flows)
    return tuple(need for _, role, need in ends if role in roles)


class _Parties(dict[Endpoint, Peer | None]):
    """The peers of one endpoint as its rules name them, each found once.

    None: they have no IP version in common, which the notices tell. A peer by address keeps only the
    `versions` given: no packet of another can reach the endpoint.
    """

    def __init__(self, own: Endpoint, versions: frozenset[int] = frozenset((4, 6))) -> None:
        super().__init__()
        self._own = own
        self._own_versions = own.versions
        self._versions = versions

    def __missing__(self, peer: Endpoint) -> Peer | None:
        party: Peer | None = None
        if self._own_versions & peer.versions:
            party = peer.peer_for(self._own.site)
            if party.kind is PeerKind.CIDRS:
                party = _restrict(party, self._versions)
        self[peer] = party
        return party


def _restrict(party: Peer, versions: frozenset[int]) -> Peer | None:
    kept = [prefix for prefix in party.prefixes if prefix.version in versions]
    if len(kept) == len(party.prefixes):
        return party
    return party._replace(prefixes=tuple(kept)) if kept else None


def _both_ends(
    parties: Mapping[Endpoint, _Parties], flows: Iterable[Flow]
) -> Iterator[tuple[Endpoint, str, Requirement]]:
    """What each flow needs at those of the endpoints that it has an end at."""
    for flow, initiator, role, responder, its_role, transport, ports, source in flows:
        protocol = PROTOCOL_OF[transport]
        if initiator in parties:
            party = parties[initiator][responder]
            if party is not None:
                need = Requirement(Direction.OUT, protocol, ports, source, party, flow)
                yield initiator, role, need
        if responder in parties:
            party = parties[responder][initiator]
            if party is not None:
                need = Requirement(Direction.IN, protocol, ports, source, party, flow)
                yield responder, its_role, need


def _extra_needs(view: SiteTopology) -> Iterator[tuple[HostGroup, Requirement]]:
    for rule in view.site.extra_rules:
        group = view.endpoint_of(rule.machine).group
        assert group is not None  # it is a machine's
        for protocol, peers in _extra_protocols(rule):
            party = Peer(PeerKind.CIDRS, f"extra rule {rule.index}", peers)
            flow = extra_flow(view.name, rule)
            yield (
                group,
                Requirement(
                    Direction(rule.direction),
                    protocol,
                    rule.ports or NO_PORTS,
                    None,
                    party,
                    flow,
                ),
            )


def extra_flow(site: str, rule: ExtraRule) -> str:
    """The id under which an extra rule appears among the flows of a rule."""
    return f"extra:{site}:{rule.index}"


def _extra_protocols(rule: ExtraRule) -> Iterator[tuple[Protocol, tuple[Prefix, ...]]]:
    """ICMP is another protocol for each IP version; TCP and UDP serve both."""
    if rule.protocol != "icmp":
        yield Protocol(rule.protocol), rule.peers
        return
    for version, protocol in ((4, Protocol.ICMP), (6, Protocol.ICMPV6)):
        peers = tuple(peer for peer in rule.peers if peer.version == version)
        if peers:
            yield protocol, peers


def _reachable(need: Requirement, versions: frozenset[int]) -> Iterator[Requirement]:
    party = _restrict(need.peer, versions)
    if party is not None:
        yield need._replace(peer=party)
