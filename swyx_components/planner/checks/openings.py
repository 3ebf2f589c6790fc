"""Side effects of a plan: openings beyond the purpose, gaps in addresses."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, product

from swyx_components.catalogue.model import Catalogue
from swyx_components.messages import Message, note_about, shorten
from swyx_components.planner.checks.port_conflicts import find_by_place, find_ranges
from swyx_components.planner.endpoints import Endpoint, EndpointPair, PeerKind
from swyx_components.planner.exchange import Exchange
from swyx_components.planner.minimise import SiteRules
from swyx_components.planner.model import PROTOCOL_OF, Direction, HostGroup, Protocol
from swyx_components.planner.port_references import EndpointKind
from swyx_components.planner.topology import SiteTopology
from swyx_components.sets.ports import NO_PORTS, PortSet
from swyx_components.sets.prefixes import Prefix, collapse_prefixes

_MOST_PARTS = 4  # of what another site's group is called: the site and three machines
_MOST_PEERS = 3  # that a message names


def check_openings(site: SiteRules) -> Iterator[Message]:
    """Warnings and notes that follow from the finished requirements of a site."""
    view, by_place = site.flows.site, find_by_place(site)
    told = {(place, role): own for place, (_, told) in by_place for role, own in told.items()}
    for group in site.groups:
        kind = view.endpoint_of[group.members[0].name].kind
        # Ranges that have no port in common reach one listener each, but an extra rule may open any.
        may_reach = find_ranges(kind, view.catalogue).reaches or view.site.extra_rules
        for (role, key), reached in _find_reached(view, group).items() if may_reach else ():
            if role:
                conflicts = told.get((group.place, role), NO_PORTS)
                yield from _opened_beside(view, group, (role, key), reached, conflicts)
            else:
                yield from _administration_inside(view, group, key, reached)
    pairs = [*site.flows.flows.pairs, *site.flows.apart]
    mixed = [own for own in pairs if len(own[0].versions) > 1 or own[0].versions != own[1].versions]
    yield from _no_common_version(view, mixed)
    if wide := [own for own in pairs if own[0].summary or own[1].summary]:
        yield from _widened(view, [own[:2] for own in wide if own[2].exchanged])
    yield from _unreachable_extras(view)


_Listener = tuple[str, str]  # its role and key; a service of administration has no role
_Peer = tuple[PeerKind, str]  # its label
# By the ports of a listener that ranges meant for another purpose hold: the flows and peers of these.
_Reached = Mapping[PortSet, Collection[tuple[str, _Peer]]]


def _find_reached(view: SiteTopology, group: HostGroup) -> Mapping[_Listener, _Reached]:
    """What the peers of a group reach in ranges meant for another purpose.

    A peer with a flow that is about just this listener, or names it, reaches nothing that was not meant.
    """
    kind, catalogue = view.endpoint_of[group.members[0].name].kind, view.catalogue
    meant: dict[_Peer, set[tuple[_Listener, Protocol]]] = {}
    beside: list[tuple[_Peer, _Listener, Protocol, PortSet, str]] = []
    for peer, access in group.requirements:
        of_peer = meant.setdefault(named := peer[:2], set())
        for way, protocol, ports, _, flow in access:
            if way is Direction.IN:
                for listener, shared in _find_met(kind, protocol, ports, catalogue):
                    if shared and flow not in _flows_naming(catalogue, *listener):
                        beside.append((named, listener, protocol, shared, flow))
                    else:
                        of_peer.add((listener, protocol))
    found: dict[_Listener, dict[PortSet, set[tuple[str, _Peer]]]] = {}
    for named, listener, protocol, shared, flow in beside:
        if (listener, protocol) not in meant[named]:
            found.setdefault(listener, {}).setdefault(shared, set()).add((flow, named))
    return found


@lru_cache(maxsize=8192)
def _find_met(
    kind: EndpointKind, protocol: Protocol, ports: PortSet, catalogue: Catalogue
) -> Sequence[tuple[_Listener, PortSet]]:
    """The listeners that ranges let in meet, each with the ports in common; none, where it holds a range.

    So are services of administration, which no range is meant for.
    """
    met = [
        ((role, key), NO_PORTS if any(map(listener.covers, ports)) else shared)
        for (role, key), listener in kind.ports.items()
        if (shared := ports & listener)
        and protocol in map(PROTOCOL_OF.get, catalogue.roles[role].listeners[key].transports)
    ]
    services = catalogue.administration_ports.items() if protocol is Protocol.TCP else ()
    return met + [(("", name), own) for name, part in services if (own := ports & PortSet((part,)))]


def _opened_beside(
    view: SiteTopology, group: HostGroup, place: _Listener, reached: _Reached, conflicts: PortSet
) -> Iterator[Message]:
    """A listener of a machine that a range meant for another purpose covers as well, unless both want it."""
    role, key = place
    for shared, flows in reached.items():
        if not shared - conflicts:
            flows = [own for own in flows if own[0].startswith("extra:")]
        reaching = sorted(flows, key=_by_peer)
        peers = dict.fromkeys(_called(view, peer) for _, peer in reaching)
        values = {"flows": list(dict.fromkeys(flow for flow, _ in reaching)), "ports": shared}
        values |= {"role": role, "key": key, "parties": shorten(peers, _MOST_PEERS)}
        if reaching:
            yield Message.about("opened-beside", group.place, **values)


@lru_cache(maxsize=1024)
def _flows_naming(catalogue: Catalogue, role: str, key: str) -> frozenset[str]:
    """The flows to a role that name a listener, perhaps beside others: `ports: [sip, sips]`."""
    return frozenset(
        row.id
        for row in catalogue.flows.values()
        if any(key in leg.ports and role in (*leg.responders, *leg.initiators) for leg in row.legs)
    )


def _shorten(label: str) -> str:
    """Another site's group by its first machines; counted, so that it does not depend on their names."""
    parts = label.split("/")
    more = len(parts) - _MOST_PARTS
    return "/".join(parts[:_MOST_PARTS]) + (f" and {more} more" if more > 0 else "")


