"""What works from when, where each site's stack is updated at its own time.

A packet between two sites must pass at both ends: what is new works once both stacks are updated, what is
removed stops as soon as one of them is. Where only one end has rules, its stack decides.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from itertools import product
from typing import NamedTuple

from swyx_components.analysis.diff.changes import SiteChange
from swyx_components.planner.endpoints import Endpoint, Flow
from swyx_components.sets.ports import NO_PORTS, PortSet

_Sites = tuple[str, ...]
_Ports = dict[tuple[str, _Sites, object], PortSet]  # by flow, the sites of its ends, who they are


class Effect(NamedTuple):
    """What is new and what is removed between two sites, or at one alone.

    `opened` and `closed` count newly and no longer allowed flows, `begins` and `ends` are their ids.
    """

    sites: _Sites
    opened: int
    closed: int
    begins: tuple[str, ...]
    ends: tuple[str, ...]


def find_effects(changes: Sequence[SiteChange]) -> tuple[Effect, ...]:
    """The effects of an edit by the sites whose stacks they depend on; `changes` are those of all sites."""
    opened, closed = (_count_packets(changes, is_open) for is_open in (True, False))
    before, after = (
        {flow.content(): flow for plan in plans if plan for flow in plan.flows}
        for plans in ([change.old for change in changes], [change.new for change in changes])
    )
    old = _ports_by_members(before[key] for key in before.keys() - after)
    new = _ports_by_members(after[key] for key in after.keys() - before)
    begins, ends = _by_sites(new, old, opened), _by_sites(old, new, closed)
    return tuple(
        Effect(sites, opened[sites], closed[sites], begins.get(sites, ()), ends.get(sites, ()))
        for sites in sorted({*opened, *closed})
    )


def _count_packets(changes: Iterable[SiteChange], is_open: bool) -> Counter[_Sites]:
    """How many flows are affected, by the sites whose rules change between the same two ends."""
    sites: dict[tuple[object, ...], set[str]] = defaultdict(set)
    found = [(change.site, one) for change in changes for one in change.passings]
    opened = [(site, one._replace(at=())) for site, one in found if one.opened is is_open]
    for site, one in opened:
        sites[one[:4]].add(site)
    return Counter(tuple(sorted(sites[one[:4]])) for one in {one for _, one in opened})


def _ports_by_members(flows: Iterable[Flow]) -> _Ports:
    found: _Ports = {}
    for flow in flows:
        ends = flow.initiator, flow.responder
        sites = tuple(sorted({end.site for end in ends if end.group}))
        at = [(end.site, end.summary) for end in ends]
        for pair in product(*map(_members, ends)):
            key = flow.flow, sites, (*at, *pair, flow.transport, flow.source_ports)
            found[key] = found.get(key, NO_PORTS) | flow.ports
    return found


def _members(end: Endpoint) -> list[object]:
    """The machines of a group one by one, since another edit may group them in another way."""
    known = end.group.members if end.group else ()
    return [(own.name, own.addresses) for own in known] or [(end.label, end.prefixes)]


def _by_sites(
    ports: _Ports, others: _Ports, known: Collection[_Sites]
) -> dict[_Sites, tuple[str, ...]]:
    """The flows that have packets here and not among the others, at the known sites."""
    found: dict[_Sites, set[str]] = {}
    for key, own in ports.items():
        if key[1] in known and own - others.get(key, NO_PORTS):
            found.setdefault(key[1], set()).add(key[0])
    return {sites: tuple(sorted(own, key=_by_number)) for sites, own in found.items()}


def _by_number(flow: str) -> tuple[str, int, str]:
    """C9 before C10, M4a before M4b."""
    number = "".join(char for char in flow if char.isdigit())
    return flow[:1], int(number or 0), flow
