"""The shape of a catalogue: frozen, validated values that the planner compiles."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal, Self

from swyx_components.messages import fold
from swyx_components.sets.ports import NO_PORTS, PortRange, PortSet


class Ordered(Enum):
    """Words with an order, that of their values, and a quick hash: by name it is slow, and the planner's
    dictionaries have them as keys.
    """

    __hash__ = object.__hash__

    def __lt__(self, other: Self) -> bool:
        return bool(self.value < other.value)


class Transport(Ordered):
    """The transports of the article; `value` is the name in plans and clouds."""

    TCP = "tcp"
    UDP = "udp"


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


def cite(lines: Iterable[int], source: str = "") -> str:
    """Lines of the article, `L94 L49`, or of a document, `kb2308 L94`, which may be named alone."""
    return " ".join(filter(None, (source, *(f"L{line}" for line in lines))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Ports that a role opens.

    `setting` names where the port is configured, empty where the article names nothing;
    `registry` the value names. `allocated`: a range from which single ports are taken as needed,
    not a fixed port. `narrow_only`: an override may only shrink the range. `instead`: the listener
    of the role that serves in its place where multicast does not reach.
    """

    key: str
    role: str
    transports: tuple[Transport, ...]
    ports: PortSet
    phase: Phase
    purpose: str
    source: str = ""
    lines: tuple[int, ...] = ()
    evidence: Evidence = Evidence.STATED
    configurable: str = ""
    registry: tuple[str, ...] = ()
    may_override: bool | None = None  # None: where it can be configured
    allocated: bool = False
    narrow_only: bool = False
    decided_by: Literal["cornet", ""] = ""  # the decision that may pin one of the ports
    never_a_rule: bool = False  # multicast: reported, never opened in a cloud
    instead: str = ""

    @property
    def overridable(self) -> bool:
        """Whether an installation may override the ports."""
        return bool(self.configurable) if self.may_override is None else self.may_override

    @property
    def citation(self) -> str:
        """Where the document says so."""
        return cite(self.lines, self.source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A product of the article that a machine or a network carries.

    `media` names the listener that sends and receives media for each transport. `control_paths` are the
    ways its call control may go, the default first; empty where there is only one. `needs_manager` is the
    role that its site must have, unless it goes another way than its first control path.
    """

    name: str
    kind: Literal["server", "client", "phone"]
    listeners: Mapping[str, Listener]
    media: Mapping[Transport, str] = field(default_factory=dict)
    lines: tuple[int, ...] = ()
    on_networks: bool = False
    control_paths: tuple[str, ...] = ()
    needs_manager: str = ""
    once_per_site: bool = False
    serves_links: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One line of a flow: between which roles, over which ports, under which condition.

    The meaning of each field is that of the YAML key of the same name, see `v6_01.yaml`.
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
    fax_tcp_at: tuple[Literal["from", "to"], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowRow:
    """One row of the flow tables: who may talk to whom, why, and where the article says so."""

    id: str
    evidence: Evidence
    purpose: str
    legs: tuple[Leg, ...]
    source: str = ""
    lines: tuple[int, ...] = ()

    @property
    def citation(self) -> str:
        """Where the document says so."""
        return cite(self.lines, self.source)

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


PARTY = "party"  # the end of a step that is the party itself


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStep:
    """One step between two ends, which `sender` and `receiver` name as `calls.yaml` says."""

    flows: tuple[str, ...]
    sender: str
    receiver: str
    does: str
    ports: tuple[str, ...] = ()
    both_ways: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How parties of these roles call and are called; `roles` is empty for a SIP provider."""

    roles: tuple[str, ...]
    calling: tuple[CallStep, ...]
    called: tuple[CallStep, ...]
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkWay:
    """The steps between the servers of two sites, by who calls: the nearer site or the other."""

    mode: str
    near_calls: tuple[CallStep, ...]
    far_calls: tuple[CallStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Calls that belong together: pairs of `ROLE@here`, `ROLE@there`, `provider@here`."""

    name: str
    title: str
    calls: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBook:
    """All of the file. `links` has the steps by the mode of the link.

    `server` is the role that every call of a site goes through, `media` and `without_link` what the
    steps say that no row has.
    """

    server: str
    ways: tuple[Way, ...]
    media: Mapping[Transport, str] = field(default_factory=dict)
    without_link: str = "hand-over"
    words: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, LinkWay] = field(default_factory=dict)
    scenarios: Mapping[str, Scenario] = field(default_factory=dict)

    def find_role(self, word: str, catalogue: "Catalogue") -> str:
        """The role that a word means, in any case and punctuation (`SwyxIt!`); else empty."""
        spelled = {fold(role.name): role.name for role in catalogue.roles.values()}
        folded = fold(word)
        role = self.words.get(folded) or spelled.get(folded, "")
        return role if role in catalogue.roles else ""

    def way_of(self, role: str, path: str = "") -> Way:
        """How a role (none: a SIP provider) calls and is called on its control path, if it has several.

        Raises:
            KeyError: the role takes part in no call.
        """
        for way in self.ways:
            if (role in way.roles if role else not way.roles) and path in ("", way.path):
                return way
        raise KeyError(role)

    @property
    def parties(self) -> frozenset[str]:
        """The roles that make and take calls."""
        return frozenset(role for way in self.ways for role in way.roles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """One version of a document. `roles` and `flows` keep the order of the file, by name and id.

    `source` is what the document is called, `product` what it is about, if that has a name.
    What follows from one is kept for that very object: its mappings have no hash.
    """

    version: str
    source: str
    roles: Mapping[str, Role]
    flows: Mapping[str, FlowRow]
    product: str = ""
    presets: Mapping[str, PortRange] = field(default_factory=dict)  # restricted, windows-2003, ...
    endpoint_mapper: PortSet = field(default_factory=lambda: PortSet.of((135, 135)))
    cornet: PortSet = NO_PORTS
    ephemeral: Mapping[str, PortRange] = field(default_factory=dict)  # by operating system
    administration_ports: Mapping[str, PortRange] = field(default_factory=dict)  # "RDP" -> 3389
    uncovered: tuple[str, ...] = ("other services",)  # services that the document does not cover
    uncovered_ports: Mapping[str, PortRange] = field(default_factory=dict)  # "DNS" -> 53, ...
    cited_lines: Mapping[int, str] = field(default_factory=dict)  # what a line says, in our words
    calls: CallBook | None = None

    __hash__ = object.__hash__

    @property
    def name(self) -> str:
        """What the system is called, if only by its document."""
        return self.product or self.source

    @property
    def title(self) -> str:
        """The name with the version: `SwyxWare 6.01`."""
        return f"{self.name} {self.version}"

    def explain_lines(self, lines: Iterable[int]) -> tuple[tuple[int, str], ...]:
        """The lines that have a sentence, each once and in order, with what they say."""
        said = self.cited_lines
        return tuple((line, said[line]) for line in sorted(set(lines)) if line in said)

    def in_order(self, roles: Collection[str]) -> tuple[str, ...]:
        """Roles in the document's order, which sorts role lists the same way everywhere."""
        return tuple(role for role in self.roles if role in roles)
