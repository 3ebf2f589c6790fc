"""One site as a chapter of the report: its host groups, every rule with its reasons, every flow."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from swyx_components.catalogue import Catalogue, FlowRow
from swyx_components.installation.model import Egress
from swyx_components.planner.explain import render_neutral
from swyx_components.planner.judged import Judged
from swyx_components.planner.model import (
    Endpoint,
    HostGroup,
    RenderedGroup,
    Required,
    SitePlan,
    Spec,
    Usage,
    shard_label,
)
from swyx_components.planner.prove import Proof
from swyx_components.planner.rules import extra_flow
from swyx_components.report.html.peers import Peers
from swyx_components.report.tables import write_peer

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
    own: str
    peer: tuple[str, ...]
    parties: tuple[str, ...]
    reasons: tuple[Reason, ...]
    note: str

    @property
    def evidence(self) -> tuple[str, ...]:
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


def make_chapter(judged: Judged, catalogue: Catalogue) -> Chapter:
    """The chapter of a finished site."""
    plan = judged.plan
    rendered = judged.rendered or render_neutral(plan)
    return Chapter(
        site=plan.site,
        cloud=judged.cloud,
        open_egress=plan.egress is Egress.OPEN,
        groups=plan.groups,
        rules=tuple(row for entry in rendered.groups for row in _rules(plan, entry, catalogue)),
        flows=tuple(_flows(plan, catalogue)),
        usages=judged.usages,
        proof=judged.proof,
    )


def _rules(plan: SitePlan, entry: RenderedGroup, catalogue: Catalogue) -> Iterator[RuleRow]:
    peers = Peers(entry.group)
    given = {extra_flow(plan.site, rule): rule.reason for rule in plan.extra_rules}
    for spec in entry.specs:
        yield _rule(plan.site, entry.group, spec, tuple(_reasons(spec, peers, catalogue, given)))


def _rule(site: str, group: HostGroup, spec: Spec, reasons: tuple[Reason, ...]) -> RuleRow:
    return RuleRow(
        anchor=_anchor(site, group.name, spec),
        group=shard_label(group.name, spec.shard),
        way=spec.direction.value,
        allows=spec.allow,
        protocol=spec.protocol.value,
        ports="" if spec.ports is None else str(spec.ports),
        source_ports="" if spec.source_ports is None else str(spec.source_ports),
        own=spec.own_identity.name if spec.own_identity else "",
        peer=_peer(spec),
        parties=tuple(sorted({party for reason in reasons for party in reason.parties})),
        reasons=reasons,
        note="; ".join(filter(None, (f"{spec.priority}" if spec.priority else "", spec.name))),
    )


def _peer(spec: Spec) -> tuple[str, ...]:
    identities = (identity.name for identity in spec.identities)
    return (*spec.groups, *identities, *map(str, spec.prefixes))


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


def _reasons(
    spec: Spec, peers: Peers, catalogue: Catalogue, given: Mapping[str, str]
) -> Iterator[Reason]:
    for flow in spec.flows:
        row = catalogue.flows.get(flow)
        yield Reason(
            flow=flow,
            evidence=row.evidence.value if row else OWN,
            lines=row.lines if row else (),
            why=row.purpose if row else given.get(flow, ""),
            parties=peers.of(spec, flow) if row else (),
        )


def _flows(plan: SitePlan, catalogue: Catalogue) -> Iterator[tuple[FlowRow, tuple[FlowLine, ...]]]:
    order = {id: place for place, id in enumerate(catalogue.flows)}
    ordered = sorted(plan.flows, key=lambda flow: order[flow.flow])
    for id, members in groupby(ordered, key=lambda flow: flow.flow):
        yield catalogue.flows[id], tuple(dict.fromkeys(_lines(plan.site, members)))


def _lines(site: str, flows: Iterable[Required]) -> Iterator[FlowLine]:
    for flow in flows:
        yield FlowLine(
            initiator=_called(site, flow.initiator),
            initiator_role=flow.initiator_role,
            responder=_called(site, flow.responder),
            responder_role=flow.responder_role,
            way=_way(site, flow),
            protocol=flow.transport.value,
            ports=str(flow.ports),
            source_ports=str(flow.source_ports) if flow.source_ports else "",
        )


def _called(site: str, endpoint: Endpoint) -> str:
    """Machines by their names, since a group's name repeats its roles."""
    group = endpoint.group
    name = endpoint.label if group is None else ", ".join(m.name for m in group.machines)
    return name if endpoint.site in ("", site) else f"{endpoint.site}/{name}"


def _way(site: str, flow: Required) -> str:
    own = flow.initiator.site == site, flow.responder.site == site
    return {(True, False): "out", (False, True): "in"}.get(own, "inside")
