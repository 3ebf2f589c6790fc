"""What an update does to a cloud's resources, computed from two rendered sites: neutral values.

Each cloud fills them; names are those of Pulumi if the site's component has the site's name.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, TypeVar

from swyx_components.messages import Message
from swyx_components.planner.model import RenderedSite, Rule, shard_label
from swyx_components.planner.platform import Platform
from swyx_components.sets.prefixes import Prefix

_Value = TypeVar("_Value")


class Action(Enum):
    """What happens to a resource, in Pulumi's words."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceChange:
    """One resource that an update changes; `details` says what changes, one line each."""

    kind: str
    name: str
    action: Action
    details: tuple[str, ...] = ()


class UpdatePreview(Platform, Protocol):
    """A cloud that knows what its updates do; a missing site is None."""

    def preview_update(
        self, old: RenderedSite | None, new: RenderedSite | None
    ) -> tuple[ResourceChange, ...]:
        """The resources that an update changes."""

    def check_transient_quotas(
        self, old: RenderedSite | None, new: RenderedSite | None
    ) -> Iterator[Message]:
        """An error for every quota that only the update would exceed, while old and new coexist."""


def compare_named(
    old: Mapping[str, _Value], new: Mapping[str, _Value]
) -> Iterator[tuple[str, Action, _Value | None, _Value | None]]:
    """What was added, removed or changed, by name."""
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        if name not in old:
            yield name, Action.CREATE, None, after
        elif name not in new:
            yield name, Action.DELETE, before, None
        elif before != after:
            yield name, Action.UPDATE, before, after


def rules_by_name(site: RenderedSite | None, group: str = "") -> dict[str, Rule]:
    """The rules of a site, or of one of its groups, by name; lists of addresses in one order."""
    return {
        rule.name: rule._replace(prefixes=tuple(sorted(rule.prefixes)))
        for entry in (site.groups if site else ())
        if group in ("", entry.group.name)
        for rule in entry.rules
    }


def labels_of(site: RenderedSite | None) -> dict[str, tuple[str, ...]]:
    """The labels of a site's groups, shards included, each with the roles it is tagged with."""
    return {
        shard_label(entry.group.name, shard): entry.group.roles
        for entry in (site.groups if site else ())
        for shard in entry.shards
    }


def memberships_of(site: RenderedSite | None) -> Iterator[tuple[str, str, tuple[Prefix, ...]]]:
    """Each group that a machine is in: the group's label, the machine's name and addresses."""
    for entry in site.groups if site else ():
        for machine in entry.group.machines:
            for shard in entry.shards:
                yield shard_label(entry.group.name, shard), machine.name, machine.addresses
