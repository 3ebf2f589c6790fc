"""What verify, audit and prune need of a cloud: its resources, or records of them, in neutral values."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from swyx_components.analysis.deployed.reachability import Firewall
from swyx_components.analysis.deployed.stack_state import Orphan, StackState
from swyx_components.analysis.deployed.verify import Deployed
from swyx_components.planner.model import RenderedSite, SitePlan


class Inventory(Protocol):
    """What files, or a stack's state, have of a cloud."""

    @property
    def sites(self) -> Iterable[str]:
        """The sites that its groups are tagged with."""

    def find_deployed(self, rendered: RenderedSite) -> Deployed:
        """A site's own groups and interfaces, with all else that applies to these."""

    def find_firewall(self, plan: SitePlan, bindings: Mapping[str, Sequence[str]]) -> Firewall:
        """Every address of the site's machines with what applies to it, whoever made that.

        `bindings` are groups by machine, by id or name, for machines of which the files have no interface.

        Raises:
            SwyxError: a binding names a group that the files don't have.
        """


class Reader(Protocol):
    """A cloud that is read: itself, saved output of its own `commands`, or a stack's state.

    Asked itself, it raises `CloudError` where it can't be reached or refuses, or its SDK is not installed;
    reading files, a `ValueError` that begins with the place of what is not as it should be.
    """

    @property
    def commands(self) -> Sequence[str]:
        """The commands whose output is read."""

    def recognise(self, content: object) -> bool:
        """Whether one of the commands wrote this."""

    def read_deployed(self, rendered: RenderedSite) -> Deployed:
        """A site as it is in the cloud now."""

    def read_saved(self, contents: Iterable[object]) -> Inventory:
        """What recognised files have."""

    def read_state(self, state: StackState) -> Inventory:
        """What the state of a stack has."""

    def find_orphans(
        self, rendered: RenderedSite, stack: str, held: StackState
    ) -> Sequence[Orphan]:
        """What an interrupted update of the stack made at a site, and its state does not have."""

    def remove_orphans(self, orphans: Sequence[Orphan]) -> Iterator[Orphan]:
        """Remove them in order; yields each once it is removed."""
