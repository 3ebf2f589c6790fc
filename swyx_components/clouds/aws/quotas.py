"""How much of AWS's quotas a site uses, and what it takes during an update.

An update creates what is new before it deletes the old. What is deployed is known to EC2 alone, whose data
sources give the ids of rules but not what they say; so each rule carries what makes it this rule as a tag,
and rules are counted by their tags. The union of old and new is then the old ones, and the new ones less
those that are old as well.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import NamedTuple

from swyx_components.analysis.diff.platform import Groups
from swyx_components.clouds.aws.names import TEXTS
from swyx_components.clouds.aws.preview import memberships_of
from swyx_components.clouds.aws.shard import counted_as, is_tight, load_of, peak, room_on_interface
from swyx_components.messages import Message
from swyx_components.planner.model import Direction, RenderedGroup, RenderedSite, Rule, shard_label
from swyx_components.planner.platform import Usage
from swyx_components.sets.prefixes import Prefix

_WORDS = {Direction.IN: "inbound", Direction.OUT: "outbound"}


def count_quotas(rendered: RenderedSite) -> Iterator[Usage]:
    """Every quota that applies to the site, exceeded or not."""
    quotas = rendered.capabilities.limits
    use = partial(Usage, quotas)
    for name, shard, rules in _by_shard(rendered.groups):
        for (direction, version), used in sorted(load_of(rules).items()):
            note = f"; {_WORDS[direction]} IPv{version} rules, references to groups among them"
            yield use("rules_per_group", used, note, shard_label(name, shard))
    yield from (_on_interface(entry, quotas) for entry in rendered.groups)
    product = quotas["rules_per_group"] * quotas["groups_per_interface"]
    note = "; rules_per_group times groups_per_interface, as AWS grants them together"
    yield use("rules_times_groups", product, note, by_quotas=True)
    groups = sum(len(entry.shards) for entry in rendered.groups)
    yield use("groups_per_region", groups, "; security groups of this site")


def _by_shard(groups: Groups) -> Iterator[tuple[str, int, Sequence[Rule]]]:
    """Every security group of a site: its host group, its shard and its rules."""
    for entry in groups:
        for shard in entry.shards:
            yield entry.group.name, shard, [rule for rule in entry.rules if rule.shard == shard]


def _on_interface(entry: RenderedGroup, quotas: Mapping[str, int]) -> Usage:
    """The groups on each interface of a host group: its own, and those that the interface keeps."""
    shards, kept, limit = len(entry.shards), quotas["groups_kept"], quotas["groups_per_interface"]
    note = f"; {kept} already on its interfaces (groups_kept)"
    if shards > 1:
        (direction, version), count = load_of(entry.rules).most_common(1)[0]
        note += (
            f", and {shards} for {count} {_WORDS[direction]} IPv{version} rules, "
            f"{quotas['rules_per_group']} per security group (rules_per_group)"
        )
    remedy = ", or set `groups_kept: 0` there if its interfaces are in no other group"
    return Usage(
        quotas,
        "groups_per_interface",
        shards + kept,
        note,
        entry.group.name,
        remedy=remedy if shards <= limit < shards + kept else "",
        tight=1 < shards <= room_on_interface(quotas) and is_tight(entry, quotas),
    )


# ---- while an update lasts

RULE_TAG = "swyx:rule"
"""On every rule: its shard, its direction with the IP versions it counts for, and what it allows."""

Count = Callable[[str, Sequence[str]], int]
"""How many rules of a host group, or without its name of the site, are deployed: of those with any of these
`RULE_TAG`s, unless none is given.

