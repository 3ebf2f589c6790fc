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
from swyx_components.planner.model import Direction, Endpoint, Flow, Rule, SitePlan
from swyx_components.planner.plan import plan_site
from swyx_components.planner.topology import Topology

_DECISION = {"dcom_server": ("dcom", "dcom_transport"), "dcom_client": ("dcom", "dcom_transport")}
_Pair = tuple[Rule | None, Rule | None]  # before and after
_INSIDE = ("site", "devices")  # scopes that no link or provider plays a part in


@dataclass(frozen=True, slots=True)
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
        return (
            self.old is not None and self.new is not None and self.old.enforced == self.new.enforced
        )


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


@dataclass(frozen=True, slots=True)
class Changes:
    """All that differs between two installations; `compared` are the sites whose plans may differ."""

    edits: tuple[Edit, ...]
    compared: tuple[SiteChange, ...]

    @property
    def sites(self) -> tuple[SiteChange, ...]:
        """The sites whose plans do differ."""
        return tuple(site for site in self.compared if not site.is_none)

    @property
    def passings(self) -> tuple[ReachabilityChange, ...]:
        """The packets of all sites, the two ends of one packet joined."""
        return join_ends(passing for site in self.compared for passing in site.passings)

    @property
    def rules(self) -> tuple[RuleChange, ...]:
        """The rules of all sites that come, go or change."""
        return tuple(rule for site in self.compared for rule in site.rules)

    @property
    def none(self) -> bool:
        """Whether the two installations are the same, in what they say and in what comes of it."""
        return not self.edits and not self.sites


def compare_installations(old: Installation, new: Installation) -> Changes:
    """The changes of all sites.

    Raises:
        SwyxError: a site can't be planned, before or after.
    """
    edits = find_edits(old, new)
    return Changes(edits, tuple(compare_sites(old, new, edits)))


def compare_sites(
    old: Installation, new: Installation, edits: Sequence[Edit], names: Sequence[str] | None = None
) -> Iterator[SiteChange]:
    """Each site whose plan may differ, before and after, one at a time.

    Raises:
        SwyxError: a site can't be planned, before or after.
    """
    topologies = Topology(old), Topology(new)
    owners = Owners(old, new)
    rows = {**old.catalogue.flows, **new.catalogue.flows}
    affected = find_affected(old, new, edits)
    for name in sorted(affected if names is None else affected.intersection(names)):
        before, after = (_plan(topology, name) for topology in topologies)
        why = _Causes(name, before, after, edits, rows)
        yield _compare_site(name, before, after, owners, why)


def _plan(topology: Topology, name: str) -> SitePlan | None:
    if name not in topology.installation.sites:
        return None
    plan = plan_site(topology, name)
    errors = [message for message in plan.messages if message.severity is Severity.ERROR]
    if errors:
        raise SwyxError(errors)
    return plan


def _compare_site(
    name: str, old: SitePlan | None, new: SitePlan | None, owners: Owners, why: "_Causes"
) -> SiteChange:
    before, after = ({g.name: g for g in (plan.groups if plan else ())} for plan in (old, new))
    groups, rules = [], []
    for group in sorted({*before, *after}):
        one, other = before.get(group), after.get(group)
        was, now = (tuple(m.name for m in own.members) if own else () for own in (one, other))
        if was != now:
            groups.append(GroupChange(site=name, group=group, old=was, new=now))
        for pair in _pair(one.rules if one else (), other.rules if other else ()):
            flows, causes = why.of(group, pair)
            rules.append(RuleChange(name, group, *pair, flows, causes))
    return SiteChange(
        site=name,
        old=old,
        new=new,
        groups=tuple(groups),
        rules=tuple(rules),
        passings=tuple(find_passing(old, new, owners)),
    )


# ---- rules


