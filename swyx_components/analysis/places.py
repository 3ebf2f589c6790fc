"""From a word to the hosts that it means, or to a party of a call: a machine, a network, a site's role, a
SIP provider, an address.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import NamedTuple

from swyx_components.catalogue.load import calls_of
from swyx_components.catalogue.model import CallBook, Scenario
from swyx_components.installation.model import Installation, Machine, Network, Provider, Site
from swyx_components.messages import Message, SwyxError, nearest, suggest
from swyx_components.planner.topology import Topology
from swyx_components.sets.prefixes import WIDTH, Prefix


class Host(NamedTuple):
    """One end of a packet. `site` is empty outside all sites, `owner` who has the addresses, if known."""

    site: str
    label: str
    roles: tuple[str, ...]
    prefixes: tuple[Prefix, ...]
    owner: Machine | Network | Provider | None = None

    @property
    def is_machine(self) -> bool:
        """Whether it is one host, and not many."""
        return isinstance(self.owner, Machine)

    @property
    def managed(self) -> bool:
        """Whether rules are generated there."""
        return isinstance(self.owner, Machine | Network) and self.owner.managed


def find_hosts(
    installation: Installation, word: str, unknown: str = "endpoint-unknown"
) -> tuple[Host, ...]:
    """The hosts that a word names: one or, for a role, a range or a provider, several.

    Raises:
        SwyxError: it names nothing (the message is `unknown`), or several things.
    """
    if address := Prefix.find(word):
        return tuple(_hosts_at(installation, address))
    name, _, place = word.rpartition("@")
    found = hosts_named(installation, word)
    sites = {site.name.lower(): site for site in installation.sites.values()}
    if own := sites.get(place.lower()):
        role = calls_of(installation.catalogue).find_role(name, installation.catalogue)
        if by_role := hosts_with(own, role):
            return by_role
        found = [host for host in hosts_named(installation, name) if host.site == own.name]
    if len({(host.site, host.label) for host in found}) == 1:
        return tuple(found)
    raise SwyxError([_refusal(installation, word, found, unknown)])


def hosts_of(site: Site) -> Iterator[Host]:
    """All that carries roles at a site, machines first."""
    for owner in site.owners:
        yield Host(site.name, owner.name, owner.roles, owner.addresses, owner)


def hosts_with(site: Site, role: str) -> tuple[Host, ...]:
    """All at a site that carries the role."""
    return tuple(host for host in hosts_of(site) if role in host.roles)


def hosts_named(installation: Installation, name: str) -> list[Host]:
    """The machines, networks and SIP providers of that name."""
    named = ((host, host.owner.name) for host in _holders(installation) if host.owner)
    return [host for host, own in named if own.lower() == name.lower()]


def hosts_of_provider(provider: Provider) -> tuple[Host, ...]:
    """A SIP provider, labelled as rules and flows label it: where it has its own addresses for calls and
    for media, the former and the latter.
    """
    label = f"provider {provider.name}"
    return tuple(Host("", label, (), prefixes, provider) for prefixes in provider.uses)


def _hosts_at(installation: Installation, address: Prefix) -> Iterator[Host]:
    """Who has an address: a machine, else the network or list of the file that holds it, else nobody.

    Before a range come the machines in it, which have separate rules; the range stands for the others.
    """
    # A network may hold the addresses of machines too, of any site.
    holders = sorted(_holders(installation), key=lambda host: not host.is_machine)
    for host in holders if address.length < WIDTH[address.version] else ():
        own = tuple(filter(address.contains, host.prefixes))
        if own and host.is_machine:
            yield host._replace(prefixes=own)
    around = (host for host in holders if any(own.contains(address) for own in host.prefixes))
    yield next(around, Host("", address.short, (), ()))._replace(prefixes=(address,))


def _holders(installation: Installation) -> Iterator[Host]:
    """All that holds addresses: site by site, then the SIP providers."""
    for site in installation.sites.values():
        yield from hosts_of(site)
        yield Host(site.name, "sip_devices", (), site.sip_devices)
        yield Host(site.name, "summary", (), site.summary)
    for provider in installation.providers:
        yield from hosts_of_provider(provider)


def _refusal(installation: Installation, word: str, found: list[Host], unknown: str) -> Message:
    if found:
        known = [f"{host.label}@{host.site}" if host.site else host.label for host in found]
        return Message.about("endpoint-ambiguous", "", word=word, count=len(found), known=known)
    names = {owner.name for site in installation.sites.values() for owner in site.owners}
    names |= set(installation.sites) if unknown == "party-unknown" else set()
    name, at, place = word.rpartition("@")
    near = suggest(place, installation.sites) if at else suggest(word, names)
    near = near or suggest(name, names)
    role = nearest(name or word, installation.catalogue.roles)
    having = [site.name for site in installation.sites.values() if hosts_with(site, role)]
    having.sort(key=lambda own: own.lower() != place.lower())
    if having and not near:
        near = f" (did you mean {role}@{having[0]}?)"
    return Message.about(unknown, "", word=word, near=near)


# ---- the parties of a call


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who sends and receives in a call: a role at a site, on the hosts that carry it there.

    `provider` is set, `role` and `site` empty for a SIP provider; there is no host where the site lacks
    the role. `word` is what a party was called; `called` tells the called party from a caller of the same
    kind, `machine` one machine from others of its site with the role.
    """

    role: str
    site: str
    hosts: tuple[Host, ...]
    word: str = ""
    provider: Provider | None = None
    called: bool = False
    machine: str = ""

    @property
    def key(self) -> tuple[object, ...]:
        """The identity of an actor, regardless of the words for it; the last part marks the called one."""
        return self.role, self.site, tuple(host.label for host in self.hosts), self.called

    @property
    def name(self) -> str:
        """`SwyxIt aachen`, `LinkManager ac-trunk`, or `provider carrier`."""
        return f"{self.role} {self.machine or self.site}" if self.role else self.hosts[0].label

    def hosts_for(self, media: bool) -> tuple[Host, ...]:
        """Its hosts; of a SIP provider the addresses that carry media, or those that carry calls."""
        if self.provider is None:
            return self.hosts
        return self.hosts[-1:] if media else self.hosts[:1]

    @property
    def server_site(self) -> str:
        """The site whose SwyxServer serves it."""
        return self.site if self.provider is None else self.provider.site


