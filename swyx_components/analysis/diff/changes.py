"""From one installation to another: what is edited, which rules and packets that changes, and why.

>>> from swyx_components.installation import load_installation
>>> def plan(gate: str) -> Installation:
...     machines = {"server": {"addresses": ["10.0.0.1"], "roles": ["SwyxServer"]},
...                 "gate": {"addresses": [gate], "roles": ["SwyxGate"]}}
...     return load_installation({"swyxware": "6.01", "decisions": {"h245": "tunnelled"},
...                               "sites": {"one": {"machines": machines}}})
>>> changes = compare_installations(plan("10.0.0.2"), plan("10.0.0.3"))
>>> [edit.place for edit in changes.edits], len(changes.rules), len(changes.passings)
(['sites.one.machines.gate.addresses'], 0, 12)
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from swyx_components.analysis.diff.causes import Causes, find_changed_flows
from swyx_components.analysis.diff.edits import Edit, find_affected, find_edits
from swyx_components.analysis.diff.reachability import (
    Owners,
    ReachabilityChange,
    find_passing,
    join_ends,
)
from swyx_components.catalogue import FlowRow
from swyx_components.installation.model import Installation
from swyx_components.messages import Severity, SwyxError
from swyx_components.planner.model import HostGroup, Rule, SitePlan
from swyx_components.planner.plan import plan_site
from swyx_components.planner.topology import Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange:
    """One rule of a host group that came (`old` None), went (`new` None) or is another now.

    `only_reason`: the same packets, for other flows. `flows` are the flows that came, went or
    changed behind it, `causes` the places of the edits that touch those.
    """

    site: str
    group: str
    old: Rule | None = None
    new: Rule | None = None
    flows: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()

    @property
    def only_reason(self) -> bool:
        """Whether the same packets pass, for other flows."""
        return self.old is not None and self.new is not None and _key(self.old) == _key(self.new)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChange:
    """A host group that came or went, or whose machines are others now."""

    site: str
    group: str
    old: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteChange:
    """One site before and after; a plan is None where there is no such site."""

    site: str
    old: SitePlan | None
    new: SitePlan | None
    groups: tuple[GroupChange, ...]
    rules: tuple[RuleChange, ...]
    passings: tuple[ReachabilityChange, ...]

    @property
    def is_none(self) -> bool:
        """Whether nothing is otherwise."""
        return not (self.groups or self.rules or self.passings)

    @property
    def work(self) -> str:
        """What is done with the site's stack: `create`, `update` or `destroy`."""
        return "create" if self.old is None else "destroy" if self.new is None else "update"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """All that differs between two installations, of the sites asked for.

    `passings` are the packets of all sites, the two ends of one packet joined.
    """

    edits: tuple[Edit, ...]
    sites: tuple[SiteChange, ...]
    passings: tuple[ReachabilityChange, ...]

    @property
    def rules(self) -> tuple[RuleChange, ...]:
        """The rules of all sites that come, go or change."""
        return tuple(rule for site in self.sites for rule in site.rules)

    @property
    def none(self) -> bool:
        """Whether the two installations are the same, in what they say and in what comes of it."""
        return not self.edits and all(site.is_none for site in self.sites)


def compare_installations(
    old: Installation, new: Installation, names: Sequence[str] | None = None
) -> Changes:
    """The changes of some sites, or of all.

    Raises:
        SwyxError: a site can't be planned, before or after.
    """
    edits = find_edits(old, new)
    return join_changes(edits, tuple(compare_sites(old, new, edits, names)))


def join_changes(edits: Sequence[Edit], sites: Sequence[SiteChange]) -> Changes:
    """What `compare_sites` gave, as one."""
    return Changes(
        edits=tuple(edits),
        sites=tuple(site for site in sites if not site.is_none),
        passings=join_ends(passing for site in sites for passing in site.passings),
    )


def compare_sites(
    old: Installation, new: Installation, edits: Sequence[Edit], names: Sequence[str] | None = None
) -> Iterator[SiteChange]:
    """Each site whose plan may differ, before and after, one at a time.

    Raises:
        SwyxError: a site can't be planned, before or after.
    """
    surveys = Topology(old), Topology(new)
    owners = Owners(old, new)
    rows = {**old.catalogue.flows, **new.catalogue.flows}
    affected = find_affected(old, new, edits)
    for name in sorted(affected if names is None else affected.intersection(names)):
        before, after = (
            _plan(topology, name) if name in topology.installation.sites else None
            for topology in surveys
        )
        yield _compare_site(name, before, after, edits, owners, rows)


def _plan(topology: Topology, name: str) -> SitePlan:
    plan = plan_site(topology, name)
    errors = [message for message in plan.messages if message.severity is Severity.ERROR]
    if errors:
        raise SwyxError(errors)
    return plan


def _compare_site(
    name: str,
    old: SitePlan | None,
    new: SitePlan | None,
    edits: Sequence[Edit],
    owners: Owners,
    rows: Mapping[str, FlowRow],
) -> SiteChange:
    before, after = _groups(old), _groups(new)
    groups, rules = [], []
    why = Causes(name, find_changed_flows(old, new), edits, rows)
    for group in sorted({*before, *after}):
        one, other = before.get(group), after.get(group)
        machines = tuple(_machines(own) for own in (one, other))
        if machines[0] != machines[1]:
            groups.append(GroupChange(site=name, group=group, old=machines[0], new=machines[1]))
        for was, now in _pair(one.rules if one else (), other.rules if other else ()):
            flows, causes = why.of(group, (was, now))
            rules.append(
                RuleChange(site=name, group=group, old=was, new=now, flows=flows, causes=causes)
            )
    return SiteChange(
        site=name,
        old=old,
        new=new,
        groups=tuple(groups),
        rules=tuple(rules),
        passings=tuple(find_passing(old, new, owners)),
    )


def _groups(plan: SitePlan | None) -> dict[str, HostGroup]:
    return {group.name: group for group in plan.groups} if plan else {}


def _machines(group: HostGroup | None) -> tuple[str, ...]:
    return tuple(machine.name for machine in group.machines) if group else ()


# ---- rules


def _key(rule: Rule) -> tuple[object, ...]:
    """What a rule lets pass."""
    return (
        rule.direction,
        rule.protocol,
        rule.ports,
        rule.source_ports,
        rule.group,
        rule.cidrs,
    )


_Pair = tuple[Rule | None, Rule | None]


def _pair(old: Iterable[Rule], new: Iterable[Rule]) -> Iterator[_Pair]:
    """Rules that differ, each with the one that it became: the same peer, else the same ports."""
    before, after = {_key(rule): rule for rule in old}, {_key(rule): rule for rule in new}
    for key, rule in before.items():
        if key in after and rule.flows != after[key].flows:
            yield rule, after[key]
    gone = [rule for key, rule in before.items() if key not in after]
    come = [rule for key, rule in after.items() if key not in before]
    for likeness in (_same_peer, _same_ports):
        for rule in tuple(gone):
            other = next((one for one in come if likeness(one) == likeness(rule)), None)
            if other is not None:
                gone.remove(rule)
                come.remove(other)
                yield rule, other
    yield from ((rule, None) for rule in gone)
    yield from ((None, rule) for rule in come)


def _same_peer(rule: Rule) -> tuple[object, ...]:
    return (rule.direction, rule.protocol, rule.group, rule.cidrs)


def _same_ports(rule: Rule) -> tuple[object, ...]:
    return (rule.direction, rule.protocol, rule.ports, rule.source_ports, bool(rule.group))
