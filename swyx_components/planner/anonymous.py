"""A site without names and addresses: what it needs follows from the rest, its shape.

Names become tokens and addresses other prefixes, both in the order of the real ones, so that
everything sorted stays sorted.

Which prefixes merge depends on how they lie to each other. So the addresses are moved in blocks: the
fewest prefixes that hold all peers' addresses. No rule's prefix can reach beyond a block, and inside
a block everything keeps its place.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from swyx_components.installation.model import (
    ExtraRule,
    Installation,
    Link,
    LinkMode,
    Machine,
    Network,
    Provider,
    Site,
)
from swyx_components.planner.view import Survey
from swyx_components.sets.ports import NO_PORTS
from swyx_components.sets.prefixes import WIDTH, Prefix, collapse_prefixes

# What no other site has alike, and so is not worth a shape: a hub, or addresses in so many places.
MOST_LINKS = 4
MOST_BLOCKS = 100


class Anonymous(NamedTuple):
    """A site without names and addresses: what decides its plan, and how to find back.

    `blocks` are the real blocks of addresses, `stand_ins` those of the anonymous form, in one order.
    """

    installation: Installation
    site: str
    shape: Hashable
    names: Mapping[str, str]
    blocks: tuple[Prefix, ...]
    stand_ins: tuple[Prefix, ...]


def anonymise(survey: Survey, name: str) -> Anonymous | None:
    """The anonymous form of a site, or None where it would serve that site alone."""
    links = survey.links_of(name)
    if len(links) > MOST_LINKS:
        return None
    # Its own summary stands in the rules of others only.
    site = survey.installation.sites[name]
    if site.summary:
        site = replace(site, summary=())
    providers = survey.providers_of(name)
    neighbours = [_neighbour(survey, name, link) for link in links]
    blocks = _blocks(site, neighbours, providers)
    stand_ins = _spread(blocks) if len(blocks) <= MOST_BLOCKS else None
    if stand_ins is None:
        return None
    renaming = _Renaming(blocks, stand_ins, _names([site, *neighbours], links, providers))
    return renaming.rename(survey.installation, site, neighbours, links, providers)


def _neighbour(survey: Survey, name: str, link: Link) -> Site:
    """The other site of a link, as far as it matters to this one."""
    other = survey.installation.sites[link.far if link.near == name else link.near]
    if link.mode is LinkMode.SHARED and link.near == name:
        kept = _keep_groups(survey, other)
        if kept == other.extra_rules and not other.sip_devices:
            return other
        return replace(other, extra_rules=kept, sip_devices=())
    manager = link.far_manager if link.far == other.name else link.near_manager
    machines = tuple(machine for machine in other.machines if machine.name == manager)
    return replace(other, extra_rules=(), sip_devices=(), machines=machines, networks=())


def _keep_groups(survey: Survey, site: Site) -> tuple[ExtraRule, ...]:
    """Rules that mean nothing but which machines of the same roles are one host group.

    Its own rules, links and providers, of which nothing else matters to its neighbours, tell them apart.
    """
    alike = Counter(machine.roles for machine in site.machines)
    if max(alike.values(), default=0) == 1:
        return ()
    groups = {
        machine.name: group.name
        for group in survey.view(site.name).groups
        for machine in group.machines
    }
    numbers: dict[str, int] = {}
    return tuple(
        ExtraRule(
            index=0,
            direction="in",
            machine=machine.name,
            peers=(),
            protocol="tcp",
            ports=NO_PORTS,
            reason=str(numbers.setdefault(groups[machine.name], len(numbers))),
        )
        for machine in site.machines
        if alike[machine.roles] > 1
    )


def _names(
    sites: Iterable[Site], links: Iterable[Link], providers: Iterable[Provider]
) -> set[tuple[str, str]]:
    """Every name and free text of an anonymous site, with its kind."""
    names = {(link.name, "L") for link in links} | {(one.name, "P") for one in providers}
    for site in sites:
        names.add((site.name, "S"))
        names.update((machine.name, "M") for machine in site.machines)
        names.update((network.name, "N") for network in site.networks)
        names.update((rule.reason, "R") for rule in site.extra_rules)
    return names


def _blocks(
    site: Site, neighbours: Iterable[Site], providers: Iterable[Provider]
) -> tuple[Prefix, ...]:
    """The fewest prefixes that hold every address which may be a peer, or is a machine's own."""
    peers = {prefix for provider in providers for prefix in provider.cidrs}
    for one in (site, *neighbours):
        peers.update(one.sip_devices, one.summary)
        peers.update(prefix for network in one.networks for prefix in network.cidrs)
        peers.update(address for machine in one.machines for address in machine.addresses)
        peers.update(prefix for rule in one.extra_rules for prefix in rule.peers)
    return collapse_prefixes(peers)


