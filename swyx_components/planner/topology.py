"""One site as the passes see it: endpoints with their roles and effective ports."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from swyx_components.catalogue.model import Catalogue, Transport
from swyx_components.installation.model import (
    Installation,
    Link,
    Machine,
    Network,
    PortOverrides,
    Provider,
    Site,
)
from swyx_components.planner.endpoints import Endpoint, MachineGroup
from swyx_components.planner.port_references import EndpointKind
from swyx_components.sets.ports import PortSet
from swyx_components.sets.prefixes import Prefix

# What a LinkManager serves: "link" or "provider" with the name of each, sorted.
Served = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SiteTopology:
    """A site's endpoints (groups, then machines outside, then networks), its decisions and its switches."""

    site: Site
    groups: tuple[MachineGroup, ...]
    endpoints: tuple[Endpoint, ...]
    endpoint_of: Mapping[str, Endpoint]  # the group of a machine, or itself; a network
    catalogue: Catalogue
    file: str
    serving: Mapping[str, Served]

    @property
    def name(self) -> str:
        """The site's name."""
        return self.site.name

    def carries_tcp_fax(self) -> bool:
        """Whether fax may go over TCP there."""
        return Transport.TCP in self.site.decisions.fax_transports

    def control_path(self, role: str) -> str:
        """The way that the call control of a role takes; empty where there is only one."""
        return find_control_path(self.catalogue, self.site, role)


class Topology:
    """An installation indexed by site; views are made once, since a hub and its branches share them."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self._views: dict[str, SiteTopology] = {}
        self._settings: dict[Hashable, int] = {}
        self._kinds: dict[Hashable, EndpointKind] = {}
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
        serving = self._serve_by_machine(site.name)
        groups = group_machines(self.catalogue, site, serving)
        networks = {
            own.name: MachineGroup(
                name=own.name, site=site.name, roles=own.roles, machines=(), network=own
            )
            for own in site.networks
            if own.managed
        }
        endpoints = tuple(self._make_endpoints(site, groups, networks))
        endpoint_of = {member: endpoint for endpoint in endpoints for member in endpoint.members}
        return SiteTopology(
            site=site,
            groups=tuple(sorted((*groups, *networks.values()), key=lambda group: group.name)),
            endpoints=endpoints,
            endpoint_of=endpoint_of,
            catalogue=self.catalogue,
            file=self.installation.file,
            serving=serving,
        )

    def _serve_by_machine(self, site: str) -> Mapping[str, Served]:
        """What each machine of a site serves; absent: nothing."""
        served: dict[str, list[tuple[str, str]]] = {}
        for link in self.links_of(site):
            manager = link.near_manager if link.near == site else link.far_manager
            if manager:
                served.setdefault(manager, []).append(("link", link.name))
        for provider in self.providers_of(site):
            served.setdefault(provider.link_manager, []).append(("provider", provider.name))
        return {machine: tuple(sorted(own)) for machine, own in served.items()}

    def _make_endpoints(
        self, site: Site, groups: Iterable[MachineGroup], networks: Mapping[str, MachineGroup]
    ) -> Iterator[Endpoint]:
        made = site.decisions
        agreed = (
            (made.dcom_server, made.dcom_client, made.dcom_transports, made.h245, made.cornet),
            Transport.TCP in made.fax_transports,
            (site.control_path, site.enabled, site.disabled),
        )
        # A number for all that a site has settled about flows: the same for sites that agree.
        settings = self._settings.setdefault(agreed, len(self._settings))
        rows: list[tuple[str, tuple[Prefix, ...], Machine | Network, MachineGroup | None]] = [
            (group.name, group.addresses, group.machines[0], group) for group in groups
        ]
        rows += [(own.name, own.addresses, own, None) for own in site.machines if not own.managed]
        rows += [(own.name, own.addresses, own, networks.get(own.name)) for own in site.networks]
        for label, addresses, member, group in rows:
            machine = member if isinstance(member, Machine) else None
            yield Endpoint(
                site=site.name,
                label=label,
                kind=self._find_kind(settings, site, member.roles, machine),
                prefixes=addresses,
                group=group,
                summary=_summarise(addresses, site.summary),
            )

    def _find_kind(
        self, settings: int, site: Site, roles: tuple[str, ...], machine: Machine | None
    ) -> EndpointKind:
        """The kind of an endpoint, the same one for all that are alike."""
        own = machine.ports if machine else ()
        key = roles, machine is not None, settings, _about(roles, site.ports), _about(roles, own)
        if key not in self._kinds:
            parts = [(role,) for role in roles] if len(roles) > 1 else []
            self._kinds[key] = EndpointKind(
                by_role=tuple(self._find_kind(settings, site, one, machine) for one in parts),
                roles=roles,
                is_machine=machine is not None,
                ports=effective_ports(self.catalogue, roles, *key[3:]),
                decisions=site.decisions,
                control_path=find_control_path(self.catalogue, site, roles[0]),
                enabled=site.enabled,
                disabled=site.disabled,
            )
        return self._kinds[key]


def find_control_path(catalogue: Catalogue, site: Site, role: str) -> str:
    """As the site has written it, or the catalogue's first; empty where there is only one."""
    paths = catalogue.roles[role].control_paths
    return dict(site.control_path).get(role, paths[0]) if paths else ""


