{% import "windows/templates/words.txt" as words %}
{% import "windows/templates/comments.txt" as comment with context %}
@echo off
{{ comment.head("Allows the ingress that the plan needs", "rem ") -}}
rem For Windows XP with Service Pack 2 and Windows Server 2003 with Service Pack 1. Run it as administrator.
rem This firewall filters ingress only and supports neither source ports nor ranges: a range is a loop, and
rem a large one takes time. One entry per port, so an entry of your own for the same port is replaced.
setlocal DisableDelayedExpansion
set failed=
{% for opening in cut %}
{{ comment.because(opening.flows, "rem ") -}}
{% set protocol, (first, last) = windows[opening.protocol.value], opening.ports[0] %}
{% set port = first if first == last else "%%p" %}
{% set command %}
{% if first != last %}for /L %%p in ({{ first }},1,{{ last }}) do {% endif %}
netsh firewall add portopening protocol={{ protocol }} port={{ port }} name="{{ catalogue.name|plain_words }} {{ protocol }} {{ port }}" mode=ENABLE scope=CUSTOM addresses={{ opening.prefixes|map(attribute="short")|join(",") }} || set failed=1
{%- endset %}
{# With room to spare below what cmd takes on one line. #}
{% if command|length > 8000 %}
rem Not opened: {{ protocol }} {{ opening.ports }} has more peers than a command can name; open it by hand for a network that contains them.
{% else %}
{{ command }}
{% endif %}
{% endfor %}
{% for opening in host.openings if opening.direction.value == "in" %}
{% set wide = opening.prefixes|selectattr("version", "equalto", 6)|list %}
{% if wide or not opening.ports %}
rem Not opened, since this firewall {% if opening.ports %}limits IPv4 only: {{ words.opening(opening) }} from {{ wide|map(attribute="short")|join(" ") }}{% else %}allows ICMP for all peers or none: {{ opening.prefixes|map(attribute="short")|join(" ") }}{% endif +%}
{{ comment.because(opening.flows, "rem   ") -}}
{% endif %}
{% endfor %}
if defined failed echo Some ports were not opened, see above.
if defined failed exit /b 1
