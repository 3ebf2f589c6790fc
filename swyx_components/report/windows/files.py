"""The files of one host: their names, what stands in them, and their bytes as Windows wants them."""

import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import groupby
from typing import NamedTuple

from swyx_components.analysis.host_settings import HostSettings
from swyx_components.catalogue.windows import WindowsSettings
from swyx_components.report.windows.by_hand import write_by_hand
from swyx_components.report.windows.firewall import write_firewall_script, write_old_firewall
from swyx_components.report.windows.registry import (
    write_dcom_reg,
    write_dcom_script,
    write_port_script,
)
from swyx_components.report.windows.reserved import write_exclusions, write_reserved_ports
from swyx_components.report.windows.story import Story, incoming

_RESERVED = {
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


def make_files(host: HostSettings, story: Story, windows: WindowsSettings) -> Iterator[HostFile]:
    """All files of a host, none for what it doesn't need."""
    folder = f"{file_name(host.site)}/{file_name(host.name)}"
    for name, lines in _contents(host, story, windows):
        yield HostFile(f"{folder}/{name}", tuple(lines))


def _contents(
    host: HostSettings, story: Story, windows: WindowsSettings
) -> Iterator[tuple[str, Iterable[str]]]:
    if host.dcom is not None:
        yield "dcom.ps1", write_dcom_script(host, host.dcom, story, windows)
        yield "dcom.reg", write_dcom_reg(host, host.dcom, story, windows)
    for role, settings in groupby(host.settings, key=lambda setting: setting.listener.role):
        own = list(settings)
        if any(setting.listener.registry for setting in own):
            yield f"ports-{_slug(role)}.ps1", write_port_script(host, role, own, story)
    if host.openings:
        yield "firewall.ps1", write_firewall_script(host, story)
    if incoming(host.openings):
        yield "firewall-2003.cmd", write_old_firewall(host, story)
    for name, system, write in (
        ("reserve-ports.cmd", windows.new_ephemeral, write_exclusions),
        ("reserve-ports-2003.cmd", windows.old_ephemeral, write_reserved_ports),
    ):
        reserved = [r for r in host.reservations if r.system == system]
        if reserved:
            yield name, write(host, reserved, story, windows)
    by_hand = list(write_by_hand(host, story))
    if by_hand:
        yield "by-hand.txt", by_hand


def file_name(name: str) -> str:
    """The name, or with a plus before it where Windows keeps it for a device; no name has a plus.

    >>> file_name("aachen"), file_name("NUL")
    ('aachen', '+NUL')
    """
    return f"+{name}" if name.lower() in _RESERVED else name


def _slug(role: str) -> str:
    """The role in a file's name; a catalogue of the user's own may call it anything."""
    slug = role.lower()
    return (
        slug if re.fullmatch(r"[a-z0-9_-]{1,40}", slug) else sha256(slug.encode()).hexdigest()[:8]
    )
