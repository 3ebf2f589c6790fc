"""What ARM's records say: ids, words, and the sides of a rule, from the official client or from files."""

from typing import Any

from swyx_components.planner.model import Direction
from swyx_components.sets.ports import PortRange, PortSet


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
