"""Who is behind the names and addresses of a rule, by the flows that it was made of."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from swyx_components.planner.model import (
    PROTOCOL_OF,
    Direction,
    Endpoint,
    Flow,
    HostGroup,
    Protocol,
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
    prefixes: tuple[Prefix, ...]
    ports: PortSet


class Peers:
    """The peers of every group of a site, found by flow. `by_name`: rules name the site's own groups."""

    def __init__(self, plan: SitePlan, by_name: bool) -> None:
        self._peers: dict[_Key, list[_Peer]] = {}
        groups = plan.groups_by_machine()
        for flow in plan.flows:
            protocol = PROTOCOL_OF[flow.transport]
            for own, direction, peer in _ends(plan.site, flow):
                named = list(_name_peers(plan.site, peer, flow.ports, by_name))
                for group in {groups[machine.name].name for machine in own.machines}:
                    key = group, direction, protocol, flow.flow
                    self._peers.setdefault(key, []).extend(named)

    def of(self, group: str, spec: Spec, flow: str) -> tuple[str, ...]:
        """Whom a group's rule serves with one of its flows, as people call them."""
        blocks = collapse_prefixes(spec.prefixes)
        peers = self._peers.get((group, spec.direction, spec.protocol, flow), ())
        return sort_names({peer.name for peer in peers if _serves(spec, blocks, peer)})


def _ends(site: str, flow: Flow) -> Iterator[tuple[HostGroup, Direction, Endpoint]]:
    """The host groups of the site that a flow touches, each with its peer."""
    for own, direction, peer in (
        (flow.initiator, Direction.OUT, flow.responder),
        (flow.responder, Direction.IN, flow.initiator),
    ):
        if own.group is not None and own.site == site:
            yield own.group, direction, peer


def _name_peers(site: str, peer: Endpoint, ports: PortSet, by_name: bool) -> Iterator[_Peer]:
    """The site's own groups by name where rules do so, else machines one by one."""
    start = "" if peer.site in ("", site) else f"{peer.site}/"
    if peer.group is None:
        yield _Peer(f"{start}{peer.label}", "", peer.prefixes, ports)
    elif peer.site == site and by_name:
        yield _Peer(peer.label, peer.label, (), ports)
    else:
        for machine in peer.group.machines:
            yield _Peer(f"{start}{machine.name}", "", machine.addresses, ports)


def _serves(spec: Spec, blocks: tuple[Prefix, ...], peer: _Peer) -> bool:
    if spec.ports is not None and not spec.ports & peer.ports:
        return False
    if peer.group:
        return peer.group in spec.groups
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
