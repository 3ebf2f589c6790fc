"""From one installation to another, for people and as JSON."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from swyx_components.analysis.diff.changes import Changes, RuleChange, SiteChange
from swyx_components.analysis.diff.edits import Edit
from swyx_components.analysis.diff.effects import Effect
from swyx_components.analysis.diff.reachability import ReachabilityChange
from swyx_components.messages import Message
from swyx_components.messages.render import shorten
from swyx_components.planner.model import Protocol
from swyx_components.planner.resource_changes import ResourceChange
from swyx_components.report.plan_json import fields_of, given, message_record, rule_record
from swyx_components.report.tables import describe_packets, name_groups, plural, write_rule
from swyx_components.report.templates import render_lines

_MOST_PLACES = 5


class CloudChange(NamedTuple):
    """What an update does to one site's resources on its cloud, and how it goes about it."""

    cloud: str
    touched: tuple[ResourceChange, ...]
    messages: tuple[Message, ...]


Resources = Mapping[str, CloudChange]  # by site


def write_changes(changes: Changes, resources: Resources, effects: Sequence[Effect]) -> list[str]:
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
        stacks=list_stacks(changes, resources),
        resources=resources,
        effects=effects,
    )


def edit_rows(edits: Sequence[Edit]) -> Iterator[tuple[str, str, int]]:
    """Places and change; what was written alike at many sites, or swapped, is one row of so many edits."""
    reversed_ = {(edit.new, edit.old) for edit in edits if edit.key == "addresses"}
    alike: dict[tuple[str, ...], list[Edit]] = {}
    for edit in edits:
        own, values = edit.place.removeprefix(f"sites.{edit.site}"), (edit.old, edit.new)
        if edit.key == "addresses" and values in reversed_:
            own, values = "", (min(values), max(values))
        alike.setdefault((own, *values), []).append(edit)
    for (own, old, new), same in alike.items():
        places = ", ".join(shorten((edit.place for edit in same), _MOST_PLACES, "more places"))
        yield places, write_change(old, new) if own else f"swapped: {old} and {new}", len(same)


def write_change(old: str, new: str) -> str:
    """`10.1.0.13 -> 10.1.0.14`, `added: 10.1.0.14`, `removed: 10.1.0.13`."""
    return f"{old} -> {new}" if old and new else f"added: {new}" if new else f"removed: {old}"


class _Stack(NamedTuple):
    """The stack of one site that an edit touches; `resources` is None where no cloud is named."""

    site: str
    cloud: str = ""
    work: str = "update"
    groups: int = 0
    rules: int = 0
    resources: int | None = None


def list_stacks(changes: Changes, resources: Resources) -> list[_Stack]:
    """The stacks to update: of a site whose cloud is named, if any of its resources is touched."""
    by_site = {site.site: site for site in changes.sites}
    stacks = []
    for name in sorted({*by_site, *resources}):
        site, on_cloud = by_site.get(name), resources.get(name)
        if on_cloud is None or on_cloud.touched:
            sizes = (site.work, len(site.groups), len(site.rules)) if site else ()
            cloud, touched = (on_cloud.cloud, len(on_cloud.touched)) if on_cloud else ("", None)
            stacks.append(_Stack(name, cloud, *sizes)._replace(resources=touched))
    return stacks


def _stack_row(stack: _Stack) -> Sequence[str]:
    counts = (stack.groups or None, "group"), (stack.rules, "rule"), (stack.resources, "resource")
    touched = [plural(count, what) for count, what in counts if count is not None]
    where = f"{stack.site} on {stack.cloud}" if stack.cloud else stack.site
    return where, stack.work, ", ".join(touched)


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
        if old:
            yield "before" if new else "removed", machines, f"{write_rule(old, before)}{because}"
        if new:
            word, why = ("after", "") if old else ("added", because)
            yield word, machines, f"{write_rule(new, after)}{why}"


def describe_reasons(change: RuleChange) -> str:
    """`flows M2 K3; since links.aachen-bochum`: the flows behind a change, and the edits that touch them."""
    why = f"flows {' '.join(change.flows)}" if change.flows else ""
    causes = ", ".join(change.causes[:_MOST_PLACES])
    return "; ".join(filter(None, (why, f"since {causes}" if causes else "")))


def _resource_rows(touched: Iterable[ResourceChange]) -> Iterator[Sequence[str]]:
    for change in touched:
        yield change.action.value, change.kind, change.name, ""
        for detail in change.details:
            yield "", "", f"  {detail}", ""


def changes_record(
    changes: Changes, resources: Resources, effects: Sequence[Effect]
) -> dict[str, Any]:
    """The changes as the JSON of `swyx diff` has them."""
    return {
        "version": 1,
        "equal": changes.none,
        "edits": [fields_of(edit, "place", "old", "new") for edit in changes.edits],
        "stacks": [
            {key: value for key, value in stack._asdict().items() if value not in ("", None)}
            for stack in list_stacks(changes, resources)
        ],
        "effects": [asdict(effect) for effect in effects],
        "packets": [_passing_record(passing) for passing in changes.passings],
        "sites": {site.site: _site_record(site) for site in changes.sites},
        "clouds": {
            name: {
                "cloud": cloud,
                "resources": [
                    fields_of(change, "action", "kind", "name", "details") for change in touched
                ],
                "messages": [message_record(message) for message in messages],
            }
            for name, (cloud, touched, messages) in resources.items()
        },
    }


def _passing_record(passing: ReachabilityChange) -> dict[str, Any]:
    """Packets that are newly allowed, or no longer."""
    packets = passing.packets
    return {
        "change": "opened" if passing.opened else "closed",
        **fields_of(packets, "source", "destination", "protocol"),
        **given(
            ports=packets.ports and list(map(str, packets.ports)),
            source_ports=packets.source_ports and str(packets.source_ports),
        ),
        "at": passing.at,
    }


def _site_record(site: SiteChange) -> dict[str, Any]:
    return {
        "before": site.old is not None,
        "after": site.new is not None,
        "groups": [fields_of(group, "group", "was", "old", "new") for group in site.groups],
        "rules": [
            {
                "group": change.group,
                "old": change.old and rule_record(change.old),
                "new": change.new and rule_record(change.new),
                **fields_of(change, "only_reason", "flows", "causes"),
            }
            for change in site.rules
        ],
    }
