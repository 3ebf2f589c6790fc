"""What the machines themselves must be set to, so that a plan is true: a pure function of it.

One `HostSettings` a machine, and one for the clients of each network: its DCOM range, the listeners
that differ from the article, what its own firewall must let pass, where its gatekeeper is, and which
ports the system must not hand out at random.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from swyx_components.analysis.host_settings import (
    DcomRange,
    Gatekeeper,
    HostSettings,
    Opening,
    PortSetting,
    Reservation,
)
from swyx_components.catalogue import Catalogue, Transport
from swyx_components.catalogue.windows import WindowsSettings
from swyx_components.installation.model import Decisions
from swyx_components.planner.flows import derive_flows
from swyx_components.planner.minimise import NEUTRAL, minimise
from swyx_components.planner.model import Endpoint, Flow, Rule, SitePlan
from swyx_components.planner.requirements import find_requirements
from swyx_components.planner.topology import SiteTopology, Topology
from swyx_components.sets.ports import NO_PORTS, PortRange, PortSet
from swyx_components.sets.prefixes import Prefix, collapse_prefixes

_PHONE = "phone"  # the kind of role that runs on no Windows


def find_host_settings(
    topology: Topology, plan: SitePlan, windows: WindowsSettings
) -> tuple[HostSettings, ...]:
    """The settings of every machine and network of a planned site, machines first, each by name."""
    catalogue, view = topology.catalogue, topology.view(plan.site)
    among = derive_flows(topology, plan.site, hosts_of_networks=True).flows
    found: list[HostSettings] = []
    for endpoint in view.endpoints:
        carried = tuple(r for r in endpoint.roles if catalogue.roles[r].kind != _PHONE)
        flows = _at(endpoint, plan.flows)
        shared = {
            "site": plan.site,
            "roles": carried,
            "dcom": _find_dcom(endpoint, carried, flows, catalogue, view.decisions),
            "settings": tuple(_find_settings(endpoint, carried, catalogue, view)),
            "gatekeepers": tuple(_find_gatekeepers(endpoint, flows, catalogue)),
            "reservations": tuple(_find_reservations(endpoint, carried, catalogue, windows)),
        }
        for name, prefixes, openings in _hosts(endpoint, carried, plan, among, catalogue):
            network = endpoint.group is None
            found.append(
                HostSettings(
                    name=name,
                    network=network,
                    prefixes=prefixes,
                    openings=tuple(openings) if carried else (),
                    **shared,  # type: ignore[arg-type]
                )
            )
    return tuple(sorted(found, key=lambda host: (host.network, host.name)))


def _at(endpoint: Endpoint, flows: Iterable[Flow]) -> tuple[Flow, ...]:
    key = (endpoint.site, endpoint.label)
    return tuple(f for f in flows if key in (_key(f.initiator), _key(f.responder)))


def _key(endpoint: Endpoint) -> tuple[str, str]:
    return endpoint.site, endpoint.label


# ---- what it listens on


def _find_dcom(
    endpoint: Endpoint,
    roles: Collection[str],
    flows: Iterable[Flow],
    catalogue: Catalogue,
    decisions: Decisions,
) -> DcomRange | None:
    """The decided ranges of the DCOM flows that end here."""
    ranges = {"dcom_server": decisions.dcom_server, "dcom_client": decisions.dcom_client}
    ports, used = NO_PORTS, set()
    for flow in flows:
        if _key(flow.responder) == _key(endpoint) and flow.responder_role in roles:
            tokens = {t for leg in catalogue.flows[flow.flow].legs for t in leg.ports}
            for token in tokens & ranges.keys():
                decided = ranges[token]
                if decided is not None:
                    ports |= PortSet((decided,))
                    used.add(flow.flow)
    if not used:
        return None
    ordered = tuple(row for row in catalogue.flows if row in used)
    lines = {line for row in ordered for line in catalogue.flows[row].lines}
    return DcomRange(
        ports=ports,
        decision=decisions.dcom_preset or str(ports),
        flows=ordered,
        lines=tuple(sorted(lines)),
    )


def _find_settings(
    endpoint: Endpoint, roles: Iterable[str], catalogue: Catalogue, view: SiteTopology
) -> Iterator[PortSetting]:
    """Overrides that hold here, and the decision that pins a listener's port."""
    for role in roles:
        for key, listener in catalogue.roles[role].listeners.items():
            ports = endpoint.ports[role, key]
            if listener.decided_by:
                ports = view.decisions.cornet
            if ports != listener.ports:
                yield PortSetting(listener=listener, ports=ports)


