"""Counts against quotas, before anything is created."""

from collections.abc import Iterable, Iterator

from swyx_components.messages import Message
from swyx_components.planner.model import Usage


def judge_quotas(
    site: str, cloud: str, usages: Iterable[Usage], binding: bool
) -> Iterator[Message]:
    """A message for every quota that a site would exceed on a cloud.

    `binding`: the site is meant for this cloud, so the message is an error; otherwise a warning
    that names the cloud which would refuse the plan.
    """
    for usage in usages:
        if usage.used > usage.limit:
            yield Message.about(
                "quota-exceeded" if binding else "quota-would-exceed",
                f"sites.{site}" + (f".groups.{usage.where}" if usage.where else ""),
                cloud=cloud,
                quota=usage.quota,
                used=usage.used,
                limit=usage.limit,
                note=usage.note,
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
