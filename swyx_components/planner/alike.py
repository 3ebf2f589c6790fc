"""Links alike: the flows that one brings to a site, another brings too, with other endpoints.

A hub's branches are mostly of a few kinds, so only one link of each kind is looked at flow by flow.
"""

from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple

from swyx_components.installation.model import Link, LinkMode
from swyx_components.planner.model import Endpoint, Required
from swyx_components.planner.view import SiteView


def likeness_of(link: Link, own: SiteView, other: SiteView) -> Hashable:
    """All that decides which flows a link brings to its end `own`, but not whom they are with."""
    near, far = link.near_manager, link.far_manager if link.mode is LinkMode.CHAINED else ""
    mine, theirs = (near, far) if link.near == own.name else (far, near)
    place = other.endpoints.index(other.endpoint_of(theirs)) if theirs else -1
    site = other.site
    endpoints = tuple(
        (endpoint.roles, endpoint.group.machines[0].ports if endpoint.group else None)
        for endpoint in other.endpoints
    )
    settings = (site.decisions, site.disabled, site.control_path, site.ports)
    return (link.mode, link.near == own.name, mine, place, settings, endpoints)


class Pattern(NamedTuple):
    """The flows of one link, and the endpoints of the other site that they are with."""

    flows: tuple[Required, ...]
    endpoints: tuple[Endpoint, ...]

    def with_others(self, endpoints: Sequence[Endpoint]) -> Iterator[Required]:
        """The same flows with the endpoints of a site at another such link."""
        others = dict(zip(self.endpoints, endpoints, strict=True))
        for flow, initiator, role, responder, its_role, transport, ports, source in self.flows:
            one, two = others.get(initiator, initiator), others.get(responder, responder)
            yield Required(flow, one, role, two, its_role, transport, ports, source)
