"""A host's own firewall: PowerShell for Windows 8, Server 2012 and later, netsh for Windows Server 2003.

A rule's name follows from its content, so that running a script again changes nothing. New rules come
before old ones go: what stays allowed is never closed.
"""

from collections.abc import Iterator
from hashlib import sha256

from swyx_components.analysis.explain.places import short
from swyx_components.analysis.hosts import HostSettings, Opening, cut_by_port
from swyx_components.planner.model import Direction, Protocol
from swyx_components.report.tables import cite
from swyx_components.report.windows.text import (
    Story,
    comment,
    describe_opening,
    incoming,
    peers_of,
    powershell,
    powershell_list,
    script_parts,
)

_PROTOCOLS = {
    Protocol.TCP: "TCP",
    Protocol.UDP: "UDP",
    Protocol.ICMP: "ICMPv4",
    Protocol.ICMPV6: "ICMPv6",
}
_LONGEST_COMMAND = 8000  # characters that cmd takes on one line, with room to spare


def write_firewall_script(host: HostSettings, story: Story) -> Iterator[str]:
    """PowerShell: every opening as one rule of the group, inbound ones first."""
    head, end = script_parts("firewall.ps1")
    yield from comment("#", story.head(host, "Lets pass what the plan needs"))
    yield from head
    outbound = [o for o in host.openings if o.direction is Direction.OUT]
    for opening in incoming(host.openings):
        yield from _write_rule(opening, story, "")
    if outbound:
        yield "if ($Outbound) {"
        for opening in outbound:
            yield from _write_rule(opening, story, "    ")
        yield "}"
    yield from end


def rule_name(opening: Opening) -> str:
    """`swyx-in-udp-51000-51499-1f2e3d4c5b`: what passes, and a digest of from where."""
    words = ["swyx", opening.direction.value, opening.protocol.value]
    words += [str(opening.ports)] if opening.ports else []
    content = repr((opening.source_ports, peers_of(opening)))
    return "-".join([*words, sha256(content.encode()).hexdigest()[:10]])


def _write_rule(opening: Opening, story: Story, indent: str) -> Iterator[str]:
    yield from comment(f"{indent}#", story.because(opening.flows))
    inbound = opening.direction is Direction.IN
    own, far = ("LocalPort", "RemotePort") if inbound else ("RemotePort", "LocalPort")
    flows = " ".join(opening.flows)
    lines = f", kb2308 {cite(opening.lines)}" if opening.lines else ""
    members = {
        "Name": rule_name(opening),
        "DisplayName": f"SwyxWare {describe_opening(opening)} ({flows})",
        "Description": f"flows {flows}{lines}",
        "Direction": "Inbound" if inbound else "Outbound",
        "Protocol": _PROTOCOLS[opening.protocol],
        own: str(opening.ports or ""),
        far: str(opening.source_ports or ""),
    }
    texts = "".join(f"{key} = {powershell(text)}; " for key, text in members.items() if text)
    peers = powershell_list(peers_of(opening))
    yield f"{indent}Add-Rule @{{ {texts}RemoteAddress = {peers} }}"


def write_old_firewall(host: HostSettings, story: Story) -> Iterator[str]:
    """netsh for Windows Server 2003 and XP: one entry a port, so each port has all of its peers."""
    head, end = script_parts("firewall-2003.cmd")
    yield "@echo off"
    yield from comment("rem", story.head(host, "Lets in what the plan needs"))
    yield from head
    for opening in cut_by_port(host.openings):
        yield from comment("rem", story.because(opening.flows))
        yield _old_command(opening)
    for opening in incoming(host.openings):
        if opening.ports is None or any(prefix.version == 6 for prefix in opening.peers):
            yield from _left_out(opening, story)
    yield from end


def _old_command(opening: Opening) -> str:
    protocol, ports = _PROTOCOLS[opening.protocol], opening.ports
    addresses = ",".join(short(prefix) for prefix in opening.peers)
    single = ports is None or ports.first == ports.last
    port = f"{ports}" if single else "%%p"
    command = (
        f"netsh firewall add portopening protocol={protocol} port={port} "
        f'name="SwyxWare {protocol} {port}" mode=ENABLE scope=CUSTOM addresses={addresses}'
        " || set failed=1"
    )
    if ports is not None and not single:
        command = f"for /L %%p in ({ports.first},1,{ports.last}) do {command}"
    if len(command) > _LONGEST_COMMAND:
        return (
            f"rem Not opened: {protocol} {ports} has more peers than a command can name; "
            "open it by hand for a network that holds them."
        )
    return command


def _left_out(opening: Opening, story: Story) -> Iterator[str]:
    if opening.ports is None:
        why, peers = "allows ICMP to all or to nobody: ", peers_of(opening)
    else:
        why = f"limits IPv4 only: {describe_opening(opening)} from "
        peers = [short(prefix) for prefix in opening.peers if prefix.version == 6]
    yield f"rem Not opened, since this firewall {why}{' '.join(peers)}"
    yield from comment("rem  ", story.because(opening.flows))
