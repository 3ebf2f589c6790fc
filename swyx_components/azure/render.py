"""From a site's plan to security rules as plain specs: lists of peers, source ports and ports.

The machine's own side of every rule is one of its ASGs, so that no side is `*`; the peer's side is
ASGs of the site, or prefixes of one IP version.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

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
from swyx_components.planner.rendering import render_groups
from swyx_components.sets.ports import NO_PORTS, PortSet
from swyx_components.sets.prefixes import Interval, Prefix, join_intervals, split_interval

_EVERYWHERE = (Prefix(4, 0, 0), Prefix(6, 0, 0))
_NO_PORT = PortSet.of((0, 0))  # stands for the absence of ports in ICMP


class Atom(NamedTuple):
    """A peer that is not divided further: an identity, or a piece of one IP version's addresses."""

    identity: Identity | None
    version: int = 0
    piece: Interval = Interval(0, 0)


def render_site(
    plan: SitePlan, catalogue: Catalogue, quotas: Mapping[str, int] | None = None
) -> RenderedSite:
    """One network security group a host group of the site, with the fewest rules we know of."""
    return render_groups(plan, catalogue, azure_abilities(quotas), render_group)


def render_group(
    group: HostGroup, egress: Egress, abilities: Abilities, provenance: Provenance
) -> tuple[Spec, ...]:
    """The rules of one network security group, by direction and priority, each ending in a deny."""
    by_kind: dict[tuple[Direction, Protocol], list[Need]] = {}
    for need in group.needs:
        by_kind.setdefault((need.direction, need.protocol), []).append(need)
    specs: list[Spec] = []
    for direction in Direction if egress is Egress.CLOSED else (Direction.IN,):
        allowed = [
            spec
            for protocol in Protocol
            for spec in _specs(group, by_kind.get((direction, protocol), ()), abilities, provenance)
        ]
        priorities = assign_priorities(spec.name for spec in allowed)
        placed = (replace(spec, priority=priorities[spec.name]) for spec in allowed)
        specs += [*sorted(placed, key=lambda spec: spec.priority), _deny_rest(direction)]
    return tuple(specs)


def _specs(
    group: HostGroup, needs: Sequence[Need], abilities: Abilities, provenance: Provenance
) -> Iterator[Spec]:
    """The rules for one direction and protocol: by ASG, by IPv4 prefix, by IPv6 prefix."""
    atoms = {
        "asg": _identity_atoms(needs),
        "ipv4": _address_atoms(needs, 4),
        "ipv6": _address_atoms(needs, 6),
    }
    for kind, members in atoms.items():
        if members:
            yield from _cover(group, kind, members, abilities, provenance)


def _identity_atoms(needs: Iterable[Need]) -> Mapping[Atom, list[Need]]:
    atoms: dict[Atom, list[Need]] = {}
    for need in needs:
        if need.identity is not None:
            atoms.setdefault(Atom(need.identity), []).append(need)
    return atoms


def _address_atoms(needs: Iterable[Need], version: int) -> Mapping[Atom, list[Need]]:
    """The addresses of peers cut wherever what they need changes."""
    by_prefix: dict[Prefix, list[Need]] = {}
    for need in needs:
        if need.identity is None:
            for prefix in set(need.peer.prefixes):
                if prefix.version == version:
                    by_prefix.setdefault(prefix, []).append(need)
    cuts = sorted({cut for prefix in by_prefix for cut in (prefix.first, prefix.last + 1)})
    members: list[list[Need]] = [[] for _ in cuts]
    for prefix, own in by_prefix.items():
        for place in range(bisect_left(cuts, prefix.first), bisect_left(cuts, prefix.last + 1)):
            members[place] += own
    return {
        Atom(None, version, Interval(cuts[place], cuts[place + 1] - 1)): own
        for place, own in enumerate(members)
        if own
    }


def _cover(
    group: HostGroup,
    kind: str,
    atoms: Mapping[Atom, list[Need]],
    abilities: Abilities,
    provenance: Provenance,
) -> Iterator[Spec]:
    # Many peers of a hub need the same: what a peer needs is looked at once a kind, not once a peer.
    kinds: dict[frozenset[_Kind], list[Atom]] = {}
    for atom, needs in atoms.items():
        kinds.setdefault(frozenset(map(_kind, needs)), []).append(atom)
    alike: dict[tuple[Want, ...], list[frozenset[_Kind]]] = {}
    for needed in kinds:
        alike.setdefault(_wants(needed), []).append(needed)
    wants = tuple(sorted(alike))
    for product in cover_wants(wants):
        met = [needed for place in product.peers for needed in alike[wants[place]]]
        peers = sorted(atom for needed in met for atom in kinds[needed])
        flows = sorted({one.flow for needed in met for one in needed if _within(one, product)})
        draft = _draft(group, atoms[peers[0]][0], product, flows, provenance)
        for chunk, sides in enumerate(_sides(peers, abilities.limits["asgs_per_rule_side"])):
            name = rule_name(
                draft.direction, draft.protocol, draft.ports, draft.source_ports, kind, chunk
            )
            yield replace(draft, name=name, identities=sides[0], prefixes=sides[1])


class _Kind(NamedTuple):
    """What a need opens and for which flow, whoever the peer is."""

    flow: str
    sources: PortSet
    ports: PortSet


def _kind(need: Need) -> _Kind:
    sources = PortSet((need.source_ports,)) if need.source_ports else ALL_PORTS
    return _Kind(need.flow, sources, need.ports if need.protocol.has_ports else _NO_PORT)


def _wants(kinds: Iterable[_Kind]) -> tuple[Want, ...]:
    """What a peer needs, in one form whatever the order and number of the needs."""
    by_source: dict[PortSet, PortSet] = {}
    for one in kinds:
        by_source[one.sources] = by_source.get(one.sources, NO_PORTS) | one.ports
    return tuple(Want(source, ports) for source, ports in sorted(by_source.items()))


def _within(one: _Kind, product: Product) -> bool:
    return bool(one.sources & product.sources) and bool(one.ports & product.ports)


def _draft(
    group: HostGroup, need: Need, product: Product, flows: Sequence[str], provenance: Provenance
) -> Spec:
    """The rule without peers and without what is named after them."""
    lines = lines_of(flows, provenance.catalogue)
    text = provenance.describe(flows, lines, limits()["texts"]["description"])
    return Spec(
        direction=need.direction,
        protocol=need.protocol,
        ports=product.ports if need.protocol.has_ports else None,
        source_ports=None if product.sources == ALL_PORTS else product.sources,
        own_identity=group.identities[0],
        description=clean_description(text),
        flows=tuple(flows),
        lines=lines,
    )


def _sides(
    peers: Sequence[Atom], most: int
) -> Iterator[tuple[tuple[Identity, ...], tuple[Prefix, ...]]]:
    """The peers as a rule's side, or as several where there are more ASGs than a side takes."""
    identities = [atom.identity for atom in peers if atom.identity is not None]
    for start in range(0, len(identities), most):
        yield tuple(identities[start : start + most]), ()
    if not identities:
        version = peers[0].version
        joined = join_intervals(atom.piece for atom in peers)
        yield (), tuple(p for interval in joined for p in split_interval(version, interval))


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
