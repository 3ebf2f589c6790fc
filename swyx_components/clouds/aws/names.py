"""Names, descriptions and tags as EC2 accepts them."""

from functools import partial

from swyx_components.clouds.limits import Texts, read_limits

limits = partial(read_limits, "aws")
TEXTS = Texts(limits)


def group_logical_name(component: str) -> str:
    """The security group's logical name, which Pulumi makes its name of: that may not begin `sg-`."""
    return f"swyx-{component}" if component.lower().startswith("sg-") else component
