"""What an update would deny for a moment although both plans allow it: nothing in EC2."""

from swyx_components.planner.model import RenderedSite
from swyx_components.planner.prove import Gap


def find_cuts(before: RenderedSite, after: RenderedSite) -> tuple[Gap, ...]:
    """None: rules and attachments are resources of their own, and all new ones come before old ones go."""
    return ()
