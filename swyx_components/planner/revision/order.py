"""In which order sites are updated: wishes of different weight, and an order that grants them.

>>> wishes = [Wish("b", "a", Why.NEW_FIRST), Wish("a", "b", Why.RECEIVER_FIRST)]
>>> order_sites(["a", "b", "c"], wishes)
('c', 'b', 'a')
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import NamedTuple

from swyx_components.planner.revision.moments import Part, find_replaced
from swyx_components.planner.revision.moves import Move


class Why(Enum):
    """Why one site is updated before another."""

    ADDRESS_FREED = "address-freed"
    ADDRESS_KEPT = "address-kept"
    NEW_FIRST = "new-first"
    GONE_LAST = "gone-last"
    KEEPS_BOTH = "keeps-both"
    RECEIVER_FIRST = "receiver-first"
    SENDER_FIRST = "sender-first"


# What can't be otherwise, what keeps machines behind their own rules, what is tidier.
_WEIGHTS: Mapping[Why, int] = {
    Why.ADDRESS_FREED: 0,
    Why.ADDRESS_KEPT: 1,
    Why.NEW_FIRST: 1,
    Why.GONE_LAST: 1,
    Why.KEEPS_BOTH: 1,
    Why.RECEIVER_FIRST: 2,
    Why.SENDER_FIRST: 2,
}


class Wish(NamedTuple):
    """One site before another."""

    before: str
    after: str
    why: Why


class Place(NamedTuple):
    """What is known of a site that is updated.

    `owns_interfaces`: its cloud's interfaces are made with the site, so that two can't hold one address;
    None where no cloud is named. `lands`: it is updated twice, and keeps what is old until the second time.
    """

    is_new: bool
    is_gone: bool
    owns_interfaces: bool | None
    lands: bool


class Deadlock(Exception):
    """Sites of which each must come before another one of them."""

    def __init__(self, sites: Sequence[str]) -> None:
        self.sites = tuple(sites)
        super().__init__(", ".join(sites))


def find_wishes(
    places: Mapping[str, Place],
    parts: Sequence[Part],
    links: Iterable[tuple[str, str]],
    moves: Iterable[Move],
) -> frozenset[Wish]:
    """All that is to be said about the order. `links` are the pairs of sites of both installations' links."""
    wishes = {
        *_of_links(places, links),
        *_of_packets(places, parts),
        *_of_replacements(places, parts),
        *_of_moves(places, moves),
    }
    return frozenset(wish for wish in wishes if wish.before in places and wish.after in places)


def _of_links(places: Mapping[str, Place], links: Iterable[tuple[str, str]]) -> Iterator[Wish]:
    """A site's rules stand as long as anybody lets its addresses in."""
    for pair in links:
        for one, other in (pair, pair[::-1]):
            if one in places and other in places:
                if places[one].is_new and not places[other].is_new:
                    yield Wish(one, other, Why.NEW_FIRST)
                if places[one].is_gone and not places[other].is_gone:
                    yield Wish(other, one, Why.GONE_LAST)


def _of_packets(places: Mapping[str, Place], parts: Iterable[Part]) -> Iterator[Wish]:
    """Nobody sends what the other end does not take yet, or takes no more."""
    for part in parts:
        if len(part.sites) > 1 and part.receiver:
            for sender in set(part.sites) - {part.receiver}:
                if part.opened:
                    yield Wish(part.receiver, sender, Why.RECEIVER_FIRST)
                elif not places[sender].lands:
                    yield Wish(sender, part.receiver, Why.SENDER_FIRST)


def _of_replacements(places: Mapping[str, Place], parts: Iterable[Part]) -> Iterator[Wish]:
    """Who keeps both the old and the new for a time comes before who goes from one to the other."""
    for pair, keepers in find_replaced(parts).items():
        for one, other in (pair, pair[::-1]):
            if one in keepers and places[one].lands and not places[other].lands:
                yield Wish(one, other, Why.KEEPS_BOTH)


def _of_moves(places: Mapping[str, Place], moves: Iterable[Move]) -> Iterator[Wish]:
    for move in moves:
        giver, taker = move.source.site, move.target.site
        if giver == taker or giver not in places or taker not in places:
            continue
        match places[giver].owns_interfaces, places[taker].owns_interfaces:
            case True, True:
                yield Wish(giver, taker, Why.ADDRESS_FREED)
            case False, False:
                yield Wish(taker, giver, Why.ADDRESS_KEPT)


def order_sites(names: Iterable[str], wishes: Iterable[Wish]) -> tuple[str, ...]:
    """The sites in an order that grants every wish that can't be otherwise, and of the rest what it can.

    Raises:
        Deadlock: not all of the former can be granted.
    """
    waiting = {name: [0, 0, 0] for name in names}
    followers: dict[str, list[Wish]] = {}
    for wish in wishes:
        waiting[wish.after][_WEIGHTS[wish.why]] += 1
        followers.setdefault(wish.before, []).append(wish)
    queue = [(*counts, name) for name, counts in waiting.items()]
    heapq.heapify(queue)
    ordered: list[str] = []
    while waiting:
        *counts, name = heapq.heappop(queue)
        if waiting.get(str(name)) != counts:  # done, or it waits for fewer by now
            continue
        if counts[0]:
            raise Deadlock(sorted(one for one, left in waiting.items() if left[0]))
        del waiting[str(name)]
        ordered.append(str(name))
        for wish in followers.get(str(name), ()):
            if wish.after in waiting:
                waiting[wish.after][_WEIGHTS[wish.why]] -= 1
                heapq.heappush(queue, (*waiting[wish.after], wish.after))
    return tuple(ordered)
