"""Read the sites: their machines, networks and settings, and what a site must have of its own."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from swyx_components.installation.addresses import Found, read_addresses, read_cidrs
from swyx_components.installation.context import ANY_ROLE, Claim, Kind, ReadContext, Seat
from swyx_components.installation.decisions import read_decisions
from swyx_components.installation.diagnostics import below
from swyx_components.installation.model import Egress, Machine, Network, PortOverrides, Site
from swyx_components.installation.schema import shape, whole
from swyx_components.installation.settings import read_control_paths, read_flows, read_overrides
from swyx_components.installation.values import (
    MOST_ENTRIES,
    Entry,
    as_text,
    distinct,
    read_entries,
    read_list,
    read_mapping,
    read_word,
)
from swyx_components.sets.prefixes import Prefix

_EGRESS = {word.value: word for word in Egress}
_ENDS = {"machines", "networks"}


def read_site(entry: Entry, reading: ReadContext) -> Site:
    """One site. Its machines are told to `reading`, and so are all addresses it calls its own."""
    log, place = reading.log, entry.place
    written = read_mapping(
        entry.value, log, place, shape("site"), shape("site").examples["machines"]
    )
    machines = _read_machines(written, reading, entry)
    networks = _read_networks(
        written, reading, entry, {machine.name.lower() for machine in machines}
    )
    on_networks = {role for network in networks for role in network.roles}
    carried = on_networks | {role for machine in machines for role in machine.roles}
    settings: dict[str, Any] = {"decisions": reading.decisions}
    if not written.keys() <= _ENDS:
        settings |= _read_settings(written, reading, entry, carried, on_networks)
    site = Site(
        name=entry.name,
        machines=tuple([machine for machine in machines if machine.roles]),
        networks=tuple([network for network in networks if network.roles]),
        **settings,
    )
    _check_roles(site, reading, entry, carried)
    return site


def _read_settings(
    written: dict[str, Any],
    reading: ReadContext,
    entry: Entry,
    carried: set[str],
    on_networks: set[str],
) -> dict[str, Any]:
    """What a site may set beside its machines and networks, by field of `Site`."""
    log, place, examples = reading.log, entry.place, shape("site").examples
    settings: dict[str, Any] = {}
    if "decisions" in written:
        settings["decisions"] = read_decisions(
            written["decisions"], reading, f"{place}.decisions", reading.decisions
        )
    if "ports" in written:
        known = carried if reading.is_certain(entry.name) else None
        settings["ports"] = read_overrides(
            written["ports"], reading, f"{place}.ports", known, examples["ports"]
        )
    if "flows" in written:
        settings["enabled"], settings["disabled"] = read_flows(
            written["flows"], reading, f"{place}.flows", on_networks
        )
    if "control_path" in written:
        settings["control_path"] = read_control_paths(
            written["control_path"], reading, f"{place}.control_path", examples["control_path"]
        )
    if "sip_devices" in written:
        at = f"{place}.sip_devices"
        settings["sip_devices"] = _read_claimed(
            written["sip_devices"], reading, entry, at, Kind.SIP_DEVICES, examples["sip_devices"]
        )
    if "summary" in written:
        at = f"{place}.summary"
        settings["summary"] = _read_claimed(
            written["summary"], reading, entry, at, Kind.SUMMARY, examples["summary"]
        )
    if "egress" in written:
        word = read_word(written["egress"], log, f"{place}.egress", _EGRESS)
        settings["egress"] = _EGRESS[word or "closed"]
    return settings


def _read_machines(written: dict[str, Any], reading: ReadContext, site: Entry) -> list[Machine]:
    value = written.get("machines")
    if type(value) is not dict or len(value) > MOST_ENTRIES:
        reading.doubt(site.name)
        reading.unlisted.add(site.name)
    if "machines" not in written:
        return []
    at, machines = f"{site.place}.machines", []
    for entry in read_entries(
        value, reading.log, at, "machine", shape("site").examples["machines"]
    ):
        machine = _read_machine(entry, reading, site)
        if entry.usable:
            machines.append(machine)
        else:
            reading.doubt(site.name, meant=machine.roles)
    return machines


def _read_machine(entry: Entry, reading: ReadContext, site: Entry) -> Machine:
    log, place = reading.log, entry.place
    written = read_mapping(entry.value, log, place, shape("machine"), whole("machine"))
    addresses: tuple[Prefix, ...] = ()
    if "addresses" in written:
        at = f"{place}.addresses"
        found = read_addresses(
            written["addresses"], log, at, shape("machine").examples["addresses"]
        )
        addresses = _claim(found, reading, Kind.MACHINE, site, at)
    roles = _read_roles(written, reading, entry, site, False)
    certain = reading.is_certain(site.name, entry.name)
    ports: PortOverrides = ()
    if "ports" in written:
        carried = roles if certain else None
        ports = read_overrides(
            written["ports"], reading, f"{place}.ports", carried, shape("machine").examples["ports"]
        )
    lower = entry.name.lower()
    known = reading.seats.setdefault(lower, Seat(entry.name, site.name, place, roles, certain))
    if known.site != site.name:
        log.add("name-taken", place, name=entry.name, other=known.place)
    return Machine(name=entry.name, addresses=addresses, roles=roles, ports=ports)


def _read_networks(
    written: dict[str, Any], reading: ReadContext, site: Entry, machine_names: set[str]
) -> list[Network]:
    networks: list[Network] = []
    if "networks" not in written:
        return networks
    at = f"{site.place}.networks"
    for entry in read_entries(
        written["networks"], reading.log, at, "network", shape("site").examples["networks"]
    ):
        if entry.name.lower() in machine_names:
            other = reading.seats[entry.name.lower()].place
            reading.log.add("name-taken", entry.place, name=entry.name, other=other)
        network = _read_network(entry, reading, site)
        if entry.usable:
            networks.append(network)
        else:
            reading.doubt(site.name, meant=network.roles)
    return networks


def _read_network(entry: Entry, reading: ReadContext, site: Entry) -> Network:
    place, examples = entry.place, shape("network").examples
    written = read_mapping(entry.value, reading.log, place, shape("network"), whole("network"))
    cidrs: tuple[Prefix, ...] = ()
    if "cidrs" in written:
        at = f"{place}.cidrs"
        cidrs = _read_claimed(written["cidrs"], reading, site, at, Kind.NETWORK, examples["cidrs"])
    roles = _read_roles(written, reading, entry, site, True)
    return Network(name=entry.name, cidrs=cidrs, roles=roles)


def _read_claimed(
    value: Any, reading: ReadContext, site: Entry, place: str, kind: Kind, example: str
) -> tuple[Prefix, ...]:
    return _claim(read_cidrs(value, reading.log, place, example), reading, kind, site, place)


def _claim(
    found: Iterable[Found], reading: ReadContext, kind: Kind, site: Entry, place: str
) -> tuple[Prefix, ...]:
    """The prefixes of a list, sorted, as the site's own from now on."""
    claims = [Claim(prefix, kind, site.name, place, position) for prefix, position in found]
    reading.claims += claims
    return tuple(sorted({claim.prefix for claim in claims}))


