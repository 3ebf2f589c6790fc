"""What an update does on Azure: network security groups with all their rules, and attachments."""

from collections.abc import Iterator

from swyx_components.clouds.azure.names import physical_name
from swyx_components.planner.model import RenderedSite, Rule
from swyx_components.planner.resource_changes import (
    Action,
    ResourceChange,
    compare_named,
    rules_by_name,
)


def preview_update(
    old: RenderedSite | None, new: RenderedSite | None
) -> tuple[ResourceChange, ...]:
    """The resources that an update changes, by their names in the resource group."""
    return (*_groups(old, new), *_attachments(old, new))


def _groups(old: RenderedSite | None, new: RenderedSite | None) -> Iterator[ResourceChange]:
    """One request sets all rules of a group, even if only one changes."""
    before, after = (
        {
            physical_name(entry.group.site, entry.group.name, kind="nsg"): (
                entry.group.roles,
                tuple(sorted(rules_by_name(site, entry.group.name).items())),
            )
            for entry in (site.groups if site else ())
        }
        for site in (old, new)
    )
    for name, action, was, now in compare_named(before, after):
        details = tuple(
            f"rule {rule}: {_describe(rule_action, one, other)}"
            for rule, rule_action, one, other in compare_named(
                dict(was[1]) if was else {}, dict(now[1]) if now else {}
            )
        )
        yield ResourceChange(
            kind="network security group", name=name, action=action, details=details
        )


def _describe(action: Action, old: Rule | None, new: Rule | None) -> str:
    if action is not Action.UPDATE or old is None or new is None:
        return action.value
    if old.priority != new.priority:
        return f"update, priority {old.priority} to {new.priority}"
    told = (old.description, old.flows, old.lines) != (new.description, new.flows, new.lines)
    same = (old.prefixes, old.ports) == (new.prefixes, new.ports)
    return "update, description only" if told and same else "update"


def _attachments(old: RenderedSite | None, new: RenderedSite | None) -> Iterator[ResourceChange]:
    """Each machine's interface, however it is bound: found again where its addresses change."""
    before, after = (
        {
            f"{entry.group.site}.{machine.name}-*": machine.addresses
            for entry in (site.groups if site else ())
            for machine in entry.group.machines
        }
        for site in (old, new)
    )
    for name, action, _, _ in compare_named(before, after):
        yield ResourceChange(kind="attachment", name=name, action=action)
