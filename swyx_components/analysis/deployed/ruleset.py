"""A standing firewall as one address meets it: layers of rules, whoever made them.

Unlike a `Rule`, an entry may be of any shape that a cloud takes: denies, any order, any protocol, peers
that the files at hand can't resolve. A packet passes where every layer allows it.
"""

from collections.abc import Iterable
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

    `unplaced` are machines for which no interface was found, `unread` sentences about groups before the
    machines whose rules no file has; both leave the answer open. `lacking` says what else the files do not
    hold and how that was read. `platform` are addresses from which the cloud itself speaks.
    """

    cloud: str
    seats: tuple[AttachmentPoint, ...]
    unplaced: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    platform: tuple[Prefix, ...] = ()

    @classmethod
    def of(
        cls,
        cloud: str,
        plan: SitePlan,
        found: Iterable[tuple[AttachmentPoint, str]],
        *,
        lacking: Iterable[str] = (),
        platform: tuple[Prefix, ...] = (),
    ) -> "Firewall":
        """All that was found: points, each with a sentence about rules that no file has, or an empty one."""
        known = list(found)
        seats = [point for point, _ in known if point.layers]
        machines = {machine.name for group in plan.groups for machine in group.machines}
        return cls(
            cloud=cloud,
            seats=tuple(sorted(seats, key=lambda seat: (seat.machine, seat.address))),
            unplaced=tuple(sorted(machines - {seat.machine for seat in seats})),
            unread=tuple(dict.fromkeys(sentence for _, sentence in known if sentence)),
            lacking=tuple(lacking),
            platform=platform,
        )

    @property
    def is_partial(self) -> bool:
        """Whether some of what applies to the machines is not known."""
        return bool(self.unplaced or self.unread)
