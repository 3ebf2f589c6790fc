"""Names, descriptions and tags as EC2 accepts them."""

import re
from collections.abc import Iterable, Mapping
from functools import cache

from swyx_components.aws.abilities import limits
from swyx_components.planner.describe import spread_words
from swyx_components.planner.model import Direction, Protocol
from swyx_components.sets.ports import PortRange
from swyx_components.sets.prefixes import Prefix


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


def clean_description(text: str) -> str:
    """The text with everything that a rule description can't hold replaced, and cut to length."""
    return _unlike("description_characters").sub("_", text)[: limits()["texts"]["description"]]


def clean_tag(text: str) -> str:
    """The text with everything that a tag value can't hold replaced, and cut to length."""
    return _unlike("tag_characters").sub("_", text)[: limits()["texts"]["tag_value"]]


def spread_tag(key: str, words: Iterable[str], most: int = 10) -> Mapping[str, str]:
    """Words under one tag, or under `key`, `key-2`, ... where they are longer than a tag's value."""
    return spread_words(key, map(clean_tag, words), limits()["texts"]["tag_value"], most)


@cache
def _unlike(characters: str) -> re.Pattern[str]:
    return re.compile(f"[^{limits()['texts'][characters]}]")
