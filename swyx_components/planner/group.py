"""Host groups: the machines of one site with the same roles, settings, links, providers and extra rules."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeVar

from swyx_components.catalogue import Catalogue
from swyx_components.installation.model import ExtraRule, Link, Machine, Provider, Site
from swyx_components.planner.effective_ports import effective_ports
from swyx_components.planner.model import MachineGroup

_Kind = TypeVar("_Kind", bound=Hashable)


class Serving(NamedTuple):
    """What a LinkManager serves: names of links and of providers, sorted."""

    links: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()


NOTHING = Serving()


def serve_by_machine(
    site: str, links: Iterable[Link], providers: Iterable[Provider]
) -> Mapping[str, Serving]:
    """What each machine of a site serves, of the links and providers given; absent: nothing."""
    links_of: dict[str, list[str]] = {}
    for link in links:
        if link.near == site:
            links_of.setdefault(link.near_manager, []).append(link.name)
        elif link.far == site and link.far_manager:
            links_of.setdefault(link.far_manager, []).append(link.name)
    providers_of: dict[str, list[str]] = {}
    for provider in providers:
        if provider.site == site:
            providers_of.setdefault(provider.link_manager, []).append(provider.name)
    return {
        machine: Serving(
            tuple(sorted(links_of.get(machine, ()))), tuple(sorted(providers_of.get(machine, ())))
        )
        for machine in {*links_of, *providers_of}
    }


def group_machines(
    catalogue: Catalogue, site: Site, serving: Mapping[str, Serving]
) -> tuple[MachineGroup, ...]:
    """The host groups of a site, sorted by name, still without needs and rules.

    A group is called after its roles. Where several groups of a site have the same roles, one keeps
    the short name, one that serves a link or provider before an idle one, then by its first machine,
    and the others add their first machine's name. So no edit renames the only group of its roles, and
    no machine that comes later by name renames another.
    """
    if not (serving or site.extra_rules or any(machine.ports for machine in site.machines)):
        return _group_by_roles(site)
    by_likeness: dict[Hashable, list[Machine]] = {}
    extras: dict[str, list[ExtraRule]] = {}
    for rule in site.extra_rules:
        extras.setdefault(rule.machine, []).append(rule)
    for machine in site.machines:
        likeness = (
            machine.roles,
            _differences(catalogue, site, machine, machine.roles),
            serving.get(machine.name, NOTHING),
            tuple(sorted(map(_content, extras.get(machine.name, ())))),
        )
        by_likeness.setdefault(likeness, []).append(machine)
    named = _name_variants(
        ((machines[0].roles, machines) for machines in by_likeness.values()), serving
    )
    groups = (
        MachineGroup(
            name=_group_name(roles, variant),
            site=site.name,
            roles=roles,
            machines=tuple(machines),
        )
        for roles, variant, machines in named
    )
    return tuple(sorted(groups, key=lambda group: group.name))


def _group_by_roles(site: Site) -> tuple[MachineGroup, ...]:
    """The same where nothing but roles tells machines apart, as at most of the branches of a hub."""
    by_roles: dict[tuple[str, ...], list[Machine]] = {}
    for machine in site.machines:
        by_roles.setdefault(machine.roles, []).append(machine)
    groups = (
        MachineGroup(
            name=_group_name(roles, ""),
            site=site.name,
            roles=roles,
            machines=tuple(machines),
        )
        for roles, machines in by_roles.items()
    )
    return tuple(sorted(groups, key=lambda group: group.name))


def _differences(
    catalogue: Catalogue, site: Site, machine: Machine, roles: tuple[str, ...]
) -> tuple[Hashable, ...]:
    """Where the machine's effective ports differ from what its site gives these roles."""
    if not machine.ports:
        return ()
    plain = effective_ports(catalogue, roles, site.ports, ())
    own = effective_ports(catalogue, roles, site.ports, machine.ports)
    return tuple((key, ports) for key, ports in own.items() if ports != plain[key])


def _content(rule: ExtraRule) -> tuple[Hashable, ...]:
    """What makes two extra rules of different machines the same one."""
    return (rule.direction, rule.protocol, rule.ports, rule.peers, rule.reason)


def _name_variants(
    rows: Iterable[tuple[_Kind, list[Machine]]], serving: Mapping[str, Serving]
) -> Sequence[tuple[_Kind, str, list[Machine]]]:
    """Each row with what tells it from others of its kind: nothing, or its first machine's name."""
    by_kind: dict[_Kind, list[list[Machine]]] = {}
    for kind, machines in rows:
        by_kind.setdefault(kind, []).append(machines)
    return [
        (kind, machines[0].name if place else "", machines)
        for kind, variants in by_kind.items()
        for place, machines in enumerate(
            sorted(variants, key=lambda own: (own[0].name not in serving, own[0].name))
        )
    ]


@lru_cache(maxsize=4096)
def _group_name(roles: tuple[str, ...], variant: str) -> str:
    slugs = "-".join(role.lower() for role in roles)
    return f"{slugs}.{variant.lower()}" if variant else slugs
