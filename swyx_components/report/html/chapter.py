"""One site as a chapter of the report: its host groups, every rule with its reasons, every flow."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import NamedTuple

from swyx_components.catalogue.model import Catalogue, FlowRow
from swyx_components.planner.assess import SiteResult
from swyx_components.planner.endpoints import Endpoint, Flow
from swyx_components.planner.flows import derive_flows
from swyx_components.planner.model import PROTOCOL_OF, Direction, Protocol, Rule, SitePlan
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

    `anchor` follows from content, so that a link to a rule outlives other changes. `label` names the
    machines that have it, with the number of their group where there are several. `parties` are those
    behind the other side that the rule names.
    """

    anchor: str
    group: str
    label: str
    rule: Rule
    reasons: tuple[Reason, ...]
    parties: tuple[str, ...]

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


# ---- rules


def list_rules(result: SiteResult, catalogue: Catalogue) -> Iterator[RuleRow]:
    """The rules of a site, group by group."""
    plan, rendered = result.plan, result.rendered
    peers = find_peers(plan)
    flows = catalogue.flows.values()
    told = {row.id: (row.evidence.value, row.lines, row.purpose) for row in flows}
    told |= {extra_flow(plan.site, rule): (OWN, (), rule.reason) for rule in plan.extra_rules}
    for entry in rendered.groups:
        group, named = entry.group.name, name_groups([entry.group])
        for rule in entry.rules:
            reasons = tuple(
                Reason(id, *told[id], find_parties(peers, group, rule, id)) for id in rule.flows
            )
            parties = sort_names(party for reason in reasons for party in reason.parties)
            label = name_machines(named, group, rule.shard)
            yield RuleRow(_anchor(plan.site, group, rule), group, label, rule, reasons, parties)


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


def list_flows(site: str, topology: Topology) -> Iterator[tuple[FlowRow, list[FlowLine]]]:
    """The flows of a site by the article's row, also those that no rule of a cloud is made for."""
    lines: dict[str, set[FlowLine]] = {id: set() for id in topology.catalogue.flows}
    for flow in derive_flows(topology, site, hosts_of_networks=True).flows:
        lines[flow.flow].update(_pairs(site, flow))
    for row in topology.catalogue.flows.values():
        if found := lines[row.id]:
            yield row, sorted(found, key=lambda own: (*map(order_of_name, own[:2]), own))


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
    if len(endpoint.members) > _MOST_NAMES:
        return (f"{endpoint.label} ({len(endpoint.members)} machines)",)
    return (", ".join(endpoint.members),)


# ---- who is behind the names and addresses of a rule, by the flows that it was made of


class Peer(NamedTuple):
    """One machine or network at the other side of a flow, and its group if rules of the site may name it."""

    name: str
    group: str
    prefixes: tuple[Prefix, ...]


Peers = Mapping[tuple[str, Direction, Protocol, str], Sequence[tuple[PortSet, Sequence[Peer]]]]


def find_peers(plan: SitePlan) -> Peers:
    """The peers of every group of a site with the flow's ports, by group, direction, protocol and flow."""
    peers: dict[tuple[str, Direction, Protocol, str], list[tuple[PortSet, list[Peer]]]] = {}
    groups = plan.groups_by_machine()
    for flow in plan.flows:
        protocol = PROTOCOL_OF[flow.transport]
        ends = flow.initiator, flow.responder
        for direction, (own, peer) in ((Direction.OUT, ends), (Direction.IN, ends[::-1])):
            if own.group is not None and own.site == plan.site:
                named = flow.ports, name_peers(plan.site, peer)
                for group in {groups[member].name for member in own.members}:
                    peers.setdefault((group, direction, protocol, flow.flow), []).append(named)
    return peers


def find_parties(peers: Peers, group: str, rule: Rule, flow: str) -> tuple[str, ...]:
    """Whom a group's rule serves with one of its flows, as people call them."""
    blocks = collapse_prefixes(rule.prefixes)
    return sort_names(
        peer.name
        for ports, named in peers.get((group, rule.direction, rule.protocol, flow), ())
        if rule.ports is None or rule.ports & ports
        for peer in named
        if peer.group in rule.groups or any(_touches(each, blocks) for each in peer.prefixes)
    )


def name_peers(site: str, peer: Endpoint) -> list[Peer]:
    """Machines one by one, those of the site with their group."""
    start, own = ("", peer.label) if peer.site in ("", site) else (f"{peer.site}/", "")
    group = own if peer.group else ""
    return [Peer(f"{start}{name}", group, addresses) for name, addresses in peer.hosts]


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
