"""From the passes' names for a group that stands alone to what its program has: ids and addresses."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from swyx_components.catalogue import Catalogue
from swyx_components.components.peers import Peer
from swyx_components.installation.model import Machine
from swyx_components.planner.minimise import NEUTRAL, minimise
from swyx_components.planner.model import (
    Endpoint,
    HostGroup,
    Identity,
    Need,
    Party,
    PartyKind,
    Required,
)


def touches(own: Endpoint, *ends: Endpoint) -> bool:
    """Whether any of the ends is the group's own."""
    return any(is_same(own, end) for end in ends)


def is_same(one: Endpoint, other: Endpoint) -> bool:
    """Whether two views are of one endpoint; of a group and of what is not one never."""
    return (one.site, one.label, one.group is None) == (
        other.site,
        other.label,
        other.group is None,
    )


class Translator:
    """From the passes' names for groups to what the program has: ids and addresses.

    A peer with the same roles as the group is one group with it to the passes, and is told apart here.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        site: str,
        roles: Sequence[str],
        names: set[str],
        planned: HostGroup,
        groups: Iterable[HostGroup],
        peers: Sequence[Peer],
    ) -> None:
        self.catalogue = catalogue
        self.site = site
        self.roles = tuple(sorted(roles, key=catalogue.role_order))
        self.planned = planned
        self.machines = tuple(m for m in planned.machines if m.name in names)
        self.members = {group.name: group.machines for group in groups}
        self.peers = {peer.machine: peer for peer in peers}
        self.own_name = "-".join(catalogue.roles[role].slug for role in self.roles)

    def group(self) -> HostGroup:
        """The group itself, with needs that name its peers as its program does."""
        needs = tuple(
            dict.fromkeys(told for need in self.planned.needs for told in self._needs(need))
        )
        return HostGroup(
            name=self.own_name,
            site=self.site,
            roles=self.roles,
            identities=tuple(Identity(role) for role in self.roles),
            machines=self.machines,
            needs=needs,
            rules=minimise(needs, NEUTRAL, self.catalogue),
        )

    def peer_groups(self) -> Iterator[HostGroup]:
        """A group for each peer named by id: no rules, but a name and identities to refer to."""
        named = {machine.name: machine for group in self.members.values() for machine in group}
        for peer in self.peers.values():
            if peer.by_id:
                yield HostGroup(
                    name=peer.machine,
                    site=self.site,
                    roles=peer.roles,
                    identities=tuple(Identity(role, peer.machine) for role in peer.roles),
                    machines=(named[peer.machine],),
                )

    def _needs(self, need: Need) -> Iterator[Need]:
        if need.peer.kind is PartyKind.CIDRS or need.identity is None:
            yield need
            return
        for machine in self.members[need.peer.label]:
            peer = self.peers.get(machine.name)
            if peer is None and len(self.machines) > 1:
                party = Party(PartyKind.GROUP, self.own_name)
                yield need._replace(peer=party, identity=Identity(need.identity.role))
            elif peer is not None and peer.by_id:
                party = Party(PartyKind.GROUP, peer.machine)
                yield need._replace(peer=party, identity=Identity(need.identity.role, peer.machine))
            elif peer is not None:
                yield from self._by_address(need, machine)

    def _by_address(self, need: Need, machine: Machine) -> Iterator[Need]:
        versions = {address.version for own in self.machines for address in own.addresses}
        prefixes = tuple(p for p in machine.addresses if p.version in versions)
        if prefixes:
            party = Party(PartyKind.CIDRS, machine.name, prefixes)
            yield need._replace(peer=party, identity=None)

    def flows(self, flows: Iterable[Required], whole: Endpoint) -> Iterator[Required]:
        """The flows as seen from the group, for the proof: it at one end, whoever at the other."""
        addresses = tuple(address for machine in self.machines for address in machine.addresses)
        own = replace(whole, label=self.own_name, prefixes=addresses)
        for flow in flows:
            if is_same(whole, flow.initiator):
                yield flow._replace(initiator=own, responder=_as_peer(flow.responder))
            if is_same(whole, flow.responder):
                yield flow._replace(initiator=_as_peer(flow.initiator), responder=own)


def _as_peer(endpoint: Endpoint) -> Endpoint:
    """The same under a label that no group here has."""
    return replace(endpoint, label=f"peer {endpoint.label}")
