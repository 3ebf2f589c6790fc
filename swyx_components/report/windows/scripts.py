"""What a host runs: its own firewall's rules, and the settings of its roles in the registry.

The firewall is set by PowerShell for Windows 8, Server 2012 and later, netsh for Windows Server 2003.
The article names the values of the roles' ports, not the keys that hold them, nor their type: a script
takes the key as a parameter and keeps the type that it finds.

A rule's name follows from its content, so that running a script again changes nothing. New rules come
before old ones go: what stays allowed is never closed.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

from swyx_components.analysis.explain.places import short
from swyx_components.analysis.hosts import (
    DcomRange,
    HostSettings,
    PortSetting,
    Reservation,
    cut_by_port,
)
from swyx_components.planner.model import Direction, Protocol, Rule
from swyx_components.report.tables import cite
from swyx_components.report.windows.text import (
    Story,
    comment,
    describe_opening,
    describe_setting,
    how_to_set,
    incoming,
    peers_of,
    powershell,
    powershell_list,
    reg_lines,
    reg_string,
    script_parts,
)
from swyx_components.sets.ports import NO_PORTS, PortSet

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


def rule_name(opening: Rule) -> str:
    """`swyx-in-udp-51000-51499-1f2e3d4c5b`: what passes, and a digest of from where."""
    words = ["swyx", opening.direction.value, opening.protocol.value]
    words += [str(opening.ports)] if opening.ports else []
    source = opening.source_ports[0] if opening.source_ports else None
    content = repr((source, peers_of(opening)))
    return "-".join([*words, sha256(content.encode()).hexdigest()[:10]])


def _write_rule(opening: Rule, story: Story, indent: str) -> Iterator[str]:
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
        if not opening.ports or any(prefix.version == 6 for prefix in opening.prefixes):
            yield from _left_out(opening, story)
    yield from end


def _old_command(opening: Rule) -> str:
    protocol, ports = _PROTOCOLS[opening.protocol], (opening.ports or NO_PORTS)[0]
    addresses = ",".join(short(prefix) for prefix in opening.prefixes)
    single = ports.first == ports.last
    port = str(ports) if single else "%%p"
    command = (
        f"netsh firewall add portopening protocol={protocol} port={port} "
        f'name="SwyxWare {protocol} {port}" mode=ENABLE scope=CUSTOM addresses={addresses}'
        " || set failed=1"
    )
    if not single:
        command = f"for /L %%p in ({ports.first},1,{ports.last}) do {command}"
    if len(command) > _LONGEST_COMMAND:
        return (
            f"rem Not opened: {protocol} {ports} has more peers than a command can name; "
            "open it by hand for a network that holds them."
        )
    return command


def _left_out(opening: Rule, story: Story) -> Iterator[str]:
    if not opening.ports:
        why, peers = "allows ICMP to all or to nobody: ", peers_of(opening)
    else:
        why = f"limits IPv4 only: {describe_opening(opening)} from "
        peers = [short(prefix) for prefix in opening.prefixes if prefix.version == 6]
    yield f"rem Not opened, since this firewall {why}{' '.join(peers)}"
    yield from comment("rem  ", story.because(opening.flows))


_YES = "Y"
_RESERVES = "Keeps ports on which SwyxWare listens from other programs"


def write_dcom_reg(host: HostSettings, dcom: DcomRange, story: Story) -> Iterator[str]:
    """Lines for regedit: double-click, `reg import`, or a group policy's registry preferences."""
    windows = story.windows
    yield "Windows Registry Editor Version 5.00"
    yield ""
    yield from comment(";", _why_dcom(host, dcom, story))
    yield ""
    yield f"[HKEY_LOCAL_MACHINE\\{windows.rpc_key}]"
    ranges = [str(part) for part in dcom.ports]
    yield f"; {windows.rpc_ports}: {', '.join(ranges)}"
    yield f"{reg_string(windows.rpc_ports)}={reg_lines(ranges)}"
    for name in (windows.rpc_available, windows.rpc_use):
        yield f"{reg_string(name)}={reg_string(_YES)}"


