"""What hosts must be set to: an overview for people, JSON, and the files of each host for Windows."""

import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import groupby
from typing import Any, NamedTuple

from swyx_components.analysis.explain.places import short
from swyx_components.analysis.hosts import HostSettings, PortSetting
from swyx_components.report.plan_json import fields_of, given, texts
from swyx_components.report.tables import align, cite, plural, write_provenance
from swyx_components.report.windows.scripts import (
    registry_values,
    write_dcom_reg,
    write_dcom_script,
    write_exclusions,
    write_firewall_script,
    write_old_firewall,
    write_port_script,
    write_reserved_ports,
)
from swyx_components.report.windows.text import (
    Story,
    describe_gatekeeper,
    describe_opening,
    describe_setting,
    how_to_set,
    incoming,
    one_line,
    peers_of,
)

# What Windows keeps for devices.
_DEVICES = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)),
}


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
        flows = write_provenance(host.dcom.flows, ())
        yield "dcom", f"DCOM listens on {host.dcom.ports} ({host.dcom.decision}) {flows}"
    for setting in host.settings:
        yield "ports", f"{describe_setting(setting)}: {how_to_set(setting)}"
    for gatekeeper in host.gatekeepers:
        yield "gatekeeper", f"{describe_gatekeeper(gatekeeper)}; to be set statically"
    for opening in incoming(host.openings):
        peers, flows = ", ".join(peers_of(opening)), write_provenance(opening.flows, ())
        yield "firewall", f"{describe_opening(opening)}, from {peers} {flows}"
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
        "gatekeepers": [
            {
                **fields_of(each, "role", "machine"),
                "addresses": list(map(short, each.addresses)),
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


# ---- files


class HostFile(NamedTuple):
    """One file of a host: `path` is relative, with `/`."""

    path: str
    lines: tuple[str, ...]

    def encode(self) -> bytes:
        """CRLF, and the encoding that tells its reader itself: none of them guesses.

        regedit wants UTF-16, PowerShell takes UTF-8 for UTF-8 only with its mark, cmd knows ASCII alone.
        """
        text = "".join(f"{line}\r\n" for line in self.lines)
        if self.path.endswith(".reg"):
            return b"\xff\xfe" + text.encode("utf-16-le")
        if self.path.endswith(".cmd"):
            return text.encode("ascii", "replace")
        return text.encode("utf-8-sig")


def make_files(host: HostSettings, story: Story) -> Iterator[HostFile]:
    """All files of a host, none for what it doesn't need."""
    folder = f"{file_name(host.site)}/{file_name(host.name)}"
    for name, lines in _contents(host, story):
        yield HostFile(f"{folder}/{name}", tuple(lines))


def _contents(host: HostSettings, story: Story) -> Iterator[tuple[str, Iterable[str]]]:
    if host.dcom is not None:
        yield "dcom.ps1", write_dcom_script(host, host.dcom, story)
        yield "dcom.reg", write_dcom_reg(host, host.dcom, story)
    for role, settings in groupby(host.settings, key=lambda setting: setting.listener.role):
        own = list(settings)
        if any(setting.listener.registry for setting in own):
            yield f"ports-{_slug(role)}.ps1", write_port_script(host, role, own, story)
    if host.openings:
        yield "firewall.ps1", write_firewall_script(host, story)
    if incoming(host.openings):
        yield "firewall-2003.cmd", write_old_firewall(host, story)
    for name, system, write in (
        ("reserve-ports.cmd", story.windows.new_ephemeral, write_exclusions),
        ("reserve-ports-2003.cmd", story.windows.old_ephemeral, write_reserved_ports),
    ):
        reserved = [r for r in host.reservations if r.system == system]
        if reserved:
            yield name, write(host, reserved, story)
    by_hand = list(_write_by_hand(host, story))
    if by_hand:
        yield "by-hand.txt", by_hand


def file_name(name: str) -> str:
    """The name, or with a plus before it where Windows keeps it for a device; no name has a plus.

    >>> file_name("aachen"), file_name("NUL")
    ('aachen', '+NUL')
    """
    return f"+{name}" if name.lower() in _DEVICES else name


def _slug(role: str) -> str:
    """The role in a file's name; a catalogue of the user's own may call it anything."""
    slug = role.lower()
    plain = re.fullmatch(r"[a-z0-9_-]{1,40}", slug)
    return slug if plain else sha256(slug.encode()).hexdigest()[:8]


# ---- by hand


def _write_by_hand(host: HostSettings, story: Story) -> Iterator[str]:
    """What no script can set: the gatekeeper's address, and ports without a known setting; or nothing."""
    steps = list(_list_steps(host))
    if steps:
        yield from map(one_line, story.head(host, "What must be set by hand"))
        yield ""
        yield from map(one_line, steps)


def _list_steps(host: HostSettings) -> Iterator[str]:
    if host.gatekeepers:
        discovery = host.gatekeepers[0].discovery
        yield (
            f"Gatekeeper address, to be set statically: {discovery.purpose} (UDP {discovery.ports}, kb2308 "
            f"{cite(discovery.lines)}) does not cross cloud networks."
        )
        yield "The article names no setting for the address; set it where the product asks for it."
        for gatekeeper in host.gatekeepers:
            yield f"- {describe_gatekeeper(gatekeeper)}"
    unscripted = [setting for setting in host.settings if not setting.listener.registry]
    if unscripted:
        yield "Ports that differ from the article's and have no registry value:"
    for setting in unscripted:
        yield f"- {describe_setting(setting)}: {how_to_set(setting)}"
