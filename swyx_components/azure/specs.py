"""ARM's rules back into the specs that they were rendered from."""

from typing import Any

from swyx_components.azure.arm import (
    addresses_at,
    asgs_at,
    direction_of,
    last_of,
    ports_at,
    sides_of,
    word,
)
from swyx_components.azure.names import physical_name
from swyx_components.azure.surroundings import EVERYWHERE
from swyx_components.planner.model import Identity, Protocol, RenderedSite, Spec
from swyx_components.sets.prefixes import Prefix

_PROTOCOLS = {"tcp": Protocol.TCP, "udp": Protocol.UDP, "icmp": Protocol.ICMP, "*": Protocol.ANY}


class _Unreadable(ValueError):
    """A rule for which a plan has no words."""


class Identities:
    """Which identity an ASG stands for, by the name that the writer gives it."""

    def __init__(self, rendered: RenderedSite) -> None:
        site = rendered.plan.site
        self._by_name = {
            physical_name(site, identity.name, "asg").lower(): identity
            for entry in rendered.groups
            for identity in entry.group.identities
        }

    def of(self, asg: str) -> Identity:
        """The identity of an ASG by its id; one that is none of the site's gets one that no plan has."""
        name = last_of(asg)
        return self._by_name.get(name.lower(), Identity(name, "-"))

    def knows(self, asg: str) -> bool:
        """Whether an ASG is the site's, by its id."""
        return last_of(asg).lower() in self._by_name


def specs_of(group: Any, identities: Identities) -> tuple[list[Spec], list[str]]:
    """The rules of a group as specs, and in words those that no spec can be."""
    specs: list[Spec] = []
    unreadable: list[str] = []
    for rule in group.security_rules or ():
        try:
            specs.append(_spec(rule, identities))
        except (_Unreadable, ValueError) as problem:
            unreadable.append(f"{rule.name} at priority {rule.priority} ({problem})")
    return specs, unreadable


def _spec(rule: Any, identities: Identities) -> Spec:
    """The rule as a spec.

    Raises:
        _Unreadable: a plan has no words for it.
    """
    direction = direction_of(rule)
    own, peer = sides_of(direction)
    protocol = _PROTOCOLS.get(word(rule.protocol))
    if protocol is None:
        raise _Unreadable(f"protocol {word(rule.protocol)}")
    prefixes = _prefixes(rule, peer)
    if protocol is Protocol.ICMP and prefixes and prefixes[0].version == 6:
        protocol = Protocol.ICMPV6  # to ARM both are Icmp
    return Spec(
        direction=direction,
        protocol=protocol,
        ports=ports_at(rule, "destination"),
        source_ports=ports_at(rule, "source"),
        identities=tuple(map(identities.of, asgs_at(rule, peer))),
        prefixes=prefixes,
        own_identity=_own(rule, own, identities),
        allow=word(rule.access) == "allow",
        priority=int(rule.priority),
        name=str(rule.name),
        description=rule.description or "",
    )


def _prefixes(rule: Any, side: str) -> tuple[Prefix, ...]:
    """The CIDRs of a side.

    Raises:
        _Unreadable: a service tag.
    """
    prefixes: list[Prefix] = []
    for text in addresses_at(rule, side):
        if text == "*":
            return EVERYWHERE
        try:
            prefixes.append(Prefix.parse(text))
        except ValueError:
            raise _Unreadable(f"{side} {text}") from None
    return tuple(sorted(prefixes))


def _own(rule: Any, side: str, identities: Identities) -> Identity | None:
    """The ASG that stands for the machine itself; None where the rule is for whoever is in the group.

    Raises:
        _Unreadable: several ASGs, or addresses, of which a machine may have none.
    """
    asgs = asgs_at(rule, side)
    if len(asgs) == 1:
        return identities.of(asgs[0])
    if asgs or _prefixes(rule, side) != EVERYWHERE:
        raise _Unreadable(f"{side} is not one application security group")
    return None
