"""What the machines themselves must be set to, so that a plan is true: a pure function of it.

One `HostSettings` per machine, and one for the clients of each network: its DCOM range, the listeners
that differ from the article, what its own firewall must let pass, where its gatekeeper is, and which
ports the system must not hand out at random.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from swyx_components.catalogue import Listener, Transport
from swyx_components.catalogue.windows import WindowsSettings
from swyx_components.planner.flows import derive_flows
from swyx_components.planner.minimise import NEUTRAL, minimise
from swyx_components.planner.model import Direction, Endpoint, Flow, Protocol, Rule, SitePlan
from swyx_components.planner.requirements import find_requirements
from swyx_components.planner.topology import Topology
from swyx_components.sets.ports import NO_PORTS, PortRange, PortSet
from swyx_components.sets.prefixes import Prefix, collapse_prefixes

_PHONE = "phone"  # the kind of role that runs on no Windows


class DcomRange(NamedTuple):
    """The ports that DCOM must listen on; `decision` is the word written, or the ranges."""

    ports: PortSet
    decision: str
    flows: tuple[str, ...]
    lines: tuple[int, ...]


class PortSetting(NamedTuple):
    """A listener that the plan has on other ports than the article."""

    listener: Listener
    ports: PortSet


class Opening(NamedTuple):
    """Packets that the host's own firewall must let pass; `ports` None: ICMP, `source_ports` None: any."""

    direction: Direction
    protocol: Protocol
    ports: PortRange | None
    source_ports: PortRange | None
    peers: tuple[Prefix, ...]
    flows: tuple[str, ...]
    lines: tuple[int, ...]


class Gatekeeper(NamedTuple):
    """Whom a role registers at: `discovery` finds nobody across networks, so it must be told."""

    role: str
    machine: str
    addresses: tuple[Prefix, ...]
    port: PortSet
    flows: tuple[str, ...]
    discovery: Listener


class Reservation(NamedTuple):
    """Listening ports inside the range from which a system hands out ports; `keys` are the listeners."""

    system: str  # the catalogue's preset: windows-2003, windows-2008
    transport: Transport
    ports: PortRange
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSettings:
    """One machine, or the clients of one network, and what they must be set to.

    `roles` are those that run on Windows; where there are none only `gatekeepers` may be set.
    """

    site: str
    name: str
    network: bool
    roles: tuple[str, ...]
    prefixes: tuple[Prefix, ...]
    dcom: DcomRange | None = None
    settings: tuple[PortSetting, ...] = ()
    openings: tuple[Opening, ...] = ()
    gatekeepers: tuple[Gatekeeper, ...] = ()
    reservations: tuple[Reservation, ...] = ()


def find_host_settings(
    topology: Topology, plan: SitePlan, windows: WindowsSettings
) -> tuple[HostSettings, ...]:
    """The settings of every machine and network of a planned site, machines first, each by name."""
    within_networks = derive_flows(topology, plan.site, hosts_of_networks=True).flows
    hosts = (
        host
        for endpoint in topology.view(plan.site).endpoints
        for host in _Finder(endpoint, topology, plan).hosts(within_networks, windows)
    )
    return tuple(sorted(hosts, key=lambda host: (host.network, host.name)))


