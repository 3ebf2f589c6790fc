"""Names, descriptions and tags as EC2 accepts them."""

from functools import partial

from swyx_components.clouds.limits import Texts, read_limits
from swyx_components.planner.model import Direction, Protocol
from swyx_components.sets.ports import PortRange
from swyx_components.sets.prefixes import Prefix

limits = partial(read_limits, "aws")
TEXTS = Texts(limits)


def rule_name(
    group: str,
    direction: Direction,
    protocol: Protocol,
    ports: PortRange | None,
    peer: str | Prefix,
) -> str:
    """A rule's logical name, from what makes it another rule for EC2 and nothing else.

    >>> rule_name("swyxserver", Direction.IN, Protocol.TCP, PortRange(1720, 1720),
    ...           Prefix.parse("10.1.0.0/24"))
    'swyxserver-in-tcp-1720-10.1.0.0_24'
    """
    words = [group, direction.value, protocol.value]
    words += [str(ports)] if ports else []
    words += [peer.slug if isinstance(peer, Prefix) else peer]
    return "-".join(words)


def group_logical_name(component: str) -> str:
    """The security group's logical name, which Pulumi makes its name of: that may not begin `sg-`."""
    return f"swyx-{component}" if component.lower().startswith("sg-") else component
