"""What is there twice for the time of an update: nothing on Azure, where one request sets a group's rules."""

from collections.abc import Iterator

from swyx_components.messages import Message
from swyx_components.planner.model import RenderedSite


def check_transient_quotas(before: RenderedSite | None, after: RenderedSite) -> Iterator[Message]:
    """None."""
    yield from ()
