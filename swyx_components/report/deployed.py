"""What `swyx verify` and `swyx audit` find, for people and as JSON; packets in words."""

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from swyx_components.analysis.deployed.audit import Audit, MissingAccess, Remediation
from swyx_components.analysis.deployed.reachability import AclEntry, Packets
from swyx_components.analysis.deployed.verify import Comparison
from swyx_components.messages import shorten
from swyx_components.planner.model import Direction, Protocol
from swyx_components.report.plan_json import fields_of, given, proof_record, stored_record
from swyx_components.report.tables import name_groups, name_machines, write_rule
from swyx_components.report.templates import Filters, render_lines
from swyx_components.sets.ports import ICMP_TYPES, MAX_PORT, PortSet
from swyx_components.sets.prefixes import Interval, range_text

_MOST_GAPS = 20
_MOST_LINES = 4  # of one finding
_MOST_PEERS = 4
_MOST_RANGES = 6


def write_comparison(comparison: Comparison) -> list[str]:
    """A headline with the counts and the proof, then a line for each difference."""
    named = name_groups(comparison.plan.groups)
    filters: Filters = {"packets": write_packets, "machines": name_machines}
    values = {"comparison": comparison, "most": _MOST_GAPS, "named": named}
    return render_lines("verify.txt.j2", filters, **values)


def write_audit(audit: Audit, changes: Iterable[Remediation] | None) -> list[str]:
    """A headline, the findings in order of gravity, what could not be judged, and what to change."""
    by_flow = groupby(audit.missing, lambda each: (each.requirement.reply, each.requirement.flow))
    missing = [list(same) for _, same in by_flow]
    values = {"audit": audit, "missing": missing, "changes": changes, "most": _MOST_LINES}
    return render_lines("audit.txt.j2", {"packets": write_packets, "doubt": _write_doubt}, **values)


def _write_doubt(entry: AclEntry) -> str:
    if entry.unresolved:
        verb = "allows" if entry.allow else "blocks"
        return f"it {verb} {entry.unresolved}, which are in no file"
    return "no flow has this protocol"


# ---- packets

_Run = tuple[int, Interval]  # IP version and addresses


def write_packets(packets: Iterable[Packets], short: bool = True) -> Iterator[str]:
    """`in tcp 3389 from 10.0.0.0/8`; protocols with the same ports and addresses share a line.

    In the order of the packets. `short`: what is long is counted instead of listed.
    """
    most_ranges, most_peers = (_MOST_RANGES, _MOST_PEERS) if short else (sys.maxsize, sys.maxsize)
    by_ports: dict[tuple[Direction, Protocol, PortSet], list[_Run]] = defaultdict(list)
    for own in packets:
        by_ports[own.direction, own.protocol, own.ports].append((own.version, own.peers))
    alike: dict[tuple[Direction, str, tuple[_Run, ...]], list[str]] = defaultdict(list)
    for (direction, protocol, ports), peers in by_ports.items():
        text = _write_ports(protocol, ports, most_ranges)
        alike[direction, text, tuple(sorted(peers))].append(protocol.value)
    for (direction, text, runs), protocols in alike.items():
        words = direction.value, "/".join(protocols), text, direction.towards
        peers_text = ", ".join(shorten((range_text(*run) for run in runs), most_peers, excess=1))
        yield " ".join(filter(None, (*words, peers_text)))


def _write_ports(protocol: Protocol, ports: PortSet, most: int) -> str:
    """Ports, or types of ICMP; empty for all of ICMP."""
    if not protocol.has_ports:
        return f"type {ports}" if ICMP_TYPES - ports else ""
    if not PortSet.of((1, MAX_PORT)) - ports:
        return "every port"
    return ", ".join(shorten(map(str, ports), most, excess=1))


# ---- JSON


def comparison_record(comparison: Comparison) -> dict[str, Any]:
    """The comparison as the JSON of `swyx verify` has it."""
    return {
        "site": comparison.plan.site,
        **fields_of(comparison, "cloud", "equal", "groups", "rules", "faults"),
        "changes": [
            {"group": change.group}
            | given(
                planned=change.planned and stored_record(change.planned),
                found=change.found and stored_record(change.found),
                found_text=change.unreadable,
            )
            for change in comparison.changes
        ],
        "proof": proof_record(comparison.proof),
        "effects": [
            {
                "machine": effect.at.machine,
                "interface": effect.at.id,
                "other": effect.other.label,
                "added": _list_packets(effect.added),
                "stopped": _list_packets(effect.stopped),
            }
            for effect in comparison.effects
        ],
        "remarks": comparison.remarks,
        "not_judged": comparison.lacking,
    }


def _list_packets(packets: Iterable[Packets]) -> list[str]:
    return list(write_packets(packets, short=False))


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
        "open": [
            {
                **_entry_record(access.entry),
                **fields_of(access, "public", "administration", "needed_by", "needed_elsewhere"),
                "packets": {name: _list_packets(own) for name, own in access.by_machine.items()},
            }
            for access in audit.unneeded
        ],
        "unsure": [
            {**_entry_record(entry), "machines": machines, "reason": _write_doubt(entry)}
            for entry, machines in audit.unsure
        ],
        "unplaced": audit.unplaced,
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
        "packets": _list_packets(missing.packets),
        "stopped_by": missing.stopped_by,
        "unless": [entry.unresolved for entry in missing.unless],
    }


def _entry_record(entry: AclEntry) -> dict[str, Any]:
    return {"group": entry.owner, "rule": entry.label, "direction": entry.direction.value}


def _remediation_record(remediation: Remediation) -> dict[str, Any]:
    group, added, existing = remediation
    told = [(f"{each.entry.owner}: {each.entry.label}", each.needed_for) for each in existing]
    return {
        "machines": [machine.name for machine in group.machines],
        "keep": [write_rule(rule) for rule in group.rules if rule not in added],
        "add": [write_rule(rule) for rule in group.rules if rule in added],
        "remove": [text for text, flows in told if not flows],
        "narrow": [text for text, flows in told if flows],
    }
