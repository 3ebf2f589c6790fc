"""Counts against quotas, before anything is created."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from swyx_components.installation.model import Installation, Machine, Network, Site
from swyx_components.messages import Message
from swyx_components.sets.prefixes import WIDTH, Prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How much of one quota is used: `where` names the group, empty for the whole site.

    `note` explains the figure ("; 40 IPv4 and 70 group references"), empty if there is nothing to say.
    `tight`: it fits, but the next addition may not, not even during an update. `by_peers`: it
    grows with the addresses of peers, so that a `summary` of theirs may lower it. `by_quotas`: it follows
    from other quotas alone, so that it is the same for every site. `remedy`: what else helps, as part of
    a sentence.
    """

    quota: str
    where: str
    used: int
    limit: int
    note: str = ""
    remedy: str = ""
    tight: bool = False
    by_peers: bool = False
    by_quotas: bool = False

    @property
    def share(self) -> float:
        """How much of it is used; 1 is all."""
        return self.used / max(self.limit, 1)


class Relief(NamedTuple):
    """The same quotas if `sites` linked sites declared a `summary`."""

    sites: int = 0
    usages: tuple[Usage, ...] = ()

    def of(self, usage: Usage) -> str:
        """The remedy for one quota, as part of a sentence; empty where a summary changes nothing."""
        group = usage.where.partition("+")[0]
        same = (one for one in self.usages if one.quota == usage.quota)
        used = max((one.used for one in same if one.where.partition("+")[0] == group), default=0)
        if not (usage.by_peers and self.sites and used < usage.used):
            return ""
        return (
            f", or declare a `summary` for its {self.sites} linked site{'s' * (self.sites > 1)} ({used} with "
            "the smallest CIDR around each, fewer if those of neighbours adjoin)"
        )


def check_quotas(
    site: str, cloud: str, usages: Iterable[Usage], binding: bool, relief: Relief
) -> Iterator[Message]:
    """A message for every quota that a site would exceed on a cloud.

    `binding`: the site is bound to this cloud, so the message is an error; otherwise a warning
    that names the cloud which would refuse the plan. What every site would say is about the file's quotas.
    """
    for usage in usages:
        values = {"cloud": cloud, "quota": usage.quota, "used": usage.used, "limit": usage.limit}
        if usage.used > usage.limit and usage.by_quotas:
            id = "quotas-exceed" if binding else "quotas-would-exceed"
            yield Message.about(id, f"quotas.{cloud}", note=usage.note, **values)
        elif usage.used > usage.limit:
            id = "quota-exceeded" if binding else "quota-would-exceed"
            place = f"sites.{site}" + (f".groups.{usage.where}" if usage.where else "")
            values |= {"note": usage.note, "summary": relief.of(usage)}
            values |= {"also": usage.remedy} if binding else {}
            yield Message.about(id, place, **values)
        elif usage.tight and binding:
            yield Message.about("quota-tight", f"sites.{site}.groups.{usage.where}", **values)


# ---- what a summary of the peers would save


def with_summaries(installation: Installation, name: str) -> tuple[Installation, int]:
    """Each site linked with this one as the smallest CIDR around its machines and networks; how many are.

    Left as it is where it has a summary already, or where that CIDR would hold addresses of others.
    """
    linked = {
        link.far if link.near == name else link.near
        for link in installation.links
        if name in (link.near, link.far)
    }
    owned = sorted(_owners(installation))
    widened = {}
    for site in (installation.sites[other] for other in sorted(linked)):
        summary = tuple(cidr for cidr in _around(site) if _is_alone(cidr, site.name, owned))
        if summary and not site.summary:
            widened[site.name] = replace(site, summary=summary)
    return replace(installation, sites={**installation.sites, **widened}), len(widened)


def _around(site: Site) -> Iterator[Prefix]:
    """The smallest CIDR of each IP version that holds the site; never everything."""
    own = list(_addresses(site))
    for version, width in WIDTH.items():
        ends = [end for p in own if p.version == version for end in (p.first, p.last)]
        if ends:
            bits = (min(ends) ^ max(ends)).bit_length()
            if bits < width:
                yield Prefix(version, min(ends) >> bits << bits, width - bits)


def _addresses(site: Site) -> Iterator[Prefix]:
    owners: tuple[Machine | Network, ...] = (*site.machines, *site.networks)
    return (prefix for own in owners for prefix in own.addresses)


def _is_alone(cidr: Prefix, site: str, owned: Sequence[tuple[int, int, str]]) -> bool:
    """Whether a CIDR around a site holds no address of others, of all that are owned, sorted.

    Nothing of another holds the CIDR, since that would hold the site's own addresses.
    """
    first = bisect_left(owned, (cidr.version, cidr.first))
    last = bisect_left(owned, (cidr.version, cidr.last + 1))
    return all(owner == site for *_, owner in owned[first:last])


def _owners(installation: Installation) -> Iterator[tuple[int, int, str]]:
    for site in installation.sites.values():
        for prefix in (*_addresses(site), *site.sip_devices, *site.summary):
            yield prefix.version, prefix.first, site.name
    for provider in installation.providers:
        for prefix in provider.addresses:
            yield prefix.version, prefix.first, ""
