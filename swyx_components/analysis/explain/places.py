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
    """One end of a packet. `site` is empty outside all sites, `owner` the machine or network, if any."""

    site: str
    label: str
    roles: tuple[str, ...]
    prefixes: tuple[Prefix, ...]
    owner: Machine | Network | None = None

    @property
    def is_machine(self) -> bool:
        """Whether it is one host, and not many."""
        return isinstance(self.owner, Machine)

    @property
    def managed(self) -> bool:
        """Whether rules are generated there."""
        return self.owner is not None and self.owner.managed


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
    found = list(hosts_named(installation, word))
    own = next((s for s in installation.sites.values() if s.name.lower() == place.lower()), None)
    if own:
        catalogue = installation.catalogue
        by_role = hosts_with(own, calls_of(catalogue).find_role(name, catalogue))
        if by_role:
            return by_role
        found = [host for host in hosts_of(own) if host.label.lower() == name.lower()]
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


def hosts_named(installation: Installation, name: str) -> Iterator[Host]:
    """The machines, networks and SIP providers of that name."""
    for site in installation.sites.values():
        yield from (host for host in hosts_of(site) if host.label.lower() == name.lower())
    for provider in installation.providers:
        if provider.name.lower() == name.lower():
            yield from hosts_of_provider(provider)


def hosts_of_provider(provider: Provider) -> tuple[Host, ...]:
    """A SIP provider, labelled as rules and flows label it: where it has its own addresses for calls and
    for media, the former and the latter.
    """
    label = f"provider {provider.name}"
    return tuple(Host("", label, (), prefixes) for prefixes in provider.uses)


def _hosts_at(installation: Installation, address: Prefix) -> Iterator[Host]:
    """Who has an address: a machine, else the network or list of the file that holds it, else nobody.

    Before a range come the machines in it, which have separate rules; the range stands for the others.
    """
    holders = list(_holders(installation))
    for host in holders if address.length < WIDTH[address.version] else ():
        own = tuple(filter(address.contains, host.prefixes))
        if own and host.is_machine:
            yield host._replace(prefixes=own)
    around = (host for host in holders if any(own.contains(address) for own in host.prefixes))
    yield next(around, Host("", address.short, (), ()))._replace(prefixes=(address,))


def _holders(installation: Installation) -> Iterator[Host]:
    """All that holds addresses; machines first, since a network may hold theirs too."""
    sites = installation.sites.values()
    for site in sites:
        yield from (host for host in hosts_of(site) if host.is_machine)
    for site in sites:
        yield from (host for host in hosts_of(site) if not host.is_machine)
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
