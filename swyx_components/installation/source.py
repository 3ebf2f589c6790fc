"""Read an installation from a file or plain data; refuse what is too large."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from swyx_components.catalogue.yaml_source import MOST_DEEP, MOST_VALUES, compose, read_text
from swyx_components.installation.model import Link, Provider, Site
from swyx_components.messages import Diagnostics, SwyxError, below


def take(source: str | Path | Mapping[str, Any], log: Diagnostics) -> Any:
    """Plain data as `yaml_source.compose` makes it, from any source.

    Raises:
        SwyxError: not readable, or not the kind of data an installation is made of.
    """
    if isinstance(source, Mapping):
        return _Plain(log).value(source, "", 0)
    return compose(read_text(source), log)


class _Plain:
    """Brings a program's data to the form that YAML has here: numbers become their text.

    Pulumi hands whole numbers over as floats (5060.0), which here are 5060 again.
    """

    def __init__(self, log: Diagnostics) -> None:
        self.log = log
        self.count = 0

    def value(self, value: Any, place: str, depth: int) -> Any:
        self.count += 1
        if self.count > MOST_VALUES:
            raise SwyxError.about("yaml-size", place, limit=MOST_VALUES)
        if depth > MOST_DEEP:
            raise SwyxError.about("yaml-depth", place, limit=MOST_DEEP)
        if isinstance(value, Mapping):
            plain: dict[str, Any] = {}
            for key, item in value.items():
                text = self._text(key, place)
                if text in plain:
                    self.log.add("key-repeated", below(place, text), key=text)
                else:
                    plain[text] = self.value(item, below(place, text), depth + 1)
            return plain
        if isinstance(value, list | tuple):
            return [self.value(item, f"{place}[{i}]", depth + 1) for i, item in enumerate(value)]
        return value if value is None or isinstance(value, bool) else self._text(value, place)

    def _text(self, value: Any, place: str) -> str:
        if isinstance(value, str):
            return str(value)
        if isinstance(value, float):
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
            return str(int(value))
        raise SwyxError.about("value-not-plain", place, type=type(value).__name__)


MOST_MACHINES = 2_000
MOST_KINDS = 50  # machines that differ in roles or ports; each kind is a group, or several
MOST_NETWORKS = 300
MOST_CIDRS = 5_000  # of networks and SIP devices
MOST_EXTRA = 500  # ranges of ports of extra rules, each for every CIDR of its rule
MOST_PROVIDERS = 60  # with one LinkManager
MOST_LINKS = 2_000  # of one site


def drop_too_large(
    sites: Mapping[str, Site],
    links: Iterable[Link],
    providers: Iterable[Provider],
    log: Diagnostics,
) -> dict[str, Site]:
    """The sites that a plan is not tried on for hours; of the others it is said what is too much.

    What a plan takes grows with pairs: of machines that differ, of networks, of extra rules. The limits
    lie above what the largest quotas of both clouds leave room for.
    """
    ends = Counter(end for link in links for end in (link.near, link.far))
    at_site = Counter(provider.site for provider in providers)
    kept = dict(sites)
    for name, site in sites.items():
        for what, count, limit in _counts(site, ends[name], at_site[name]):
            if count > limit:
                values = {"what": what, "count": f"{count:,}", "limit": f"{limit:,}"}
                log.add("site-large", f"sites.{name}", **values)
                kept.pop(name, None)
    return kept


def _counts(site: Site, links: int, providers: int) -> Iterator[tuple[str, int, int]]:
    """What a site has, how much of it, and the most that it may have."""
    machines, networks = site.machines, site.networks
    yield "machines", len(machines), MOST_MACHINES
    if len(machines) > MOST_KINDS:
        kinds = {(machine.roles, machine.ports) for machine in machines}
        yield "machines unlike each other", len(kinds), MOST_KINDS
    yield "networks", len(networks), MOST_NETWORKS
    cidrs = sum(len(network.cidrs) for network in networks) + len(site.sip_devices)
    yield "CIDRs of networks and SIP devices", cidrs, MOST_CIDRS
    extra = sum(len(rule.peers) * max(1, len(rule.ports)) for rule in site.extra_rules)
    yield "pairs of ports and CIDRs in extra rules", extra, MOST_EXTRA
    yield "links", links, MOST_LINKS
    yield "SIP providers", providers, MOST_PROVIDERS
