"""Who may talk to whom: the catalogue's flows between the endpoints of a site and over its links.

>>> from swyx_components.installation import load_installation
>>> site = {"machines": {"server": {"addresses": ["10.0.0.1"], "roles": ["SwyxServer"]},
...                      "gate": {"addresses": ["10.0.0.2"], "roles": ["SwyxGate"]}}}
>>> plan = {"swyxware": "6.01", "sites": {"one": site}, "decisions": {"h245": "tunnelled"}}
>>> expansion = derive_flows(Topology(load_installation(plan)), "one")
>>> sorted({(f.flow, f.initiator.label, f.responder.label) for f in expansion.flows})[:2]
[('C10', 'swyxserver', 'swyxgate'), ('C9', 'swyxgate', 'swyxserver')]
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

from swyx_components.catalogue import Catalogue, Evidence, Leg, Transport
from swyx_components.installation.model import Link, LinkMode, Provider
from swyx_components.planner.model import Endpoint, Flow
from swyx_components.planner.port_references import legs_of
from swyx_components.planner.tokens import find_undecided, resolve_port
from swyx_components.planner.topology import SiteTopology, Topology
from swyx_components.sets.ports import PortSet


class Undecided(NamedTuple):
    """A flow that needs a decision which the site of its responder has not made."""

    decision: str  # "dcom" or "h245"
    site: str
    flow: str
    initiator: Endpoint
    responder: Endpoint


class Clash(NamedTuple):
    """An H.245 pair whose two sites decided differently: tunnelled at one end only."""

    link: str
    flow: str
    tunnelled: str
    opened: str


@dataclass(frozen=True, slots=True)
class Expansion:
    """All flows that touch a site, and what stands in the way of them."""

    flows: tuple[Flow, ...]
    undecided: tuple[Undecided, ...]
    clashes: tuple[Clash, ...]


class End(NamedTuple):
    """One endpoint in one of its roles."""

    endpoint: Endpoint
    role: str


Pair = tuple[End, End]


def derive_flows(topology: Topology, name: str, hosts_of_networks: bool = False) -> Expansion:
    """Every flow with at least one end in the site that a rule of a cloud can hold.

    `hosts_of_networks`: also those among the hosts of its networks, whose own firewalls must let them pass.
    """
    expander = _Expander(topology, hosts_of_networks)
    expander.expand(name)
    return Expansion(tuple(expander.flows), tuple(expander.undecided), tuple(expander.clashes))


class _Expander:
    """Collects the flows of one site; nothing outlives `derive_flows`."""

    def __init__(self, topology: Topology, hosts_of_networks: bool) -> None:
        self.hosts_of_networks = hosts_of_networks
        self.catalogue = topology.catalogue
        self.topology = topology
        self.view = topology.view
        self.flows: list[Flow] = []
        self.undecided: list[Undecided] = []
        self.clashes: list[Clash] = []

    def expand(self, name: str) -> None:
        view = self.view(name)
        ends = _ends(view.endpoints)
        pairs = _pairs_within(ends, self.hosts_of_networks)
        self._scope("site", view, view, pairs, view.site.enabled)
        for provider in self.topology.providers_of(name):
            self._provider(view, provider)
        if view.site.sip_devices:
            self._devices(view, ends)
        for machine in sorted(view.serving):
            manager = _manager_ends(self.catalogue, view, machine)
            self._scope("served", view, view, _pairs_between(manager, ends))
        for link in self.topology.links_of(name):
            self._link(link)

    def _link(self, link: Link) -> None:
        near, far = self.view(link.near), self.view(link.far)
        manager = _manager_ends(self.catalogue, near, link.near_manager)
        if link.mode is LinkMode.SHARED:
            scope, others = "across", _ends(far.endpoints)
        else:
            scope, others = "chained", _manager_ends(self.catalogue, far, link.far_manager)
        self._scope(scope, near, far, _pairs_between(manager, others), link=link.name)

    def _scope(
        self,
        scope: str,
        near: SiteTopology,
        far: SiteTopology,
        pairs_of: "PairFinder",
        enabled: frozenset[str] = frozenset(),
        link: str = "",
    ) -> None:
        """All legs of one scope; those that depend on other flows come after them."""
        joined: dict[str, dict[Pair, None]] = {}
        disabled = near.site.disabled | far.site.disabled
        for row, leg, roles, is_conditional in legs_of(self.catalogue, scope):
            if row.id in disabled or (
                row.evidence is Evidence.OPTIONAL and scope == "site" and row.id not in enabled
            ):
                continue
            if leg.follows:
                known = {pair: None for flow in leg.follows for pair in joined.get(flow, ())}
                pairs: Iterable[Pair] = known
                if link:
                    self._compare_tunnels(row.id, link, near, far, bool(known))
            else:
                pairs = list(pairs_of(roles))
                if is_conditional:
                    pairs = [pair for pair in pairs if self._applies(leg, pair, joined)]
            joined.setdefault(row.id, {}).update(dict.fromkeys(pairs))
            for pair in pairs:
                self._leg(row.id, leg, pair)

    def _applies(self, leg: Leg, pair: Pair, joined: Mapping[str, Mapping[Pair, None]]) -> bool:
        if leg.control_path and any(
            self.view(end.endpoint.site).control_paths.get(end.role, leg.control_path)
            != leg.control_path
            for end in pair
        ):
            return False
        if leg.machines_only and any(end.endpoint.group is None for end in pair):
            return False
        if leg.needs:
            reverse = (pair[1], pair[0])
            if not any(
                pair in joined.get(flow, ()) or reverse in joined.get(flow, ())
                for flow in leg.needs
            ):
                return False
        ends = {"from": pair[0], "to": pair[1]}
        return all(self.view(ends[end].endpoint.site).carries_tcp_fax() for end in leg.fax_tcp_at)

    def _leg(self, flow: str, leg: Leg, pair: Pair) -> None:
        initiator, responder = pair
        if leg.media:
            self._media(flow, leg.media, initiator, responder, both_ways=not leg.among)
            return
        self._control(flow, leg, initiator, responder)
        if leg.both_ways or leg.follows:
            self._control(flow, leg, responder, initiator)

    def _media(
        self, flow: str, transport: Transport, sender: End, receiver: End, both_ways: bool
    ) -> None:
        """Source and destination ports from the two roles' own ranges (kb2308 L38)."""
        source = self._media_ports(sender, transport)
        ports = self._media_ports(receiver, transport)
        self.flows.append(
            Flow(flow, *sender, *receiver, transport, ports, source[0] if source else None)
        )
        if both_ways:
            self.flows.append(
                Flow(flow, *receiver, *sender, transport, source, ports[0] if ports else None)
            )

    def _media_ports(self, end: End, transport: Transport) -> PortSet:
        key = self.catalogue.roles[end.role].media[transport]
        return end.endpoint.ports[end.role, key]

    def _control(self, flow: str, leg: Leg, initiator: End, responder: End) -> None:
        if responder.role in leg.not_towards:
            return
        by_transport: dict[Transport, PortSet] = {}
        for token in leg.ports:
            for transport, ports in self._ports(flow, token, initiator, responder):
                known = by_transport.get(transport)
                by_transport[transport] = ports if known is None else known | ports
        source = initiator.endpoint.ports[initiator.role, leg.source][0] if leg.source else None
        for transport, ports in by_transport.items():
            if ports and leg.transport in (None, transport):
                self.flows.append(Flow(flow, *initiator, *responder, transport, ports, source))

    def _ports(
        self, flow: str, token: str, initiator: End, responder: End
    ) -> Iterable[tuple[Transport, PortSet]]:
        """What a port token of a leg means at this responder, by transport."""
        decisions = self.view(responder.endpoint.site).decisions
        undecided = find_undecided(token, decisions)
        if undecided:
            self._miss(undecided, flow, initiator, responder)
            return ()
        own = (responder.role, responder.endpoint.ports)
        return resolve_port(token, own, decisions, self.catalogue)

    def _miss(self, decision: str, flow: str, initiator: End, responder: End) -> None:
        self.undecided.append(
            Undecided(
                decision, responder.endpoint.site, flow, initiator.endpoint, responder.endpoint
            )
        )

    def _compare_tunnels(
        self, flow: str, link: str, near: SiteTopology, far: SiteTopology, in_use: bool
    ) -> None:
        near_h245, far_h245 = near.decisions.h245, far.decisions.h245
        if in_use and None not in (near_h245, far_h245) and bool(near_h245) != bool(far_h245):
            tunnelled, opened = (near, far) if not near_h245 else (far, near)
            self.clashes.append(Clash(link, flow, tunnelled.name, opened.name))

    def _provider(self, view: SiteTopology, provider: Provider) -> None:
        """A provider is an endpoint whose only listeners are those of its declaration."""
        catalogue = self.catalogue
        outside = End(
            Endpoint(site="", label=f"provider {provider.name}", roles=(), prefixes=provider.cidrs),
            "",
        )
        sip = PortSet.of((provider.sip_port, provider.sip_port))
        media = PortSet((provider.media_ports,))
        managers = _manager_ends(catalogue, view, provider.link_manager)
        for manager in (end for ends in managers.values() for end in ends):
            for row, leg, *_ in legs_of(catalogue, "provider"):
                if leg.media:
                    own = self._media_ports(manager, leg.media)
                    self.flows += (
                        Flow(row.id, *manager, *outside, leg.media, media, own[0]),
                        Flow(row.id, *outside, *manager, leg.media, own, provider.media_ports),
                    )
                elif leg.initiators:
                    source = (
                        manager.endpoint.ports[manager.role, leg.source][0] if leg.source else None
                    )
                    assert leg.transport is not None  # the loader's rule for a provider's SIP port
                    self.flows.append(Flow(row.id, *manager, *outside, leg.transport, sip, source))
                else:
                    self._control(row.id, leg, outside, manager)

    def _devices(self, view: SiteTopology, ends: Mapping[str, list[End]]) -> None:
        devices = End(
            Endpoint(site=view.name, label="sip_devices", roles=(), prefixes=view.site.sip_devices),
            "",
        )
        for row, leg, *_ in legs_of(self.catalogue, "devices"):
            for role in leg.responders:
                for responder in ends.get(role, ()):
                    self._control(row.id, leg, devices, responder)


