"""What decides a site's plan, as plain tuples: two sites with equal ones have the same plan but for names.

Only `anonymous.py` makes them, with stand-ins for names and addresses.
"""

from typing import NamedTuple

from swyx_components.installation.model import (
    Decisions,
    Egress,
    ExtraRule,
    LinkMode,
    Machine,
    Network,
    PortOverrides,
    Provider,
    Site,
)
from swyx_components.sets.prefixes import Prefix

Prefixes = tuple[Prefix, ...]


class MachineForm(NamedTuple):
    """A `Machine`."""

    name: str
    addresses: Prefixes
    roles: tuple[str, ...]
    ports: PortOverrides


class NetworkForm(NamedTuple):
    """A `Network`."""

    name: str
    cidrs: Prefixes
    roles: tuple[str, ...]


class LinkForm(NamedTuple):
    """A `Link`."""

    name: str
    mode: LinkMode
    near: str
    far: str
    near_manager: str
    far_manager: str


class SiteForm(NamedTuple):
    """A `Site`, as far as it matters to the one that is planned."""

    name: str
    machines: tuple[MachineForm, ...]
    networks: tuple[NetworkForm, ...]
    decisions: Decisions
    ports: PortOverrides
    enabled: frozenset[str]
    disabled: frozenset[str]
    control_path: tuple[tuple[str, str], ...]
    sip_devices: Prefixes
    summary: Prefixes
    egress: Egress
    extra_rules: tuple[ExtraRule, ...]

    def as_site(self) -> Site:
        machines = tuple(Machine(**form._asdict()) for form in self.machines)
        networks = tuple(Network(**form._asdict()) for form in self.networks)
        return Site(**{**self._asdict(), "machines": machines, "networks": networks})


class Shape(NamedTuple):
    """All that decides the plan of a site, which is the first of `sites`."""

    sites: tuple[SiteForm, ...]
    links: tuple[LinkForm, ...]
    providers: tuple[Provider, ...]
