"""The settings of hosts: an overview for people, and JSON."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from swyx_components.analysis.hosts import HostSettings, PortSetting
from swyx_components.planner.model import Rule
from swyx_components.report.plan_json import fields_of, given, texts
from swyx_components.report.tables import align, describe_packets, plural, write_provenance
from swyx_components.report.windows.text import (
    describe_gatekeeper,
    describe_setting,
    how_to_set,
    incoming,
    peers_of,
    registry_values,
)


def write_overview(hosts: Iterable[HostSettings]) -> Iterator[str]:
    """Each host with its settings, one per line."""
    for host in hosts:
        kind = "network " if host.network else ""
        roles = ", ".join(host.roles) or "phones: not Windows hosts, nothing to configure"
        yield f"{host.site}: {kind}{host.name} ({roles})\n"
        yield from align(_rows(host), "  ", wrapped=True)
        if openings := incoming(host.openings):
            yield "  firewall\n"
            yield from align((_HEAD, *map(_opening_row, openings)), "    ", wrapped=True)
        yield "\n"


_HEAD = ("INBOUND", "SOURCE PORTS", "FLOWS", "FROM")


def _opening_row(rule: Rule) -> Sequence[str]:
    ports = describe_packets(rule.protocol.value, rule.ports, None)
    return ports, str(rule.source_ports or "any"), " ".join(rule.flows), ", ".join(peers_of(rule))


def _rows(host: HostSettings) -> Iterator[tuple[str, str]]:
    if host.dcom is not None:
        flows = write_provenance(host.dcom.flows, ())
        yield "dcom", f"DCOM listens on {host.dcom.ports} ({host.dcom.decision}) {flows}"
    for setting in host.settings:
        yield "ports", f"{describe_setting(setting)}: {how_to_set(setting)}"
    for gatekeeper in host.gatekeepers:
        yield "gatekeeper", f"{describe_gatekeeper(gatekeeper)}; set it statically"
    out = len(host.openings) - len(incoming(host.openings))
    if out:
        rules = plural(out, "outbound rule")
        yield "firewall", f"{rules}, if the host's firewall blocks egress"
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
        "addresses": [prefix.short for prefix in host.prefixes],
        **given(dcom=dcom),
        "ports": list(map(_setting_record, host.settings)),
        "gatekeepers": [
            {
                **fields_of(each, "role", "machine"),
                "addresses": [prefix.short for prefix in each.addresses],
                "port": str(each.port),
                "flows": each.flows,
            }
            for each in host.gatekeepers
        ],
        "firewall": [
            {
                **fields_of(each, "direction", "protocol"),
                **given(ports=", ".join(texts(each.ports))),
                **given(source_ports=", ".join(texts(each.source_ports))),
                "peers": peers_of(each),
                **fields_of(each, "flows", "lines"),
            }
            for each in host.openings
        ],
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
