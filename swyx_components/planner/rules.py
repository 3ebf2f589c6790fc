"""Both ends of every flow: the only place where inbound and outbound needs are made."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from swyx_components.catalogue import Transport
from swyx_components.installation.model import Egress, ExtraRule
from swyx_components.planner.model import (
    Direction,
    Endpoint,
    HostGroup,
    Identity,
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

_PROTOCOL = {Transport.TCP: Protocol.TCP, Transport.UDP: Protocol.UDP}


def attach_needs(view: SiteView, flows: Iterable[Required]) -> tuple[HostGroup, ...]:
    """The site's groups, each with what must pass at it.

    A peer by address keeps only the IP versions that the group has: no packet of another can
    reach it. A site whose egress is open gets no outbound needs.
    """
    needs: dict[str, list[Need]] = {group.name: [] for group in view.groups}
    versions = {group.name: group.versions for group in view.groups}
    outbound = view.site.egress is Egress.CLOSED
    for flow in _possible(flows):
        for own, _, need in _both_ends(view.name, flow):
            if outbound or need.direction is Direction.IN:
                needs[own.label].append(need)
    for group, need in _extra_needs(view):
        needs[group].append(need)
    return tuple(
        replace(group, needs=Needs(_reachable(needs[group.name], versions[group.name])))
        for group in view.groups
    )


def find_needs(
    site: str, label: str, roles: Collection[str], flows: Iterable[Required]
) -> tuple[Need, ...]:
    """What must pass at those hosts of a network that carry the roles; the plan has no rules for them."""
    return tuple(
        need
        for flow in _possible(flows)
        for own, role, need in _both_ends(site, flow, groups=False)
        if own.label == label and role in roles
    )


def _possible(flows: Iterable[Required]) -> Iterator[Required]:
    """The flows whose ends have an IP version in common; the notices name the others."""
    versions: dict[Endpoint, frozenset[int]] = {}
    for flow in flows:
        for end in (flow.initiator, flow.responder):
            if end not in versions:
                versions[end] = end.versions
        if versions[flow.initiator] & versions[flow.responder]:
            yield flow


def _both_ends(
    site: str, flow: Required, groups: bool = True
) -> Iterator[tuple[Endpoint, str, Need]]:
    """What the flow needs at each group of the site (or, without `groups`, at each network)."""
    protocol = _PROTOCOL[flow.transport]
    for direction, own, role, peer, peer_role in (
        (
            Direction.OUT,
            flow.initiator,
            flow.initiator_role,
            flow.responder,
            flow.responder_role,
        ),
        (Direction.IN, flow.responder, flow.responder_role, flow.initiator, flow.initiator_role),
    ):
        if own.site == site and (own.group is not None) is groups:
            party = peer.party_for(site)
            yield (
                own,
                role,
                Need(
                    direction,
                    protocol,
                    flow.ports,
                    flow.source_ports,
                    party,
                    _identity(peer, peer_role, party),
                    flow.flow,
                ),
            )


def _identity(peer: Endpoint, role: str, party: Party) -> Identity | None:
    return peer.identity(role) if party.kind is PartyKind.GROUP else None


def _extra_needs(view: SiteView) -> Iterator[tuple[str, Need]]:
    for rule in view.site.extra_rules:
        group = view.endpoint_of(rule.machine).label
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
                    None,
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


def _reachable(needs: Iterable[Need], versions: frozenset[int]) -> Iterator[Need]:
    for need in needs:
        if need.peer.kind is PartyKind.GROUP:
            yield need
            continue
        prefixes = tuple(prefix for prefix in need.peer.prefixes if prefix.version in versions)
        if prefixes:
            yield need._replace(peer=need.peer._replace(prefixes=prefixes))
