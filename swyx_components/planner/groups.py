"""Who shares rules: the machines of a group, one machine, or the hosts of a managed network."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

from swyx_components.installation.model import Machine, Network
from swyx_components.sets.prefixes import Prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineGroup:
    """The machines of one site with the same roles, settings, links, providers and extra rules; or one
    machine alone, where the platform has a group for each; or no machine, but the hosts of a network.
    """

    name: str
    site: str
    roles: tuple[str, ...]
    machines: tuple[Machine, ...]
    network: Network | None = None

    @property
    def members(self) -> tuple[Machine | Network, ...]:
        """What the group is for: its machines, or its network."""
        return self.machines if self.network is None else (self.network,)

    @property
    def addresses(self) -> tuple[Prefix, ...]:
        """All addresses of its members."""
        return tuple(address for member in self.members for address in member.addresses)

    @property
    def place(self) -> str:
        """The place of its first member in the installation's file."""
        kind = "machines" if self.network is None else "networks"
        return f"sites.{self.site}.{kind}.{self.members[0].name}"

    @property
    def versions(self) -> frozenset[int]:
        """The IP versions (4, 6) that any of its members has."""
        return frozenset(address.version for address in self.addresses)

    def split(self) -> Iterator[Self]:
        """A group for each member, with its name."""
        if self.network is not None:
            yield self
        for machine in self.machines:
            yield replace(self, name=machine.name, machines=(machine,))
