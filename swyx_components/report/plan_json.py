"""The plan as JSON, version 1: `docs/plan-json.md` describes every key.

Written site by site, since an installation may have 10,000 sites. The records of rules, quotas and the
proof are those of other commands too.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import Enum
from typing import Any

from swyx_components.catalogue.model import Catalogue
from swyx_components.installation.model import Egress
from swyx_components.messages import Message, Severity
from swyx_components.planner.assess import SiteResult
from swyx_components.planner.model import HostGroup, RenderedGroup, Rule
from swyx_components.planner.proof import Proof
from swyx_components.report.tables import find_cited
from swyx_components.sets.ports import PortRange, PortSet

VERSION = 1
_encode = json.JSONEncoder().encode


def write_document(
    catalogue: Catalogue, sites: Iterable[SiteResult], messages: Collection[Message], why: bool
) -> Iterator[str]:
    """The document in pieces, site by site; `why`: with what each line says that a rule cites.

    `messages` may still grow until the last site has come.
    """
    yield f'{{"version": {VERSION}, "swyxware": {_encode(catalogue.version)},\n "sites": {{'
    comma, cited = "\n  ", set[int]()
    for site in sites:
        yield f"{comma}{_encode(site.plan.site)}: {_write_site(site)}"
        comma = ",\n  "
        cited |= find_cited(site) if why else set()
    yield "}"
    for severity in (Severity.NOTE, Severity.WARNING):
        told = sorted(each for each in messages if each.severity is severity)
        yield f',\n "{severity.value}s": ['
        yield from (f"{', ' * bool(place)}{_encode(str(each))}" for place, each in enumerate(told))
        yield "]"
    yield f',\n "cited_lines": {_encode(cited_record(catalogue, cited))}' if cited else ""
    yield "}\n"


def _write_site(site: SiteResult) -> str:
    """One site's JSON object, a line per rule."""
    rendered = {entry.group.name: entry for entry in site.rendered.groups} if site.cloud else {}
    groups = ", ".join(
        f"{_encode(group.name)}: {_write_group(group, rendered.get(group.name))}"
        for group in site.plan.groups
    )
    egress = '"egress": "open", ' if site.plan.egress is Egress.OPEN else ""
    after: dict[str, Any] = {}
    if site.cloud:
        after["cloud"] = site.cloud
        after["quotas"] = [  # without `group` it is the whole site's
            {"quota": each.quota, **given(group=each.where), "used": each.used, "limit": each.limit}
            for each in site.usages
        ]
    if site.proof is not None:
        after["proof"] = proof_record(site.proof)
    members = f", {_encode(after)[1:-1]}" if after else ""
    return f'{{{egress}"groups": {{{groups}}}{members}}}'


def _write_group(group: HostGroup, rendered: RenderedGroup | None) -> str:
    machines = [machine.name for machine in group.machines]
    network = given(network=group.network and group.network.name)
    head = _encode({"machines": machines, **network, "roles": group.roles})[1:-1]
    text = f'{head}, "rules": {_write_lines(map(rule_record, group.rules))}'
    if rendered is not None:
        text += f', "rendered": {_write_lines(map(stored_record, rendered.rules))}'
    return f"\n   {{{text}}}"


def _write_lines(records: Iterable[Mapping[str, Any]]) -> str:
    # One call for all, since each costs more than a record. No text of a record has a bare quote.
    return _encode(list(records)).replace('}, {"', '},\n    {"')


# ---- records


def fields_of(value: object, *names: str) -> dict[str, Any]:
    """These attributes by name: an enum as its value, ports as text, anything else as it is."""
    record: dict[str, Any] = {name: getattr(value, name) for name in names}
    for name, each in record.items():
        if isinstance(each, Enum | PortRange | PortSet):
            record[name] = each.value if isinstance(each, Enum) else str(each)
    return record


def given(**fields: Any) -> dict[str, Any]:
    """Those that have a value: a key without one is left out."""
    return {key: value for key, value in fields.items() if value}


def texts(values: Iterable[object] | None) -> list[str]:
    """Ranges of ports, addresses or sentences, each as text."""
    return list(map(str, values or ()))


def rule_record(rule: Rule) -> dict[str, Any]:
    """A planned rule: one range of ports, and a group or CIDRs."""
    record: dict[str, Any] = {"direction": rule.direction.value, "protocol": rule.protocol.value}
    if rule.ports is not None:
        record["ports"] = str(rule.ports)
    if rule.source_ports is not None:
        record["source_ports"] = str(rule.source_ports)
    record["peer"] = {"group": rule.groups[0]} if rule.groups else {"cidrs": texts(rule.prefixes)}
    return record | {"flows": rule.flows, "lines": rule.lines}


def stored_record(rule: Rule) -> dict[str, Any]:
    """A rule as its cloud stores it; ports are lists, since a rule of Azure takes several ranges."""
    return {
        "name": rule.name,
        "direction": rule.direction.value,
        "access": "allow" if rule.allow else "deny",
        "protocol": rule.protocol.value,
        **given(
            shard=rule.shard,
            priority=rule.priority,
            ports=texts(rule.ports),
            source_ports=texts(rule.source_ports),
        ),
        "peer": {"groups": rule.groups} if rule.groups else {"cidrs": texts(rule.prefixes)},
        **fields_of(rule, "description", "flows", "lines"),
    }


def cited_record(catalogue: Catalogue, lines: Iterable[int]) -> dict[str, str]:
    """What lines of the document say, by line."""
    return {str(line): said for line, said in catalogue.explain_lines(lines)}


def proof_record(proof: Proof) -> dict[str, Any]:
    """The proof's counts, and each gap as a sentence."""
    gaps = {"missing": texts(proof.missing), "excess": texts(proof.excess)}
    return fields_of(proof, "holds", "compared") | gaps


def message_record(message: Message) -> dict[str, str]:
    """The message as the JSON of `swyx check` has it."""
    record = fields_of(message, "severity", "id", "file", "place", "sentence", "remedy")
    return record | {"text": str(message)}
