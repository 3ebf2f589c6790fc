"""Names, priorities, descriptions and tags as Azure accepts them, each from content alone."""

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import TypedDict, cast

from swyx_components.clouds.limits import Texts, read_limits
from swyx_components.planner.model import Direction, Protocol
from swyx_components.planner.platform import Limits
from swyx_components.sets.ports import PortRange, PortSet

_HASH = 10  # characters of a digest that stand for what a shortened name leaves out


class _Priorities(TypedDict):
    allow: str  # the first and the last
    deny: int


class _Limits(Limits):
    priorities: _Priorities


def limits() -> _Limits:
    """The rows of `limits.yaml`."""
    return cast(_Limits, read_limits("azure"))


TEXTS = Texts(limits)


def rule_name(
    direction: Direction,
    protocol: Protocol,
    ports: PortSet | None,
    source_ports: PortSet | None,
    version: int,
) -> str:
    """A rule's name within its group: what it allows over which IP version, not between whom.

    >>> rule_name(Direction.IN, Protocol.UDP, PortSet.of((51000, 51499)), PortSet.of((50000, 50099)), 4)
    'in-udp-51000-51499-from-50000-50099-ipv4'
    """
    words = [direction.value, protocol.value]
    words += ["_".join(map(str, ports))] if ports else []
    words += ["from", "_".join(map(str, source_ports))] if source_ports else []
    words += [f"ipv{version}"]
    return shorten("-".join(words))


def physical_name(*names: str, kind: str) -> str:
    """The name of a resource in its resource group, never changing, shortened if need be.

    Sites and machines have no dot in their names, so that no two of them make one name.

    >>> physical_name("bochum", "bo-gate", kind="nsg")
    'bochum.bo-gate-nsg'
    """
    return shorten(f"{re.sub(r'[^A-Za-z0-9_.-]', '-', '.'.join(names))}-{kind}")


def shorten(text: str) -> str:
    """The text itself, or its beginning and a digest of the whole where it is too long for a name."""
    longest = limits()["texts"]["name"]
    if len(text) <= longest:
        return text
    return f"{text[: longest - _HASH - 1]}-{sha256(text.encode()).hexdigest()[:_HASH]}"


def assign_priorities(names: Iterable[str]) -> Mapping[str, int]:
    """A priority for each rule of one group and direction, from its name.

    If two names have the same priority, the later by name gets the next free one; so a rule moves
    only if one before it by name starts or stops to have the same priority.
    """
    band = PortRange.parse(limits()["priorities"]["allow"])
    width = band.last - band.first + 1
    taken: dict[int, str] = {}
    for name in sorted(set(names)):
        place = int.from_bytes(sha256(name.encode()).digest()[:8], "big") % width
        while band.first + place in taken:
            place = (place + 1) % width
        taken[band.first + place] = name
    return {name: priority for priority, name in taken.items()}
