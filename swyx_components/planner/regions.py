"""Whom a host group's requirements are about, and what each may reach: ranges of ports.

A peer is a group by name, or a region: wherever every address has the same requirements. A hub's branches are
mostly alike, so that their addresses lie in a few regions however many they are: rules are found for regions,
and only the finished ones are given prefixes.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain, combinations, groupby, pairwise, product

from swyx_components.catalogue.model import Catalogue
from swyx_components.planner.endpoints import PeerKind
from swyx_components.planner.model import Access, AccessSet, Direction, Protocol, Requirements
from swyx_components.sets.ports import MAX_PORT, PortRange, PortSet
from swyx_components.sets.prefixes import WIDTH, Prefix, collapse_prefixes, split_interval

Allowed = frozenset[AccessSet]  # all that a peer is allowed
Regions = Mapping[Allowed, tuple[Prefix, ...]]  # their prefixes, by what is allowed there
Places = tuple[int, ...]  # some of several regions


def join_prefixes(
    regions: Sequence[Iterable[Prefix]], exact: Places, around: Places, listed: bool
) -> Mapping[Places, Sequence[Prefix]]:
    """The fewest prefixes for a range of ports, by the regions that they meet; of one rule, if `listed`.

    Those that meet none with exactly this range are left out: others have rules for the larger ones.
    """
    places = {prefix: place for place in exact + around for prefix in regions[place]}
    joined = collapse_prefixes(ordered := sorted(places))
    if listed and not around:
        return {exact: joined}
    kept: dict[Places, list[Prefix]] = {}
    for prefix in joined:
        inside = [prefix] if prefix in places else prefix.those_inside(ordered)
        met = {places[one] for one in inside}
        if not met.isdisjoint(exact):
            kept.setdefault(tuple(sorted(met)), []).append(prefix)
    if listed:
        return {tuple(sorted({*chain(*kept)})): sorted(chain(*kept.values()))}
    return kept


@lru_cache(maxsize=64)  # the groups of one site, for all who ask about them
def gather_peers(requirements: Requirements) -> tuple[Mapping[str, Allowed], Regions]:
    """Whom requirements are about: groups of the site by name, and regions."""
    named: dict[str, Allowed] = {}
    wanted: dict[Prefix, Allowed] = {}
    for (kind, label, prefixes), allowed in requirements:
        access = frozenset((allowed,))
        if kind is PeerKind.GROUP:
            named[label] = named[label] | access if label in named else access
        for prefix in prefixes:
            wanted[prefix] = wanted[prefix] | access if prefix in wanted else access
    return named, {
        access: collapse_prefixes(own) if len(own) > 1 else tuple(own)
        for access, own in _cut(wanted).items()
    }


def of_version(regions: Regions, version: int) -> Regions:
    """Those with addresses of an IP version, with these alone."""
    found = {access: [one for one in own if one[0] == version] for access, own in regions.items()}
    return {access: tuple(own) for access, own in found.items() if own}


def _cut(allowed: Mapping[Prefix, Allowed]) -> Mapping[Allowed, Sequence[Prefix]]:
    """The addresses by all that they need. Of two prefixes one holds the other, or they are apart."""
    pieces: dict[Allowed, list[Prefix]] = {}
    ordered = sorted(allowed)
    nested = [
        inner
        for (version, first, length), inner in pairwise(ordered)
        if inner[0] == version and inner[1] ^ first < 1 << WIDTH[version] - length
    ]
    if not nested:  # as in most groups
        for prefix in ordered:
            pieces.setdefault(allowed[prefix], []).append(prefix)
        return pieces
    for version, width in WIDTH.items():
        own = [prefix for prefix in ordered if prefix.version == version]
        outside = {width - prefix.length for prefix in own}
        cuts = sorted({cut for prefix in own for cut in (prefix.first, prefix.last + 1)})
        for first, after in pairwise(cuts):
            around = [Prefix(version, first >> bits << bits, width - bits) for bits in outside]
            if wanted := Allowed(chain(*[allowed[one] for one in around if one in allowed])):
                pieces.setdefault(wanted, []).extend(split_interval(version, (first, after - 1)))
    return pieces


# ---- ranges of ports

NO_PORT = PortSet.of((0, 0))  # stands for the absence of ports in ICMP: one port that all share

# What a rule allows, whoever its peer is: its first fields, with one range of ports each.
Match = tuple[Direction, Protocol, PortSet | None, PortSet | None]
# A rule's last fields: priority, name, description and shard are the cloud's.
Reasons = tuple[bool, int, str, str, tuple[str, ...], tuple[int, ...], int]
# All of a rule but its peers, after a number by which rules are sorted.
Opening = tuple[int, Match, Reasons]
# All that one kind of peer is allowed: an opening for each of the fewest ranges of ports, and whether one is
# there once more, from more source ports. A range is a number: its kind (direction and protocol), then the
# first and last source port (0 and 65535: any), then its own, 16 bits each.
United = tuple[Mapping[int, Opening], bool]
Shadowers = Mapping[int, Sequence[int]]  # of matches, by their orders
_PORTS, _KIND = (1 << 32) - 1, 1 << 64
_KINDS = {own: at * _KIND for at, own in enumerate(product(sorted(Direction), sorted(Protocol)), 1)}


@lru_cache(maxsize=8192)
def unite_access(matched: bool, catalogue: Catalogue, allowed: Allowed) -> United:
    """The fewest ranges of ports, from any source ports unless these are `matched`."""
    opened = dict[int, Opening]()
    for access in chain(*allowed):
        for packed, opening in _open(matched, catalogue, access):
            same = opened.get(packed)
            opened[packed] = _join(same, opening, catalogue) if same else opening
    known, is_nested = 0, False
    for packed in sorted(opened):
        if packed ^ known <= _PORTS:  # of the same kind, from the same source ports
            if packed >> 16 & 0xFFFF <= (known & 0xFFFF) + 1:
                packed = _join_touching(opened, known, packed, catalogue)
        elif packed ^ known < _KIND:  # from others: does one of the two hold the other?
            is_nested |= packed >> 48 & 0xFFFF <= known >> 32 & 0xFFFF
        known = packed
    return opened, is_nested and bool(find_shadowers([(opened, True)]))


@lru_cache(maxsize=8192)  # most exchanges have flows in common with others
def _open(matched: bool, catalogue: Catalogue, access: Access) -> Sequence[tuple[int, Opening]]:
    """What one flow needs: an opening for each of its ranges of ports."""
    way, protocol, ports, source, flow = access
    limit = _only(source) if source and matched else None
    reasons = give_reasons(frozenset((flow,)), catalogue)
    parts = ports if protocol.has_ports else NO_PORT
    return [_make_opening(way, protocol, part, limit, reasons) for part in parts]


def _make_opening(
    way: Direction, protocol: Protocol, part: PortRange, limit: PortSet | None, reasons: Reasons
) -> tuple[int, Opening]:
    kind, packed = _KINDS[way, protocol], part[0] << 16 | part[1]
    sources = limit[0][0] << 16 | limit[0][1] if limit else MAX_PORT
    match = way, protocol, _only(part), limit
    return kind | sources << 32 | packed, (kind | packed << 32 | sources, match, reasons)


def _join(one: Opening, other: Opening, catalogue: Catalogue) -> Opening:
    """The first, for the flows of both."""
    return *one[:2], give_reasons(frozenset(one[2][4] + other[2][4]), catalogue)


def _join_touching(opened: dict[int, Opening], one: int, other: int, catalogue: Catalogue) -> int:
    """Make one range of two that overlap or are adjacent, as few do."""
    _, match, reasons = _join(opened.pop(one), opened.pop(other), catalogue)
    part = PortRange(one >> 16 & 0xFFFF, max(one & 0xFFFF, other & 0xFFFF))
    packed, opening = _make_opening(*match[:2], part, match[3], reasons)
    opened[packed] = opening
    return packed


@lru_cache(maxsize=4096)
def _only(ports: PortRange) -> PortSet | None:
    return PortSet((ports,)) if ports[1] else None


@lru_cache(maxsize=4096)  # most rules exist for the same few flows
def give_reasons(flows: frozenset[str], catalogue: Catalogue) -> Reasons:
    """The reasons of a rule for these flows."""
    return True, 0, "", "", tuple(sorted(flows)), lines_of(flows, catalogue), 0


def lines_of(flows: Iterable[str], catalogue: Catalogue) -> tuple[int, ...]:
    """The article's lines behind flows, sorted; an extra rule has none."""
    rows = [catalogue.flows[flow] for flow in flows if flow in catalogue.flows]
    return tuple(sorted({line for row in rows for line in row.lines}))