def _about(roles: tuple[str, ...], overrides: PortOverrides) -> PortOverrides:
    return tuple([one for one in overrides if one[0][0] in roles]) if overrides else ()


def _summarise(prefixes: Iterable[Prefix], summary: Sequence[Prefix]) -> tuple[Prefix, ...]:
    """For each prefix the CIDR of the summary that holds it; itself where its family has none."""
    if not summary:
        return ()
    wider = (next((cidr for cidr in summary if cidr.contains(own)), own) for own in prefixes)
    return tuple(dict.fromkeys(wider))


# ---- effective ports


@lru_cache(maxsize=4096)
def effective_ports(
    catalogue: Catalogue, roles: tuple[str, ...], of_site: PortOverrides, of_machine: PortOverrides
) -> Mapping[tuple[str, str], PortSet]:
    """Ports by (role, listener key); a machine's override replaces its site's, key by key."""
    overrides = {**dict(of_site), **dict(of_machine)}
    return {
        (role, listener.key): (
            PortSet((overrides[role, listener.key],))
            if (role, listener.key) in overrides
            else listener.ports
        )
        for role in roles
        for listener in catalogue.roles[role].listeners.values()
    }


# ---- host groups


def group_machines(
    catalogue: Catalogue, site: Site, serving: Mapping[str, Served]
) -> tuple[MachineGroup, ...]:
    """The host groups of a site's machines, sorted by name, still without requirements and rules.

    A group is named after its roles. If several groups of a site have the same roles, one keeps
    the short name, one that serves a link or provider before an idle one, then by its first machine,
    and the others add their first machine's name. So no edit renames the only group of its roles, and
    no machine that comes later by name renames another.
    """
    by_likeness: dict[Hashable, list[Machine]] = {}
    extras: dict[str, list[tuple[Hashable, ...]]] = {}
    for rule in site.extra_rules:
        same = rule.direction, rule.protocol, rule.ports, rule.peers, rule.reason
        extras.setdefault(rule.machine, []).append(same)
    for machine in (own for own in site.machines if own.managed):
        likeness = (
            machine.roles,
            _differences(catalogue, site, machine),
            serving.get(machine.name),
            tuple(sorted(extras.get(machine.name, ()))),
        )
        by_likeness.setdefault(likeness, []).append(machine)
    by_roles: dict[tuple[str, ...], list[list[Machine]]] = {}
    for machines in by_likeness.values():
        by_roles.setdefault(machines[0].roles, []).append(machines)
    groups = []
    for roles, variants in by_roles.items():
        variants.sort(key=lambda own: (own[0].name not in serving, own[0].name))
        for members in map(tuple, variants):
            variant = "" if members[0] is variants[0][0] else f".{members[0].name}"
            name = f"{'-'.join(roles)}{variant}".lower()
            groups.append(MachineGroup(name=name, site=site.name, roles=roles, machines=members))
    return tuple(sorted(groups, key=lambda group: group.name))


def _differences(catalogue: Catalogue, site: Site, machine: Machine) -> tuple[Hashable, ...]:
    """Where the machine's effective ports differ from what its site gives its roles."""
    if not machine.ports:
        return ()
    plain = effective_ports(catalogue, machine.roles, site.ports, ())
    own = effective_ports(catalogue, machine.roles, site.ports, machine.ports)
    return tuple((key, ports) for key, ports in own.items() if ports != plain[key])
