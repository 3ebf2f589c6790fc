"""The settings that a plan requires on the machines themselves: a pure function of it.

One `HostSettings` per machine, and one for the clients of each network: its DCOM range, the listeners
that differ from the article, what its own firewall must allow, where its gatekeeper is, and which
ports the system must not hand out at random.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import NamedTuple

from swyx_components.catalogue.load import load_windows
from swyx_components.catalogue.model import Listener, Transport
from swyx_components.planner.endpoints import Endpoint, Flow
from swyx_components.planner.flows import derive_flows
from swyx_components.planner.minimise import NEUTRAL, minimise
from swyx_components.planner.model import Direction, Rule, SitePlan
from swyx_components.planner.regions import lines_of
from swyx_components.planner.requirements import find_requirements
from swyx_components.planner.topology import Topology
from swyx_components.sets.ports import PortRange, PortSet, cut_ports
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

    @property
    def registry(self) -> dict[str, int]:
        """Value names with their ports: one of a single port, first and last of a range."""
        ends = self.ports[0].first, self.ports[-1].last
        return dict(zip(self.listener.registry, ends, strict=False))


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
    """One machine, or the clients of one network, and their settings.

    `roles` are those that run on Windows; where there are none only `gatekeepers` may be set. `openings`
    are what the host's own firewall must allow, by addresses alone.
    """

    site: str
    name: str
    network: bool
    roles: tuple[str, ...]
    prefixes: tuple[Prefix, ...]
    dcom: DcomRange | None = None
    settings: tuple[PortSetting, ...] = ()
    openings: tuple[Rule, ...] = ()
    gatekeepers: tuple[Gatekeeper, ...] = ()
    reservations: tuple[Reservation, ...] = ()


def find_host_settings(topology: Topology, plan: SitePlan) -> tuple[HostSettings, ...]:
    """The settings of every machine and network of a planned site, machines first, each by name."""
    flows = [*derive_flows(topology, plan.site, hosts_of_networks=True).flows]
    ends = topology.view(plan.site).endpoints
    hosts = chain(*(_Finder(endpoint, topology, plan, flows).hosts() for endpoint in ends))
    return tuple(sorted(hosts, key=lambda host: (host.network, host.name)))


class _Finder:
    """The settings of the hosts behind one endpoint."""

    def __init__(
        self, endpoint: Endpoint, topology: Topology, plan: SitePlan, flows: Sequence[Flow]
    ) -> None:
        self._endpoint = endpoint
        self._plan = plan
        self._flows = flows  # those among networks too, which the plan has no rules for
        self._catalogue = topology.catalogue
        roles = topology.catalogue.roles
        self._roles = tuple(role for role in endpoint.kind.roles if roles[role].kind != _PHONE)

    def hosts(self) -> Iterator[HostSettings]:
        """The machines, or the network, each with what must pass at it."""
        endpoint, group = self._endpoint, self._endpoint.group
        settings = HostSettings(
            site=self._plan.site,
            name=endpoint.label,
            network=not endpoint.kind.is_machine,
            roles=self._roles,
            prefixes=endpoint.prefixes,
            dcom=self._find_dcom(),
            settings=tuple(self._find_settings()),
            gatekeepers=tuple(self._find_gatekeepers()),
            reservations=tuple(self._find_reservations()),
        )
        if group is None or settings.network:
            roles = self._roles if settings.network else endpoint.kind.roles
            needs = find_requirements(endpoint, roles, self._flows)
            rules: Iterable[Rule] = minimise(needs, NEUTRAL, self._catalogue)
        else:
            rules = self._plan.group(group.name).rules
        for name, own in endpoint.hosts:
            openings = tuple(self._open(rules, own))
            yield replace(settings, name=name, prefixes=own, openings=openings)

    # ---- what it listens on

    def _find_dcom(self) -> DcomRange | None:
        """The decided ranges of the DCOM flows that end here."""
        decisions, rows = self._plan.decisions, self._catalogue.flows
        decided = {"dcom_server": decisions.dcom_server, "dcom_client": decisions.dcom_client}
        found = {
            (flow.flow, range_)
            for flow in self._flows
            if flow.responder is self._endpoint and flow.responder_role in self._roles
            for token in self._tokens(flow)
            if (range_ := decided.get(token)) is not None
        }
        if not found:
            return None
        ports = PortSet.union_of(range_ for _, range_ in found)
        used = {id for id, _ in found}
        flows = tuple(id for id in rows if id in used)
        preset, lines = decisions.dcom_preset, lines_of(used, self._catalogue)
        return DcomRange(ports, preset or str(ports), flows, lines)

    def _tokens(self, flow: Flow) -> set[str]:
        return {token for leg in self._catalogue.flows[flow.flow].legs for token in leg.ports}

    def _listeners(self) -> Iterator[tuple[Listener, PortSet]]:
        """The listeners of its roles with the ports in effect."""
        for role in self._roles:
            for key, listener in self._catalogue.roles[role].listeners.items():
                yield listener, self._endpoint.kind.ports[role, key]

    def _find_settings(self) -> Iterator[PortSetting]:
        """Overrides that hold here, and the decision that pins a listener's port."""
        for listener, in_effect in self._listeners():
            ports = self._plan.decisions.cornet if listener.decided_by else in_effect
            if ports != listener.ports:
                yield PortSetting(listener, ports)

    def _find_reservations(self) -> Iterator[Reservation]:
        """Listeners inside an ephemeral range, joined where they touch; DCOM and H.245 need none."""
        for system in (load_windows()["old_ephemeral"], load_windows()["new_ephemeral"]):
            ephemeral = PortSet.union_of(filter(None, [self._catalogue.presets.get(system)]))
            for transport in Transport:
                inside = [
                    (part, f"{listener.role} {listener.key}")
                    for listener, ports in self._listeners()
                    if transport in listener.transports
                    for part in ports & ephemeral
                ]
                for whole in PortSet.union_of(part for part, _ in inside):
                    keys = {key for part, key in inside if whole.overlaps(part)}
                    yield Reservation(system, transport, whole, tuple(sorted(keys)))

    # ---- whom it speaks to

    def _find_gatekeepers(self) -> Iterator[Gatekeeper]:
        """Where each role of the endpoint registers: the listeners that serve instead of a multicast one."""
        roles = self._catalogue.roles
        instead = {
            role.name: (discovery, role.listeners[discovery.instead])
            for role in roles.values()
            for discovery in role.listeners.values()
            if discovery.instead
        }
        found: dict[tuple[str, str, str], tuple[Flow, set[str]]] = {}
        for flow in self._flows:
            if flow.responder_role in instead and flow.initiator is self._endpoint:
                _, listener = instead[flow.responder_role]
                if listener.key in self._tokens(flow) and flow.transport in listener.transports:
                    where = (flow.initiator_role, flow.responder.site, flow.responder.label)
                    found.setdefault(where, (flow, set()))[1].add(flow.flow)
        for where in sorted(found):
            flow, used = found[where]
            discovery, listener = instead[flow.responder_role]
            port = flow.responder.kind.ports[flow.responder_role, listener.key]
            why = tuple(sorted(used)), discovery
            for name, addresses in flow.responder.hosts:
                yield Gatekeeper(flow.initiator_role, name, addresses, port, *why)

    def _open(self, rules: Iterable[Rule], prefixes: Sequence[Prefix]) -> Iterator[Rule]:
        """The rules with addresses instead of groups, without a machine's own and versions it lacks."""
        versions = {prefix.version for prefix in prefixes}
        own = prefixes if self._endpoint.kind.is_machine else ()
        for rule in rules if self._roles else ():
            groups = map(self._plan.group, rule.groups)
            peers = rule.prefixes or chain(*(group.addresses for group in groups))
            kept = collapse_prefixes(p for p in peers if p.version in versions and p not in own)
            if kept:
                yield rule._replace(groups=(), prefixes=kept)


def cut_by_port(openings: Iterable[Rule]) -> Iterator[Rule]:
    """The inbound openings as disjoint port ranges, each with all of its IPv4 peers and their flows."""
    inbound = [(o, o.ports) for o in openings if o.direction is Direction.IN and o.ports]
    for protocol in sorted({opening.protocol for opening, _ in inbound}):
        own = [(opening, ports) for opening, ports in inbound if opening.protocol is protocol]
        for part in cut_ports(part for _, ports in own for part in ports):
            there = [opening for opening, ports in own if ports.covers(part)]
            peers = collapse_prefixes(p for o in there for p in o.prefixes if p.version == 4)
            if peers:
                flows = tuple(dict.fromkeys(flow for o in there for flow in o.flows))
                yield there[0]._replace(ports=PortSet((part,)), prefixes=peers, flows=flows)