def is_part_of(one: int, other: int) -> bool:
    """Whether the other range has all ports of the first, regardless of the rest."""
    return other >> 16 & 0xFFFF <= one >> 16 & 0xFFFF and one & 0xFFFF <= other & 0xFFFF


def find_shadowers(united: Iterable[United]) -> Shadowers:
    """For the order of a match from some source ports those that allow all that it does, from more."""
    by_sources: dict[tuple[int, int], list[int]] = {}
    for order in sorted({order for opened, _ in united for order, *_ in opened.values()}):
        by_sources.setdefault((order >> 64, order & _PORTS), []).append(order)
    found: dict[int, list[int]] = {}
    for (kind, sources), alike in by_sources.items():
        around = [
            other
            for (its_kind, its), others in by_sources.items()
            if its_kind == kind and its != sources and is_part_of(sources, its)
            for other in others
        ]
        for order in alike:
            if wider := [other for other in around if is_part_of(order >> 32, other >> 32)]:
                found[order] = wider
    return found


def find_joint(united: Sequence[United]) -> Mapping[tuple[Places, Places], Sequence[int]]:
    """The ranges that several peers have, or within or around others: by the places of the peers that have
    them, and of those that have larger ones.
    """
    ranges = sorted(chain(*[opened for opened, _ in united]))
    overlapping = [
        (one, other)
        for one, other in pairwise(ranges)
        if one ^ other <= _PORTS and other >> 16 & 0xFFFF <= one & 0xFFFF
    ]
    if not overlapping:
        return {}
    larger: dict[int, list[int]] = {one: [] for one, other in overlapping if one == other}
    keys = {one >> 32 for one, other in overlapping if one != other}
    unlike = [one for one in dict.fromkeys(ranges if keys else ()) if one >> 32 in keys]
    for _, own in groupby(unlike, lambda one: one >> 32):
        for one, other in combinations(own, 2):
            inner, outer = (other, one) if other & 0xFFFF <= one & 0xFFFF else (one, other)
            if is_part_of(inner, outer):
                larger.setdefault(inner, []).append(outer)
                larger.setdefault(outer, [])
    holders: dict[int, list[int]] = {packed: [] for packed in larger}
    for place, (opened, _) in enumerate(united):
        for packed in larger.keys() & opened.keys():
            holders[packed].append(place)
    found: dict[tuple[Places, Places], list[int]] = {}
    for packed, exact in holders.items():
        around = tuple(chain(*[holders[other] for other in larger[packed]]))
        if len(exact) > 1 or around:
            found.setdefault((tuple(exact), around), []).append(packed)
    return found


def flows_within(match: Match, allowed: Allowed, matched: bool) -> tuple[str, ...]:
    """The flows behind a range that lies within one that is opened."""
    way, kind, own, sources = match
    return tuple(
        flow
        for direction, protocol, ports, source, flow in chain(*allowed)
        if direction is way and protocol is kind and own and own & ports
        if not matched or source == (sources[0] if sources else None)
    )
