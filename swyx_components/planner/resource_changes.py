"""What an update does to a cloud's resources, computed from two rendered sites: neutral values.

Each cloud fills them; names are those of Pulumi if the site's component has the site's name.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from swyx_components.planner.model import RenderedGroup

Groups = Sequence[RenderedGroup]  # of a site; none where there is no such site
Action = Literal["create", "update", "replace", "delete"]  # what happens to it, in Pulumi's words


class ResourceChange(NamedTuple):
    """One resource that an update changes; `details` says what changes, one line each."""

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
