"""Who may talk to whom: the catalogue's flows between the endpoints of a site and over its links.

>>> from swyx_components.installation import load_installation
>>> site = {"machines": {"server": {"addresses": ["10.0.0.1"], "roles": ["SwyxServer"]},
...                      "gate": {"addresses": ["10.0.0.2"], "roles": ["SwyxGate"]}}}
>>> plan = {"swyxware": "6.01", "sites": {"one": site}, "decisions": {"h245": "tunnelled"}}
>>> found = derive_flows(Topology(load_installation(plan)), "one")
>>> sorted({(f.flow, f.initiator.label, f.responder.label) for f in found.flows})[:2]
[('C10', 'swyxserver', 'swyxgate'), ('C9', 'swyxgate', 'swyxserver')]
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from swyx_components.installation.model import Link, LinkMode
from swyx_components.planner.exchange import (
    OUTSIDE,
    Exchange,
    find_device_exchange,
    find_exchange,
    find_provider_exchange,
)
from swyx_components.planner.model import Endpoint, Flow
from swyx_components.planner.topology import SiteTopology, Topology


class Clash(NamedTuple):
    """An H.245 pair whose two sites decided differently: tunnelled at one end only."""

    link: str
    flow: str
    tunnelled: str
    opened: str


class EndpointPair(NamedTuple):
    """Two endpoints with the flows between them; the same one twice: its machines."""

    first: Endpoint
    second: Endpoint
    exchanges: tuple[Exchange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFlows:
    """All flows of a site, by endpoints, and what prevents some of them."""

    site: SiteTopology
    pairs: tuple[EndpointPair, ...]
    flows: tuple[Flow, ...]
    clashes: tuple[Clash, ...]


def derive_flows(topology: Topology, name: str, hosts_of_networks: bool = False) -> SiteFlows:
    """Every flow with at least one end in the site that a rule of a cloud can hold.

    `hosts_of_networks`: also those among its networks and machines outside, whose hosts' own firewalls must
    allow them.
    """
    view = topology.view(name)
    links = [(link, tuple(_over_link(topology, link))) for link in topology.links_of(name)]
    found: list[Iterable[EndpointPair]] = [
        _within(view),
        *((one,) for one in _with_providers(topology, view)),
        _with_devices(view),
        *(_served(view, machine) for machine in sorted(view.serving)),
        *(over for _, over in links),
    ]
    scopes = [
        [one for one in scope if hosts_of_networks or one.first.group or one.second.group]
        for scope in found
    ]
    flows: list[Flow] = []
    for scope in scopes:
        flows += _in_order(scope)
    return SiteFlows(
        site=view,
        pairs=tuple([pair for scope in scopes for pair in scope if pair.exchanges]),
        flows=tuple(flows),
        clashes=tuple([one for link, over in links for one in _clashes(topology, link, over)]),
    )


_MOST_ENDPOINTS = 1 << 14  # of a scope


def _in_order(scope: Sequence[EndpointPair]) -> list[Flow]:
    """The flows of a scope as the catalogue has their legs, then by initiator and responder of the leg."""
    flows: list[Flow] = []
    keys: list[int] = []
    places: dict[Endpoint, int] = {}
    for first, second, exchanges in scope:
        one, two = (places.setdefault(end, len(places)) for end in (first, second))
        there, back = one * _MOST_ENDPOINTS + two, two * _MOST_ENDPOINTS + one
        found = chain(*[own.exchanged for own in exchanges])
        for order, from_first, forward, flow, role, its_role, transport, ports, source in found:
            keys.append(order * _MOST_ENDPOINTS**2 + (there if from_first else back))
            ends = (first, role, second, its_role) if forward else (second, role, first, its_role)
            flows.append(Flow(flow, *ends, transport, ports, source))
    return [flows[place] for place in sorted(range(len(flows)), key=keys.__getitem__)]


def _within(view: SiteTopology) -> Iterator[EndpointPair]:
    catalogue, endpoints = view.catalogue, view.endpoints
    for place, first in enumerate(endpoints):
        for second in endpoints[place:]:
            if first is not second or first.joins_itself:
                kinds = first.kind, second.kind
                exchanges = find_exchange(catalogue, "site", *kinds, first is second)
                yield EndpointPair(first, second, exchanges)


def _with_providers(topology: Topology, view: SiteTopology) -> Iterator[EndpointPair]:
    for provider in topology.providers_of(view.name):
        manager = view.endpoint_of(provider.link_manager)
        label = f"provider {provider.name}"
        for prefixes, uses in provider.uses.items():
            outside = Endpoint(site="", label=label, kind=OUTSIDE, prefixes=prefixes)
            exchange = find_provider_exchange(view.catalogue, manager.kind, provider, uses)
            yield EndpointPair(manager, outside, exchange)


def _with_devices(view: SiteTopology) -> Iterator[EndpointPair]:
    if view.site.sip_devices:
        prefixes = view.site.sip_devices
        devices = Endpoint(site=view.name, label="sip_devices", kind=OUTSIDE, prefixes=prefixes)
        for endpoint in view.endpoints:
            exchange = find_device_exchange(view.catalogue, endpoint.kind)
            yield EndpointPair(devices, endpoint, exchange)


def _served(view: SiteTopology, machine: str) -> Iterator[EndpointPair]:
    """A LinkManager with the site that it serves."""
    manager = view.endpoint_of(machine)
    for other in view.endpoints:
        if other is not manager or manager.joins_itself:
            kinds = manager.kind, other.kind
            exchange = find_exchange(view.catalogue, "served", *kinds, other is manager)
            yield EndpointPair(manager, other, exchange)


def _over_link(topology: Topology, link: Link) -> Iterator[EndpointPair]:
    near, far = topology.view(link.near), topology.view(link.far)
    manager = near.endpoint_of(link.near_manager)
    if link.mode is LinkMode.SHARED:
        scope, others = "across", far.endpoints
    else:
        scope, others = "chained", (far.endpoint_of(link.far_manager),)
    for other in others:
        exchange = find_exchange(topology.catalogue, scope, manager.kind, other.kind, within=False)
        yield EndpointPair(manager, other, exchange)


def _clashes(topology: Topology, link: Link, over: tuple[EndpointPair, ...]) -> Iterator[Clash]:
    decided = {name: topology.view(name).decisions.h245 for name in (link.near, link.far)}
    opened = [name for name, h245 in decided.items() if h245]
    tunnelled = [name for name, h245 in decided.items() if h245 is not None and not h245]
    if opened and tunnelled:
        for flow in sorted({flow for one in over for own in one.exchanges for flow in own.tunnels}):
            yield Clash(link.name, flow, tunnelled[0], opened[0])