def _called(view: SiteTopology, peer: _Peer) -> str:
    """A peer as a message names it: of the site's own groups their machines."""
    kind, label = peer
    if kind is PeerKind.CIDRS:
        return _shorten(label)
    return _shorten("/".join(next(e.members for e in view.endpoints if e.label == label)))


def _by_peer(row: tuple[str, _Peer]) -> tuple[object, ...]:
    """Groups, then names, then words (`provider carrier`): the same order for any names."""
    flow, (kind, label) = row
    return flow, kind is PeerKind.CIDRS, " " in label, label.split("/")


def _administration_inside(
    view: SiteTopology, group: HostGroup, name: str, reached: _Reached
) -> Iterator[Message]:
    """Ports of administration inside a range that is opened for another purpose."""
    machines = {machine.name for machine in group.machines}
    ruled = [rule for rule in view.site.extra_rules if rule.machine in machines]
    # Somebody has thought of the service.
    answered = [own.ports for own in ruled if (own.direction, own.protocol) == ("in", "tcp")]
    service = view.catalogue.administration_ports[name]
    flows = {flow for own in reached.values() for flow, _ in own if not flow.startswith("extra:")}
    if flows and not any(each.covers(service) for each in answered):
        values = {"name": name, "ports": service, "flows": tuple(sorted(flows))}
        yield note_about("administration-inside", **values).of(view.file, group.place)


def _no_common_version(view: SiteTopology, pairs: Iterable[EndpointPair]) -> Iterator[Message]:
    seen = set()
    apart: dict[tuple[Endpoint, Endpoint], Exchange] = {}  # or perhaps some machines of an end
    for first, second, exchange in pairs:
        several = [end for end in (first, second) if end.group and len(end.group.machines) > 1]
        if exchange.exchanged and (several or not first.versions & second.versions):
            apart.setdefault((first, second), exchange)
    names = {end: _name_by_versions(end, view.name) for end in set(chain(*apart))}
    for ends, exchange in apart.items():
        # Its own before others': that order is the same for any names.
        ordered = sorted(ends, key=lambda e: (e.site != view.name, e.group is not None, e.label))
        for (own, one), (its, other) in product(*(names[end].items() for end in ordered)):
            if not own & its and own and its and {one, other} not in seen:
                seen.add(frozenset({one, other}))
                flow = min(exchange.exchanged, key=lambda e: e.order).flow
                values = {"one": one, "other": other, "flow": flow}
                yield Message.about("no-common-ip-version", f"sites.{view.name}", **values)


def _name_by_versions(end: Endpoint, site: str) -> Mapping[frozenset[int], str]:
    """What messages at a site call an endpoint; machines of a group that differ in IP versions by these."""
    known: dict[frozenset[int], list[str]] = {}
    for machine in end.group.machines if end.group else ():
        versions = frozenset([address.version for address in machine.addresses])
        known.setdefault(versions, []).append(machine.name)
    if len(known) < 2:
        known = {end.versions: list(end.members)}
    start = f"{end.site}/" if end.site not in ("", site) else ""
    return {versions: _shorten(start + "/".join(own)) for versions, own in known.items()}


def _widened(view: SiteTopology, pairs: Sequence[tuple[Endpoint, Endpoint]]) -> Iterator[Message]:
    """Sites that stand as their summary in the rules of this one, and what that adds."""
    summaries: dict[str, set[Prefix]] = defaultdict(set)
    meant: dict[str, set[Prefix]] = defaultdict(set)
    for own, peer in chain(pairs, (ends[::-1] for ends in pairs)):
        if peer.summary and peer.site != view.name and own.group is not None:
            for found, prefixes in ((summaries, peer.summary), (meant, peer.prefixes)):
                found[peer.site].update(each for each in prefixes if each.version in own.versions)
    for site, summary in summaries.items():
        if more := _count(summary) - _count(meant[site]):
            values = {"site": site, "summary": sorted(summary - meant[site]), "where": view.name}
            counts = [f"{count} IPv{version}" for version, count in sorted(more.items())]
            yield Message.about("site-widened", f"sites.{site}.summary", more=counts, **values)


def _count(prefixes: Iterable[Prefix]) -> Counter[int]:
    """How many addresses of each IP version some prefixes hold together."""
    counts: Counter[int] = Counter()
    for prefix in collapse_prefixes(prefixes):
        counts[prefix.version] += prefix.last - prefix.first + 1
    return counts


def _unreachable_extras(view: SiteTopology) -> Iterator[Message]:
    """Extra rules that open nothing, since all their peers speak another IP version than the machine."""
    machines = {own.name: own for own in view.site.machines if view.site.extra_rules}
    for rule in view.site.extra_rules:
        versions = {address.version for address in machines[rule.machine].addresses}
        if versions.isdisjoint(peer.version for peer in rule.peers):
            place = f"sites.{view.name}.extra_rules[{rule.index}]"
            yield Message.about("extra-without-version", place, machine=rule.machine)
