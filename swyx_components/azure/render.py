"""From a site's plan to security rules as plain specs: lists of peers, source ports and ports.

The machine's own side of every rule is one of its ASGs, so that no side is `*`; the peer's side is
ASGs of the site, or prefixes of one IP version.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple, TypeVar

from swyx_components.azure.abilities import azure_abilities, limits
from swyx_components.azure.cover import ALL_PORTS, Product, Want, cover_wants
from swyx_components.azure.names import assign_priorities, clean_description, rule_name
from swyx_components.catalogue import Catalogue
from swyx_components.installation.model import Egress
from swyx_components.planner.describe import Provenance
from swyx_components.planner.minimise import lines_of
from swyx_components.planner.model import (
    Abilities,
    Direction,
    HostGroup,
    Identity,
    Need,
    Protocol,
    RenderedSite,
    SitePlan,
    Spec,
)
from swyx_components.planner.regions import NO_PORT, Opening, Peers, Regions, gather_peers
from swyx_components.planner.rendering import render_groups
from swyx_components.sets.ports import NO_PORTS, PortSet
from swyx_components.sets.prefixes import Prefix

_EVERYWHERE = (Prefix(4, 0, 0), Prefix(6, 0, 0))

_Peer = TypeVar("_Peer", Identity, int)  # an ASG, or the place of a region
_Side = tuple[tuple[Identity, ...], tuple[Prefix, ...]]  # the peers of a rule; one of both is empty


class _Frame(NamedTuple):
    """What the rules of one group, direction and protocol share."""

    group: HostGroup
    direction: Direction
    protocol: Protocol
    abilities: Abilities
    provenance: Provenance


class _Kind(NamedTuple):
    """What a need opens and for which flow, whoever the peer is."""

    flow: str
    sources: PortSet
    ports: PortSet


def render_site(
    plan: SitePlan, catalogue: Catalogue, quotas: Mapping[str, int] | None = None
) -> RenderedSite:
    """One network security group a host group of the site, with the fewest rules we know of."""
    return render_groups(plan, catalogue, azure_abilities(quotas), render_group)


def render_group(
    group: HostGroup, egress: Egress, abilities: Abilities, provenance: Provenance
) -> tuple[Spec, ...]:
    """The rules of one network security group, by direction and priority, each ending in a deny."""
    peers = gather_peers(group.needs)
    specs: list[Spec] = []
    for direction in Direction if egress is Egress.CLOSED else (Direction.IN,):
        allowed = [
            spec
            for protocol in Protocol
            for spec in _specs(_Frame(group, direction, protocol, abilities, provenance), peers)
        ]
        priorities = assign_priorities(spec.name for spec in allowed)
        placed = (spec._replace(priority=priorities[spec.name]) for spec in allowed)
        specs += [*sorted(placed, key=lambda spec: spec.priority), _deny_rest(direction)]
    return tuple(specs)


def _specs(frame: _Frame, peers: Peers) -> Iterator[Spec]:
    """The rules for one direction and protocol: by ASG, by IPv4 prefix, by IPv6 prefix."""
    named: dict[Identity, list[Need]] = {}
    for need in peers.named:
        if need.identity is not None:
            named.setdefault(need.identity, []).append(need)
    most = frame.abilities.limits["asgs_per_rule_side"]
    yield from _cover(frame, "asg", named, partial(_write_identities, most))
    for regions in peers.regions:
        write = partial(_write_prefixes, regions)
        yield from _cover(frame, f"ipv{regions.version}", dict(enumerate(regions.openings)), write)


def _cover(
    frame: _Frame,
    name: str,
    needed: Mapping[_Peer, Iterable[Need | Opening]],
    write: Callable[[Iterable[_Peer]], Iterator[_Side]],
) -> Iterator[Spec]:
    # Many peers of a hub need the same: what a peer needs is looked at once a kind, not once a peer.
    kinds: dict[frozenset[_Kind], list[_Peer]] = {}
    for peer, opened in needed.items():
        own = frozenset(
            _kind(one)
            for one in opened
            if (one.direction, one.protocol) == (frame.direction, frame.protocol)
        )
        if own:
            kinds.setdefault(own, []).append(peer)
    alike: dict[tuple[Want, ...], list[frozenset[_Kind]]] = {}
    for own in kinds:
        alike.setdefault(_wants(own), []).append(own)
    wants = tuple(sorted(alike))
    for product in cover_wants(wants):
        met = [own for place in product.peers for own in alike[wants[place]]]
        flows = sorted({one.flow for own in met for one in own if _within(one, product)})
        draft = _draft(frame, product, flows)
        for chunk, side in enumerate(write(peer for own in met for peer in kinds[own])):
            label = rule_name(
                draft.direction, draft.protocol, draft.ports, draft.source_ports, name, chunk
            )
            yield draft._replace(name=label, identities=side[0], prefixes=side[1])


def _kind(one: Need | Opening) -> _Kind:
    sources = PortSet((one.source_ports,)) if one.source_ports else ALL_PORTS
    return _Kind(one.flow, sources, one.ports if one.protocol.has_ports else NO_PORT)


def _wants(kinds: Iterable[_Kind]) -> tuple[Want, ...]:
    """What a peer needs, in one form whatever the order and number of the needs."""
    by_source: dict[PortSet, PortSet] = {}
    for one in kinds:
        by_source[one.sources] = by_source.get(one.sources, NO_PORTS) | one.ports
    return tuple(Want(source, ports) for source, ports in sorted(by_source.items()))


def _within(one: _Kind, product: Product) -> bool:
    return bool(one.sources & product.sources) and bool(one.ports & product.ports)


def _draft(frame: _Frame, product: Product, flows: Sequence[str]) -> Spec:
    """The rule without peers and without what is named after them."""
    lines = lines_of(flows, frame.provenance.catalogue)
    text = frame.provenance.describe(flows, lines, limits()["texts"]["description"])
    return Spec(
        direction=frame.direction,
        protocol=frame.protocol,
        ports=product.ports if frame.protocol.has_ports else None,
        source_ports=None if product.sources == ALL_PORTS else product.sources,
        own_identity=frame.group.identities[0],
        description=clean_description(text),
        flows=tuple(flows),
        lines=lines,
    )


def _write_identities(most: int, identities: Iterable[Identity]) -> Iterator[_Side]:
    """ASGs as a rule's side, or as several where there are more than a side takes."""
    ordered = sorted(identities)
    for start in range(0, len(ordered), most):
        yield tuple(ordered[start : start + most]), ()


def _write_prefixes(regions: Regions, places: Iterable[int]) -> Iterator[_Side]:
    found = regions.prefixes_of(frozenset(places)).values()
    yield (), tuple(sorted(prefix for prefixes in found for prefix in prefixes))


def _deny_rest(direction: Direction) -> Spec:
    """The end of a direction: without it the default rules let the whole virtual network pass."""
    return Spec(
        direction=direction,
        protocol=Protocol.ANY,
        ports=None,
        source_ports=None,
        prefixes=_EVERYWHERE,
        allow=False,
        priority=limits()["priorities"]["deny"],
        name=f"{direction.value}-deny-rest",
        description="what no rule above allows is closed",
    )
