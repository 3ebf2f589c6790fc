{% import "windows/templates/words.txt" as words %}
{% import "windows/templates/comments.txt" as comment with context %}
{% set key, value = "HKLM\\" ~ windows.reserved_key, windows.reserved_value %}
{% macro ranges(mark) %}{% for part in joined %}{{ part.first }}-{{ part.last }}{{ mark if not loop.last }}{% endfor %}{% endmacro %}
@echo off
{{ comment.head("Reserves ports on which " ~ catalogue.name ~ " listens", "rem ") -}}
rem For Windows 2000, XP and Server 2003. Run it as administrator, then restart Windows.
{% for each in own %}
{{ [words.reservation(each)]|comments("rem ") -}}
{% endfor %}
rem An existing list is left unchanged: it may contain ports of other programs.
reg query "{{ key }}" /v {{ value }} >nul 2>&1
if errorlevel 1 goto write
echo {{ value }} exists already. Add these lines with regedit: {{ ranges(" ") }}
exit /b 1
:write
reg add "{{ key }}" /v {{ value }} /t REG_MULTI_SZ /s , /d "{{ ranges(",") }}"
