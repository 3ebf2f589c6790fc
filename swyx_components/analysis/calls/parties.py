"""Who takes part in a call: from a word (`swyxit@aachen`, `ac-desk-1`, `voicemail`, a SIP provider), or a
scenario's, to hosts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from swyx_components.analysis.explain.places import (
    Host,
    find_hosts,
    hosts_named,
    hosts_of_provider,
    hosts_with,
)
from swyx_components.catalogue.model import CallBook, Scenario
from swyx_components.installation.model import Installation, Link, Provider
from swyx_components.messages import Message, SwyxError
from swyx_components.planner.topology import Topology


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


def _pair(caller: Actor, called: Actor) -> Pair:
    """Both, the called party told from a caller of the same kind."""
    return caller, replace(called, called=called.key == caller.key)


def find_links(topology: Topology, parties: Pair) -> Sequence[Link]:
    """The links of the sites of two parties; a provider's LinkManager passes no call to another."""
    near, far = (party.server_site for party in parties)
    own = {party.provider.link_manager for party in parties if party.provider}
    links = [link for link in topology.links_of(near) if {link.near, link.far} == {near, far}]
    return [link for link in links if own & {*link.managers}] or links


# ---- from two words


def read_parties(installation: Installation, book: CallBook, caller: str, called: str) -> Pair:
    """Both parties of a call; a role without a site is at the other's.

    Raises:
        SwyxError: a word names nothing, several things, or something that takes part in no call.
    """
    words = (caller, called)
    found = [
        None if _is_bare(installation, book, word) else _read(installation, book, word)
        for word in words
    ]
    sites = [party.server_site for party in found if party] or list(installation.sites)
    if len(set(sites)) > 1 and None in found:
        raise SwyxError(Message.about("party-site-open", "", word=word) for word in words)
    one, other = (
        party or _read(installation, book, f"{word}@{sites[0]}")
        for word, party in zip(words, found, strict=True)
    )
    return _pair(one, other)


def _is_bare(installation: Installation, book: CallBook, word: str) -> bool:
    """Whether the word is a role alone; a machine or network of that name comes first."""
    is_role = bool(book.find_role(word, installation.catalogue))
    return is_role and not hosts_named(installation, word)


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
                    calls.setdefault((caller.key, called.key), _pair(caller, called))
    if not calls:
        who = sorted({word for words in scenario.calls for word in words})
        raise SwyxError.about("scenario-empty", "", name=scenario.name, who=who)
    return tuple(calls.values())


def _cast(topology: Topology, book: CallBook, site: str, word: str) -> Iterator[Actor]:
    """Everybody that a word of a scenario means from a site's point of view."""
    role_word, _, place = word.partition("@")
    if role_word == "provider":
        yield from map(_provider_actor, topology.providers_of(site))
        return
    role = book.find_role(role_word, topology.catalogue)
    ends = {end for link in topology.links_of(site) for end in (link.near, link.far)}
    for own in [site] if place == "here" else sorted(ends - {site}):
        yield role_at(topology.installation, role, own)
