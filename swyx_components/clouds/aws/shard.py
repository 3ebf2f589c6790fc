"""Several security groups for one host group whose rules are more than one group may have.

All of them are on the same interfaces, so that what they allow together is enforced. Shard 0 is the
group's identity and has the rules that name other groups; everything by address goes to shards 1, 2,
..., all rules for one peer site (network, provider, extra rule) together. A peer's shard follows
from its name alone (rendezvous hashing), with the fewest shards that leave room in each for one more
peer as large as the largest: so an addition touches one shard, is made before anything is removed
without exceeding the quota, and changes nothing else until the number of shards grows by one. Then
only those peers move that belong in the new shard, and it is there before the old rules go.

Where that takes more groups than an interface has room for beside those it keeps, the shards are filled
to the quota instead, shard 0 too: a peer whose shard is full goes to its next one, and where that fails
one shard after the other is filled. `is_tight` tells so.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from hashlib import sha256
from itertools import chain

from swyx_components.planner.endpoints import PeerKind
from swyx_components.planner.model import (
    Direction,
    HostGroup,
    RenderedGroup,
    Requirement,
    Rule,
    shard_label,
)
from swyx_components.sets.prefixes import WIDTH, Prefix

Load = Counter[tuple[Direction, int]]  # rules by direction and IP version, as EC2 counts them
_BOTH = (4, 6)
_Units = Mapping[str, Sequence[Rule]]  # what stays together, by what decides its shard


def spread_rules(
    group: HostGroup, rules: Sequence[Rule], quotas: Mapping[str, int]
) -> tuple[Rule, ...]:
    """The rules, each with its shard; all of them in shard 0 where one security group holds them."""
    limit, most = quotas["rules_per_group"], room_on_interface(quotas)
    whole = peak(load_of(rules))
    if whole <= limit:
        return tuple(rules)
    pinned = [rule for rule in rules if not _by_address(rule)]
    if peak(load_of(pinned)) > limit:
        pinned = []
    fixed = {rule.name for rule in pinned}
    moving = [rule for rule in rules if rule.name not in fixed]
    shards = _fill(moving, load_of(pinned), limit)
    if whole <= most * limit:
        units = _units(group, moving, limit)
        places = _assign(units, load_of(pinned), limit, most)
        if places is not None:
            shards = {rule.name: places[key] for key, own in units.items() for rule in own}
    return tuple(_in_shard(group.name, rule, shards.get(rule.name, 0)) for rule in rules)


def room_on_interface(quotas: Mapping[str, int]) -> int:
    """How many security groups of ours an interface may be in, beside those that it has already."""
    return quotas["groups_per_interface"] - quotas["groups_kept"]


def _in_shard(group: str, rule: Rule, shard: int) -> Rule:
    if not shard:
        return rule
    name = shard_label(group, shard) + rule.name.removeprefix(group)
    return rule._replace(name=name, shard=shard)


def load_of(rules: Iterable[Rule]) -> Load:
    """How many rules EC2 counts in each direction for each IP version; a reference counts in both."""
    return Counter(chain.from_iterable(map(_counted_as, rules)))


def _counted_as(rule: Rule) -> Iterable[tuple[Direction, int]]:
    versions = _BOTH if rule.groups else (rule.prefixes[0].version,)  # a rule has one peer
    return [(rule.direction, version) for version in versions]


def peak(load: Load) -> int:
    """The largest of its figures: what the quota is about."""
    return max(load.values(), default=0)


def is_tight(entry: RenderedGroup, quotas: Mapping[str, int]) -> bool:
    """Whether a shard has no room for one more peer as large as the largest of the group."""
    limit = quotas["rules_per_group"]
    moving = [rule for rule in entry.rules if _by_address(rule)]
    reserve = _largest(map(load_of, _units(entry.group, moving, limit).values()))
    return len(entry.shards) > 1 and any(
        peak(load_of(rule for rule in entry.rules if rule.shard == shard)) + reserve > limit
        for shard in {rule.shard for rule in moving}
    )


def _by_address(rule: Rule) -> bool:
    """Not a reference to a group, and not the one rule of an open egress."""
    return not rule.groups and all(prefix.length for prefix in rule.prefixes)


# ---- what stays together


def _units(group: HostGroup, rules: Sequence[Rule], limit: int) -> _Units:
    """The rules by peer site; where that is more than half a shard by address block, then one by one."""
    peers = _Peers(group.requirements)
    units: dict[str, Sequence[Rule]] = {}
    for name, own in _grouped(rules, peers.name_of).items():
        if peak(load_of(own)) <= limit // 2:
            units[name] = own
            continue
        for block, some in _grouped(own, lambda rule: str(rule.groups or rule.prefixes)).items():
            if peak(load_of(some)) <= limit // 2:
                units[f"{name} {block}"] = some
            else:
                units |= {f"{name} {rule.name}": [rule] for rule in some}
    return units


def _grouped(rules: Iterable[Rule], key: Callable[[Rule], str]) -> Mapping[str, list[Rule]]:
    found: dict[str, list[Rule]] = {}
    for rule in rules:
        found.setdefault(key(rule), []).append(rule)
    return found


class _Peers:
    """Whose the addresses of a group's peers are: the first word of a peer's label is the site."""

    def __init__(self, requirements: Iterable[Requirement]) -> None:
        self._names: dict[Prefix, str] = {}  # the first name of those that have this very block
        self._within: dict[Prefix, str] = {}  # and of those that have a block within it
        for requirement in requirements:
            peer = requirement.peer
            name = peer.label.partition("/")[0]
            for block in peer.prefixes if peer.kind is PeerKind.CIDRS else ():
                self._names[block] = min(name, self._names.get(block, name))
                for around in _around(block):
                    self._within[around] = min(name, self._within.get(around, name))

    def name_of(self, rule: Rule) -> str:
        """The peer of a rule; of several, whose blocks were joined or are nested, the first by name."""
        if rule.groups:
            return f"group {rule.groups[0]}"
        known = (self._names.get(around) for own in rule.prefixes for around in _around(own))
        within = (self._within.get(own) for own in rule.prefixes)
        return min(filter(None, (*known, *within)), default=str(rule.prefixes))


def _around(block: Prefix) -> Iterator[Prefix]:
    """The block and every one that it lies in."""
    version, first, length = block
    for outside in range(WIDTH[version] - length, WIDTH[version] + 1):
        yield Prefix(version, first >> outside << outside, WIDTH[version] - outside)


# ---- where it goes


def _assign(units: _Units, pinned: Load, limit: int, most: int) -> Mapping[str, int] | None:
    """The shard of each unit, in as few shards as leave room, else in `most`; None where they don't fit."""
    loads = {key: load_of(own) for key, own in sorted(units.items())}
    room = limit - _largest(loads.values())
    for shards in range(1, most):
        places = {key: _preferred(key, range(1, shards + 1))[0] for key in loads}
        if _fits(places, loads, room):
            return places
    return _pack(loads, pinned, limit, max(most, 2))


