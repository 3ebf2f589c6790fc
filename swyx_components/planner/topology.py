"""One site as the expansion sees it: endpoints with their roles and effective ports."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from swyx_components.catalogue import Catalogue, Transport
from swyx_components.installation.model import (
    Decisions,
    Installation,
    Link,
    PortOverrides,
    Provider,
    Site,
)
from swyx_components.planner.effective_ports import effective_ports
from swyx_components.planner.group import Serving, group_machines, serve_by_machine
from swyx_components.planner.model import Endpoint, HostGroup
from swyx_components.sets.ports import PortSet
from swyx_components.sets.prefixes import Prefix


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SiteTopology:
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


class Topology:
    """An installation indexed by site; views are made once, since a hub and its branches share them."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self._views: dict[str, SiteTopology] = {}
        self._ports: dict[Hashable, Mapping[tuple[str, str], PortSet]] = {}
        self._control_paths: dict[Hashable, Mapping[str, str]] = {}
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

    def view(self, name: str) -> SiteTopology:
        """The view of one site.

        Raises:
            KeyError: the installation has no such site.
        """
        if name not in self._views:
            self._views[name] = self._make_view(self.installation.sites[name])
        return self._views[name]

    def _make_view(self, site: Site) -> SiteTopology:
        serving = serve_by_machine(
            site.name, self.links_of(site.name), self.providers_of(site.name)
        )
        groups = group_machines(self.catalogue, site, serving)
        return SiteTopology(
            site=site,
            groups=groups,
            endpoints=tuple(self._make_endpoints(site, groups)),
            serving=serving,
            control_paths=self._find_control_paths(site.control_path),
        )

    def _make_endpoints(self, site: Site, groups: Iterable[HostGroup]) -> Iterator[Endpoint]:
        for group in groups:
            addresses = tuple([own for machine in group.machines for own in machine.addresses])
            yield Endpoint(
                site=site.name,
                label=group.name,
                roles=group.roles,
                ports=self._find_ports(group.roles, site.ports, group.machines[0].ports),
                prefixes=addresses,
                group=group,
                summary=_summarise(addresses, site.summary),
            )
        for network in site.networks:
            yield Endpoint(
                site=site.name,
                label=network.name,
                roles=network.roles,
                ports=self._find_ports(network.roles, site.ports, ()),
                prefixes=network.cidrs,
                summary=_summarise(network.cidrs, site.summary),
            )

    def _find_ports(
        self, roles: tuple[str, ...], of_site: PortOverrides, of_machine: PortOverrides
    ) -> Mapping[tuple[str, str], PortSet]:
        """The effective ports, the same mapping for all that are alike."""
        key = roles, of_site, of_machine
        if key not in self._ports:
            self._ports[key] = effective_ports(self.catalogue, *key)
        return self._ports[key]

    def _find_control_paths(self, written: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
        """By role, as written or the catalogue's first; the same mapping for all that are alike."""
        if written not in self._control_paths:
            chosen = dict(written)
            self._control_paths[written] = {
                role.name: chosen.get(role.name, role.control_paths[0])
                for role in self.catalogue.roles.values()
                if role.control_paths
            }
        return self._control_paths[written]


def _summarise(prefixes: Iterable[Prefix], summary: Sequence[Prefix]) -> tuple[Prefix, ...]:
    """For each prefix the CIDR of the summary that holds it; itself where its family has none."""
    if not summary:
        return ()
    wider = (next((cidr for cidr in summary if cidr.contains(own)), own) for own in prefixes)
    return tuple(dict.fromkeys(wider))
