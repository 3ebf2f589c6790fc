"""One site as the passes see it: endpoints with their roles and effective ports."""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from swyx_components.catalogue.model import Catalogue, Transport
from swyx_components.installation.model import Installation, Link, Machine, Network, Provider, Site
from swyx_components.planner.endpoints import Endpoint, EndpointPair, MachineGroup, versions_of
from swyx_components.planner.port_references import EndpointKind, ListenerKey
from swyx_components.sets.ports import PortRange, PortSet
from swyx_components.sets.prefixes import Prefix

# What a LinkManager serves: "link" or "provider" with the name of each, sorted.
Served = tuple[tuple[str, str], ...]
_Change = tuple[ListenerKey, PortRange]  # of the catalogue's ports
_Kinds = Mapping[str, EndpointKind]  # by the name of a machine or a network
_Member = Machine | Network
# What has the addresses of an endpoint, its group, what it stands for, and the kinds of these.
_Owner = tuple[MachineGroup | _Member, MachineGroup | None, Sequence[_Member], _Kinds]


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


class Topology:
    """An installation indexed by site; views are made once, since a hub and its branches share them."""

    def __init__(self, installation: Installation) -> None:
        self.installation, self.catalogue = installation, installation.catalogue
        self._views: dict[str, SiteTopology] = {}
        self._same: dict[Hashable, str] = {}
        self._kinds: dict[Hashable, EndpointKind] = {}
        # By site: the links that end there, and the SIP providers that it serves.
        self.links_of: Mapping[str, list[Link]] = defaultdict(list)
        self.providers_of: Mapping[str, list[Provider]] = defaultdict(list)
        # Which both sites of a link ask for.
        self.over_links: dict[str, Sequence[EndpointPair]] = {}
        for link in installation.links:
            self.links_of[link.near].append(link)
            self.links_of[link.far].append(link)
        for provider in installation.providers:
            self.providers_of[provider.site].append(provider)

    def view(self, name: str) -> SiteTopology:
        """The view of one site.

        Raises:
            KeyError: the installation has no such site.
        """
        if name not in self._views:
            self._views[name] = self._make_view(self.installation.sites[name])
        return self._views[name]

    def _make_view(self, site: Site) -> SiteTopology:
        serving, (kinds, net_kinds) = self._serve_by_machine(site.name), self._find_kinds(site)
        groups, name = group_machines(site, kinds, serving), site.name
        networks = {
            own.name: MachineGroup(
                name=own.name, site=name, roles=own.roles, machines=(), network=own
            )
            for own in site.networks
            if own.managed
        }
        owners: list[_Owner] = [(own, own, own.machines, kinds) for own in groups]
        owners += [(own, None, (own,), kinds) for own in site.machines if not own.managed]
        owners += [(own, networks.get(own.name), (own,), net_kinds) for own in site.networks]
        endpoints, endpoint_of = list[Endpoint](), dict[str, Endpoint]()
        for own, group, members, of_its in owners:
            kind, addresses = of_its[members[0].name], own.addresses
            summary = _summarise(addresses, site.summary) if site.summary else ()
            end = Endpoint(name, own.name, kind, addresses, versions_of(addresses), group, summary)
            endpoints.append(end)
            for one in members:
                endpoint_of[one.name] = end
        return SiteTopology(
            site=site,
            groups=tuple(sorted((*groups, *networks.values()), key=attrgetter("name"))),
            endpoints=tuple(endpoints),
            endpoint_of=endpoint_of,
            catalogue=self.catalogue,
            file=self.installation.file,
            serving=serving,
        )

    def _serve_by_machine(self, site: str) -> Mapping[str, Served]:
        """What each machine of a site serves; absent: nothing."""
        served: dict[str, list[tuple[str, str]]] = {}
        for link in self.links_of[site]:
            manager = link.near_manager if link.near == site else link.far_manager
            if manager:
                served.setdefault(manager, []).append(("link", link.name))
        for provider in self.providers_of[site]:
            served.setdefault(provider.link_manager, []).append(("provider", provider.name))
        return {machine: tuple(sorted(own)) for machine, own in served.items()}

    def _find_same(self, site: Site) -> str:
        """The first site that has settled the same about flows, but for ports."""
        made = site.decisions
        agreed = (
            (made.dcom_server, made.dcom_client, made.dcom_transports, made.h245, made.cornet),
            Transport.TCP in made.fax_transports,
            (site.control_path, site.enabled, site.disabled),
        )
        return self._same.setdefault(agreed, site.name)

    def _find_kinds(self, site: Site) -> tuple[_Kinds, _Kinds]:
        """Those of machines and of networks; a machine's override replaces its site's, key by key."""
        same, find, of_site = self._find_same(site), self._find_kind, self._find_changes(site.ports)
        kinds = {}
        for own in site.machines:
            changes = self._find_changes((*site.ports, *own.ports)) if own.ports else of_site
            kinds[own.name] = find(same, own.roles, True, changes)
        return kinds, {own.name: find(same, own.roles, False, of_site) for own in site.networks}

    def _find_changes(self, overrides: Collection[_Change]) -> Sequence[_Change]:
        """Those of the overrides that give other ports than the catalogue."""
        known, changes = self.catalogue.roles, dict(overrides).items() if overrides else ()
        return [own for own in changes if known[own[0][0]].listeners[own[0][1]].ports != own[1:]]

    def _find_kind(
        self, same: str, roles: tuple[str, ...], is_machine: bool, changes: Collection[_Change] = ()
    ) -> EndpointKind:
        """The kind of an endpoint, the same one for all that are alike; some changes are of other roles."""
        changed = frozenset([one for one in changes if one[0][0] in roles] if changes else ())
        key = same, roles, is_machine, changed
        if (kind := self._kinds.get(key)) is None:
            site, known = self.installation.sites[same], self.catalogue.roles
            usual = self._find_kind(same, roles, is_machine) if changed else None
            listeners = (own for role in roles for own in known[role].listeners.values())
            ports = usual.ports if usual else {(own.role, own.key): own.ports for own in listeners}
            own_ports = {listener: PortSet((own,)) for listener, own in changed}
            # Nobody asks for the roles of a machine with changed ports: its flows are the usual ones.
            parts = roles if len(roles) > 1 and not (usual and is_machine) else ()
            kind = self._kinds[key] = EndpointKind(
                roles=roles,
                is_machine=is_machine,
                ports={**ports, **own_ports},
                decisions=site.decisions,
                control_path=find_control_path(self.catalogue, site, roles[0]),
                enabled=site.enabled,
                disabled=site.disabled,
                by_role=tuple([self._find_kind(same, (r,), is_machine, changed) for r in parts]),
                usual=usual,
                changed=frozenset(own_ports),
            )
        return kind


