"""What works from when, where each site's stack is updated at its own time.

A packet between two sites must pass at both ends: what is new works once both stacks are updated, what is
removed stops as soon as one of them is. Where only one end has rules, its stack decides.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from swyx_components.analysis.diff.changes import SiteChange
from swyx_components.analysis.diff.reachability import Packets
from swyx_components.planner.model import Protocol, SitePlan

_Sites = tuple[str, ...]
_Flow = tuple[str, str, str]  # its id, the sites of its ends, empty for a network or provider


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Effect:
    """What is new and what is removed between two sites, or at one alone.

    `opened` and `closed` are numbers of kinds of packets, `begins` and `ends` the flows that these sites
    have only after, or only before.
    """

    sites: _Sites
    opened: int
    closed: int
    begins: tuple[str, ...]
    ends: tuple[str, ...]


def find_effects(changes: Sequence[SiteChange]) -> tuple[Effect, ...]:
    """The effects of an edit by the sites whose stacks they depend on; `changes` are those of all sites."""
    opened, closed = (_count_packets(changes, is_open) for is_open in (True, False))
    old = {flow for change in changes for flow in _flows(change.old)}
    new = {flow for change in changes for flow in _flows(change.new)}
    begins, ends = _by_sites(new - old), _by_sites(old - new)
    return tuple(
        Effect(
            sites=sites,
            opened=opened[sites],
            closed=closed[sites],
            begins=begins.get(sites, ()),
            ends=ends.get(sites, ()),
        )
        for sites in sorted({*opened, *closed, *begins, *ends})
    )


def _count_packets(changes: Iterable[SiteChange], is_open: bool) -> Counter[_Sites]:
    """Kinds of packets by the sites whose rules change for packets between the same two ends."""
    found: dict[tuple[str, str, Protocol], tuple[set[str], set[Packets]]] = {}
    for change in changes:
        for passing in change.passings:
            if passing.opened is is_open:
                packets = passing.packets
                sites, kinds = found.setdefault(packets[:3], (set(), set()))
                sites.add(change.site)
                kinds.add(packets)
    counted: Counter[_Sites] = Counter()
    for sites, kinds in found.values():
        counted[tuple(sorted(sites))] += len(kinds)
    return counted


def _flows(plan: SitePlan | None) -> Iterator[_Flow]:
    for flow in plan.flows if plan else ():
        near, far = (end.site if end.group else "" for end in (flow.initiator, flow.responder))
        yield flow.flow, near, far


def _by_sites(flows: Iterable[_Flow]) -> dict[_Sites, tuple[str, ...]]:
    found: dict[_Sites, set[str]] = {}
    for flow, *ends in flows:
        found.setdefault(tuple(sorted({*ends} - {""})), set()).add(flow)
    return {sites: tuple(sorted(own, key=_by_number)) for sites, own in found.items()}


def _by_number(flow: str) -> tuple[str, int, str]:
    """C9 before C10, M4a before M4b."""
    number = "".join(char for char in flow if char.isdigit())
    return flow[:1], int(number or 0), flow
