# Run it as administrator; -WhatIf changes nothing and says what it would do.
[CmdletBinding(SupportsShouldProcess)]
param()
$ErrorActionPreference = 'Stop'
# ----
if (-not (Test-Path -LiteralPath $key)) { New-Item -Path $key -Force | Out-Null }
