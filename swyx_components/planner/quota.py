"""Counts against quotas, before anything is created."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from swyx_components.messages import Message
from swyx_components.planner.model import Usage


class Relief(NamedTuple):
    """What the same quotas would be if so many linked sites declared a `summary`."""

    sites: int = 0
    usages: tuple[Usage, ...] = ()

    def of(self, usage: Usage) -> str:
        """The remedy for one quota, as part of a sentence; empty where a summary changes nothing."""
        group = usage.where.partition("+")[0]
        if not (usage.by_peers and self.sites):
            return ""
        used = max(
            other.used
            for other in self.usages
            if other.quota == usage.quota and other.where.partition("+")[0] == group
        )
        return (
            f", or declare a `summary` for each of {self.sites} linked sites ({used} with the smallest "
            f"CIDR around each, fewer where those of neighbours adjoin)"
        )


def check_quotas(
    site: str, cloud: str, usages: Iterable[Usage], binding: bool, relief: Relief | None = None
) -> Iterator[Message]:
    """A message for every quota that a site would exceed on a cloud.

    `binding`: the site is meant for this cloud, so the message is an error; otherwise a warning
    that names the cloud which would refuse the plan. What every site would say is about the file's quotas.
    """
    relief = relief or Relief()
    for usage in usages:
        if usage.used > usage.limit and usage.by_quotas:
            yield Message.about(
                "quotas-exceed" if binding else "quotas-would-exceed",
                f"quotas.{cloud}",
                cloud=cloud,
                quota=usage.quota,
                used=usage.used,
                limit=usage.limit,
                note=usage.note,
            )
        elif usage.used > usage.limit:
            yield Message.about(
                "quota-exceeded" if binding else "quota-would-exceed",
                f"sites.{site}" + (f".groups.{usage.where}" if usage.where else ""),
                cloud=cloud,
                quota=usage.quota,
                used=usage.used,
                limit=usage.limit,
                note=usage.note,
                **({"also": usage.remedy, "summary": relief.of(usage)} if binding else {}),
            )
        elif usage.tight and binding:
            yield Message.about(
                "quota-tight",
                f"sites.{site}.groups.{usage.where}",
                cloud=cloud,
                quota=usage.quota,
                used=usage.used,
                limit=usage.limit,
            )
