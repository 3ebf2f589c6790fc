"""The flow matrix: every flow of some sites and every extra rule, one row each, as asked for."""

from collections.abc import Iterator, Mapping, Set
from typing import NamedTuple

from swyx_components.catalogue.model import Catalogue
from swyx_components.installation.model import ExtraRule
from swyx_components.planner.endpoints import Endpoint, Flow
from swyx_components.planner.flows import derive_flows
from swyx_components.planner.model import SitePlan
from swyx_components.planner.requirements import extra_flow
from swyx_components.planner.topology import Topology
from swyx_components.sets.prefixes import Prefix

EXTRA = "extra"  # the evidence of a rule that a site has added itself


class MatrixEnd(NamedTuple):
    """One end of a row. `name` and `hosts` are empty where there are only addresses.

    `outside`: a machine in no cloud, whose own firewall has to allow the flow.
    """

    site: str
    name: str
    role: str
    hosts: tuple[str, ...]
    prefixes: tuple[Prefix, ...]
    outside: bool = False


class MatrixRow(NamedTuple):
    """One flow in one direction, with what the catalogue knows of it.

    `site` is the one that it is listed at: of a flow across a link the first that was chosen. `phase`
    and `lines` are empty for an extra rule, whose purpose is its reason; `ports` for ICMP. `outside`: neither
    end is in a cloud, so that a firewall of the customer's own carries it and no rule is made for it.
    """

    site: str
    flow: str
    evidence: str
    sender: MatrixEnd
    receiver: MatrixEnd
    transport: str
    ports: tuple[str, ...]
    purpose: str
    phase: str = ""
    source_ports: str = ""
    lines: tuple[int, ...] = ()
    outside: bool = False

    @property
    def words(self) -> Mapping[str, set[str]]:
        """What it can be asked for by, in lower case: networks and SIP devices are machines too."""
        ends = (self.sender, self.receiver)
        hosts = {host.lower() for end in ends for host in end.hosts}
        roles = {end.role.lower() for end in ends}
        return {"roles": roles, "machines": hosts, "evidence": {self.evidence}}


Wanted = Mapping[str, Set[str]]  # of each kind of words that has some, a row must match one


def list_rows(
    topology: Topology, plan: SitePlan, sites: Set[str], wanted: Wanted
) -> Iterator[MatrixRow]:
    """The wanted rows of one of the chosen sites in the catalogue's order.

    Without flows that another chosen site lists, or whose ends have no IP version in common.
    """
    rows = [
        _flow_row(plan.site, flow, topology.catalogue)
        for flow in derive_flows(topology, plan.site, hosts_of_networks=True).flows
        if flow.initiator.versions & flow.responder.versions
        and not any(
            site < plan.site and site in sites
            for site in (flow.initiator.site, flow.responder.site)
        )
    ]
    rows += (_extra_row(plan, rule) for rule in plan.extra_rules)
    # One flow may come from several others, as H.245 does from the H.225 of either side.
    for row in dict.fromkeys(rows):
        if all(not wanted[kind] or wanted[kind] & own for kind, own in row.words.items()):
            yield row


def _flow_row(site: str, flow: Flow, catalogue: Catalogue) -> MatrixRow:
    row = catalogue.flows[flow.flow]
    return MatrixRow(
        site=site,
        flow=flow.flow,
        evidence=row.evidence.value,
        phase=row.phase.value,
        sender=_end(flow.initiator, flow.initiator_role),
        receiver=_end(flow.responder, flow.responder_role),
        transport=flow.transport.value,
        ports=tuple(map(str, flow.ports)),
        source_ports=str(flow.source_ports or ""),
        lines=row.lines,
        purpose=row.purpose,
        outside=flow.initiator.group is None and flow.responder.group is None,
    )


def _end(endpoint: Endpoint, role: str) -> MatrixEnd:
    hosts, label = endpoint.members, endpoint.label
    outside = endpoint.kind.is_machine and endpoint.group is None
    return MatrixEnd(endpoint.site, label, role, hosts, endpoint.prefixes, outside)


def _extra_row(plan: SitePlan, rule: ExtraRule) -> MatrixRow:
    machine = plan.machine(rule.machine)
    own = MatrixEnd(plan.site, machine.name, "", (machine.name,), machine.addresses)
    peers = MatrixEnd("", "", "", (), rule.peers)
    ends = (peers, own) if rule.direction == "in" else (own, peers)
    flow, ports = extra_flow(plan.site, rule), tuple(map(str, rule.ports))
    return MatrixRow(plan.site, flow, EXTRA, *ends, rule.protocol, ports, rule.reason)
