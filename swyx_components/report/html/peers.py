"""Who is behind the names and addresses of a rule, by the flows that it was made of."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from swyx_components.planner.model import (
    PROTOCOL_OF,
    Direction,
    Endpoint,
    Identity,
    Protocol,
    Required,
    SitePlan,
    Spec,
)
from swyx_components.sets.ports import PortSet
from swyx_components.sets.prefixes import WIDTH, Prefix, collapse_prefixes

_Key = tuple[str, Direction, Protocol, str]


class _Peer(NamedTuple):
    """One machine, network or group at the other side of a flow, and the ports that the flow is about."""

    name: str
    group: str
    identity: Identity | None
    prefixes: tuple[Prefix, ...]
    ports: PortSet


class Peers:
    """The peers of every host group of a site, found by flow."""

    def __init__(self, plan: SitePlan) -> None:
        self._peers: dict[_Key, list[_Peer]] = {}
        for flow in plan.flows:
            protocol = PROTOCOL_OF[flow.transport]
            for group, direction, peer, role in _ends(plan.site, flow):
                known = self._peers.setdefault((group, direction, protocol, flow.flow), [])
                known += _name_peers(plan.site, peer, role, flow.ports)

    def of(self, group: str, spec: Spec, flow: str) -> tuple[str, ...]:
        """Whom a group's rule serves with one of its flows, as people call them."""
        blocks = collapse_prefixes(spec.prefixes)
        peers = self._peers.get((group, spec.direction, spec.protocol, flow), ())
        return sort_names({peer.name for peer in peers if _serves(spec, blocks, peer)})


def _ends(site: str, flow: Required) -> Iterator[tuple[str, Direction, Endpoint, str]]:
    """The groups of the site that a flow touches, each with its peer and the peer's role."""
    for own, direction, peer, role in (
        (flow.initiator, Direction.OUT, flow.responder, flow.responder_role),
        (flow.responder, Direction.IN, flow.initiator, flow.initiator_role),
    ):
        if own.group is not None and own.site == site:
            yield own.label, direction, peer, role


def _name_peers(site: str, peer: Endpoint, role: str, ports: PortSet) -> Iterator[_Peer]:
    """The site's own groups by name, another site's machines one by one: its groups are its affair."""
    if peer.group is None or peer.site == site:
        inside = peer.group is not None
        name = peer.label if peer.site in ("", site) else f"{peer.site}/{peer.label}"
        group = peer.label if inside else ""
        yield _Peer(name, group, peer.identity(role), () if inside else peer.prefixes, ports)
        return
    for machine in peer.group.machines:
        yield _Peer(f"{peer.site}/{machine.name}", "", None, machine.addresses, ports)


def _serves(spec: Spec, blocks: tuple[Prefix, ...], peer: _Peer) -> bool:
    if spec.ports is not None and not spec.ports & peer.ports:
        return False
    if peer.group:
        return peer.group in spec.groups or peer.identity in spec.identities
    return any(_touches(prefix, blocks) for prefix in peer.prefixes)


def _touches(prefix: Prefix, blocks: tuple[Prefix, ...]) -> bool:
    """Whether a prefix has an address in one of the disjoint, sorted blocks."""
    version, first, _ = prefix
    place = bisect_right(blocks, (version, first, WIDTH[6]))
    before, after = blocks[max(place - 1, 0) : place], blocks[place : place + 1]
    return any(block.contains(prefix) for block in before) or any(
        block.version == version and block.first <= prefix.last for block in after
    )


def sort_names(names: Iterable[str]) -> tuple[str, ...]:
    """Machines, networks and groups site by site, then what is called by words (`provider carrier`).

    The order is the same whatever stands for a name, as where sites of one shape share a text.
    """
    return tuple(sorted(names, key=order_of_name))


def order_of_name(name: str) -> tuple[bool, list[str]]:
    """By its parts: a site's name may be the beginning of another's."""
    return " " in name, name.split("/")
