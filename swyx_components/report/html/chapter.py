"""One site as a chapter of the report: its host groups, every rule with its reasons, every flow."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby, product
from typing import NamedTuple

from swyx_components.catalogue import Catalogue, FlowRow
from swyx_components.planner.assess import SiteResult
from swyx_components.planner.endpoints import Endpoint, Flow
from swyx_components.planner.flows import derive_flows
from swyx_components.planner.model import (
    PROTOCOL_OF,
    Direction,
    HostGroup,
    Protocol,
    Rule,
    SitePlan,
)
from swyx_components.planner.render import render_neutral
from swyx_components.planner.requirements import extra_flow
from swyx_components.planner.topology import Topology
from swyx_components.report.flows import OUTSIDE
from swyx_components.report.tables import name_groups, name_machines, write_peer
from swyx_components.sets.ports import PortSet
from swyx_components.sets.prefixes import WIDTH, Prefix, collapse_prefixes

_MOST_NAMES = 4  # of machines; a larger group goes by its own
OWN = "own"  # the evidence of an extra rule: the site's own need, not the article's


class Reason(NamedTuple):
    """Why a rule exists: one flow of the article, or the reason of an extra rule.

    `parties` are the peers that need it for this flow.
    """

    flow: str
    evidence: str
    lines: tuple[int, ...]
    why: str
    parties: tuple[str, ...]


class RuleRow(NamedTuple):
    """One rule as the site's cloud would store it, or as planned where the site has no cloud.

    `anchor` follows from content, so that a link to a rule outlives other changes. `parties` are those
    behind the other side that the rule names.
    """

    anchor: str
    group: HostGroup
    rule: Rule
    reasons: tuple[Reason, ...]
    parties: tuple[str, ...]

    @property
    def label(self) -> str:
        """The machines that have it, with the number of their group where there are several."""
        return name_machines(name_groups([self.group]), self.group.name, self.rule.shard)

    @property
    def peer(self) -> tuple[str, ...]:
        """The addresses of the other side; a rule that names groups has `parties` alone."""
        return tuple(map(str, self.rule.prefixes))

    @property
    def packets(self) -> tuple[object, ...]:
        """Which packets the rule is about, and whether it allows them."""
        rule = self.rule
        way, protocol = rule.direction.value, rule.protocol.value
        return way, rule.allow, protocol, rule.ports, rule.source_ports

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        """The flows of the reasons, each with its evidence."""
        return tuple(reason[:2] for reason in self.reasons)


class FlowLine(NamedTuple):
    """One flow between two endpoints; `way` is as the site sees it: in, out, inside, outside the cloud.

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


class Chapter(NamedTuple):
    """All that the report says of one site. `flows` are grouped by the article's row."""

    result: SiteResult
    rules: tuple[RuleRow, ...]
    flows: tuple[tuple[FlowRow, tuple[FlowLine, ...]], ...]


def make_chapter(result: SiteResult, topology: Topology) -> Chapter:
    """The chapter of a finished site; its flows are also those that no rule of a cloud is made for."""
    rules, flows = _rules(result, topology.catalogue), _flows(result.plan.site, topology)
    return Chapter(result, tuple(rules), tuple(flows))


# ---- rules


def _rules(result: SiteResult, catalogue: Catalogue) -> Iterator[RuleRow]:
    plan, rendered = result.plan, result.rendered or render_neutral(result.plan)
    peers = Peers(plan)
    given = {extra_flow(plan.site, rule): rule.reason for rule in plan.extra_rules}
    for entry in rendered.groups:
        group = entry.group
        for rule in entry.rules:
            reasons = tuple(
                Reason(
                    id, row.evidence.value, row.lines, row.purpose, peers.of(group.name, rule, id)
                )
                if (row := catalogue.flows.get(id))
                else Reason(id, OWN, (), given.get(id, ""), ())
                for id in rule.flows
            )
            parties = sort_names(party for reason in reasons for party in reason.parties)
            yield RuleRow(_anchor(plan.site, group.name, rule), group, rule, reasons, parties)


def _anchor(site: str, group: str, rule: Rule) -> str:
    """`rule-aachen/swyxserver/in/udp/51000-51499/from/50000-50099/10.1.20.0/24`; unique on a page.

    A cloud's name for the rule is content already; of a neutral rule's peers the first will do.
    """
    if rule.name:
        return f"rule-{site}/{group}/{rule.name.removeprefix(f'{group}-')}"
    source = f"from/{rule.source_ports}/" if rule.source_ports is not None else ""
    ports = f"{rule.ports}/" if rule.ports is not None else ""
    peer = write_peer(rule).partition(",")[0]
    text = f"rule-{site}/{group}/{rule.direction.value}/{rule.protocol.value}/{ports}{source}{peer}"
    return text.replace(", ", "+")


# ---- flows


