"""How a change gets onto the stacks, for people and as JSON."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from swyx_components.messages import Message
from swyx_components.planner.revision.moments import Conversation
from swyx_components.planner.revision.order import Why
from swyx_components.planner.revision.passing import Passing
from swyx_components.planner.revision.steps import Reason, Rollout, Step, Work
from swyx_components.report.changes import describe_packets, passing_record
from swyx_components.report.columns import align, plain, plural
from swyx_components.report.messages import list_messages, message_record
from swyx_components.report.stack_commands import Files, commands_of, verify_command

_MOST_PACKETS = 12
_MOST_SITES = 5

_HEADLINES = {
    Work.CREATE: "a new stack",
    Work.UPDATE: "one update",
    Work.LAND: "the first of two updates",
    Work.FINISH: "the second of two updates",
    Work.DESTROY: "the stack goes",
}

# What is said where the step stands before that of others, and where after it.
_WORDS: Mapping[Why, tuple[str, str]] = {
    Why.ADDRESS_FREED: (
        "before {sites}: it releases addresses that are taken there",
        "after {sites}: addresses that it takes are released there",
    ),
    Why.ADDRESS_KEPT: (
        "before {sites}: machines that come from there are in their new groups before they leave the old",
        "after {sites}: machines that go there are in their new groups before they leave the old",
    ),
    Why.NEW_FIRST: (
        "before {sites}: its own rules stand before anybody lets its addresses in",
        "after {sites}: the rules of a new site stand before its addresses are let in here",
    ),
    Why.GONE_LAST: (
        "before {sites}: whoever gets addresses of a removed site is let in here no more",
        "after {sites}: nobody lets its addresses in any more, whoever gets them",
    ),
    Why.KEEPS_BOTH: (
        "before {sites}: until its second update it lets pass both the old and the new between them",
        "after {sites}: the old and the new between them are both let pass there by now",
    ),
    Why.RECEIVER_FIRST: (
        "before {sites}: it receives what is newly sent there",
        "after {sites}: what it newly sends is received there by now",
    ),
    Why.SENDER_FIRST: (
        "before {sites}: it ceases to send what is received there no more",
        "after {sites}: what it receives no more is sent there no longer",
    ),
}
_EITHER = "in either order with {sites}: each sends what the other receives"


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutPage:
    """A rollout and the words around it: the files as named, the clouds of sites, general messages."""

    rollout: Rollout
    files: Files
    clouds: Mapping[str, str]
    messages: tuple[Message, ...] = ()

    @property
    def told(self) -> tuple[Message, ...]:
        """The general messages and those about two sites between two steps."""
        gaps = (
            Message.about(
                "rollout-gap",
                ", ".join(f"sites.{site}" for site in gap.sites),
                closed=gap.closed_after,
                opened=gap.opened_after,
                first=f"{gap.first.packets.source} to {gap.first.packets.destination} "
                f"{describe_packets(gap.first.packets)}",
            ).of(self.files.new)
            for gap in self.rollout.gaps
        )
        return (*self.messages, *gaps)

    @property
    def verify(self) -> str:
        """The closing command; empty where no site is left to verify."""
        updated = {step.update.site for step in self.rollout.steps if step.work is not Work.DESTROY}
        total = len(updated) + len(self.rollout.unchanged)
        names = sorted(updated)
        return verify_command(self.files.new, names, self.clouds, total) if names else ""


def write_rollout(page: RolloutPage) -> Iterator[str]:
    """Every step with its commands, why it stands there, and what works from then on."""
    rollout = page.rollout
    if not rollout.steps:
        yield "Nothing to do: no stack changes.\n"
        return
    yield from _write_head(page)
    for step in rollout.steps:
        yield from _write_step(step, page.files)
    if page.verify:
        yield f"\nAt the end, once every step is done\n    {plain(page.verify)}\n"


def _write_head(page: RolloutPage) -> Iterator[str]:
    steps = page.rollout.steps
    sites = {step.update.site for step in steps}
    yield f"{plural(len(sites), 'stack')} to change, in {plural(len(steps), 'step')}.\n"
    if page.rollout.unchanged:
        yield f"Without any `pulumi up`: {_listed(page.rollout.unchanged)}.\n"
    yield (
        "What both files allow is never cut by the order of sites: each keeps it at its own end. What is\n"
        "new between two sites works once both are updated; what is given up ends once one of them is.\n"
    )
    if any(step.work is Work.LAND for step in steps):
        yield f"Keep {plain(page.files.old)} until the last step: a stack reads it (`swyx:replaces`).\n"
    yield (
        f"Put {plain(page.files.new)} where the stacks look for it (`swyx:installation`). In the project's "
        "folder:\n"
    )
    if page.told:
        yield "\n"
    yield from (f"{plain(line)}\n" for line in list_messages(page.told))


def _write_step(step: Step, files: Files) -> Iterator[str]:
    update = step.update
    cloud = f" on {update.cloud}" if update.cloud else ""
    yield f"\n{step.number}. {update.site}{cloud}: {_HEADLINES[step.work]}\n"
    yield from (f"  {line}\n" for line in dict.fromkeys(map(_write_reason, step.reasons)))
    if step.work is not Work.FINISH:
        yield from (f"  {plain(line)}\n" for line in list_messages(update.messages))
    yield from (f"    {plain(command)}\n" for command in commands_of(step, files.old))
    yield from _write_calls(step)
    for conversations, title in ((step.begins, "flows that begin"), (step.ends, "flows that end")):
        rows = _conversation_rows(conversations)
        if rows:
            yield f"  {title}\n"
            yield from align(rows, "    ")
    for passings, title in ((step.opens, "passes now"), (step.closes, "passes no more")):
        yield from _write_packets(passings, title, files)
    if step.work is Work.UPDATE and not (step.opens or step.closes):
        yield "  no packet changes with it: names, descriptions or groups only\n"


def _write_reason(reason: Reason) -> str:
    before, after = _WORDS[reason.why]
    words = _EITHER if reason.both_ways else before if reason.is_before else after
    return words.format(sites=_listed(reason.sites))


def _write_calls(step: Step) -> Iterator[str]:
    for pairs, words in ((step.joins, "work from here on"), (step.parts, "end here")):
        for one, other in pairs[:_MOST_PACKETS]:
            yield f"  calls between {one} and {other} {words}\n"
        if len(pairs) > _MOST_PACKETS:
            yield f"  calls between {len(pairs) - _MOST_PACKETS:,} more pairs of sites {words}\n"


def _conversation_rows(talks: Iterable[Conversation]) -> list[Sequence[str]]:
    """One row for two ends, with the flows between them."""
    flows: dict[tuple[str, str], list[str]] = {}
    for talk in talks:
        flows.setdefault((talk.source, talk.destination), []).append(talk.flow)
    return [
        (
            f"{ends[0]} to {ends[1]}" if ends[0] != ends[1] else f"within {ends[0]}",
            " ".join(sorted(own, key=_by_number)),
        )
        for ends, own in sorted(flows.items())
    ]


def _by_number(flow: str) -> tuple[str, int, str]:
    """C9 before C10, M4a before M4b."""
    number = "".join(char for char in flow if char.isdigit())
    return flow[:1], int(number or 0), flow


def _write_packets(passings: Sequence[Passing], title: str, files: Files) -> Iterator[str]:
    """A line for two ends, with all that changes between them."""
    between: dict[tuple[str, str], list[str]] = {}
    for passing in passings:
        packets = passing.packets
        ends = packets.source, packets.destination
        between.setdefault(ends, []).append(describe_packets(packets))
    if not between:
        return
    yield f"  {title}\n"
    shown = list(between.items())[:_MOST_PACKETS]
    yield from align(((f"{a} to {b}", "; ".join(own)) for (a, b), own in shown), "    ")
    if len(between) > _MOST_PACKETS:
        more = plural(len(between) - _MOST_PACKETS, "more pair")
        yield f"    and {more}; `--json`, or `swyx diff`, has all\n"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_SITES:,} more" if len(names) > _MOST_SITES else ""
    return ", ".join(names[:_MOST_SITES]) + more


def rollout_record(page: RolloutPage) -> dict[str, Any]:
    """The rollout as the JSON of `swyx rollout` has it."""
    return {
        "version": 1,
        "unchanged": list(page.rollout.unchanged),
        "steps": [_step_record(step, page.files) for step in page.rollout.steps],
        "verify": page.verify,
        "messages": [message_record(message) for message in page.told],
    }


def _step_record(step: Step, files: Files) -> dict[str, Any]:
    update = step.update
    return {
        "step": step.number,
        "site": update.site,
        **({"cloud": update.cloud} if update.cloud else {}),
        "work": step.work.value,
        "why": [_reason_record(reason) for reason in step.reasons],
        "commands": list(commands_of(step, files.old)),
        "opens": [passing_record(passing) for passing in step.opens],
        "closes": [passing_record(passing) for passing in step.closes],
        "begins": [_conversation_record(talk) for talk in step.begins],
        "ends": [_conversation_record(talk) for talk in step.ends],
        "joins": [list(pair) for pair in step.joins],
        "parts": [list(pair) for pair in step.parts],
        "messages": [message_record(message) for message in update.messages],
    }


def _reason_record(reason: Reason) -> dict[str, Any]:
    order = "either" if reason.both_ways else "before" if reason.is_before else "after"
    return {
        "reason": reason.why.value,
        "order": order,
        "sites": list(reason.sites),
        "text": _write_reason(reason),
    }


def _conversation_record(talk: Conversation) -> dict[str, str]:
    return {"flow": talk.flow, "from": talk.source, "to": talk.destination}
