"""The files that a host runs or reads: its own firewall's rules, and the settings of its roles.

The firewall is set by PowerShell for Windows 8, Server 2012 and later, netsh for Windows Server 2003.
The article names the values of the roles' ports, not the keys that hold them, nor their type: a script
takes the key as a parameter and keeps the type that it finds.

A rule's name follows from its content, so that running a script again changes nothing. New rules come
before old ones go: what stays allowed is never closed.
"""

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from itertools import groupby
from pathlib import Path

from swyx_components.analysis.hosts import HostSettings, cut_by_port
from swyx_components.catalogue.load import load_windows
from swyx_components.catalogue.model import cite
from swyx_components.installation.model import Installation
from swyx_components.planner.model import Direction, Rule
from swyx_components.planner.requirements import extra_flow
from swyx_components.report.templates import render
from swyx_components.report.windows import text
from swyx_components.sets.ports import PortSet

# What Windows keeps for devices.
_DEVICE = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9]", re.IGNORECASE)


def make_files(host: HostSettings, installation: Installation) -> Iterator[tuple[str, bytes]]:
    """All files of a host by relative path, with `/`; none for what it doesn't need."""
    rules = installation.sites[host.site].extra_rules
    for name, template, values in _choose_files(host):
        content = render(
            f"windows/templates/{template}",
            _WORDS,
            host=host,
            catalogue=installation.catalogue,
            reasons={extra_flow(host.site, rule): rule.reason for rule in rules},
            source=Path(installation.file).name,
            windows=load_windows(),
            **values,
        )
        yield f"{file_name(host.site)}/{file_name(host.name)}/{name}", _encode(name, content)


def _encode(name: str, content: str) -> bytes:
    """CRLF, and the encoding that tells its reader itself: none of them guesses.

    regedit wants UTF-16, PowerShell takes UTF-8 for UTF-8 only with its mark, cmd knows ASCII alone.
    """
    content = content.replace("\n", "\r\n")
    if name.endswith(".reg"):
        return b"\xff\xfe" + content.encode("utf-16-le")
    if name.endswith(".cmd"):
        return content.encode("ascii", "replace")
    return content.encode("utf-8-sig")


def _choose_files(host: HostSettings) -> Iterator[tuple[str, str, Mapping[str, object]]]:
    """The files that a host needs: name, template, and what that asks for beside the host."""
    if host.dcom:
        yield "dcom.ps1", "dcom.ps1", {}
        yield "dcom.reg", "dcom.reg", {}
    for role, settings in groupby(host.settings, key=lambda setting: setting.listener.role):
        own = list(settings)
        if any(setting.listener.registry for setting in own):
            yield f"ports-{_slug(role)}.ps1", "ports.ps1", {"role": role, "settings": own}
    if host.openings:
        yield "firewall.ps1", "firewall.ps1", {}
    if any(opening.direction is Direction.IN for opening in host.openings):
        cut = list(cut_by_port(host.openings))  # one entry a port, with all of the port's peers
        yield "firewall-2003.cmd", "firewall-2003.cmd", {"cut": cut}
    for name, system in (
        ("reserve-ports.cmd", load_windows()["new_ephemeral"]),
        ("reserve-ports-2003.cmd", load_windows()["old_ephemeral"]),
    ):
        if reserved := [each for each in host.reservations if each.system == system]:
            joined = PortSet.union_of(each.ports for each in reserved)
            yield name, name, {"own": reserved, "joined": joined}
    unscripted = [setting for setting in host.settings if not setting.listener.registry]
    if host.gatekeepers or unscripted:
        yield "by-hand.txt", "by-hand.txt", {"unscripted": unscripted}


def file_name(name: str) -> str:
    """The name, or with a plus before it where Windows keeps it for a device; no name has a plus.

    >>> file_name("aachen"), file_name("NUL")
    ('aachen', '+NUL')
    """
    return f"+{name}" if _DEVICE.fullmatch(name) else name


def _slug(role: str) -> str:
    """The role in a file's name; a catalogue of the user's own may call it anything."""
    slug = role.lower()
    plain = re.fullmatch(r"[a-z0-9_-]{1,40}", slug)
    return slug if plain else sha256(slug.encode()).hexdigest()[:8]


# ---- what templates ask for


def rule_name(opening: Rule) -> str:
    """`swyx-in-udp-51000-51499-1f2e3d4c5b`: what passes, and a digest of from where."""
    words = ["swyx", opening.direction.value, opening.protocol.value]
    words += [str(opening.ports)] if opening.ports else []
    source = opening.source_ports[0] if opening.source_ports else None
    content = repr((source, [prefix.short for prefix in opening.prefixes]))
    return "-".join([*words, sha256(content.encode()).hexdigest()[:10]])


_WORDS = {
    word.__name__: word
    for word in (
        *(cite, rule_name, text.comments, text.one_line, text.plain_words),
        *(text.powershell, text.powershell_list, text.reg_string, text.reg_lines),
    )
}  # each of the languages is quoted in its own way, by filters alone
