{% import "windows/templates/words.txt" as words %}
{% import "windows/templates/comments.txt" as comment with context %}
@echo off
{{ comment.head("Reserves ports on which " ~ catalogue.name ~ " listens", "rem ") -}}
rem For Windows Vista, Server 2008 and later. Run it as administrator, best before the services start.
rem Windows takes ports for outgoing connections from its ephemeral range. A program that requests one of
rem these ports still gets it, but Windows assigns it to no other. Ports of DCOM and H.245 are not excluded.
rem A range that is already excluded is refused as in use:
rem netsh interface ipv4 show excludedportrange lists them.
setlocal DisableDelayedExpansion
set failed=
{% for each in own %}
{{ [words.reservation(each)]|comments("rem ") -}}
{% for family in ("ipv4", "ipv6") %}
netsh interface {{ family }} add excludedportrange protocol={{ each.transport.value }} startport={{ each.ports.first }} numberofports={{ each.ports.last - each.ports.first + 1 }} store=persistent || set failed=1
{% endfor %}
{% endfor %}
if defined failed echo Some ranges were not excluded, see above.
if defined failed exit /b 1