def _spread(blocks: Iterable[Prefix]) -> tuple[Prefix, ...] | None:
    """Stand-ins of the same versions, sizes and order, none touching; None if there is no room."""
    spread: list[Prefix] = []
    cursor = {4: 1 << 24, 6: 1 << 120}  # clear of 0.0.0.0 and ::, which stand for themselves
    for version, _, length in blocks:
        size = 1 << (WIDTH[version] - length)
        start = -(-cursor[version] // (2 * size)) * 2 * size
        if start + size > 1 << WIDTH[version]:
            return None
        spread.append(Prefix(version, start, length))
        cursor[version] = start + 2 * size
    return tuple(spread)


TOKEN = "![Aa]{16}[0-9]{5}[A-Za-z]!"  # as a regular expression
_CASES = str.maketrans("01", "Aa")  # A before a; in lower case they are the same


@lru_cache(maxsize=8192)  # the sites of an installation have the same places
def _token(kind: str, place: int, place_in_lower: int) -> str:
    """A name that no installation has, and that no text needs to escape.

    Tokens are in the order of `place`; in lower case, as groups have them, of `place_in_lower`.
    """
    return f"!{f'{place:016b}'.translate(_CASES)}{place_in_lower:05}{kind}!"


def _tokens(names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The token of each name, which has its kind with it."""
    lower = sorted(names, key=lambda name: (name[0].lower(), name))
    places = {name: place for place, name in enumerate(lower)}
    return {name: _token(name[1], place, places[name]) for place, name in enumerate(sorted(lower))}


class _Renaming:
    """Renames one site and its neighbours consistently, and remembers the way back."""

    def __init__(
        self,
        blocks: tuple[Prefix, ...],
        stand_ins: tuple[Prefix, ...],
        names: Iterable[tuple[str, str]],
    ) -> None:
        self.blocks = blocks
        self.stand_ins = stand_ins
        self.tokens = _tokens(names)
        self.names = {token: name for (name, _), token in self.tokens.items()}
        self.names |= {token.lower(): name.lower() for token, name in self.names.items()}

    def rename(
        self,
        installation: Installation,
        site: Site,
        neighbours: Sequence[Site],
        links: Sequence[Link],
        providers: Sequence[Provider],
    ) -> Anonymous:
        sites = tuple(self.site(own) for own in (site, *neighbours))
        new_links = tuple(self.link(link) for link in links)
        new_providers = tuple(self.provider(provider) for provider in providers)
        slice_ = Installation(
            file=installation.file,
            catalogue=installation.catalogue,
            sites={own.name: own for own in sites},
            links=new_links,
            providers=new_providers,
            quotas=installation.quotas,
        )
        shape = (sites, new_links, new_providers)
        return Anonymous(slice_, sites[0].name, shape, self.names, self.blocks, self.stand_ins)

    def name(self, kind: str, name: str) -> str:
        return self.tokens[name, kind]

    def prefix(self, prefix: Prefix) -> Prefix:
        version, first, length = prefix
        place = bisect_right(self.blocks, (version, first, WIDTH[6])) - 1
        moved = first - self.blocks[place].first + self.stand_ins[place].first
        return Prefix(version, moved, length)

    def prefixes(self, prefixes: Iterable[Prefix]) -> tuple[Prefix, ...]:
        return tuple(map(self.prefix, prefixes))

    def site(self, site: Site) -> Site:
        return Site(
            name=self.name("S", site.name),
            machines=tuple(self.machine(machine) for machine in site.machines),
            networks=tuple(self.network(network) for network in site.networks),
            decisions=site.decisions,
            ports=site.ports,
            enabled=site.enabled,
            disabled=site.disabled,
            control_path=site.control_path,
            sip_devices=self.prefixes(site.sip_devices),
            summary=self.prefixes(site.summary),
            egress=site.egress,
            extra_rules=tuple(self.extra_rule(rule) for rule in site.extra_rules),
        )

    def machine(self, machine: Machine) -> Machine:
        return Machine(
            name=self.name("M", machine.name),
            addresses=self.prefixes(machine.addresses),
            roles=machine.roles,
            ports=machine.ports,
        )

    def network(self, network: Network) -> Network:
        return Network(
            name=self.name("N", network.name),
            cidrs=self.prefixes(network.cidrs),
            roles=network.roles,
        )

    def extra_rule(self, rule: ExtraRule) -> ExtraRule:
        return replace(
            rule,
            machine=self.name("M", rule.machine),
            peers=self.prefixes(rule.peers),
            reason=self.name("R", rule.reason),
        )

    def link(self, link: Link) -> Link:
        return Link(
            name=self.name("L", link.name),
            mode=link.mode,
            near=self.name("S", link.near),
            far=self.name("S", link.far),
            near_manager=self.name("M", link.near_manager),
            far_manager=self.name("M", link.far_manager) if link.far_manager else "",
        )

    def provider(self, provider: Provider) -> Provider:
        return replace(
            provider,
            name=self.name("P", provider.name),
            cidrs=self.prefixes(provider.cidrs),
            link_manager=self.name("M", provider.link_manager),
            site=self.name("S", provider.site),
        )
