"""Sites of one shape are planned once: names and addresses are put into the finished text.

What a site needs depends on its role sets, decisions and overrides, not on what its machines are
called or where its networks lie. So a site is made anonymous: names become numbered tokens and
addresses numbered prefixes, both in the order of the real ones so that everything sorted stays
sorted. Equal anonymous sites share one plan, and writing it for a real site is a substitution.

Which prefixes merge depends on how they lie to each other. So the addresses are moved in blocks: the
fewest prefixes that hold all peers' addresses. No rule's prefix can reach beyond a block, and inside
a block everything keeps its place. A hub, whose shape no other site shares, is planned as it is.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
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
from swyx_components.sets.prefixes import WIDTH, Prefix, collapse_prefixes

# What no other site has alike, and so is not worth a shape: a hub, or addresses in so many places.
MOST_LINKS = 4
MOST_BLOCKS = 100


class Sheet(NamedTuple):
    """What is written about one site: its main text and one text for each of its messages."""

    text: str
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


class _Anonymous(NamedTuple):
    """A site without names and addresses: what decides its plan, and how to find back.

    `blocks` are the real blocks of addresses, `stand_ins` those of the anonymous form, in one order.
    """

    installation: Installation
    site: str
    shape: Hashable
    names: Mapping[str, str]
    blocks: tuple[Prefix, ...]
    stand_ins: tuple[Prefix, ...]

    def escaped(self, escape: Callable[[str], str]) -> "_Anonymous":
        """The same, with the names also as a text has them that escapes what it writes."""
        names = {escape(token): escape(name) for token, name in self.names.items()}
        return self._replace(names={**self.names, **names})


class _Slot(NamedTuple):
    """A prefix of a template: where it lies in which block."""

    block: int
    offset: int
    length: int

    def of(self, blocks: Sequence[Prefix]) -> str:
        version, first, _ = blocks[self.block]
        return str(Prefix(version, first + self.offset, self.length))


class _Template(NamedTuple):
    """A text cut at its tokens: names are looked up, prefixes put back into their blocks.

    `order` has the places of the text's parts among all that are different: literals, names, prefixes.
    """

    order: tuple[int, ...]
    literals: tuple[str, ...]
    names: tuple[str, ...]
    slots: tuple[_Slot, ...]

    @classmethod
    def of(cls, literals: Sequence[str], tokens: Sequence[str | _Slot]) -> "_Template":
        """The text of literals with a token after each but the last."""
        texts = tuple(dict.fromkeys(literals))
        names = tuple(dict.fromkeys(token for token in tokens if isinstance(token, str)))
        slots = tuple(dict.fromkeys(token for token in tokens if isinstance(token, _Slot)))
        fields = {token: len(texts) + place for place, token in enumerate((*names, *slots))}
        places = {text: place for place, text in enumerate(texts)}
        order = [
            place
            for one in zip(literals, tokens, strict=False)
            for place in (places[one[0]], fields[one[1]])
        ]
        return cls((*order, places[literals[-1]]), texts, names, slots)

    def fill(self, site: _Anonymous) -> str:
        names = (site.names[name] for name in self.names)
        parts = (*self.literals, *names, *(slot.of(site.blocks) for slot in self.slots))
        return "".join([parts[place] for place in self.order])


class ShapedSites:
    """Sheets of the sites of one installation, each shape written once.

    `write` turns a plan into a sheet; it must not look at anything but the plan. `escape` is what it does
    to every name and free text that it writes, such as that of HTML.
    """

    def __init__(
        self,
        survey: Survey,
        write: Callable[[SitePlan], Sheet],
        escape: Callable[[str], str] = str,
    ) -> None:
        self._survey = survey
        self._write = write
        self._escape = escape
        self._templates: dict[Hashable, tuple[tuple[_Template, ...], ...] | None] = {}

    def sheet(self, name: str) -> Sheet:
        """The sheet of one site, the same text as `write(plan_site(survey, name))` gives."""
        anonymous = _anonymise(self._survey, name)
        if anonymous is None:
            return self._write(plan_site(self._survey, name))
        if self._escape is not str:
            anonymous = anonymous.escaped(self._escape)
        if anonymous.shape not in self._templates:
            sheet = self._write(plan_site(anonymous.installation, anonymous.site))
            self._templates[anonymous.shape] = _cut(sheet, anonymous, self._escape)
        templates = self._templates[anonymous.shape]
        if templates is None:
            return self._write(plan_site(self._survey, name))
        text, notes, warnings = (
            tuple(template.fill(anonymous) for template in part) for part in templates
        )
        return Sheet(text[0], tuple(sorted(notes)), tuple(sorted(warnings)))


_PREFIX = r"[0-9]+(?:\.[0-9]+){3}/[0-9]+|[0-9a-f]*:[0-9a-f:.]*/[0-9]+"


def _cut(
    sheet: Sheet, site: _Anonymous, escape: Callable[[str], str]
) -> tuple[tuple[_Template, ...], ...] | None:
    """Templates of text, notes and warnings; None for a sheet with errors, which are never shared."""
    if sheet.errors:
        return None
    opened, closed = (f"(?:{mark}|{re.escape(escape(mark))})" for mark in "<>")
    tokens = re.compile(f"{opened}[0-9]+[A-Za-z]{closed}|{_PREFIX}")

    def cut(text: str) -> _Template:
        literals: list[str] = []
        found: list[str | _Slot] = []
        end = 0
        for match in tokens.finditer(text):
            token = match.group()
            part = token if token in site.names else _slot(token, site.stand_ins)
            if part is not None:
                literals.append(text[end : match.start()])
                found.append(part)
                end = match.end()
        return _Template.of((*literals, text[end:]), found)

    return tuple(tuple(map(cut, texts)) for texts in ((sheet.text,), sheet.notes, sheet.warnings))


def _slot(text: str, stand_ins: Sequence[Prefix]) -> _Slot | None:
    """The place of a stand-in prefix; None for what stands for itself, like ::/0."""
    try:
        prefix = Prefix.parse(text)
    except ValueError:
        return None  # looks like one, is none
    block = bisect_right(stand_ins, (prefix.version, prefix.first, WIDTH[6])) - 1
    if block < 0 or not stand_ins[block].contains(prefix):
        return None
    return _Slot(block, prefix.first - stand_ins[block].first, prefix.length)


def _token(kind: str, place: int) -> str:
    """A name that no installation can contain, in the order of `place`: names hold no brackets."""
    return f"<{place:05}{kind}>"


def _anonymise(survey: Survey, name: str) -> _Anonymous | None:
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
    bare = other
    if other.extra_rules or other.sip_devices:
        bare = replace(other, extra_rules=(), sip_devices=())
    if link.mode is LinkMode.SHARED and link.near == name:
        return bare
    manager = link.far_manager if link.far == other.name else link.near_manager
    machines = tuple(machine for machine in other.machines if machine.name == manager)
    return replace(bare, machines=machines, networks=())


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
        self.tokens = {name: _token(name[1], place) for place, name in enumerate(sorted(names))}
        self.names = {token: name for (name, _), token in self.tokens.items()}
        self.names |= {token.lower(): name.lower() for token, name in self.names.items()}

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
        shape = (sites, new_links, new_providers)
        return _Anonymous(slice_, sites[0].name, shape, self.names, self.blocks, self.stand_ins)

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
