"""The deployed state against the plan, for people and as JSON."""

from collections.abc import Iterator
from typing import Any

from swyx_components.planner.deployed.compare import Change, Comparison
from swyx_components.planner.deployed.others import Effect
from swyx_components.planner.model import Spec
from swyx_components.report.columns import plural
from swyx_components.report.packets import write_packets
from swyx_components.report.plan_json import proof_record, spec_record
from swyx_components.report.tables import spec_row

_MOST_GAPS = 20


def write_comparison(comparison: Comparison, cloud: str) -> Iterator[str]:
    """A headline with the counts and the proof, then a line for each difference."""
    proof = comparison.proof
    yield (
        f"{comparison.site} ({cloud}): {plural(comparison.groups, 'group')}, "
        f"{plural(comparison.rules, 'rule')}; proof: {len(proof.missing)} missing, {len(proof.excess)} excess"
    )
    for fault in comparison.faults:
        yield f"  {fault}"
    for change in comparison.changes:
        yield from _write_change(change)
    for kind, gaps in (("missing", proof.missing), ("excess", proof.excess)):
        for gap in gaps[:_MOST_GAPS]:
            yield f"  {kind} packets: {gap}"
        if len(gaps) > _MOST_GAPS:
            yield f"  {kind} packets: {len(gaps) - _MOST_GAPS:,} more ranges (--json has all)"
    for effect in comparison.effects:
        yield from _write_effect(effect)
    for remark in comparison.remarks:
        yield f"  note: {remark}"
    for sentence in comparison.lacking:
        yield f"  not judged: {sentence}"


def _write_effect(effect: Effect) -> Iterator[str]:
    where = (
        f"{effect.machine} ({effect.interface}): {effect.other} also stands before its interface"
    )
    for packets, words in (
        (effect.added, "and lets pass what no flow needs"),
        (effect.stopped, "and stops what flows need"),
    ):
        if packets:
            yield f"  {where} {words}:"
            lines = list(write_packets(packets))
            yield from (f"    {line}" for line in lines[:_MOST_GAPS])
            if len(lines) > _MOST_GAPS:
                yield f"    {len(lines) - _MOST_GAPS:,} more (--json has all)"


def _write_change(change: Change) -> Iterator[str]:
    if change.planned is not None and change.found is not None:
        yield f"  {change.group}: differs, planned {_write_spec(change.planned)}"
        yield f"  {change.group}:             found {_write_spec(change.found)}"
    elif change.planned is not None:
        yield f"  {change.group}: lacks the rule {_write_spec(change.planned)}"
    elif change.found is not None:
        yield f"  {change.group}: has a rule that is not planned, {_write_spec(change.found)}"


def _write_spec(spec: Spec) -> str:
    return " ".join(part for part in spec_row(spec) if part)


def comparison_record(comparison: Comparison, cloud: str) -> dict[str, Any]:
    """The comparison as the JSON of `swyx verify` has it."""
    return {
        "site": comparison.site,
        "cloud": cloud,
        "equal": comparison.equal,
        "groups": comparison.groups,
        "rules": comparison.rules,
        "faults": list(comparison.faults),
        "changes": [_change_record(change) for change in comparison.changes],
        "proof": proof_record(comparison.proof),
        "effects": [_effect_record(effect) for effect in comparison.effects],
        "remarks": list(comparison.remarks),
        "not_judged": list(comparison.lacking),
    }


def _effect_record(effect: Effect) -> dict[str, Any]:
    return {
        "machine": effect.machine,
        "interface": effect.interface,
        "other": effect.other,
        "added": list(write_packets(effect.added, short=False)),
        "stopped": list(write_packets(effect.stopped, short=False)),
    }


def _change_record(change: Change) -> dict[str, Any]:
    sides = {"planned": change.planned, "found": change.found}
    return {"group": change.group} | {
        name: spec_record(spec) for name, spec in sides.items() if spec is not None
    }