Pair = tuple[Actor, Actor]  # caller and called party


def role_at(installation: Installation, role: str, site: str, word: str = "") -> Actor:
    """All that carries a role at a site, which may be nothing."""
    hosts = hosts_with(installation.sites[site], role)
    return Actor(role=role, site=site, hosts=hosts, word=word or f"{role}@{site}")


def _provider_actor(provider: Provider) -> Actor:
    hosts = hosts_of_provider(provider)
    return Actor(role="", site="", hosts=hosts, word=provider.name, provider=provider)


def read_parties(installation: Installation, book: CallBook, caller: str, called: str) -> Pair:
    """Both parties of a call; a role without a site is at the other's.

    Raises:
        SwyxError: a word names nothing, several things, or something that takes part in no call.
    """
    words, catalogue = (caller, called), installation.catalogue
    # A machine or network of that name comes before a role alone.
    bare = [w for w in words if book.find_role(w, catalogue) and not hosts_named(installation, w)]
    given = [_read(installation, book, word) for word in words if word not in bare]
    sites = {party.server_site for party in given} or {*installation.sites}
    if bare and len(sites) > 1:
        raise SwyxError(Message.about("party-site-open", "", word=word) for word in words)
    one, other = (
        _read(installation, book, f"{word}@{min(sites)}" if word in bare else word)
        for word in words
    )
    return one, replace(other, called=other.key == one.key)


def _read(installation: Installation, book: CallBook, word: str) -> Actor:
    """Who a word means: `ROLE@SITE`, `ROLE@HOST`, or a name (with `@SITE`, if need be) or address alone."""
    role_word, at, place = word.rpartition("@")
    role = book.find_role(role_word, installation.catalogue)
    if not at or (not role and hosts_named(installation, role_word)):
        return _read_name(installation, book, word)
    if role not in book.parties:
        raise SwyxError.about(
            "party-role-unknown", "", word=word, known=sorted(book.words or book.parties)
        )
    for site in installation.sites:
        if site.lower() == place.lower():
            return role_at(installation, role, site, word)
    hosts = find_hosts(installation, place, "party-unknown")
    carried = [role for host in hosts for role in host.roles] or ["no role"]
    if not all(role in host.roles for host in hosts):
        raise SwyxError.about("party-role-absent", "", place=place, role=role, known=carried)
    return Actor(role=role, site=hosts[0].site, hosts=hosts, word=word)


def _read_name(installation: Installation, book: CallBook, word: str) -> Actor:
    hosts = find_hosts(installation, word, "party-unknown")
    host = hosts[0]
    if isinstance(host.owner, Provider):
        return _provider_actor(host.owner)
    if len(hosts) > 1:
        raise SwyxError.about("party-unknown", "", word=word, near="")
    roles = [role for role in host.roles if role in book.parties]
    if len(roles) > 1:
        known = [f"{role}@{host.label}" for role in roles]
        raise SwyxError.about("party-roles-several", "", word=word, known=known)
    if not roles:
        raise SwyxError.about("party-mute", "", word=word, roles=list(host.roles) or ["no role"])
    return Actor(role=roles[0], site=host.site, hosts=hosts, word=word)


# ---- from a scenario


def cast_scenario(
    topology: Topology, book: CallBook, scenario: Scenario, sites: Sequence[str]
) -> tuple[Pair, ...]:
    """The calls of a scenario at the named sites, each once.

    Where no site is named, at every site that has the parties; a named one is taken as it is, so that
    whom it lacks is told.

    Raises:
        SwyxError: there is no such call.
    """
    calls: dict[object, Pair] = {}
    for site in sites or topology.installation.sites:
        for words in scenario.calls:
            for caller, called in product(*(_cast(topology, book, site, word) for word in words)):
                if sites or (caller.hosts and called.hosts):
                    pair = caller, replace(called, called=called.key == caller.key)
                    calls.setdefault((caller.key, called.key), pair)
    if not calls:
        who = sorted({word for words in scenario.calls for word in words})
        raise SwyxError.about("scenario-empty", "", name=scenario.name, who=who)
    return tuple(calls.values())


def _cast(topology: Topology, book: CallBook, site: str, word: str) -> Iterator[Actor]:
    """Everybody that a word of a scenario means from a site's point of view."""
    role_word, _, place = word.partition("@")
    if role_word == "provider":
        yield from map(_provider_actor, topology.providers_of[site])
        return
    role = book.find_role(role_word, topology.catalogue)
    ends = {end for link in topology.links_of[site] for end in (link.near, link.far)}
    for own in [site] if place == "here" else sorted(ends - {site}):
        yield role_at(topology.installation, role, own)
