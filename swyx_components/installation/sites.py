"""Read the sites: machines, networks, settings and extra rules, and what a site must have."""

from collections.abc import Iterable

from swyx_components.catalogue.model import Role
from swyx_components.installation.context import ANY_ROLE, Claim, Kind, Node, ReadMachine, as_text
from swyx_components.installation.model import Egress, ExtraRule, Machine, Network, Site
from swyx_components.installation.settings import (
    read_control_paths,
    read_decisions,
    read_flows,
    read_overrides,
)
from swyx_components.installation.values import (
    MOST_ENTRIES,
    distinct,
    read_entries,
    read_flag,
    read_list,
    read_prefixes,
    read_range,
    read_scalar,
    read_text,
    read_word,
)
from swyx_components.sets.ports import NO_PORTS, PortSet
from swyx_components.sets.prefixes import Prefix, collapse_prefixes

MACHINE, NETWORK = Kind.MACHINE, Kind.NETWORK  # of every list of addresses


def read_site(node: Node) -> Site:
    """One site. Its machines and all of its addresses are registered in the context."""
    node.open("site")
    machines = _read_machines(node)
    networks = node.read("networks", _read_networks, [], node.key, machines)
    on_networks = {role for network in networks for role in network.roles}
    carried = on_networks.union(*[machine.roles for machine in machines])
    decisions, certain = node.context.decisions, node.context.is_certain(node.key)
    site = Site(
        name=node.key,
        machines=tuple([machine for machine in machines if machine.roles]),
        networks=tuple([network for network in networks if network.roles]),
        decisions=node.read("decisions", read_decisions, decisions, decisions),
        ports=node.read("ports", read_overrides, (), carried if certain else None),
        **node.read("flows", read_flows, {}, on_networks),
        control_path=node.read("control_path", read_control_paths, ()),
        egress=Egress(node.read("egress", read_word, None, ("closed", "open")) or "closed"),
        sip_devices=node.read("sip_devices", read_claimed, (), node.key, Kind.SIP_DEVICES),
        summary=node.read("summary", read_claimed, (), node.key, Kind.SUMMARY),
    )
    _check_roles(site, node, carried)
    return site


def _read_machines(site: Node) -> list[Machine]:
    context, value = site.context, site.value.get("machines")
    if type(value) is not dict or len(value) > MOST_ENTRIES:
        context.doubt(site.key)
        context.unlisted.add(site.key)
    machines = []
    for entry, is_named in site.read("machines", read_entries, [], "machine"):
        machine = _read_machine(entry, site.key)
        if is_named:
            machines.append(machine)
        else:
            context.doubt(site.key, meant=machine.roles)
    return machines


def _read_machine(node: Node, site: str) -> Machine:
    context, written = node.context, node.open("machine")
    addresses = node.read("addresses", read_claimed, (), site, MACHINE)
    roles = _read_roles(node, site, False)
    carried = roles if context.is_certain(site, node.key) else None
    ports = read_overrides(node.child("ports"), carried) if "ports" in written else ()
    managed = not ("outside" in written and read_flag(node.child("outside")))
    known = context.machines.setdefault(node.key.lower(), ReadMachine(node, site, roles))
    if known.site != site:
        node.add("name-taken", name=node.key, other=known.node.place)
    return Machine(name=node.key, addresses=addresses, roles=roles, ports=ports, managed=managed)


def _read_networks(node: Node, site: str, machines: Iterable[Machine]) -> list[Network]:
    context = node.context
    networks: list[Network] = []
    for entry, is_named in read_entries(node, "network"):
        name = entry.key.lower()
        other = context.machines.get(name)  # of any site
        is_taken = other and any(machine.name.lower() == name for machine in machines)
        if other and is_taken:
            entry.add("name-taken", name=entry.key, other=other.node.place)
        written = entry.open("network")
        cidrs = entry.read("cidrs", read_claimed, (), site, NETWORK)
        roles = _read_roles(entry, site, True)
        managed = "managed" in written and bool(read_flag(entry.child("managed")))
        if is_named and not is_taken:
            network = Network(name=entry.key, addresses=cidrs, roles=roles, managed=managed)
            networks.append(network)
        else:
            context.doubt(site, meant=roles)
    _check_managed(node, networks, machines)
    return networks


def _check_managed(node: Node, networks: Iterable[Network], machines: Iterable[Machine]) -> None:
    """A managed network's group has its name, which no group of machines may have. Its hosts are in no
    other network, whose rules they would not have.
    """
    managed = [network for network in networks if network.managed]
    others = [network for network in networks if not network.managed] if managed else []
    for one in managed:
        child, group = node.child(one.name), one.name.lower()
        if named := [own.name for own in machines if "-".join(own.roles).lower() == group]:
            child.add("managed-name", network=one.name, machine=named[0])
        for other in others:
            shared = (cidr for cidr in one.addresses if any(map(cidr.overlaps, other.addresses)))
            if cidr := next(shared, None):
                child.add("managed-overlap", cidr=cidr, other=other.name)
        others.append(one)


def read_claimed(node: Node, site: str, kind: Kind) -> tuple[Prefix, ...]:
    """The prefixes of a list, sorted, as the site's own from now on."""
    found = read_prefixes(node, single=kind is MACHINE)
    for prefix, index in found:
        # Cheaper than by its name: an estate has hundreds of thousands.
        node.context.claims.append(tuple.__new__(Claim, (prefix, kind, site, node, index)))
    return (found[0][0],) if len(found) == 1 else tuple(sorted({prefix for prefix, _ in found}))


