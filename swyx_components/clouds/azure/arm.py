"""What ARM's records say, from the official client or from files: ids, the sides of a rule, who is where."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from swyx_components.planner.model import Direction
from swyx_components.sets.ports import PortRange, PortSet
from swyx_components.sets.prefixes import Prefix


def key_of(id: str) -> str:
    """ARM ids compare without regard to case."""
    return id.lower()


def last_of(id: str) -> str:
    """A resource's name, the end of its id."""
    return id.rstrip("/").rpartition("/")[2]


def word(value: Any) -> str:
    """A word of ARM's, which the SDK gives as an enum where it knows it and as text where not."""
    return str(getattr(value, "value", value)).lower()


def direction_of(rule: Any) -> Direction:
    """As seen from the machine behind the rule."""
    return Direction.IN if word(rule.direction) == "inbound" else Direction.OUT


def sides_of(direction: Direction) -> tuple[str, str]:
    """What a rule calls the machine's own side, then what it calls the other one's."""
    inbound = direction is Direction.IN
    return ("destination", "source") if inbound else ("source", "destination")


def addresses_at(rule: Any, side: str) -> tuple[str, ...]:
    """CIDRs, ranges, `*` or tags of a side, as they are written."""
    single = getattr(rule, f"{side}_address_prefix", None)
    return (single,) if single else tuple(getattr(rule, f"{side}_address_prefixes", None) or ())


def asgs_at(rule: Any, side: str) -> tuple[str, ...]:
    """The ids of the application security groups of a side."""
    found = getattr(rule, f"{side}_application_security_groups", None) or ()
    return tuple(asg.id for asg in found)


def ports_at(rule: Any, side: str) -> PortSet | None:
    """The ports of a side; None for any.

    Raises:
        ValueError: a text is no port or range.
    """
    single = getattr(rule, f"{side}_port_range", None)
    texts = [single] if single else list(getattr(rule, f"{side}_port_ranges", None) or ())
    if "*" in texts or not texts:
        return None
    ranges = (str(text).partition("-") for text in texts)
    return PortSet.union_of(PortRange(int(low), int(high or low)) for low, _, high in ranges)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One address of an interface and the ASGs it is in, by key."""

    prefix: Prefix
    asgs: frozenset[str]


def address_of(configuration: Any) -> Address | None:
    """The address of one configuration; none while it has no fixed one."""
    if not configuration.private_ip_address:
        return None
    asgs = configuration.application_security_groups or ()
    return Address(
        prefix=Prefix.parse(configuration.private_ip_address),
        asgs=frozenset(key_of(asg.id) for asg in asgs),
    )


def addresses_of(interface: Any) -> Iterator[Address]:
    """Every fixed address of an interface."""
    for configuration in interface.ip_configurations or ():
        address = address_of(configuration)
        if address is not None:
            yield address


def networks_of(interface: Any) -> set[str]:
    """The virtual networks that an interface is in, by key."""
    return {
        key_of(configuration.subnet.id).rpartition("/subnets/")[0]
        for configuration in interface.ip_configurations or ()
        if configuration.subnet
    }


def members_of(interfaces: Iterable[Any]) -> Mapping[str, tuple[Prefix, ...]]:
    """The addresses in each ASG, by key."""
    members: dict[str, tuple[Prefix, ...]] = {}
    for interface in interfaces:
        for address in addresses_of(interface):
            for asg in address.asgs:
                members[asg] = (*members.get(asg, ()), address.prefix)
    return members


def subnet_groups(groups: Iterable[Any]) -> Mapping[str, Any]:
    """Which group stands before which subnet, by key."""
    return {
        key_of(subnet.id): group for group in groups for subnet in group.subnets or () if subnet.id
    }
