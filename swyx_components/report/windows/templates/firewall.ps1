{% import "windows/templates/words.txt" as words %}
{% import "windows/templates/comments.txt" as comment with context %}
{% macro rule(opening, indent) %}
{% set inbound = opening.direction.value == "in" %}
{% set flows = opening.flows|join(" ") %}
{{ comment.because(opening.flows, indent ~ "# ") -}}
{{ indent }}Add-Rule @{ Name = {{ opening|rule_name|powershell }}; {# -#}
DisplayName = {{ (catalogue.name ~ " " ~ words.opening(opening) ~ " (" ~ flows ~ ")")|powershell }}; {# -#}
Description = {{ ("flows " ~ flows ~ (", " ~ opening.lines|cite(catalogue.source) if opening.lines else ""))|powershell }}; {# -#}
Direction = '{{ "Inbound" if inbound else "Outbound" }}'; Protocol = '{{ windows[opening.protocol.value] }}'; {# -#}
{% if opening.ports %}{{ "LocalPort" if inbound else "RemotePort" }} = {{ opening.ports|string|powershell }}; {% endif %}
{% if opening.source_ports %}{{ "RemotePort" if inbound else "LocalPort" }} = {{ opening.source_ports|string|powershell }}; {% endif %}
RemoteAddress = {{ opening.prefixes|map(attribute="short")|list|powershell_list }} }
{% endmacro %}
{{ comment.head("Allows the traffic that the plan needs", "# ") -}}
# For Windows 8, Server 2012 and later. Run it as administrator; -WhatIf only shows what it would do.
# Running it again updates the rules of its group and leaves all others alone.
[CmdletBinding(SupportsShouldProcess)]
param(
    # Where the rules go: this machine, or a group policy as 'domain.example\Name of the policy'.
    [string] $PolicyStore = 'PersistentStore',
    # Allow egress too, for machines whose firewall blocks it (by default Windows does not).
    [switch] $Outbound
)
$ErrorActionPreference = 'Stop'
$group = {{ (catalogue.name ~ " (swyx hosts)")|powershell }}
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
{% for opening in host.openings if opening.direction.value == "in" %}
{{ rule(opening, "") -}}
{% endfor %}
{% for opening in host.openings if opening.direction.value == "out" %}
{% if loop.first %}
if ($Outbound) {
{% endif %}
{{ rule(opening, "    ") -}}
{% if loop.last %}
}
{% endif %}
{% endfor %}
foreach ($rule in $there) {
    if ($wanted -contains $rule.Name) { continue }
    if ($PSCmdlet.ShouldProcess($rule.DisplayName, 'remove the firewall rule')) {
        Remove-NetFirewallRule -InputObject $rule
    }
}
