"""Who may talk to whom: the catalogue's flows between the endpoints of a site and over its links.

>>> from swyx_components.installation import load_installation
>>> site = {"machines": {"server": {"addresses": ["10.0.0.1"], "roles": ["SwyxServer"]},
...                      "gate": {"addresses": ["10.0.0.2"], "roles": ["SwyxGate"]}}}
>>> plan = {"swyxware": "6.01", "sites": {"one": site}, "decisions": {"h245": "tunnelled"}}
>>> found = derive_flows(Topology(load_installation(plan)), "one")
>>> sorted({(f.flow, f.initiator.label, f.responder.label) for f in found.flows})[:2]
[('C10', 'swyxserver', 'swyxgate'), ('C9', 'swyxgate', 'swyxserver')]
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

from swyx_components.catalogue.model import Catalogue
from swyx_components.installation.model import Link
from swyx_components.messages import Message
from swyx_components.planner.endpoints import Endpoint, EndpointPair, Flows
from swyx_components.planner.exchange import NO_EXCHANGE, find_exchange
from swyx_components.planner.port_references import DEVICES, provider_kind
from swyx_components.planner.topology import SiteTopology, Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFlows:
    """All flows of a site, by endpoints, and what prevents some of them.

    `apart`: endpoints without rules that have no IP version in common, so that none of their flows works.
    `clashes`: H.245 pairs whose two sites decided differently, tunnelled at one end only.
    """

    site: SiteTopology
    flows: Flows
    apart: tuple[EndpointPair, ...]
    clashes: tuple[Message, ...]


def derive_flows(topology: Topology, name: str, hosts_of_networks: bool = False) -> SiteFlows:
    """Every flow with at least one end in the site that a rule of a cloud can hold.

    `hosts_of_networks`: also those among its networks and machines outside, whose hosts' own firewalls must
    allow them.
    """
    view = topology.view(name)
    pair, ends = partial(_pair, view.catalogue), view.endpoints
    links = [(link, _over_link(topology, link)) for link in topology.links_of(name)]
    devices = Endpoint(site=name, label="sip_devices", kind=DEVICES, prefixes=view.site.sip_devices)
    found: list[Sequence[EndpointPair]] = [
        [
            pair("site", one, two)
            for place, one in enumerate(ends)
            for two in ends[place:]
            if hosts_of_networks or one.group or two.group or not one.versions & two.versions
        ],
        *([pair("provider", *own)] for own in _providers(topology, view)),
        [pair("devices", devices, one) for one in ends if devices.prefixes],
        *(
            [pair("served", view.endpoint_of[machine], one) for one in ends]
            for machine in sorted(view.serving)
        ),
        *(over for _, over in links),
    ]
    unruled = [one for one in chain(*found) if not (one.first.group or one.second.group)]
    apart = [one for one in unruled if not one.first.versions & one.second.versions]
    left_out = {*map(id, apart if hosts_of_networks else unruled)}
    return SiteFlows(
        site=view,
        flows=Flows([one for one in scope if id(one) not in left_out] for scope in found),
        apart=tuple(apart),
        clashes=tuple([one for link, over in links for one in _clashes(topology, link, over)]),
    )


def _pair(catalogue: Catalogue, scope: str, first: Endpoint, second: Endpoint) -> EndpointPair:
    """Two endpoints with what the legs of a scope join; a single machine has nothing to say to itself."""
    within = first is second
    if within and not first.joins_itself:
        return EndpointPair(first, second, NO_EXCHANGE)
    exchange = find_exchange(catalogue, scope, first.kind, second.kind, within)
    return EndpointPair(first, second, exchange)


def _providers(topology: Topology, view: SiteTopology) -> Iterator[tuple[Endpoint, Endpoint]]:
    """The LinkManager of each SIP provider, and the provider."""
    for provider in topology.providers_of(view.name):
        label = f"provider {provider.name}"
        for prefixes, uses in provider.uses.items():
            kind = provider_kind(provider.sip_port, provider.media_ports, uses)
            outside = Endpoint(site="", label=label, kind=kind, prefixes=prefixes)
            yield view.endpoint_of[provider.link_manager], outside


def _over_link(topology: Topology, link: Link) -> Sequence[EndpointPair]:
    near, far = topology.view(link.near), topology.view(link.far)
    manager = near.endpoint_of[link.near_manager]
    if link.far_manager:
        return [_pair(topology.catalogue, "chained", manager, far.endpoint_of[link.far_manager])]
    return [_pair(topology.catalogue, "across", manager, other) for other in far.endpoints]


def _clashes(topology: Topology, link: Link, over: Sequence[EndpointPair]) -> Iterator[Message]:
    decided = {name: topology.view(name).site.decisions.h245 for name in (link.near, link.far)}
    opened = [name for name, h245 in decided.items() if h245]
    tunnelled = [name for name, h245 in decided.items() if h245 is not None and not h245]
    if opened and tunnelled:
        for flow in sorted({flow for one in over for flow in one.exchange.tunnels}):
            values = {"flow": flow, "tunnelled": tunnelled[0], "opened": opened[0]}
            yield Message.about("h245-one-ended", f"links.{link.name}", **values)