def _find_reservations(
    endpoint: Endpoint, roles: Iterable[str], catalogue: Catalogue, windows: WindowsSettings
) -> Iterator[Reservation]:
    """Listeners inside an ephemeral range, ranges that touch joined; what DCOM and H.245 take stays free."""
    for system in (windows.old_ephemeral, windows.new_ephemeral):
        ephemeral = PortSet((catalogue.presets[system],))
        for transport in Transport:
            keys: dict[PortRange, set[str]] = {}
            for role in roles:
                for key, listener in catalogue.roles[role].listeners.items():
                    if transport in listener.transports:
                        for part in endpoint.ports[role, key] & ephemeral:
                            keys.setdefault(part, set()).add(f"{role} {key}")
            for whole in PortSet.union_of(keys):
                names = {name for part in keys if whole.contains(part) for name in keys[part]}
                yield Reservation(
                    system=system, transport=transport, ports=whole, keys=tuple(sorted(names))
                )


# ---- whom it speaks to


def _find_gatekeepers(
    endpoint: Endpoint, flows: Iterable[Flow], catalogue: Catalogue
) -> Iterator[Gatekeeper]:
    """Where each role of the endpoint registers: the listeners that stand in for a multicast one."""
    stand_ins = {
        role.name: listener
        for role in catalogue.roles.values()
        for listener in role.listeners.values()
        if listener.instead
    }
    found: dict[tuple[str, str, str], tuple[Flow, set[str]]] = {}
    for flow in flows:
        discovery = stand_ins.get(flow.responder_role)
        tokens = {token for leg in catalogue.flows[flow.flow].legs for token in leg.ports}
        if discovery and _key(flow.initiator) == _key(endpoint) and discovery.instead in tokens:
            listener = catalogue.roles[flow.responder_role].listeners[discovery.instead]
            if flow.transport in listener.transports:
                where = (flow.initiator_role, *_key(flow.responder))
                found.setdefault(where, (flow, set()))[1].add(flow.flow)
    for _, (flow, used) in sorted(found.items(), key=lambda item: item[0]):
        discovery = stand_ins[flow.responder_role]
        for machine in flow.responder.group.machines if flow.responder.group else ():
            yield Gatekeeper(
                role=flow.initiator_role,
                machine=machine.name,
                addresses=machine.addresses,
                port=flow.responder.ports[flow.responder_role, discovery.instead],
                flows=tuple(sorted(used)),
                discovery=discovery,
            )


def _hosts(
    endpoint: Endpoint,
    roles: Collection[str],
    plan: SitePlan,
    flows: Iterable[Flow],
    catalogue: Catalogue,
) -> Iterator[tuple[str, tuple[Prefix, ...], Iterator[Opening]]]:
    """The machines behind an endpoint, or the network itself, each with what must pass at it."""
    groups = {
        group.name: tuple(address for machine in group.machines for address in machine.addresses)
        for group in plan.groups
    }
    if endpoint.group is None:
        needs = find_requirements(endpoint, roles, flows)
        rules = minimise(needs, NEUTRAL, catalogue)
        yield endpoint.label, endpoint.prefixes, _openings(rules, groups, endpoint.prefixes, ())
        return
    rules = plan.group(endpoint.label).rules
    for machine in endpoint.group.machines:
        own = machine.addresses
        yield machine.name, own, _openings(rules, groups, own, own)


def _openings(
    rules: Iterable[Rule],
    groups: Mapping[str, tuple[Prefix, ...]],
    prefixes: Iterable[Prefix],
    own: Collection[Prefix],
) -> Iterator[Opening]:
    """The rules with addresses in place of groups, without the host's own and versions it lacks."""
    versions = {prefix.version for prefix in prefixes}
    for rule in rules:
        named = groups[rule.group] if rule.group else rule.cidrs
        peers = collapse_prefixes(p for p in named if p.version in versions and p not in own)
        if peers:
            yield Opening(
                direction=rule.direction,
                protocol=rule.protocol,
                ports=rule.ports,
                source_ports=rule.source_ports,
                peers=peers,
                flows=rule.flows,
                lines=rule.lines,
            )
