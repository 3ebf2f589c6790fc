"""What an update does on AWS: security groups, separate rules, attachments."""

from collections.abc import Iterator

from swyx_components.analysis.diff.platform import Groups, ResourceChange, compare_named
from swyx_components.clouds.aws.names import group_logical_name
from swyx_components.planner.model import shard_label
from swyx_components.sets.prefixes import Prefix


def preview_update(site: str, old: Groups, new: Groups) -> Iterator[ResourceChange]:
    """The resources that an update of a site's groups changes."""
    tags = (
        {
            shard_label(own.group.name, shard): own.group.roles
            for own in groups
            for shard in own.shards
        }
        for groups in (old, new)
    )
    for label, action in compare_named(*tags):
        yield ResourceChange(action, "security group", group_logical_name(f"{site}.{label}-sg"))
    rules, others = (
        {rule.name: rule for own in groups for rule in own.rules} for groups in (old, new)
    )
    for name, action in compare_named(rules, others):
        if action == "update" and rules[name].shard != others[name].shard:
            action = "replace"
        # A rule's name has all that it allows: only the description and tags can be others.
        details = ("description and tags only",) if action == "update" else ()
        yield ResourceChange(action, "rule", f"{site}.{name}", details)
    before, after = memberships_of(old), memberships_of(new)
    for own in sorted(after.keys() - before.keys()):
        yield ResourceChange("create", "attachment", f"{site}.{own[0]}-*", (after[own],))
    for own in sorted(before.keys() - after.keys()):
        yield ResourceChange("delete", "attachment", f"{site}.{own[0]}-*", (before[own],))


def memberships_of(groups: Groups) -> dict[tuple[str, tuple[Prefix, ...]], str]:
    """The machine by the label of each group that its interface is in, shards included, and by its
    addresses: only the cloud knows the interface of these.
    """
    return {
        (shard_label(entry.group.name, shard), machine.addresses): machine.name
        for entry in groups
        for machine in entry.group.machines
        for shard in entry.shards
    }
