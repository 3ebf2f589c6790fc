"""The files that a host runs or reads: its own firewall's rules, and the settings of its roles.

The firewall is set by PowerShell for Windows 8, Server 2012 and later, netsh for Windows Server 2003.
The article names the values of the roles' ports, not the keys that hold them, nor their type: a script
takes the key as a parameter and keeps the type that it finds.

A rule's name follows from its content, so that running a script again changes nothing. New rules come
before old ones go: what stays allowed is never closed.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from swyx_components.analysis.hosts import HostSettings, cut_by_port
from swyx_components.catalogue import Catalogue
from swyx_components.catalogue.load import load_windows
from swyx_components.catalogue.model import cite
from swyx_components.installation.model import Installation
from swyx_components.planner.model import Direction, Rule
from swyx_components.planner.requirements import extra_flow
from swyx_components.report import templates
from swyx_components.report.windows import text
from swyx_components.sets.ports import PortSet

if TYPE_CHECKING:
    from jinja2 import Environment

# What Windows keeps for devices.
_DEVICE = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9]", re.IGNORECASE)


def make_files(host: HostSettings, installation: Installation) -> Iterator[tuple[str, bytes]]:
    """All files of a host by relative path, with `/`; none for what it doesn't need."""
    for name, lines in _contents(host, installation):
        yield f"{file_name(host.site)}/{file_name(host.name)}/{name}", _encode(name, lines)


def _encode(name: str, lines: Iterable[str]) -> bytes:
    """CRLF, and the encoding that tells its reader itself: none of them guesses.

    regedit wants UTF-16, PowerShell takes UTF-8 for UTF-8 only with its mark, cmd knows ASCII alone.
    """
    text = "".join(f"{line}\r\n" for line in lines)
    if name.endswith(".reg"):
        return b"\xff\xfe" + text.encode("utf-16-le")
    if name.endswith(".cmd"):
        return text.encode("ascii", "replace")
    return text.encode("utf-8-sig")


def _contents(
    host: HostSettings, installation: Installation
) -> Iterator[tuple[str, Iterable[str]]]:
    rules, catalogue = installation.sites[host.site].extra_rules, installation.catalogue
    reasons = {extra_flow(host.site, rule): rule.reason for rule in rules}
    head = partial(_head, host, installation)
    because = partial(_because, catalogue, reasons)
    render = partial(_render, host=host, catalogue=catalogue, head=head, because=because)
    if dcom := host.dcom:
        why = [
            *head("Restricts DCOM to the ports of the plan"),
            *render("dcom.txt", dcom=dcom),
            *because(dcom.flows),
        ]
        ranges = [str(part) for part in dcom.ports]
        for name in ("dcom.ps1", "dcom.reg"):
            yield name, render(name, why=why, ranges=ranges)
    for role, settings in groupby(host.settings, key=lambda setting: setting.listener.role):
        own = list(settings)
        if any(setting.listener.registry for setting in own):
            yield f"ports-{_slug(role)}.ps1", render("ports.ps1", role=role, settings=own)
    if host.openings:
        yield "firewall.ps1", render("firewall.ps1")
    if any(opening.direction is Direction.IN for opening in host.openings):
        cut = list(cut_by_port(host.openings))  # one entry a port, with all of the port's peers
        yield "firewall-2003.cmd", render("firewall-2003.cmd", cut=cut)
    for name, system in (
        ("reserve-ports.cmd", load_windows()["new_ephemeral"]),
        ("reserve-ports-2003.cmd", load_windows()["old_ephemeral"]),
    ):
        if reserved := [each for each in host.reservations if each.system == system]:
            joined = PortSet.union_of(each.ports for each in reserved)
            ranges = [f"{part.first}-{part.last}" for part in joined]
            yield name, render(name, own=reserved, ranges=ranges)
    unscripted = [setting for setting in host.settings if not setting.listener.registry]
    if host.gatekeepers or unscripted:
        yield "by-hand.txt", render("by-hand.txt", unscripted=unscripted)


def _head(host: HostSettings, installation: Installation, does: str) -> list[str]:
    """What a file is for, on which host."""
    kind = "the clients of the network" if host.network else "the machine"
    source = Path(installation.file).name
    return [
        f"{does}, for {kind} {host.name} of {host.site}: {', '.join(host.roles)}.",
        f"Made by `swyx hosts` from {source}, {installation.catalogue.title}.",
    ]


def _because(
    catalogue: Catalogue, reasons: Mapping[str, str], flows: Iterable[str]
) -> Iterator[str]:
    """One sentence per flow: its id, its purpose and the lines of the article."""
    for flow in flows:
        row = catalogue.flows.get(flow)
        if row is None:
            yield f"{flow}: {reasons.get(flow, 'a rule of the site')}"
        else:
            yield f"{flow}: {row.purpose} ({row.evidence.value}, {row.citation})"


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


def _render(name: str, **values: object) -> list[str]:
    text = _environment().get_template(f"templates/{name}").render(values)
    return text.removesuffix("\n").split("\n")


@cache
def _environment() -> "Environment":
    """Quoted by filters alone, since each of the languages has its own way."""
    environment = templates.environment(__package__)
    environment.globals["windows"] = load_windows()
    words: list[Callable[..., object]] = [cite, rule_name, text.registry_values, text.peers_of]
    words += [text.comments, text.one_line, text.plain_words, text.powershell]
    words += [text.powershell_list, text.reg_string, text.reg_lines]
    environment.filters |= {word.__name__: word for word in words}
    return environment


def rule_name(opening: Rule) -> str:
    """`swyx-in-udp-51000-51499-1f2e3d4c5b`: what passes, and a digest of from where."""
    words = ["swyx", opening.direction.value, opening.protocol.value]
    words += [str(opening.ports)] if opening.ports else []
    source = opening.source_ports[0] if opening.source_ports else None
    content = repr((source, text.peers_of(opening)))
    return "-".join([*words, sha256(content.encode()).hexdigest()[:10]])
