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
from functools import partial

from swyx_components.catalogue.model import Catalogue
from swyx_components.installation.model import Link
from swyx_components.messages import Message
from swyx_components.planner.endpoints import Endpoint, EndpointPair, Flows, versions_of
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
    join, ends = partial(_join, view.catalogue), view.endpoints
    links = [(link, _over_link(topology, link)) for link in topology.links_of[name]]
    within = [
        (one, two)
        for place, one in enumerate(ends)
        for two in ends[place:]
        if one.group or two.group or hosts_of_networks or not one.versions & two.versions
    ]
    found = [
        join("site", within),
        *[join("provider", [own]) for own in _providers(topology, view)],
        join("devices", _with_devices(view)),
        *[
            join("served", [(view.endpoint_of[machine], one) for one in ends])
            for machine in sorted(view.serving)
        ],
        *[over for _, over in links],
    ]
    unruled = [own for scope in found for own in scope if not (own[0].group or own[1].group)]
    apart = [own for own in unruled if not own[0].versions & own[1].versions]
    left_out = {own[:2] for own in (apart if hosts_of_networks else unruled)}
    if left_out:
        found = [[own for own in scope if own[:2] not in left_out] for scope in found]
    clashes = [one for link, over in links for one in _clashes(topology, link, over)]
    return SiteFlows(site=view, flows=Flows(found), apart=tuple(apart), clashes=tuple(clashes))


def _join(
    catalogue: Catalogue, scope: str, ends: Iterable[tuple[Endpoint, Endpoint]]
) -> Sequence[EndpointPair]:
    """Endpoints with what the legs of a scope join; a single machine has nothing to say to itself."""
    return [
        (one, two, find_exchange(catalogue, scope, one.kind, two.kind, one is two))
        if one is not two or one.joins_itself
        else (one, two, NO_EXCHANGE)
        for one, two in ends
    ]


def _providers(topology: Topology, view: SiteTopology) -> Iterator[tuple[Endpoint, Endpoint]]:
    """The LinkManager of each SIP provider, and the provider."""
    for provider in topology.providers_of[view.name]:
        label = f"provider {provider.name}"
        for prefixes, uses in provider.uses.items():
            kind = provider_kind(provider.sip_port, provider.media_ports, uses)
            outside = Endpoint("", label, kind, prefixes, versions_of(prefixes))
            yield view.endpoint_of[provider.link_manager], outside


def _with_devices(view: SiteTopology) -> Iterator[tuple[Endpoint, Endpoint]]:
    """The SIP devices of a site, if it has any, and each of its endpoints."""
    if own := view.site.sip_devices:
        devices = Endpoint(view.name, "sip_devices", DEVICES, own, versions_of(own))
        yield from [(devices, one) for one in view.endpoints]


def _over_link(topology: Topology, link: Link) -> Sequence[EndpointPair]:
    if link.name not in topology.over_links:
        near, far = topology.view(link.near), topology.view(link.far)
        manager, scope, others = near.endpoint_of[link.near_manager], "across", far.endpoints
        if link.far_manager:
            scope, others = "chained", (far.endpoint_of[link.far_manager],)
        pairs = _join(topology.catalogue, scope, [(manager, other) for other in others])
        topology.over_links[link.name] = pairs
    return topology.over_links[link.name]


def _clashes(topology: Topology, link: Link, over: Sequence[EndpointPair]) -> Iterator[Message]:
    names = link.near, link.far
    near, far = [topology.installation.sites[name].decisions.h245 for name in names]
    if near is not None and far is not None and bool(near) != bool(far):
        tunnelled, opened = names[::-1] if near else names
        for flow in sorted({flow for _, _, exchange in over for flow in exchange.tunnels}):
            values = {"flow": flow, "tunnelled": tunnelled, "opened": opened}
            yield Message.about("h245-one-ended", f"links.{link.name}", **values)
