"""From a word to the hosts it means: a machine, a network, a site's role, a provider, an address."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

from swyx_components.installation.model import Installation, Machine, Network, Site
from swyx_components.messages import Message, SwyxError
from swyx_components.sets.prefixes import WIDTH, Prefix


class Host(NamedTuple):
    """One end of a packet. `site` is empty outside all sites, `machine` None where no rules stand."""

    site: str
    label: str
    roles: tuple[str, ...]
    prefixes: tuple[Prefix, ...]
    machine: Machine | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a word means: one host or, for a role, all hosts of the site that carry it."""

    word: str
    hosts: tuple[Host, ...]


def short(prefix: Prefix) -> str:
    """A CIDR, or the bare address where it is a single one."""
    return prefix.address if prefix.length == WIDTH[prefix.version] else str(prefix)


def find_place(installation: Installation, word: str) -> Place:
    """The hosts that a word names.

    Raises:
        SwyxError: it names nothing, or several things.
    """
    address = _read_address(word)
    if address is not None:
        inside = _machines_in(installation, address)
        return Place(word=word, hosts=(*inside, _host_of(installation, address)))
    site, slash, name = word.partition("/")
    if slash and site in installation.sites:
        spelled = {role.lower(): role for role in installation.catalogue.roles}
        by_role = hosts_with(installation.sites[site], spelled.get(name.lower(), ""))
        if by_role:
            return Place(word=word, hosts=by_role)
        found = list(_by_name(installation.sites[site], name))
    else:
        found = [host for own in installation.sites.values() for host in _by_name(own, word)]
        found += [
            Host("", f"provider {provider.name}", (), provider.cidrs)
            for provider in installation.providers
            if provider.name == word
        ]
    if len(found) == 1:
        return Place(word=word, hosts=tuple(found))
    raise SwyxError([_refusal(installation, word, found)])


def _read_address(word: str) -> Prefix | None:
    try:
        return Prefix.parse(word)
    except ValueError:
        return None


def owners_of(site: Site) -> tuple[Machine | Network, ...]:
    """All that carries roles at a site."""
    return (*site.machines, *site.networks)


def hosts_with(site: Site, role: str) -> tuple[Host, ...]:
    """All at a site that carries the role."""
    return tuple(_host(site, owner) for owner in owners_of(site) if role in owner.roles)


def host_named(site: Site, name: str) -> Host:
    """The machine or network of that name, which the site has."""
    return next(_by_name(site, name))


def is_name(installation: Installation, word: str) -> bool:
    """Whether a machine, a network or a SIP provider is called so."""
    return any(provider.name == word for provider in installation.providers) or any(
        owner.name == word for site in installation.sites.values() for owner in owners_of(site)
    )


def _by_name(site: Site, name: str) -> Iterator[Host]:
    for owner in owners_of(site):
        if owner.name == name:
            yield _host(site, owner)


def _host(site: Site, owner: Machine | Network) -> Host:
    if isinstance(owner, Machine):
        return Host(site.name, owner.name, owner.roles, owner.addresses, owner)
    return Host(site.name, owner.name, owner.roles, owner.cidrs)


def _machines_in(installation: Installation, addresses: Prefix) -> Iterator[Host]:
    """The machines in a range, which have rules of their own; the range itself stands for the others."""
    if addresses.length == WIDTH[addresses.version]:
        return
    for site in installation.sites.values():
        for machine in site.machines:
            own = tuple(filter(addresses.contains, machine.addresses))
            if own:
                yield _host(site, machine)._replace(prefixes=own)


def _host_of(installation: Installation, address: Prefix) -> Host:
    """Who has the address: a machine, else the network or list of the file that holds it, else nobody."""
    for site in installation.sites.values():
        for machine in site.machines:
            if address in machine.addresses:
                return _host(site, machine)._replace(prefixes=(address,))
    for site in installation.sites.values():
        for network in site.networks:
            if any(cidr.contains(address) for cidr in network.cidrs):
                return _host(site, network)._replace(prefixes=(address,))
        if any(cidr.contains(address) for cidr in site.sip_devices):
            return Host(site.name, "sip_devices", (), (address,))
        if any(cidr.contains(address) for cidr in site.summary):
            return Host(site.name, "summary", (), (address,))
    for provider in installation.providers:
        if any(cidr.contains(address) for cidr in provider.cidrs):
            return Host("", f"provider {provider.name}", (), (address,))
    return Host("", short(address), (), (address,))


def _refusal(installation: Installation, word: str, found: list[Host]) -> Message:
    if found:
        known = [f"{host.site}/{host.label}" if host.site else host.label for host in found]
        return Message.about("endpoint-ambiguous", "", word=word, count=len(found), known=known)
    names = {owner.name for site in installation.sites.values() for owner in owners_of(site)}
    near = get_close_matches(word, sorted(names)[:5000], 1)
    meant = f" ({near[0]} is near)" if near else ""
    return Message.about("endpoint-unknown", "", word=word, near=meant)
