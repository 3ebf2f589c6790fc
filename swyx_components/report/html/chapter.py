"""One site as a chapter of the report: its host groups, every rule with its reasons, every flow."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, product

from swyx_components.catalogue import Catalogue, FlowRow
from swyx_components.installation.model import Egress
from swyx_components.planner.model import (
    Endpoint,
    Flow,
    HostGroup,
    RenderedSite,
    SitePlan,
    Spec,
    Usage,
    shard_label,
)
from swyx_components.planner.neutral import render_neutral
from swyx_components.planner.proof import Proof
from swyx_components.planner.requirements import extra_flow
from swyx_components.planner.site_result import SiteResult
from swyx_components.report.html.peers import Peers, order_of_name, sort_names
from swyx_components.report.tables import write_peer

_MOST_NAMES = 4  # of machines; a larger group goes by its own
OWN = "own"  # the evidence of an extra rule: the site's own need, not the article's


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a rule is there: one flow of the article, or the reason that an extra rule was given.

    `parties` are the peers that need it for this flow.
    """

    flow: str
    evidence: str
    lines: tuple[int, ...]
    why: str
    parties: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """One rule as the site's cloud would store it, or as planned where the site has no cloud.

    `anchor` follows from content, so that a link to a rule outlives other changes. `peer` is how the
    rule names the other side, `parties` who that is. `note` is what the cloud shows beside it.
    """

    anchor: str
    group: str
    way: str
    allows: bool
    protocol: str
    ports: str
    source_ports: str
    peer: tuple[str, ...]
    parties: tuple[str, ...]
    reasons: tuple[Reason, ...]
    note: str

    @property
    def evidence(self) -> tuple[str, ...]:
        """The kinds of evidence of all its reasons, each once and sorted (`inferred`, `stated`)."""
        return tuple(sorted({reason.evidence for reason in self.reasons}))


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowLine:
    """One flow between two endpoints; `way` is as the site sees it: in, out or inside.

    What two rows of the article need alike (H.245 of two pairs) is one line.
    """

    initiator: str
    initiator_role: str
    responder: str
    responder_role: str
    way: str
    protocol: str
    ports: str
    source_ports: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """All that the report says of one site. `flows` are grouped by the article's row."""

    site: str
    cloud: str
    open_egress: bool
    groups: tuple[HostGroup, ...]
    rules: tuple[RuleRow, ...]
    flows: tuple[tuple[FlowRow, tuple[FlowLine, ...]], ...]
    usages: tuple[Usage, ...]
    proof: Proof | None


def make_chapter(result: SiteResult, catalogue: Catalogue) -> Chapter:
    """The chapter of a finished site."""
    plan = result.plan
    rendered = result.rendered or render_neutral(plan)
    return Chapter(
        site=plan.site,
        cloud=result.cloud,
        open_egress=plan.egress is Egress.OPEN,
        groups=plan.groups,
        rules=tuple(_rules(rendered, catalogue)),
        flows=tuple(_flows(plan, catalogue)),
        usages=result.usages,
        proof=result.proof,
    )


def _rules(rendered: RenderedSite, catalogue: Catalogue) -> Iterator[RuleRow]:
    plan = rendered.plan
    peers = Peers(plan, rendered.capabilities.shares_groups)
    given = {extra_flow(plan.site, rule): rule.reason for rule in plan.extra_rules}
    for entry in rendered.groups:
        for spec in entry.specs:
            reasons = (
                _reason(flow, peers.of(entry.group.name, spec, flow), catalogue, given)
                for flow in spec.flows
            )
            yield _rule(plan.site, entry.group, spec, tuple(reasons))


