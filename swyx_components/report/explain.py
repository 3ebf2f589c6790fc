"""The answer to "may this packet pass" in sentences and as JSON."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Self

from swyx_components.analysis.explain.explain import (
    Crossing,
    End,
    Explanation,
    Passage,
    carries,
    describe_flow,
)
from swyx_components.analysis.explain.places import Host, short
from swyx_components.analysis.explain.what_if import find_detour, find_remedies, write_extra_rule
from swyx_components.catalogue import Catalogue
from swyx_components.installation.model import Installation
from swyx_components.messages.render import shorten
from swyx_components.planner.endpoints import Flow
from swyx_components.planner.model import Direction, Rule, shard_label
from swyx_components.report.plan_json import fields_of, given, stored_record, texts
from swyx_components.report.tables import rule_row
from swyx_components.report.templates import Filters, render_lines

_MOST_ADDRESSES = 6  # of a rule that are all shown


class Answer(NamedTuple):
    """An explanation, the reasons of the extra rules in it and, where denied, what it would take.

    `detour`: why no extra rule is to open it, see `find_detour`; `links` are those of the two sites.
    """

    explanation: Explanation
    reasons: tuple[tuple[str, str], ...] = ()
    remedies: tuple[str, ...] | None = None
    detour: str = ""
    links: tuple[str, ...] = ()

    @classmethod
    def of(cls, explanation: Explanation, installation: Installation, with_remedies: bool) -> Self:
        """With what the extra rules are for and, if wanted, what would allow the packet."""
        reasons = []
        for id in explanation.extra_rules:
            _, site, index = id.split(":")
            (rule,) = (r for r in installation.sites[site].extra_rules if r.index == int(index))
            reasons.append((id, rule.reason))
        asked = explanation.crossing[:3]
        remedies = find_remedies(installation, *asked) if with_remedies else None
        detour = find_detour(installation, *asked)
        ends = {host.site for host in asked[:2]}
        own = (link for link in installation.links if {link.near, link.far} == ends)
        links = tuple(f"{link.name} through {' and '.join(link.managers)}" for link in own)
        return cls(explanation, tuple(reasons), remedies, detour, links)

    def lines(self, catalogue: Catalogue) -> set[int]:
        """The lines that its rules and flows cite."""
        asked = self.explanation
        flows = (*asked.flows, *asked.by_summary, *filter(None, (asked.nearest,)))
        rules = (rule for end in asked.crossing.ends for rule in end.rules)
        cited = {line for flow in flows for line in catalogue.flows[flow.flow].lines}
        return cited.union(*(rule.lines for rule in rules))


def write_answer(answer: Answer, catalogue: Catalogue) -> list[str]:
    """A verdict, then each end, then the flows or what would allow it."""
    asked, (one, other, packet, *_) = answer.explanation, answer.explanation.crossing
    any_source = packet._replace(source_port=None)
    return render_lines(
        "explain.txt.j2",
        _FILTERS,
        answer=answer,
        same_machine=asked.crossing.passage is Passage.SAME_MACHINE,
        describe=lambda flow: describe_flow(flow, catalogue),
        opening=lambda flow: _write_opening(flow, asked.crossing),
        extra_rules=[json.dumps(rule) for rule in _extra_rules(answer)],
        near=asked.nearest and carries(asked.nearest, one, other, any_source),
    )


def _write_opening(flow: Flow, crossing: Crossing) -> str:
    """`udp 50000-50099 from 10.1.30.0/24, source ports 50000-50099, to 10.1.20.0/24`."""
    source, destination = (", ".join(map(short, host.prefixes)) for host in crossing[:2])
    ports = f", source ports {flow.source_ports}," if flow.source_ports else ""
    return f"{flow.transport.value} {flow.ports} from {source}{ports} to {destination}"


def write_ends(ends: Sequence[End]) -> list[str]:
    """What the rules of the sender's end and of the receiver's say, in that order."""
    return render_lines("ends.txt.j2", _FILTERS, ends=ends) if ends else []


def _write_rule(rule: Rule, end: End, peer: Host) -> str:
    """The rule; of a long list of addresses or machines those of the peer, with the others counted."""
    own = tuple(p for p in rule.prefixes if any(map(p.overlaps, peer.prefixes)))
    left_out = len(rule.prefixes) - len(own)
    if len(rule.prefixes) <= _MOST_ADDRESSES or not own:
        own, left_out = rule.prefixes, 0
    named = dict.fromkeys(rule.groups, ", ".join(shorten(end.peers, 2)))
    cells = list(rule_row(rule._replace(prefixes=own), named))
    cells[3] += f" and {left_out:,} more" if left_out else ""
    return " ".join(filter(None, cells))


_FILTERS: Filters = {"shard": shard_label, "rule_towards": _write_rule}


def _extra_rules(answer: Answer) -> Iterator[Any]:
    """The extra rules for the ends that deny, where the packet has no other way and may have one."""
    if answer.detour:
        return
    asked = answer.explanation.crossing
    peers = {Direction.OUT: asked.destination, Direction.IN: asked.source}
    for end in (end for end in asked.ends if not end.allows and end.host.is_machine):
        yield write_extra_rule(end.host, peers[end.direction], asked.packet, end.direction.value)


def answer_record(answer: Answer, catalogue: Catalogue) -> dict[str, Any]:
    """The answer as the JSON of `swyx explain` has it."""
    asked, crossing = answer.explanation, answer.explanation.crossing
    record: dict[str, Any] = {
        "source": host_record(crossing.source),
        "destination": host_record(crossing.destination),
        "allowed": asked.allowed,
        "same_machine": crossing.passage is Passage.SAME_MACHINE,
        "outside": asked.outside,
        "ends": [end_record(end) for end in crossing.ends],
        "flows": [flow_record(flow, catalogue) for flow in asked.flows],
        "by_summary": [flow_record(flow, catalogue) for flow in asked.by_summary],
        "extra_rules": [{"flow": id, "reason": reason} for id, reason in answer.reasons],
    }
    if not asked.allowed:
        record["nearest"] = asked.nearest and flow_record(asked.nearest, catalogue)
        record["would_take"] = list(answer.remedies or ())
        record["extra_rules_needed"] = list(_extra_rules(answer))
    return record


def host_record(host: Host) -> dict[str, Any]:
    """One end of a question in JSON."""
    addresses = texts(host.prefixes)
    return {"name": host.label, **fields_of(host, "site", "roles"), "addresses": addresses}


def end_record(end: End) -> dict[str, Any]:
    """One end of a packet's path in JSON."""
    return {
        "at": end.host.label,
        **fields_of(end, "direction", "group", "allows"),
        "rules": [stored_record(rule) for rule in end.rules],
    }


def flow_record(flow: Flow, catalogue: Catalogue) -> dict[str, Any]:
    """One flow with what the catalogue knows of it."""
    ends = (flow.initiator, flow.initiator_role), (flow.responder, flow.responder_role)
    initiator, responder = (given(site=end.site, name=end.label, role=role) for end, role in ends)
    return {
        "flow": flow.flow,
        "from": initiator,
        "to": responder,
        "transport": flow.transport.value,
        "ports": texts(flow.ports),
        **given(**fields_of(flow, "source_ports")),
        **fields_of(catalogue.flows[flow.flow], "phase", "evidence", "lines", "purpose"),
    }
