"""Who has an address: the names that two installations give to machines, networks, devices, providers."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping

from swyx_components.analysis.explain.places import short
from swyx_components.installation.model import Installation
from swyx_components.sets.prefixes import Prefix


class Owners:
    """Who has an address, before or after: machines before networks, small networks before large ones.

    A name whose addresses are others now is told with the address that is meant.
    """

    def __init__(self, old: Installation, new: Installation) -> None:
        before, after = _named_prefixes(old), _named_prefixes(new)
        ends_before, ends_after = _ends_by_name(before), _ends_by_name(after)
        moved = {
            name
            for name in ends_before.keys() & ends_after.keys()
            if ends_before[name] != ends_after[name]
        }
        self._named = {
            prefix: f"{name} ({short(prefix)})" if name in moved else name
            for prefix, name in {**before, **after}.items()
        }
        ordered = sorted(self._named, key=lambda prefix: (prefix.first, prefix.length))
        self._places = {
            version: _innermost((p for p in ordered if p.version == version), self._named)
            for version in (4, 6)
        }
        self._starts = {v: [place[0] for place in own] for v, own in self._places.items()}

    def name(self, address: Prefix) -> str:
        """The name of the machine that has the address."""
        return self._named[address]

    def split(self, version: int, first: int, last: int) -> Iterator[tuple[int, int, str]]:
        """The addresses by whom they belong to; the name is empty where nobody has them."""
        places, starts = self._places[version], self._starts[version]
        at = first
        begin = max(bisect_right(starts, first) - 1, 0)
        for low, high, name in places[begin : bisect_right(starts, last)]:
            if high < at:
                continue
            if low > at:
                yield at, low - 1, ""
            yield max(low, at), min(high, last), name
            at = high + 1
        if at <= last:
            yield at, last, ""


def _named_prefixes(installation: Installation) -> dict[Prefix, str]:
    named = {
        prefix: f"provider {provider.name}"
        for provider in installation.providers
        for prefix in provider.cidrs
    }
    for site in installation.sites.values():
        named |= dict.fromkeys(site.sip_devices, f"sip_devices of {site.name}")
        for network in site.networks:
            named |= dict.fromkeys(network.cidrs, network.name)
        for machine in site.machines:
            named |= dict.fromkeys(machine.addresses, machine.name)
    return named


def _ends_by_name(named: Mapping[Prefix, str]) -> dict[str, set[Prefix]]:
    ends: dict[str, set[Prefix]] = {}
    for prefix, name in named.items():
        ends.setdefault(name, set()).add(prefix)
    return ends


def _innermost(
    prefixes: Iterable[Prefix], named: Mapping[Prefix, str]
) -> list[tuple[int, int, str]]:
    """Sorted prefixes, which nest or are apart, as disjoint intervals named after the smallest."""
    found: list[tuple[int, int, str]] = []
    around: list[Prefix] = []
    at = 0
    for prefix in (*prefixes, None):
        while around and (prefix is None or around[-1].last < prefix.first):
            ended = around.pop()
            if at <= ended.last:
                found.append((at, ended.last, named[ended]))
                at = ended.last + 1
        if prefix is not None:
            if around and at < prefix.first:
                found.append((at, prefix.first - 1, named[around[-1]]))
            at = prefix.first
            around.append(prefix)
    return found
