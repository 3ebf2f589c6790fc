"""What works from when, where each site's stack is updated at its own time.

A packet between two sites must pass at both ends: what is new works once both stacks are updated, what is
removed stops as soon as one of them is. Where only one end has rules, its stack decides.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from itertools import product
from typing import NamedTuple

from swyx_components.analysis.diff.changes import SiteChange
from swyx_components.messages import by_number
from swyx_components.planner.endpoints import Flow
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
    found = [(change.site, one._replace(at=())) for change in changes for one in change.passings]
    at: dict[tuple[object, ...], set[str]] = defaultdict(set)  # where rules change between two ends
    for site, one in found:
        at[one[:4]].add(site)
    packets = {one for _, one in found}
    opened, closed = (
        Counter(tuple(sorted(at[one[:4]])) for one in packets if one.opened is is_open)
        for is_open in (True, False)
    )
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


def _ports_by_members(flows: Iterable[Flow]) -> _Ports:
    found: _Ports = {}
    for flow in flows:
        ends = flow.initiator, flow.responder
        sites = tuple(sorted({end.site for end in ends if end.group}))
        at = [(end.site, end.summary) for end in ends]
        # The machines of a group one by one, since another edit may group them in another way.
        for pair in product(*(end.hosts for end in ends)):
            key = flow.flow, sites, (*at, *pair, flow.transport, flow.source_ports)
            found[key] = found.get(key, NO_PORTS) | flow.ports
    return found


def _by_sites(
    ports: _Ports, others: _Ports, known: Collection[_Sites]
) -> dict[_Sites, tuple[str, ...]]:
    """The flows that have packets here and not among the others, at the known sites."""
    found: dict[_Sites, set[str]] = {}
    for key, own in ports.items():
        if key[1] in known and own - others.get(key, NO_PORTS):
            found.setdefault(key[1], set()).add(key[0])
    return {sites: tuple(sorted(own, key=by_number)) for sites, own in found.items()}
