"""What `verify`, `audit` and `prune` need of a cloud: its records, live or from files."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from swyx_components.analysis.deployed.ruleset import Firewall
from swyx_components.analysis.deployed.stack_state import Orphan, StackState
from swyx_components.analysis.deployed.verify import Deployed
from swyx_components.planner.model import RenderedSite, SitePlan


class Inventory(Protocol):
    """Reads what a cloud stores. `contents` are what its commands wrote, as `recognise` found them.

    Those that ask the cloud itself load its SDK, and raise a CloudError where it can't be reached, refuses or
    the SDK is not installed; those that read files raise a ValueError for a record that is not what it
    should be.
    """

    @property
    def name(self) -> str:
        """Its name in installations and commands."""

    @property
    def commands(self) -> Sequence[str]:
        """The commands whose saved output is understood."""

    def recognise(self, content: object) -> str:
        """The command whose output has this shape; empty where none of the cloud's has."""

    def sites_in(self, contents: Sequence[object]) -> frozenset[str]:
        """The sites whose groups the files have, by their tags."""

    def is_resource(self, type: str) -> bool:
        """Whether a resource type of the engine's is one of the cloud's."""

    def read_deployed(self, rendered: RenderedSite) -> Deployed:
        """What the cloud stores for the site now."""

    def read_saved(self, rendered: RenderedSite, contents: Sequence[object]) -> Deployed:
        """What files have of the site."""

    def read_state(self, rendered: RenderedSite, state: StackState) -> Deployed:
        """What a stack's state has of the site."""

    def read_firewall(
        self, plan: SitePlan, contents: Sequence[object], bindings: Mapping[str, Sequence[str]]
    ) -> Firewall:
        """The firewall, whoever made it, that files show before a site's machines.

        Raises:
            SwyxError: a binding names a group that the files don't have.
        """

    def find_orphans(
        self, rendered: RenderedSite, stack: str, held: StackState
    ) -> tuple[Orphan, ...]:
        """What the cloud has with the tag of a stack, `project/stack`, and its state does not."""

    def remove_orphans(self, orphans: Sequence[Orphan]) -> Iterator[Orphan]:
        """Remove them, yielding each once it is removed."""