def _read_roles(node: Node, site: str, network: bool) -> tuple[str, ...]:
    """The roles of a machine or network; where one can't be read, the place is marked as doubtful."""
    context = node.context
    if "roles" not in node.value:
        context.doubt(site, node.key)
        return ()
    written = node.value["roles"]
    try:
        return context.role_lists[network, type(written), *written]
    except (KeyError, TypeError):  # not read before, or more than a list of texts
        before, child = len(context.log), node.child("roles")
    items, known = read_list(child), context.catalogue.roles
    meant = set() if items and all(as_text(item) is not None for item in items) else {ANY_ROLE}
    found = []
    for role, index in distinct(child, items):
        if role not in known:
            meant.add(child.item(index).unknown("role", role, known) or ANY_ROLE)
        elif network and not known[role].on_networks:
            allowed = [one.name for one in known.values() if one.on_networks]
            child.item(index).add("role-not-on-network", role=role, allowed=allowed)
            meant.add(role)
        else:
            found.append(role)
    roles = context.catalogue.in_order(found)
    if len(context.log) > before:
        context.doubt(site, node.key, meant=meant)
    else:
        context.role_lists[network, list, *items] = roles
    return roles


def _check_roles(site: Site, node: Node, carried: set[str]) -> None:
    """Each role that a site has once is there once, and each phone has its manager."""
    roles, meant = node.context.catalogue.roles, node.context.perhaps.get((site.name,), set())
    there = roles.keys() if ANY_ROLE in meant else carried | meant
    for role in roles.values():
        if role.once_per_site:
            holders = [machine.name for machine in site.machines if role.name in machine.roles]
            if role.name not in there:
                node.add("site-without", site=site.name, role=role.name)
            elif len(holders) > 1:
                node.add("site-repeats", site=site.name, role=role.name, machines=holders)
        if role.needs_manager and role.needs_manager not in there and role.name in carried:
            _check_manager(site, node, role)


def _check_manager(site: Site, node: Node, role: Role) -> None:
    paths = role.control_paths
    if paths and dict(site.control_path).get(role.name, paths[0]) != paths[0]:
        return
    id, other = (
        ("manager-missing-or-path", {"path": paths[-1]}) if paths else ("manager-missing", {})
    )
    values = {"role": role.name, "manager": role.needs_manager, "site": site.name, **other}
    owner = next(own for own in site.owners if role.name in own.roles)
    ends = node.child("machines" if isinstance(owner, Machine) else "networks")
    roles = ends.child(owner.name).child("roles")
    roles.item(list(map(as_text, roles.value)).index(role.name)).add(id, **values)


def read_extra_rules(site: Node, egress: Egress) -> tuple[ExtraRule, ...]:
    """A site's own rules that could be read whole, in the file's order; all sites are read already."""
    node = site.child("extra_rules")
    indices = range(len(read_list(node, may_be_empty=True)))
    rules = [_read_rule(node.item(index), index, site, egress) for index in indices]
    return tuple(rule for rule in rules if rule)


def _read_rule(node: Node, index: int, site: Node, egress: Egress) -> ExtraRule | None:
    log = node.context.log
    before = len(log)
    if not node.open("extra_rule"):
        return None
    direction = node.read("direction", read_word, None, ("in", "out"))
    protocol = node.read("protocol", read_word, None, ("tcp", "udp", "icmp"))
    ports = _read_ports(node, protocol)
    reason = node.read("reason", read_text, None)
    public = node.read("acknowledge_public", read_flag, False)
    own, other = ("from", "to") if direction == "out" else ("to", "from")
    machine = peers = None
    if direction:
        machine = node.read(own, _read_machine_of, None, site)
        peers = node.read(other, _read_peers, None, public)
    if len(log) > before or not (direction and protocol and machine and peers and reason):
        return None
    if direction == "out" and egress is Egress.OPEN:
        node.child("direction").add("extra-egress-open", site=site.key)
    return ExtraRule(
        index=index,
        direction=direction,
        machine=machine,
        peers=peers,
        protocol=protocol,
        ports=ports,
        reason=reason,
        acknowledge_public=bool(public),
    )


def _read_machine_of(node: Node, site: Node) -> str | None:
    """The site's machine at which the rule stands."""
    node.example = f"{node.key}: ac-server"
    name, machines = read_scalar(node, "a name"), site.value.get("machines")
    if name is None or type(machines) is not dict or name in machines:
        machine = machines.get(name) if type(machines) is dict else None
        if type(machine) is dict and machine.get("outside") is True:
            node.add("extra-outside", machine=name)
        return name
    machine = node.context.machines.get(name.lower())
    if machine is not None and machine.node.key == name:
        node.add("extra-machine-elsewhere", machine=name, other=machine.site, site=site.key)
    else:
        node.unknown("rule-machine", name, sorted(machines))
    return None


def _read_peers(node: Node, public: bool | None) -> tuple[Prefix, ...]:
    node.example = f"{node.key}: [10.1.99.0/24]"
    peers = collapse_prefixes(prefix for prefix, _ in read_prefixes(node, anywhere=True))
    for prefix in peers:
        if prefix.length == 0 and public is False:
            node.add("public-unacknowledged", cidr=prefix, version=prefix.version)
    return peers


def _read_ports(rule: Node, protocol: str | None) -> PortSet:
    node = rule.child("ports")
    if protocol == "icmp":
        if "ports" in rule.value:
            node.add("ports-with-icmp")
        return NO_PORTS
    if "ports" not in rule.value:
        if protocol:
            node.add("key-missing", key="ports", example=node.example)
        return NO_PORTS
    nodes = [node]
    if type(node.value) is list:
        listed = read_list(node, "ports: [80, 443, 8000-8099]")
        nodes = [node.item(index) for index in range(len(listed))]
    return PortSet.union_of(filter(None, map(read_range, nodes)))
