"""The files that a host runs or reads: its own firewall's rules, and the settings of its roles.

The firewall is set by PowerShell for Windows 8, Server 2012 and later, netsh for Windows Server 2003.
The article names the values of the roles' ports, not the keys that hold them, nor their type: a script
takes the key as a parameter and keeps the type that it finds.

A rule's name follows from its content, so that running a script again changes nothing. New rules come
before old ones go: what stays allowed is never closed.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import sha256
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from swyx_components.analysis.hosts import HostSettings, PortSetting, Reservation, cut_by_port
from swyx_components.catalogue.model import cite
from swyx_components.planner.model import Direction, Protocol, Rule
from swyx_components.report import templates
from swyx_components.report.windows import text
from swyx_components.report.windows.text import Story, peers_of
from swyx_components.sets.ports import PortSet

if TYPE_CHECKING:
    from jinja2 import Environment

_PROTOCOLS = {
    Protocol.TCP: "TCP",
    Protocol.UDP: "UDP",
    Protocol.ICMP: "ICMPv4",
    Protocol.ICMPV6: "ICMPv6",
}
_LONGEST_COMMAND = 8000  # characters that cmd takes on one line, with room to spare
_RESERVES = "Reserves ports on which {} listens"
# What Windows keeps for devices.
_DEVICES = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)),
}


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
    about = {"host": host, "story": story, "windows": story.windows}
    if dcom := host.dcom:
        why = [
            *story.head(host, "Restricts DCOM to the ports of the plan"),
            *_render("dcom.txt", dcom=dcom, **about),
            *story.because(dcom.flows),
        ]
        ranges = [str(part) for part in dcom.ports]
        for name in ("dcom.ps1", "dcom.reg"):
            yield name, _render(name, why=why, ranges=ranges, **about)
    for role, settings in groupby(host.settings, key=lambda setting: setting.listener.role):
        own = list(settings)
        if any(setting.listener.registry for setting in own):
            yield f"ports-{_slug(role)}.ps1", _render("ports.ps1", role=role, settings=own, **about)
    if host.openings:
        yield "firewall.ps1", _render("firewall.ps1", **about)
    if any(opening.direction is Direction.IN for opening in host.openings):
        cut = list(cut_by_port(host.openings))  # one entry a port, with all of the port's peers
        yield "firewall-2003.cmd", _render("firewall-2003.cmd", cut=cut, **about)
    for name, system in (
        ("reserve-ports.cmd", story.windows.new_ephemeral),
        ("reserve-ports-2003.cmd", story.windows.old_ephemeral),
    ):
        if reserved := [each for each in host.reservations if each.system == system]:
            joined = PortSet.union_of(each.ports for each in reserved)
            ranges = [f"{part.first}-{part.last}" for part in joined]
            reserves = _RESERVES.format(story.catalogue.name)
            yield name, _render(name, own=reserved, ranges=ranges, reserves=reserves, **about)
    unscripted = [setting for setting in host.settings if not setting.listener.registry]
    if host.gatekeepers or unscripted:
        yield "by-hand.txt", _render("by-hand.txt", unscripted=unscripted, **about)


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


# ---- what templates ask for


def _render(name: str, **values: object) -> list[str]:
    text = _environment().get_template(f"templates/{name}").render(values)
    return text.removesuffix("\n").split("\n")


@cache
def _environment() -> "Environment":
    """Quoted by filters alone, since each of the languages has its own way."""
    environment = templates.environment(__package__)
    environment.globals["longest"] = _LONGEST_COMMAND
    environment.filters |= {
        name: getattr(text, name)
        for name in ("comments", "one_line", "plain_words", "powershell", "powershell_list")
    }
    environment.filters |= {"reg_string": text.reg_string, "reg_lines": text.reg_lines}
    environment.filters |= {"setting": text.describe_setting, "how_to_set": text.how_to_set}
    environment.filters |= {"opening": text.describe_opening, "peers": peers_of, "cite": cite}
    environment.filters |= {"gatekeeper": text.describe_gatekeeper}
    environment.filters |= {"rule_name": rule_name, "protocol": lambda o: _PROTOCOLS[o.protocol]}
    environment.filters |= {"registry_values": registry_values, "reservation": _describe}
    return environment


def rule_name(opening: Rule) -> str:
    """`swyx-in-udp-51000-51499-1f2e3d4c5b`: what passes, and a digest of from where."""
    words = ["swyx", opening.direction.value, opening.protocol.value]
    words += [str(opening.ports)] if opening.ports else []
    source = opening.source_ports[0] if opening.source_ports else None
    content = repr((source, peers_of(opening)))
    return "-".join([*words, sha256(content.encode()).hexdigest()[:10]])


def registry_values(setting: PortSetting) -> Iterable[tuple[str, int]]:
    """Value names with their ports: one of a single port, first and last of a range."""
    names = setting.listener.registry
    if len(names) == 1:
        return ((names[0], setting.ports[0].first),)
    return tuple(zip(names, (setting.ports[0].first, setting.ports[-1].last), strict=False))


def _describe(reservation: Reservation) -> str:
    return f"{reservation.transport.value} {reservation.ports}: {', '.join(reservation.keys)}"
