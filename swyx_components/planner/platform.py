"""What the planner needs of a cloud, passed as a value."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import NotRequired, Protocol, TypedDict

from swyx_components.installation.model import Egress
from swyx_components.planner.describe import Provenance
from swyx_components.planner.model import (
    Capabilities,
    HostGroup,
    RenderedSite,
    Rule,
)


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of one of the `quotas` is used: `where` names the group, empty for the whole site.

    `note` explains the figure ("; 40 IPv4 and 70 group references"), empty if there is nothing to say.
    `tight`: it fits, but the next addition may not, not even during an update. `by_quotas`: it follows
    from other quotas alone, so that it is the same for every site. `remedy`: what else helps, as part of
    a sentence.
    """

    quotas: Mapping[str, int]
    quota: str
    used: int
    note: str
    where: str = ""
    _: KW_ONLY
    remedy: str = ""
    tight: bool = False
    by_quotas: bool = False

    @property
    def limit(self) -> int:
        """How much of it there is."""
        return self.quotas[self.quota]

    @property
    def share(self) -> float:
        """How much of it is used; 1 is all."""
        return self.used / max(self.limit, 1)


class TextLimits(TypedDict):
    """Lengths in characters, counts of tags, and characters as a regular expression has them in []."""

    name: NotRequired[int]
    description: int
    description_characters: str
    tag_key: int
    tag_key_characters: str
    tag_key_reserved: Sequence[str]
    tag_value: int
    tag_value_characters: str
    tag_characters: str
    tags_per_resource: int
    tags_of_ours: int


class _Capabilities(TypedDict):
    matches_source_ports: bool
    stores_rules_by: str
    shares_groups: NotRequired[bool]
    denies_by_default: bool


class Limits(TypedDict):
    """A cloud's `limits.yaml`: what rules can express, quotas by name, and texts."""

    capabilities: _Capabilities
    quotas: Mapping[str, int]
    texts: TextLimits


class Platform(Protocol):
    """A cloud that renders groups and counts what they use of its quotas."""

    @property
    def name(self) -> str:
        """Its name in installations, commands and programs."""

    def limits(self) -> Limits:
        """The rows of its `limits.yaml`."""

    def render_group(
        self, group: HostGroup, egress: Egress, capabilities: Capabilities, provenance: Provenance
    ) -> tuple[Rule, ...]:
        """The rules of one group as the cloud would store them."""

    def count_quotas(self, rendered: RenderedSite) -> Iterable[Usage]:
        """The site's usage of each quota that applies to it, exceeded or not."""