class _Finder:
    """What the hosts behind one endpoint must be set to."""

    def __init__(self, endpoint: Endpoint, topology: Topology, plan: SitePlan) -> None:
        self._endpoint = endpoint
        self._plan = plan
        self._catalogue = topology.catalogue
        self._decisions = topology.view(plan.site).decisions
        roles = topology.catalogue.roles
        self._roles = tuple(role for role in endpoint.roles if roles[role].kind != _PHONE)

    def hosts(self, flows: Iterable[Flow], windows: WindowsSettings) -> Iterator[HostSettings]:
        """The machines, or the network, each with what must pass at it."""
        group = self._endpoint.group
        settings = HostSettings(
            site=self._plan.site,
            name=self._endpoint.label,
            network=group is None,
            roles=self._roles,
            prefixes=self._endpoint.prefixes,
            dcom=self._find_dcom(),
            settings=tuple(self._find_settings()),
            gatekeepers=tuple(self._find_gatekeepers()),
            reservations=tuple(self._find_reservations(windows)),
        )
        if group is None:
            needs = find_requirements(self._endpoint, self._roles, flows)
            rules = minimise(needs, NEUTRAL, self._catalogue)
            yield replace(settings, openings=self._open(rules, settings.prefixes, ()))
            return
        for machine in group.machines:
            own = machine.addresses
            openings = self._open(self._plan.group(group.name).rules, own, own)
            yield replace(settings, name=machine.name, prefixes=own, openings=openings)

    # ---- what it listens on

    def _find_dcom(self) -> DcomRange | None:
        """The decided ranges of the DCOM flows that end here."""
        decisions, rows = self._decisions, self._catalogue.flows
        decided = {"dcom_server": decisions.dcom_server, "dcom_client": decisions.dcom_client}
        ports, used = NO_PORTS, set()
        for flow in self._plan.flows:
            if self._is_at(flow.responder) and flow.responder_role in self._roles:
                for token in self._tokens(flow):
                    if (range_ := decided.get(token)) is not None:
                        ports |= PortSet((range_,))
                        used.add(flow.flow)
        if not used:
            return None
        lines = {line for id in used for line in rows[id].lines}
        return DcomRange(
            ports=ports,
            decision=decisions.dcom_preset or str(ports),
            flows=tuple(id for id in rows if id in used),
            lines=tuple(sorted(lines)),
        )

    def _is_at(self, endpoint: Endpoint) -> bool:
        """Whether an end of a flow is this endpoint."""
        own = self._endpoint
        return (endpoint.site, endpoint.label) == (own.site, own.label)

    def _tokens(self, flow: Flow) -> set[str]:
        return {token for leg in self._catalogue.flows[flow.flow].legs for token in leg.ports}

    def _listeners(self) -> Iterator[tuple[Listener, PortSet]]:
        """The listeners of its roles with the ports in effect."""
        for role in self._roles:
            for key, listener in self._catalogue.roles[role].listeners.items():
                yield listener, self._endpoint.ports[role, key]

    def _find_settings(self) -> Iterator[PortSetting]:
        """Overrides that hold here, and the decision that pins a listener's port."""
        for listener, in_effect in self._listeners():
            ports = self._decisions.cornet if listener.decided_by else in_effect
            if ports != listener.ports:
                yield PortSetting(listener, ports)

    def _find_reservations(self, windows: WindowsSettings) -> Iterator[Reservation]:
        """Listeners inside an ephemeral range, joined where they touch; DCOM and H.245 need none."""
        for system in (windows.old_ephemeral, windows.new_ephemeral):
            ephemeral = PortSet((self._catalogue.presets[system],))
            for transport in Transport:
                inside = [
                    (part, f"{listener.role} {listener.key}")
                    for listener, ports in self._listeners()
                    if transport in listener.transports
                    for part in ports & ephemeral
                ]
                for whole in PortSet.union_of(part for part, _ in inside):
                    keys = {key for part, key in inside if whole.contains(part)}
                    yield Reservation(system, transport, whole, tuple(sorted(keys)))

    # ---- whom it speaks to

    def _find_gatekeepers(self) -> Iterator[Gatekeeper]:
        """Where each role of the endpoint registers: the listeners that serve in place of a multicast one."""
        discoveries = {
            role.name: listener
            for role in self._catalogue.roles.values()
            for listener in role.listeners.values()
            if listener.instead
        }
        found: dict[tuple[str, str, str], tuple[Flow, set[str]]] = {}
        for flow in self._plan.flows:
            discovery = discoveries.get(flow.responder_role)
            if (
                discovery
                and self._is_at(flow.initiator)
                and discovery.instead in self._tokens(flow)
            ):
                listener = self._catalogue.roles[flow.responder_role].listeners[discovery.instead]
                if flow.transport in listener.transports:
                    where = (flow.initiator_role, flow.responder.site, flow.responder.label)
                    found.setdefault(where, (flow, set()))[1].add(flow.flow)
        for _, (flow, used) in sorted(found.items(), key=lambda item: item[0]):
            discovery = discoveries[flow.responder_role]
            for machine in flow.responder.group.machines if flow.responder.group else ():
                yield Gatekeeper(
                    role=flow.initiator_role,
                    machine=machine.name,
                    addresses=machine.addresses,
                    port=flow.responder.ports[flow.responder_role, discovery.instead],
                    flows=tuple(sorted(used)),
                    discovery=discovery,
                )

    def _open(
        self, rules: Iterable[Rule], prefixes: Iterable[Prefix], own: Iterable[Prefix]
    ) -> tuple[Opening, ...]:
        """The rules with addresses in place of groups, without the host's own and versions it lacks."""
        versions = {prefix.version for prefix in prefixes}
        openings = []
        for rule in rules if self._roles else ():
            machines = [m for name in rule.groups for m in self._plan.group(name).machines]
            peers = rule.prefixes or [address for m in machines for address in m.addresses]
            kept = collapse_prefixes(p for p in peers if p.version in versions and p not in own)
            if kept:
                ports, source = (
                    limit[0] if limit else None for limit in (rule.ports, rule.source_ports)
                )
                why = rule.flows, rule.lines
                openings.append(Opening(rule.direction, rule.protocol, ports, source, kept, *why))
        return tuple(openings)


def cut_by_port(openings: Iterable[Opening]) -> tuple[Opening, ...]:
    """The inbound openings as disjoint port ranges, each with all of its peers; IPv4 only."""
    found: list[Opening] = []
    inbound = [o for o in openings if o.direction is Direction.IN and o.ports is not None]
    for protocol in sorted({opening.protocol for opening in inbound}):
        own = [opening for opening in inbound if opening.protocol is protocol]
        cuts = sorted({cut for o in own if o.ports for cut in (o.ports[0], o.ports[1] + 1)})
        for first, after in pairwise(cuts):
            part = PortRange(first, after - 1)
            there = [o for o in own if o.ports is not None and o.ports.contains(part)]
            peers = collapse_prefixes(p for o in there for p in o.peers if p.version == 4)
            flows = tuple(dict.fromkeys(flow for o in there for flow in o.flows))
            lines = tuple(sorted({line for o in there for line in o.lines}))
            if peers:
                found.append(Opening(Direction.IN, protocol, part, None, peers, flows, lines))
    return tuple(found)
