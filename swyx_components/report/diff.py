"""From one installation to another, for people and as JSON."""

from collections.abc import Iterator, Sequence
from typing import Any

from swyx_components.analysis.diff.changes import Changes, RuleChange, SiteChange
from swyx_components.analysis.diff.edits import Edit
from swyx_components.analysis.diff.effects import Effect
from swyx_components.analysis.diff.reachability import ReachabilityChange
from swyx_components.messages import shorten
from swyx_components.planner.model import Protocol, SitePlan
from swyx_components.report.plan_json import fields_of, given, message_record, rule_record, texts
from swyx_components.report.tables import name_groups
from swyx_components.report.templates import Filters, render_lines

_MOST_PLACES = 5


def write_changes(changes: Changes, effects: Sequence[Effect]) -> list[str]:
    """Edits, stacks, packets newly or no longer allowed, rules with their reasons, and resources."""
    return render_lines("diff.txt.j2", FILTERS, changes=changes, effects=effects)


def edit_rows(edits: Sequence[Edit]) -> Iterator[tuple[str, str]]:
    """Places and change; what was written alike at many sites, or swapped, is one row."""
    reversed_ = {(edit.new, edit.old) for edit in edits if edit.key == "addresses"}
    alike: dict[tuple[str, ...], list[Edit]] = {}
    for edit in edits:
        own, values = edit.place.removeprefix(f"sites.{edit.site}."), (edit.old, edit.new)
        if edit.key == "addresses" and values in reversed_:
            own, values = "", (min(values), max(values))
        alike.setdefault((own, *values), []).append(edit)
    for (own, old, new), same in alike.items():
        places = ", ".join(shorten((edit.place for edit in same), _MOST_PLACES, "more places"))
        yield places, write_change(old, new) if own else f"swapped: {old} and {new}"


def write_change(old: str, new: str) -> str:
    """`10.1.0.13 -> 10.1.0.14`, `added: 10.1.0.14`, `removed: 10.1.0.13`."""
    return f"{old} -> {new}" if old and new else f"added: {new}" if new else f"removed: {old}"


def write_packets(packets: ReachabilityChange) -> str:
    """`udp 55000-55999 from source ports 50000-50099`, `everything`."""
    name = "everything" if packets.protocol is Protocol.ANY else packets.protocol.value
    source = f"from source ports {packets.source_ports}" if packets.source_ports else ""
    return " ".join(filter(None, (name, str(packets.ports), source)))


def name_planned(*plans: SitePlan | None) -> dict[str, str]:
    """The groups of plans as people call them; of two with a group of one name as the last does."""
    return name_groups(group for plan in plans if plan for group in plan.groups)


def describe_reasons(change: RuleChange) -> str:
    """`flows M2 K3; since links.aachen-bochum`: the flows behind a change, and the edits that touch them."""
    why = f"flows {' '.join(change.flows)}" if change.flows else ""
    causes = ", ".join(change.causes[:_MOST_PLACES])
    return "; ".join(filter(None, (why, f"since {causes}" if causes else "")))


FILTERS: Filters = {
    "change": write_change,
    "edit_rows": edit_rows,
    "named": name_planned,
    "packets": write_packets,
    "reasons": describe_reasons,
}


def changes_record(changes: Changes, effects: Sequence[Effect]) -> dict[str, Any]:
    """The changes as the JSON of `swyx diff` has them."""
    return {
        "version": 1,
        "equal": changes.none,
        "edits": [fields_of(edit, "place", "old", "new") for edit in changes.edits],
        "stacks": [
            {
                "site": site.site,
                **given(cloud=site.cloud),
                "work": site.work,
                "groups": len(site.groups),
                "rules": len(site.rules),
                **given(resources=len(site.touched)),
            }
            for site in changes.stacks
        ],
        "effects": [effect._asdict() for effect in effects],
        "packets": [
            {
                "change": "opened" if each.opened else "closed",
                **fields_of(each, "source", "destination", "protocol"),
                **given(ports=texts(each.ports), source_ports=str(each.source_ports)),
                "at": each.at,
            }
            for each in changes.passings
        ],
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
