"""From one installation to another: what is edited, which rules and packets that changes, and why.

>>> from swyx_components.analysis.diff.edits import find_edits
>>> from swyx_components.installation import load_installation
>>> def plan(gate: str) -> Installation:
...     machines = {"server": {"addresses": ["10.0.0.1"], "roles": ["SwyxServer"]},
...                 "gate": {"addresses": [gate], "roles": ["SwyxGate"]}}
...     return load_installation({"swyxware": "6.01", "decisions": {"h245": "tunnelled"},
...                               "sites": {"one": {"machines": machines}}})
>>> both = plan("10.0.0.2"), plan("10.0.0.3")
>>> edits = find_edits(*both)
>>> changes = Changes(edits, tuple(compare_sites(*both, edits, ["one"])))
>>> [edit.place for edit in changes.edits], len(changes.sites[0].rules), len(changes.passings)
(['sites.one.machines.gate.addresses'], 0, 12)
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, product
from operator import attrgetter
from typing import NamedTuple

from swyx_components.analysis.diff.edits import Causes, Edit
from swyx_components.analysis.diff.platform import ResourceChange
from swyx_components.analysis.diff.reachability import Owners, ReachabilityChange, find_passing
from swyx_components.installation.model import Installation
from swyx_components.messages import Message, raise_errors
from swyx_components.planner.model import HostGroup, Rule, SitePlan
from swyx_components.planner.plan import plan_site
from swyx_components.planner.topology import Topology


class RuleChange(NamedTuple):
    """One rule of a host group that came (`old` None), went (`new` None) or is another now.

    `group` is its name now, if there still is such a group. `only_reason`: the same packets, for other
    flows. `flows` are those that went, came or changed behind it, `causes` the places of the edits that
    touch those.
    """

    group: str
    old: Rule | None
    new: Rule | None
    only_reason: bool
    flows: tuple[str, ...]
    causes: tuple[str, ...]


class GroupChange(NamedTuple):
    """A host group that came or went, or whose machines or name are others now; `was`: its name before."""

    group: str
    was: str
    old: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def label(self) -> str:
        """`swyxgate`; `swyxgate -> swyxgate-conferencemanager` where other roles made it another name."""
        return self.group if self.group == self.was else f"{self.was} -> {self.group}"


class SiteChange(NamedTuple):
    """One site before and after, as planned or stored; a plan is None where there is no such site.

    `touched` are the resources that an update changes on its `cloud`, if that is known, and `messages`
    say how the update goes about it.
    """

    site: str
    old: SitePlan | None
    new: SitePlan | None
    passings: tuple[ReachabilityChange, ...]
    groups: tuple[GroupChange, ...]
    rules: tuple[RuleChange, ...]
    cloud: str = ""
    touched: tuple[ResourceChange, ...] = ()
    messages: tuple[Message, ...] = ()

    @property
    def is_none(self) -> bool:
        """Whether nothing is otherwise."""
        return not (self.groups or self.rules or self.passings)

    @property
    def work(self) -> str:
        """What is done with the site's stack: `create`, `update` or `destroy`."""
        return "create" if self.old is None else "destroy" if self.new is None else "update"


class Changes(NamedTuple):
    """All that differs between two installations; `compared` are the sites whose plans may differ."""

    edits: tuple[Edit, ...]
    compared: tuple[SiteChange, ...]

    @property
    def sites(self) -> tuple[SiteChange, ...]:
        """The sites whose plans do differ."""
        return tuple(site for site in self.compared if not site.is_none)

    @property
    def stacks(self) -> tuple[SiteChange, ...]:
        """The sites whose stacks are to update: where the cloud is known, if any resource is touched."""
        return tuple(
            site for site in self.compared if (site.touched if site.cloud else not site.is_none)
        )

    @property
    def passings(self) -> tuple[ReachabilityChange, ...]:
        """The packets of all sites, what opens first; the ends of the same packets joined."""
        joined: dict[ReachabilityChange, set[str]] = {}
        for each in chain(*(site.passings for site in self.compared)):
            joined.setdefault(each._replace(at=()), set()).update(each.at)
        found = (each._replace(at=tuple(sorted(ends))) for each, ends in joined.items())
        return tuple(sorted(found, key=lambda each: (not each.opened, each)))

    @property
    def none(self) -> bool:
        """Whether the two installations are the same, in what they say and in what comes of it."""
        return not self.edits and not self.sites


Store = Callable[[SitePlan, Installation], SitePlan]
"""A plan with the groups and rules that its cloud stores."""


