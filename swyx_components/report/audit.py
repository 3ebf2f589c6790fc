"""An audit for people and as JSON: what is missing, then what is open without need, the worst first."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
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
from swyx_components.report.plan_json import fields_of
from swyx_components.report.tables import plural, shorten, write_provenance, write_rule
from swyx_components.report.verify import write_packets

_MOST_LINES = 4  # of one finding


def write_audit(audit: Audit) -> Iterator[str]:
    """A headline, the findings in order of gravity, and what could not be judged."""
    yield (
        f"{audit.site} ({audit.firewall.cloud}): {plural(len(audit.machines), 'machine')} judged; "
        f"{plural(len(audit.missing), 'need')} not met, "
        f"{plural(len(audit.unneeded), 'rule')} open beyond need"
    )
    if audit.blocked or audit.missing:
        yield "missing, the worst first"
    for blocked in audit.blocked:
        phase = blocked.phase.value
        what = "audio or fax" if phase == "media" else f"call {phase}"
        yield f"  {blocked.machine}: nothing of {what} passes ({' '.join(blocked.flows)})"
    for _, same in groupby(
        audit.missing, key=lambda each: (each.requirement.reply, each.requirement.flow)
    ):
        yield from _write_missing(list(same))
    if audit.unneeded:
        yield "open without need, the worst first"
    for access in audit.unneeded:
        yield from _write_unneeded(access)
    if audit.unsure:
        yield "not to be told from the files"
    for entry, machines in audit.unsure:
        yield f"  {entry.owner}: {entry.label}: {_write_doubt(entry)}; before {', '.join(machines)}"
    for machine in audit.firewall.unplaced:
        yield f"not judged: {machine}, for no file has an interface with its address"
    for sentence in (*audit.firewall.unread, *audit.firewall.lacking):
        yield f"not judged: {sentence}"


def _write_missing(missing: Sequence[MissingAccess]) -> Iterator[str]:
    """Those of one flow."""
    first = missing[0]
    row, requirement = first.row, first.requirement
    words = ["the answers of"] if requirement.reply else []
    words += [requirement.flow]
    words += [row.evidence.value, write_provenance((), sorted(row.lines))] if row else []
    yield f"  {' '.join(words)}: {row.purpose if row else first.reason}"
    for each in missing:
        for line in _list_packets(each.packets):
            yield f"    {each.machine} {line} ({each.requirement.peer}){_write_sources(each)}"
    yield f"    stopped by {', '.join(sorted({name for each in missing for name in each.stopped_by}))}"
    for entry in dict.fromkeys(entry for each in missing for entry in each.unless):
        yield f"    unless {entry.unresolved} hold them ({entry.owner}: {entry.label})"


def _write_sources(missing: MissingAccess) -> str:
    """Source ports where only some of those that the flow has are stopped."""
    sources = {packets.source_ports for packets in missing.packets}
    if missing.requirement.reply or sources == {missing.requirement.source_ports}:
        return ""
    ranges = sorted(part for ports in sources for part in ports)
    return f", source ports {', '.join(shorten(map(str, ranges), _MOST_LINES, excess=1))}"


def _write_unneeded(access: UnneededAccess) -> Iterator[str]:
    entry = access.entry
    reach = f"open {entry.direction.towards} the internet; " if access.public else ""
    yield f"  {entry.owner}: {entry.label}: {reach}{_write_need(access)}"
    yield f"    before {', '.join(access.machines)}"
    if access.administration:
        services = ", ".join(shorten(access.administration, _MOST_LINES, excess=1))
        yield f"    administration: {services}"
    for line in _list_packets(access.packets):
        yield f"    lets pass {line}"


def _write_need(access: UnneededAccess) -> str:
    if access.needed_by:
        return f"another part of it is for {' '.join(access.needed_by)}"
    if access.needed_elsewhere:
        return f"only other machines need it, for {' '.join(access.needed_elsewhere)}"
    return "no flow needs it"


def _write_doubt(entry: AclEntry) -> str:
    if entry.unresolved:
        verb = "lets pass" if entry.allow else "stops"
        return f"it {verb} {entry.unresolved}, which no file has"
    return "no flow has this protocol"


def _list_packets(packets: Iterable[Packets], short: bool = True) -> list[str]:
    lines = list(write_packets(packets, short))
    most = _MOST_LINES if short else len(lines)
    return shorten(lines, most, "more (--json has all)", excess=1)


# ---- what to change


def write_remediations(remediations: Iterable[Remediation]) -> Iterator[str]:
    """The plan's rules of each group, those to be added marked, and what to do about the existing ones."""
    yield "the installation's rules: + add, = is there, - remove, ~ narrow to what the flows need"
    for remediation in remediations:
        group = remediation.group
        yield f"  {group.name}: {', '.join(machine.name for machine in group.machines)}"
        for step, rule in remediation.rules:
            yield f"    {step.value} {write_rule(rule)}"
        for step, access in remediation.existing:
            flows = sorted({*access.needed_by, *access.needed_elsewhere})
            needed = f" (for {' '.join(flows)})" if flows else ""
            yield f"    {step.value} {access.entry.owner}: {access.entry.label}{needed}"


# ---- JSON


def audit_record(audit: Audit, remediations: Iterable[Remediation] = ()) -> dict[str, Any]:
    """The audit as the JSON of `swyx audit` has it; `changes` only where remediations are given."""
    record: dict[str, Any] = {
        "version": 1,
        "site": audit.site,
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
    changes = {a.group.name: _remediation_record(a) for a in remediations}
    return record | ({"changes": changes} if changes else {})


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
