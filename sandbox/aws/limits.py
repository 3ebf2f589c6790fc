"""EC2's quotas, as settings: an account can raise them, and tests lower them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

PREFIX = "SANDBOX_AWS_"
RULES_TIMES_GROUPS = 1000
"""AWS refuses to raise a quota if rules per group times groups per interface would pass this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The figures that EC2 enforces. Source: Amazon VPC quotas."""

    rules_per_group: int = 60
    """For each direction, IPv4 and IPv6 counted apart."""

    groups_per_interface: int = 5
    groups_per_region: int = 2500

    def __post_init__(self) -> None:
        product = self.rules_per_group * self.groups_per_interface
        if product > RULES_TIMES_GROUPS:
            raise ValueError(
                f"{self.rules_per_group} rules per group times {self.groups_per_interface} groups per "
                f"interface is {product}; AWS allows at most {RULES_TIMES_GROUPS}: lower one of them"
            )
        if self.groups_per_interface > 16:
            raise ValueError(
                f"{self.groups_per_interface} groups per interface; AWS allows at most 16"
            )


def read_limits(environment: Mapping[str, str]) -> Limits:
    """The limits, where ``SANDBOX_AWS_RULES_PER_GROUP`` and the like override the defaults.

    Raises: ValueError with a sentence.
    """
    given: dict[str, int] = {}
    for name in (each.name for each in fields(Limits)):
        text = environment.get(PREFIX + name.upper())
        if text is not None and not text.isdecimal():
            raise ValueError(f"{PREFIX}{name.upper()} is {text!r}; it must be a whole number")
        given |= {} if text is None else {name: int(text)}
    return Limits(**given)
