{{ story.head(host, "Sets the ports of " ~ role)|comments("#") -}}
{% for setting in settings %}
{{ [setting|setting]|comments("#") -}}
{% if not setting.listener.registry %}
{{ [setting|how_to_set]|comments("#   not set here:") -}}
{% endif %}
{% endfor %}
# The article names the values and not the key that holds them, which is why -Key must be given: look
# the values up with regedit on this machine. Value names repeat between roles, so take the key of this role.
# Run it as administrator; -WhatIf changes nothing and says what it would do.
[CmdletBinding(SupportsShouldProcess)]
param(
    # The registry key of the role's settings, as in HKLM:\SOFTWARE\...
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
{% for setting in settings %}
{% for name, port in setting|registry_values %}
Set-Port {{ name|powershell }} {{ port }}
{% endfor %}
{% endfor %}
Write-Output {{ ("Restart " ~ role ~ " to use the new ports.")|powershell }}