def find_control_path(catalogue: Catalogue, site: Site, role: str) -> str:
    """The way of a role's call control as the site has it, or the catalogue's first; empty if it has one."""
    paths = catalogue.roles[role].control_paths
    return dict(site.control_path).get(role, paths[0]) if paths else ""


def _summarise(prefixes: Iterable[Prefix], summary: Sequence[Prefix]) -> tuple[Prefix, ...]:
    """For each prefix the CIDR of the summary that holds it; itself where its family has none."""
    wider = (next((cidr for cidr in summary if cidr.contains(own)), own) for own in prefixes)
    return tuple(dict.fromkeys(wider))


# ---- host groups


def group_machines(site: Site, kinds: _Kinds, serving: Mapping[str, Served]) -> list[MachineGroup]:
    """The host groups of a site's machines, sorted by name, still without requirements and rules.

    A group is named after its roles. If several groups of a site have the same roles, one keeps
    the short name, one that serves a link or provider before an idle one, then by its first machine,
    and the others add their first machine's name. So no edit renames the only group of its roles, and
    no machine that comes later by name renames another.
    """
    extras: dict[str, tuple[tuple[Hashable, ...], ...]] = {}
    for rule in site.extra_rules:
        same = rule.direction, rule.protocol, rule.ports, rule.peers, rule.reason
        extras[rule.machine] = tuple(sorted((*extras.get(rule.machine, ()), same)))
    alike: dict[Hashable, list[Machine]] = {}
    for machine in [own for own in site.machines if own.managed]:
        likeness = kinds[machine.name], serving.get(machine.name), extras.get(machine.name)
        alike.setdefault(likeness, []).append(machine)
    groups, named = [], set[tuple[str, ...]]()
    known = sorted(alike.values(), key=lambda own: (own[0].name not in serving, own[0].name))
    for members in known:
        roles, machines = members[0].roles, tuple(members)
        variant = f".{members[0].name}" if roles in named else ""
        name = f"{'-'.join(roles)}{variant}".lower()
        groups.append(MachineGroup(name=name, site=site.name, roles=roles, machines=machines))
        named.add(roles)
    return sorted(groups, key=attrgetter("name"))
