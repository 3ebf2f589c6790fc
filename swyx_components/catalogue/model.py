"""The shape of a catalogue: frozen, validated values that the planner compiles."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from swyx_components.catalogue.rows import Port
from swyx_components.sets.ports import PortRange, PortSet


class Transport(Enum):
    """The transports of the article; `value` is what plans and clouds are told."""

    TCP = "tcp"
    UDP = "udp"

    # Members are singletons and keys of every dictionary of the planner: the hash by name is slow.
    __hash__ = object.__hash__

    def __lt__(self, other: "Transport") -> bool:
        return self.value < other.value


class Evidence(Enum):
    """Why a row is there: the article says it, needs it, or only allows it."""

    STATED = "stated"
    INFERRED = "inferred"
    OPTIONAL = "optional"


class Phase(Enum):
    """Call control (set-up, tear-down) or the transmission of audio and fax."""

    CONTROL = "control"
    MEDIA = "media"
    CONTROL_AND_MEDIA = "control and media"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Ports that a role opens.

    `setting` names where the port is configured, empty where the article names nothing;
    `registry` the value names. `allocated`: a range from which single ports are taken as needed,
    not a fixed port. `narrow_only`: an override may only shrink the range. `instead`: the listener
    of the role that serves in its place where multicast does not reach.
    """

    role: str
    key: str
    transports: tuple[Transport, ...]
    ports: PortSet
    phase: Phase
    purpose: str
    lines: tuple[int, ...]
    evidence: Evidence = Evidence.STATED
    configurable: str = ""
    registry: tuple[str, ...] = ()
    overridable: bool = False
    allocated: bool = False
    narrow_only: bool = False
    decided_by: Literal["cornet", ""] = ""  # the decision that may pin one of the ports
    never_a_rule: bool = False  # multicast: reported, never opened in a cloud
    instead: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A product of the article that a machine or a network carries.

    `slug` is the lower-case name used in group names. `media` names the listener that sends and
    receives media for each transport. `control_paths` are the ways its call control may go, the
    default first; empty where there is only one. `needs_manager` is the role that its site must
    have, unless it goes another way than its first control path.
    """

    name: str
    slug: str
    kind: Literal["server", "client", "phone"]
    lines: tuple[int, ...]
    listeners: Mapping[str, Listener]
    media: Mapping[Transport, str] = field(default_factory=dict)
    on_networks: bool = False
    control_paths: tuple[str, ...] = ()
    needs_manager: str = ""
    once_per_site: bool = False
    serves_links: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One line of a flow: between which roles, over which ports, under which condition.

    The meaning of each field is that of the YAML key of the same name, see `load.py`.
    """

    scope: Literal["site", "served", "across", "chained", "provider", "devices"]
    initiators: tuple[str, ...] = ()
    responders: tuple[str, ...] = ()
    among: tuple[str, ...] = ()
    but_not: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    transport: Transport | None = None
    source: str = ""
    both_ways: bool = False
    media: Transport | None = None
    control_path: str = ""
    needs: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    not_towards: tuple[str, ...] = ()
    machines_only: bool = False
    fax_tcp_at: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowRow:
    """One row of the flow tables: who may talk to whom, why, and where the article says so."""

    id: str
    evidence: Evidence
    lines: tuple[int, ...]
    purpose: str
    legs: tuple[Leg, ...]

    @property
    def phase(self) -> Phase:
        """Media or control, as its first leg is."""
        return Phase.MEDIA if self.legs[0].media else Phase.CONTROL

    @property
    def may_be_disabled(self) -> bool:
        """Whether a site may turn it off: only what the article does not state."""
        return self.evidence is Evidence.INFERRED

    @property
    def may_be_enabled(self) -> bool:
        """Optional and inside a site: the others come with a declaration (a provider, a chain)."""
        return self.evidence is Evidence.OPTIONAL and self.legs[0].scope == "site"


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """One version of the article. `roles` and `flows` keep the order of the file, by name and id.

    What follows from one is kept for that very object: its mappings have no hash.
    """

    version: str
    roles: Mapping[str, Role]
    flows: Mapping[str, FlowRow]
    presets: Mapping[str, PortRange]  # restricted, windows-2003, windows-2008
    endpoint_mapper: Port  # 135
    cornet: PortSet
    ephemeral: Mapping[str, PortRange]  # operating systems -> their ephemeral range
    administration_ports: Mapping[str, PortRange]  # "RDP" -> 3389, ...
    uncovered: tuple[str, ...]  # services that the article does not cover

    __hash__ = object.__hash__

    def role_order(self, role: str) -> int:
        """The role's place in the article; sorts role lists the same way everywhere."""
        return tuple(self.roles).index(role)
