"""What a comparison of two plans needs of a cloud: what an update would do to its resources."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

from swyx_components.messages import Message
from swyx_components.planner.model import RenderedGroup, RenderedSite

Groups = Sequence[RenderedGroup]  # of a site; none where there is no such site
Action = Literal["create", "update", "replace", "delete"]  # what happens to it, in Pulumi's words


class ResourceChange(NamedTuple):
    """One resource that an update changes; `details` says what changes, one line each.

    `name` is Pulumi's if the site's component has the site's name.
    """

    action: Action
    kind: str
    name: str
    details: tuple[str, ...] = ()


def compare_named(
    old: Mapping[str, object], new: Mapping[str, object]
) -> Iterator[tuple[str, Action]]:
    """What was added, removed or changed, by name."""
    for name in sorted({*old, *new}):
        if name not in old or name not in new:
            yield name, "create" if name in new else "delete"
        elif old[name] != new[name]:
            yield name, "update"


class Previewer(Protocol):
    """A cloud that knows what an update does before it is made."""

    def preview_update(self, site: str, old: Groups, new: Groups) -> Iterable[ResourceChange]:
        """The resources that an update of a site's groups changes."""

    def check_transient_quotas(self, before: Groups, after: RenderedSite) -> Iterable[Message]:
        """The quotas that old and new resources exceed together while an update lasts."""
