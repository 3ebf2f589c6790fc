"""The DCOM range as a .reg file and as PowerShell, and the ports of a role as PowerShell.

The article names the values of the roles' ports, not the keys that hold them, nor their type. So a
script takes the key as a parameter and keeps the type that it finds.
"""

from collections.abc import Iterable, Iterator, Sequence

from swyx_components.analysis.host_settings import DcomRange, HostSettings, PortSetting
from swyx_components.catalogue.windows import WindowsSettings
from swyx_components.report.windows.quoting import (
    one_line,
    powershell,
    powershell_list,
    reg_lines,
    reg_string,
)
from swyx_components.report.windows.story import (
    Story,
    describe_dcom,
    describe_setting,
    how_to_set,
)

_YES = "Y"


def write_dcom_reg(
    host: HostSettings, dcom: DcomRange, story: Story, windows: WindowsSettings
) -> Iterator[str]:
    """Lines for regedit: double-click, `reg import`, or a group policy's registry preferences."""
    yield "Windows Registry Editor Version 5.00"
    yield ""
    for line in _why_dcom(host, dcom, story, windows):
        yield f"; {one_line(line)}"
    yield ""
    yield f"[HKEY_LOCAL_MACHINE\\{windows.rpc_key}]"
    ranges = [str(part) for part in dcom.ports]
    yield f"; {windows.rpc_ports}: {', '.join(ranges)}"
    yield f"{reg_string(windows.rpc_ports)}={reg_lines(ranges)}"
    for name in (windows.rpc_available, windows.rpc_use):
        yield f"{reg_string(name)}={reg_string(_YES)}"


def write_dcom_script(
    host: HostSettings, dcom: DcomRange, story: Story, windows: WindowsSettings
) -> Iterator[str]:
    """The same by PowerShell."""
    for line in _why_dcom(host, dcom, story, windows):
        yield f"# {one_line(line)}"
    yield "# Run it as administrator; -WhatIf changes nothing and says what it would do."
    yield "[CmdletBinding(SupportsShouldProcess)]"
    yield "param()"
    yield "$ErrorActionPreference = 'Stop'"
    yield f"$key = {powershell(f'HKLM:{chr(92)}{windows.rpc_key}')}"
    yield "if (-not (Test-Path -LiteralPath $key)) { New-Item -Path $key -Force | Out-Null }"
    ranges = powershell_list([str(part) for part in dcom.ports])
    yield (
        f"New-ItemProperty -LiteralPath $key -Name {powershell(windows.rpc_ports)} "
        f"-PropertyType MultiString -Value {ranges} -Force | Out-Null"
    )
    for name in (windows.rpc_available, windows.rpc_use):
        yield (
            f"New-ItemProperty -LiteralPath $key -Name {powershell(name)} "
            f"-PropertyType String -Value {powershell(_YES)} -Force | Out-Null"
        )


def _why_dcom(
    host: HostSettings, dcom: DcomRange, story: Story, windows: WindowsSettings
) -> Iterator[str]:
    yield from story.head(host, "Keeps DCOM to the ports of the plan")
    yield from describe_dcom(dcom, windows.rpc_least)
    yield from story.because(dcom.flows)


def write_port_script(
    host: HostSettings, role: str, settings: Sequence[PortSetting], story: Story
) -> Iterator[str]:
    """PowerShell for the ports of one role that differ from the article's."""
    for line in story.head(host, f"Sets the ports of {role}"):
        yield f"# {one_line(line)}"
    for setting in settings:
        yield f"# {one_line(describe_setting(setting))}"
        if not setting.listener.registry:
            yield f"#   not set here: {one_line(how_to_set(setting))}"
    yield from _PORT_SCRIPT_HEAD
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


_PORT_SCRIPT_HEAD = """\
# The article names the values and not the key that holds them, which is why -Key must be given: look
# the values up with regedit on this machine. Value names repeat between roles, so take the key of this role.
# Run it as administrator; -WhatIf changes nothing and says what it would do.
[CmdletBinding(SupportsShouldProcess)]
param(
    # The registry key of the role's settings, as in HKLM:\\SOFTWARE\\...
    [Parameter(Mandatory)] [string] $Key,
    # The type of a value that is not there yet; one that is there keeps its own.
    [ValidateSet('DWord', 'String')] [string] $Type
)
$ErrorActionPreference = 'Stop'
if (-not (Test-Path -LiteralPath $Key)) { throw "There is no key $Key." }
$found = Get-Item -LiteralPath $Key
function Set-Port([string] $Name, [int] $Port) {
    $kind = $Type
    if ($found.GetValueNames() -contains $Name) { $kind = $found.GetValueKind($Name) }
    if (-not $kind) { throw "The value $Name is not there yet: give its type with -Type." }
    New-ItemProperty -LiteralPath $Key -Name $Name -PropertyType $kind -Value $Port -Force | Out-Null
}
""".splitlines()
