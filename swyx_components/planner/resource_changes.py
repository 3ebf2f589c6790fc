"""What an update does to a cloud's resources, computed from two rendered sites: neutral values.

Each cloud fills them; names are those of Pulumi if the site's component has the site's name.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import NamedTuple, Protocol

from swyx_components.messages import Message
from swyx_components.planner.model import RenderedGroup, RenderedSite
from swyx_components.planner.platform import Platform

Groups = Sequence[RenderedGroup]


class Action(Enum):
    """What happens to a resource, in Pulumi's words."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"


class ResourceChange(NamedTuple):
    """One resource that an update changes; `details` says what changes, one line each."""

    kind: str
    name: str
    action: Action
    details: tuple[str, ...] = ()


class UpdatePreview(Platform, Protocol):
    """A cloud that knows what its updates do; a missing site is None, and has no groups."""

    def preview_update(self, site: str, old: Groups, new: Groups) -> Iterator[ResourceChange]:
        """The resources that an update of a site's groups changes."""

    def check_transient_quotas(
        self, old: RenderedSite | None, new: RenderedSite | None
    ) -> Iterator[Message]:
        """An error for every quota that only the update would exceed, while old and new coexist."""


def compare_named(
    old: Mapping[str, object], new: Mapping[str, object]
) -> Iterator[tuple[str, Action]]:
    """What was added, removed or changed, by name."""
    for name in sorted({*old, *new}):
        if name not in old or name not in new:
            yield name, Action.CREATE if name in new else Action.DELETE
        elif old[name] != new[name]:
            yield name, Action.UPDATE
