"""A standing firewall as one address meets it: layers of rules, whoever made them.

Unlike a `Rule`, an entry may be of any shape that a cloud takes: denies, any order, any protocol, peers
that the files at hand can't resolve. A packet passes where every layer allows it.
"""

from dataclasses import dataclass

from swyx_components.planner.model import Direction, Protocol, SitePlan
from swyx_components.sets.ports import ALL_PORTS, PortSet
from swyx_components.sets.prefixes import Prefix

EVERY_PROTOCOL = (Protocol.TCP, Protocol.UDP, Protocol.ICMP, Protocol.ICMPV6)
ICMP_TYPES = PortSet.of((0, 255))  # types instead of ports


@dataclass(frozen=True, slots=True, kw_only=True)
class AclEntry:
    """One rule. `ports` are destination ports (types of ICMP), `peers` the other side's addresses.

    `owner` is the group that holds it and `label` the rule, both in the cloud's words. `unresolved`
    names the part of the other side whose addresses are not known; `peers` is then only the rest.
    `protocols` is empty for a protocol that no flow has (`label` tells which).
    """

    direction: Direction
    protocols: tuple[Protocol, ...] = EVERY_PROTOCOL
    ports: PortSet = ALL_PORTS
    peers: tuple[Prefix, ...]
    owner: str
    label: str
    source_ports: PortSet = ALL_PORTS
    allow: bool = True
    unresolved: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessList:
    """Rules that are asked together; what none of them allows is denied.

    `ordered`: the first that fits decides; otherwise any that allows. `stateless`: replies need rules too.
    """

    name: str
    entries: tuple[AclEntry, ...]
    ordered: bool = False
    stateless: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentPoint:
    """One address of a machine, and the layers that apply to it.

    The first layer is the one whose rules are named when something is open.
    """

    machine: str
    address: Prefix
    layers: tuple[AccessList, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Firewall:
    """All that applies to the machines of a site.

    `found` are the addresses of its machines, each with a sentence about groups before it whose rules no
    file has, or an empty one. `lacking` says what else the files do not hold and how that was read.
    `platform` are addresses from which the cloud itself speaks.
    """

    cloud: str
    plan: SitePlan
    found: tuple[tuple[AttachmentPoint, str], ...]
    lacking: tuple[str, ...] = ()
    platform: tuple[Prefix, ...] = ()

    @property
    def seats(self) -> list[AttachmentPoint]:
        """Those to which anything applies, by machine and address."""
        seats = [point for point, _ in self.found if point.layers]
        return sorted(seats, key=lambda seat: (seat.machine, seat.address))

    @property
    def unplaced(self) -> list[str]:
        """The machines for which no interface was found."""
        machines = {machine.name for group in self.plan.groups for machine in group.machines}
        return sorted(machines - {seat.machine for seat in self.seats})

    @property
    def unread(self) -> list[str]:
        """The sentences about groups whose rules no file has."""
        return list(dict.fromkeys(sentence for _, sentence in self.found if sentence))