PairFinder = Callable[[Iterable[tuple[str, str]]], Iterable[Pair]]  # of pairs of roles


def _ends(endpoints: Iterable[Endpoint]) -> dict[str, list[End]]:
    ends: dict[str, list[End]] = {}
    for endpoint in endpoints:
        for role in endpoint.roles:
            ends.setdefault(role, []).append(End(endpoint, role))
    return ends


def _manager_ends(catalogue: Catalogue, view: SiteTopology, machine: str) -> dict[str, list[End]]:
    endpoint = view.endpoint_of(machine)
    return {
        role: [End(endpoint, role)] for role in endpoint.roles if catalogue.roles[role].serves_links
    }


def _pairs_within(ends: Mapping[str, list[End]], hosts_of_networks: bool) -> PairFinder:
    def find(roles: Iterable[tuple[str, str]]) -> Iterator[Pair]:
        for first, second in roles:
            if first not in ends or second not in ends:
                continue
            for pair in product(ends[first], ends[second]):
                in_networks = hosts_of_networks and not any(end.endpoint.group for end in pair)
                if in_networks or _runs_between_hosts(*pair):
                    yield pair

    return find


def _pairs_between(
    managers: Mapping[str, list[End]], others: Mapping[str, list[End]]
) -> PairFinder:
    """Pairs of a LinkManager with the other side, in the direction of the leg."""

    def find(roles: Iterable[tuple[str, str]]) -> Iterator[Pair]:
        for first, second in roles:
            forward = first in managers
            mine = managers.get(first if forward else second)
            theirs = others.get(second if forward else first)
            if not mine or not theirs:
                continue
            for manager, other in product(mine, theirs):
                if _runs_between_hosts(manager, other):
                    yield (manager, other) if forward else (other, manager)

    return find


def _runs_between_hosts(first: End, second: End) -> bool:
    """Whether the pair is two hosts of which at least one is a machine that holds rules."""
    if first.endpoint is second.endpoint:
        return first.endpoint.joins_itself
    return first.endpoint.group is not None or second.endpoint.group is not None
