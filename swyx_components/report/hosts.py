"""What hosts must be set to: an overview for people, and as JSON."""

from collections.abc import Iterable, Iterator
from typing import Any

from swyx_components.analysis.explain.places import short
from swyx_components.analysis.host_settings import Gatekeeper, HostSettings, Opening, PortSetting
from swyx_components.report.plan_json import fields_of, given, texts
from swyx_components.report.tables import align, plural
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
        peers, flows = ", ".join(peers_of(opening)), " ".join(opening.flows)
        yield "firewall", f"{describe_opening(opening)}, from {peers} [{flows}]"
    out = len(host.openings) - len(incoming(host.openings))
    if out:
        rules = plural(out, "rule")
        yield "firewall", f"{rules} for what leaves, where the host's firewall blocks it"
    for each in host.reservations:
        words = f"{each.transport.value} {each.ports} on {each.system}"
        yield "reserve", f"{words} ({', '.join(each.keys)})"


def host_record(host: HostSettings) -> dict[str, Any]:
    """One host as the JSON of `swyx hosts` has it."""
    dcom = host.dcom and {
        "ports": texts(host.dcom.ports),
        **fields_of(host.dcom, "decision", "flows", "lines"),
    }
    return {
        **fields_of(host, "site", "name"),
        "kind": "network" if host.network else "machine",
        "roles": host.roles,
        "addresses": list(map(short, host.prefixes)),
        **given(dcom=dcom),
        "ports": list(map(_setting_record, host.settings)),
        "gatekeepers": list(map(_gatekeeper_record, host.gatekeepers)),
        "firewall": list(map(_opening_record, host.openings)),
        "reserve": [
            fields_of(each, "system", "transport", "ports") | {"listeners": each.keys}
            for each in host.reservations
        ],
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
        "lines": listener.lines,
    }


def _gatekeeper_record(gatekeeper: Gatekeeper) -> dict[str, Any]:
    return {
        **fields_of(gatekeeper, "role", "machine"),
        "addresses": list(map(short, gatekeeper.addresses)),
        "port": str(gatekeeper.port),
        "flows": gatekeeper.flows,
    }


def _opening_record(opening: Opening) -> dict[str, Any]:
    return {
        **fields_of(opening, "direction", "protocol"),
        **given(**fields_of(opening, "ports", "source_ports")),
        "peers": peers_of(opening),
        **fields_of(opening, "flows", "lines"),
    }
