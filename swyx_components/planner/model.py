"""The planner's stages as types: `Flows` (who may talk to whom), `Requirements` (one end of it, at one host
group), `Rule` (the fewest; then rendered for one cloud, which is what the proof judges).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from swyx_components.catalogue.model import Ordered, Transport
from swyx_components.installation.model import Decisions, Egress, ExtraRule, Machine
from swyx_components.messages import Message
from swyx_components.planner.endpoints import Flows, MachineGroup, Peer
from swyx_components.sets.ports import PortRange, PortSet
from swyx_components.sets.prefixes import Prefix


class Direction(Ordered):
    """As seen from the machine that holds the rule; both clouds are stateful, replies need no rule."""

    IN = "in"
    OUT = "out"

    @property
    def towards(self) -> str:
        """The word before the peer: `in tcp 135 from ...`, `out tcp 135 to ...`."""
        return "from" if self is Direction.IN else "to"


class Protocol(Ordered):
    """What a rule filters. ANY appears only in unmanaged egress."""

    TCP = "tcp"
    UDP = "udp"
    ICMP = "icmp"
    ICMPV6 = "icmpv6"
    ANY = "any"

    def __init__(self, value: str) -> None:
        self.has_ports = value in ("tcp", "udp")  # ICMP has types


EVERY_PROTOCOL = (Protocol.TCP, Protocol.UDP, Protocol.ICMP, Protocol.ICMPV6)
PROTOCOL_OF: Mapping[Transport, Protocol] = {one: Protocol(one.value) for one in Transport}


# What one end of a flow opens: `ports` are destination ports, source ports None means any. An extra rule
# has a flow too, `extra:SITE:INDEX`.
Access = tuple[Direction, Protocol, PortSet, PortRange | None, str]


class AccessSet(tuple[Access, ...]):
    """All that a peer is allowed. Compared by identity, since it serves many peers."""

    __slots__ = ()
    __hash__ = object.__hash__
    __eq__ = object.__eq__


class Requirements(tuple[tuple[Peer, AccessSet], ...]):
    """One end of every required flow: what each peer is allowed at one host group. Compared by identity."""

    __slots__ = ()
    __hash__ = object.__hash__
    __eq__ = object.__eq__


class Rule(NamedTuple):
    """One rule of a host group: as planned, and then as its cloud stores it.

    `ports` and `source_ports` are sets since an Azure rule takes lists, and None means any (no ports at
    all for ICMP); a planned rule and one of AWS has one range. `groups` names host groups of the same site,
    `prefixes` CIDRs: exactly one of the two is set. `flows` are all flows that the rule exists for, `lines`
    the article's lines that they rest on. What a plan does not know yet is empty: `name`, `description`,
    and `priority`, which is 0 where the platform has none.
    """

    direction: Direction
    protocol: Protocol
    ports: PortSet | None
    source_ports: PortSet | None
    groups: tuple[str, ...] = ()
    prefixes: tuple[Prefix, ...] = ()
    allow: bool = True
    priority: int = 0
    name: str = ""
    description: str = ""
    flows: tuple[str, ...] = ()
    lines: tuple[int, ...] = ()
    shard: int = 0  # AWS: which of the host group's security groups has it; their union is enforced

    @property
    def enforced(self) -> "Rule":
        """The rule without what is only told to people, its lists in one order."""
        groups, prefixes = tuple(sorted(self.groups)), tuple(sorted(self.prefixes))
        bare = self._replace(name="", description="", flows=(), lines=())
        return bare._replace(groups=groups, prefixes=prefixes)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostGroup(MachineGroup):
    """The same with its requirements, and the fewest rules that allow them."""

    requirements: Requirements = field(compare=False)  # it follows from the flows
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePlan:
    """One planned site: its groups by name, and the messages about it."""

    site: str
    egress: Egress
    groups: tuple[HostGroup, ...]
    flows: Flows = field(default_factory=Flows)
    extra_rules: tuple[ExtraRule, ...] = ()
    messages: tuple[Message, ...] = ()
    product: str = ""  # what the catalogue calls the system
    decisions: Decisions = field(default_factory=Decisions)

    def group(self, name: str) -> HostGroup:
        """The group of this name, which must be there."""
        return next(group for group in self.groups if group.name == name)

    def machine(self, name: str) -> Machine:
        """The machine of this name, which must be there."""
        return next(m for group in self.groups for m in group.machines if m.name == name)

    @property
    def owners(self) -> Mapping[Prefix, str]:
        """The machine of each address."""
        return {
            address: machine.name
            for group in self.groups
            for machine in group.machines
            for address in machine.addresses
        }

    def groups_by_machine(self) -> Mapping[str, HostGroup]:
        """The group that each machine, or managed network, is in."""
        return {member.name: group for group in self.groups for member in group.members}


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What one platform can express; all that the planner knows about a cloud.

    `limits` holds its quotas by name (`rules_per_group`, ...), already overridden by the
    installation's `quotas`.
    """

    name: str
    matches_source_ports: bool
    stores_rules_by: str  # "cidr": one peer a rule; "list": many prefixes a rule
    shares_groups: bool = True  # False: one group per machine, and every peer by address
    denies_by_default: bool = True  # False: nothing is closed without a deny of our own
    limits: Mapping[str, int] = field(default_factory=dict)


def shard_label(group: str, shard: int) -> str:
    """The names of a host group's security groups: the first like the group, then `linkmanager+1`.

    No host group's name has a plus.
    """
    return f"{group}+{shard}" if shard else group


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedGroup:
    """One host group, or one machine, as its cloud would hold it."""

    group: HostGroup
    rules: tuple[Rule, ...]

    @property
    def shards(self) -> tuple[int, ...]:
        """The numbers of the groups that its rules are spread over: peers' rules name number 0."""
        return tuple(sorted({0, *(rule.shard for rule in self.rules)}))


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedSite:
    """One site as its cloud would hold it: the input of the proof and of the resource writers.

    The groups of `plan` are those that are rendered: a machine each, where the platform wants that.
    """

    plan: SitePlan
    capabilities: Capabilities
    groups: tuple[RenderedGroup, ...]
