{% import "templates/words.txt" as words %}
{% set key, value = "HKLM\\" ~ windows.reserved_key, windows.reserved_value %}
@echo off
{{ head("Reserves ports on which " ~ catalogue.name ~ " listens")|comments("rem") -}}
rem For Windows 2000, XP and Server 2003. Run it as administrator, then restart Windows.
{% for each in own %}
{{ [words.reservation(each)]|comments("rem") -}}
{% endfor %}
rem An existing list is left unchanged: it may contain ports of other programs.
reg query "{{ key }}" /v {{ value }} >nul 2>&1
if errorlevel 1 goto write
echo {{ value }} exists already. Add these lines with regedit: {{ ranges|join(" ") }}
exit /b 1
:write
reg add "{{ key }}" /v {{ value }} /t REG_MULTI_SZ /s , /d "{{ ranges|join(",") }}"
