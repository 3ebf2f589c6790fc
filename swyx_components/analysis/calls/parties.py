"""From a word to a party of a call: `swyxit@aachen`, `ac-desk-1`, `voicemail`, a SIP provider."""

from dataclasses import dataclass, replace

from swyx_components.analysis.explain.places import (
    Host,
    Place,
    find_place,
    host_named,
    hosts_with,
    is_name,
)
from swyx_components.catalogue import Catalogue
from swyx_components.catalogue.calls import CallBook
from swyx_components.installation.model import Installation, Provider, Site
from swyx_components.messages import Message, SwyxError


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who sends and receives in a call: a role at a site, on the hosts that carry it there.

    `role` is empty for a SIP provider, `place` has no host where the site lacks the role. `called`
    tells the called party from the caller where both are of one kind.
    """

    role: str
    site: str
    place: Place
    called: bool = False

    @property
    def key(self) -> tuple[object, ...]:
        """What makes two actors the same, whatever words led to them; the last tells the called one."""
        return self.role, self.site, tuple(host.label for host in self.place.hosts), self.called

    @property
    def name(self) -> str:
        """`SwyxIt aachen`, or `provider carrier`."""
        return f"{self.role} {self.site}" if self.role else self.place.hosts[0].label


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One that calls or is called. `provider` is its declaration where it is a SIP provider."""

    word: str
    actor: Actor
    provider: Provider | None = None

    @property
    def site(self) -> str:
        """The site whose SwyxServer serves it."""
        return self.provider.site if self.provider is not None else self.actor.site


def read_parties(
    installation: Installation, book: CallBook, caller: str, called: str
) -> tuple[Party, Party]:
    """Both parties of a call; a role without a site is at the other's.

    Raises:
        SwyxError: a word names nothing, several things, or something that takes part in no call.
    """
    reader = _Reader(installation, book)
    words = (caller, called)
    found = [None if reader.is_bare(word) else reader.read(word) for word in words]
    sites = [party.site for party in found if party is not None] or list(installation.sites)
    if len(set(sites)) > 1 and None in found:
        raise SwyxError(Message.about("party-site-open", "", word=word) for word in words)
    one, other = (
        party or reader.read(f"{word}@{sites[0]}") for word, party in zip(words, found, strict=True)
    )
    return one, as_called(one, other)


def as_called(caller: Party, called: Party) -> Party:
    """The called party, told from a caller of the same kind."""
    if called.actor.key != caller.actor.key:
        return called
    return replace(called, actor=replace(called.actor, called=True))


def role_at(installation: Installation, role: str, site: str) -> Party:
    """All that carries a role at a site, which may be nothing."""
    own = installation.sites[site]
    place = Place(word=f"{role}@{site}", hosts=hosts_with(own, role))
    return Party(word=place.word, actor=Actor(role=role, site=site, place=place))


def manager_at(installation: Installation, site: str, machine: str) -> Actor:
    """The LinkManager on a machine."""
    host = host_named(installation.sites[site], machine)
    roles = installation.catalogue.roles
    role = next(role for role in host.roles if roles[role].serves_links)
    return Actor(role=role, site=site, place=Place(word=machine, hosts=(host,)))


def provider_label(provider: Provider) -> str:
    """How a provider's addresses are called where a machine would have its name."""
    return f"provider {provider.name}"


def provider_party(provider: Provider) -> Party:
    """A SIP provider as a party."""
    host = Host("", provider_label(provider), (), provider.cidrs)
    actor = Actor(role="", site="", place=Place(word=provider.name, hosts=(host,)))
    return Party(word=provider.name, actor=actor, provider=provider)


class _Reader:
    """Words against one installation."""

    def __init__(self, installation: Installation, book: CallBook) -> None:
        self._installation = installation
        self._book = book

    @property
    def _catalogue(self) -> Catalogue:
        return self._installation.catalogue

    def is_bare(self, word: str) -> bool:
        """Whether the word is a role alone; a machine or network of that name comes first."""
        role = self._book.find_role(word, self._catalogue)
        return bool(role) and not is_name(self._installation, word)

    def read(self, word: str) -> Party:
        role_word, at, place_word = word.rpartition("@")
        if not at:
            role_word, place_word = self._split_path(word)
        if not role_word:
            return self._named(word)
        role = self._book.find_role(role_word, self._catalogue)
        if role not in self._book.parties:
            known = sorted(self._book.words)
            raise SwyxError([Message.about("party-role-unknown", "", word=word, known=known)])
        site = self._find_site(place_word)
        if site is not None:
            return replace(role_at(self._installation, role, site.name), word=word)
        place = self._find_place(place_word)
        if not all(role in host.roles for host in place.hosts):
            carried = [role for host in place.hosts for role in host.roles] or ["no role"]
            message = "party-role-absent"
            raise SwyxError(
                [Message.about(message, "", place=place_word, role=role, known=carried)]
            )
        return _party(word, role, place)

    def _split_path(self, word: str) -> tuple[str, str]:
        """`aachen/swyxit` as role and site."""
        site, _, role = word.partition("/")
        if site in self._installation.sites and self._book.find_role(role, self._catalogue):
            return role, site
        return "", word

    def _find_site(self, word: str) -> Site | None:
        sites = self._installation.sites.values()
        return next((site for site in sites if site.name.lower() == word.lower()), None)

    def _find_place(self, word: str) -> Place:
        try:
            return find_place(self._installation, word)
        except SwyxError as problem:
            (message,) = problem.messages
            if message.id != "endpoint-unknown":
                raise
            near = dict(message.values)["near"]
            raise SwyxError([Message.about("party-unknown", "", word=word, near=near)]) from None

    def _named(self, word: str) -> Party:
        place = self._find_place(word)
        if len(place.hosts) > 1:
            raise SwyxError([Message.about("party-unknown", "", word=word, near="")])
        (host,) = place.hosts
        for provider in self._installation.providers:
            if host.label == provider_label(provider):
                return provider_party(provider)
        roles = [role for role in host.roles if role in self._book.parties]
        if len(roles) == 1:
            return _party(word, roles[0], place)
        if roles:
            known = [f"{role}@{host.label}" for role in roles]
            raise SwyxError([Message.about("party-roles-several", "", word=word, known=known)])
        carried = list(host.roles) or ["no role"]
        raise SwyxError([Message.about("party-mute", "", word=word, roles=carried)])


def _party(word: str, role: str, place: Place) -> Party:
    return Party(word=word, actor=Actor(role=role, site=place.hosts[0].site, place=place))
