"""A rollout as values: what is done with which stack, why there, and what holds from then on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from swyx_components.messages import Message
from swyx_components.planner.revision.changes import SiteChange
from swyx_components.planner.revision.moments import Conversation
from swyx_components.planner.revision.order import Place, Why
from swyx_components.planner.revision.passing import Passing

Pair = tuple[str, str]  # two linked sites, in order of name


class Work(Enum):
    """What is done with a stack in one step. LAND is the first of two updates, FINISH the second."""

    CREATE = "create"
    UPDATE = "update"
    LAND = "land"
    FINISH = "finish"
    DESTROY = "destroy"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteUpdate:
    """One site that changes, with what its cloud says to it.

    `cloud` is empty and `owns_interfaces` None where none is named. `lands`: it is updated
    twice, and lets pass both the old and the new in between, while another site goes over.
    `new_names`: what machines were called whose interfaces keep that name. `settings`: what a new stack is
    told beside its site and cloud, values in capitals being for the person to replace.
    """

    change: SiteChange
    cloud: str = ""
    owns_interfaces: bool | None = None
    lands: bool = False
    new_names: Mapping[str, str] = field(default_factory=dict)
    settings: tuple[tuple[str, str], ...] = ()
    messages: tuple[Message, ...] = ()

    @property
    def site(self) -> str:
        """The site's name, which is that of its stack."""
        return self.change.site

    @property
    def works(self) -> tuple[Work, ...]:
        """What is done with its stack, in this order: one update, or two where one would cut."""
        if self.change.old is None:
            return (Work.CREATE,)
        if self.change.new is None:
            return (Work.DESTROY,)
        return (Work.LAND, Work.FINISH) if self.lands else (Work.UPDATE,)

    @property
    def place(self) -> Place:
        """What the order of sites follows from, without what changes in its rules."""
        return Place(
            is_new=self.change.old is None,
            is_gone=self.change.new is None,
            owns_interfaces=self.owns_interfaces,
            lands=self.works[0] is Work.LAND,
        )


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Reason:
    """Why a step comes before (or after) those of other sites.

    `both_ways`: there is as much to say for the other order, so that either will do.
    """

    why: Why
    is_before: bool
    both_ways: bool
    sites: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One update of one stack, numbered from 1, and what holds from then on.

    `joins` and `parts` are pairs of sites between which calls work from now on, or no more.
    """

    number: int
    work: Work
    update: SiteUpdate
    reasons: tuple[Reason, ...] = ()
    opens: tuple[Passing, ...] = ()
    closes: tuple[Passing, ...] = ()
    begins: tuple[Conversation, ...] = ()
    ends: tuple[Conversation, ...] = ()
    joins: tuple[Pair, ...] = ()
    parts: tuple[Pair, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Two sites that have given up something old before something new works between them."""

    sites: tuple[str, ...]
    closed_after: int
    opened_after: int
    first: Passing


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """All steps, in order. `unchanged` are sites of both installations whose stacks stay as they are."""

    steps: tuple[Step, ...]
    unchanged: tuple[str, ...]
    gaps: tuple[Gap, ...]
