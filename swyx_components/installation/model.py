"""What an installation file says, as frozen values: the only form the planner sees."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from swyx_components.catalogue.model import Catalogue, Transport
from swyx_components.sets.ports import NO_PORTS, PortRange, PortSet
from swyx_components.sets.prefixes import Prefix

# (role, listener key) -> the range that replaces the catalogue's, sorted by key. `media` of a role
# whose listeners are media_udp and media_tcp is already spread over both.
PortOverrides = tuple[tuple[tuple[str, str], PortRange], ...]


class Egress(Enum):
    """Whether egress is planned (`closed`) or unmanaged (`open`)."""

    CLOSED = "closed"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What the article does not specify, as decided for one site. None: not decided.

    `h245` is an empty set where tunnelled, one range otherwise. `cornet_pinned` and
    `fax_stated` say whether the user wrote the value or the default holds. `dcom_preset`
    is the word written (`restricted`, `windows-2003`, `windows-2008`) or "" for ranges.
    """

    dcom_server: PortRange | None = None
    dcom_client: PortRange | None = None
    dcom_preset: str = ""
    dcom_transports: tuple[Transport, ...] = (Transport.TCP,)
    h245: PortSet | None = None
    h245_preset: str = ""
    fax_transports: tuple[Transport, ...] = (Transport.UDP,)
    fax_stated: bool = False
    cornet: PortSet = NO_PORTS
    cornet_pinned: bool = False

    def as_words(self) -> dict[str, str]:
        """All that is settled, defaults included, in the words of an installation file."""
        settled = {}
        if self.dcom_server == self.dcom_client:
            settled["dcom"] = self.dcom_preset or str(self.dcom_server or "")
        else:
            ranges = {"server": self.dcom_server, "client": self.dcom_client}
            decided = (f"{end}: {ports}" for end, ports in ranges.items() if ports is not None)
            settled["dcom"] = f"{{{', '.join(decided)}}}"
        settled["dcom_transport"] = _one_or_both(self.dcom_transports)
        if self.h245 is not None:
            settled["h245"] = self.h245_preset or str(self.h245 or "tunnelled")
        settled["fax_transport"] = _one_or_both(self.fax_transports)
        settled["cornet"] = str(self.cornet)
        return {key: words for key, words in settled.items() if words}


def _one_or_both(transports: tuple[Transport, ...]) -> str:
    return transports[0].value if len(transports) == 1 else "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One host. `addresses` are /32 or /128, `roles` in catalogue order, all sorted.

    Not `managed`: it is in no cloud: no rules are generated there, and others refer to its addresses.
    """

    name: str
    addresses: tuple[Prefix, ...]
    roles: tuple[str, ...]
    ports: PortOverrides = ()  # of this machine only; those of the site are in Site.ports
    managed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """CIDRs whose many hosts carry roles: an office LAN, a phone VLAN. `addresses` are the CIDRs.

    `managed`: it is in the site's cloud, and its changing hosts share one group.
    """

    name: str
    addresses: tuple[Prefix, ...]
    roles: tuple[str, ...]
    managed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraRule:
    """One rule of the site's own at one machine; `index` is its place in the file's list (from 0)."""

    index: int
    direction: str  # "in" or "out"
    machine: str
    peers: tuple[Prefix, ...]
    protocol: str  # "tcp", "udp" or "icmp"
    ports: PortSet  # empty for icmp
    reason: str
    acknowledge_public: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One site. Machines and networks are sorted by name, regardless of the order in the file.

    `summary`: disjoint CIDRs that stand for its machines and networks in the rules of other sites.
    """

    name: str
    machines: tuple[Machine, ...]
    networks: tuple[Network, ...] = ()
    decisions: Decisions = field(default_factory=Decisions)
    ports: PortOverrides = ()
    enabled: frozenset[str] = frozenset()
    disabled: frozenset[str] = frozenset()
    control_path: tuple[tuple[str, str], ...] = ()  # (role, "h323" | "phone_manager"), as written
    sip_devices: tuple[Prefix, ...] = ()
    summary: tuple[Prefix, ...] = ()
    egress: Egress = Egress.CLOSED
    extra_rules: tuple[ExtraRule, ...] = ()

    @property
    def owners(self) -> tuple[Machine | Network, ...]:
        """All that carries roles, machines first."""
        return (*self.machines, *self.networks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Two sites and the one LinkManager (shared) or the two (chained) that serve them.

    `near` is site A: the site of the shared LinkManager, or the first by name when chained.
    `far_manager` is empty for a shared link.
    """

    name: str
    near: str
    far: str
    near_manager: str
    far_manager: str = ""

    @property
    def ends(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """Both sites, each with its LinkManager; a shared link has none at its far site."""
        return (self.near, self.near_manager), (self.far, self.far_manager)

    @property
    def mode(self) -> str:
        """The word for it in a file."""
        return "chained" if self.far_manager else "shared"

    @property
    def managers(self) -> tuple[str, ...]:
        """Its LinkManagers: one, or two if chained."""
        return tuple(filter(None, (self.near_manager, self.far_manager)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A SIP provider, the LinkManager that connects to it and that LinkManager's site.

    `cidrs` carry calls and media, the two others one of these alone: no address is in two of them.
    """

    name: str
    cidrs: tuple[Prefix, ...]
    link_manager: str
    site: str
    media_ports: PortRange
    sip_port: int = 5060
    signalling_cidrs: tuple[Prefix, ...] = ()
    media_cidrs: tuple[Prefix, ...] = ()

    @property
    def addresses(self) -> tuple[Prefix, ...]:
        """All of its addresses."""
        return tuple(sorted((*self.cidrs, *self.signalling_cidrs, *self.media_cidrs)))

    @property
    def uses(self) -> Mapping[tuple[Prefix, ...], tuple[bool, ...]]:
        """Its addresses by whether they carry media: False, True, or both where they are the same."""
        found: dict[tuple[Prefix, ...], tuple[bool, ...]] = {}
        for is_media, own in ((False, self.signalling_cidrs), (True, self.media_cidrs)):
            prefixes = tuple(sorted((*self.cidrs, *own)))
            found[prefixes] = (*found.get(prefixes, ()), is_media)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A checked installation file: everything in it is consistent except what the planner judges.

    `sites` is sorted by name, `links` and `providers` too. `file` is what messages call the source,
    `catalogue_file` the path of a catalogue file that it names.
    `quotas` holds the cloud limits that the file overrides: {"aws": {"rules_per_group": 100}}.
    `acknowledged` holds the ids of settled messages, which are no longer shown.
    """

    file: str
    catalogue: Catalogue
    sites: Mapping[str, Site]
    catalogue_file: str = ""
    links: tuple[Link, ...] = ()
    providers: tuple[Provider, ...] = ()
    quotas: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    acknowledged: frozenset[str] = frozenset()