def write_dcom_script(host: HostSettings, dcom: DcomRange, story: Story) -> Iterator[str]:
    """The same by PowerShell."""
    windows, (head, make_key) = story.windows, script_parts("dcom.ps1")
    yield from comment("#", _why_dcom(host, dcom, story))
    yield from head
    yield f"$key = {powershell(f'HKLM:{chr(92)}{windows.rpc_key}')}"
    yield from make_key
    ranges = powershell_list([str(part) for part in dcom.ports])
    for name, kind, value in (
        (windows.rpc_ports, "MultiString", ranges),
        (windows.rpc_available, "String", powershell(_YES)),
        (windows.rpc_use, "String", powershell(_YES)),
    ):
        yield (
            f"New-ItemProperty -LiteralPath $key -Name {powershell(name)} "
            f"-PropertyType {kind} -Value {value} -Force | Out-Null"
        )


def _why_dcom(host: HostSettings, dcom: DcomRange, story: Story) -> Iterator[str]:
    least = story.windows.rpc_least
    yield from story.head(host, "Keeps DCOM to the ports of the plan")
    yield f"DCOM listens on {dcom.ports} only (the decision dcom: {dcom.decision}), beside its mapper on 135."
    yield (
        f"All RPC services of Windows share these {dcom.ports.size():,} ports. "
        "Windows reads the setting when it starts: restart it."
    )
    if dcom.ports.size() < least:
        yield f"That is few: Microsoft recommends at least {least} (KB 154596), some for Windows itself."
    yield from story.because(dcom.flows)


def write_port_script(
    host: HostSettings, role: str, settings: Sequence[PortSetting], story: Story
) -> Iterator[str]:
    """PowerShell for the ports of one role that differ from the article's."""
    yield from comment("#", story.head(host, f"Sets the ports of {role}"))
    for setting in settings:
        yield from comment("#", (describe_setting(setting),))
        if not setting.listener.registry:
            yield from comment("#   not set here:", (how_to_set(setting),))
    yield from script_parts("ports.ps1")[0]
    for setting in settings:
        for name, port in registry_values(setting):
            yield f"Set-Port {powershell(name)} {port}"
    yield f"Write-Output {powershell(f'Restart {role} to use the new ports.')}"


def registry_values(setting: PortSetting) -> Iterable[tuple[str, int]]:
    """Value names with their ports: one of a single port, first and last of a range."""
    names = setting.listener.registry
    if len(names) == 1:
        return ((names[0], setting.ports[0].first),)
    return tuple(zip(names, (setting.ports[0].first, setting.ports[-1].last), strict=False))


# ---- ports that Windows must not hand out, since SwyxWare listens there


_Reservations = Sequence[Reservation]


def write_exclusions(host: HostSettings, own: _Reservations, story: Story) -> Iterator[str]:
    """netsh for Windows Vista, Server 2008 and later."""
    head, end = script_parts("reserve-ports.cmd")
    yield "@echo off"
    yield from comment("rem", story.head(host, _RESERVES))
    yield from head
    for each in own:
        yield from comment("rem", (_described(each),))
        first, last = each.ports
        for family in ("ipv4", "ipv6"):
            yield (
                f"netsh interface {family} add excludedportrange protocol={each.transport.value} "
                f"startport={first} numberofports={last - first + 1} store=persistent || set failed=1"
            )
    yield from end


def write_reserved_ports(host: HostSettings, own: _Reservations, story: Story) -> Iterator[str]:
    """reg for Windows 2000, XP and Server 2003: one list for TCP and UDP, never replaced unseen."""
    ranges = [f"{part[0]}-{part[1]}" for part in PortSet.union_of(each.ports for each in own)]
    key, value = f"HKLM\\{story.windows.reserved_key}", story.windows.reserved_value
    yield "@echo off"
    yield from comment("rem", story.head(host, _RESERVES))
    yield "rem For Windows 2000, XP and Server 2003. Run it as administrator, then restart Windows."
    yield from comment("rem", map(_described, own))
    yield "rem A list that is there already is left as it is: it may hold the ports of other programs."
    yield f'reg query "{key}" /v {value} >nul 2>&1'
    yield "if errorlevel 1 goto write"
    yield f"echo {value} is there already. Add these lines with regedit: {' '.join(ranges)}"
    yield "exit /b 1"
    yield ":write"
    yield f'reg add "{key}" /v {value} /t REG_MULTI_SZ /s , /d "{",".join(ranges)}"'


def _described(reservation: Reservation) -> str:
    return f"{reservation.transport.value} {reservation.ports}: {', '.join(reservation.keys)}"
