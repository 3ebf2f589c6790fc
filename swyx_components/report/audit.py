"""An audit for people and as JSON: what is missing, then what is open without need, worst first."""

from collections.abc import Iterable
from itertools import chain, groupby
from typing import Any

from swyx_components.analysis.deployed.audit import (
    Audit,
    MissingAccess,
    Remediation,
    Step,
    UnneededAccess,
)
from swyx_components.analysis.deployed.reachability import Packets
from swyx_components.analysis.deployed.ruleset import AclEntry
from swyx_components.messages.render import shorten
from swyx_components.report.plan_json import fields_of, given
from swyx_components.report.tables import write_rule
from swyx_components.report.templates import render_lines
from swyx_components.report.verify import write_packets

_MOST_LINES = 4  # of one finding


def write_audit(audit: Audit, changes: Iterable[Remediation] | None) -> list[str]:
    """A headline, the findings in order of gravity, what could not be judged, and what to change."""
    by_flow = groupby(audit.missing, lambda each: (each.requirement.reply, each.requirement.flow))
    missing = [list(same) for _, same in by_flow]
    return render_lines(
        "audit.txt.j2",
        {
            "packets": _list_packets,
            "sources": _write_sources,
            "doubt": _write_doubt,
            "merge": lambda lists: dict.fromkeys(chain.from_iterable(lists)),
        },
        audit=audit,
        missing=missing,
        changes=changes,
        most=_MOST_LINES,
    )


def _write_sources(missing: MissingAccess) -> str:
    """Source ports where only some of those that the flow has are stopped."""
    sources = {packets.source_ports for packets in missing.packets}
    if missing.requirement.reply or sources == {missing.requirement.source_ports}:
        return ""
    ranges = sorted(part for ports in sources for part in ports)
    return f", source ports {', '.join(shorten(map(str, ranges), _MOST_LINES, excess=1))}"


def _write_doubt(entry: AclEntry) -> str:
    if entry.unresolved:
        verb = "allows" if entry.allow else "blocks"
        return f"it {verb} {entry.unresolved}, which are in no file"
    return "no flow has this protocol"


def _list_packets(packets: Iterable[Packets], short: bool = True) -> list[str]:
    lines = list(write_packets(packets, short))
    most = _MOST_LINES if short else len(lines)
    return shorten(lines, most, "more (--json has all)", excess=1)


# ---- JSON


def audit_record(audit: Audit, changes: Iterable[Remediation] | None) -> dict[str, Any]:
    """The audit as the JSON of `swyx audit` has it; `changes` only where some are given."""
    record: dict[str, Any] = {
        "version": 1,
        "site": audit.plan.site,
        "cloud": audit.firewall.cloud,
        "clean": audit.clean,
        "machines": audit.machines,
        "standstills": [fields_of(each, "machine", "phase", "flows") for each in audit.blocked],
        "missing": [_missing_record(each) for each in audit.missing],
        "open": [_unneeded_record(access) for access in audit.unneeded],
        "unsure": [
            {**_entry_record(entry), "machines": machines, "reason": _write_doubt(entry)}
            for entry, machines in audit.unsure
        ],
        "unplaced": audit.firewall.unplaced,
        "not_judged": [*audit.firewall.unread, *audit.firewall.lacking],
    }
    steps = {each.group.name: _remediation_record(each) for each in changes or ()}
    return record | given(changes=steps)


def _missing_record(missing: MissingAccess) -> dict[str, Any]:
    known = {"evidence": "", "lines": [], "phase": "", "purpose": missing.reason}
    return {
        "machine": missing.machine,
        **fields_of(missing.requirement, "flow", "peer", "reply"),
        **(fields_of(missing.row, *known) if missing.row else known),
        "packets": _list_packets(missing.packets, short=False),
        "stopped_by": missing.stopped_by,
        "unless": [entry.unresolved for entry in missing.unless],
    }


def _unneeded_record(access: UnneededAccess) -> dict[str, Any]:
    return {
        **_entry_record(access.entry),
        **fields_of(access, "public", "administration", "needed_by", "needed_elsewhere"),
        "packets": {
            machine: _list_packets(packets, short=False)
            for machine, packets in access.by_machine.items()
        },
    }


def _entry_record(entry: AclEntry) -> dict[str, Any]:
    return {"group": entry.owner, "rule": entry.label, "direction": entry.direction.value}


def _remediation_record(remediation: Remediation) -> dict[str, Any]:
    steps: dict[str, list[str]] = {step.name.lower(): [] for step in Step}
    for step, rule in remediation.rules:
        steps[step.name.lower()].append(write_rule(rule))
    for step, access in remediation.existing:
        steps[step.name.lower()].append(f"{access.entry.owner}: {access.entry.label}")
    return {"machines": [machine.name for machine in remediation.group.machines], **steps}
