"""What hosts must be set to: an overview for people, and as JSON."""

from collections.abc import Iterable, Iterator
from typing import Any

from swyx_components.planner.answers.places import short
from swyx_components.planner.host_settings import (
    DcomRange,
    Gatekeeper,
    HostSettings,
    Opening,
    PortSetting,
    Reservation,
)
from swyx_components.report.columns import align, plural
from swyx_components.report.windows.registry import registry_values
from swyx_components.report.windows.story import (
    describe_gatekeeper,
    describe_opening,
    describe_setting,
    how_to_set,
    incoming,
    peers_of,
)


def write_overview(hosts: Iterable[HostSettings]) -> Iterator[str]:
    """Each host with what it must be set to, one a line."""
    for host in hosts:
        kind = "network " if host.network else ""
        roles = ", ".join(host.roles) or "phones, nothing of Windows"
        yield f"{host.site}: {kind}{host.name} ({roles})\n"
        yield from align(_rows(host), "  ")
        yield "\n"


def _rows(host: HostSettings) -> Iterator[tuple[str, str]]:
    if host.dcom is not None:
        flows = " ".join(host.dcom.flows)
        yield "dcom", f"DCOM listens on {host.dcom.ports} ({host.dcom.decision}) [{flows}]"
    for setting in host.settings:
        yield "ports", f"{describe_setting(setting)}: {how_to_set(setting)}"
    for gatekeeper in host.gatekeepers:
        yield "gatekeeper", f"{describe_gatekeeper(gatekeeper)}; to be set statically"
    for opening in incoming(host.openings):
        flows = " ".join(opening.flows)
        yield (
            "firewall",
            f"{describe_opening(opening)}, from {', '.join(peers_of(opening))} [{flows}]",
        )
    out = len(host.openings) - len(incoming(host.openings))
    if out:
        yield (
            "firewall",
            f"{plural(out, 'rule')} for what leaves, where the host's firewall blocks it",
        )
    for reservation in host.reservations:
        listeners = ", ".join(reservation.keys)
        words = f"{reservation.transport.value} {reservation.ports} on {reservation.system}"
        yield "reserve", f"{words} ({listeners})"


def host_record(host: HostSettings) -> dict[str, Any]:
    """One host as the JSON of `swyx hosts` has it."""
    record: dict[str, Any] = {
        "site": host.site,
        "name": host.name,
        "kind": "network" if host.network else "machine",
        "roles": list(host.roles),
        "addresses": [short(prefix) for prefix in host.prefixes],
    }
    if host.dcom is not None:
        record["dcom"] = _dcom_record(host.dcom)
    return record | {
        "ports": list(map(_setting_record, host.settings)),
        "gatekeepers": list(map(_gatekeeper_record, host.gatekeepers)),
        "firewall": list(map(_opening_record, host.openings)),
        "reserve": list(map(_reservation_record, host.reservations)),
    }


def _dcom_record(dcom: DcomRange) -> dict[str, Any]:
    return {
        "ports": [str(part) for part in dcom.ports],
        "decision": dcom.decision,
        "flows": list(dcom.flows),
        "lines": list(dcom.lines),
    }


def _setting_record(setting: PortSetting) -> dict[str, Any]:
    listener = setting.listener
    return {
        "role": listener.role,
        "listener": listener.key,
        "ports": str(setting.ports),
        "article": str(listener.ports),
        "configurable": listener.configurable,
        "registry": dict(registry_values(setting)) if listener.registry else {},
        "lines": list(listener.lines),
    }


def _gatekeeper_record(gatekeeper: Gatekeeper) -> dict[str, Any]:
    return {
        "role": gatekeeper.role,
        "machine": gatekeeper.machine,
        "addresses": [short(prefix) for prefix in gatekeeper.addresses],
        "port": str(gatekeeper.port),
        "flows": list(gatekeeper.flows),
    }


def _reservation_record(reservation: Reservation) -> dict[str, Any]:
    return {
        "system": reservation.system,
        "transport": reservation.transport.value,
        "ports": str(reservation.ports),
        "listeners": list(reservation.keys),
    }


def _opening_record(opening: Opening) -> dict[str, Any]:
    ports = {"ports": str(opening.ports)} if opening.ports else {}
    source = {"source_ports": str(opening.source_ports)} if opening.source_ports else {}
    return {
        "direction": opening.direction.value,
        "protocol": opening.protocol.value,
        **ports,
        **source,
        "peers": peers_of(opening),
        "flows": list(opening.flows),
        "lines": list(opening.lines),
    }
