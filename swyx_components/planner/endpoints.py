"""Who talks to whom: host groups and other endpoints, and the flows between two of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from operator import attrgetter
from typing import NamedTuple, Self

from swyx_components.catalogue.model import Transport
from swyx_components.installation.model import Machine, Network
from swyx_components.planner.exchange import NO_EXCHANGE, Exchange
from swyx_components.planner.port_references import EndpointKind
from swyx_components.sets.ports import PortRange, PortSet
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
        members = self.members
        if len(members) == 1:
            return members[0].addresses
        return tuple([address for member in members for address in member.addresses])

    @property
    def place(self) -> str:
        """The place of its first member in the installation's file."""
        kind = "machines" if self.network is None else "networks"
        return f"sites.{self.site}.{kind}.{self.members[0].name}"

    @property
    def versions(self) -> frozenset[int]:
        """The IP versions (4, 6) that any of its members has."""
        return versions_of(self.addresses)

    def split(self) -> Iterator[Self]:
        """A group for each member, with its name."""
        if self.network is not None:
            yield self
        for machine in self.machines:
            yield replace(self, name=machine.name, machines=(machine,))


def versions_of(addresses: Iterable[Prefix]) -> frozenset[int]:
    """The IP versions (4, 6) of some addresses."""
    return frozenset(map(attrgetter("version"), addresses))


class PeerKind(Enum):
    """GROUP: machines of this site, referred to by name. CIDRS: anything else, by address."""

    GROUP = "group"
    CIDRS = "cidrs"


class Peer(NamedTuple):
    """One end of communication as one site sees it.

    `label` is what people call it: a group, a network, `bochum/bo-server`, `provider carrier`.
    """

    kind: PeerKind
    label: str
    prefixes: tuple[Prefix, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Endpoint:
    """A host group, a network, a machine outside the cloud, a provider or a site's SIP devices, with what
    it listens on. A managed network is a host group too.

    Compared by identity: two views of one group are never mixed within one expansion. `versions` are the
    IP versions (4, 6) of its addresses; `summary` the CIDRs of its site's summary that hold its addresses,
    and the addresses of a family without one.
    """

    site: str
    label: str
    kind: EndpointKind
    prefixes: tuple[Prefix, ...]
    versions: frozenset[int]
    group: MachineGroup | None = None
    summary: tuple[Prefix, ...] = ()

    @property
    def joins_itself(self) -> bool:
        """Whether a flow from it to itself runs between two hosts with an IP version in common."""
        if not (self.group and len(self.group.machines) > 1):
            return not self.kind.is_machine
        known = [v for own in self.group.machines for v in versions_of(own.addresses)]
        return len(known) > len({*known})

    @property
    def members(self) -> tuple[str, ...]:
        """The machines of its group by name, or what it is called itself."""
        machines = self.group.machines if self.group else ()
        return tuple([own.name for own in machines]) or (self.label,)

    @property
    def hosts(self) -> list[tuple[str, tuple[Prefix, ...]]]:
        """The same, each with its addresses."""
        members = self.group.members if self.group else ()
        return [(own.name, own.addresses) for own in members] or [(self.label, self.prefixes)]

    def addresses_for(self, site: str) -> tuple[Prefix, ...]:
        """Its addresses in the rules of a site: its own, or what stands for them at other sites."""
        return self.summary if self.summary and self.site != site else self.prefixes

    def peer_for(self, site: str) -> Peer:
        """How a rule of `site` names this endpoint: its own groups of machines, else by address."""
        if self.group is not None and self.group.machines and self.site == site:
            return Peer(PeerKind.GROUP, self.label)
        label = "/".join(self.members) if self.group else self.label
        label = label if self.site in ("", site) else f"{self.site}/{label}"
        return Peer(PeerKind.CIDRS, label, self.addresses_for(site))


class Flow(NamedTuple):
    """One flow between two endpoints; `source_ports` None means any."""

    flow: str
    initiator: Endpoint
    initiator_role: str
    responder: Endpoint
    responder_role: str
    transport: Transport
    ports: PortSet
    source_ports: PortRange | None

    def content(self, names: Mapping[tuple[str, str], str] = {}) -> tuple[object, ...]:
        """All of it by value, so that the flows of two plans can be compared; `names` are what ends are
        called instead, by site and label.
        """
        ends = (
            (e.site, names.get((e.site, e.label), e.label), e.prefixes, e.summary)
            for e in (self.initiator, self.responder)
        )
        return self.flow, self.initiator_role, self.responder_role, *self[5:], *ends


# Two endpoints with the flows between them; the same one twice: its hosts.
EndpointPair = tuple[Endpoint, Endpoint, Exchange]


class Flows:
    """The flows of one site, by the two endpoints that they are between; one by one only when listed."""

    __slots__ = ("_scopes", "pairs")

    def __init__(self, scopes: Iterable[Sequence[EndpointPair]] = ()) -> None:
        self._scopes = [*scopes]
        self.pairs = [
            pair for scope in self._scopes for pair in scope if pair[2] is not NO_EXCHANGE
        ]

    def __len__(self) -> int:
        return sum([len(exchange.exchanged) for _, _, exchange in self.pairs])

    def __iter__(self) -> Iterator[Flow]:
        for scope in self._scopes:
            yield from _in_order(scope)


def _in_order(scope: Iterable[EndpointPair]) -> list[Flow]:
    """The flows of a scope as the catalogue has their legs, then by initiator and responder of the leg."""
    flows: list[Flow] = []
    keys: list[tuple[int, int, int]] = []
    places: dict[Endpoint, int] = {}
    for first, second, exchange in scope:
        one, two = (places.setdefault(end, len(places)) for end in (first, second))
        for row in exchange.exchanged:
            order, from_first, forward, flow, role, its_role, transport, ports, source = row
            keys.append((order, one, two) if from_first else (order, two, one))
            ends = (first, role, second, its_role) if forward else (second, role, first, its_role)
            flows.append(Flow(flow, *ends, transport, ports, source))
    return [flows[place] for place in sorted(range(len(flows)), key=keys.__getitem__)]
