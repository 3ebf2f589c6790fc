"""The settings of hosts as JSON; people get them from `hosts.txt.j2`."""

from typing import Any

from swyx_components.analysis.hosts import HostSettings, PortSetting
from swyx_components.report.plan_json import fields_of, given, texts


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
                "peers": [prefix.short for prefix in each.prefixes],
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
        "registry": setting.registry,
        "lines": listener.lines,
    }
