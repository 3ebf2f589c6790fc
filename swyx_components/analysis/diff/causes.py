"""Why a rule changed: the flows behind it that came, went or changed, and the edits that touch them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from swyx_components.analysis.diff.edits import Edit
from swyx_components.catalogue import FlowRow
from swyx_components.planner.model import Direction, Endpoint, Flow, Rule, SitePlan
from swyx_components.sets.ports import PortSet

_DECISION = {"dcom_server": ("dcom", "dcom_transport"), "dcom_client": ("dcom", "dcom_transport")}
_INSIDE = ("site", "devices")  # scopes that no link or provider plays a part in


def find_changed_flows(old: SitePlan | None, new: SitePlan | None) -> tuple[Flow, ...]:
    """The flows that only one of the two plans has, by content."""
    before, after = (
        {_content(flow): flow for flow in (plan.flows if plan else ())} for plan in (old, new)
    )
    changed = before.keys() ^ after.keys()
    return tuple(flow for side in (before, after) for key, flow in side.items() if key in changed)


def _content(flow: Flow) -> tuple[object, ...]:
    ends = (
        (end.site, end.label, end.prefixes, end.summary) for end in (flow.initiator, flow.responder)
    )
    return (
        flow.flow,
        *ends,
        flow.initiator_role,
        flow.responder_role,
        flow.transport,
        flow.ports,
        flow.source_ports,
    )


class Causes:
    """Finds the causes of one site's changes among the flows that changed and the edits."""

    def __init__(
        self,
        site: str,
        changed: Sequence[Flow],
        edits: Iterable[Edit],
        rows: Mapping[str, FlowRow],
    ) -> None:
        sites = {site} | {end.site for flow in changed for end in (flow.initiator, flow.responder)}
        self._site = site
        self._edits = tuple(edit for edit in edits if not edit.site or edit.site in sites)
        self._rows = rows
        self._by_group: dict[str, list[Flow]] = {}
        for flow in changed:
            own = {e.label for e in (flow.initiator, flow.responder) if e.group and e.site == site}
            for label in own:
                self._by_group.setdefault(label, []).append(flow)

    def of(
        self, group: str, rules: tuple[Rule | None, Rule | None]
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The ids of the changed flows behind a rule before and after, and the places of edits."""
        ids = {flow for rule in rules if rule for flow in rule.flows}
        behind = [
            flow
            for flow in self._by_group.get(group, ())
            if any(rule is not None and _is_behind(flow, rule, group) for rule in rules)
        ]
        extra = any(flow not in self._rows for flow in ids)
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
                return edit.name in {name for end in ends for name in _names(end)}
            case "decisions":
                tokens = {token for leg in legs for token in leg.ports}
                tokens |= {"fax_transport" for leg in legs if leg.fax_tcp_at}
                decisions = {d for token in tokens for d in _DECISION.get(token, (token,))}
                return edit.key in decisions
            case "ports" | "control_path":
                return edit.key.partition(".")[0] in (flow.initiator_role, flow.responder_role)
            case "links":
                return any(leg.scope not in _INSIDE for leg in legs)
            case "sip_providers":
                return f"provider {edit.name}" in {end.label for end in ends}
            case "":
                return self._touches_site(edit, flow)
            case _:
                return False

    def _touches_site(self, edit: Edit, flow: Flow) -> bool:
        """A whole site, or one of its switches."""
        if not edit.site or edit.key == "egress":
            return False
        switched = set(f"{edit.old}, {edit.new}".split(", "))
        return flow.flow in switched if edit.key.startswith("flows.") else True


def _is_behind(flow: Flow, rule: Rule, group: str) -> bool:
    """Whether the rule lets pass some of the flow's packets, on behalf of the flow."""
    own = flow.responder if rule.direction is Direction.IN else flow.initiator
    return (
        flow.flow in rule.flows
        and own.label == group
        and flow.transport.value == rule.protocol.value
        and flow.source_ports == rule.source_ports
        and rule.ports is not None
        and bool(flow.ports & PortSet((rule.ports,)))
    )


def _names(endpoint: Endpoint) -> Iterator[str]:
    yield endpoint.label
    if endpoint.group is not None:
        yield from (machine.name for machine in endpoint.group.machines)
