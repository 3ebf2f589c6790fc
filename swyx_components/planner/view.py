"""One site as the expansion sees it: endpoints with their roles, effective ports and identities."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from swyx_components.catalogue import Catalogue, Transport
from swyx_components.installation.model import Decisions, Installation, Link, Provider, Site
from swyx_components.planner.effective_ports import effective_ports
from swyx_components.planner.group import Serving, group_machines, serve_by_machine
from swyx_components.planner.model import Endpoint, HostGroup
from swyx_components.sets.prefixes import Prefix


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SiteView:
    """A site's endpoints (groups first, then networks), its decisions and its switches."""

    site: Site
    groups: tuple[HostGroup, ...]
    endpoints: tuple[Endpoint, ...]
    serving: Mapping[str, Serving]
    control_paths: Mapping[str, str]

    @property
    def name(self) -> str:
        """The site's name."""
        return self.site.name

    @property
    def decisions(self) -> Decisions:
        """What the site has decided."""
        return self.site.decisions

    def endpoint_of(self, machine: str) -> Endpoint:
        """The group that a machine of the site is in.

        Raises:
            StopIteration: the site has no such machine.
        """
        return next(
            endpoint
            for endpoint in self.endpoints
            if endpoint.group is not None
            and any(own.name == machine for own in endpoint.group.machines)
        )

    def carries_tcp_fax(self) -> bool:
        """Whether fax may go over TCP there."""
        return Transport.TCP in self.decisions.fax_transports


class Survey:
    """An installation indexed by site; views are made once, since a hub and its branches share them."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self._views: dict[str, SiteView] = {}
        self._links: dict[str, list[Link]] = {}
        self._providers: dict[str, list[Provider]] = {}
        for link in installation.links:
            self._links.setdefault(link.near, []).append(link)
            self._links.setdefault(link.far, []).append(link)
        for provider in installation.providers:
            self._providers.setdefault(provider.site, []).append(provider)

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue of the installation."""
        return self.installation.catalogue

    def links_of(self, site: str) -> Sequence[Link]:
        """The links that end at a site."""
        return self._links.get(site, ())

    def providers_of(self, site: str) -> Sequence[Provider]:
        """The SIP providers that a site serves."""
        return self._providers.get(site, ())

    def view(self, name: str) -> SiteView:
        """The view of one site.

        Raises:
            KeyError: the installation has no such site.
        """
        if name not in self._views:
            self._views[name] = self._make_view(self.installation.sites[name])
        return self._views[name]

    def _make_view(self, site: Site) -> SiteView:
        serving = serve_by_machine(
            site.name, self.links_of(site.name), self.providers_of(site.name)
        )
        groups = group_machines(self.catalogue, site, serving)
        written = dict(site.control_path)
        return SiteView(
            site=site,
            groups=groups,
            endpoints=tuple(_endpoints(self.catalogue, site, groups)),
            serving=serving,
            control_paths={
                role.name: written.get(role.name, role.control_paths[0])
                for role in self.catalogue.roles.values()
                if role.control_paths
            },
        )


def _endpoints(catalogue: Catalogue, site: Site, groups: Iterable[HostGroup]) -> Iterable[Endpoint]:
    for group in groups:
        addresses = tuple(address for machine in group.machines for address in machine.addresses)
        yield Endpoint(
            site=site.name,
            label=group.name,
            roles=group.roles,
            ports=effective_ports(catalogue, group.roles, site.ports, group.machines[0].ports),
            prefixes=addresses,
            group=group,
            summary=_summarise(addresses, site.summary),
        )
    for network in site.networks:
        yield Endpoint(
            site=site.name,
            label=network.name,
            roles=network.roles,
            ports=effective_ports(catalogue, network.roles, site.ports, ()),
            prefixes=network.cidrs,
            summary=_summarise(network.cidrs, site.summary),
        )


def _summarise(prefixes: Iterable[Prefix], summary: Sequence[Prefix]) -> tuple[Prefix, ...]:
    """For each prefix the CIDR of the summary that holds it; itself where its family has none."""
    if not summary:
        return ()
    wider = (next((cidr for cidr in summary if cidr.contains(own)), own) for own in prefixes)
    return tuple(dict.fromkeys(wider))