def compare_sites(
    old: Installation,
    new: Installation,
    edits: Sequence[Edit],
    names: Iterable[str],
    store: Store | None = None,
) -> Iterator[SiteChange]:
    """Each of these sites before and after, one at a time; groups and rules as planned, or as a cloud
    would `store` them.

    Raises:
        SwyxError: a site can't be planned, before or after.
    """
    topologies = Topology(old), Topology(new)
    owners = Owners(old, new)
    rows = {**old.catalogue.flows, **new.catalogue.flows}
    for name in sorted(names):
        before, after = (
            plan_site(own, name) if name in own.installation.sites else None for own in topologies
        )
        for plan in (before, after):
            raise_errors(plan.messages if plan else ())
        renamed = _find_renamed(_groups(before), _groups(after))
        why = Causes(name, before, after, renamed, edits, rows)
        passings = tuple(find_passing(before, after, owners))
        if store:
            before, after = before and store(before, old), after and store(after, new)
        groups, rules = _compare_groups(_groups(before), _groups(after), why)
        yield SiteChange(name, before, after, passings, tuple(groups), tuple(rules))


# ---- groups

_Groups = dict[str, HostGroup]


def _groups(plan: SitePlan | None) -> _Groups:
    return {group.name: group for group in plan.groups} if plan else {}


def _compare_groups(
    before: _Groups, after: _Groups, why: Causes
) -> tuple[list[GroupChange], list[RuleChange]]:
    """The groups and rules that differ."""
    renamed = _find_renamed(before, after)
    pairs = {(one, renamed.get(one, "")) for one in before}
    pairs |= {("", other) for other in after.keys() - renamed.values()}
    held = {member.name: own.name for own in after.values() for member in own.members}
    successors = {
        name: [held[m.name] for m in own.members if m.name in held] or [renamed.get(name, "")]
        for name, own in before.items()
    }
    groups, rules = [], []
    for was, now in sorted(pairs, key=lambda pair: (pair[1] or pair[0], pair)):
        one, other = before.get(was), after.get(now)
        members = (tuple(m.name for m in own.members) if own else () for own in (one, other))
        group = GroupChange(now or was, was or now, *members)
        if was != now or group.old != group.new:
            groups.append(group)
        one, other = one or _nearest(other, before), other or _nearest(one, after)
        some, others = (own.rules if own else () for own in (one, other))
        names = {own.name for own in (one, other) if own}
        for gone, come, same in _pair(some, others, successors):
            reasons = why.of(names, (gone, come))
            rules.append(RuleChange(group.group, gone, come, same, *reasons))
    return groups, rules


def _find_renamed(before: _Groups, after: _Groups) -> dict[str, str]:
    """What each host group is called now: as before, or, since a name says its roles, as its machines are."""
    renamed = {
        name: name for name in before if name in after and _shared(before[name], after[name])
    }
    left = after.keys() - renamed
    for name in sorted(before.keys() - renamed):
        among = {o: after[o] for o in sorted(left) if not (name in after and o in before)}
        if nearest := _nearest(before[name], among):
            renamed[name] = nearest.name
            left -= {nearest.name}
    return renamed | {name: name for name in before.keys() & left if name not in renamed}


def _shared(one: HostGroup, other: HostGroup) -> int:
    """How many machines are in both."""
    return len({own.name for own in one.members} & {own.name for own in other.members})


def _nearest(group: HostGroup | None, among: Mapping[str, HostGroup]) -> HostGroup | None:
    """The group that most of the machines of another were or are in, if any."""
    shared = [(_shared(group, own), own) for own in among.values()] if group else []
    most, nearest = max(shared, key=lambda each: each[0], default=(0, None))
    return nearest if most else None


# ---- rules

# What a rule has in common with the one that it became: its peer, else its ports.
_LIKENESSES: Sequence[Callable[[Rule], object]] = (
    attrgetter("direction", "protocol", "groups", "prefixes"),
    lambda rule: (rule.direction, rule.protocol, rule.ports, rule.source_ports, bool(rule.groups)),
)


def _pair(
    old: Iterable[Rule], new: Iterable[Rule], successors: Mapping[str, Sequence[str]]
) -> Iterator[tuple[Rule | None, Rule | None, bool]]:
    """Rules that differ, each with the one that it became: the same peer, else the same ports.

    And whether it differs by its reason alone: the same packets pass, for other flows.
    """
    before: dict[Rule, Rule] = {}
    for rule in old:  # for each group that has machines of its peer now
        held: list[tuple[str, ...]] = [(name,) for own in rule.groups for name in successors[own]]
        before |= {rule._replace(groups=now).enforced: rule for now in held or [rule.groups]}
    after = {rule.enforced: rule for rule in new}
    for key, rule in before.items():
        if key in after and rule.flows != after[key].flows:
            yield rule, after[key], True
    kept = {rule for key, rule in before.items() if key in after}
    gone = {key: rule for key, rule in before.items() if key not in after}
    come = {key: rule for key, rule in after.items() if key not in before}
    # Where two peers have changed places, the same flows tell which rule became which.
    for flows_too, likeness in product((True, False), _LIKENESSES):
        for key, rule in [*gone.items()]:
            same = (one for one in come if likeness(one) == likeness(key))
            other = next((o for o in same if not flows_too or come[o].flows == rule.flows), None)
            if other is not None:
                kept.add(gone.pop(key))
                yield rule, come.pop(other), False
    yield from ((rule, None, False) for rule in gone.values() if rule not in kept)
    yield from ((None, rule, False) for rule in come.values())
