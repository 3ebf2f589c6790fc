"""What an update does on AWS: security groups, separate rules, attachments."""

from collections.abc import Iterator

from swyx_components.clouds.aws.names import group_logical_name
from swyx_components.planner.model import RenderedSite
from swyx_components.planner.resource_changes import (
    Action,
    ResourceChange,
    compare_named,
    labels_of,
    memberships_of,
    rules_by_name,
)


def preview_update(
    old: RenderedSite | None, new: RenderedSite | None
) -> tuple[ResourceChange, ...]:
    """The resources that an update changes; a missing site is None."""
    either = new or old
    if either is None:
        return ()
    site = either.plan.site
    return (*_groups(site, old, new), *_rules(site, old, new), *_attached(site, old, new))


def _groups(
    site: str, old: RenderedSite | None, new: RenderedSite | None
) -> Iterator[ResourceChange]:
    for label, action, _, _ in compare_named(labels_of(old), labels_of(new)):
        name = group_logical_name(f"{site}.{label}-sg")
        yield ResourceChange(kind="security group", name=name, action=action)


def _rules(
    site: str, old: RenderedSite | None, new: RenderedSite | None
) -> Iterator[ResourceChange]:
    """A rule's name has all that it allows: an update changes only its description and tags."""
    for name, action, before, after in compare_named(rules_by_name(old), rules_by_name(new)):
        moved = before is not None and after is not None and before.shard != after.shard
        yield ResourceChange(
            kind="rule",
            name=f"{site}.{name}",
            action=Action.REPLACE if moved else action,
            details=("description and tags only",) if action is Action.UPDATE and not moved else (),
        )


def _attached(
    site: str, old: RenderedSite | None, new: RenderedSite | None
) -> Iterator[ResourceChange]:
    """One per group and interface; only the cloud knows the interface of a machine's addresses."""
    before, after = (
        {(label, addresses): machine for label, machine, addresses in memberships_of(own)}
        for own in (old, new)
    )
    for action, own, other in ((Action.CREATE, after, before), (Action.DELETE, before, after)):
        for label, addresses in sorted(own.keys() - other.keys()):
            yield ResourceChange(
                kind="attachment",
                name=f"{site}.{label}-*",
                action=action,
                details=(own[label, addresses],),
            )
