"""Both ends of every flow: the only place where inbound and outbound needs are made."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from swyx_components.installation.model import Egress, ExtraRule
from swyx_components.planner.model import (
    PROTOCOL_OF,
    Direction,
    Endpoint,
    HostGroup,
    Need,
    Party,
    PartyKind,
    Protocol,
    Required,
)
from swyx_components.planner.regions import Needs
from swyx_components.planner.view import SiteView
from swyx_components.sets.ports import NO_PORTS
from swyx_components.sets.prefixes import Prefix


def attach_needs(view: SiteView, flows: Iterable[Required]) -> tuple[HostGroup, ...]:
    """The site's groups, each with what must pass at it.

    A site whose egress is open gets no outbound needs.
    """
    needs: dict[str, list[Need]] = {group.name: [] for group in view.groups}
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
    return tuple(replace(group, needs=Needs(needs[group.name])) for group in view.groups)


def find_needs(
    network: Endpoint, roles: Collection[str], flows: Iterable[Required]
) -> tuple[Need, ...]:
    """What must pass at those hosts of a network that carry the roles; the plan has no rules for them."""
    ends = _both_ends({network: _Parties(network)}, flows)
    return tuple(need for _, role, need in ends if role in roles)


class _Parties(dict[Endpoint, Party | None]):
    """The peers of one endpoint as its rules name them, each found once.

    None: they have no IP version in common, which the notices tell. A peer by address keeps only the
    `versions` given: no packet of another can reach the endpoint.
    """

    def __init__(self, own: Endpoint, versions: frozenset[int] = frozenset((4, 6))) -> None:
        super().__init__()
        self._own = own
        self._own_versions = own.versions
        self._versions = versions

    def __missing__(self, peer: Endpoint) -> Party | None:
        party: Party | None = None
        if self._own_versions & peer.versions:
            party = peer.party_for(self._own.site)
            if party.kind is PartyKind.CIDRS:
                party = _restrict(party, self._versions)
        self[peer] = party
        return party


def _restrict(party: Party, versions: frozenset[int]) -> Party | None:
    kept = [prefix for prefix in party.prefixes if prefix.version in versions]
    if len(kept) == len(party.prefixes):
        return party
    return party._replace(prefixes=tuple(kept)) if kept else None


def _both_ends(
    parties: Mapping[Endpoint, _Parties], flows: Iterable[Required]
) -> Iterator[tuple[Endpoint, str, Need]]:
    """What each flow needs at those of the endpoints that it has an end at."""
    for flow, initiator, role, responder, its_role, transport, ports, source in flows:
        protocol = PROTOCOL_OF[transport]
        if initiator in parties:
            party = parties[initiator][responder]
            if party is not None:
                need = Need(Direction.OUT, protocol, ports, source, party, flow)
                yield initiator, role, need
        if responder in parties:
            party = parties[responder][initiator]
            if party is not None:
                need = Need(Direction.IN, protocol, ports, source, party, flow)
                yield responder, its_role, need


def _extra_needs(view: SiteView) -> Iterator[tuple[HostGroup, Need]]:
    for rule in view.site.extra_rules:
        group = view.endpoint_of(rule.machine).group
        assert group is not None  # it is a machine's
        for protocol, peers in _extra_protocols(rule):
            party = Party(PartyKind.CIDRS, f"extra rule {rule.index}", peers)
            flow = extra_flow(view.name, rule)
            yield (
                group,
                Need(
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


def _reachable(need: Need, versions: frozenset[int]) -> Iterator[Need]:
    party = _restrict(need.peer, versions)
    if party is not None:
        yield need._replace(peer=party)