def _pair(old: Iterable[Rule], new: Iterable[Rule]) -> Iterator[_Pair]:
    """Rules that differ, each with the one that it became: the same peer, else the same ports."""
    before, after = ({rule.enforced: rule for rule in rules} for rules in (old, new))
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
    return (rule.direction, rule.protocol, rule.groups, rule.prefixes)


def _same_ports(rule: Rule) -> tuple[object, ...]:
    return (rule.direction, rule.protocol, rule.ports, rule.source_ports, bool(rule.groups))


# ---- causes


class _Causes:
    """Finds the causes of one site's changes: the flows that only one of its plans has, and the edits."""

    def __init__(
        self,
        site: str,
        old: SitePlan | None,
        new: SitePlan | None,
        edits: Iterable[Edit],
        rows: Mapping[str, FlowRow],
    ) -> None:
        before, after = (
            {flow.content: flow for flow in (plan.flows if plan else ())} for plan in (old, new)
        )
        changed = [flow for key, flow in before.items() if key not in after]
        changed += [flow for key, flow in after.items() if key not in before]
        sites = {site} | {end.site for flow in changed for end in (flow.initiator, flow.responder)}
        self._site = site
        self._edits = [edit for edit in edits if not edit.site or edit.site in sites]
        self._rows = rows
        self._by_group: dict[str, list[Flow]] = {}
        for flow in changed:
            own = {e.label for e in (flow.initiator, flow.responder) if e.group and e.site == site}
            for label in own:
                self._by_group.setdefault(label, []).append(flow)

    def of(self, group: str, rules: _Pair) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The ids of the changed flows behind a rule before and after, and the places of edits."""
        known = [rule for rule in rules if rule is not None]
        behind = [
            flow
            for flow in self._by_group.get(group, ())
            if any(_is_behind(flow, rule, group) for rule in known)
        ]
        extra = any(flow not in self._rows for rule in known for flow in rule.flows)
        places = (
            edit.place
            for edit in self._edits
            if (extra and edit.kind == "extra_rules" and edit.site == self._site)
            or any(self._touches(edit, flow) for flow in behind)
        )
        return tuple(dict.fromkeys(flow.flow for flow in behind)), tuple(dict.fromkeys(places))

    def _touches(self, edit: Edit, flow: Flow) -> bool:
        """Whether what was edited plays a part in the flow."""
        ends = (flow.initiator, flow.responder)
        if edit.site and edit.site not in {end.site for end in ends}:
            return False
        legs = self._rows[flow.flow].legs
        match edit.kind:
            case "machines" | "networks":
                return any(edit.name in _names(end) for end in ends)
            case "decisions":
                tokens = {token for leg in legs for token in leg.ports}
                tokens |= {"fax_transport" for leg in legs if leg.fax_tcp_at}
                return any(edit.key in _DECISION.get(token, (token,)) for token in tokens)
            case "ports" | "control_path":
                return edit.key.partition(".")[0] in (flow.initiator_role, flow.responder_role)
            case "links":
                return any(leg.scope not in _INSIDE for leg in legs)
            case "sip_providers":
                return f"provider {edit.name}" in {end.label for end in ends}
            case "" if edit.key.startswith("flows."):
                return flow.flow in f"{edit.old}, {edit.new}".split(", ")
            case "":  # a whole site, or its SIP devices
                return bool(edit.site) and edit.key != "egress"
            case _:
                return False


def _is_behind(flow: Flow, rule: Rule, group: str) -> bool:
    """Whether the rule lets pass some of the flow's packets, on behalf of the flow."""
    own = flow.responder if rule.direction is Direction.IN else flow.initiator
    return (
        flow.flow in rule.flows
        and own.label == group
        and flow.transport.value == rule.protocol.value
        and (flow.source_ports,) == (rule.source_ports or (None,))
        and rule.ports is not None
        and bool(flow.ports & rule.ports)
    )


def _names(endpoint: Endpoint) -> set[str]:
    return {endpoint.label, *endpoint.members}
