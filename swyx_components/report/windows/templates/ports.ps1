{% import "windows/templates/words.txt" as words %}
{% import "windows/templates/comments.txt" as comment with context %}
{{ comment.head("Sets the ports of " ~ role, "# ") -}}
{% for setting in settings %}
{{ [words.setting(setting)]|comments("# ") -}}
{% if not setting.listener.registry %}
{{ [words.how_to_set(setting)]|comments("#   not set here: ") -}}
{% endif %}
{% endfor %}
# The article names the values but not their key, so -Key is required: find the values with regedit on
# this machine. Value names repeat between roles, so use the key of this role.
# Run it as administrator; -WhatIf only shows what it would do.
[CmdletBinding(SupportsShouldProcess)]
param(
    # The registry key of the role's settings, as in HKLM:\SOFTWARE\...
    [Parameter(Mandatory)] [string] $Key,
    # The type of a value that does not exist yet; an existing value keeps its own.
    [ValidateSet('DWord', 'String')] [string] $Type
)
$ErrorActionPreference = 'Stop'
if (-not (Test-Path -LiteralPath $Key)) { throw "The key $Key does not exist." }
$found = Get-Item -LiteralPath $Key
function Set-Port([string] $Name, [int] $Port) {
    $kind = $Type
    if ($found.GetValueNames() -contains $Name) { $kind = $found.GetValueKind($Name) }
    if (-not $kind) { throw "The value $Name does not exist: set its type with -Type." }
    New-ItemProperty -LiteralPath $Key -Name $Name -PropertyType $kind -Value $Port -Force | Out-Null
}
{% for setting in settings %}
{% for name, port in setting.registry.items() %}
Set-Port {{ name|powershell }} {{ port }}
{% endfor %}
{% endfor %}
Write-Output {{ ("Restart " ~ role ~ " to use the new ports.")|powershell }}
