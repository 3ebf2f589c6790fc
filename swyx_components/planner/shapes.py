"""Sites of one shape are planned once: names and addresses are put into the finished text.

What a site needs depends on its role sets, decisions and overrides, not on what its machines are
called or where its networks lie. So a site is made anonymous: names become numbered tokens and
addresses numbered prefixes, both in the order of the real ones so that everything sorted stays
sorted. Equal anonymous sites share one plan, and writing it for a real site is a substitution.

The order and the sizes of the prefixes are kept, but not their neighbourhood: where two prefixes
overlap or two halves would merge, the outcome depends on the addresses themselves and the site is
planned as it is. So is a hub, whose shape no other site shares.
"""

import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
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
from swyx_components.planner.model import SitePlan
from swyx_components.planner.plan import plan_site
from swyx_components.planner.view import Survey
from swyx_components.sets.prefixes import WIDTH, Prefix

MOST_LINKS = 4  # more make a hub, not worth a shape


class Sheet(NamedTuple):
    """What is written about one site: its main text and one text for each of its messages."""

    text: str
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


class _Anonymous(NamedTuple):
    """A site without names and addresses: what decides its plan, and how to find back."""

    installation: Installation
    shape: Hashable
    names: Mapping[str, str]


class _Template(NamedTuple):
    """A text cut at its tokens: even parts are literal, odd ones are looked up."""

    parts: tuple[str, ...]

    def fill(self, names: Mapping[str, str]) -> str:
        parts = list(self.parts)
        parts[1::2] = [names[token] for token in parts[1::2]]
        return "".join(parts)


class ShapedSites:
    """Sheets of the sites of one installation, each shape written once.

    `write` turns a plan into a sheet; it must not look at anything but the plan.
    """

    def __init__(self, survey: Survey, write: Callable[[SitePlan], Sheet]) -> None:
        self._survey = survey
        self._write = write
        self._templates: dict[Hashable, tuple[tuple[_Template, ...], ...] | None] = {}

    def sheet(self, name: str) -> Sheet:
        """The sheet of one site, the same text as `write(plan_site(survey, name))` gives."""
        anonymous = _anonymise(self._survey, name)
        if anonymous is None:
            return self._write(plan_site(self._survey, name))
        if anonymous.shape not in self._templates:
            sheet = self._write(plan_site(anonymous.installation, _token("S", 0)))
            self._templates[anonymous.shape] = _cut(sheet, anonymous.names)
        templates = self._templates[anonymous.shape]
        if templates is None:
            return self._write(plan_site(self._survey, name))
        text, notes, warnings = (
            tuple(template.fill(anonymous.names) for template in part) for part in templates
        )
        return Sheet(text[0], tuple(sorted(notes)), tuple(sorted(warnings)))


def _cut(sheet: Sheet, names: Mapping[str, str]) -> tuple[tuple[_Template, ...], ...] | None:
    """Templates of text, notes and warnings; None for a sheet with errors, which are never shared."""
    if sheet.errors:
        return None
    tokens = re.compile("|".join(map(re.escape, sorted(names, key=len, reverse=True))) or "(?!)")

    def cut(text: str) -> _Template:
        parts, end = [], 0
        for found in tokens.finditer(text):
            parts += [text[end : found.start()], found.group()]
            end = found.end()
        return _Template((*parts, text[end:]))

    return tuple(tuple(map(cut, texts)) for texts in ((sheet.text,), sheet.notes, sheet.warnings))


def _token(kind: str, place: int) -> str:
    """A name that no installation can contain, since names hold no angle brackets."""
    return f"<{kind}{place:05}>"


def _anonymise(survey: Survey, name: str) -> _Anonymous | None:
    """The anonymous form of a site, or None where its plan depends on its very addresses."""
    links = survey.links_of(name)
    if len(links) > MOST_LINKS:
        return None
    site = survey.installation.sites[name]
    providers = survey.providers_of(name)
    neighbours = [_neighbour(survey, name, link) for link in links]
    addresses = _rename_addresses(site, neighbours, providers)
    if addresses is None:
        return None
    return _Renaming(addresses).rename(survey.installation, site, neighbours, links, providers)


def _neighbour(survey: Survey, name: str, link: Link) -> Site:
    """The other site of a link, as far as it matters to this one."""
    other = survey.installation.sites[link.far if link.near == name else link.near]
    bare = replace(other, extra_rules=(), sip_devices=())
    if link.mode is LinkMode.SHARED and link.near == name:
        return bare
    manager = link.far_manager if link.far == other.name else link.near_manager
    machines = tuple(machine for machine in other.machines if machine.name == manager)
    return replace(bare, machines=machines, networks=())


def _rename_addresses(
    site: Site, neighbours: Iterable[Site], providers: Iterable[Provider]
) -> Mapping[Prefix, Prefix] | None:
    """Stand-ins for every prefix; None where some that become rules would merge or overlap.

    The site's own machines are peers by name, so their addresses may lie as they will.
    """
    peers = {prefix for provider in providers for prefix in provider.cidrs}
    peers.update(site.sip_devices)
    for network in (network for one in (site, *neighbours) for network in one.networks):
        peers.update(network.cidrs)
    for machine in (machine for one in neighbours for machine in one.machines):
        peers.update(machine.addresses)
    for rule in site.extra_rules:
        peers.update(rule.peers)
    ordered = sorted(peers)
    if any(_would_merge(*pair) for pair in pairwise(ordered)):
        return None
    own = {address for machine in site.machines for address in machine.addresses} - peers
    return _spread([*ordered, *sorted(own)])


def _would_merge(before: Prefix, after: Prefix) -> bool:
    """Whether two neighbours in order overlap, or are the two halves of one prefix."""
    if before.version != after.version:
        return False
    size = 1 << (WIDTH[before.version] - before.length)
    halves = before.length == after.length and before.first ^ after.first == size
    return halves or before.last >= after.first


def _spread(prefixes: Iterable[Prefix]) -> Mapping[Prefix, Prefix] | None:
    """Stand-ins of the same versions, sizes and order, none touching; None if there is no room."""
    spread: dict[Prefix, Prefix] = {}
    cursor = {4: 0, 6: 0}
    for prefix in prefixes:
        version, _, length = prefix
        size = 1 << (WIDTH[version] - length)
        start = -(-cursor[version] // (2 * size)) * 2 * size
        if start + size > 1 << WIDTH[version]:
            return None
        spread[prefix] = Prefix(version, start, length)
        cursor[version] = start + 2 * size
    return spread


class _Renaming:
    """Renames one site and its neighbours consistently, and remembers the way back."""

    def __init__(self, addresses: Mapping[Prefix, Prefix]) -> None:
        self.addresses = addresses
        self.names: dict[str, str] = {str(new): str(old) for old, new in addresses.items()}
        self.tokens: dict[tuple[str, str], str] = {}

    def rename(
        self,
        installation: Installation,
        site: Site,
        neighbours: Sequence[Site],
        links: Sequence[Link],
        providers: Sequence[Provider],
    ) -> _Anonymous:
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
        return _Anonymous(slice_, (sites, new_links, new_providers), self.names)

    def name(self, kind: str, name: str) -> str:
        token = self.tokens.get((kind, name))
        if token is None:
            place = sum(1 for known, _ in self.tokens if known == kind)
            token = self.tokens[kind, name] = _token(kind, place)
            self.names[token] = name
            self.names[token.lower()] = name.lower()
        return token

    def prefixes(self, prefixes: Iterable[Prefix]) -> tuple[Prefix, ...]:
        return tuple(self.addresses[prefix] for prefix in prefixes)

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
