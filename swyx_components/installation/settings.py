"""Read what a place sets about its roles: port overrides, flows on and off, control paths."""

from collections.abc import Collection
from typing import Any

from swyx_components.catalogue import Catalogue, Listener, Role, Transport
from swyx_components.installation.context import ReadContext
from swyx_components.installation.diagnostics import below
from swyx_components.installation.model import PortOverrides
from swyx_components.installation.schema import shape
from swyx_components.installation.values import (
    Written,
    distinct,
    read_port,
    read_range,
    read_word,
    wrong_type,
)
from swyx_components.sets.ports import PortRange, PortSet

_ALL_MEDIA = "media"  # of a role whose listeners are media_udp and media_tcp, it means both


def read_overrides(
    value: Any, reading: ReadContext, place: str, example: str, *, carried: Collection[str] | None
) -> PortOverrides:
    """The ports changed at a place that carries these roles (None: not known, so all may be there)."""
    if type(value) is not dict:
        wrong_type(value, reading.log, place, "a mapping", example)
        return ()
    overrides: dict[tuple[str, str], PortRange] = {}
    for name in sorted(value):
        at = below(place, name)
        role = reading.catalogue.roles.get(name)
        if role is None:
            reading.log.unknown("role", at, name, reading.catalogue.roles)
            continue
        if carried is not None and name not in carried:
            reading.log.add("override-absent", at, role=name, carried=reading.in_order([*carried]))
        overrides |= _read_role(value[name], reading, at, role)
    return tuple(sorted(overrides.items()))


def _read_role(
    value: Any, reading: ReadContext, place: str, role: Role
) -> dict[tuple[str, str], PortRange]:
    open_keys = _overridable_keys(role)
    if type(value) is not dict:
        example = f"{role.name}: {{{next(iter(open_keys), 'media')}: 50000}}"
        wrong_type(value, reading.log, place, "a mapping", example)
        return {}
    overrides: dict[tuple[str, str], PortRange] = {}
    for key in sorted(value):
        at = below(place, key)
        listeners = _listeners(role, key)
        if not listeners and open_keys:
            reading.log.unknown("listener", at, key, open_keys)
        elif not listeners or not listeners[0].overridable:
            reading.log.add("override-fixed", at, role=role.name, key=key, keys=open_keys or "none")
        elif len(listeners) > 1 and (both := sorted({one.key for one in listeners} & value.keys())):
            reading.log.add("override-twice", at, key=key, others=both)
        elif ports := _read_ports(value[key], reading, at, listeners):
            overrides |= {(role.name, listener.key): ports for listener in listeners}
    return overrides


def _overridable_keys(role: Role) -> tuple[str, ...]:
    keys = [listener.key for listener in role.listeners.values() if listener.overridable]
    return (*_spread(role), *keys)


def _spread(role: Role) -> tuple[str, ...]:
    return () if _ALL_MEDIA in role.listeners or not _media_parts(role) else (_ALL_MEDIA,)


def _media_parts(role: Role) -> list[Listener]:
    return [one for one in role.listeners.values() if one.key.startswith(f"{_ALL_MEDIA}_")]


def _listeners(role: Role, key: str) -> list[Listener]:
    """The listeners that a key of an override means."""
    if key in role.listeners:
        return [role.listeners[key]]
    return _media_parts(role) if key == _ALL_MEDIA else []


def _read_ports(
    value: Any, reading: ReadContext, place: str, listeners: list[Listener]
) -> PortRange | None:
    listener, log = listeners[0], reading.log
    example = f"{place.rpartition('.')[2]}: {listener.ports[0]}"
    read = read_range if listener.allocated else read_port
    ports = read(value, log, place, example)
    if ports is None:
        return None
    udp = any(Transport.UDP in one.transports for one in listeners)
    multicast = covered_multicast(reading.catalogue, ports) if udp else None
    if multicast:
        log.add("multicast-covered", place, ports=ports, multicast=multicast)
    elif listener.narrow_only and not listener.ports.covers(ports):
        log.add("override-wider", place, ports=ports, limits=listener.ports)
    else:
        return ports
    return None


def covered_multicast(catalogue: Catalogue, ports: PortRange) -> PortSet | None:
    """The UDP ports inside a range that never become a rule, or None."""
    for role in catalogue.roles.values():
        for listener in role.listeners.values():
            if listener.never_a_rule and listener.ports & PortSet((ports,)):
                return listener.ports
    return None


def read_flows(
    value: Any, reading: ReadContext, place: str, _: str, *, on_networks: Collection[str]
) -> tuple[frozenset[str], frozenset[str]]:
    """The flows enabled and disabled. `on_networks` are the roles that the site's networks carry."""
    written = Written(value, reading, place, "flows", shape("flows").examples["enable"])
    enabled = _flow_ids(written, "enable", "disable")
    disabled = _flow_ids(written, "disable", "enable")
    for id_, at in sorted(enabled.items()):
        legs = reading.catalogue.flows[id_].legs
        ends = {
            role for leg in legs if leg.machines_only for role in (*leg.initiators, *leg.responders)
        }
        if ends & set(on_networks):
            reading.log.add(
                "flow-on-network", at, flow=id_, roles=reading.in_order(ends & set(on_networks))
            )
            del enabled[id_]
    return frozenset(enabled), frozenset(disabled)


def _flow_ids(written: Written, key: str, opposite: str) -> dict[str, str]:
    """The allowed ids of one list, with the place of each."""
    found: dict[str, str] = {}
    if key not in written:
        return found
    log, known, example = (
        written.reading.log,
        written.reading.catalogue.flows,
        written.examples[key],
    )
    if type(written[key]) is not list:
        wrong_type(written[key], log, written.at(key), "a list", example)
        return found
    enables = key == "enable"
    allowed = [
        row.id for row in known.values() if (row.may_be_enabled if enables else row.may_be_disabled)
    ]
    other = written.values.get(opposite)
    for id_, at in distinct(written[key], log, written.at(key), example):
        if id_ not in known:
            log.unknown("flow", at, id_, allowed)
        elif type(other) is list and id_ in other:
            if enables:
                log.add("flow-both", at, flow=id_)
        elif id_ not in allowed:
            evidence = known[id_].evidence.value
            log.add(f"flow-not-{key}d", at, flow=id_, evidence=evidence, allowed=allowed)
        else:
            found[id_] = at
    return found


def read_control_paths(
    value: Any, reading: ReadContext, place: str, example: str
) -> tuple[tuple[str, str], ...]:
    """The ways of call control that the user chose, by role."""
    if type(value) is not dict:
        wrong_type(value, reading.log, place, "a mapping", example)
        return ()
    roles = reading.catalogue.roles
    chosen = []
    for name in sorted(value):
        at = below(place, name)
        if name not in roles:
            reading.log.unknown("role", at, name, roles)
        elif not roles[name].control_paths:
            free = [role.name for role in roles.values() if role.control_paths]
            reading.log.add("control-path-fixed", at, role=name, free=free)
        elif path := read_word(value[name], reading.log, at, roles[name].control_paths):
            chosen.append((name, path))
    return tuple(chosen)
