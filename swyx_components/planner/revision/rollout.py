"""How a change gets onto the stacks: which sites, in which order and why, what works after which step.

Each site's own update keeps what both installations allow, and sites name each other by address: so no
order between sites cuts anything. The order decides who is without rules of its own while others let it in,
and at which end something new waits for the other.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from swyx_components.planner.revision.moments import (
    Conversation,
    Part,
    as_passing,
    find_conversations,
    find_replaced,
    pass_at,
    split_by_sites,
)
from swyx_components.planner.revision.moves import Move
from swyx_components.planner.revision.order import (
    Why,
    Wish,
    find_wishes,
    order_sites,
)
from swyx_components.planner.revision.passing import Passing
from swyx_components.planner.revision.steps import (
    Gap,
    Pair,
    Reason,
    Rollout,
    SiteUpdate,
    Step,
    Work,
)


def plan_rollout(
    updates: Sequence[SiteUpdate],
    unchanged: Iterable[str],
    links: tuple[frozenset[Pair], frozenset[Pair]],
    moves: Iterable[Move],
) -> Rollout:
    """The steps for the sites that change. `links`: the linked sites before and after.

    The second updates of sites that are updated twice come last, but for removed sites that wait for them.

    Raises:
        Deadlock: addresses go round in a circle among clouds that make the interfaces.
    """
    by_site = {update.site: update for update in updates}
    parts = split_by_sites(update.change for update in updates)
    places = {name: update.place for name, update in by_site.items()}
    wishes = find_wishes(places, parts, links[0] | links[1], moves)
    order = order_sites(by_site, wishes)
    reasons = _find_reasons(order, wishes)
    bare = [
        Step(
            update=by_site[site], work=work, number=0, reasons=_fitting(work, reasons.get(site, ()))
        )
        for site, work in _arrange(order, by_site, wishes)
    ]
    steps = tuple(replace(step, number=number) for number, step in enumerate(bare, 1))
    opening, closing = _moments(steps)
    filled = _tell_links(_tell_packets(steps, parts, opening, closing), links, opening, closing)
    return Rollout(
        steps=tuple(filled),
        unchanged=tuple(sorted(unchanged)),
        gaps=tuple(_find_gaps(parts, opening, closing)),
    )


def _arrange(
    order: Iterable[str], by_site: Mapping[str, SiteUpdate], wishes: frozenset[Wish]
) -> Iterator[tuple[str, Work]]:
    """Every site's work, the second updates as late as may be."""
    pending: list[str] = []
    for site in order:
        first, *second = by_site[site].works
        waited_for = {
            wish.before for wish in wishes if wish.after == site and first is Work.DESTROY
        }
        yield from ((one, Work.FINISH) for one in pending if one in waited_for)
        pending = [one for one in pending if one not in waited_for]
        yield site, first
        pending += [site] if second else []
    yield from ((site, Work.FINISH) for site in pending)


def _moments(steps: Iterable[Step]) -> tuple[dict[str, int], dict[str, int]]:
    """By site the step that brings what is new, and the one that takes what is old."""
    opening: dict[str, int] = {}
    closing: dict[str, int] = {}
    for step in steps:
        opening.setdefault(step.update.site, step.number)
        closing[step.update.site] = step.number
    return opening, closing


def _find_reasons(
    order: Sequence[str], wishes: frozenset[Wish]
) -> Mapping[str, tuple[Reason, ...]]:
    """By site, what its step waited for and what waits for it."""
    rank = {site: number for number, site in enumerate(order)}
    against = {(wish.after, wish.before) for wish in wishes if rank[wish.before] > rank[wish.after]}
    sides: dict[tuple[str, Why, bool, bool], set[str]] = {}
    grave = {(wish.before, wish.after) for wish in wishes if wish.why not in _TIDY}
    for wish in wishes:
        pair = wish.before, wish.after
        if rank[wish.before] < rank[wish.after] and not (wish.why in _TIDY and pair in grave):
            both = pair in against and wish.why in _TIDY
            sides.setdefault((wish.before, wish.why, True, both), set()).add(wish.after)
            sides.setdefault((wish.after, wish.why, False, both), set()).add(wish.before)
    found: dict[str, list[Reason]] = {}
    for (site, why, is_before, both), others in sides.items():
        sites = tuple(sorted(others, key=rank.__getitem__))
        found.setdefault(site, []).append(
            Reason(why=why, is_before=is_before, both_ways=both, sites=sites)
        )
    return {site: tuple(sorted(own, key=_gravest_first)) for site, own in found.items()}


