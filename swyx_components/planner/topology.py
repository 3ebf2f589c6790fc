"""One site as the expansion sees it: endpoints with their roles and effective ports."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from swyx_components.catalogue import Catalogue, Transport
from swyx_components.installation.model import (
    Decisions,
    Installation,
    Link,
    Machine,
    PortOverrides,
    Provider,
    Site,
)
from swyx_components.planner.effective_ports import effective_ports
from swyx_components.planner.group import Serving, group_machines, serve_by_machine
from swyx_components.planner.model import Endpoint, EndpointKind, MachineGroup
from swyx_components.sets.prefixes import Prefix


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SiteTopology:
    """A site's endpoints (groups first, then networks), its decisions and its switches."""

    site: Site
    groups: tuple[MachineGroup, ...]
    endpoints: tuple[Endpoint, ...]
    by_machine: Mapping[str, Endpoint]
    catalogue: Catalogue
    file: str
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
            KeyError: the site has no such machine.
        """
        return self.by_machine[machine]

    def carries_tcp_fax(self) -> bool:
        """Whether fax may go over TCP there."""
        return Transport.TCP in self.decisions.fax_transports


class Topology:
    """An installation indexed by site; views are made once, since a hub and its branches share them."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self._views: dict[str, SiteTopology] = {}
        self._settings: dict[Hashable, int] = {}
        self._kinds: dict[Hashable, EndpointKind] = {}
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
        endpoints = tuple(self._make_endpoints(site, groups))
        by_machine = {
            machine.name: endpoint
            for endpoint in endpoints
            if endpoint.group is not None
            for machine in endpoint.group.machines
        }
        return SiteTopology(
            site=site,
            groups=groups,
            endpoints=endpoints,
            by_machine=by_machine,
            catalogue=self.catalogue,
            file=self.installation.file,
            serving=serving,
            control_paths=self._find_control_paths(site.control_path),
        )

    def _make_endpoints(self, site: Site, groups: Iterable[MachineGroup]) -> Iterator[Endpoint]:
        settings = self._number_settings(site)
        for group in groups:
            addresses = tuple([own for machine in group.machines for own in machine.addresses])
            yield Endpoint(
                site=site.name,
                label=group.name,
                kind=self._find_kind(settings, site, group.roles, group.machines[0]),
                prefixes=addresses,
                group=group,
                summary=_summarise(addresses, site.summary),
            )
        for network in site.networks:
            yield Endpoint(
                site=site.name,
                label=network.name,
                kind=self._find_kind(settings, site, network.roles, None),
                prefixes=network.cidrs,
                summary=_summarise(network.cidrs, site.summary),
            )

    def _number_settings(self, site: Site) -> int:
        """A number for all that a site has settled about flows: the same for sites that agree."""
        made = site.decisions
        settings = (
            (made.dcom_server, made.dcom_client, made.dcom_transports, made.h245, made.cornet),
            Transport.TCP in made.fax_transports,
            (site.control_path, site.enabled, site.disabled),
        )
        return self._settings.setdefault(settings, len(self._settings))

    def _find_kind(
        self, settings: int, site: Site, roles: tuple[str, ...], machine: Machine | None
    ) -> EndpointKind:
        """The kind of an endpoint, the same one for all that are alike."""
        own = machine.ports if machine else ()
        key = roles, machine is not None, settings, _about(roles, site.ports), _about(roles, own)
        if key not in self._kinds:
            self._kinds[key] = EndpointKind(
                roles=roles,
                is_machine=machine is not None,
                ports=effective_ports(self.catalogue, roles, *key[3:]),
                decisions=site.decisions,
                control_paths=self._find_control_paths(site.control_path),
                enabled=site.enabled,
                disabled=site.disabled,
            )
        return self._kinds[key]

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


def _about(roles: tuple[str, ...], overrides: PortOverrides) -> PortOverrides:
    return tuple([one for one in overrides if one[0][0] in roles]) if overrides else ()


def _summarise(prefixes: Iterable[Prefix], summary: Sequence[Prefix]) -> tuple[Prefix, ...]:
    """For each prefix the CIDR of the summary that holds it; itself where its family has none."""
    if not summary:
        return ()
    wider = (next((cidr for cidr in summary if cidr.contains(own)), own) for own in prefixes)
    return tuple(dict.fromkeys(wider))
