"""Refuse a site that is larger than any that a cloud would hold, before a plan is tried for hours.

What a plan takes grows with pairs: of machines that differ, of networks, of extra rules. The limits lie
above what the largest quotas of both clouds leave room for.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from swyx_components.installation.diagnostics import Diagnostics
from swyx_components.installation.model import Link, Provider, Site

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
    """The sites that are not too large; of the others it is said what they have too much of."""
    ends = Counter(end for link in links for end in (link.near, link.far))
    at_site = Counter(provider.site for provider in providers)
    kept = dict(sites)
    for name, site in sites.items():
        counts = (*_counts(site), ("links", ends[name], MOST_LINKS))
        for what, count, limit in (*counts, ("SIP providers", at_site[name], MOST_PROVIDERS)):
            if count > limit:
                log.add(
                    "site-large", f"sites.{name}", what=what, count=f"{count:,}", limit=f"{limit:,}"
                )
                kept.pop(name, None)
    return kept


def _counts(site: Site) -> Iterator[tuple[str, int, int]]:
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
