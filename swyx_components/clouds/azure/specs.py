"""ARM's rules back into the specs that they were rendered from."""

from typing import Any

from swyx_components.clouds.azure.arm import (
    addresses_at,
    asgs_at,
    direction_of,
    last_of,
    ports_at,
    sides_of,
    word,
)
from swyx_components.clouds.azure.surroundings import EVERYWHERE
from swyx_components.planner.model import Protocol, Spec
from swyx_components.sets.prefixes import Prefix

_PROTOCOLS = {"tcp": Protocol.TCP, "udp": Protocol.UDP, "icmp": Protocol.ICMP, "*": Protocol.ANY}


class _Unreadable(ValueError):
    """A rule for which a plan has no words."""


def specs_of(group: Any) -> tuple[list[Spec], list[str]]:
    """The rules of a group as specs, and in words those that no spec can be."""
    specs: list[Spec] = []
    unreadable: list[str] = []
    for rule in group.security_rules or ():
        try:
            specs.append(_spec(rule))
        except (_Unreadable, ValueError) as problem:
            unreadable.append(f"{rule.name} at priority {rule.priority} ({problem})")
    return specs, unreadable


def _spec(rule: Any) -> Spec:
    """The rule as a spec.

    Raises:
        _Unreadable: a plan has no words for it.
    """
    direction = direction_of(rule)
    own, peer = sides_of(direction)
    protocol = _PROTOCOLS.get(word(rule.protocol))
    if protocol is None:
        raise _Unreadable(f"protocol {word(rule.protocol)}")
    if _prefixes(rule, own) != EVERYWHERE:
        raise _Unreadable(f"{own} is not *")
    prefixes = _prefixes(rule, peer)
    if protocol is Protocol.ICMP and prefixes and prefixes[0].version == 6:
        protocol = Protocol.ICMPV6  # to ARM both are Icmp
    return Spec(
        direction=direction,
        protocol=protocol,
        ports=ports_at(rule, "destination"),
        source_ports=ports_at(rule, "source"),
        prefixes=prefixes,
        allow=word(rule.access) == "allow",
        priority=int(rule.priority),
        name=str(rule.name),
        description=rule.description or "",
    )


def _prefixes(rule: Any, side: str) -> tuple[Prefix, ...]:
    """The CIDRs of a side.

    Raises:
        _Unreadable: a service tag, or application security groups.
    """
    asgs = asgs_at(rule, side)
    if asgs:
        raise _Unreadable(f"{side} is the application security group {last_of(asgs[0])}")
    prefixes: list[Prefix] = []
    for text in addresses_at(rule, side):
        if text == "*":
            return EVERYWHERE
        try:
            prefixes.append(Prefix.parse(text))
        except ValueError:
            raise _Unreadable(f"{side} {text}") from None
    return tuple(sorted(prefixes))
