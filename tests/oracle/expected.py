"""How many AWS rules a host group needs at least: peers of the same site by group, everyone else by CIDR."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from tests.oracle.domain import Direction, Oracle
from tests.oracle.estate import Endpoint
from tests.oracle.minimum import Area, fewest_rules, joined
from tests.oracle.regions import EVERY_V4, EVERY_V6, Range, cross, span

FAMILIES = {4: EVERY_V4, 6: EVERY_V6}
Groups = Mapping[str, Sequence[str]]  # the machines, or the network, of each host group of a site


def fewest_in_group(
    oracle: Oracle, groups: Groups, name: str, direction: Direction
) -> dict[str, int]:
    """The least number of rules per protocol for the flows of one host group; extra rules are not counted."""
    members = set(groups[name])
    group_of = {machine: group for group, machines in groups.items() for machine in machines}
    by_group: dict[tuple[str, str], list[Range]] = defaultdict(list)
    wanted: dict[str, list[Area]] = defaultdict(list)
    allowed: dict[str, list[Area]] = defaultdict(list)
    for flow in oracle.flows:
        here, peer = (
            (flow.responder, flow.initiator)
            if direction == "in"
            else (flow.initiator, flow.responder)
        )
        if not here.managed or here.name not in members:
            continue
        if not here.families() & peer.families():
            continue  # no packet can pass between them, so no rule is needed
        areas = allowed if peer.name in group_of and peer.kind == "machine" else wanted
        areas[flow.protocol] += [
            (span(net), ports) for net in peer.seen_from(here.site) for ports in flow.ports
        ]
        if areas is allowed:
            by_group[flow.protocol, group_of[peer.name]] += flow.ports
    families = set().union(*(_families(oracle, machine) for machine in members))
    counts: dict[str, int] = defaultdict(int)
    for (protocol, _), ports in by_group.items():
        counts[protocol] += len(joined(ports))
    for protocol, areas_wanted in wanted.items():
        for family in families:
            counts[protocol] += fewest_rules(
                _of(family, areas_wanted), _of(family, allowed[protocol])
            )
    return dict(counts)


def _families(oracle: Oracle, machine: str) -> set[int]:
    found: Endpoint = oracle.estate.managed(machine)
    return found.families()


def _of(family: int, areas: list[Area]) -> list[Area]:
    return [area for area in areas if cross(area[0], FAMILIES[family])]
