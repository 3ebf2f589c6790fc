"""Calls as a sequence diagram, before anything is drawn: who stands where, what goes from whom to whom."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from swyx_components.analysis.calls.call import Call, Step
from swyx_components.analysis.calls.parties import Actor
from swyx_components.report.call import call_title, name_hosts, write_packets, write_passage


class Look(Enum):
    """How an arrow is drawn. QUIET: no rule is asked."""

    PASSES = "passes"
    FAILS = "fails"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifeline:
    """One that takes part: its name and, below it, its hosts."""

    name: str
    hosts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """One step between two lifelines, by their places; `title` says what, `detail` which packets."""

    sender: int
    receiver: int
    title: str
    detail: str
    look: Look
    both_ways: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One call: its title, its arrows, and how it ends."""

    title: str
    arrows: tuple[Arrow, ...]
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """The diagram: lifelines from left to right, sections from top to bottom."""

    lifelines: tuple[Lifeline, ...]
    sections: tuple[Section, ...]


def arrange_sequence(calls: Iterable[Call]) -> Sequence:
    """The diagram of calls; who takes part in several of them has one lifeline."""
    calls = tuple(calls)
    places: dict[tuple[object, ...], int] = {}
    actors: list[Actor] = []
    for call in calls:
        for actor in _in_order(call):
            if places.setdefault(actor.key, len(actors)) == len(actors):
                actors.append(actor)
    return Sequence(
        lifelines=tuple(map(_lifeline, actors)),
        sections=tuple(_section(call, places) for call in calls),
    )


def _in_order(call: Call) -> Iterable[Actor]:
    """The actors of a call as it passes them: caller, those between, called party."""
    yield call.caller.actor
    for step in call.steps:
        for actor in (step.sender, step.receiver):
            if actor.key != call.called.actor.key:
                yield actor
    yield call.called.actor


def _lifeline(actor: Actor) -> Lifeline:
    addresses = ", ".join(str(prefix) for host in actor.place.hosts for prefix in host.prefixes)
    return Lifeline(name=actor.name, hosts=name_hosts(actor) if actor.role else addresses)


def _section(call: Call, places: dict[tuple[object, ...], int]) -> Section:
    failed = call.failed
    verdict = f"step {failed.number} fails" if failed else "every step passes"
    arrows = tuple(_arrow(step, places) for step in call.steps)
    return Section(title=call_title(call), arrows=arrows, verdict=verdict)


def _arrow(step: Step, places: dict[tuple[object, ...], int]) -> Arrow:
    passage = write_passage(step)
    passing = Look.PASSES if passage == "allowed" else Look.QUIET
    look = passing if step.passes else Look.FAILS
    remark = {Look.PASSES: "", Look.QUIET: ", no rule needed", Look.FAILS: f" fails, {passage}"}[
        look
    ]
    flow = f"[{step.flow}]" if step.flow else ""
    return Arrow(
        sender=places[step.sender.key],
        receiver=places[step.receiver.key],
        title=f"{step.number}. {step.does}{remark}",
        detail=" ".join(part for part in (write_packets(step), flow) if part),
        look=look,
        both_ways=step.both_ways,
    )