A `RULE_TAG` may end in `*`, which no tag's value has, for any text.
"""


def rule_tag(rule: Rule) -> str:
    """What makes a rule another one for EC2, and where it counts: `0 in4 tcp 1720 10.1.0.0/24`."""
    (peer,) = rule.groups or rule.prefixes
    way = rule.direction.value + "".join(str(version) for _, version in counted_as(rule))
    text = f"{rule.shard} {way} {rule.protocol.value} {rule.ports or 'any'} {peer}"
    return TEXTS.clean_tag(text)


def check_peak(rendered: RenderedSite, count: Count) -> Iterator[Message]:
    """An error for every security group that would hold more rules at once than its quota.

    Where little is deployed, one question is asked.
    """
    cloud, limit = rendered.capabilities.name, rendered.capabilities.limits["rules_per_group"]
    largest = max((peak(load_of(rules)) for _, _, rules in _by_shard(rendered.groups)), default=0)
    if count("", ()) + largest <= limit:
        return
    for name, shard, rules in _by_shard(rendered.groups):
        if count(name, (f"{shard} *",)) + peak(load_of(rules)) <= limit:
            continue
        place = f"sites.{rendered.plan.site}.groups.{shard_label(name, shard)}"
        for (direction, version), new in sorted(load_of(rules).items()):
            ways = [f"{shard} {direction.value}{versions} *" for versions in (version, "46")]
            old = count(name, ways)
            if old + new <= limit:
                continue
            same = [rule_tag(rule) for rule in rules if (direction, version) in counted_as(rule)]
            kept = count(name, same)
            if old + new - kept > limit:
                values: dict[str, object] = {"cloud": cloud, "quota": "rules_per_group"}
                values |= {"kind": f"{_WORDS[direction]} IPv{version}", "limit": limit, "old": old}
                values |= {"used": old + new - kept, "more": new - kept, "less": old - kept}
                yield Message.about("update-exceeds", place, **values)


class Membership(NamedTuple):
    """An interface and its groups: it joins those that are planned for it, then leaves others of ours.

    `on` are all that it is in now, `ours` those of the site's stack, whose membership follows the plan;
    `own` those of its host groups, as far as they exist, or none where there is room for all.
    """

    machine: str
    interface: str
    on: frozenset[str]
    ours: frozenset[str]
    own: frozenset[str]
    planned: int


def check_memberships(
    rendered: RenderedSite, memberships: Iterable[Membership]
) -> Iterator[Message]:
    """An error per interface that would exceed its quota of groups, permanently or during an update."""
    cloud, limits = rendered.capabilities.name, rendered.capabilities.limits
    limit = limits["groups_per_interface"]
    for machine, interface, on, ours, own, planned in memberships:
        more, kept = max(0, planned - len(on & own)), len(on - ours)
        used, after = len(on) + more, kept + planned
        if not more or used <= limit:
            continue
        place = f"sites.{rendered.plan.site}.machines.{machine}"
        values: dict[str, object] = {"cloud": cloud, "quota": "groups_per_interface"}
        values |= {"interface": interface, "limit": limit}
        if after <= limit:
            values |= {"used": used, "more": more, "old": len(on), "less": used - after}
            yield Message.about("interface-exceeds", place, **values)
            continue
        also = ""
        if limits["groups_kept"] < kept < limit:  # the plan counts with fewer groups of others
            also = f", or set quotas.{cloud}.groups_kept: {kept}, so that the plan uses only the other "
            also += f"{limit - kept}"
        values |= {"used": after, "more": planned, "kept": kept, "also": also}
        yield Message.about("interface-full", place, **values)


# ---- the same before anything is updated


def check_transient_quotas(before: Groups, after: RenderedSite) -> Iterator[Message]:
    """The same errors from plans alone, before anything is updated."""
    yield from check_peak(after, _counting(before))
    yield from check_memberships(after, _plan_memberships(before, after))


def _counting(groups: Groups) -> Count:
    """Counts the rules of a plan as if they were deployed."""
    held: dict[str, list[str]] = defaultdict(list)
    for name, _, rules in _by_shard(groups):
        held[name] += map(rule_tag, rules)

    def count(group: str, rules: Sequence[str]) -> int:
        exact, starts = {*rules}, tuple(rule[:-1] for rule in rules if rule.endswith("*"))
        own = held.get(group, ()) if group else chain(*held.values())
        return sum(not rules or rule in exact or rule.startswith(starts) for rule in own)

    return count


def _plan_memberships(before: Groups, after: RenderedSite) -> Iterator[Membership]:
    """Every machine's interface, which goes by its addresses; it keeps as many groups as the quotas say."""
    kept = frozenset(map(str, range(after.capabilities.limits["groups_kept"])))
    inside: dict[Prefix, set[str]] = defaultdict(set)
    for label, addresses in memberships_of(before):
        for address in addresses:
            inside[address].add(label)
    for entry in after.groups:
        own = frozenset(shard_label(entry.group.name, shard) for shard in entry.shards)
        for machine in entry.group.machines:
            on = frozenset[str]().union(*[inside[address] for address in machine.addresses])
            yield Membership(machine.name, "its interface", on | kept, on, own, planned=len(own))
