"""What an update does on Azure: network security groups with all their rules, and attachments."""

from collections.abc import Iterator

from swyx_components.analysis.diff.platform import Action, Groups, ResourceChange, compare_named
from swyx_components.clouds.azure.names import physical_name
from swyx_components.planner.model import Rule


def preview_update(site: str, old: Groups, new: Groups) -> Iterator[ResourceChange]:
    """The resources that an update of a site's groups changes, by their names in the resource group."""
    before, after = _contents(site, old), _contents(site, new)
    for name, action in compare_named(before, after):
        (_, rules), (_, others) = (groups.get(name, ((), {})) for groups in (before, after))
        # One request sets all rules of a group, even if only one changes.
        details = tuple(
            f"rule {rule}: {_describe(change, rules.get(rule), others.get(rule))}"
            for rule, change in compare_named(rules, others)
        )
        yield ResourceChange(action, "network security group", name, details)
    # Each machine's interface, however it is bound, is found again where its addresses change.
    addresses = (
        {machine.name: machine.addresses for own in groups for machine in own.group.machines}
        for groups in (old, new)
    )
    for name, action in compare_named(*addresses):
        yield ResourceChange(action, "attachment", f"{site}.{name}-*")


def _contents(site: str, groups: Groups) -> dict[str, tuple[tuple[str, ...], dict[str, Rule]]]:
    """Each group's roles, which it is tagged with, and its rules; lists of addresses in one order."""
    return {
        physical_name(site, entry.group.name, kind="nsg"): (
            entry.group.roles,
            {own.name: own._replace(prefixes=tuple(sorted(own.prefixes))) for own in entry.rules},
        )
        for entry in groups
    }


def _describe(action: Action, old: Rule | None, new: Rule | None) -> str:
    if old is None or new is None:
        return action
    if old.priority != new.priority:
        return f"update, priority {old.priority} to {new.priority}"
    # Its name has all that a rule allows, but for the peers.
    return "update" if old.prefixes != new.prefixes else "update, description only"
