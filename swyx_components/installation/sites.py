"""Read the sites: their machines, networks and settings, and what a site must have of its own."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from swyx_components.installation.addresses import Found, read_addresses, read_cidrs
from swyx_components.installation.context import ANY_ROLE, Claim, Kind, ReadContext, Seat
from swyx_components.installation.decisions import read_decisions
from swyx_components.installation.diagnostics import below
from swyx_components.installation.model import Egress, Machine, Network, Site
from swyx_components.installation.schema import shape
from swyx_components.installation.settings import read_control_paths, read_flows, read_overrides
from swyx_components.installation.values import (
    MOST_ENTRIES,
    Entry,
    Written,
    as_text,
    distinct,
    read_entries,
    read_list,
)
from swyx_components.sets.prefixes import Prefix

_EGRESS = {word.value: word for word in Egress}
_ENDS = {"machines", "networks"}


def read_site(entry: Entry, reading: ReadContext) -> Site:
    """One site. Its machines are told to `reading`, and so are all addresses it calls its own."""
    example = shape("site").examples["machines"]
    written = Written(entry.value, reading, entry.place, "site", example)
    machines = _read_machines(written, entry)
    networks = written.part("networks", partial(_read_networks, site=entry, machines=machines), [])
    on_networks = {role for network in networks for role in network.roles}
    carried = on_networks | {role for machine in machines for role in machine.roles}
    settings: dict[str, Any] = {"decisions": reading.decisions}
    if not written.values.keys() <= _ENDS:
        settings = _read_settings(written, entry, carried, on_networks)
    site = Site(
        name=entry.name,
        machines=tuple([machine for machine in machines if machine.roles]),
        networks=tuple([network for network in networks if network.roles]),
        **settings,
    )
    _check_roles(site, reading, entry, carried)
    return site


def _read_settings(
    written: Written, entry: Entry, carried: set[str], on_networks: set[str]
) -> dict[str, Any]:
    """What a site may set beside its machines and networks, by field of `Site`."""
    reading = written.reading
    decisions = partial(read_decisions, inherited=reading.decisions)
    known = carried if reading.is_certain(entry.name) else None
    no_flows: tuple[frozenset[str], frozenset[str]] = frozenset(), frozenset()
    settings: dict[str, Any] = {
        "decisions": written.part("decisions", decisions, reading.decisions),
        "ports": written.part("ports", partial(read_overrides, carried=known), ()),
        "control_path": written.part("control_path", read_control_paths, ()),
        "egress": _EGRESS[written.word("egress", _EGRESS) or "closed"],
    }
    read = partial(read_flows, on_networks=on_networks)
    settings["enabled"], settings["disabled"] = written.part("flows", read, no_flows)
    for key, kind in (("sip_devices", Kind.SIP_DEVICES), ("summary", Kind.SUMMARY)):
        settings[key] = written.part(key, partial(_read_claimed, site=entry, kind=kind), ())
    return settings


def _read_machines(written: Written, site: Entry) -> list[Machine]:
    reading, value = written.reading, written.values.get("machines")
    if type(value) is not dict or len(value) > MOST_ENTRIES:
        reading.doubt(site.name)
        reading.unlisted.add(site.name)
    machines = []
    for entry in written.read("machines", partial(read_entries, kind="machine"), []):
        machine = _read_machine(entry, reading, site)
        if entry.usable:
            machines.append(machine)
        else:
            reading.doubt(site.name, meant=machine.roles)
    return machines


def _read_machine(entry: Entry, reading: ReadContext, site: Entry) -> Machine:
    written = Written(entry.value, reading, entry.place, "machine")
    found = written.read("addresses", read_addresses, iter(()))
    addresses = _claim(found, reading, Kind.MACHINE, site, written.at("addresses"))
    roles = _read_roles(written, entry, site, False)
    certain = reading.is_certain(site.name, entry.name)
    carried = roles if certain else None
    ports = written.part("ports", partial(read_overrides, carried=carried), ())
    seat = Seat(entry.name, site.name, entry.place, roles, certain)
    known = reading.seats.setdefault(entry.name.lower(), seat)
    if known.site != site.name:
        reading.log.add("name-taken", entry.place, name=entry.name, other=known.place)
    return Machine(name=entry.name, addresses=addresses, roles=roles, ports=ports)


def _read_networks(
    value: Any,
    reading: ReadContext,
    place: str,
    example: str,
    *,
    site: Entry,
    machines: Iterable[Machine],
) -> list[Network]:
    networks: list[Network] = []
    machine_names = {machine.name.lower() for machine in machines}
    for entry in read_entries(value, reading.log, place, example, "network"):
        if entry.name.lower() in machine_names:
            other = reading.seats[entry.name.lower()].place
            reading.log.add("name-taken", entry.place, name=entry.name, other=other)
        written = Written(entry.value, reading, entry.place, "network")
        claimed = partial(_read_claimed, site=site, kind=Kind.NETWORK)
        cidrs = written.part("cidrs", claimed, ())
        roles = _read_roles(written, entry, site, True)
        if entry.usable:
            networks.append(Network(name=entry.name, cidrs=cidrs, roles=roles))
        else:
            reading.doubt(site.name, meant=roles)
    return networks


def _read_claimed(
    value: Any, reading: ReadContext, place: str, example: str, *, site: Entry, kind: Kind
) -> tuple[Prefix, ...]:
    return _claim(read_cidrs(value, reading.log, place, example), reading, kind, site, place)


def _claim(
    found: Iterable[Found], reading: ReadContext, kind: Kind, site: Entry, place: str
) -> tuple[Prefix, ...]:
    """The prefixes of a list, sorted, as the site's own from now on."""
    claims = [Claim(prefix, kind, site.name, place, position) for prefix, position in found]
    reading.claims += claims
    return tuple(sorted({claim.prefix for claim in claims}))


def _read_roles(written: Written, entry: Entry, site: Entry, network: bool) -> tuple[str, ...]:
    """The roles of a machine or network; where one can't be read, the place is marked as doubtful."""
    reading = written.reading
    if "roles" not in written:
        reading.doubt(site.name, entry.name)
        return ()
    value = written["roles"]
    whole = type(value) is list and all(type(item) is str for item in value)
    key = ("network" if network else "machine", *value) if whole else ()
    if key and key in reading.role_lists:
        return reading.role_lists[key]
    before = len(reading.log)
    at, example = written.at("roles"), written.examples["roles"]
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