def _rule(site: str, group: HostGroup, spec: Spec, reasons: tuple[Reason, ...]) -> RuleRow:
    return RuleRow(
        anchor=_anchor(site, group.name, spec),
        group=shard_label(group.name, spec.shard),
        way=spec.direction.value,
        allows=spec.allow,
        protocol=spec.protocol.value,
        ports="" if spec.ports is None else str(spec.ports),
        source_ports="" if spec.source_ports is None else str(spec.source_ports),
        peer=_peer(spec),
        parties=sort_names({party for reason in reasons for party in reason.parties}),
        reasons=reasons,
        note="; ".join(filter(None, (f"{spec.priority}" if spec.priority else "", spec.name))),
    )


def _peer(spec: Spec) -> tuple[str, ...]:
    return (*spec.groups, *map(str, spec.prefixes))


def _anchor(site: str, group: str, spec: Spec) -> str:
    """`rule-aachen/swyxserver/in/udp/51000-51499/from/50000-50099/10.1.20.0/24`; unique on a page.

    A cloud's name for the rule is content already; of a neutral rule's peers the first will do.
    """
    if spec.name:
        return f"rule-{site}/{group}/{spec.name.removeprefix(f'{group}-')}"
    source = f"from/{spec.source_ports}/" if spec.source_ports is not None else ""
    ports = f"{spec.ports}/" if spec.ports is not None else ""
    peer = write_peer(spec).partition(",")[0]
    text = f"rule-{site}/{group}/{spec.direction.value}/{spec.protocol.value}/{ports}{source}{peer}"
    return text.replace(", ", "+")


def _reason(
    flow: str, parties: tuple[str, ...], catalogue: Catalogue, given: Mapping[str, str]
) -> Reason:
    row = catalogue.flows.get(flow)
    if row is None:
        return Reason(flow=flow, evidence=OWN, lines=(), why=given.get(flow, ""), parties=())
    return Reason(
        flow=flow,
        evidence=row.evidence.value,
        lines=row.lines,
        why=row.purpose,
        parties=parties,
    )


def _flows(plan: SitePlan, catalogue: Catalogue) -> Iterator[tuple[FlowRow, tuple[FlowLine, ...]]]:
    order = {id: place for place, id in enumerate(catalogue.flows)}
    ordered = sorted(plan.flows, key=lambda flow: order[flow.flow])
    for id, members in groupby(ordered, key=lambda flow: flow.flow):
        yield catalogue.flows[id], tuple(_lines(plan.site, members))


def _lines(site: str, flows: Iterable[Flow]) -> list[FlowLine]:
    """The lines of one row of the article, each once, by who takes part."""
    lines = {line for flow in flows for line in _pairs(site, flow)}
    return sorted(lines, key=_order)


def _order(line: FlowLine) -> tuple[object, ...]:
    ends = order_of_name(line.initiator), order_of_name(line.responder)
    return (*ends, line.initiator_role, line.responder_role, line.protocol, line.ports)


def _pairs(site: str, flow: Flow) -> Iterator[FlowLine]:
    ends = _called(site, flow.initiator), _called(site, flow.responder)
    for initiator, responder in product(*ends):
        yield FlowLine(
            initiator=initiator,
            initiator_role=flow.initiator_role,
            responder=responder,
            responder_role=flow.responder_role,
            way=_way(site, flow),
            protocol=flow.transport.value,
            ports=str(flow.ports),
            source_ports=str(flow.source_ports) if flow.source_ports else "",
        )


def _called(site: str, endpoint: Endpoint) -> tuple[str, ...]:
    """The names of an end: another site's machines one by one, the site's own as they are grouped."""
    if endpoint.site not in ("", site):
        names = [m.name for m in endpoint.group.machines] if endpoint.group else [endpoint.label]
        return tuple(f"{endpoint.site}/{name}" for name in names)
    if endpoint.group is None:
        return (endpoint.label,)
    machines = endpoint.group.machines
    if len(machines) > _MOST_NAMES:
        return (f"{endpoint.label} ({len(machines)} machines)",)
    return (", ".join(machine.name for machine in machines),)


def _way(site: str, flow: Flow) -> str:
    own = flow.initiator.site == site, flow.responder.site == site
    return {(True, False): "out", (False, True): "in"}.get(own, "inside")