def _read_roles(
    written: dict[str, Any], reading: ReadContext, entry: Entry, site: Entry, network: bool
) -> tuple[str, ...]:
    """The roles of a machine or network; where one can't be read, the place is marked as doubtful."""
    if "roles" not in written:
        reading.doubt(site.name, entry.name)
        return ()
    value = written["roles"]
    whole = type(value) is list and all(type(item) is str for item in value)
    key = ("network" if network else "machine", *value) if whole else ()
    if key and key in reading.role_lists:
        return reading.role_lists[key]
    before = len(reading.log)
    example = (shape("network") if network else shape("machine")).examples["roles"]
    at = f"{entry.place}.roles"
    items = read_list(value, reading.log, at, example)
    meant = set() if items and all(as_text(item) is not None for item in items) else {ANY_ROLE}
    roles = reading.in_order(list(_known_roles(items, reading, at, network, example, meant)))
    if len(reading.log) > before:
        reading.doubt(site.name, entry.name, meant=meant)
    elif key:
        reading.role_lists[key] = roles
    return roles


def _known_roles(
    items: list[Any], reading: ReadContext, place: str, network: bool, example: str, meant: set[str]
) -> Iterable[str]:
    """The roles of a list; what is none of them, or may not stand there, goes to `meant` as it is meant."""
    roles = reading.catalogue.roles
    for role, at in distinct(items, reading.log, place, example):
        if role not in roles:
            meant.add(reading.log.unknown("role", at, role, roles) or ANY_ROLE)
        elif network and not roles[role].on_networks:
            allowed = [one.name for one in roles.values() if one.on_networks]
            reading.log.add("role-not-on-network", at, role=role, allowed=allowed)
            meant.add(role)
        else:
            yield role


def _check_roles(site: Site, reading: ReadContext, entry: Entry, carried: set[str]) -> None:
    """Each role that a site has once is there once, and each phone has its manager."""
    lacks = partial(reading.surely_lacks, entry.name, carried=carried)
    for role in reading.demanding_roles:
        if role.once_per_site:
            holders = [machine.name for machine in site.machines if role.name in machine.roles]
            if not holders and lacks(role.name):
                reading.log.add("site-without", entry.place, site=site.name, role=role.name)
            elif len(holders) > 1:
                reading.log.add(
                    "site-repeats", entry.place, site=site.name, role=role.name, machines=holders
                )
        if role.needs_manager and role.name in carried and lacks(role.needs_manager):
            _check_manager(site, reading, entry, role.name)


def _check_manager(site: Site, reading: ReadContext, entry: Entry, name: str) -> None:
    role = reading.catalogue.roles[name]
    paths = role.control_paths
    if paths and dict(site.control_path).get(name, paths[0]) != paths[0]:
        return
    place = _first_place(entry, name)
    values = {"role": name, "manager": role.needs_manager, "site": site.name}
    if paths:
        reading.log.add("manager-missing-or-path", place, path=paths[-1], **values)
    else:
        reading.log.add("manager-missing", place, **values)


def _first_place(entry: Entry, role: str) -> str:
    """Where the file first names a role, machines before networks, by name."""
    for kind in ("machines", "networks"):
        ends = entry.value.get(kind)
        for name, end in sorted(ends.items()) if type(ends) is dict else ():
            roles = end.get("roles") if type(end) is dict else None
            if type(roles) is list and role in roles:
                return f"{below(f'{entry.place}.{kind}', name)}.roles[{roles.index(role)}]"
    return entry.place
