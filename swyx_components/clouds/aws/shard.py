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

from swyx_components.planner.model import (
    Direction,
    HostGroup,
    RenderedGroup,
    Requirements,
    Rule,
    shard_label,
)
from swyx_components.sets.prefixes import WIDTH, Prefix

Load = Counter[tuple[Direction, int]]  # rules by direction and IP version, as EC2 counts them
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
    moving = [rule for rule in rules if not pinned or _by_address(rule)]
    shards: Mapping[str, int] = {}
    if whole <= most * limit:
        shards = _assign(_units(group, moving, limit), load_of(pinned), limit, most)
    shards = shards or _fill(moving, load_of(pinned), limit)
    return tuple(
        rule._replace(name=shard_label(group.name, shard) + label, shard=shard)
        for rule in rules
        for shard, label in [(shards.get(rule.name, 0), rule.name.removeprefix(group.name))]
    )


def room_on_interface(quotas: Mapping[str, int]) -> int:
    """How many security groups of ours an interface may be in, beside those that it has already."""
    return quotas["groups_per_interface"] - quotas["groups_kept"]


def load_of(rules: Iterable[Rule]) -> Load:
    """How many rules EC2 counts in each direction for each IP version; a reference counts in both."""
    return Counter(kind for rule in rules for kind in counted_as(rule))


def counted_as(rule: Rule) -> Sequence[tuple[Direction, int]]:
    """The directions and IP versions in which a rule counts."""
    versions = (4, 6) if rule.groups else (rule.prefixes[0].version,)  # a rule has one peer
    return [(rule.direction, version) for version in versions]


def peak(load: Load) -> int:
    """The largest of its figures: what the quota is about."""
    return max(load.values(), default=0)


def is_tight(entry: RenderedGroup, quotas: Mapping[str, int]) -> bool:
    """Whether a shard has no room for one more peer as large as the largest of the group."""
    limit = quotas["rules_per_group"]
    moving = [rule for rule in entry.rules if _by_address(rule)]
    reserve = _largest(map(load_of, _units(entry.group, moving, limit).values()))
    return any(
        peak(load_of(rule for rule in entry.rules if rule.shard == shard)) + reserve > limit
        for shard in {rule.shard for rule in moving}
    )


def _by_address(rule: Rule) -> bool:
    """Not a reference to a group, and not the one rule of an open egress."""
    return not rule.groups and all(prefix.length for prefix in rule.prefixes)


# ---- what stays together


def _units(group: HostGroup, rules: Iterable[Rule], limit: int) -> _Units:
    """The rules by peer site; where that is more than half a shard by address block, then one by one."""
    name_of = _peer_names(group.requirements)
    units: dict[str, Sequence[Rule]] = {}
    for key_of in (name_of, lambda rule: f"{name_of(rule)} {rule.groups or rule.prefixes}"):
        found: dict[str, list[Rule]] = {}
        for rule in rules:
            found.setdefault(key_of(rule), []).append(rule)
        units |= {key: own for key, own in found.items() if peak(load_of(own)) <= limit // 2}
        rules = [rule for key, own in found.items() if key not in units for rule in own]
    return units | {f"{name_of(rule)} {rule.name}": [rule] for rule in rules}


def _peer_names(requirements: Requirements) -> Callable[[Rule], str]:
    """Whose a rule's peer is: the first word of its label is the site; of several peers, whose blocks were
    joined or are nested, the first by name.
    """
    names: dict[Prefix, str] = {}  # the first name of those that have this very block
    within: dict[Prefix, str] = {}  # and of those that have a block within it
    for peer, _ in requirements:
        name = peer.label.partition("/")[0]
        for block in peer.prefixes:
            names[block] = min(name, names.get(block, name))
            for around in _around(block):
                within[around] = min(name, within.get(around, name))

    def name_of(rule: Rule) -> str:
        if rule.groups:
            return f"group {rule.groups[0]}"
        own = rule.prefixes[0]
        known = (within.get(own), *map(names.get, _around(own)))
        return min(filter(None, known), default=str(rule.prefixes))

    return name_of


def _around(block: Prefix) -> Iterator[Prefix]:
    """The block and every one that it lies in."""
    version, first, length = block
    for outside in range(WIDTH[version] - length, WIDTH[version] + 1):
        yield Prefix(version, first >> outside << outside, WIDTH[version] - outside)


# ---- where it goes


def _assign(units: _Units, pinned: Load, limit: int, most: int) -> Mapping[str, int]:
    """The shard of each rule by name: in as few shards as leave room, else in `most`; none where they don't
    fit.
    """
    loads = {key: load_of(own) for key, own in units.items()}
    room = limit - _largest(loads.values())
    ways = [(range(1, count + 1), room, 1) for count in range(1, most)]
    ways.append((range(most), limit, most))
    for shards, largest, choices in ways:
        held = {shard: Counter(() if shard else pinned) for shard in shards}
        places = _place(loads, held, largest, choices)
        if places is not None:
            return {rule.name: places[key] for key, own in units.items() for rule in own}
    return {}


def _largest(loads: Iterable[Load]) -> int:
    return max(map(peak, loads), default=0)


def _place(
    loads: Mapping[str, Load], shards: Mapping[int, Load], limit: int, choices: int
) -> Mapping[str, int] | None:
    """Each unit in the first of the shards it likes best that has room; None where one finds none.

    `shards` holds what each has already. One more shard changes the first choice only of those units that
    now like it best.
    """
    places: dict[str, int] = {}
    for key in sorted(loads, key=lambda key: _score(key, -1)):
        liked = sorted(shards, key=lambda shard: _score(key, shard), reverse=True)[:choices]
        fits = (shard for shard in liked if peak(shards[shard] + loads[key]) <= limit)
        shard = next(fits, None)
        if shard is None:
            return None
        shards[shard].update(loads[key])
        places[key] = shard
    return places


def _fill(rules: Iterable[Rule], pinned: Load, limit: int) -> Mapping[str, int]:
    """One shard after the other, rule by rule: no liking, but as few shards as can do."""
    places: dict[str, int] = {}
    used = Counter(pinned)
    for rule in rules:
        kinds = counted_as(rule)
        shard = max(used[kind] // limit for kind in kinds)
        for kind in kinds:
            used[kind] = max(used[kind], shard * limit) + 1
        places[rule.name] = shard
    return places


@cache
def _score(key: str, shard: int) -> bytes:
    return sha256(f"{shard} {key}".encode()).digest()
