"""A site without names and addresses: what it needs follows from the rest, its shape.

Names become tokens and addresses other prefixes, both in the order of the real ones, so that
everything sorted stays sorted.

Which prefixes merge depends on how they lie to each other. So the addresses are moved in blocks: the
fewest prefixes that hold all peers' addresses. No rule's prefix can reach beyond a block, and inside
a block everything keeps its place.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
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
from swyx_components.planner.forms import (
    LinkForm,
    MachineForm,
    NetworkForm,
    Prefixes,
    Shape,
    SiteForm,
)
from swyx_components.planner.stand_ins import make_tokens, move, spread
from swyx_components.planner.view import Survey
from swyx_components.sets.ports import NO_PORTS
from swyx_components.sets.prefixes import Prefix, collapse_prefixes

# What no other site has alike, and so is not worth a shape: a hub, or addresses in so many places.
MOST_LINKS = 4
MOST_BLOCKS = 100


class Anonymous(NamedTuple):
    """A site without names and addresses, and how to find back.

    `tokens` stand for the `names`, in one order. `blocks` are the real blocks of addresses, `stand_ins`
    those of the anonymous form.
    """

    whole: Installation
    shape: Shape
    names: tuple[str, ...]
    tokens: tuple[str, ...]
    blocks: Prefixes
    stand_ins: Prefixes

    @property
    def site(self) -> str:
        """What the site itself is called."""
        return self.shape.sites[0].name

    def make_installation(self) -> Installation:
        """The site with its neighbours; it follows from the shape."""
        whole = self.whole
        sites = (form.as_site() for form in self.shape.sites)
        return Installation(
            file=whole.file,
            catalogue=whole.catalogue,
            sites={site.name: site for site in sites},
            links=tuple(Link(**form._asdict()) for form in self.shape.links),
            providers=self.shape.providers,
            quotas=whole.quotas,
        )


class _Part(NamedTuple):
    """What matters of a site beside its settings."""

    site: Site
    machines: Sequence[Machine]
    networks: Sequence[Network] = ()
    sip_devices: Prefixes = ()
    summary: Prefixes = ()
    extra_rules: Sequence[ExtraRule] = ()


def anonymise(survey: Survey, name: str) -> Anonymous | None:
    """The anonymous form of a site, or None where it would serve that site alone."""
    links = survey.links_of(name)
    if len(links) > MOST_LINKS:
        return None
    site = survey.installation.sites[name]
    # Its own summary stands in the rules of others only.
    own = _Part(site, site.machines, site.networks, site.sip_devices, (), site.extra_rules)
    parts = [own, *[_neighbour(survey, name, link) for link in links]]
    providers = survey.providers_of(name)
    addresses = _addresses(parts, providers)
    blocks = collapse_prefixes(addresses)
    stand_ins = spread(blocks) if len(blocks) <= MOST_BLOCKS else None
    if stand_ins is None:
        return None
    names = sorted(_names(parts, links, providers))
    tokens = make_tokens(names)
    renaming = _Renaming(dict(zip(names, tokens, strict=True)), move(addresses, blocks, stand_ins))
    shape = Shape(
        tuple([renaming.site(part) for part in parts]),
        tuple([renaming.link(link) for link in links]),
        tuple([renaming.provider(provider) for provider in providers]),
    )
    return Anonymous(
        survey.installation, shape, tuple([name for name, _ in names]), tokens, blocks, stand_ins
    )


def _neighbour(survey: Survey, name: str, link: Link) -> _Part:
    """The other site of a link, as far as it matters to this one."""
    other = survey.installation.sites[link.far if link.near == name else link.near]
    if link.mode is LinkMode.SHARED and link.near == name:
        kept = _keep_groups(survey, other)
        return _Part(other, other.machines, other.networks, (), other.summary, kept)
    manager = link.far_manager if link.far == other.name else link.near_manager
    machines = [machine for machine in other.machines if machine.name == manager]
    return _Part(other, machines, summary=other.summary)


def _keep_groups(survey: Survey, site: Site) -> tuple[ExtraRule, ...]:
    """Rules that mean nothing but which machines of the same roles are one host group.

    Its own rules, links and providers, of which nothing else matters to its neighbours, tell them apart.
    """
    if len({machine.roles for machine in site.machines}) == len(site.machines):
        return ()  # as at most of the branches of a hub
    alike = Counter(machine.roles for machine in site.machines)
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
    parts: Iterable[_Part], links: Iterable[Link], providers: Iterable[Provider]
) -> set[tuple[str, str]]:
    """Every name and free text of an anonymous site, with its kind."""
    names = {(link.name, "L") for link in links}
    names.update([(one.name, "P") for one in providers])
    for part in parts:
        names.add((part.site.name, "S"))
        names.update([(machine.name, "M") for machine in part.machines])
        names.update([(network.name, "N") for network in part.networks])
        names.update([(rule.reason, "R") for rule in part.extra_rules])
    return names


def _addresses(parts: Iterable[_Part], providers: Iterable[Provider]) -> set[Prefix]:
    """Every address that may be a peer, or is a machine's own."""
    addresses: set[Prefix] = set()
    addresses.update(*[provider.cidrs for provider in providers])
    for part in parts:
        addresses.update(
            part.sip_devices,
            part.summary,
            *[machine.addresses for machine in part.machines],
            *[network.cidrs for network in part.networks],
            *[rule.peers for rule in part.extra_rules],
        )
    return addresses


class _Renaming(NamedTuple):
    """Renames one site and its neighbours consistently."""

    tokens: Mapping[tuple[str, str], str]
    moved: Mapping[Prefix, Prefix]

    def prefixes(self, prefixes: Iterable[Prefix]) -> Prefixes:
        return tuple(map(self.moved.__getitem__, prefixes))

    def site(self, part: _Part) -> SiteForm:
        tokens, prefixes, site = self.tokens, self.prefixes, part.site
        return SiteForm(
            tokens[site.name, "S"],
            tuple(
                [
                    MachineForm(
                        tokens[own.name, "M"], prefixes(own.addresses), own.roles, own.ports
                    )
                    for own in part.machines
                ]
            ),
            tuple(
                [
                    NetworkForm(tokens[own.name, "N"], prefixes(own.cidrs), own.roles)
                    for own in part.networks
                ]
            ),
            site.decisions,
            site.ports,
            site.enabled,
            site.disabled,
            site.control_path,
            prefixes(part.sip_devices),
            prefixes(part.summary),
            site.egress,
            tuple([self.extra_rule(rule) for rule in part.extra_rules]),
        )

    def extra_rule(self, rule: ExtraRule) -> ExtraRule:
        return replace(
            rule,
            machine=self.tokens[rule.machine, "M"],
            peers=self.prefixes(rule.peers),
            reason=self.tokens[rule.reason, "R"],
        )

    def link(self, link: Link) -> LinkForm:
        tokens = self.tokens
        return LinkForm(
            tokens[link.name, "L"],
            link.mode,
            tokens[link.near, "S"],
            tokens[link.far, "S"],
            tokens[link.near_manager, "M"],
            tokens[link.far_manager, "M"] if link.far_manager else "",
        )

    def provider(self, provider: Provider) -> Provider:
        return replace(
            provider,
            name=self.tokens[provider.name, "P"],
            cidrs=self.prefixes(provider.cidrs),
            link_manager=self.tokens[provider.link_manager, "M"],
            site=self.tokens[provider.site, "S"],
        )
