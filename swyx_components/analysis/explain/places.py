"""From a word to the hosts it means: a machine, a network, a site's role, a provider, an address."""

from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from swyx_components.catalogue.load import calls_of
from swyx_components.installation.model import Installation, Machine, Network, Provider, Site
from swyx_components.messages import Message, SwyxError
from swyx_components.messages.diagnostics import nearest, suggest
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
    with suppress(ValueError):
        return tuple(_hosts_at(installation, Prefix.parse(word)))
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
