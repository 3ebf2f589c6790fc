"""A host's own firewall: PowerShell for Windows 8, Server 2012 and later, netsh for Windows Server 2003.

A rule's name follows from its content, so that running a script again changes nothing. New rules come
before old ones go: what stays allowed is never closed.
"""

from collections.abc import Iterator
from hashlib import sha256

from swyx_components.analysis.explain.places import short
from swyx_components.analysis.host_settings import HostSettings, Opening, cut_by_port
from swyx_components.planner.model import Direction, Protocol
from swyx_components.report.windows.quoting import (
    one_line,
    plain_words,
    powershell,
    powershell_list,
)
from swyx_components.report.windows.story import Story, cite, describe_opening, incoming, peers_of

_PROTOCOLS = {
    Protocol.TCP: "TCP",
    Protocol.UDP: "UDP",
    Protocol.ICMP: "ICMPv4",
    Protocol.ICMPV6: "ICMPv6",
}
_LONGEST_COMMAND = 8000  # characters that cmd takes on one line, with room to spare


def write_firewall_script(host: HostSettings, story: Story) -> Iterator[str]:
    """PowerShell: every opening as one rule of the group, inbound ones first."""
    for line in story.head(host, "Lets pass what the plan needs"):
        yield f"# {one_line(line)}"
    yield from _SCRIPT_HEAD
    outbound = [o for o in host.openings if o.direction is Direction.OUT]
    for opening in incoming(host.openings):
        yield from _write_rule(opening, story, "")
    if outbound:
        yield "if ($Outbound) {"
        for opening in outbound:
            yield from _write_rule(opening, story, "    ")
        yield "}"
    yield from _SCRIPT_END


def rule_name(opening: Opening) -> str:
    """`swyx-in-udp-51000-51499-1f2e3d4c5b`: what passes, and a digest of from where."""
    words = ["swyx", opening.direction.value, opening.protocol.value]
    words += [str(opening.ports)] if opening.ports else []
    content = repr((opening.source_ports, peers_of(opening)))
    return "-".join([*words, sha256(content.encode()).hexdigest()[:10]])


def _write_rule(opening: Opening, story: Story, indent: str) -> Iterator[str]:
    for line in story.because(opening.flows):
        yield f"{indent}# {one_line(line)}"
    inbound = opening.direction is Direction.IN
    own, far = ("LocalPort", "RemotePort") if inbound else ("RemotePort", "LocalPort")
    flows = " ".join(opening.flows)
    lines = f", kb2308 {cite(opening.lines)}" if opening.lines else ""
    members = [
        f"Name = {powershell(rule_name(opening))}",
        f"DisplayName = {powershell(f'SwyxWare {describe_opening(opening)} ({flows})')}",
        f"Description = {powershell(f'flows {flows}{lines}')}",
        f"Direction = '{'Inbound' if inbound else 'Outbound'}'",
        f"Protocol = '{_PROTOCOLS[opening.protocol]}'",
    ]
    if opening.ports:
        members.append(f"{own} = '{opening.ports}'")
    if opening.source_ports:
        members.append(f"{far} = '{opening.source_ports}'")
    members.append(f"RemoteAddress = {powershell_list(peers_of(opening))}")
    yield f"{indent}Add-Rule @{{ {'; '.join(members)} }}"


_SCRIPT_HEAD = """\
# For Windows 8, Server 2012 and later. Run it as administrator; -WhatIf changes nothing and says what it
# would do. Running it again brings the rules of its group up to date and leaves all others alone.
[CmdletBinding(SupportsShouldProcess)]
param(
    # Where the rules go: this machine, or a group policy as 'domain.example\\Name of the policy'.
    [string] $PolicyStore = 'PersistentStore',
    # Allow what leaves too, for machines whose firewall blocks it (by default Windows does not).
    [switch] $Outbound
)
$ErrorActionPreference = 'Stop'
$group = 'SwyxWare (swyx hosts)'
$wanted = New-Object 'System.Collections.Generic.List[string]'
$there = @(Get-NetFirewallRule -PolicyStore $PolicyStore -Group $group -ErrorAction SilentlyContinue)
function Add-Rule([hashtable] $Rule) {
    $wanted.Add($Rule.Name)
    if ($there.Name -contains $Rule.Name) { return }
    if ($PSCmdlet.ShouldProcess($Rule.DisplayName, 'add the firewall rule')) {
        $place = @{ PolicyStore = $PolicyStore; Group = $group; Action = 'Allow'; Profile = 'Any' }
        New-NetFirewallRule @Rule @place | Out-Null
    }
}
""".splitlines()
_SCRIPT_END = """\
foreach ($rule in $there) {
    if ($wanted -contains $rule.Name) { continue }
    if ($PSCmdlet.ShouldProcess($rule.DisplayName, 'remove the firewall rule')) {
        Remove-NetFirewallRule -InputObject $rule
    }
}
""".splitlines()


def write_old_firewall(host: HostSettings, story: Story) -> Iterator[str]:
    """netsh for Windows Server 2003 and XP: one entry a port, so each port has all of its peers."""
    yield "@echo off"
    for line in story.head(host, "Lets in what the plan needs"):
        yield f"rem {plain_words(line)}"
    yield from _OLD_HEAD
    for opening in cut_by_port(host.openings):
        for line in story.because(opening.flows):
            yield f"rem {plain_words(line)}"
        yield _old_command(opening)
    for opening in incoming(host.openings):
        if opening.ports is None or any(prefix.version == 6 for prefix in opening.peers):
            yield from _left_out(opening, story)
    yield "if defined failed echo Some openings were not made, see above."
    yield "if defined failed exit /b 1"


_OLD_HEAD = """\
rem For Windows XP with Service Pack 2 and Windows Server 2003 with Service Pack 1. Run it as administrator.
rem This firewall filters only what comes in, knows no source ports and no ranges: a range is a loop,
rem and a large one takes its time. One entry a port, so an entry of your own for the same port is replaced.
setlocal DisableDelayedExpansion
set failed=
""".splitlines()


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
        peers = " ".join(peers_of(opening))
        yield f"rem Not opened, since this firewall allows ICMP to all or to nobody: {peers}"
    else:
        peers = " ".join(short(prefix) for prefix in opening.peers if prefix.version == 6)
        what = f"{describe_opening(opening)} from {peers}"
        yield f"rem Not opened, since this firewall limits IPv4 only: {what}"
    for line in story.because(opening.flows):
        yield f"rem   {plain_words(line)}"
