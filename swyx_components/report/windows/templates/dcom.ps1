{% set mark = "# " %}
{% include "windows/templates/dcom.txt" %}
# Run it as administrator; -WhatIf only shows what it would do.
[CmdletBinding(SupportsShouldProcess)]
param()
$ErrorActionPreference = 'Stop'
$key = {{ ("HKLM:\\" ~ windows.rpc_key)|powershell }}
if (-not (Test-Path -LiteralPath $key)) { New-Item -Path $key -Force | Out-Null }
{% for name, kind, value in [(windows.rpc_ports, "MultiString", host.dcom.ports|map("string")|list|powershell_list), (windows.rpc_available, "String", "Y"|powershell), (windows.rpc_use, "String", "Y"|powershell)] %}
New-ItemProperty -LiteralPath $key -Name {{ name|powershell }} -PropertyType {{ kind }} -Value {{ value }} -Force | Out-Null
{% endfor %}