def _largest(loads: Iterable[Load]) -> int:
    return max(map(peak, loads), default=0)


def _fits(places: Mapping[str, int], loads: Mapping[str, Load], room: int) -> bool:
    totals: dict[int, Load] = {}
    for key, place in places.items():
        totals.setdefault(place, Counter()).update(loads[key])
    return all(peak(total) <= room for total in totals.values())


def _pack(
    loads: Mapping[str, Load], pinned: Load, limit: int, shards: int
) -> Mapping[str, int] | None:
    """Each unit in the first shard of its liking that has room; None where one finds none."""
    totals = {0: Counter(pinned), **{shard: Counter() for shard in range(1, shards)}}
    places: dict[str, int] = {}
    for key in sorted(loads, key=lambda key: _score(key, -1)):
        for shard in _preferred(key, range(shards)):
            if all(totals[shard][kind] + more <= limit for kind, more in loads[key].items()):
                totals[shard] += loads[key]
                places[key] = shard
                break
        else:
            return None
    return places


def _fill(rules: Iterable[Rule], pinned: Load, limit: int) -> Mapping[str, int]:
    """One shard after the other, rule by rule: no liking, but as few shards as can do."""
    places: dict[str, int] = {}
    used = Counter(pinned)
    for rule in rules:
        kinds = _counted_as(rule)
        shard = max(used[kind] // limit for kind in kinds)
        for kind in kinds:
            used[kind] = max(used[kind], shard * limit) + 1
        places[rule.name] = shard
    return places


def _preferred(key: str, shards: Iterable[int]) -> Sequence[int]:
    """Shards by liking: one more shard changes the first choice only of those that now like it best."""
    return sorted(shards, key=lambda shard: _score(key, shard), reverse=True)


@cache
def _score(key: str, shard: int) -> bytes:
    return sha256(f"{shard} {key}".encode()).digest()