def _fitting(work: Work, reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
    """Of two updates, the second is the one that a removed site waits for."""
    if work not in (Work.LAND, Work.FINISH):
        return reasons
    ending = work is Work.FINISH
    return tuple(each for each in reasons if (each.why is Why.GONE_LAST) is ending)


_TIDY = (Why.RECEIVER_FIRST, Why.SENDER_FIRST)
_GRAVITY = {why: number for number, why in enumerate(Why)}


def _gravest_first(reason: Reason) -> tuple[object, ...]:
    return _GRAVITY[reason.why], reason.both_ways, not reason.is_before


def _tell_packets(
    steps: Sequence[Step],
    parts: Iterable[Part],
    opening: Mapping[str, int],
    closing: Mapping[str, int],
) -> Iterator[Step]:
    """The steps with the packets and flows that come with each, or go."""
    packets: dict[tuple[int, bool], list[Passing]] = {}
    timed = [(pass_at(part, opening, closing), part) for part in parts]
    begun = {part.packets: number for number, part in timed if part.opened}
    ended = {part.packets: number for number, part in timed if not part.opened}
    for number, part in timed:
        # A machine that another site has now: its new rules let pass what the old ones did, and came first.
        if begun.get(part.packets, len(steps)) >= ended.get(part.packets, 0):
            packets.setdefault((number, part.opened), []).append(as_passing(part))
    gone, come = find_conversations(step.update.change for step in steps)
    words: dict[tuple[int, bool], list[Conversation]] = {}
    for talk in sorted(come):
        words.setdefault((_last(opening, talk.source, talk.destination), True), []).append(talk)
    for talk in sorted(gone):
        words.setdefault((_first(closing, talk.source, talk.destination), False), []).append(talk)
    for step in steps:
        yield replace(
            step,
            opens=tuple(packets.get((step.number, True), ())),
            closes=tuple(packets.get((step.number, False), ())),
            begins=tuple(words.get((step.number, True), ())),
            ends=tuple(words.get((step.number, False), ())),
        )


def _tell_links(
    steps: Iterable[Step],
    links: tuple[frozenset[Pair], frozenset[Pair]],
    opening: Mapping[str, int],
    closing: Mapping[str, int],
) -> Iterator[Step]:
    """The steps with the pairs of sites that are joined from then on, or no more."""
    old, new = links
    come = {pair: _last(opening, *pair) for pair in new - old}
    gone = {pair: _first(closing, *pair) for pair in old - new}
    for step in steps:
        yield replace(
            step,
            joins=tuple(sorted(pair for pair, number in come.items() if number == step.number)),
            parts=tuple(sorted(pair for pair, number in gone.items() if number == step.number)),
        )


def _last(moments: Mapping[str, int], *sites: str) -> int:
    return max((moments[site] for site in sites if site in moments), default=0)


def _first(moments: Mapping[str, int], *sites: str) -> int:
    return min((moments[site] for site in sites if site in moments), default=0)


def _find_gaps(
    parts: Sequence[Part], opening: Mapping[str, int], closing: Mapping[str, int]
) -> Iterator[Gap]:
    """By pair of sites the first that ceases and the last that begins, where they are in this order."""
    between: dict[tuple[str, ...], list[tuple[int, Part]]] = {}
    for part in parts:
        between.setdefault(part.sites, []).append((pass_at(part, opening, closing), part))
    for pair in find_replaced(parts):
        opened = max(number for number, part in between[pair] if part.opened)
        ceasing = [each for each in between[pair] if not each[1].opened]
        closed, first = min(ceasing, key=lambda each: each[0])
        if closed < opened:
            yield Gap(sites=pair, closed_after=closed, opened_after=opened, first=as_passing(first))
