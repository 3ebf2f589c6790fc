"""The answer to "may this packet pass" in sentences and as JSON."""

import json
from typing import Any

from swyx_components.analysis.explain import End, Explanation, Passage, carries
from swyx_components.analysis.places import Host
from swyx_components.analysis.what_if import write_extra_rules
from swyx_components.catalogue.model import Catalogue
from swyx_components.installation.model import Installation
from swyx_components.messages import shorten
from swyx_components.planner.endpoints import Flow
from swyx_components.planner.model import Rule, shard_label
from swyx_components.report.plan_json import fields_of, given, stored_record, texts
from swyx_components.report.tables import rule_row
from swyx_components.report.templates import Filters, render_lines

_MOST_ADDRESSES = 6  # of a rule that are all shown


def write_answer(asked: Explanation, installation: Installation) -> list[str]:
    """A verdict, then each end, then the flows or what would allow it."""
    source, destination, packet = asked.crossing[:3]
    from_any_port = asked.crossing._replace(packet=packet._replace(source_port=None))
    sites = {source.site, destination.site}
    return render_lines(
        "explain.txt.j2",
        RULES,
        asked=asked,
        rows=installation.catalogue.flows,
        links=[link for link in installation.links if {link.near, link.far} == sites],
        extra_rules=[json.dumps(rule) for rule in write_extra_rules(asked.crossing)],
        near=asked.nearest and carries(asked.nearest, from_any_port),
    )


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


RULES: Filters = {"shard": shard_label, "rule_towards": _write_rule}


def answer_record(asked: Explanation, catalogue: Catalogue) -> dict[str, Any]:
    """The answer as the JSON of `swyx explain` has it."""
    crossing = asked.crossing
    record: dict[str, Any] = {
        "source": host_record(crossing.source),
        "destination": host_record(crossing.destination),
        "allowed": asked.allowed,
        "same_machine": crossing.passage is Passage.SAME_MACHINE,
        "outside": asked.outside,
        "ends": [end_record(end) for end in crossing.ends],
        "flows": [_flow_record(flow, catalogue) for flow in asked.flows],
        "by_summary": [_flow_record(flow, catalogue) for flow in asked.by_summary],
        "extra_rules": [{"flow": id, "reason": reason} for id, reason in asked.reasons.items()],
    }
    if not asked.allowed:
        record["nearest"] = asked.nearest and _flow_record(asked.nearest, catalogue)
        record["would_take"] = list(asked.remedies or ())
        record["extra_rules_needed"] = [] if asked.detour else [*write_extra_rules(crossing)]
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


def _flow_record(flow: Flow, catalogue: Catalogue) -> dict[str, Any]:
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