def _flows(site: str, topology: Topology) -> Iterator[tuple[FlowRow, tuple[FlowLine, ...]]]:
    known = topology.catalogue.flows
    order = {id: place for place, id in enumerate(known)}
    flows = derive_flows(topology, site, hosts_of_networks=True).flows
    ordered = sorted(flows, key=lambda flow: order[flow.flow])
    for id, members in groupby(ordered, key=lambda flow: flow.flow):
        yield known[id], tuple(_lines(site, members))


def _lines(site: str, flows: Iterable[Flow]) -> list[FlowLine]:
    """The lines of one row of the article, each once, by who takes part."""
    return sorted({line for flow in flows for line in _pairs(site, flow)}, key=_order)


def _order(line: FlowLine) -> tuple[object, ...]:
    ends = order_of_name(line.initiator), order_of_name(line.responder)
    return (*ends, line.initiator_role, line.responder_role, line.protocol, line.ports)


def _pairs(site: str, flow: Flow) -> Iterator[FlowLine]:
    ends = _called(site, flow.initiator), _called(site, flow.responder)
    own = flow.initiator.site == site, flow.responder.site == site
    way = {(True, False): "out", (False, True): "in"}.get(own, "inside")
    way = way if flow.initiator.group or flow.responder.group else OUTSIDE
    what = way, flow.transport.value, str(flow.ports), str(flow.source_ports or "")
    for initiator, responder in product(*ends):
        yield FlowLine(initiator, flow.initiator_role, responder, flow.responder_role, *what)


def _called(site: str, endpoint: Endpoint) -> tuple[str, ...]:
    """The names of an end: another site's machines one by one, the site's own as they are grouped."""
    if endpoint.site not in ("", site):
        return tuple(f"{endpoint.site}/{name}" for name in endpoint.members)
    if endpoint.group is None:
        return (endpoint.label,)
    if len(endpoint.members) > _MOST_NAMES:
        return (f"{endpoint.label} ({len(endpoint.members)} machines)",)
    return (", ".join(endpoint.members),)


# ---- who is behind the names and addresses of a rule, by the flows that it was made of

_Key = tuple[str, Direction, Protocol, str]


class _Peer(NamedTuple):
    """One machine, network or group at the other side of a flow, and the ports that the flow is about."""

    name: str
    group: str
    prefixes: tuple[Prefix, ...]
    ports: PortSet


class Peers:
    """The peers of every group of a site, found by flow."""

    def __init__(self, plan: SitePlan) -> None:
        self._peers: dict[_Key, list[_Peer]] = {}
        groups = plan.groups_by_machine()
        for flow in plan.flows:
            protocol = PROTOCOL_OF[flow.transport]
            for direction in Direction:
                ends = flow.initiator, flow.responder
                own, peer = ends if direction is Direction.OUT else ends[::-1]
                if own.group is None or own.site != plan.site:
                    continue
                named = list(name_peers(plan.site, peer, flow.ports))
                for group in {groups[member].name for member in own.members}:
                    key = group, direction, protocol, flow.flow
                    self._peers.setdefault(key, []).extend(named)

    def of(self, group: str, rule: Rule, flow: str) -> tuple[str, ...]:
        """Whom a group's rule serves with one of its flows, as people call them."""
        blocks = collapse_prefixes(rule.prefixes)
        peers = self._peers.get((group, rule.direction, rule.protocol, flow), ())
        return sort_names(
            peer.name
            for peer in peers
            if (rule.ports is None or rule.ports & peer.ports)
            and (peer.group in rule.groups or any(_touches(each, blocks) for each in peer.prefixes))
        )


def name_peers(site: str, peer: Endpoint, ports: PortSet) -> Iterator[_Peer]:
    """Machines one by one, those of the site with their group, which rules may name."""
    start, own = ("", peer.label) if peer.site in ("", site) else (f"{peer.site}/", "")
    if peer.group is None:
        yield _Peer(f"{start}{peer.label}", "", peer.prefixes, ports)
    else:
        for member in peer.group.members:
            yield _Peer(f"{start}{member.name}", own, member.addresses, ports)


def _touches(prefix: Prefix, blocks: tuple[Prefix, ...]) -> bool:
    """Whether a prefix has an address in one of the disjoint, sorted blocks."""
    place = bisect_right(blocks, (prefix.version, prefix.first, WIDTH[6]))
    return any(map(prefix.overlaps, blocks[max(place - 1, 0) : place + 1]))


def sort_names(names: Iterable[str]) -> tuple[str, ...]:
    """Each once: those of sites, site by site, then what is called by words (`provider carrier`)."""
    known = set(names)
    return tuple(sorted(known, key=order_of_name) if len(known) > 1 else known)


@lru_cache(maxsize=65536)
def order_of_name(name: str) -> tuple[bool, list[str]]:
    """By its parts: a site's name may be the beginning of another's."""
    return " " in name, name.split("/")
