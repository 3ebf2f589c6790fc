"""Drafts of rules, and which of them another one with wider source ports makes superfluous."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from swyx_components.planner.model import Direction, Protocol
from swyx_components.planner.regions import Key
from swyx_components.sets.ports import PortRange
from swyx_components.sets.prefixes import WIDTH, Prefix


class Draft(NamedTuple):
    """A rule without lines: for a group of the site, or for prefixes that it holds each for itself.

    `regions`: those of the peers that the prefixes meet, of `version`.
    """

    key: Key
    ports: PortRange | None
    group: str
    prefixes: tuple[Prefix, ...]
    flows: frozenset[str]
    version: int = 0
    regions: frozenset[int] = frozenset()


_Kind = tuple[Key, PortRange | None]  # all of a draft but its peer and flows


def drop_shadowed(drafts: Sequence[Draft]) -> Sequence[Draft]:
    """Without what another one, of any or wider source ports, allows already.

    The wider one takes over the flows. It has the same peer, or a prefix around it; so only kinds of rules
    that have a region in common, or a group, are looked at prefix by prefix.
    """
    if len({draft.key.source for draft in drafts}) < 2:
        return drafts
    by_kind: dict[_Kind, list[Draft]] = {}
    for draft in drafts:
        by_kind.setdefault(draft[:2], []).append(draft)
    shadowers = dict(_find_shadowers(by_kind))
    meeting = {
        kind: met
        for kind, wider in shadowers.items()
        if (met := [other for other in wider if _meet(by_kind[kind], by_kind[other])])
    }
    if not meeting:
        return drafts
    involved = {one for kind, met in meeting.items() for one in (kind, *met)}
    # Whatever shadows a kind shadows all that the kind does, so it has fewer shadowers itself.
    ordered = sorted(
        (kind for kind in by_kind if kind in involved),
        key=lambda kind: len(shadowers.get(kind, ())),
    )
    single = {kind: [one for draft in by_kind[kind] for one in _single(draft)] for kind in ordered}
    return [
        *(draft for kind, own in by_kind.items() if kind not in involved for draft in own),
        *_drop_one_by_one(single, meeting),
    ]


def _find_shadowers(kinds: Iterable[_Kind]) -> Iterator[tuple[_Kind, Sequence[_Kind]]]:
    """Kinds with those of their direction and protocol that allow all that they do, and from more ports.

    Drafts of the same source ports never shadow each other: their ports or their peers are apart, or
    some address of the wider prefix has the smaller port interval alone.
    """
    alike: dict[tuple[Direction, Protocol], dict[PortRange | None, list[_Kind]]] = {}
    for kind in kinds:
        direction, protocol, source = kind[0]
        alike.setdefault((direction, protocol), {}).setdefault(source, []).append(kind)
    for by_source in alike.values():
        for source, own in by_source.items():
            wider = list(_with_wider_source(source, by_source)) if source else []
            for kind in own if wider else ():
                found = [other for other in wider if _holds(other[1], kind[1])]
                if found:
                    yield kind, found


def _with_wider_source(
    source: PortRange, by_source: Mapping[PortRange | None, Sequence[_Kind]]
) -> Iterator[_Kind]:
    first, last = source
    for other, kinds in by_source.items():
        if other is None or (other[0] <= first and last <= other[1] and other != source):
            yield from kinds


def _holds(wider: PortRange | None, ports: PortRange | None) -> bool:
    """Whether these are all of those ports, or more; None are any."""
    return wider is None or (ports is not None and wider.contains(ports))


def _meet(drafts: Iterable[Draft], others: Iterable[Draft]) -> bool:
    """Whether some of these and those have a peer in common."""
    peers = set(chain.from_iterable(map(_peers, drafts)))
    return not peers.isdisjoint(chain.from_iterable(map(_peers, others)))


def _peers(draft: Draft) -> Iterator[object]:
    if draft.group:
        yield draft.group
    for region in draft.regions:
        yield draft.version, region


def _single(draft: Draft) -> Iterator[Draft]:
    """The draft as one for each of its prefixes."""
    if draft.group:
        yield draft
    for prefix in draft.prefixes:
        yield draft._replace(prefixes=(prefix,))


def _drop_one_by_one(
    by_kind: Mapping[_Kind, Sequence[Draft]], shadowers: Mapping[_Kind, Sequence[_Kind]]
) -> Iterator[Draft]:
    """Drafts of one peer each, without those that are shadowed; what shadows a kind comes before it."""
    lengths = sorted({p.length for own in by_kind.values() for d in own for p in d.prefixes})
    kept: dict[_Kind, dict[object, Draft]] = {}
    for kind, drafts in by_kind.items():
        wider = shadowers.get(kind, ())
        own = kept[kind] = {}
        for draft in drafts:
            around = [
                (other, peer)
                for peer in (_peers_around(draft, lengths) if wider else ())
                for other in wider
                if peer in kept[other]
            ]
            if around:
                other, peer = min(around, key=repr)
                flows = kept[other][peer].flows | draft.flows
                kept[other][peer] = kept[other][peer]._replace(flows=flows)
            else:
                own[draft.group or draft.prefixes[0]] = draft
    for own in kept.values():
        yield from own.values()


def _peers_around(draft: Draft, lengths: Sequence[int]) -> Iterator[object]:
    """The draft's own peer and every prefix around it."""
    if draft.group:
        yield draft.group
        return
    version, first, own = draft.prefixes[0]
    for length in lengths:
        if length <= own:
            outside = WIDTH[version] - length
            yield Prefix(version, first >> outside << outside, length)
