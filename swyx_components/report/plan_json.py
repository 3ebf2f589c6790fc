"""The plan as JSON, version 1: `docs/plan-json.md` describes every key.

Written as text, site by site, since an installation may have 10,000 sites: what many rules have in
common (ports, flows, lines) is encoded once and reused.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from swyx_components.installation.model import Egress
from swyx_components.messages import Message, Severity
from swyx_components.planner.judged import Judged
from swyx_components.planner.model import (
    Direction,
    HostGroup,
    Protocol,
    RenderedGroup,
    Rule,
    Spec,
    Usage,
)
from swyx_components.planner.prove import Proof
from swyx_components.sets.ports import PortRange, PortSet

VERSION = 1


def write_document(
    swyxware: str, sites: Iterable[tuple[str, str]], messages: Collection[Message]
) -> Iterator[str]:
    """The document in pieces, site by site: names with what `write_site` made of each.

    `messages` may still grow until the last site has come.
    """
    yield f'{{"version": {VERSION}, "swyxware": {json.dumps(swyxware)},\n "sites": {{'
    comma = "\n  "
    for name, text in sites:
        yield f"{comma}{json.dumps(name)}: {text}"
        comma = ",\n  "
    texts: dict[Severity, list[str]] = {severity: [] for severity in Severity}
    for message in sorted(messages):
        texts[message.severity].append(str(message))
    notes, warnings = (json.dumps(texts[s]) for s in (Severity.NOTE, Severity.WARNING))
    yield f'}},\n "notes": {notes},\n "warnings": {warnings}}}\n'


def write_site(site: Judged) -> str:
    """One site's JSON object."""
    rendered = {entry.group.name: entry for entry in site.rendered.groups} if site.rendered else {}
    groups = ", ".join(
        f"{json.dumps(group.name)}: {_write_group(group, rendered.get(group.name))}"
        for group in site.plan.groups
    )
    members = ['"egress": "open"'] if site.plan.egress is Egress.OPEN else []
    members.append(f'"groups": {{{groups}}}')
    if site.cloud:
        members.append(f'"cloud": {json.dumps(site.cloud)}')
        members.append(f'"quotas": {json.dumps([usage_record(usage) for usage in site.usages])}')
    if site.proof is not None:
        members.append(f'"proof": {json.dumps(proof_record(site.proof))}')
    return f"{{{', '.join(members)}}}"


def _write_group(group: HostGroup, rendered: RenderedGroup | None) -> str:
    machines = json.dumps([machine.name for machine in group.machines])
    rules = ",\n    ".join(map(_write_rule, group.rules))
    text = f'"machines": {machines}, "roles": {json.dumps(group.roles)}, "rules": [{rules}]'
    if rendered is not None:
        specs = ",\n    ".join(json.dumps(spec_record(spec)) for spec in rendered.specs)
        text += f', "rendered": [{specs}]'
    return f"\n   {{{text}}}"


def _write_rule(rule: Rule) -> str:
    head = _write_head(rule.direction, rule.protocol, rule.ports, rule.source_ports)
    if rule.group:
        peer = f'{{"group": {_quote(rule.group)}}}'
    else:
        cidrs = '", "'.join(map(str, rule.cidrs))
        peer = f'{{"cidrs": ["{cidrs}"]}}'
    return f'{{{head}, "peer": {peer}, {_write_provenance(rule.flows, rule.lines)}}}'


@lru_cache(maxsize=4096)
def _quote(text: str) -> str:
    return json.dumps(text)


@lru_cache(maxsize=4096)
def _write_head(
    direction: Direction,
    protocol: Protocol,
    ports: PortRange | None,
    source_ports: PortRange | None,
) -> str:
    text = f'"direction": "{direction.value}", "protocol": "{protocol.value}"'
    if ports is not None:
        text += f', "ports": "{ports}"'
    if source_ports is not None:
        text += f', "source_ports": "{source_ports}"'
    return text


@lru_cache(maxsize=4096)
def _write_provenance(flows: tuple[str, ...], lines: tuple[int, ...]) -> str:
    return f'"flows": {json.dumps(flows)}, "lines": {json.dumps(lines)}'


def spec_record(spec: Spec) -> dict[str, Any]:
    """A rule as its cloud stores it; ports are lists, since a rule of Azure takes several ranges."""
    record: dict[str, Any] = {
        "name": spec.name,
        "direction": spec.direction.value,
        "access": "allow" if spec.allow else "deny",
        "protocol": spec.protocol.value,
    }
    if spec.shard:
        record["shard"] = spec.shard
    if spec.priority:
        record["priority"] = spec.priority
    if spec.ports is not None:
        record["ports"] = _ranges(spec.ports)
    if spec.source_ports is not None:
        record["source_ports"] = _ranges(spec.source_ports)
    record["peer"] = _peer_record(spec)
    return record | {
        "description": spec.description,
        "flows": list(spec.flows),
        "lines": list(spec.lines),
    }


def _peer_record(spec: Spec) -> dict[str, list[str]]:
    if spec.groups:
        return {"groups": list(spec.groups)}
    return {"cidrs": [str(prefix) for prefix in spec.prefixes]}


def _ranges(ports: PortSet) -> list[str]:
    return [str(part) for part in ports]


def usage_record(usage: Usage) -> dict[str, Any]:
    """How much of a quota is used; without `group` it is the whole site's."""
    where = {"group": usage.where} if usage.where else {}
    return {"quota": usage.quota, **where, "used": usage.used, "limit": usage.limit}


def proof_record(proof: Proof) -> dict[str, Any]:
    """The proof's counts, and each gap as a sentence."""
    return {
        "holds": proof.holds,
        "compared": proof.compared,
        "missing": _sentences(proof.missing),
        "excess": _sentences(proof.excess),
    }


def _sentences(gaps: Sequence[object]) -> list[str]:
    return [str(gap) for gap in gaps]
