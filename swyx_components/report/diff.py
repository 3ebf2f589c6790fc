"""From one installation to another, for people and as JSON."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from swyx_components.analysis.diff.changes import Changes, RuleChange, SiteChange
from swyx_components.analysis.diff.edits import Edit
from swyx_components.analysis.diff.effects import Effect
from swyx_components.analysis.diff.reachability import Packets, ReachabilityChange
from swyx_components.messages.render import shorten
from swyx_components.planner.model import Protocol
from swyx_components.planner.resource_changes import ResourceChange
from swyx_components.report.plan_json import fields_of, given, message_record, rule_record, texts
from swyx_components.report.tables import describe_packets, name_groups, plural, write_rule
from swyx_components.report.templates import render_lines

_MOST_PLACES = 5


def write_changes(changes: Changes, effects: Sequence[Effect]) -> list[str]:
    """Edits, stacks, packets newly or no longer allowed, rules with their reasons, and resources."""
    return render_lines(
        "diff.txt.j2",
        {
            "edit_rows": lambda edits: [row[:2] for row in edit_rows(edits)],
            "stack_row": _stack_row,
            "effect_rows": lambda effect: list(_effect_rows(effect)),
            "passing_row": lambda own: ((row := passing_row(own))[0], ", ".join(row[1:])),
            "rule_rows": lambda site: list(_rule_rows(site)),
            "resource_rows": _resource_rows,
        },
        changes=changes,
        effects=effects,
    )


def edit_rows(edits: Sequence[Edit]) -> Iterator[tuple[str, str, int]]:
    """Places and change; what was written alike at many sites, or swapped, is one row of so many edits."""
    reversed_ = {(edit.new, edit.old) for edit in edits if edit.key == "addresses"}
    alike: dict[tuple[str, ...], list[Edit]] = {}
    for edit in edits:
        own, values = edit.place.removeprefix(f"sites.{edit.site}."), (edit.old, edit.new)
        if edit.key == "addresses" and values in reversed_:
            own, values = "", (min(values), max(values))
        alike.setdefault((own, *values), []).append(edit)
    for (own, old, new), same in alike.items():
        places = ", ".join(shorten((edit.place for edit in same), _MOST_PLACES, "more places"))
        yield places, write_change(old, new) if own else f"swapped: {old} and {new}", len(same)


def write_change(old: str, new: str) -> str:
    """`10.1.0.13 -> 10.1.0.14`, `added: 10.1.0.14`, `removed: 10.1.0.13`."""
    return f"{old} -> {new}" if old and new else f"added: {new}" if new else f"removed: {old}"


def _stack_row(site: SiteChange) -> Sequence[str]:
    touched = [plural(len(site.groups), "group")] if site.groups else []
    touched.append(plural(len(site.rules), "rule"))
    if site.cloud:
        touched.append(plural(len(site.touched), "resource"))
    where = f"{site.site} on {site.cloud}" if site.cloud else site.site
    return where, site.work, ", ".join(touched)


def _effect_rows(effect: Effect) -> Iterator[Sequence[str]]:
    """What is new between two sites, or at one alone, and what is removed; from when on."""
    where, new, removed = f"at {effect.sites[0]}", "with its update", "with its update"
    if len(effect.sites) > 1:
        where = f"between {' and '.join(effect.sites)}"
        new, removed = "once both are updated", "as soon as one is updated"
    for word, kinds, flows, since in (
        ("new", effect.opened, effect.begins, new),
        ("removed", effect.closed, effect.ends, removed),
    ):
        if kinds:
            named = f" ({' '.join(flows)})" if flows else ""
            yield where, word, f"{since}: {plural(kinds, 'flow')}{named}"


def passing_row(passing: ReachabilityChange) -> tuple[str, str, str]:
    """From whom to whom, which packets, by which rules."""
    packets = passing.packets
    name = "everything" if packets.protocol is Protocol.ANY else packets.protocol.value
    return (
        f"{packets.source} to {packets.destination}",
        describe_packets(name, packets.ports, packets.source_ports),
        f"by the rules at {', '.join(passing.at)}",
    )


def _rule_rows(site: SiteChange) -> Iterator[Sequence[str]]:
    before, after = (name_groups(plan.groups if plan else ()) for plan in (site.old, site.new))
    for change in site.rules:
        because = f", {reasons}" if (reasons := describe_reasons(change)) else ""
        machines = after.get(change.group) or before[change.group]
        old, new = change.old, change.new
        if change.only_reason and old and new:
            flows = f"{' '.join(old.flows)} -> {' '.join(new.flows)}"
            yield "reason", machines, f"{write_rule(new, after)}: for {flows}{because}"
            continue
        sides = (
            (old, before, "before" if new else "removed"),
            (new, after, "after" if old else "added"),
        )
        for rule, named, word in sides:
            if rule:
                yield word, machines, f"{write_rule(rule, named)}{because}"
                because = ""


def describe_reasons(change: RuleChange) -> str:
    """`flows M2 K3; since links.aachen-bochum`: the flows behind a change, and the edits that touch them."""
    why = f"flows {' '.join(change.flows)}" if change.flows else ""
    causes = ", ".join(change.causes[:_MOST_PLACES])
    return "; ".join(filter(None, (why, f"since {causes}" if causes else "")))


def _resource_rows(touched: Iterable[ResourceChange]) -> Iterator[Sequence[str]]:
    for change in touched:
        yield *change[:3], ""
        for detail in change.details:
            yield "", "", f"  {detail}", ""


def changes_record(changes: Changes, effects: Sequence[Effect]) -> dict[str, Any]:
    """The changes as the JSON of `swyx diff` has them."""
    return {
        "version": 1,
        "equal": changes.none,
        "edits": [fields_of(edit, "place", "old", "new") for edit in changes.edits],
        "stacks": [_stack_record(site) for site in changes.stacks],
        "effects": [effect._asdict() for effect in effects],
        "packets": [_passing_record(*passing) for passing in changes.passings],
        "sites": {site.site: _site_record(site) for site in changes.sites},
        "clouds": {
            site.site: {
                "cloud": site.cloud,
                "resources": [change._asdict() for change in site.touched],
                "messages": [message_record(message) for message in site.messages],
            }
            for site in changes.compared
            if site.cloud
        },
    }


def _stack_record(site: SiteChange) -> dict[str, Any]:
    return {
        "site": site.site,
        **given(cloud=site.cloud),
        "work": site.work,
        "groups": len(site.groups),
        "rules": len(site.rules),
        **given(resources=len(site.touched)),
    }


def _passing_record(opened: bool, packets: Packets, at: Sequence[str]) -> dict[str, Any]:
    return {
        "change": "opened" if opened else "closed",
        **fields_of(packets, "source", "destination", "protocol"),
        **given(ports=texts(packets.ports), source_ports=str(packets.source_ports)),
        "at": at,
    }


def _site_record(site: SiteChange) -> dict[str, Any]:
    return {
        "before": site.old is not None,
        "after": site.new is not None,
        "groups": [group._asdict() for group in site.groups],
        "rules": [
            change._asdict()
            | {
                "old": change.old and rule_record(change.old),
                "new": change.new and rule_record(change.new),
            }
            for change in site.rules
        ],
    }
