"""A simulated call as values: its steps, their packets, and what becomes of each."""

from enum import Enum
from typing import NamedTuple

from swyx_components.analysis.calls.parties import Actor
from swyx_components.analysis.explain.ends import (
    End,
    Packet,
    SiteOf,
    by_version,
    evaluate_ends,
    is_same_machine,
)
from swyx_components.analysis.explain.places import Host
from swyx_components.catalogue import Phase


class Passage(Enum):
    """What becomes of a packet. OUTSIDE: no rule of the plan stands at either end."""

    ALLOWED = "allowed"
    DENIED = "denied"
    SAME_MACHINE = "same machine"
    OUTSIDE = "outside"


class Crossing(NamedTuple):
    """One packet between two hosts; `ends` is empty where no rule was asked.

    `backwards`: from the step's receiver to its sender.
    """

    source: Host
    destination: Host
    packet: Packet
    passage: Passage
    ends: tuple[End, ...] = ()
    backwards: bool = False

    @property
    def passes(self) -> bool:
        """Whether no end denies it."""
        return self.passage is not Passage.DENIED


class Step(NamedTuple):
    """One step of a call; `flow` is empty where no flow of the article joins the two.

    `crossings` holds every packet of it, between each pair of hosts that the rules tell apart. It is
    empty where somebody is missing, or no link joins the sites of the two: then the step fails.
    """

    phase: Phase
    does: str
    flow: str
    sender: Actor
    receiver: Actor
    crossings: tuple[Crossing, ...] = ()
    number: int = 0

    @property
    def missing(self) -> tuple[Actor, ...]:
        """Who would take part and is not there: a site without the role."""
        return tuple(actor for actor in (self.sender, self.receiver) if not actor.hosts)

    @property
    def passes(self) -> bool:
        """Whether every packet of it passes, and there is one."""
        return bool(self.crossings) and all(crossing.passes for crossing in self.crossings)

    @property
    def failure(self) -> Crossing | None:
        """The first packet that does not pass."""
        return next((crossing for crossing in self.crossings if not crossing.passes), None)

    @property
    def both_ways(self) -> bool:
        """Whether packets go back too."""
        return any(crossing.backwards for crossing in self.crossings)


class Call(NamedTuple):
    """A simulated call with all its steps, those after a failing one too."""

    caller: Actor
    called: Actor
    steps: tuple[Step, ...]

    @property
    def failed(self) -> Step | None:
        """The first step that fails."""
        return next((step for step in self.steps if not step.passes), None)


def cross(
    source: Host, destination: Host, packet: Packet, site_of: SiteOf, backwards: bool = False
) -> Crossing:
    """What becomes of a packet; it passes if it does over any IP version that both hosts have."""
    crossing = Crossing(source, destination, packet, Passage.DENIED, (), backwards)
    if is_same_machine(source, destination):
        return crossing._replace(passage=Passage.SAME_MACHINE)
    for one, other in by_version(source, destination):
        ends = evaluate_ends(one, other, packet, site_of)
        if not any(end.group for end in ends):
            return crossing._replace(passage=Passage.OUTSIDE, ends=ends)
        if all(end.allows for end in ends):
            return crossing._replace(passage=Passage.ALLOWED, ends=ends)
        crossing = crossing._replace(ends=crossing.ends or ends)
    return crossing
